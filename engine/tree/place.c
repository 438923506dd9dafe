/* SPDX-License-Identifier: MIT
 *
 * place.c - where entries go on disk. The way to the root is walked one name at a
 * time, and so is, from its descriptor, every path below it, there through real
 * directories only.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/tree.h"
#include "tree/tree_private.h"

#define LINKS_MAX 40 /* followed on the way to a root, as the kernel's own limit */

/* The way to a root, one name at a time: links are read, not left to the kernel, so that
 * it is known of each whose it is. */
struct walk {
    int at; /* the directory reached so far; -1: none, errno says why */
    const char *const *untrusted;
    unsigned depth;          /* of `at` in one of those, itself counted; 0: in none */
    unsigned links;          /* that were followed */
    bool make;               /* what is not there */
    bool made;               /* `at` was */
    bool stray;              /* it ended at a link that is not the caller's */
    char name[NAME_MAX + 1]; /* the one it is at */
    char rest[PATH_MAX];     /* what is still to be walked */
};

/* close() that keeps errno */
static void let_go(int descriptor) {
    int number = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = number;
}

static int give_up(int number) {
    errno = number;
    return -1;
}

static void move_to(struct walk *walk, int directory) {
    let_go(walk->at);
    walk->at = directory;
}

static bool is_untrusted(const struct walk *walk) {
    struct stat here, there;
    if (!walk->untrusted || fstat(walk->at, &here) < 0)
        return false;
    for (const char *const *path = walk->untrusted; *path; path++)
        if (stat(*path, &there) == 0 && there.st_dev == here.st_dev &&
            there.st_ino == here.st_ino)
            return true;
    return false;
}

/* Goes on in a real directory. */
static void enter(struct walk *walk, int directory) {
    move_to(walk, directory);
    if (walk->depth > 0 && strcmp(walk->name, "..") == 0)
        walk->depth--;
    else if (walk->depth > 0)
        walk->depth++;
    if (walk->depth == 0)
        walk->depth = is_untrusted(walk);
}

/* Puts what a link says before what is left to be walked. */
static int follow(struct walk *walk, int link) {
    char target[PATH_MAX], rest[PATH_MAX];
    walk->stray = walk->depth > 0;
    if (walk->stray || ++walk->links > LINKS_MAX)
        return give_up(ELOOP);
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length < 0)
        return -1;
    target[length] = '\0';
    strcpy(rest, walk->rest);
    int needed = snprintf(walk->rest, sizeof walk->rest, "%s/%s", target, rest);
    if (needed >= (int) sizeof walk->rest)
        return give_up(ENAMETOOLONG);
    if (*target == '/')
        move_to(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    return walk->at < 0 ? -1 : 0;
}

static int open_below(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Makes a directory that is this process' own and 0755, whatever its umask is, and
 * whatever group the parent would give it. */
static int make_directory(int parent, const char *name) {
    const ct_tree_attributes attributes = {
        .owner = {CT_NO_ID, CT_NO_ID}, .mode = 0755, .mtime = CT_TREE_NO_TIME};
    if (mkdirat(parent, name, 0700) < 0)
        return -1;
    int made = open_below(parent, name);
    bool well = made >= 0 && ct_tree_attributes_set(made, &attributes, NULL) == CT_OK;
    let_go(made);
    return well ? 0 : -1;
}

/* What is called name, a link itself rather than what it leads to; made as needed. */
static int open_name(struct walk *walk) {
    int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    int found = openat(walk->at, walk->name, flags);
    walk->made = false;
    if (found >= 0 || errno != ENOENT || !walk->make)
        return found;
    walk->made = make_directory(walk->at, walk->name) == 0;
    if (!walk->made && errno != EEXIST)
        return -1;
    return openat(walk->at, walk->name, flags);
}

static int step(struct walk *walk) {
    struct stat info;
    int found = open_name(walk);
    if (found < 0 || fstat(found, &info) < 0) {
        let_go(found);
        return -1;
    }
    if (S_ISDIR(info.st_mode)) {
        enter(walk, found);
        return 0;
    }
    int code = S_ISLNK(info.st_mode) ? follow(walk, found) : give_up(ENOTDIR);
    let_go(found);
    return code;
}

/* Takes the next name off the rest. false: there is none, or errno says what it is. */
static bool next_name(struct walk *walk) {
    const char *start = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(start, "/");
    errno = length > NAME_MAX ? ENAMETOOLONG : 0;
    if (length == 0 || length > NAME_MAX)
        return false;
    memcpy(walk->name, start, length);
    walk->name[length] = '\0';
    memmove(walk->rest, start + length, strlen(start + length) + 1);
    return true;
}

/* A descriptor, or -1 with errno. */
static int walk_to(struct walk *walk, const char *path) {
    if (strlen(path) >= sizeof walk->rest)
        return give_up(ENAMETOOLONG);
    strcpy(walk->rest, path);
    walk->at = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (walk->at >= 0)
        walk->depth = is_untrusted(walk);
    bool well = walk->at >= 0;
    while (well && next_name(walk))
        well = strcmp(walk->name, ".") == 0 || step(walk) == 0;
    if (well && errno == 0)
        return walk->at;
    let_go(walk->at);
    return -1;
}

int ct_tree_open_root(const char *path, const char *const *untrusted, bool *made,
                      ct_error *error) {
    struct walk walk = {.at = -1, .untrusted = untrusted, .make = true};
    int root = walk_to(&walk, path);
    *made = walk.made;
    if (root < 0 && walk.stray)
        return ct_fail(
            error, CT_E_SYSTEM,
            "writing %s: %s is a symbolic link, in a folder that a download fills", path,
            walk.name);
    return root < 0 ? ct_fail_errno(error, "opening %s", path) : root;
}

bool ct_tree_is_directory(const char *path, const char *const *untrusted) {
    struct walk walk = {.at = -1, .untrusted = untrusted};
    int directory = walk_to(&walk, path);
    let_go(directory);
    return directory >= 0;
}

int ct_tree_open_parent(int root, const char *path, const char **name) {
    int directory = fcntl(root, F_DUPFD_CLOEXEC, 0);
    const char *slash;
    while (directory >= 0 && (slash = strchr(path, '/'))) {
        char step[NAME_MAX + 1];
        memcpy(step, path, (size_t) (slash - path));
        step[slash - path] = '\0';
        int next = open_below(directory, step);
        let_go(directory);
        directory = next;
        path = slash + 1;
    }
    *name = path;
    return directory;
}

int ct_tree_open_directory(int root, const char *path) {
    const char *name;
    int parent = ct_tree_open_parent(root, path, &name);
    int directory = parent < 0 ? -1 : open_below(parent, *name ? name : ".");
    let_go(parent);
    return directory;
}

bool ct_tree_exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}
