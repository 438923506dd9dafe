/* SPDX-License-Identifier: MIT
 *
 * unix_socket.c - one exchange with a daemon of the instance over its unix socket. Bytes
 * go out, and what comes back until the daemon closes is the answer. It knows no
 * protocol.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lauxlib.h>

#include "guest/guest.h"

#define EXCHANGE_TYPE "cleantest.exchange"
#define ANSWER_LIMIT  (16 * CT_MIB)
#define PART_SIZE     65536

/* One exchange. It is a userdata, so that a throw leaks nothing. */
struct exchange {
    int socket;
    int file;
    ct_buf answer;
    ct_wait wait;
};

static int exchange_close(lua_State *L) {
    struct exchange *exchange = luaL_checkudata(L, 1, EXCHANGE_TYPE);
    if (exchange->socket >= 0)
        close(exchange->socket);
    if (exchange->file >= 0)
        close(exchange->file);
    exchange->socket = exchange->file = -1;
    ct_buf_fini(&exchange->answer);
    return 0;
}

static struct exchange *new_exchange(lua_State *L, double seconds) {
    struct exchange *exchange = lua_newuserdatauv(L, sizeof *exchange, 0);
    *exchange =
        (struct exchange){.socket = -1, .file = -1, .wait = ct_wait_for(seconds, -1)};
    ct_buf_init(&exchange->answer, ANSWER_LIMIT);
    if (luaL_newmetatable(L, EXCHANGE_TYPE)) {
        lua_pushcfunction(L, exchange_close);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return exchange;
}

static int connect_to(struct exchange *exchange, const char *path, ct_error *error) {
    exchange->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (exchange->socket < 0)
        return ct_fail_errno(error, "socket");
    return ct_unix_connect(exchange->socket, path, &exchange->wait, error);
}

/* Waits until the socket is ready for events. */
static int await(struct exchange *exchange, short events, ct_error *error) {
    struct pollfd ready = {.fd = exchange->socket, .events = events};
    for (;;) {
        int code = ct_wait_check(&exchange->wait, error);
        if (code < 0)
            return code;
        int count = poll(&ready, 1, ct_wait_milliseconds(&exchange->wait));
        if (count > 0)
            return CT_OK;
        if (count < 0 && errno != EINTR)
            return ct_fail_errno(error, "poll");
    }
}

/* 1: the other side has stopped reading, and its answer says why. */
static int send_bytes(struct exchange *exchange, const char *data, size_t length,
                      ct_error *error) {
    while (length > 0) {
        ssize_t sent = send(exchange->socket, data, length, MSG_NOSIGNAL);
        if (sent > 0) {
            data += sent;
            length -= (size_t) sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return 1;
        } else if (errno == EAGAIN) {
            int code = await(exchange, POLLOUT, error);
            if (code < 0)
                return code;
        } else if (errno != EINTR) {
            return ct_fail_errno(error, "sending");
        }
    }
    return CT_OK;
}

static int send_file(struct exchange *exchange, const char *path, ct_error *error) {
    char part[PART_SIZE];
    exchange->file = open(path, O_RDONLY | O_CLOEXEC);
    if (exchange->file < 0)
        return ct_fail_errno(error, "opening %s", path);
    for (;;) {
        ssize_t got = read(exchange->file, part, sizeof part);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ct_fail_errno(error, "reading %s", path);
        int code = got ? send_bytes(exchange, part, (size_t) got, error) : CT_OK;
        if (code != CT_OK || got == 0)
            return code;
    }
}

static int receive_all(struct exchange *exchange, ct_error *error) {
    ct_buf *answer = &exchange->answer;
    for (;;) {
        size_t room = answer->limit - answer->length;
        int code = ct_buf_reserve(answer, room < PART_SIZE ? room : PART_SIZE);
        if (code < 0 || room == 0)
            return ct_fail(error, CT_E_LIMIT, "the answer is too long");
        ssize_t got = recv(exchange->socket, answer->data + answer->length,
                           room < PART_SIZE ? room : PART_SIZE, 0);
        if (got == 0)
            return CT_OK;
        if (got > 0)
            answer->length += (size_t) got;
        else if (errno == EAGAIN)
            code = await(exchange, POLLIN, error);
        else if (errno != EINTR)
            return ct_fail_errno(error, "receiving");
        if (code < 0)
            return code;
    }
}

static int exchange_all(struct exchange *exchange, lua_State *L, ct_error *error) {
    size_t head_length = 0, tail_length = 0;
    const char *head = guest_string(L, "head", &head_length);
    const char *file = guest_string(L, "file", NULL);
    const char *tail = guest_string(L, "tail", &tail_length);
    int code = connect_to(exchange, guest_string(L, "path", NULL), error);
    if (code == CT_OK && head)
        code = send_bytes(exchange, head, head_length, error);
    if (code == CT_OK && file)
        code = send_file(exchange, file, error);
    if (code == CT_OK && tail)
        code = send_bytes(exchange, tail, tail_length, error);
    return code < 0 ? code : receive_all(exchange, error);
}

/***
Sends bytes to a unix socket, and reads until the other side closes.
@function exchange
@tparam table options path (the socket's); head, file (a path; its content is sent between
  the two, in parts), tail: what to send; seconds: the longest it may take, default 30
@treturn string the answer, at most 16 MiB; or nil and a message
*/
int guest_exchange(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    double seconds = guest_number(L, "seconds", 30);
    luaL_argcheck(L, guest_string(L, "path", NULL) != NULL, 1, "path is missing");
    struct exchange *exchange = new_exchange(L, seconds);
    lua_pushvalue(L, 1);
    ct_error error = {0};
    if (exchange_all(exchange, L, &error) < 0) {
        const char *path = guest_string(L, "path", NULL);
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path, error.message);
        return 2;
    }
    lua_pushlstring(L, exchange->answer.data ? exchange->answer.data : "",
                    exchange->answer.length);
    return 1;
}
