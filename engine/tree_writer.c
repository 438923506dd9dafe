/* SPDX-License-Identifier: MIT
 *
 * tree_writer.c - a tree from frames, on disk. It trusts nothing that the frames say: every
 * path is walked from the root's descriptor, one name at a time, through real directories
 * only, so that nothing is written outside of the root, whatever was there or comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

#define ENTRY_COST 1024 /* bytes of the limit: empty files take room on a disk, too */

/* A directory's mode and time, set when all is inside. */
struct late {
    struct late *next;
    mode_t mode;
    double mtime;
    char path[];
};

struct ct_tree_writer {
    ct_tree_options options;
    char *dest;
    int root;     /* the directory that paths start from; -1: not yet */
    bool started; /* the root's entry was there */
    int file;     /* the one being written; -1: none */
    char *path;   /* its path, for messages */
    mode_t mode;  /* its */
    double mtime; /* its */
    uint64_t written;
    struct late *late;
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

static int fail_path(ct_tree_writer *writer, const char *path, ct_error *error) {
    return ct_fail_errno(error, "writing %s%s%s", writer->dest, *path ? "/" : "", path);
}

/* ---- directories ---- */

/* mkdir -p for what the caller named; links in it are the caller's own. */
static int make_parents(char *path, ct_error *error) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int made = mkdir(path, 0755);
        if (made < 0 && errno != EEXIST)
            return ct_fail_errno(error, "making %s", path);
        *slash = '/';
    }
    if (*path && mkdir(path, 0755) < 0 && errno != EEXIST)
        return ct_fail_errno(error, "making %s", path);
    return CT_OK;
}

static int open_root(ct_tree_writer *writer, const char *path, ct_error *error) {
    char *copy = strdup(*path ? path : ".");
    if (!copy)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    int code = make_parents(copy, error);
    if (code == CT_OK) {
        writer->root = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (writer->root < 0)
            code = ct_fail_errno(error, "opening %s", path);
    }
    free(copy);
    return code;
}

/* The directory that the last name of path lies in; *name is that name. A descriptor to
 * close, or -1 with errno. */
static int open_parent(const ct_tree_writer *writer, const char *path,
                       const char **name) {
    int directory = dup(writer->root);
    const char *slash;
    while (directory >= 0 && (slash = strchr(path, '/'))) {
        char step[NAME_MAX + 1];
        memcpy(step, path, (size_t) (slash - path));
        step[slash - path] = '\0';
        int next =
            openat(directory, step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int number = errno;
        close(directory);
        errno = number;
        directory = next;
        path = slash + 1;
    }
    *name = path;
    return directory;
}

static int note_late(ct_tree_writer *writer, const ct_tree_received *entry,
                     ct_error *error) {
    struct late *late = malloc(sizeof *late + strlen(entry->path) + 1);
    if (!late)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    *late = (struct late){writer->late, entry->mode, entry->mtime};
    strcpy(late->path, entry->path);
    writer->late = late;
    return CT_OK;
}

static void set_times(int descriptor, double mtime) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
    if (mtime > 0 && mtime < 1e11) {
        times[1].tv_sec = (time_t) mtime;
        times[1].tv_nsec = (long) ((mtime - (double) (time_t) mtime) * 1e9);
    }
    futimens(descriptor, times);
}

/* The deepest come first: they were noted last. */
static int finish_directories(ct_tree_writer *writer, ct_error *error) {
    int code = CT_OK;
    for (struct late *late = writer->late; code == CT_OK && late; late = late->next) {
        const char *name = ".";
        int parent =
            *late->path ? open_parent(writer, late->path, &name) : dup(writer->root);
        int directory =
            openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (directory < 0 || fchmod(directory, late->mode) < 0)
            code = fail_path(writer, late->path, error);
        else
            set_times(directory, late->mtime);
        if (directory >= 0)
            close(directory);
        if (parent >= 0)
            close(parent);
    }
    return code;
}

/* ---- entries ---- */

static int finish_file(ct_tree_writer *writer, ct_error *error) {
    if (writer->file < 0)
        return CT_OK;
    int code = CT_OK;
    if (fchmod(writer->file, writer->mode) < 0)
        code = fail_path(writer, writer->path, error);
    set_times(writer->file, writer->mtime);
    if (close(writer->file) < 0 && code == CT_OK)
        code = fail_path(writer, writer->path, error);
    writer->file = -1;
    return code;
}

/* 0: made; 1: it is a directory that was there already; -1: errno says why not. */
static int make_entry(ct_tree_writer *writer, int parent, const char *name,
                      const ct_tree_received *entry) {
    if (strcmp(entry->type, "directory") == 0) {
        int made = mkdirat(parent, name, 0700);
        return made < 0 && errno == EEXIST ? 1 : made;
    }
    struct stat info;
    if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode))
        unlinkat(parent, name, 0); /* replaced, not written through */
    if (strcmp(entry->type, "link") == 0)
        return symlinkat(entry->target, parent, name);
    writer->file =
        openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return writer->file < 0 ? -1 : 0;
}

