/* SPDX-License-Identifier: MIT
 *
 * main.c - reads the request, and calls what does it. guest.h describes the protocol.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>

#include "guest/guest.h"

/* Reads stdin until a whole frame has come. What is behind it stays in input. */
static int read_request(ct_buf *input, ct_buf *request, ct_error *error) {
    for (;;) {
        enum ct_frame_type type;
        const char *data;
        size_t length;
        int taken = ct_frame_parse(input->data, input->length, &type, &data, &length);
        if (taken < 0 || (taken > 0 && type != CT_FRAME_REQUEST))
            return ct_fail(error, CT_E_PROTOCOL, "guest: stdin is no request");
        if (taken > 0) {
            int kept = ct_buf_add(request, data, length);
            ct_buf_consume(input, (size_t) taken);
            return kept;
        }
        int code = guest_receive(input, error);
        if (code < 0)
            return code;
    }
}

static int dispatch(lua_State *L, ct_buf *input, ct_error *error) {
    const char *op = guest_string(L, "op", NULL);
    const char *ready = guest_string(L, "ready", NULL);
    if (guest_wait_ready(ready ? ready : "exec", guest_number(L, "ready_timeout", 120),
                         STDIN_FILENO, error) < 0)
        return guest_fail(error);
    guest_open_own(guest_string(L, "own", NULL), guest_string(L, "identity", NULL));
    const char *identity = guest_own_identity();
    if (!guest_send(CT_FRAME_READY, identity, strlen(identity)))
        return GUEST_BROKEN;
    if (op && strcmp(op, "run") == 0)
        return guest_run(L);
    if (op && strcmp(op, "unpack") == 0)
        return guest_unpack(L, input);
    if (op && strcmp(op, "pack") == 0)
        return guest_pack(L);
    if (op && strcmp(op, "remove") == 0)
        return guest_remove();
    if (op && strcmp(op, "seal") == 0)
        return guest_seal();
    ct_fail(error, CT_E_PROTOCOL, "guest: no such op");
    return guest_fail(error);
}

static int serve(ct_buf *input, ct_buf *request) {
    ct_error error = {0};
    lua_State *L = luaL_newstate();
    if (!L || read_request(input, request, &error) < 0)
        return guest_fail(&error);
    const char *at = request->data;
    if (ct_lua_unpack(L, &at, request->data + request->length, true, &error) < 0)
        return guest_fail(&error);
    ct_buf_fini(request);
    int status = dispatch(L, input, &error);
    lua_close(L);
    return status;
}

/* LXD kills what it has executed when the host is gone. So the guest goes on in a child
 * of that, which sees the end of stdin then, and lives to end what the testlet has
 * started. */
static void outlive_lxd(void) {
    int status = 0;
    pid_t child = fork();
    if (child <= 0) { /* it also goes on when it can't fork */
        if (child == 0)
            setsid();
        return;
    }
    for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
        close(standard);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "idle") == 0)
        guest_idle();
    ct_buf input, request;
    umask(022); /* the usual one, whatever LXD was started with: testlets inherit it */
    outlive_lxd();
    signal(SIGPIPE, SIG_IGN);
    ct_buf_init(&input, CT_FRAME_MAX + CT_MIB);
    ct_buf_init(&request, CT_FRAME_MAX);
    int status = serve(&input, &request);
    ct_buf_fini(&input);
    ct_buf_fini(&request);
    return status;
}
