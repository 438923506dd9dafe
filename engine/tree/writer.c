/* SPDX-License-Identifier: MIT
 *
 * writer.c - makes a tree on disk from frames. It trusts nothing that the frames say. An
 * entry goes only where place.c leads, so that nothing is written outside of the root,
 * whatever was there before or comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/tree_private.h"

#define ENTRY_COST 1024 /* bytes an entry counts for: empty files take room, too */

/* A directory that gets its attributes when all is in it. */
struct open_directory {
    struct open_directory *above;
    ct_tree_attributes attributes;
    char path[];
};

struct ct_tree_writer {
    ct_tree_options options;
    ct_ids owner; /* of all entries, unless they keep theirs */
    char *dest;
    int root;                      /* the directory that paths start from; -1: none yet */
    bool started;                  /* the root's entry has come */
    bool alone;                    /* dest is the path of the one file */
    ct_tree_draft draft;           /* the file that is being written */
    char *path;                    /* its path, for messages */
    ct_tree_attributes attributes; /* its attributes */
    uint64_t written;              /* bytes, of the limit */
    struct open_directory *innermost;
};

/* ---- counting and failing ---- */

/* Counts what is written, and what an entry costs a disk, against the limit. */
static int charge(ct_tree_writer *writer, size_t bytes, ct_error *error) {
    writer->written += bytes;
    if (writer->options.limit && writer->written > writer->options.limit)
        return ct_fail(error, CT_E_LIMIT, "writing %s: more than %llu bytes",
                       writer->dest, (unsigned long long) writer->options.limit);
    return CT_OK;
}

/* What a message about the entry at path has behind dest. */
static const char *below(const ct_tree_writer *writer, const char *path) {
    return writer->alone ? "" : path;
}

/* What would help is said as suites say it. path: of the entry; "": the root. */
static int fail_exists(const ct_tree_writer *writer, const char *path, ct_error *error) {
    size_t length = strlen(writer->dest);
    path = below(writer, path);
    bool ends = length > 0 && writer->dest[length - 1] == '/';
    return ct_fail(error, CT_E_CONFLICT, "%s%s%s exists already: overwrite = true %s",
                   writer->dest, *path && !ends ? "/" : "", path,
                   writer->options.directory ? "adds to it" : "replaces it");
}

static int fail_path(ct_tree_writer *writer, const char *path, ct_error *error) {
    path = below(writer, path);
    return ct_fail_errno(error, "writing %s%s%s", writer->dest, *path ? "/" : "", path);
}

static int set_attributes(ct_tree_writer *writer, int descriptor, const char *path,
                          const ct_tree_attributes *attributes, ct_error *error) {
    int code = ct_tree_attributes_set(descriptor, attributes, error);
    path = below(writer, path);
    return code < 0 ? ct_fail_in(error, code, "writing %s%s%s", writer->dest,
                                 *path ? "/" : "", path)
                    : code;
}

/* ---- directories ---- */

static int note_directory(ct_tree_writer *writer, const ct_tree_received *entry,
                          ct_error *error) {
    size_t size = strlen(entry->path) + 1;
    struct open_directory *innermost = malloc(sizeof *innermost + size);
    if (!innermost)
        return ct_fail_memory(error);
    *innermost = (struct open_directory){writer->innermost, entry->attributes};
    memcpy(innermost->path, entry->path, size);
    writer->innermost = innermost;
    return CT_OK;
}

/* true when path is the directory at `above`, or in it. */
static bool lies_in(const char *path, const char *above) {
    size_t length = strlen(above);
    return length == 0 ||
           (strncmp(path, above, length) == 0 && (path[length] == '/' || !path[length]));
}

/* Finishes the directories that path is not in; NULL: all of them. Each of those that are
 * left is in the next one: their number grows with a path's depth, not with the tree. */
static int finish_directories(ct_tree_writer *writer, const char *path, ct_error *error) {
    int code = CT_OK;
    while (code == CT_OK && writer->innermost &&
           !(path && lies_in(path, writer->innermost->path))) {
        struct open_directory *innermost = writer->innermost;
        int directory = ct_tree_open_directory(writer->root, innermost->path);
        code = directory < 0 ? fail_path(writer, innermost->path, error)
                             : set_attributes(writer, directory, innermost->path,
                                              &innermost->attributes, error);
        if (directory >= 0)
            close(directory);
        writer->innermost = innermost->above;
        free(innermost);
    }
    return code;
}

/* ---- entries ---- */

/* Puts the draft in its place. What is there is replaced, not written through. In a
 * folder that had to be new, everything is the writer's own. */
