/* SPDX-License-Identifier: MIT
 *
 * exec.c - runs a program in an instance. Its stdin, stdout and stderr are a websocket
 * each, and are pumped together. An empty message or a close frame ends a stream. A
 * connection that ends without either has broken, which says nothing of the program. The
 * program has ended when stdout and stderr have both ended.
 *
 * LXD's fourth socket, control, is not opened. It is for signals and window sizes, and
 * LXD kills the program when that connection breaks: that would look like the testlet's
 * own doing. Source: LXD's doc/rest-api.md, "exec", and its lxd/instance_exec.go.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"
#include "wire/wire.h"

#define INPUT_PIECE      65536 /* bytes of stdin queued at a time */
#define STARVED_PATIENCE 10.0  /* seconds a program may take to end without its stdin */
#define ASK_TIME         5.0   /* seconds LXD has to say what became of the program */
#define END_TIME         1     /* seconds of these in which the program may end */

#define STILL_RUNS "LXD says that the program still runs"

enum { STDIN, STDOUT, STDERR, SOCKETS };

struct exec_call {
    const ct_exec *exec;
    ct_error *error;
    ct_websocket *sockets[SOCKETS];
    bool ended[SOCKETS];
    bool input_ended; /* input() has said that there is no more */
    bool starved;     /* stdin's connection broke before all of it was sent */
    bool satisfied;   /* output() has said that it wants no more */
    ct_buf piece;     /* stdin's next bytes */
};

/* ---- what arrives ---- */

static int take_stdout(void *context, const char *data, size_t length) {
    struct exec_call *call = context;
    if (length == 0)
        call->ended[STDOUT] = true;
    if (length == 0 || call->satisfied)
        return CT_OK;
    int more = call->exec->output(call->exec->context, data, length, call->error);
    call->satisfied = more == 0;
    return more < 0 ? more : CT_OK;
}

static int take_stderr(void *context, const char *data, size_t length) {
    struct exec_call *call = context;
    ct_buf *kept = call->exec->diagnostics;
    size_t room = kept->limit - kept->length;
    if (length == 0)
        call->ended[STDERR] = true;
    return ct_buf_add(kept, data, length < room ? length : room);
}

static int take_nothing(void *context, const char *data, size_t length) {
    (void) context, (void) data, (void) length;
    return CT_OK;
}

static ct_websocket_take *const takers[SOCKETS] = {take_nothing, take_stdout,
                                                   take_stderr};

/* ---- the call ---- */

static int request_exec(lxd_session *session, const char *instance, const ct_exec *exec,
                        const ct_wait *wait, ct_error *error) {
    ct_json *request = session->request;
    int code = ct_json_clear(request);
    for (size_t i = 0; code == CT_OK && exec->argv[i]; i++) {
        char path[32];
        snprintf(path, sizeof path, "/command/%zu", i);
        code = ct_json_set_string(request, path, exec->argv[i]);
    }
    if (code < 0 ||
        ct_json_set_boolean(request, "/wait-for-websocket", exec->output) < 0 ||
        ct_json_set_boolean(request, "/interactive", false) < 0)
        return ct_fail_memory(error);
    return lxd_send(session, "POST", wait, error, "/1.0/instances/%s/exec", instance);
}

static int open_sockets(lxd_session *session, struct exec_call *call,
                        const char *operation, const ct_wait *wait, ct_error *error) {
    static const char *const names[SOCKETS] = {"0", "1", "2"};
    for (int i = 0; i < SOCKETS; i++) {
        char key[64], path[LXD_PATH_MAX];
        snprintf(key, sizeof key, "/metadata/metadata/fds/%s", names[i]);
        const char *secret = ct_json_string(session->answer, key);
        if (!secret)
            return ct_fail(error, CT_E_PROTOCOL, "no secret for socket %s", names[i]);
        snprintf(path, sizeof path, "%s/websocket?secret=%s", operation, secret);
        int code = ct_websocket_open(&session->provider->endpoint, path,
                                     (ct_websocket_sink){takers[i], call},
                                     &call->sockets[i], wait, error);
        if (code < 0)
            return code;
    }
    return CT_OK;
}

