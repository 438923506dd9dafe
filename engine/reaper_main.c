/* SPDX-License-Identifier: MIT
 *
 * reaper_main.c - the reaper: a program of its own that outlives the process it watches. When
 * that one ends without sending it home, it deletes the run's instances. It prints nothing;
 * nobody would read it.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <curl/curl.h>

#include "reaper.h"

#define ROUNDS       20   /* looks at what is left, before giving up */
#define SECOND_LOOK  2    /* seconds: a request the dead process sent may still arrive */
#define SETTLE_LIMIT 60.0 /* seconds one creation may take to end */

struct order {
    ct_arena arena;
    const char *run;
    pid_t host;
    ct_settings settings;
};

/* ---- what we are told ---- */

static const char *field(struct order *order, const char *at, const char *end,
                         const char *key) {
    ct_value value;
    if (!ct_value_field(at, end, key, &value) || value.type != CT_STRING ||
        value.length == 0)
        return NULL;
    return ct_arena_copy(&order->arena, value.string, value.length);
}

static bool read_order(struct order *order, const char *at, size_t length) {
    const char *end = at + length;
    const char *host = field(order, at, end, "host");
    order->run = field(order, at, end, "run");
    order->host = host ? (pid_t) strtol(host, NULL, 10) : 0;
    order->settings = (ct_settings){.endpoint = field(order, at, end, "endpoint"),
                                    .client_cert = field(order, at, end, "client_cert"),
                                    .client_key = field(order, at, end, "client_key"),
                                    .verify = field(order, at, end, "verify"),
                                    .project = field(order, at, end, "project")};
    return order->run && order->host > 0 && order->settings.endpoint;
}

/* Reads until the order is there. */
static bool receive_order(struct order *order, ct_buf *bytes) {
    for (;;) {
        enum ct_frame_type type;
        const char *data;
        size_t length;
        int taken = ct_frame_parse(bytes->data, bytes->length, &type, &data, &length);
        if (taken != 0)
            return taken > 0 && read_order(order, data, length);
        if (ct_buf_reserve(bytes, 4096) < 0)
            return false;
        ssize_t got = read(STDIN_FILENO, bytes->data + bytes->length, 4096);
        if (got > 0)
            bytes->length += (size_t) got;
        else if (got == 0 || errno != EINTR)
            return false;
    }
}

/* true when the host was there to say so. Its end is the end of our stdin, or, where a child it
 * forked still holds the other side, its own. */
static bool sent_home(const struct order *order) {
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
    fds[1].fd = (int) syscall(SYS_pidfd_open, order->host, 0);
    bool gone = fds[1].fd < 0 && errno == ESRCH;
    while (!gone && poll(fds, fds[1].fd < 0 ? 1 : 2, -1) < 0 && errno == EINTR)
        continue;
    char byte = 0;
    return recv(STDIN_FILENO, &byte, 1, MSG_DONTWAIT) == 1 && byte == CT_REAPER_HOME;
}

/* ---- what we do ---- */

static bool of_run(const void *run, const char *instance, const ct_lease *lease) {
    (void) instance;
    return strcmp(lease->run, run) == 0;
}

static void count_failure(void *context, const char *instance, const char *error) {
    (void) instance;
    *(int *) context += error != NULL;
}

static void settle(ct_provider *provider, const char *run) {
    ct_wait wait = ct_wait_for(SETTLE_LIMIT, -1);
    void *session = provider->type->session_open(provider, NULL);
    if (session) /* should it fail, the sweep finds what there is all the same */
        provider->type->settle(session, run, &wait, NULL);
    provider->type->session_close(session);
}

/* 1: some were there; 0: none; negative: LXD can't be asked, or something is left. */
static int reap_once(const struct order *order) {
    ct_provider *provider = ct_lxd_open(&order->settings, NULL);
    if (!provider)
        return CT_E_CONNECT;
    settle(provider, order->run);
    int failures = 0;
    int gone = ct_sweep(provider, of_run, order->run, count_failure, &failures, NULL);
    provider->type->close(provider);
    if (gone < 0 || failures > 0)
        return CT_E_OPERATION;
    return gone > 0;
}

static int reap(const struct order *order) {
    int found = 1, empty = 0;
    for (int round = 0; round < ROUNDS && empty < 2; round++) {
        found = reap_once(order);
        empty = found == 0 ? empty + 1 : 0;
        if (found <= 0 && empty < 2)
            sleep(SECOND_LOOK);
    }
    return found == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What the host had open without FD_CLOEXEC is not ours, and whoever reads its other end waits
 * for us to close it. */
static void close_others(void) {
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0)
        return;
    DIR *open = opendir("/proc/self/fd"); /* before Linux 5.9 */
    const struct dirent *entry;
    while (open && (entry = readdir(open))) {
        int descriptor = (int) strtol(entry->d_name, NULL, 10);
        if (descriptor > STDERR_FILENO && descriptor != dirfd(open))
            close(descriptor);
    }
    if (open)
        closedir(open);
}

int main(void) {
    struct order order = {0};
    ct_buf bytes;
    int status = EXIT_FAILURE;
    close_others();
    signal(SIGPIPE, SIG_IGN);
    ct_arena_init(&order.arena);
    ct_buf_init(&bytes, CT_MIB);
    if (receive_order(&order, &bytes)) {
        if (sent_home(&order)) {
            status = EXIT_SUCCESS;
        } else {
            curl_global_init(CURL_GLOBAL_DEFAULT);
            status = reap(&order);
        }
    }
    ct_buf_fini(&bytes);
    ct_arena_fini(&order.arena);
    return status;
}
