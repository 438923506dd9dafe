/* SPDX-License-Identifier: MIT
 *
 * place.c - finds where entries go on disk. The way to the root is walked one name at a
 * time. So is every path below it, from the root's descriptor, and there through real
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

#define LINKS_MAX 40 /* links on the way to a root; the kernel has the same limit */

/* The way to a root, one name at a time. Links are read here rather than followed by the
 * kernel, so that it is known for each whose it is. */
struct way {
    int at; /* the directory reached so far; -1: none, errno says why */
    const char *const *untrusted;
    unsigned depth;          /* how deep `at` is in one of those, from 1; 0: in none */
    unsigned links;          /* links that were followed */
    bool make;               /* directories that are missing are made */
    bool made;               /* `at` was made */
    bool stray;              /* the way ended at a link that is not the caller's */
    char name[NAME_MAX + 1]; /* the name that it is at */
    char rest[PATH_MAX];     /* the names that are left */
};

/* Closes a descriptor, and keeps errno. */
static void close_quietly(int descriptor) {
    int number = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = number;
}

static int fail_with(int number) {
    errno = number;
    return -1;
}

static void move_to(struct way *way, int directory) {
    close_quietly(way->at);
    way->at = directory;
}

static bool is_untrusted(const struct way *way) {
    struct stat here, there;
    if (!way->untrusted || fstat(way->at, &here) < 0)
        return false;
    for (const char *const *path = way->untrusted; *path; path++)
        if (stat(*path, &there) == 0 && there.st_dev == here.st_dev &&
            there.st_ino == here.st_ino)
            return true;
    return false;
}

/* Goes on in a real directory. */
static void enter_directory(struct way *way, int directory) {
    move_to(way, directory);
    if (way->depth > 0 && strcmp(way->name, "..") == 0)
        way->depth--;
    else if (way->depth > 0)
        way->depth++;
    if (way->depth == 0)
        way->depth = is_untrusted(way);
}

/* Puts the target of a link before the names that are left. */
static int follow_link(struct way *way, int link) {
    char target[PATH_MAX], rest[PATH_MAX];
    way->stray = way->depth > 0;
    if (way->stray || ++way->links > LINKS_MAX)
        return fail_with(ELOOP);
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length < 0)
        return -1;
    target[length] = '\0';
    memcpy(rest, way->rest, sizeof rest);
    int needed = snprintf(way->rest, sizeof way->rest, "%s/%s", target, rest);
    if (needed >= (int) sizeof way->rest)
        return fail_with(ENAMETOOLONG);
    if (*target == '/')
        move_to(way, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    return way->at < 0 ? -1 : 0;
}

static int open_below(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Makes a directory that is this process's own and 0755, whatever the umask is, and
 * whatever group the parent would give it. */
static int make_directory(int parent, const char *name) {
    const ct_tree_attributes attributes = {
        .owner = {CT_NO_ID, CT_NO_ID}, .mode = 0755, .mtime = CT_TREE_NO_TIME};
    if (mkdirat(parent, name, 0700) < 0)
        return -1;
    int made = open_below(parent, name);
    bool well = made >= 0 && ct_tree_attributes_set(made, &attributes, NULL) == CT_OK;
    close_quietly(made);
    return well ? 0 : -1;
}

/* Opens what is called name, and makes a directory as needed. A link is opened itself,
 * not what it leads to. */
static int open_name(struct way *way) {
    int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    int found = openat(way->at, way->name, flags);
    way->made = false;
    if (found >= 0 || errno != ENOENT || !way->make)
        return found;
    way->made = make_directory(way->at, way->name) == 0;
    if (!way->made && errno != EEXIST)
        return -1;
    return openat(way->at, way->name, flags);
}

static int take_step(struct way *way) {
    struct stat info;
    int found = open_name(way);
    if (found < 0 || fstat(found, &info) < 0) {
        close_quietly(found);
        return -1;
    }
    if (S_ISDIR(info.st_mode)) {
        enter_directory(way, found);
        return 0;
    }
    int code = S_ISLNK(info.st_mode) ? follow_link(way, found) : fail_with(ENOTDIR);
    close_quietly(found);
    return code;
}

/* Takes the next name off the rest. false: there is none, or errno says what is wrong. */
static bool take_name(struct way *way) {
    const char *start = way->rest + strspn(way->rest, "/");
    size_t length = strcspn(start, "/");
    errno = length > NAME_MAX ? ENAMETOOLONG : 0;
    if (length == 0 || length > NAME_MAX)
        return false;
    memcpy(way->name, start, length);
    way->name[length] = '\0';
    memmove(way->rest, start + length, strlen(start + length) + 1);
    return true;
}

/* Goes all the way. Returns a descriptor, or -1 with errno. */
static int go_to(struct way *way, const char *path) {
    size_t length = strlen(path);
    if (length >= sizeof way->rest)
        return fail_with(ENAMETOOLONG);
    memcpy(way->rest, path, length + 1);
    way->at = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (way->at >= 0)
        way->depth = is_untrusted(way);
    bool well = way->at >= 0;
    while (well && take_name(way))
        well = strcmp(way->name, ".") == 0 || take_step(way) == 0;
    if (well && errno == 0)
        return way->at;
    close_quietly(way->at);
    return -1;
}

int ct_tree_open_root(const char *path, const char *const *untrusted, bool *made,
                      ct_error *error) {
    struct way way = {.at = -1, .untrusted = untrusted, .make = true};
    int root = go_to(&way, path);
    *made = way.made;
    if (root < 0 && way.stray)
        return ct_fail(
            error, CT_E_SYSTEM,
            "writing %s: %s is a symbolic link, in a folder that a download fills", path,
            way.name);
    return root < 0 ? ct_fail_errno(error, "opening %s", path) : root;
}

bool ct_tree_is_directory(const char *path, const char *const *untrusted) {
    struct way way = {.at = -1, .untrusted = untrusted};
    int directory = go_to(&way, path);
    close_quietly(directory);
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
        close_quietly(directory);
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
    close_quietly(parent);
    return directory;
}

bool ct_tree_exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}
