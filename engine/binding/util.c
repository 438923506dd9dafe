/* SPDX-License-Identifier: MIT
 *
 * util.c - what all types of the binding need: failures as nil, message, NAME;
 * metatables; and buffers that the collector owns.
 */
#include <string.h>

#include "binding/binding.h"

int lct_failure(lua_State *L, int code, const ct_error *error) {
    bool told = error && error->message[0];
    lua_pushnil(L);
    lua_pushstring(L, told ? error->message : ct_error_text(code));
    lua_pushstring(L, ct_error_name(code));
    return 3;
}

void lct_new_type(lua_State *L, const char *name, const luaL_Reg *methods,
                  lua_CFunction close) {
    luaL_newmetatable(L, name);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__close");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

#define BUF_TYPE "cleantest.buf"

static int buf_close(lua_State *L) {
    ct_buf_fini(luaL_checkudata(L, 1, BUF_TYPE));
    return 0;
}

ct_buf *lct_new_buf(lua_State *L, size_t limit) {
    ct_buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
    ct_buf_init(buf, limit);
    if (luaL_newmetatable(L, BUF_TYPE)) {
        lua_pushcfunction(L, buf_close);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buf;
}
