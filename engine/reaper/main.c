/* SPDX-License-Identifier: MIT
 *
 * main.c - the reaper: a program of its own that outlives the process it watches. When
 * that process ends without sending it home, the reaper deletes the run's instances. It
 * prints nothing; nobody would read it.
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

#include "lxd/lxd.h"
#include "reaper/reaper.h"
#include "reaper/visits.h"
#include "wire/wire.h"

#define ROUNDS       20   /* how often it looks for what is left, at most */
#define CALL_LIMIT   45.0 /* seconds of one call: what got lost is asked for again */
#define SECOND_LOOK  2    /* seconds: a request the dead process sent may still arrive */
#define CREATE_LIMIT 60.0 /* seconds it waits for creations to end */

struct order {
    ct_arena arena;
    const char *run;
    pid_t host; /* the process that is watched; 0: not told yet */
    ct_settings settings;
    ct_visits visits;
    bool home; /* it was sent home: all is well */
};

/* ---- what we are told ---- */

/* One message's table, packed. */
struct message {
    const char *at, *end;
};

/* A copy of a field's string, in the arena; NULL: there is none. */
static const char *field(ct_arena *arena, const struct message *message,
                         const char *key) {
    ct_value value;
    if (!ct_value_field(message->at, message->end, key, &value) ||
        value.type != CT_VALUE_STRING || value.length == 0)
        return NULL;
    return ct_arena_copy(arena, value.string, value.length);
}

static void take_watch(struct order *order, const struct message *message) {
    ct_arena *arena = &order->arena;
    if (order->host > 0)
        return;
    const char *host = field(arena, message, "host");
    order->run = field(arena, message, "run");
    order->settings = (ct_settings){.endpoint = field(arena, message, "endpoint"),
                                    .client_cert = field(arena, message, "client_cert"),
                                    .client_key = field(arena, message, "client_key"),
                                    .verify = field(arena, message, "verify"),
                                    .project = field(arena, message, "project"),
                                    .timeout = CALL_LIMIT};
    if (order->run && order->settings.endpoint && host)
        order->host = (pid_t) strtol(host, NULL, 10);
}

/* Acts on one message. What is no message of the protocol is passed over. */
static void take_message(struct order *order, const char *bytes, size_t length) {
    enum ct_frame_type type;
    struct message message;
    size_t size;
    ct_arena arena;
    int taken = ct_frame_parse(bytes, length, &type, &message.at, &size);
    if (taken <= 0 || (size_t) taken != length || type != CT_FRAME_REQUEST)
        return;
    message.end = message.at + size;
    ct_arena_init(&arena);
    const char *op = field(&arena, &message, "op");
    const char *instance = field(&arena, &message, "instance");
    const char *directory = field(&arena, &message, "directory");
    const char *identity = field(&arena, &message, "identity");
    if (op && strcmp(op, "watch") == 0)
        take_watch(order, &message);
    else if (op && strcmp(op, "visit") == 0 && instance && directory)
        ct_visits_add(&order->visits, instance, directory, identity ? identity : "");
    else if (op && strcmp(op, "leave") == 0 && directory)
        ct_visits_remove(&order->visits, directory);
    else if (op && strcmp(op, "home") == 0)
        order->home = true;
    ct_arena_fini(&arena);
}

/* Takes all messages that are there. */
static void take_messages(struct order *order) {
    static char bytes[CT_REAPER_MESSAGE_MAX];
    ssize_t got;
    while ((got = recv(STDIN_FILENO, bytes, sizeof bytes, MSG_DONTWAIT)) > 0 ||
           (got < 0 && errno == EINTR))
        if (got > 0)
            take_message(order, bytes, (size_t) got);
}

/* Listens until it is sent home, or the host is gone. The end of stdin says that the host
 * is gone, unless a child that the host forked holds the other side: so the host itself
 * is watched, too. */
static void listen_to(struct order *order) {
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = -1, .events = POLLIN}};
    bool gone = false;
    while (!gone && !order->home) {
        if (poll(fds, CT_COUNT(fds), -1) < 0) {
            if (errno != EINTR) /* the kernel is short of memory for a while */
                sleep(1);
            continue;
        }
        gone = fds[0].revents & (POLLHUP | POLLERR) || fds[1].revents;
        take_messages(order);
        if (order->host > 0 && fds[1].fd < 0) {
            fds[1].fd = (int) syscall(SYS_pidfd_open, order->host, 0);
            gone = gone || (fds[1].fd < 0 && errno == ESRCH);
        }
    }
    take_messages(order); /* what the host said before it went */
}

/* ---- what we do ---- */

static void count_failure(void *context, const char *instance, const char *error) {
    (void) instance;
    *(int *) context += error != NULL;
}

static int await_creations(ct_session *session, void *run, const ct_wait *wait,
                           ct_error *error) {
    return session->provider->instances->await_creations(session, run, wait, error);
}

/* Deletes what there is. 1: there was something; 0: there was nothing. Negative: LXD
 * can't be asked, or something is left. */
static int reap_once(const struct order *order) {
    ct_provider *provider;
    int code = ct_lxd_open(&order->settings, &provider, NULL);
    if (code < 0)
        return code;
    ct_wait wait = ct_wait_for(CREATE_LIMIT, -1);
    /* should this fail, the sweep finds what there is all the same */
    int ignored =
        ct_with_session(provider, await_creations, (void *) order->run, &wait, NULL);
    (void) ignored;
    int failures = 0;
    ct_cleaned_sink sink = {.cleaned = count_failure, .context = &failures};
    int gone = ct_sweep(provider, ct_lease_of_run, order->run, &sink, NULL);
    int left = ct_visits_end(&order->visits, provider);
    provider->type->close(provider);
    if (gone < 0 || failures > 0 || left < 0)
        return CT_E_OPERATION;
    return gone > 0 || left > 0;
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

/* Closes what the host had open without FD_CLOEXEC: whoever reads the other end of such a
 * descriptor waits until all are closed. */
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
    int status = EXIT_FAILURE;
    close_others();
    signal(SIGPIPE, SIG_IGN);
    ct_arena_init(&order.arena);
    listen_to(&order);
    if (order.home) {
        status = EXIT_SUCCESS;
    } else if (order.host > 0) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        status = reap(&order);
    }
    ct_visits_fini(&order.visits);
    ct_arena_fini(&order.arena);
    return status;
}
