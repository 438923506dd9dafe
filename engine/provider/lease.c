/* SPDX-License-Identifier: MIT
 *
 * lease.c - who answers for an instance, and whether that process still lives. Where it
 * ran on this machine, its boot, PID namespace, pid and start time tell; where it did
 * not, an expiry does.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "provider/provider.h"

#define BOOT_ID    "/proc/sys/kernel/random/boot_id"
#define EXPIRY_MAX 3e9 /* seconds, about a century: a timeout may be infinite */

static void read_host(char *host, size_t size) {
    char boot[64] = "unknown";
    FILE *file = fopen(BOOT_ID, "re");
    if (file) {
        if (fgets(boot, sizeof boot, file))
            boot[strcspn(boot, "\n")] = '\0';
        fclose(file);
    }
    char namespace[32] = "";
    ssize_t length = readlink("/proc/self/ns/pid", namespace, sizeof namespace - 1);
    namespace[length > 0 ? length : 0] = '\0';
    snprintf(host, size, "%s/%s", boot, namespace);
}

/* Ticks since boot at which the process started (proc(5), /proc/PID/stat, field 22); 0:
 * /proc does not tell. */
static uint64_t start_of(long pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *at = strrchr(text, ')'); /* the program's name may have anything in it */
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

/* Makes an id that no other creation of the run has. */
static void name_creation(char creation[17]) {
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        number = (uint64_t) (ct_now() * 1e9);
    snprintf(creation, 17, "%016llx", (unsigned long long) number);
}

/* The kernel is asked, since /proc may hide other users' processes (hidepid). Where /proc
 * tells the start time, it shows whether another process has got the same pid since. */
static bool is_gone(const ct_lease *lease) {
    if (lease->pid <= 0 || lease->pid > INT_MAX)
        return true;
    if (kill((pid_t) lease->pid, 0) < 0 && errno == ESRCH)
        return true;
    uint64_t start = start_of(lease->pid);
    return start != 0 && lease->started != 0 && start != lease->started;
}

void ct_lease_init(ct_lease *lease, const char *run, double seconds) {
    *lease = (ct_lease){.pid = getpid()};
    snprintf(lease->run, sizeof lease->run, "%s", run);
    read_host(lease->host, sizeof lease->host);
    name_creation(lease->creation);
    lease->started = start_of(lease->pid);
    lease->expiry = (long long) time(NULL) +
                    (long long) (seconds < EXPIRY_MAX ? seconds : EXPIRY_MAX);
}

bool ct_lease_same(const ct_lease *one, const ct_lease *other) {
    return strcmp(one->run, other->run) == 0 &&
           strcmp(one->creation, other->creation) == 0;
}

bool ct_lease_dead(const ct_lease *lease) {
    if (lease->preserved)
        return false;
    char here[sizeof lease->host];
    read_host(here, sizeof here);
    if (strcmp(lease->host, here) == 0)
        return is_gone(lease);
    return lease->expiry < (long long) time(NULL);
}

bool ct_lease_of_run(const void *run, const char *instance, const ct_lease *lease) {
    (void) instance;
    return strcmp(lease->run, run) == 0;
}
