/* SPDX-License-Identifier: MIT
 *
 * internals.c - the test-only module itself, and what its parts share.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/basic.h"
#include "internals.h"

int internals_failure(lua_State *L, int code, const ct_error *error) {
    lua_pushnil(L);
    lua_pushstring(L, ct_error_name(code));
    lua_pushstring(L, error ? error->message : "");
    return 3;
}

int internals_take(lua_State *L, ct_buf *buf) {
    lua_pushlstring(L, buf->data ? buf->data : "", buf->length);
    ct_buf_fini(buf);
    return 1;
}

/* unset(name): so that a sanitizer's runtime is preloaded here, and into no shell of
 * ours */
static int unset(lua_State *L) {
    unsetenv(luaL_checkstring(L, 1));
    return 0;
}

/* true for one end of a socketpair() */
static bool is_pair(int descriptor) {
    struct sockaddr_storage own, other;
    socklen_t own_length = sizeof own, other_length = sizeof other;
    return getsockname(descriptor, (struct sockaddr *) &own, &own_length) == 0 &&
           getpeername(descriptor, (struct sockaddr *) &other, &other_length) == 0 &&
           own.ss_family == AF_UNIX && own_length == sizeof own.ss_family &&
           other_length == sizeof other.ss_family;
}

/* stray(text): what is printed to a descriptor that is not what it is taken for. Returns
 * how many of this process' socketpairs got it. */
static int stray(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer count = 0;
    for (int descriptor = 0; descriptor < 256; descriptor++)
        if (is_pair(descriptor))
            count += write(descriptor, text, length) == (ssize_t) length;
    lua_pushinteger(L, count);
    return 1;
}

int luaopen_cleantest_internals(lua_State *L) {
    lua_newtable(L);
    lua_pushcfunction(L, unset);
    lua_setfield(L, -2, "unset");
    lua_pushcfunction(L, stray);
    lua_setfield(L, -2, "stray");
    internals_bytes(L);
    internals_files(L);
    internals_keys(L);
    internals_threads(L);
    internals_schedule(L);
    internals_history(L);
    internals_net(L);
    return 1;
}
