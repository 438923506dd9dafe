/* SPDX-License-Identifier: MIT
 *
 * tree_place.c - where entries go on disk. Below the root every path is walked from the
 * root's descriptor, one name at a time, through real directories only.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

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

int ct_tree_open_root(const char *path, ct_error *error) {
    char *copy = strdup(*path ? path : ".");
    if (!copy)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    int root = make_parents(copy, error);
    if (root == CT_OK) {
        root = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
            root = ct_fail_errno(error, "opening %s", path);
    }
    free(copy);
    return root;
}

static int open_below(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* close() that keeps errno */
static void let_go(int descriptor) {
    int number = errno;
    if (descriptor >= 0)
        close(descriptor);
    errno = number;
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

bool ct_tree_is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}
