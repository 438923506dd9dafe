/* SPDX-License-Identifier: MIT
 *
 * walk.c - finds all that is below a directory, while others may change it. Each thing is
 * opened by its name in the directory that listed it, which is reached through real
 * directories only: so no link is followed, whenever it was put there. What is gone since
 * it was listed is passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/tree_private.h"

#define LOOKS 10 /* how often it looks at what changes while it is opened */

/* A directory that the walk is in, and what was there when it was listed. */
struct level {
    struct level *above;
    struct dirent **names; /* owned, and so is each of them */
    size_t count;
    size_t next;
    size_t length; /* of the directory's path */
};

struct ct_tree_walk {
    char *source;
    int root;
    int directory;       /* the innermost level's; -1: it must be opened again */
    struct level *level; /* the innermost one */
    bool begun;
    char path[PATH_MAX]; /* of what was found last, from the root */
    char target[PATH_MAX];
};

static int fail_reading(const ct_tree_walk *walk, ct_error *error) {
    return ct_fail_errno(error, "reading %s%s%s", walk->source, *walk->path ? "/" : "",
                         walk->path);
}

/* ---- levels ---- */

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_real(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void leave_level(ct_tree_walk *walk) {
    struct level *level = walk->level;
    walk->level = level->above;
    for (size_t i = 0; i < level->count; i++)
        free(level->names[i]);
    free(level->names);
    free(level);
    if (walk->directory >= 0)
        close(walk->directory);
    walk->directory = -1;
}

/* Lists the directory at walk->path, and goes on in it. 0: the walk owns the descriptor.
 * -1: errno says why not. */
static int enter_level(ct_tree_walk *walk, int directory) {
    struct level *level = calloc(1, sizeof *level);
    if (!level)
        return -1;
    int count = scandirat(directory, ".", &level->names, is_real, by_name);
    if (count < 0) {
        free(level);
        return -1;
    }
    level->count = (size_t) count;
    level->length = strlen(walk->path);
    level->above = walk->level;
    walk->level = level;
    if (walk->directory >= 0)
        close(walk->directory);
    walk->directory = directory;
    return 0;
}

/* Opens the innermost level's directory again, when what is below it is done. 1: it is
 * open. 0: it is gone, and what was left in it is passed over. */
static int come_back(ct_tree_walk *walk, ct_error *error) {
    if (walk->directory >= 0)
        return 1;
    walk->path[walk->level->length] = '\0';
    walk->directory = ct_tree_open_directory(walk->root, walk->path);
    if (walk->directory >= 0)
        return 1;
    bool gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    return gone ? 0 : fail_reading(walk, error);
}

/* ---- what is found ---- */

/* This and the next two open what was seen. -1: it is not what it seemed; see errno. */
static int find_file(ct_tree_walk *walk, ct_tree_found *found) {
    found->file = openat(walk->directory, found->name,
                         O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (found->file >= 0 && fstat(found->file, &found->info) == 0 &&
        S_ISREG(found->info.st_mode))
        return 0;
    if (found->file >= 0)
        close(found->file);
    found->file = -1;
    return -1;
}

static int find_link(ct_tree_walk *walk, ct_tree_found *found) {
    ssize_t length =
        readlinkat(walk->directory, found->name, walk->target, sizeof walk->target - 1);
    if (length < 0)
        return -1;
    walk->target[length] = '\0';
    found->target = walk->target;
    return 0;
}

static int find_directory(ct_tree_walk *walk, ct_tree_found *found) {
    int directory = openat(walk->directory, found->name,
                           O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return -1;
    if (fstat(directory, &found->info) == 0 && enter_level(walk, directory) == 0)
        return 0;
    int number = errno;
    close(directory);
    errno = number;
    return -1;
}

/* Looks at what is called found->name, again if it changes while it is opened. 1: it is
 * found; 0: it is gone. */
static int look_at(ct_tree_walk *walk, ct_tree_found *found, ct_error *error) {
    int code = -1;
    for (int i = 0; i < LOOKS && code < 0; i++) {
        if (fstatat(walk->directory, found->name, &found->info, AT_SYMLINK_NOFOLLOW) < 0)
            return errno == ENOENT ? 0 : fail_reading(walk, error);
        if (S_ISREG(found->info.st_mode))
            code = find_file(walk, found);
        else if (S_ISDIR(found->info.st_mode))
            code = find_directory(walk, found);
        else if (S_ISLNK(found->info.st_mode))
            code = find_link(walk, found);
        else
            return ct_fail(
                error, CT_E_ARGUMENT,
                "%s/%s is no file, directory or symbolic link: it can't travel",
                walk->source, walk->path);
    }
    return code < 0 ? fail_reading(walk, error) : 1;
}

/* Puts the next name of the innermost level into walk->path. *name is where it begins
 * there. */
static int next_name(ct_tree_walk *walk, const char **name, ct_error *error) {
    struct level *level = walk->level;
    const char *next = level->names[level->next++]->d_name;
    size_t length = strlen(next), at = level->length;
    if (at + 1 + length >= sizeof walk->path)
        return ct_fail(error, CT_E_LIMIT, "reading %s: a path in it is too long",
                       walk->source);
    if (at > 0)
        walk->path[at++] = '/';
    memcpy(walk->path + at, next, length + 1);
    *name = walk->path + at;
    return CT_OK;
}

/* ---- the walk ---- */

static int begin_walk(ct_tree_walk *walk, ct_tree_found *found, ct_error *error) {
    const char *base = strrchr(walk->source, '/');
    walk->begun = true;
    found->name = base ? base + 1 : walk->source;
    int directory = openat(walk->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0 && fstat(directory, &found->info) == 0 &&
        enter_level(walk, directory) == 0)
        return 1;
    int code = fail_reading(walk, error);
    if (directory >= 0)
        close(directory);
    return code;
}

int ct_tree_walk_next(ct_tree_walk *walk, ct_tree_found *found, ct_error *error) {
    *found = (ct_tree_found){.path = walk->path, .file = -1};
    if (!walk->begun)
        return begin_walk(walk, found, error);
    while (walk->level) {
        bool left = walk->level->next < walk->level->count;
        int code = left ? come_back(walk, error) : 0;
        if (code < 0)
            return code;
        if (code == 0) {
            leave_level(walk);
            continue;
        }
        code = next_name(walk, &found->name, error);
        if (code == CT_OK)
            code = look_at(walk, found, error);
        if (code != 0)
            return code;
    }
    return 0;
}

int ct_tree_walk_open(const char *source, ct_tree_walk **out, ct_error *error) {
    int code = CT_OK;
    ct_tree_walk *walk = calloc(1, sizeof *walk);
    if (walk)
        *walk = (ct_tree_walk){.source = strdup(source), .root = -1, .directory = -1};
    if (!walk || !walk->source) {
        code = ct_fail_memory(error);
    } else {
        walk->root = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (walk->root < 0)
            code = ct_fail_errno(error, "reading %s", source);
    }
    if (code < 0) {
        ct_tree_walk_close(walk);
        walk = NULL;
    }
    *out = walk;
    return code;
}

void ct_tree_walk_close(ct_tree_walk *walk) {
    if (!walk)
        return;
    while (walk->level)
        leave_level(walk);
    if (walk->root >= 0)
        close(walk->root);
    free(walk->source);
    free(walk);
}