static int place_draft(ct_tree_writer *writer, const char *path, ct_error *error) {
    bool replace = !writer->options.no_overwrite || writer->options.directory;
    int code = CT_OK;
    if (ct_tree_draft_place(&writer->draft, replace) < 0)
        code = errno == EEXIST && !replace ? fail_exists(writer, path, error)
                                           : fail_path(writer, path, error);
    ct_tree_draft_drop(&writer->draft);
    return code;
}

static int finish_file(ct_tree_writer *writer, ct_error *error) {
    if (writer->draft.file < 0)
        return CT_OK;
    int code = set_attributes(writer, writer->draft.file, writer->path,
                              &writer->attributes, error);
    return code < 0 ? code : place_draft(writer, writer->path, error);
}

static int add_directory(ct_tree_writer *writer, int parent, const char *name,
                         const ct_tree_received *entry, ct_error *error) {
    if (mkdirat(parent, name, 0700) == 0)
        return note_directory(writer, entry, error);
    /* a directory that was there keeps its owner and mode */
    return errno == EEXIST ? CT_OK : fail_path(writer, entry->path, error);
}

static int note_file(ct_tree_writer *writer, const ct_tree_received *entry,
                     ct_error *error) {
    free(writer->path);
    writer->path = strdup(entry->path);
    writer->attributes = entry->attributes;
    return writer->path ? CT_OK : ct_fail_memory(error);
}

/* From now on the draft owns its parent. */
static int begin_draft(ct_tree_writer *writer, int parent, const char *name,
                       const ct_tree_received *entry, ct_error *error) {
    ct_tree_draft *draft = &writer->draft;
    bool link = strcmp(entry->type, "link") == 0;
    if (ct_tree_draft_begin(draft, parent, name, link ? entry->target : NULL) < 0)
        return fail_path(writer, entry->path, error);
    if (!link)
        return note_file(writer, entry, error);
    int code = ct_tree_attributes_set_link(draft->parent, draft->hidden,
                                           &entry->attributes, error);
    return code < 0 ? ct_fail_in(error, code, "writing %s/%s", writer->dest, entry->path)
                    : place_draft(writer, entry->path, error);
}

static int add_entry(ct_tree_writer *writer, const ct_tree_received *entry,
                     ct_error *error) {
    const char *name;
    int code = finish_directories(writer, entry->path, error);
    if (code < 0)
        return code;
    int parent = ct_tree_open_parent(writer->root, entry->path, &name);
    if (parent < 0)
        return fail_path(writer, entry->path, error);
    if (strcmp(entry->type, "directory") != 0)
        return begin_draft(writer, parent, name, entry, error);
    code = add_directory(writer, parent, name, entry, error);
    close(parent);
    return code;
}

static int start_directory(ct_tree_writer *writer, ct_tree_received *entry,
                           ct_error *error) {
    if (writer->options.no_overwrite && ct_tree_exists(writer->dest))
        return fail_exists(writer, "", error);
    bool made; /* a directory that was there keeps what it has */
    writer->root =
        ct_tree_open_root(writer->dest, writer->options.untrusted, &made, error);
    if (writer->root < 0)
        return writer->root;
    if (made)
        return note_directory(writer, entry, error);
    /* somebody else has just made it */
    return writer->options.no_overwrite ? fail_exists(writer, "", error) : CT_OK;
}

/* Begins the one file. dest is its path, or the directory that it goes into. */
static int start_file(ct_tree_writer *writer, ct_tree_received *entry, ct_error *error) {
    size_t length = strlen(writer->dest);
    const char *slash = strrchr(writer->dest, '/');
    bool inside = (length > 0 && writer->dest[length - 1] == '/') ||
                  ct_tree_is_directory(writer->dest, writer->options.untrusted);
    writer->alone = !inside;
    char *parent = strdup(writer->dest);
    if (!parent)
        return ct_fail_memory(error);
    if (!inside) /* of "/name" the slash stays */
        parent[slash ? slash - writer->dest + (slash == writer->dest) : 0] = '\0';
    const char *name = writer->options.name ? writer->options.name : entry->name;
    snprintf(entry->path, sizeof entry->path, "%s",
             inside ? name : (slash ? slash + 1 : writer->dest));
    bool made;
    writer->root =
        ct_tree_path_plain(entry->path)
            ? ct_tree_open_root(parent, writer->options.untrusted, &made, error)
            : ct_fail(error, CT_E_ARGUMENT, "%s names no file", writer->dest);
    free(parent);
    struct stat info;
    if (writer->root < 0)
        return writer->root;
    if (writer->options.no_overwrite &&
        fstatat(writer->root, entry->path, &info, AT_SYMLINK_NOFOLLOW) == 0)
        return fail_exists(writer, entry->path, error);
    return add_entry(writer, entry, error);
}

