/* SPDX-License-Identifier: MIT
 *
 * table.c - packing a small table field by field. How many fields there are is known at
 * the end only: the table's head goes first, and the count is put into it then.
 */
#include <string.h>

#include "wire/wire.h"

static void note(ct_table *table, int code) {
    if (table->code == CT_OK)
        table->code = code;
}

static void add_key(ct_table *table, const char *key) {
    table->count++;
    note(table, ct_value_string(&table->packed, key));
}

void ct_table_begin(ct_table *table, size_t limit) {
    *table = (ct_table){0};
    ct_buf_init(&table->packed, limit);
    note(table, ct_value_table(&table->packed, 0));
}

void ct_table_bytes(ct_table *table, const char *key, const void *data, size_t length) {
    if (!data)
        return;
    add_key(table, key);
    note(table, ct_value_bytes(&table->packed, data, length));
}

void ct_table_string(ct_table *table, const char *key, const char *value) {
    ct_table_bytes(table, key, value, value ? strlen(value) : 0);
}

void ct_table_number(ct_table *table, const char *key, double value) {
    add_key(table, key);
    note(table, ct_value_number(&table->packed, value));
}

void ct_table_integer(ct_table *table, const char *key, int64_t value) {
    add_key(table, key);
    note(table, ct_value_integer(&table->packed, value));
}

void ct_table_boolean(ct_table *table, const char *key, bool value) {
    add_key(table, key);
    note(table, ct_value_boolean(&table->packed, value));
}

void ct_table_packed(ct_table *table, const char *key, const void *data, size_t length) {
    if (!data)
        return;
    add_key(table, key);
    note(table, ct_buf_add(&table->packed, data, length));
}

static size_t count_items(const char *const *list) {
    size_t count = 0;
    while (list && list[count])
        count++;
    return count;
}

void ct_table_list(ct_table *table, const char *key, const char *const *items) {
    size_t count = count_items(items);
    add_key(table, key);
    note(table, ct_value_table(&table->packed, count));
    for (size_t i = 0; i < count; i++) {
        note(table, ct_value_integer(&table->packed, (int64_t) i + 1));
        note(table, ct_value_string(&table->packed, items[i]));
    }
}

static void add_variables(ct_table *table, const char *const *env) {
    for (size_t i = 0; env && env[i]; i++) {
        size_t length = strcspn(env[i], "=");
        note(table, ct_value_bytes(&table->packed, env[i], length));
        note(table,
             ct_value_string(&table->packed, env[i][length] ? env[i] + length + 1 : ""));
    }
}

void ct_table_env(ct_table *table, const char *key, const char *const *env,
                  const char *const *more) {
    add_key(table, key);
    note(table, ct_value_table(&table->packed, count_items(env) + count_items(more)));
    add_variables(table, env);
    add_variables(table, more);
}

int ct_table_end(ct_table *table, ct_buf *out, enum ct_frame_type type) {
    if (table->code == CT_OK)
        ct_value_patch_table(table->packed.data, table->count);
    if (table->code == CT_OK)
        note(table, ct_frame_add(out, type, table->packed.data, table->packed.length));
    ct_buf_fini(&table->packed);
    return table->code;
}
