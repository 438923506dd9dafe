/* SPDX-License-Identifier: MIT
 *
 * internals_net.c - lines over TLS, for https_spec.lua: several to one endpoint, one
 * after the other, and one that is cancelled while it is dialed.
 */
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "internals.h"
#include "net/net.h"

#define ANSWER_MAX (CT_MIB)

/* Asks for "/" and takes what comes until the other side hangs up. */
static int ask(ct_connection *line, ct_buf *answer, const ct_wait *wait,
               ct_error *error) {
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char piece[4096];
    ssize_t moved = ct_connection_send(line, request, sizeof request - 1);
    while (moved >= 0 && ct_wait_check(wait, error) == CT_OK) {
        moved = ct_connection_receive(line, piece, sizeof piece);
        if (moved > 0 && ct_buf_add(answer, piece, (size_t) moved) < 0)
            return ct_fail(error, CT_E_LIMIT, "too long an answer");
        struct pollfd readable = {.fd = line->descriptor, .events = POLLIN};
        if (moved == 0)
            poll(&readable, 1, ct_wait_milliseconds(wait));
    }
    return moved < 0 ? CT_OK : CT_E_TIMEOUT;
}

/* lines(url, verify, times) -> what each line was answered */
static int lines(lua_State *L) {
    ct_error error = {0};
    ct_endpoint endpoint = {.url = (char *) luaL_checkstring(L, 1),
                            .verify = (char *) luaL_checkstring(L, 2)};
    int times = (int) luaL_checkinteger(L, 3);
    ct_wait wait = ct_wait_for(30, -1);
    int code = ct_tls_sessions_open(&endpoint.sessions, &error);
    lua_newtable(L);
    for (int i = 1; i <= times && code == CT_OK; i++) {
        ct_connection line;
        ct_buf answer;
        ct_buf_init(&answer, ANSWER_MAX);
        code = ct_connection_open(&line, &endpoint, &wait, &error);
        if (code == CT_OK)
            code = ask(&line, &answer, &wait, &error);
        ct_connection_close(&line);
        internals_take(L, &answer);
        lua_rawseti(L, -2, i);
    }
    ct_tls_sessions_close(endpoint.sessions);
    return code < 0 ? internals_failure(L, code, &error) : 1;
}

static void *cancel_soon(void *context) {
    poll(NULL, 0, 200);
    ct_cancel_set(*(int *) context);
    return NULL;
}

/* dial(url) -> the name of the code with which a line ends that is cancelled meanwhile */
static int dial(lua_State *L) {
    ct_endpoint endpoint = {.url = (char *) luaL_checkstring(L, 1), .verify = "no"};
    int cancel = ct_cancel_open();
    ct_wait wait = ct_wait_for(30, cancel);
    ct_connection line;
    pthread_t thread;
    if (pthread_create(&thread, NULL, cancel_soon, &cancel) != 0)
        return luaL_error(L, "no thread");
    int code = ct_connection_open(&line, &endpoint, &wait, NULL);
    pthread_join(thread, NULL);
    ct_connection_close(&line);
    close(cancel);
    lua_pushstring(L, ct_error_name(code));
    return 1;
}

void internals_net(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"lines", lines},
        {"dial", dial},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