/* What was asked for counts more than what the entry says. */
static void decide_attributes(const ct_tree_writer *writer, ct_tree_received *entry) {
    const ct_tree_options *options = &writer->options;
    ct_tree_attributes *attributes = &entry->attributes;
    if (!options->keep_owners)
        attributes->owner = writer->owner;
    if (options->mode && strcmp(entry->type, "file") == 0)
        attributes->mode = options->mode & 07777;
    if (options->foreign)
        attributes->mode &= 0777;
}

static int start_tree(ct_tree_writer *writer, ct_tree_received *entry, ct_error *error) {
    bool directory = strcmp(entry->type, "directory") == 0;
    bool link = strcmp(entry->type, "link") == 0; /* a link is no file */
    if (*entry->path || link || directory != writer->options.directory)
        return ct_fail(error, CT_E_PROTOCOL, "writing %s: this is no %s", writer->dest,
                       writer->options.directory ? "directory" : "file");
    writer->started = true;
    return directory ? start_directory(writer, entry, error)
                     : start_file(writer, entry, error);
}

static int take_entry(ct_tree_writer *writer, const char *data, size_t length,
                      ct_error *error) {
    ct_tree_received entry;
    int code = finish_file(writer, error);
    if (code == CT_OK)
        code = charge(writer, ENTRY_COST, error);
    if (code < 0)
        return code;
    if (!ct_tree_entry_parse(data, length, &entry) ||
        (strcmp(entry.type, "file") != 0 && strcmp(entry.type, "directory") != 0 &&
         strcmp(entry.type, "link") != 0))
        return ct_fail(error, CT_E_PROTOCOL, "writing %s: bad entry", writer->dest);
    decide_attributes(writer, &entry);
    if (!writer->started)
        return start_tree(writer, &entry, error);
    if (!writer->options.directory || !ct_tree_path_plain(entry.path))
        return ct_fail(error, CT_E_PROTOCOL, "writing %s: \"%.200s\" leads out of it",
                       writer->dest, entry.path);
    return add_entry(writer, &entry, error);
}

static int take_chunk(ct_tree_writer *writer, const char *data, size_t length,
                      ct_error *error) {
    if (writer->draft.file < 0)
        return ct_fail(error, CT_E_PROTOCOL, "writing %s: bytes of no file",
                       writer->dest);
    int code = charge(writer, length, error);
    if (code < 0)
        return code;
    if (!ct_write_all(writer->draft.file, data, length))
        return fail_path(writer, writer->path, error);
    return CT_OK;
}

int ct_tree_writer_take(ct_tree_writer *writer, enum ct_frame_type type, const char *data,
                        size_t length, ct_error *error) {
    int code;
    switch (type) {
    case CT_FRAME_ENTRY:
        code = take_entry(writer, data, length, error);
        return code < 0 ? code : 1;
    case CT_FRAME_CHUNK:
        code = take_chunk(writer, data, length, error);
        return code < 0 ? code : 1;
    case CT_FRAME_END:
        if (!writer->started)
            return ct_fail(error, CT_E_PROTOCOL, "writing %s: nothing came",
                           writer->dest);
        code = finish_file(writer, error);
        return code < 0 ? code : finish_directories(writer, NULL, error);
    default:
        return ct_fail(error, CT_E_PROTOCOL, "writing %s: unexpected frame",
                       writer->dest);
    }
}

int ct_tree_writer_open(const char *dest, const ct_tree_options *options,
                        ct_tree_writer **out, ct_error *error) {
    *out = NULL;
    ct_tree_writer *writer = calloc(1, sizeof *writer);
    ct_ids unchanged = {CT_NO_ID, CT_NO_ID};
    if (writer)
        *writer = (ct_tree_writer){.options = *options,
                                   .owner = options->owner ? *options->owner : unchanged,
                                   .dest = strdup(dest),
                                   .root = -1,
                                   .draft = CT_TREE_NO_DRAFT};
    if (!writer || !writer->dest) {
        ct_tree_writer_close(writer);
        return ct_fail_memory(error);
    }
    *out = writer;
    return CT_OK;
}

void ct_tree_writer_close(ct_tree_writer *writer) {
    if (!writer)
        return;
    while (writer->innermost) {
        struct open_directory *above = writer->innermost->above;
        free(writer->innermost);
        writer->innermost = above;
    }
    ct_tree_draft_drop(&writer->draft);
    if (writer->root >= 0)
        close(writer->root);
    free(writer->dest);
    free(writer->path);
    free(writer);
}
