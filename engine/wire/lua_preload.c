/* SPDX-License-Identifier: MIT
 *
 * lua_preload.c - lets require() find Lua modules that are compiled in.
 */
#include <lauxlib.h>

#include "wire/wire.h"

/* require() calls this. The upvalues are the module, and the chunk's prefix. */
static int load_embedded(lua_State *L) {
    const ct_embedded *module = lua_touserdata(L, lua_upvalueindex(1));
    const char *prefix = lua_tostring(L, lua_upvalueindex(2));
    const char *chunk = lua_pushfstring(L, "=%s%s", prefix, module->name);
    const char *code = (const char *) module->data;
    if (luaL_loadbufferx(L, code, module->length, chunk, "t") != LUA_OK)
        return lua_error(L);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

void ct_lua_preload(lua_State *L, const ct_embedded *modules, const char *prefix) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    for (const ct_embedded *module = modules; module->name; module++) {
        lua_pushlightuserdata(L, (void *) module);
        lua_pushstring(L, prefix);
        lua_pushcclosure(L, load_embedded, 2);
        lua_setfield(L, -2, module->name);
    }
    lua_pop(L, 1);
}