/* true when all of stdin that was queued has been sent, and there is more. */
static bool wants_input(const struct exec_call *call) {
    return !call->input_ended && !call->ended[STDIN] &&
           ct_websocket_drained(call->sockets[STDIN]);
}

/* Queues the next bytes of stdin. */
static int queue_input(struct exec_call *call) {
    ct_websocket *socket = call->sockets[STDIN];
    ct_buf_clear(&call->piece);
    int more = call->exec->input(call->exec->context, &call->piece, call->error);
    if (more < 0)
        return more;
    call->input_ended = more == 0;
    size_t done = 0;
    while (done < call->piece.length) {
        size_t length = call->piece.length - done;
        if (length > INPUT_PIECE)
            length = INPUT_PIECE;
        int code = ct_websocket_queue(socket, call->piece.data + done, length);
        if (code < 0)
            return ct_fail(call->error, code, "%s", ct_error_text(code));
        done += length;
    }
    return CT_OK;
}

static bool is_over(const struct exec_call *call) {
    return call->satisfied || (call->ended[STDOUT] && call->ended[STDERR]);
}

static int poll_sockets(struct exec_call *call, const ct_wait *wait, ct_error *error) {
    struct pollfd fds[SOCKETS + 1];
    nfds_t count = 0;
    int milliseconds = ct_wait_milliseconds(wait);
    for (int i = 0; i < SOCKETS; i++) {
        if (call->ended[i])
            continue;
        fds[count++] = (struct pollfd){.fd = ct_websocket_descriptor(call->sockets[i]),
                                       .events = ct_websocket_events(call->sockets[i])};
        if (ct_websocket_pending(call->sockets[i]))
            milliseconds = 0;
    }
    fds[count++] = (struct pollfd){.fd = wait->cancel, .events = POLLIN};
    if (poll(fds, count, milliseconds) < 0 && errno != EINTR)
        return ct_fail_errno(error, "poll");
    return CT_OK;
}

/* A stream's connection broke. Without stdout there is no result. Without stdin the
 * program ends soon, and may tell why. stderr is there for diagnostics only. */
static int lose_stream(struct exec_call *call, int stream, ct_error *error) {
    call->ended[stream] = true;
    if (stream == STDOUT)
        return ct_fail(error, CT_E_CONNECT, "the connection of its stdout broke");
    if (stream == STDIN)
        call->starved = !call->input_ended || !ct_websocket_drained(call->sockets[STDIN]);
    return CT_OK;
}

static int pump_socket(struct exec_call *call, int stream, ct_error *error) {
    ct_websocket *socket = call->sockets[stream];
    int code = ct_websocket_pump(socket, error);
    if (code < 0 || call->ended[stream])
        return code;
    call->ended[stream] = ct_websocket_ended(socket);
    return ct_websocket_broken(socket) && !call->satisfied
               ? lose_stream(call, stream, error)
               : CT_OK;
}

static int pump_all(struct exec_call *call, const ct_wait *wait, ct_error *error) {
    int code = wants_input(call) ? queue_input(call) : CT_OK;
    for (int i = 0; code == CT_OK && i < SOCKETS && !is_over(call); i++)
        if (!call->ended[i])
            code = pump_socket(call, i, error);
    if (code < 0 || is_over(call))
        return code;
    code = ct_wait_check(wait, error);
    if (code == CT_E_TIMEOUT && call->starved)
        return ct_fail(error, CT_E_CONNECT, "the connection of its stdin broke");
    return code == CT_OK && !wants_input(call) ? poll_sockets(call, wait, error) : code;
}

