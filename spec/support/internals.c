/* SPDX-License-Identifier: MIT
 *
 * internals.c - the test-only module itself, and what its parts share.
 */
#include <stdlib.h>

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

/* unset(name): so that a sanitizer's runtime is preloaded here, and into no shell of ours */
static int unset(lua_State *L) {
    unsetenv(luaL_checkstring(L, 1));
    return 0;
}

int luaopen_cleantest_internals(lua_State *L) {
    lua_newtable(L);
    lua_pushcfunction(L, unset);
    lua_setfield(L, -2, "unset");
    internals_bytes(L);
    internals_files(L);
    internals_keys(L);
    internals_threads(L);
    internals_schedule(L);
    internals_history(L);
    internals_net(L);
    return 1;
}
