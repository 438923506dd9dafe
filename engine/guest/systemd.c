/* SPDX-License-Identifier: MIT
 *
 * systemd.c - waits until systemd has finished starting up. It asks over the socket that
 * systemd keeps for root, as a client of D-Bus that knows one call and one signal.
 * systemctl would not do: before systemd 240 its "is-system-running --wait" waits for
 * nothing.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest/dbus.h"
#include "guest/guest.h"

#define MANAGER   "/run/systemd/private"
#define STATE_MAX 32
#define INPUT_MAX (4 * CT_MIB) /* bytes of one message */
#define PAUSE     0.01         /* seconds until the next try to connect */
#define QUERY     1            /* the serial number of the only call */
/* "30" is the user id "0" in hexadecimal. */
#define AUTHENTICATE "AUTH EXTERNAL 30\r\nBEGIN\r\n"

/* The talk with systemd. */
struct talk {
    int socket;
    ct_buf input;
    char state[STATE_MAX]; /* its latest word: "starting", "running" ...; "": none yet */
};

/* ---- is it there ---- */

static bool is_named_systemd(const char *link) {
    char path[PATH_MAX];
    const char *program = realpath(link, path);
    return program && strcmp(strrchr(program, '/'), "/systemd") == 0;
}

/* An instance may be told to run another init than its image's. That lies on the same
 * file system as "/": before init is executed, process 1 is still a program of the
 * host's. */
static bool has_other_init(void) {
    struct stat root, init;
    return stat("/", &root) == 0 && stat("/proc/1/exe", &init) == 0 &&
           root.st_dev == init.st_dev && !is_named_systemd("/proc/1/exe");
}

