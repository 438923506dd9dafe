/* SPDX-License-Identifier: MIT
 *
 * main.c - ct_main(): the `cleantest` command in a Lua state of its own. The Lua layer is
 * compiled into the library, so a program that embeds it needs no installed Lua files of
 * ours. What the command does is lua/cleantest/command/cli.lua's.
 */
#include <lualib.h>
#include <stdio.h>

#include "binding/binding.h"
#include "wire/wire.h"

#define EXIT_BROKEN 2

/* where.lua knows our chunks by how their names begin. */
static void preload(lua_State *L) {
    ct_lua_preload(L, ct_embedded_lua, "cleantest:");
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_cleantest_core);
    lua_setfield(L, -2, "cleantest.core");
    lua_pop(L, 1);
}

static void push_args(lua_State *L, const char *const *argv) {
    lua_newtable(L);
    for (lua_Integer i = 0; argv[i]; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
}

/* argv -> exit status */
static int protected_main(lua_State *L) {
    const char *const *argv = lua_touserdata(L, 1);
    luaL_checkversion(L);
    luaL_openlibs(L);
    preload(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "cleantest.command.cli");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "main");
    push_args(L, argv);
    lua_call(L, 1, 1);
    luaL_checkinteger(L, -1);
    return 1;
}

int ct_main(const char *const *argv) {
    int status = EXIT_BROKEN;
    lua_State *L = luaL_newstate();
    if (!L) {
        fputs("cleantest: out of memory\n", stderr);
        return status;
    }
    lua_pushcfunction(L, protected_main);
    lua_pushlightuserdata(L, (void *) argv);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK)
        status = (int) lua_tointeger(L, -1);
    else
        fprintf(stderr, "cleantest: %s\n",
                lua_isstring(L, -1) ? lua_tostring(L, -1) : "failed");
    lua_close(L);
    return status;
}
