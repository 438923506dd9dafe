/* SPDX-License-Identifier: MIT
 *
 * tree.h - what an ENTRY frame says, for tree_reader.c, which writes it, and tree_writer.c.
 */
#ifndef CT_TREE_H
#define CT_TREE_H

#include <limits.h>
#include <sys/stat.h>

#include "engine.h"

typedef struct ct_tree_entry {
    const char *path;   /* from the root; "" is the root itself */
    const char *name;   /* the base name */
    const char *type;   /* "file", "directory", "link" */
    const char *target; /* a link's; "" else */
    mode_t mode;
    double mtime; /* seconds since 1970 */
} ct_tree_entry;

/* An entry that was received: bounded, and with strings of its own. */
typedef struct ct_tree_received {
    char path[PATH_MAX], name[NAME_MAX + 1], type[16], target[PATH_MAX];
    mode_t mode;
    double mtime;
} ct_tree_received;

/* Adds the frame to out. */
CT_CHECK int ct_tree_entry_add(ct_buf *out, const ct_tree_entry *entry);
/* false when the bytes are no entry. Says nothing of where the path leads. */
bool ct_tree_entry_parse(const char *data, size_t length, ct_tree_received *entry);
/* true for a path that leads down from the root, and nowhere else. */
bool ct_tree_path_plain(const char *path);

#endif
