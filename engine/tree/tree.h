/* SPDX-License-Identifier: MIT
 *
 * tree.h - files, folders and links as frames, and their owners. What comes from an
 * instance is not trusted.
 */
#ifndef CT_TREE_H
#define CT_TREE_H

#include "wire/wire.h"

/* ---- owner.c ----------------------------------------------------------------------- */

/* Ids as chown() takes them: CT_NO_ID leaves one as it is. */
typedef struct ct_owner {
    uint32_t uid, gid;
} ct_owner;

#define CT_NO_ID  UINT32_MAX
#define CT_ID_MAX (UINT32_MAX - 1)

/* Looks a user's or group's name up. CT_E_NOT_FOUND names it. */
typedef int ct_find_id(const char *name, bool group, uint32_t *id, ct_error *error);

/* true for a decimal number that is an id; else *id means nothing. */
bool ct_id_parse(const char *text, uint32_t *id);
/* false for what neither is an id nor can be a name: "", and numbers past CT_ID_MAX. */
bool ct_id_plausible(const char *text);
/* What user and group mean: numbers, names for find_id, or NULL for CT_NO_ID. */
CT_CHECK int ct_owner_find(ct_owner *owner, const char *user, const char *group,
                           ct_find_id *find_id, ct_error *error);

/* ---- owner_host.c ------------------------------------------------------------------ */

/* A ct_find_id for this machine's users and groups. */
CT_CHECK int ct_host_find_id(const char *name, bool group, uint32_t *id, ct_error *error);

/* ---- tree_reader.c, tree_writer.c -------------------------------------------------- */

/* Files, directories and symbolic links as frames; the same code on the host and in the
 * guest. A tree is either one file (a single entry with an empty path) or a directory and
 * all in it. */
typedef struct ct_tree_reader ct_tree_reader; /* walks a tree on disk, gives frames */
typedef struct ct_tree_writer ct_tree_writer; /* takes frames, makes a tree on disk */

/* Opens source (a file, or a directory when directory is true). */
CT_CHECK int ct_tree_reader_open(const char *source, bool directory,
                                 ct_tree_reader **reader, ct_error *error);
/* The same from memory: one file with this content (borrowed until closed). */
CT_CHECK int ct_tree_reader_open_data(const void *data, size_t length,
                                      ct_tree_reader **reader, ct_error *error);
/* Adds the next frames to out, some 64 KiB of them. 1: there is more; 0: END was
 * added. */
CT_CHECK int ct_tree_reader_next(ct_tree_reader *reader, ct_buf *out, ct_error *error);
void ct_tree_reader_close(ct_tree_reader *reader);

typedef struct ct_tree_options {
    bool directory;    /* the tree must be a directory (else: a file) */
    bool no_overwrite; /* dest must not exist */
    bool foreign;      /* from an instance: no set-user-ID, set-group-ID or sticky bits */
    const char *name;  /* of a file that goes into dest, a directory (borrowed); NULL: the
                          entry's */
    uint64_t limit;    /* bytes it may write; 0: no limit */
    bool keep_owners;  /* each entry's own ids */
    const ct_owner *owner; /* else: of all entries (copied); NULL: whoever writes */
    unsigned mode;         /* of files, as in ct_step; 0: their own */
    const char *const
        *untrusted; /* NULL-ended paths of directories that others fill: links in
                                     them are not followed on the way to dest (borrowed);
                                     NULL: none */
} ct_tree_options;

/* dest is made as needed, its parents too; links on the way to it are the caller's
 * own, and followed. Nothing is ever written outside of it: paths with "..", absolute
 * ones (CT_E_PROTOCOL) and those through symbolic links (CT_E_SYSTEM) fail. */
CT_CHECK int ct_tree_writer_open(const char *dest, const ct_tree_options *options,
                                 ct_tree_writer **writer, ct_error *error);
/* Takes one frame (ENTRY, CHUNK or END). 1: more is expected; 0: END was taken. */
CT_CHECK int ct_tree_writer_take(ct_tree_writer *writer, enum ct_frame_type type,
                                 const char *data, size_t length, ct_error *error);
void ct_tree_writer_close(ct_tree_writer *writer);

#endif
