/* SPDX-License-Identifier: MIT
 *
 * watch.c - waits for a file, in an instance that is booting: the file's folders may not
 * exist yet, may be links, and may be mounted over.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "guest/guest.h"

#define LINKS_MAX  16  /* links from one to the next */
#define LOOK_AGAIN 0.1 /* seconds between two looks, where the kernel gives no watch */

#define CHANGES                                                                          \
    (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

/* One of these becomes readable when what a path names may have changed. -1: the kernel
 * gives no more of them. inotify(7) counts them by user, and the containers of a host are
 * often one user. */
struct watch {
    int files;  /* inotify */
    int mounts; /* /proc/self/mountinfo, see proc(5): inotify does not tell of mounts */
};

static void open_watch(struct watch *watch) {
    watch->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    watch->files = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

static void close_watch(struct watch *watch) {
    if (watch->mounts >= 0)
        close(watch->mounts);
    if (watch->files >= 0)
        close(watch->files);
    *watch = (struct watch){.files = -1, .mounts = -1};
}

/* Watches the nearest folder above path that exists. */
static void add_folder(struct watch *watch, const char *path) {
    char folder[PATH_MAX];
    int added = -1;
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash; added < 0 && (slash = strrchr(folder, '/')); *slash = '\0') {
        bool root = slash == folder;
        slash[root] = '\0';
        added = inotify_add_watch(watch->files, folder, CHANGES);
        if (root)
            break;
    }
    if (added < 0) {
        close(watch->files);
        watch->files = -1;
    }
}

/* Replaces a link's path by that of its target. false: it is no link. */
static bool follow(char path[PATH_MAX]) {
    char target[PATH_MAX], next[2 * PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    int folder = target[0] == '/' ? 0 : (int) (strrchr(path, '/') + 1 - path);
    int used = snprintf(next, sizeof next, "%.*s%s", folder, path, target);
    if (used >= PATH_MAX)
        return false;
    memcpy(path, next, (size_t) used + 1);
    return true;
}

/* Watches the folder of each link on the way, and that of the file. */
static void add_path(struct watch *watch, const char *path) {
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s", path);
    add_folder(watch, name);
    for (int i = 0; i < LINKS_MAX && watch->files >= 0 && follow(name); i++)
        add_folder(watch, name);
}

static int wait_change(const struct watch *watch, const ct_wait *wait, ct_error *error) {
    struct pollfd fds[3] = {{.fd = watch->files, .events = POLLIN},
                            {.fd = watch->mounts, .events = POLLPRI},
                            {.fd = wait->cancel, .events = 0}};
    bool blind = watch->files < 0 || watch->mounts < 0;
    ct_wait look = blind ? ct_wait_within(wait, LOOK_AGAIN) : *wait;
    if (ct_wait_left(wait) <= 0)
        return ct_fail(error, CT_E_TIMEOUT, "timed out");
    if (poll(fds, 3, ct_wait_milliseconds(&look)) < 0 && errno != EINTR)
        return ct_fail_errno(error, "poll");
    return fds[2].revents ? ct_fail(error, CT_E_CANCELLED, "cancelled") : CT_OK;
}

int guest_wait_file(const char *path, bool (*met)(const char *path), const ct_wait *wait,
                    ct_error *error) {
    int code = CT_OK;
    bool done = met(path);
    while (code == CT_OK && !done) {
        struct watch watch;
        open_watch(&watch); /* before the look, so that no change after it is missed */
        add_path(&watch, path);
        done = met(path);
        if (!done)
            code = wait_change(&watch, wait, error);
        close_watch(&watch);
    }
    return code;
}
