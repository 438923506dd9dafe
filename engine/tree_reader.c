/* SPDX-License-Identifier: MIT
 *
 * tree_reader.c - files, directories and symbolic links on disk, as frames. An ENTRY (tree.h)
 * comes for each; a file's bytes follow it as CHUNKs. Links are never followed; what is none
 * of the three is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

#define CHUNK 65536 /* bytes */

struct ct_tree_reader {
    FTS *walk;         /* NULL: data is all there is */
    size_t root;       /* length of the root's path */
    int file;          /* the one being read; -1: none */
    char *path;        /* its path, for messages */
    const char *data;  /* borrowed */
    size_t left;       /* bytes of data */
    bool data_entered; /* its ENTRY was given */
};

static int fail_memory(ct_error *error) {
    return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
}

static int by_name(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int check_source(const char *source, bool directory, ct_error *error) {
    struct stat info;
    if (stat(source, &info) < 0)
        return ct_fail_errno(error, "reading %s", source);
    if (directory && !S_ISDIR(info.st_mode))
        return ct_fail(error, CT_E_ARGUMENT, "reading %s: not a directory", source);
    if (!directory && !S_ISREG(info.st_mode))
        return ct_fail(error, CT_E_ARGUMENT, "reading %s: not a regular file", source);
    return CT_OK;
}

ct_tree_reader *ct_tree_reader_open(const char *source, bool directory, ct_error *error) {
    if (check_source(source, directory, error) < 0)
        return NULL;
    ct_tree_reader *reader = calloc(1, sizeof *reader);
    char *root = strdup(source);
    if (!reader || !root) {
        fail_memory(error);
        goto fail;
    }
    reader->file = -1;
    size_t length = strlen(root);
    while (length > 1 && root[length - 1] == '/')
        root[--length] = '\0';
    reader->root = length;
    char *const roots[] = {root, NULL};
    /* COMFOLLOW: the source itself may be a link; what is inside is taken as it is */
    reader->walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (!reader->walk) {
        ct_fail_errno(error, "reading %s", source);
        goto fail;
    }
    free(root);
    return reader;
fail:
    free(root);
    free(reader);
    return NULL;
}

ct_tree_reader *ct_tree_reader_open_data(const void *data, size_t length,
                                         ct_error *error) {
    ct_tree_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        fail_memory(error);
        return NULL;
    }
    *reader = (ct_tree_reader){.file = -1, .data = data, .left = length};
    return reader;
}

void ct_tree_reader_close(ct_tree_reader *reader) {
    if (!reader)
        return;
    if (reader->walk)
        fts_close(reader->walk);
    if (reader->file >= 0)
        close(reader->file);
    free(reader->path);
    free(reader);
}

/* ---- entries ---- */

static int add_found(ct_tree_reader *reader, FTSENT *found, const char *type,
                     const char *target, ct_buf *out, ct_error *error) {
    const char *path = found->fts_path + reader->root;
    const struct stat *info = found->fts_statp;
    const char *base = strrchr(found->fts_path, '/');
    ct_tree_entry entry = {.path = *path == '/' ? path + 1 : path,
                           .name = base ? base + 1 : found->fts_path,
                           .type = type,
                           .target = target,
                           .attributes = {.owner = {info->st_uid, info->st_gid},
                                          .mode = info->st_mode,
                                          .mtime = info->st_mtim}};
    return ct_tree_entry_add(out, &entry) < 0 ? fail_memory(error) : CT_OK;
}

static int add_link(ct_tree_reader *reader, FTSENT *found, ct_buf *out, ct_error *error) {
    char target[PATH_MAX];
    ssize_t length = readlink(found->fts_accpath, target, sizeof target - 1);
    if (length < 0)
        return ct_fail_errno(error, "reading the link %s", found->fts_path);
    target[length] = '\0';
    return add_found(reader, found, "link", target, out, error);
}

static int enter_file(ct_tree_reader *reader, FTSENT *found, ct_buf *out,
                      ct_error *error) {
    reader->file = open(found->fts_accpath, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (reader->file < 0)
        return ct_fail_errno(error, "reading %s", found->fts_path);
    free(reader->path);
    reader->path = strdup(found->fts_path);
    return add_found(reader, found, "file", NULL, out, error);
}

/* ---- the walk ---- */

/* 1: go on; 0: that was the last one. */
static int next_entry(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    errno = 0;
    FTSENT *found = fts_read(reader->walk);
    int code = CT_OK;
    if (!found)
        return errno ? ct_fail_errno(error, "reading a directory") : 0;
    switch (found->fts_info) {
    case FTS_D:
        code = add_found(reader, found, "directory", NULL, out, error);
        break;
    case FTS_DP:
        break;
    case FTS_F:
        code = enter_file(reader, found, out, error);
        break;
    case FTS_SL:
    case FTS_SLNONE:
        code = add_link(reader, found, out, error);
        break;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        errno = found->fts_errno;
        code = ct_fail_errno(error, "reading %s", found->fts_path);
        break;
    default:
        code = ct_fail(error, CT_E_ARGUMENT,
                       "%s is no file, directory or symbolic link: it can't travel",
                       found->fts_path);
    }
    return code < 0 ? code : 1;
}

static int next_chunk(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    char chunk[CHUNK];
    ssize_t length = read(reader->file, chunk, sizeof chunk);
    if (length < 0)
        return errno == EINTR ? 1 : ct_fail_errno(error, "reading %s", reader->path);
    if (length == 0) {
        close(reader->file);
        reader->file = -1;
        return 1;
    }
    return ct_frame_add(out, CT_FRAME_CHUNK, chunk, (size_t) length) < 0
               ? fail_memory(error)
               : 1;
}

static int next_data(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    if (!reader->data_entered) {
        ct_tree_entry entry = {.path = "",
                               .name = "",
                               .type = "file",
                               .attributes = {.mode = 0644, .mtime = CT_TREE_NO_TIME}};
        reader->data_entered = true;
        return ct_tree_entry_add(out, &entry) < 0 ? fail_memory(error) : 1;
    }
    size_t length = reader->left < CHUNK ? reader->left : CHUNK;
    if (length > 0 && ct_frame_add(out, CT_FRAME_CHUNK, reader->data, length) < 0)
        return fail_memory(error);
    reader->data += length;
    reader->left -= length;
    return length > 0;
}

int ct_tree_reader_next(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    size_t before = out->length;
    int more = 1;
    while (more > 0 && out->length - before < CHUNK) {
        if (!reader->walk)
            more = next_data(reader, out, error);
        else if (reader->file >= 0)
            more = next_chunk(reader, out, error);
        else
            more = next_entry(reader, out, error);
    }
    if (more == 0 && ct_frame_add(out, CT_FRAME_END, "", 0) < 0)
        return fail_memory(error);
    return more;
}
