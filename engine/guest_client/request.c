/* SPDX-License-Identifier: MIT
 *
 * request.c - what the guest is asked to do, as the one frame that its stdin begins with.
 * guest/guest.h describes the fields.
 */
#include "guest_client/guest_client.h"

static void begin_request(ct_table *table, const ct_guest *guest, const char *op) {
    bool at_once = guest->ready == CT_READY_DEFAULT;
    ct_table_begin(table, CT_FRAME_MAX);
    ct_table_string(table, "op", op);
    ct_table_string(table, "ready",
                    ct_ready_words[at_once ? CT_READY_EXEC : guest->ready]);
    ct_table_number(table, "ready_timeout", guest->ready_timeout);
    ct_table_string(table, "own", guest->directory);
    ct_table_string(table, "identity", guest->identity);
}

/* Adds the table to request as a frame, and frees it. */
static int end_request(ct_table *table, ct_buf *request, ct_error *error) {
    int code = ct_table_end(table, request, CT_FRAME_REQUEST);
    if (code == CT_E_LIMIT)
        return ct_fail(error, code,
                       "the testlet, its arguments and environment exceed %zu MiB",
                       (size_t) (CT_FRAME_MAX / CT_MIB));
    return code < 0 ? ct_fail(error, code, "%s", ct_error_text(code)) : CT_OK;
}

int ct_request_run(ct_buf *request, const ct_guest *guest, const ct_testlet *testlet,
                   const ct_run_options *options, ct_error *error) {
    ct_table table;
    begin_request(&table, guest, "run");
    ct_table_string(&table, "kind", ct_testlet_words[testlet->kind]);
    ct_table_list(&table, "argv", testlet->argv);
    ct_table_bytes(&table, "code", testlet->code, testlet->code_length);
    ct_table_string(&table, "name", testlet->name);
    ct_table_packed(&table, "args", testlet->args, testlet->args_length);
    ct_table_env(&table, "env", options->env, options->more_env);
    ct_table_number(&table, "timeout", options->timeout);
    ct_table_integer(&table, "output_limit", (int64_t) options->output_limit);
    return end_request(&table, request, error);
}

int ct_request_remove(ct_buf *request, const ct_guest *guest, ct_error *error) {
    ct_table table;
    begin_request(&table, guest, "remove");
    return end_request(&table, request, error);
}

int ct_request_seal(ct_buf *request, const ct_guest *guest, ct_error *error) {
    ct_table table;
    begin_request(&table, guest, "seal");
    return end_request(&table, request, error);
}

int ct_request_push(ct_buf *request, const ct_guest *guest, const ct_step *step,
                    ct_error *error) {
    ct_table table;
    begin_request(&table, guest, "unpack");
    ct_table_string(&table, "dest", step->dest);
    ct_table_boolean(&table, "directory", step->directory);
    ct_table_boolean(&table, "no_overwrite", step->no_overwrite);
    ct_table_boolean(&table, "keep_owners", step->keep_owners);
    ct_table_string(&table, "user", step->user);
    ct_table_string(&table, "group", step->group);
    ct_table_integer(&table, "mode", step->mode);
    return end_request(&table, request, error);
}

int ct_request_pull(ct_buf *request, const ct_guest *guest, const ct_step *step,
                    ct_error *error) {
    ct_table table;
    begin_request(&table, guest, "pack");
    ct_table_string(&table, "source", step->source);
    ct_table_boolean(&table, "directory", step->directory);
    return end_request(&table, request, error);
}
