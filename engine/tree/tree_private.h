/* SPDX-License-Identifier: MIT
 *
 * tree_private.h - what the tree's files offer one another: what an ENTRY frame says,
 * where on disk an entry goes, and what it gets there.
 */
#ifndef CT_TREE_PRIVATE_H
#define CT_TREE_PRIVATE_H

#include <limits.h>
#include <sys/stat.h>

#include "tree/tree.h"

#define CT_TREE_NO_TIME ((struct timespec){.tv_nsec = UTIME_OMIT})

typedef struct ct_tree_attributes {
    ct_ids owner;
    mode_t mode;
    /* When its content was changed, since 1970. CT_TREE_NO_TIME: when it is written. */
    struct timespec mtime;
} ct_tree_attributes;

/* ---- entry.c ---- */

typedef struct ct_tree_entry {
    const char *path;   /* from the root; "" is the root itself */
    const char *name;   /* the base name */
    const char *type;   /* "file", "directory", "link" */
    const char *target; /* a link's; else "" */
    ct_tree_attributes attributes;
} ct_tree_entry;

/* An entry that was received. It has strings of its own, of limited length. */
typedef struct ct_tree_received {
    char path[PATH_MAX], name[NAME_MAX + 1], type[16], target[PATH_MAX];
    ct_tree_attributes attributes;
} ct_tree_received;

/* Adds the frame to out. */
CT_CHECK int ct_tree_entry_add(ct_buf *out, const ct_tree_entry *entry);
/* false when the bytes are no entry. Does not check where the path leads. */
bool ct_tree_entry_parse(const char *data, size_t length, ct_tree_received *entry);
/* true for a path that leads down from the root, and nowhere else. */
bool ct_tree_path_plain(const char *path);

/* ---- place.c ---- */

/* Opens the directory at path, and makes it as needed. Links are followed, but for those
 * in an untrusted directory; see ct_tree_options. Returns a descriptor (O_PATH), or a
 * negative code. *made: it did not exist. */
CT_CHECK int ct_tree_open_root(const char *path, const char *const *untrusted, bool *made,
                               ct_error *error);
/* Opens the directory that the last name of a plain path lies in; *name is that name.
 * Returns a descriptor, or -1 with errno. */
CT_CHECK int ct_tree_open_parent(int root, const char *path, const char **name);
/* Opens the directory at a plain path, or at "". Returns a descriptor, or -1 with
 * errno. */
CT_CHECK int ct_tree_open_directory(int root, const char *path);
/* true when there is anything at path, even a link that leads nowhere. */
bool ct_tree_exists(const char *path);
/* true for a directory. Links are followed as by ct_tree_open_root(). */
bool ct_tree_is_directory(const char *path, const char *const *untrusted);

/* ---- draft.c ---- */

/* A file or link that is not in its place yet. */
typedef struct ct_tree_draft {
    int parent; /* the directory that it is in; owned. -1: there is no draft */
    int file;   /* a file's, for writing; else -1 */
    char name[NAME_MAX + 1]; /* what it will be called */
    char hidden[48];         /* what it is called until then; "": it is in its place */
} ct_tree_draft;

#define CT_TREE_NO_DRAFT ((ct_tree_draft){.parent = -1, .file = -1})

/* Begins a file, or a link to target. From now on the draft owns parent, and needs
 * ct_tree_draft_drop(), even when -1 is returned; errno says why. */
CT_CHECK int ct_tree_draft_begin(ct_tree_draft *draft, int parent, const char *name,
                                 const char *target);
/* Ends the writing, and puts the draft in its place. -1: errno says why not. EEXIST:
 * there is something that must not be replaced. */
CT_CHECK int ct_tree_draft_place(ct_tree_draft *draft, bool replace);
/* Removes a draft that is not in its place, and frees it. No draft is fine. */
void ct_tree_draft_drop(ct_tree_draft *draft);

/* ---- walk.c ---- */

/* All that is below a directory: directories before what is in them, names in bytewise
 * order. */
typedef struct ct_tree_walk ct_tree_walk;

/* What a walk has found. Its strings are borrowed until the walk goes on. */
typedef struct ct_tree_found {
    const char *path; /* from the root; "" is the root itself */
    const char *name;
    struct stat info;
    int file;           /* a file's, for reading; the caller closes it. Else -1 */
    const char *target; /* a link's; else NULL */
} ct_tree_found;

/* source may be a link to a directory. */
CT_CHECK int ct_tree_walk_open(const char *source, ct_tree_walk **out, ct_error *error);
/* 1: *found is the next one; 0: there is no more. CT_E_ARGUMENT: it is no file, directory
 * or link. */
CT_CHECK int ct_tree_walk_next(ct_tree_walk *walk, ct_tree_found *found, ct_error *error);
/* NULL is fine. */
void ct_tree_walk_close(ct_tree_walk *walk);

/* ---- attributes.c ---- */

/* Sets those of a file or directory, when its content is complete. */
CT_CHECK int ct_tree_attributes_set(int descriptor, const ct_tree_attributes *attributes,
                                    ct_error *error);
/* Sets those of a symbolic link, which has no mode. That a file system keeps no times of
 * links is no failure. */
CT_CHECK int ct_tree_attributes_set_link(int parent, const char *name,
                                         const ct_tree_attributes *attributes,
                                         ct_error *error);

#endif
