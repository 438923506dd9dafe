/* SPDX-License-Identifier: MIT
 *
 * entry.c - writes and reads ENTRY frames. The reader trusts nothing.
 */
#include <string.h>

#include "tree/tree.h"
#include "tree/tree_private.h"

int ct_tree_entry_add(ct_buf *out, const ct_tree_entry *entry) {
    const ct_tree_attributes *attributes = &entry->attributes;
    ct_table table;
    ct_table_begin(&table, CT_MIB);
    ct_table_string(&table, "path", entry->path);
    ct_table_string(&table, "name", entry->name);
    ct_table_string(&table, "type", entry->type);
    ct_table_string(&table, "target", entry->target ? entry->target : "");
    ct_table_integer(&table, "uid", attributes->owner.uid);
    ct_table_integer(&table, "gid", attributes->owner.gid);
    ct_table_integer(&table, "mode", attributes->mode & 07777);
    if (attributes->mtime.tv_nsec != UTIME_OMIT) { /* two integers have it exactly */
        ct_table_integer(&table, "mtime", attributes->mtime.tv_sec);
        ct_table_integer(&table, "mtime_nanoseconds", attributes->mtime.tv_nsec);
    }
    return ct_table_end(&table, out, CT_FRAME_ENTRY);
}

static bool copy_field(const char *data, const char *end, const char *key, char *to,
                       size_t size) {
    ct_value value;
    if (!ct_value_field(data, end, key, &value) || value.type != CT_VALUE_STRING ||
        value.length >= size || memchr(value.string, '\0', value.length))
        return false;
    memcpy(to, value.string, value.length);
    to[value.length] = '\0';
    return true;
}

static bool read_id(const char *data, const char *end, const char *key, uint32_t *id) {
    ct_value value;
    if (!ct_value_field(data, end, key, &value) || value.type != CT_VALUE_INTEGER ||
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
    if (seconds.type != CT_VALUE_INTEGER ||
        !ct_value_field(data, end, "mtime_nanoseconds", &nanoseconds) ||
        nanoseconds.type != CT_VALUE_INTEGER || nanoseconds.integer < 0 ||
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
        !ct_value_field(data, end, "mode", &mode) || mode.type != CT_VALUE_INTEGER ||
        !read_time(data, end, &attributes->mtime))
        return false;
    attributes->mode = (mode_t) (mode.integer & 07777);
    return true;
}

/* true for a name that leads one step down and nowhere else. */
static bool is_plain_name(const char *name, size_t length) {
    return length > 0 && length <= NAME_MAX && !memchr(name, '/', length) &&
           !(length == 1 && name[0] == '.') &&
           !(length == 2 && name[0] == '.' && name[1] == '.');
}

bool ct_tree_path_plain(const char *path) {
    for (;;) {
        size_t length = strcspn(path, "/");
        if (!is_plain_name(path, length))
            return false;
        if (!path[length])
            return true;
        path += length + 1;
    }
}
