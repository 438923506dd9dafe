/* SPDX-License-Identifier: MIT
 *
 * tree.h - files, folders and links as frames, and their owners. What comes from an
 * instance is not trusted.
 */
#ifndef CT_TREE_H
#define CT_TREE_H

#include "wire/wire.h"

/* ---- ids.c ------------------------------------------------------------------------- */

/* A user's and a group's id as chown() takes them: CT_NO_ID leaves one as it is. */
typedef struct ct_ids {
    uint32_t uid, gid;
} ct_ids;

#define CT_NO_ID  UINT32_MAX
#define CT_ID_MAX (UINT32_MAX - 1)

/* Looks up the name of a user or group. CT_E_NOT_FOUND names it. */
typedef int ct_find_id(const char *name, bool group, uint32_t *id, ct_error *error);

/* true for a decimal number that is an id. Else *id means nothing. */
bool ct_id_parse(const char *text, uint32_t *id);
/* false for what is no id and can't be a name: "", and numbers beyond CT_ID_MAX. */
bool ct_id_plausible(const char *text);
/* Turns a user and a group into ids. Each is a number, or a name that find_id() looks up,
 * or NULL, which becomes CT_NO_ID. */
CT_CHECK int ct_ids_find(ct_ids *owner, const char *user, const char *group,
                         ct_find_id *find_id, ct_error *error);

/* ---- ids_host.c -------------------------------------------------------------------- */

/* A ct_find_id for this machine's users and groups. */
CT_CHECK int ct_host_find_id(const char *name, bool group, uint32_t *id, ct_error *error);

/* ---- reader.c, writer.c ------------------------------------------------------------ */

/* Files, directories and symbolic links as frames, by the same code on the host and in
 * the guest. A tree is either one file, which is a single entry with an empty path, or a
 * directory and all in it. */
typedef struct ct_tree_reader ct_tree_reader; /* walks a tree on disk, gives frames */
typedef struct ct_tree_writer ct_tree_writer; /* takes frames, makes a tree on disk */

/* Opens source (a file, or a directory when directory is true). */
CT_CHECK int ct_tree_reader_open(const char *source, bool directory,
                                 ct_tree_reader **reader, ct_error *error);
/* The same from memory: one file with this content (borrowed until closed). */
CT_CHECK int ct_tree_reader_open_data(const void *data, size_t length,
                                      ct_tree_reader **reader, ct_error *error);
/* Adds the next frames to out, about 64 KiB. 1: there is more; 0: END was added. */
CT_CHECK int ct_tree_reader_next(ct_tree_reader *reader, ct_buf *out, ct_error *error);
void ct_tree_reader_close(ct_tree_reader *reader);

typedef struct ct_tree_options {
    bool directory;    /* the tree must be a directory; else it must be a file */
    bool no_overwrite; /* dest must not exist */
    bool foreign;      /* from an instance: no set-user-ID, set-group-ID or sticky bits */
    /* What a file is called that goes into dest, a directory (borrowed); NULL: as its
     * entry says. */
    const char *name;
    uint64_t limit;   /* bytes it may write; 0: no limit */
    bool keep_owners; /* each entry keeps its own ids */
    /* Else the owner of all entries (copied); NULL: whoever writes. */
    const ct_ids *owner;
    unsigned mode; /* of files, as in ct_step; 0: their own */
    /* NULL-ended paths of directories that others fill (borrowed): links in them are not
     * followed on the way to dest. NULL: there are none. */
    const char *const *untrusted;
} ct_tree_options;

/* Makes dest as needed, and its parents. Links on the way to dest are the caller's own,
 * and are followed. Nothing is ever written outside of dest: an absolute path and one
 * with ".." are CT_E_PROTOCOL, and one through a symbolic link is CT_E_SYSTEM. */
CT_CHECK int ct_tree_writer_open(const char *dest, const ct_tree_options *options,
                                 ct_tree_writer **writer, ct_error *error);
/* Takes one frame (ENTRY, CHUNK or END). 1: more is expected; 0: END was taken. */
CT_CHECK int ct_tree_writer_take(ct_tree_writer *writer, enum ct_frame_type type,
                                 const char *data, size_t length, ct_error *error);
void ct_tree_writer_close(ct_tree_writer *writer);

#endif
