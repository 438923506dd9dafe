/* SPDX-License-Identifier: MIT
 *
 * request.c - what the guest is asked to do, as the one frame its stdin begins with. The
 * fields are described in guest/guest.h.
 */
#include <string.h>

#include "guest_client/guest_client.h"

/* A table being packed: pairs are counted, so that its head can be written at the end. */
struct table {
    ct_buf pairs;
    size_t count;
    int code; /* the first failure; nothing is added after it */
};

static void keep(struct table *table, int code) {
    if (table->code == CT_OK)
        table->code = code;
}

static void key(struct table *table, const char *name) {
    table->count++;
    keep(table, ct_value_string(&table->pairs, name));
}

static void add_bytes(struct table *table, const char *name, const void *data,
                      size_t length) {
    if (!data)
        return;
    key(table, name);
    keep(table, ct_value_bytes(&table->pairs, data, length));
}

static void add_string(struct table *table, const char *name, const char *value) {
    add_bytes(table, name, value, value ? strlen(value) : 0);
}

static void add_number(struct table *table, const char *name, double value) {
    key(table, name);
    keep(table, ct_value_number(&table->pairs, value));
}

static void add_integer(struct table *table, const char *name, int64_t value) {
    key(table, name);
    keep(table, ct_value_integer(&table->pairs, value));
}

static void add_boolean(struct table *table, const char *name, bool value) {
    key(table, name);
    keep(table, ct_value_boolean(&table->pairs, value));
}

/* A value that is packed already. */
static void add_packed(struct table *table, const char *name, const void *data,
                       size_t length) {
    if (!data)
        return;
    key(table, name);
    keep(table, ct_buf_add(&table->pairs, data, length));
}

static size_t count_items(const char *const *list) {
    size_t count = 0;
    while (list && list[count])
        count++;
    return count;
}

static void add_list(struct table *table, const char *name, const char *const *items) {
    size_t count = count_items(items);
    key(table, name);
    keep(table, ct_value_table(&table->pairs, count));
    for (size_t i = 0; i < count; i++) {
        keep(table, ct_value_integer(&table->pairs, (int64_t) i + 1));
        keep(table, ct_value_string(&table->pairs, items[i]));
    }
}

static void add_pairs(struct table *table, const char *const *env) {
    for (size_t i = 0; env && env[i]; i++) {
        size_t length = strcspn(env[i], "=");
        keep(table, ct_value_bytes(&table->pairs, env[i], length));
        keep(table,
             ct_value_string(&table->pairs, env[i][length] ? env[i] + length + 1 : ""));
    }
}

/* Of a name that comes twice, the later value counts. */
static void add_env(struct table *table, const ct_run_options *options) {
    key(table, "env");
    keep(table, ct_value_table(&table->pairs, count_items(options->env) +
                                                  count_items(options->more_env)));
    add_pairs(table, options->env);
    add_pairs(table, options->more_env);
}

static void begin_request(struct table *table, const ct_guest *guest, const char *op) {
    static const char *const levels[] = {"exec", "exec", "system", "network",
                                         "cloud-init"};
    *table = (struct table){0};
    ct_buf_init(&table->pairs, CT_FRAME_MAX);
    add_string(table, "op", op);
    add_string(table, "ready", levels[guest->ready]);
    add_number(table, "ready_timeout", guest->ready_timeout);
    add_string(table, "own", guest->directory);
    add_string(table, "identity", guest->identity);
}

/* Adds the table to request, as a frame, and frees it. */
static int end_request(struct table *table, ct_buf *request, ct_error *error) {
    ct_buf packed;
    ct_buf_init(&packed, CT_FRAME_MAX);
    keep(table, ct_value_table(&packed, table->count));
    if (table->code == CT_OK)
        keep(table, ct_buf_add(&packed, table->pairs.data, table->pairs.length));
    if (table->code == CT_OK)
        keep(table, ct_frame_add(request, CT_FRAME_REQUEST, packed.data, packed.length));
    ct_buf_fini(&packed);
    ct_buf_fini(&table->pairs);
    if (table->code == CT_E_LIMIT)
        return ct_fail(error, CT_E_LIMIT,
                       "the testlet, its arguments and environment exceed %zu MiB",
                       (size_t) (CT_FRAME_MAX / CT_MIB));
    if (table->code < 0)
        return ct_fail(error, table->code, "%s", ct_error_text(table->code));
    return CT_OK;
}

int ct_request_run(ct_buf *request, const ct_guest *guest, const ct_testlet *testlet,
                   const ct_run_options *options, ct_error *error) {
    static const char *const kinds[] = {"command", "script", "lua", "call"};
    struct table table;
    begin_request(&table, guest, "run");
    add_string(&table, "kind", kinds[testlet->kind]);
    add_list(&table, "argv", testlet->argv);
    add_bytes(&table, "code", testlet->code, testlet->code_length);
    add_string(&table, "name", testlet->name);
    add_packed(&table, "args", testlet->args, testlet->args_length);
    add_env(&table, options);
    add_number(&table, "timeout", options->timeout);
    add_integer(&table, "output_limit", (int64_t) options->output_limit);
    return end_request(&table, request, error);
}

int ct_request_remove(ct_buf *request, const ct_guest *guest, ct_error *error) {
    struct table table;
    begin_request(&table, guest, "remove");
    return end_request(&table, request, error);
}

int ct_request_seal(ct_buf *request, const ct_guest *guest, ct_error *error) {
    struct table table;
    begin_request(&table, guest, "seal");
    return end_request(&table, request, error);
}

int ct_request_push(ct_buf *request, const ct_guest *guest, const ct_step *step,
                    ct_error *error) {
    struct table table;
    begin_request(&table, guest, "unpack");
    add_string(&table, "dest", step->dest);
    add_boolean(&table, "directory", step->directory);
    add_boolean(&table, "no_overwrite", step->no_overwrite);
    add_boolean(&table, "keep_owners", step->keep_owners);
    add_string(&table, "user", step->user);
    add_string(&table, "group", step->group);
    add_integer(&table, "mode", step->mode);
    return end_request(&table, request, error);
}

int ct_request_pull(ct_buf *request, const ct_guest *guest, const ct_step *step,
                    ct_error *error) {
    struct table table;
    begin_request(&table, guest, "pack");
    add_string(&table, "source", step->source);
    add_boolean(&table, "directory", step->directory);
    return end_request(&table, request, error);
}