static int add_entry(ct_tree_writer *writer, const ct_tree_received *entry,
                     ct_error *error) {
    const char *name;
    int parent = open_parent(writer, entry->path, &name);
    if (parent < 0)
        return fail_path(writer, entry->path, error);
    int made = make_entry(writer, parent, name, entry);
    int number = errno;
    close(parent);
    errno = number;
    if (made < 0)
        return fail_path(writer, entry->path, error);
    if (made > 0) /* keeps the mode it has */
        return CT_OK;
    if (strcmp(entry->type, "directory") == 0)
        return note_late(writer, entry, error);
    free(writer->path);
    writer->path = strdup(entry->path);
    writer->mode = entry->mode;
    writer->mtime = entry->mtime;
    return writer->path ? CT_OK : ct_fail(error, CT_E_NO_MEMORY, "out of memory");
}

static bool exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}

static bool is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int start_directory(ct_tree_writer *writer, ct_tree_received *entry,
                           ct_error *error) {
    if (writer->options.no_overwrite && exists(writer->dest))
        return ct_fail(error, CT_E_CONFLICT, "%s exists already", writer->dest);
    bool there = is_directory(writer->dest); /* then it keeps the mode it has */
    int code = open_root(writer, writer->dest, error);
    return code < 0 || there ? code : note_late(writer, entry, error);
}

/* One file: dest is its path, or the directory it goes into. */
static int start_file(ct_tree_writer *writer, ct_tree_received *entry, ct_error *error) {
    size_t length = strlen(writer->dest);
    const char *slash = strrchr(writer->dest, '/');
    bool inside =
        (length > 0 && writer->dest[length - 1] == '/') || is_directory(writer->dest);
    char *parent =
        inside ? strdup(writer->dest)
               : strndup(writer->dest, slash ? (size_t) (slash - writer->dest) : 0);
    if (!parent)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    if (slash == writer->dest && !inside) {
        free(parent);
        parent = strdup("/");
    }
    const char *name = writer->options.name ? writer->options.name : entry->name;
    snprintf(entry->path, sizeof entry->path, "%s",
             inside ? name : (slash ? slash + 1 : writer->dest));
    int code = ct_tree_path_plain(entry->path)
                   ? open_root(writer, parent ? parent : "/", error)
                   : ct_fail(error, CT_E_ARGUMENT, "%s names no file", writer->dest);
    free(parent);
    struct stat info;
    if (code == CT_OK && writer->options.no_overwrite &&
        fstatat(writer->root, entry->path, &info, AT_SYMLINK_NOFOLLOW) == 0)
        return ct_fail(error, CT_E_CONFLICT, "%s exists already", writer->dest);
    return code < 0 ? code : add_entry(writer, entry, error);
}

static int start(ct_tree_writer *writer, ct_tree_received *entry, ct_error *error) {
    bool directory = strcmp(entry->type, "directory") == 0;
    bool link = strcmp(entry->type, "link") == 0; /* a file that is asked for is a file */
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
    if (writer->options.foreign)
        entry.mode &= 0777;
    if (!writer->started)
        return start(writer, &entry, error);
    if (!writer->options.directory || !ct_tree_path_plain(entry.path))
        return ct_fail(error, CT_E_PROTOCOL, "writing %s: \"%.200s\" leads out of it",
                       writer->dest, entry.path);
    return add_entry(writer, &entry, error);
}

static int take_chunk(ct_tree_writer *writer, const char *data, size_t length,
                      ct_error *error) {
    if (writer->file < 0)
        return ct_fail(error, CT_E_PROTOCOL, "writing %s: bytes of no file",
                       writer->dest);
    int code = charge(writer, length, error);
    if (code < 0)
        return code;
    while (length > 0) {
        ssize_t written = write(writer->file, data, length);
        if (written < 0 && errno != EINTR)
            return fail_path(writer, writer->path, error);
        if (written > 0) {
            data += written;
            length -= (size_t) written;
        }
    }
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
        return code < 0 ? code : finish_directories(writer, error);
    default:
        return ct_fail(error, CT_E_PROTOCOL, "writing %s: unexpected frame",
                       writer->dest);
    }
}

ct_tree_writer *ct_tree_writer_open(const char *dest, const ct_tree_options *options,
                                    ct_error *error) {
    ct_tree_writer *writer = calloc(1, sizeof *writer);
    if (writer)
        *writer = (ct_tree_writer){
            .options = *options, .dest = strdup(dest), .root = -1, .file = -1};
    if (!writer || !writer->dest) {
        ct_tree_writer_close(writer);
        ct_fail(error, CT_E_NO_MEMORY, "out of memory");
        return NULL;
    }
    return writer;
}

void ct_tree_writer_close(ct_tree_writer *writer) {
    if (!writer)
        return;
    while (writer->late) {
        struct late *next = writer->late->next;
        free(writer->late);
        writer->late = next;
    }
    if (writer->file >= 0)
        close(writer->file);
    if (writer->root >= 0)
        close(writer->root);
    free(writer->dest);
    free(writer->path);
    free(writer);
}
