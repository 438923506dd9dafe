/* SPDX-License-Identifier: MIT
 *
 * tree_private.h - what the tree's files offer one another: what an ENTRY frame says,
 * where on disk an entry goes, and what it gets there. The rest of the engine knows what
 * is in engine.h.
 */
#ifndef CT_TREE_PRIVATE_H
#define CT_TREE_PRIVATE_H

#include <limits.h>
#include <sys/stat.h>

#include "tree/tree.h"

#define CT_TREE_NO_TIME ((struct timespec){.tv_nsec = UTIME_OMIT})

typedef struct ct_tree_attributes {
    ct_owner owner;
    mode_t mode;
    /* when its content was changed, since 1970; CT_TREE_NO_TIME: when it is written */
    struct timespec mtime;
} ct_tree_attributes;

/* ---- tree_entry.c ---- */

typedef struct ct_tree_entry {
    const char *path;   /* from the root; "" is the root itself */
    const char *name;   /* the base name */
    const char *type;   /* "file", "directory", "link" */
    const char *target; /* a link's; "" else */
    ct_tree_attributes attributes;
} ct_tree_entry;

/* An entry that was received: bounded, and with strings of its own. */
typedef struct ct_tree_received {
    char path[PATH_MAX], name[NAME_MAX + 1], type[16], target[PATH_MAX];
    ct_tree_attributes attributes;
} ct_tree_received;

/* Adds the frame to out. */
CT_CHECK int ct_tree_entry_add(ct_buf *out, const ct_tree_entry *entry);
/* false when the bytes are no entry. Says nothing of where the path leads. */
bool ct_tree_entry_parse(const char *data, size_t length, ct_tree_received *entry);
/* true for a path that leads down from the root, and nowhere else. */
bool ct_tree_path_plain(const char *path);

/* ---- tree_place.c ---- */

/* A descriptor (O_PATH) of the directory at path, which is made as needed, or a negative
 * code. Links are followed, but for those in an untrusted directory; see ct_tree_options.
 * *made: it was not there. */
CT_CHECK int ct_tree_open_root(const char *path, const char *const *untrusted, bool *made,
                               ct_error *error);
/* The directory that the last name of path, a plain one, lies in; *name is that name. A
 * descriptor, or -1 with errno. */
CT_CHECK int ct_tree_open_parent(int root, const char *path, const char **name);
/* The directory at path, a plain one or "". A descriptor, or -1 with errno. */
CT_CHECK int ct_tree_open_directory(int root, const char *path);
/* Is there anything? Links that lead nowhere count. */
bool ct_tree_exists(const char *path);
/* Links are followed as by ct_tree_open_root(). */
bool ct_tree_is_directory(const char *path, const char *const *untrusted);

/* ---- tree_draft.c ---- */

/* A file or link that is not in its place yet. */
typedef struct ct_tree_draft {
    /* of the directory that it is in; owned. -1: there is no draft */
    int parent;
    /* a file's, for writing; -1 else */
    int file;
    /* of its place */
    char name[NAME_MAX + 1];
    /* what it is called until then; "": it has been put there */
    char hidden[48];
} ct_tree_draft;

#define CT_TREE_NO_DRAFT ((ct_tree_draft){.parent = -1, .file = -1})

/* For a file, or a link to target. The draft owns parent from now on, and needs
 * ct_tree_draft_drop(), even when -1 is returned: errno says why. */
CT_CHECK int ct_tree_draft_begin(ct_tree_draft *draft, int parent, const char *name,
                                 const char *target);
/* Ends the writing, and puts it in its place. -1: errno says why not; EEXIST: there is
 * something, which is not to be replaced. */
CT_CHECK int ct_tree_draft_place(ct_tree_draft *draft, bool replace);
/* Removes what was not put in its place, and frees. No draft is fine. */
void ct_tree_draft_drop(ct_tree_draft *draft);

/* ---- tree_walk.c ---- */

/* All that is below a directory: directories before what is in them, names in bytewise
 * order. */
typedef struct ct_tree_walk ct_tree_walk;

/* What a walk came by; its strings are borrowed until the walk goes on. */
typedef struct ct_tree_found {
    /* from the root; "" is the root itself */
    const char *path;
    const char *name;
    struct stat info;
    /* a file's, for reading, and the caller's to close; -1 else */
    int file;
    /* a link's; NULL else */
    const char *target;
} ct_tree_found;

/* source may be a link to a directory. */
CT_CHECK int ct_tree_walk_open(const char *source, ct_tree_walk **out, ct_error *error);
/* 1: *found is the next; 0: there is no more. CT_E_ARGUMENT for what is no file,
 * directory or link. */
CT_CHECK int ct_tree_walk_next(ct_tree_walk *walk, ct_tree_found *found, ct_error *error);
/* NULL is fine. */
void ct_tree_walk_close(ct_tree_walk *walk);

/* ---- tree_attributes.c ---- */

/* For a file or directory, when its content is there. */
CT_CHECK int ct_tree_attributes_set(int descriptor, const ct_tree_attributes *attributes,
                                    ct_error *error);
/* For a symbolic link, which has no mode. A file system that keeps no times of links is
 * left to that. */
CT_CHECK int ct_tree_attributes_set_link(int parent, const char *name,
                                         const ct_tree_attributes *attributes,
                                         ct_error *error);

#endif
