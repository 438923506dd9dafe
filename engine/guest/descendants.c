/* SPDX-License-Identifier: MIT
 *
 * descendants.c - finds and signals the descendants of this process. What it finds may be
 * outdated at once; keeper.c knows when all are gone.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/keeper.h"

#define DEPTH_MAX 4096    /* ancestors that are looked at */
#define PID_MAX   4194304 /* the kernel's own limit */

static int proc = -1; /* /proc, as it was before a testlet ran */

int descendants_open(void) {
    if (proc < 0)
        proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return proc;
}

bool descendants_exist(void) {
    siginfo_t ignored;
    return waitid(P_ALL, 0, &ignored, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* The parent of pid; 0: not known. */
static pid_t parent_of(pid_t pid) {
    char path[32], text[512];
    snprintf(path, sizeof path, "%d/stat", (int) pid);
    int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    int parent = 0;
    return name_end && sscanf(name_end + 1, " %*c %d", &parent) == 1 ? (pid_t) parent : 0;
}

static bool descends(pid_t pid, int depth_max) {
    pid_t self = getpid();
    for (int depth = 0; pid > 1 && depth < depth_max; depth++) {
        pid = parent_of(pid);
        if (pid == self)
            return true;
    }
    return false;
}

static void signal_one(pid_t pid, int number) {
    kill(pid, number);
    if (number == SIGTERM)
        kill(pid, SIGCONT);
}

/* Opens /proc anew for each look: a directory's offset is shared by all processes that
 * have inherited it. */
static DIR *open_list(void) {
    int list = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = list < 0 ? NULL : fdopendir(list);
    if (!directory && list >= 0)
        close(list);
    return directory;
}

/* For an instance that had no /proc when the guest came: asks the kernel for each number
 * whether it is a child's. That takes a second, and finds children only. */
static size_t signal_unlisted(int number) {
    size_t found = 0;
    for (pid_t pid = 2; pid <= PID_MAX; pid++) {
        siginfo_t ignored;
        if (waitid(P_PID, (id_t) pid, &ignored, WEXITED | WNOHANG | WNOWAIT) == 0) {
            signal_one(pid, number);
            found++;
        }
    }
    return found;
}

size_t descendants_signal(int number, bool children_only) {
    size_t found = 0;
    DIR *list = open_list();
    const struct dirent *entry;
    while (list && (entry = readdir(list))) {
        pid_t pid = (pid_t) strtol(entry->d_name, NULL, 10);
        if (pid > 1 && descends(pid, children_only ? 1 : DEPTH_MAX)) {
            signal_one(pid, number);
            found++;
        }
    }
    if (list)
        closedir(list);
    return found > 0 ? found : signal_unlisted(number);
}