/* The outer wait is read again each time, since output() may shorten it. */
static int pump_until_over(struct exec_call *call, const ct_wait *outer,
                           ct_error *error) {
    double patience = INFINITY; /* ct_now() */
    while (!is_over(call)) {
        bool starved = call->starved;
        ct_wait wait = {.deadline = fmin(outer->deadline, patience),
                        .cancel = outer->cancel};
        int code = pump_all(call, &wait, error);
        if (code < 0)
            return code;
        if (call->starved && !starved)
            patience = ct_now() + STARVED_PATIENCE;
    }
    return CT_OK;
}

/* Adds to the failure, a connection that broke, what LXD knows of the program, which it
 * ends for that. The operation is not read while the program runs: see operations.c. */
static int add_state(lxd_session *session, const char *operation, const ct_wait *wait,
                     ct_error *error) {
    ct_wait soon = ct_wait_within(wait, ASK_TIME);
    ct_error cause = error ? *error : (ct_error){.code = CT_E_CONNECT};
    ct_error refusal = {0};
    int code =
        lxd_get(session, &soon, &refusal, "%s/wait?timeout=%d", operation, END_TIME);
    if (code == CT_E_OPERATION && strstr(refusal.message, "deadline exceeded"))
        return ct_fail(error, cause.code, "%s; " STILL_RUNS, cause.message);
    if (code < 0)
        return cause.code;
    int status = (int) ct_json_number(session->answer, "/metadata/status_code", 0);
    double exit_code = ct_json_number(session->answer, "/metadata/metadata/return", -1);
    if (status == 103)
        return ct_fail(error, cause.code, "%s; " STILL_RUNS, cause.message);
    if (exit_code < 0)
        return cause.code;
    return ct_fail(error, cause.code,
                   "%s; LXD says that the program ended with exit code %g", cause.message,
                   exit_code);
}

/* Asks LXD how the program ended. *exit_code is -1 when LXD does not say. */
static int read_exit_code(lxd_session *session, const char *operation, int *exit_code,
                          const ct_wait *wait, ct_error *error) {
    int code = lxd_wait(session, operation, wait, error);
    if (code < 0)
        return code;
    *exit_code = (int) ct_json_number(session->answer, "/metadata/metadata/return", -1);
    return CT_OK;
}

int lxd_exec(ct_session *base, const char *instance, const ct_exec *exec, int *exit_code,
             const ct_wait *wait, ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    struct exec_call call = {.exec = exec, .error = error};
    char *operation = NULL;
    ct_buf_init(&call.piece, CT_FRAME_MAX * 2);
    *exit_code = -1;
    int code = request_exec(session, instance, exec, wait, error);
    if (code < 0)
        goto out;
    const char *begun = ct_json_string(session->answer, "/metadata/created_at");
    snprintf(session->begun, sizeof session->begun, "%s", begun ? begun : "");
    const char *path = ct_json_string(session->answer, "/operation");
    operation = path ? strndup(path, strcspn(path, "?")) : NULL;
    if (!operation) {
        code = ct_fail(error, CT_E_PROTOCOL, "no operation in LXD's answer");
        goto out;
    }
    code = open_sockets(session, &call, operation, wait, error);
    if (code == CT_OK)
        code = pump_until_over(&call, wait, error);
    if (code == CT_E_CONNECT)
        code = add_state(session, operation, wait, error);
    if (code == CT_OK && !call.satisfied)
        code = read_exit_code(session, operation, exit_code, wait, error);
out:
    for (int i = 0; i < SOCKETS; i++)
        ct_websocket_close(call.sockets[i]);
    ct_buf_fini(&call.piece);
    free(operation);
    return code < 0 ? ct_fail_in(error, code, "lxd: exec in %s", instance) : code;
}

/* While LXD shuts down it answers every GET as ever, but takes no orders. So it is given
 * an order, which has no consequence. */
int lxd_check_alive(ct_session *base, const char *instance, const ct_wait *wait,
                    ct_error *error) {
    static const char *const argv[] = {"true", NULL};
    ct_exec exec = {.argv = argv};
    int code = request_exec(lxd_session_of(base), instance, &exec, wait, error);
    return code == CT_E_CONNECT || code == CT_E_TIMEOUT ? code : CT_OK;
}
