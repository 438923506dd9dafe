/* SPDX-License-Identifier: MIT
 *
 * entry.c - ENTRY frames, written and read. The reader trusts nothing.
 */
#include <string.h>

#include "tree/tree.h"
#include "tree/tree_private.h"

static int add_text(ct_buf *out, const char *key, const char *value) {
    int code = ct_value_string(out, key);
    return code < 0 ? code : ct_value_string(out, value ? value : "");
}

static int add_integer(ct_buf *out, const char *key, int64_t value) {
    int code = ct_value_string(out, key);
    return code < 0 ? code : ct_value_integer(out, value);
}

/* The two numbers of a time, exactly; neither, where there is none. */
static int add_time(ct_buf *out, const struct timespec *time) {
    if (time->tv_nsec == UTIME_OMIT)
        return CT_OK;
    int code = add_integer(out, "mtime", time->tv_sec);
    return code < 0 ? code : add_integer(out, "mtime_nanoseconds", time->tv_nsec);
}

int ct_tree_entry_add(ct_buf *out, const ct_tree_entry *entry) {
    const ct_tree_attributes *attributes = &entry->attributes;
    ct_buf table;
    ct_buf_init(&table, CT_MIB);
    int code = CT_E_NO_MEMORY;
    size_t pairs = attributes->mtime.tv_nsec == UTIME_OMIT ? 7 : 9;
    if (ct_value_table(&table, pairs) == CT_OK &&
        add_text(&table, "path", entry->path) == CT_OK &&
        add_text(&table, "name", entry->name) == CT_OK &&
        add_text(&table, "type", entry->type) == CT_OK &&
        add_text(&table, "target", entry->target) == CT_OK &&
        add_integer(&table, "uid", attributes->owner.uid) == CT_OK &&
        add_integer(&table, "gid", attributes->owner.gid) == CT_OK &&
        add_integer(&table, "mode", attributes->mode & 07777) == CT_OK &&
        add_time(&table, &attributes->mtime) == CT_OK)
        code = ct_frame_add(out, CT_FRAME_ENTRY, table.data, table.length);
    ct_buf_fini(&table);
    return code;
}

static bool copy_field(const char *data, const char *end, const char *key, char *to,
                       size_t size) {
    ct_value value;
    if (!ct_value_field(data, end, key, &value) || value.type != CT_STRING ||
        value.length >= size || memchr(value.string, '\0', value.length))
        return false;
    memcpy(to, value.string, value.length);
    to[value.length] = '\0';
    return true;
}

static bool read_id(const char *data, const char *end, const char *key, uint32_t *id) {
    ct_value value;
    if (!ct_value_field(data, end, key, &value) || value.type != CT_INTEGER ||
        value.integer < 0 || value.integer > CT_ID_MAX)
        return false;
    *id = (uint32_t) value.integer;
    return true;
}

static bool read_time(const char *data, const char *end, struct timespec *time) {
    ct_value seconds, nanoseconds;
    *time = CT_TREE_NO_TIME;
    if (!ct_value_field(data, end, "mtime", &seconds))
        return true;
    if (seconds.type != CT_INTEGER ||
        !ct_value_field(data, end, "mtime_nanoseconds", &nanoseconds) ||
        nanoseconds.type != CT_INTEGER || nanoseconds.integer < 0 ||
        nanoseconds.integer > 999999999)
        return false;
    time->tv_sec = (time_t) seconds.integer;
    time->tv_nsec = (long) nanoseconds.integer;
    return time->tv_sec == seconds.integer;
}

bool ct_tree_entry_parse(const char *data, size_t length, ct_tree_received *entry) {
    const char *end = data + length;
    ct_tree_attributes *attributes = &entry->attributes;
    ct_value mode;
    if (!copy_field(data, end, "path", entry->path, sizeof entry->path) ||
        !copy_field(data, end, "name", entry->name, sizeof entry->name) ||
        !copy_field(data, end, "type", entry->type, sizeof entry->type) ||
        !copy_field(data, end, "target", entry->target, sizeof entry->target) ||
        !read_id(data, end, "uid", &attributes->owner.uid) ||
        !read_id(data, end, "gid", &attributes->owner.gid) ||
        !ct_value_field(data, end, "mode", &mode) || mode.type != CT_INTEGER ||
        !read_time(data, end, &attributes->mtime))
        return false;
    attributes->mode = (mode_t) (mode.integer & 07777);
    return true;
}

/* A name that leads one step down and nowhere else. */
static bool plain_name(const char *name, size_t length) {
    return length > 0 && length <= NAME_MAX && !memchr(name, '/', length) &&
           !(length == 1 && name[0] == '.') &&
           !(length == 2 && name[0] == '.' && name[1] == '.');
}

bool ct_tree_path_plain(const char *path) {
    for (;;) {
        size_t length = strcspn(path, "/");
        if (!plain_name(path, length))
            return false;
        if (!path[length])
            return true;
        path += length + 1;
    }
}
