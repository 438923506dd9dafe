/* SPDX-License-Identifier: MIT
 *
 * reader.c - files, directories and symbolic links on disk, as frames. Each has an ENTRY.
 * A file's bytes follow that as CHUNKs: as many as the file had when it was opened, or
 * fewer if it was cut since. No link is followed but the source itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/tree.h"
#include "tree/tree_private.h"

#define CHUNK 65536 /* bytes */

struct ct_tree_reader {
    char *source;
    ct_tree_walk *walk;  /* a directory's; NULL: there is one file, or data */
    int file;            /* the file that is being read; -1: none */
    char path[PATH_MAX]; /* its path from the root, for messages */
    const char *data;    /* borrowed; NULL: what is read is on disk */
    uint64_t left;       /* bytes of the file, or of data, that are still to be given */
    bool entered;        /* the ENTRY of the one file, or of data, was given */
    char chunk[CHUNK];
};

static int fail_reader(const ct_tree_reader *reader, ct_error *error) {
    return ct_fail_errno(error, "reading %s%s%s", reader->source,
                         *reader->path ? "/" : "", reader->path);
}

/* Looks at the source before it is opened, since opening a device may do something. */
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

static void cut_slashes(char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
}

int ct_tree_reader_open(const char *source, bool directory, ct_tree_reader **out,
                        ct_error *error) {
    *out = NULL;
    int code = check_source(source, directory, error);
    if (code < 0)
        return code;
    ct_tree_reader *reader = calloc(1, sizeof *reader);
    if (!reader || !(reader->source = strdup(source))) {
        free(reader);
        return ct_fail_memory(error);
    }
    cut_slashes(reader->source);
    reader->file = -1;
    if (directory)
        code = ct_tree_walk_open(reader->source, &reader->walk, error);
    if (code < 0) {
        ct_tree_reader_close(reader);
        return code;
    }
    *out = reader;
    return CT_OK;
}

int ct_tree_reader_open_data(const void *data, size_t length, ct_tree_reader **out,
                             ct_error *error) {
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ct_fail_memory(error);
    **out = (ct_tree_reader){.file = -1, .data = data ? data : "", .left = length};
    return CT_OK;
}

void ct_tree_reader_close(ct_tree_reader *reader) {
    if (!reader)
        return;
    ct_tree_walk_close(reader->walk);
    if (reader->file >= 0)
        close(reader->file);
    free(reader->source);
    free(reader);
}

/* ---- entries; these return 1 to go on ---- */

static int add_found(const ct_tree_found *found, ct_buf *out, ct_error *error) {
    const struct stat *info = &found->info;
    const char *type = S_ISDIR(info->st_mode)   ? "directory"
                       : S_ISLNK(info->st_mode) ? "link"
                                                : "file";
    ct_tree_entry entry = {.path = found->path,
                           .name = found->name,
                           .type = type,
                           .target = found->target,
                           .attributes = {.owner = {info->st_uid, info->st_gid},
                                          .mode = info->st_mode,
                                          .mtime = info->st_mtim}};
    return ct_tree_entry_add(out, &entry) < 0 ? ct_fail_memory(error) : 1;
}

/* No more bytes are read than the file has now: one that others write to may grow for
 * ever. But the size of a file without blocks means nothing, as in /proc. */
static void begin_file(ct_tree_reader *reader, const ct_tree_found *found) {
    const struct stat *info = &found->info;
    bool sized = info->st_size > 0 && info->st_blocks > 0;
    reader->file = found->file;
    reader->left = sized ? (uint64_t) info->st_size : UINT64_MAX;
    snprintf(reader->path, sizeof reader->path, "%s", found->path);
}

static int next_found(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    ct_tree_found found;
    int code = ct_tree_walk_next(reader->walk, &found, error);
    if (code == 1 && found.file >= 0)
        begin_file(reader, &found);
    return code == 1 ? add_found(&found, out, error) : code;
}

/* Opens the one file that the source is. */
static int enter_file(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    const char *base = strrchr(reader->source, '/');
    ct_tree_found found = {.path = "", .name = base ? base + 1 : reader->source};
    found.file = open(reader->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (found.file < 0 || fstat(found.file, &found.info) < 0) {
        int code = fail_reader(reader, error);
        if (found.file >= 0)
            close(found.file);
        return code;
    }
    begin_file(reader, &found);
    return S_ISREG(found.info.st_mode)
               ? add_found(&found, out, error)
               : ct_fail(error, CT_E_ARGUMENT, "reading %s: not a regular file any more",
                         reader->source);
}

static int enter_data(ct_buf *out, ct_error *error) {
    ct_tree_entry entry = {.path = "",
                           .name = "",
                           .type = "file",
                           .attributes = {.mode = 0644, .mtime = CT_TREE_NO_TIME}};
    return ct_tree_entry_add(out, &entry) < 0 ? ct_fail_memory(error) : 1;
}

/* 0: there is no more. */
static int next_entry(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    if (reader->walk)
        return next_found(reader, out, error);
    if (reader->entered)
        return 0;
    reader->entered = true;
    return reader->data ? enter_data(out, error) : enter_file(reader, out, error);
}

/* ---- contents; these return 1 to go on ---- */

static int add_chunk(ct_tree_reader *reader, const char *bytes, size_t length,
                     ct_buf *out, ct_error *error) {
    reader->left -= length;
    return ct_frame_add(out, CT_FRAME_CHUNK, bytes, length) < 0 ? ct_fail_memory(error)
                                                                : 1;
}

static int next_of_file(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    size_t wanted = reader->left < CHUNK ? (size_t) reader->left : CHUNK;
    ssize_t length = read(reader->file, reader->chunk, wanted);
    if (length > 0)
        return add_chunk(reader, reader->chunk, (size_t) length, out, error);
    if (length < 0)
        return errno == EINTR ? 1 : fail_reader(reader, error);
    close(reader->file);
    reader->file = -1;
    return 1;
}

static int next_of_data(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    const char *bytes = reader->data;
    size_t length = reader->left < CHUNK ? (size_t) reader->left : CHUNK;
    reader->data += length;
    return add_chunk(reader, bytes, length, out, error);
}

int ct_tree_reader_next(ct_tree_reader *reader, ct_buf *out, ct_error *error) {
    size_t before = out->length;
    int more = 1;
    while (more > 0 && out->length - before < CHUNK) {
        if (reader->file >= 0)
            more = next_of_file(reader, out, error);
        else if (reader->data && reader->entered && reader->left > 0)
            more = next_of_data(reader, out, error);
        else
            more = next_entry(reader, out, error);
    }
    if (more == 0 && ct_frame_add(out, CT_FRAME_END, "", 0) < 0)
        return ct_fail_memory(error);
    return more;
}
