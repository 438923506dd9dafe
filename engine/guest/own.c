/* SPDX-License-Identifier: MIT
 *
 * own.c - the guest's own directory, and removing what is in a directory. A testlet is
 * root: it may have moved the guest's directory, put a link or a mount in its place, or
 * taken /proc away. So the host says where the directory is. It is opened once, and is
 * ours only as long as it is the one that the host's first request found. Everything is
 * removed relative to what is open, no link is followed, and no mount is entered.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/guest.h"

#define DEPTH_MAX 200 /* directories within directories: each takes a descriptor */

static struct {
    char path[256];
    int directory;     /* -1: it is not there, or not ours */
    int root;          /* "/", in which it is */
    char identity[64]; /* tells it from any other directory */
    ct_error why;      /* why there is none */
} own = {.directory = -1, .root = -1};

/* ---- what it is ---- */

/* The mount that a directory lies on. Since Linux 5.8 it has a number. Before that only
 * the device is known, which does not tell a file system from a part of it that is
 * mounted elsewhere. */
struct mount {
    uint64_t number;
    uint32_t major, minor;
};

static bool find_mount(int directory, struct mount *mount, struct statx *info) {
    unsigned wanted = STATX_INO | STATX_BTIME | STATX_MNT_ID;
    if (statx(directory, "", AT_EMPTY_PATH, wanted, info) < 0)
        return false;
    *mount = (struct mount){info->stx_mask & STATX_MNT_ID ? info->stx_mnt_id : 0,
                            info->stx_dev_major, info->stx_dev_minor};
    return true;
}

static bool same_mount(const struct mount *one, const struct mount *other) {
    return one->number == other->number && one->major == other->major &&
           one->minor == other->minor;
}

static int look_at(const char *identity, ct_error *error) {
    struct mount here, root;
    struct statx info;
    if (!find_mount(own.root, &root, &info) || !find_mount(own.directory, &here, &info))
        return ct_fail_errno(error, "guest: looking at %s", own.path);
    if (!same_mount(&here, &root))
        return ct_fail(error, CT_E_SYSTEM,
                       "guest: something is mounted at %s, where its own directory was",
                       own.path);
    /* without its device, which may be another one after a reboot */
    snprintf(own.identity, sizeof own.identity, "%llu %lld.%u",
             (unsigned long long) info.stx_ino, (long long) info.stx_btime.tv_sec,
             info.stx_btime.tv_nsec);
    if (identity && *identity && strcmp(identity, own.identity) != 0)
        return ct_fail(error, CT_E_SYSTEM,
                       "guest: its own directory was moved; at %s there is another one",
                       own.path);
    return CT_OK;
}

static int open_own(const char *identity, ct_error *error) {
    static const char prefix[] = "/.cleantest";
    if (strncmp(own.path, prefix, sizeof prefix - 1) != 0 || strchr(own.path + 1, '/'))
        return ct_fail(error, CT_E_PROTOCOL, "guest: \"%s\" can't be its own directory",
                       own.path);
    own.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    own.directory =
        openat(own.root, own.path + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (own.directory >= 0)
        return look_at(identity, error);
    if (errno == ENOTDIR || errno == ELOOP)
        return ct_fail(error, CT_E_SYSTEM,
                       "guest: %s, its own directory, was replaced by something else",
                       own.path);
    return ct_fail_errno(error, "guest: opening %s", own.path);
}

void guest_open_own(const char *path, const char *identity) {
    snprintf(own.path, sizeof own.path, "%s", path ? path : "");
    if (open_own(identity, &own.why) == CT_OK || own.directory < 0)
        return;
    close(own.directory);
    own.directory = -1;
}

const char *guest_own_identity(void) {
    return own.identity;
}

int guest_own_directory(ct_error *error) {
    return own.directory >= 0 ? own.directory
                              : ct_fail(error, own.why.code, "%s", own.why.message);
}

bool guest_own_path(const char *path, char *to, size_t size) {
    size_t prefix = strlen(GUEST_PREFIX);
    return strncmp(path, GUEST_PREFIX, prefix) == 0 &&
           snprintf(to, size, "%s/%s", own.path, path + prefix) < (int) size;
}

/* ---- removing ---- */

static int clear_directory(int directory, const struct mount *mount, const char *except,
                           int depth, ct_error *error);

/* Removes what is in the directory called name. */
static int clear_named(int parent, const char *name, const struct mount *mount, int depth,
                       ct_error *error) {
    struct mount here;
    struct statx info;
    int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return ct_fail_errno(error, "guest: opening %s", name);
    int code;
    if (depth > DEPTH_MAX)
        code = ct_fail(error, CT_E_LIMIT, "guest: %s lies too deep to be removed", name);
    else if (!find_mount(directory, &here, &info))
        code = ct_fail_errno(error, "guest: looking at %s", name);
    else if (!same_mount(&here, mount))
        code = ct_fail(error, CT_E_SYSTEM, "guest: something is mounted at %s", name);
    else
        code = clear_directory(directory, mount, NULL, depth, error);
    close(directory);
    return code;
}

static int remove_one(int parent, const char *name, const struct mount *mount, int depth,
                      ct_error *error) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return CT_OK;
    if (errno != EISDIR && errno != EPERM)
        return ct_fail_errno(error, "guest: removing %s", name);
    int code = clear_named(parent, name, mount, depth + 1, error);
    if (code == CT_OK && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return ct_fail_errno(error, "guest: removing %s", name);
    return code;
}

/* Goes on after a failure, and tells the first one. */
static int clear_directory(int directory, const struct mount *mount, const char *except,
                           int depth, ct_error *error) {
    int list = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = list < 0 ? NULL : fdopendir(list);
    int code = entries ? CT_OK : ct_fail_errno(error, "guest: reading a directory");
    const struct dirent *entry;
    while (entries && (entry = readdir(entries))) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            (except && strcmp(name, except) == 0))
            continue;
        int removed = remove_one(directory, name, mount, depth, code < 0 ? NULL : error);
        code = code < 0 ? code : removed;
    }
    if (entries)
        closedir(entries);
    else if (list >= 0)
        close(list);
    return code;
}

int guest_clear(int directory, const char *except, ct_error *error) {
    struct mount mount;
    struct statx info;
    if (!find_mount(directory, &mount, &info))
        return ct_fail_errno(error, "guest: looking at a directory");
    return clear_directory(directory, &mount, except, 0, error);
}

int guest_remove(void) {
    ct_error error = {0};
    int directory = guest_own_directory(&error);
    int code = directory < 0 ? directory : guest_clear(directory, NULL, &error);
    if (code >= 0 && unlinkat(own.root, own.path + 1, AT_REMOVEDIR) < 0 &&
        errno != ENOENT)
        code = ct_fail_errno(&error, "guest: removing %s", own.path);
    if (code < 0)
        return guest_fail(&error);
    return guest_send(CT_FRAME_END, "", 0) ? 0 : GUEST_BROKEN;
}