static bool has_systemd(void) {
    return is_named_systemd("/sbin/init") && !has_other_init();
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* ---- the connection ---- */

/* Waits for the descriptor (-1: there is only the time), or until the host is gone. */
static int wait_for(int descriptor, const ct_wait *wait, ct_error *error) {
    struct pollfd fds[2] = {{.fd = descriptor, .events = POLLIN},
                            {.fd = wait->cancel, .events = 0}};
    while (ct_wait_left(wait) > 0) {
        int count = poll(fds, 2, ct_wait_milliseconds(wait));
        if (count < 0 && errno != EINTR)
            return ct_fail_errno(error, "poll");
        if (count > 0 && fds[1].revents)
            return ct_fail(error, CT_E_CANCELLED, "cancelled");
        if (count > 0)
            return CT_OK;
    }
    return ct_fail(error, CT_E_TIMEOUT, "timed out");
}

/* -1: systemd does not listen now. */
static int connect_manager(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = MANAGER};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor >= 0 &&
        connect(descriptor, (struct sockaddr *) &address, sizeof address) < 0) {
        close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

static bool send_message(const struct talk *talk, const void *data, size_t length) {
    return send(talk->socket, data, length, MSG_NOSIGNAL) == (ssize_t) length;
}

/* Waits for bytes, and adds them to the input. 1: go on; 0: systemd has closed the
 * connection. */
static int receive(struct talk *talk, const ct_wait *wait, ct_error *error) {
    char piece[4096];
    int code = wait_for(talk->socket, wait, error);
    if (code < 0)
        return code;
    ssize_t length = recv(talk->socket, piece, sizeof piece, 0);
    if (length <= 0)
        return length < 0 && (errno == EINTR || errno == EAGAIN);
    code = ct_buf_add(&talk->input, piece, (size_t) length);
    return code < 0 ? ct_fail(error, code, "systemd: %s", ct_error_text(code)) : 1;
}

/* ---- the talk ---- */

/* 1: systemd takes messages now; 0: it has closed the connection. */
static int authenticate(struct talk *talk, const ct_wait *wait, ct_error *error) {
    const char *end = NULL;
    int code = send_message(talk, "\0" AUTHENTICATE, sizeof AUTHENTICATE);
    while (code > 0 && !end) {
        code = receive(talk, wait, error);
        if (talk->input.length > 0)
            end = memchr(talk->input.data, '\n', talk->input.length);
    }
    if (code <= 0)
        return code;
    if (strncmp(talk->input.data, "OK ", 3) != 0)
        return ct_fail(error, CT_E_GUEST, "systemd does not let root ask: %.60s",
                       talk->input.data);
    ct_buf_consume(&talk->input, (size_t) (end + 1 - talk->input.data));
    return 1;
}

static int ask_state(const struct talk *talk, ct_error *error) {
    ct_buf call;
    ct_buf_init(&call, 1024);
    int code = dbus_call(
        &call, QUERY,
        &(dbus_method){.destination = "org.freedesktop.systemd1",
                       .path = "/org/freedesktop/systemd1",
                       .interface = "org.freedesktop.DBus.Properties",
                       .member = "Get",
                       .arguments = {"org.freedesktop.systemd1.Manager", "SystemState"}});
    if (code < 0)
        ct_fail(error, code, "%s", ct_error_text(code));
    else
        code = send_message(talk, call.data, call.length);
    ct_buf_fini(&call);
    return code;
}

/* Notes the state that a message tells. The signal comes once, when the last job of
 * start-up has ended. All that have a connection of this kind get it, whether they have
 * subscribed to signals or not. */
static void note_state(struct talk *talk, const dbus_message *message) {
    if (message->type == DBUS_SIGNAL && strcmp(message->member, "StartupFinished") == 0)
        snprintf(talk->state, sizeof talk->state, "finished");
    else if (message->type == DBUS_RETURN && message->reply_to == QUERY &&
             strcmp(talk->state, "finished") != 0)
        snprintf(talk->state, sizeof talk->state, "%s", message->text);
}

static bool startup_is_over(const struct talk *talk) {
    return *talk->state && strcmp(talk->state, "initializing") != 0 &&
           strcmp(talk->state, "starting") != 0;
}

/* Takes what systemd says until start-up is over. 1: it is over; 0: systemd has closed
 * the connection. */
static int listen_to(struct talk *talk, const ct_wait *wait, ct_error *error) {
    int code = 1;
    while (code > 0 && !startup_is_over(talk)) {
        dbus_message message;
        int taken = dbus_parse(talk->input.data, talk->input.length, &message);
        if (taken < 0)
            return ct_fail(error, taken, "systemd: what it says is no message of D-Bus");
        if (taken > 0 && message.type == DBUS_ERROR && message.reply_to == QUERY)
            return ct_fail(error, CT_E_GUEST, "systemd does not tell its state");
        if (taken > 0)
            note_state(talk, &message);
        ct_buf_consume(&talk->input, (size_t) taken);
        if (taken == 0)
            code = receive(talk, wait, error);
    }
    return code;
}

/* 1: start-up is over; 0: nobody has said so. */
static int converse(struct talk *talk, const ct_wait *wait, ct_error *error) {
    talk->socket = connect_manager();
    if (talk->socket < 0)
        return 0;
    ct_buf_init(&talk->input, INPUT_MAX);
    int code = authenticate(talk, wait, error);
    if (code > 0)
        code = ask_state(talk, error);
    if (code > 0)
        code = listen_to(talk, wait, error);
    ct_buf_fini(&talk->input);
    close(talk->socket);
    return code;
}

/* Waits until the next try. */
static int rest(const ct_wait *wait, ct_error *error) {
    ct_wait pause = ct_wait_within(wait, PAUSE);
    int code = wait_for(-1, &pause, error);
    return code == CT_E_TIMEOUT && ct_wait_left(wait) > 0 ? CT_OK : code;
}

/* Tries again until somebody says that start-up is over. The socket has its name a moment
 * before systemd listens, which no event tells of; and a systemd that executes itself
 * anew drops its connections. */
int guest_wait_systemd(const ct_wait *wait, ct_error *error) {
    struct talk talk = {.state = ""};
    ct_error latest = {0};
    int code = has_systemd() ? 0 : 1;
    while (code == 0) {
        code = guest_wait_file(MANAGER, exists, wait, &latest);
        if (code == CT_OK)
            code = converse(&talk, wait, &latest);
        if (code == 0)
            code = rest(wait, &latest);
    }
    if (code == CT_E_TIMEOUT)
        return ct_fail(error, code,
                       "systemd has not finished starting up (%s): see "
                       "\"systemctl list-jobs\"",
                       *talk.state ? talk.state : "it does not answer");
    return code < 0 ? ct_fail(error, code, "%s", latest.message) : CT_OK;
}
