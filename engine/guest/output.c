/* SPDX-License-Identifier: MIT
 *
 * output.c - what Lua code writes to stdout. It is written at once, as stderr is: a
 * testlet that is killed in its next line has said what it said, and what its children
 * write comes behind it. Who writes much in small pieces can ask for a buffer:
 * io.stdout:setvbuf "full".
 */
#include <stdio.h>

#include <lauxlib.h>

#include "guest/guest.h"

/* Lua's own print, but for this: it writes a line in one piece, so that what others write
 * meanwhile can't come between its words. */
static int print(lua_State *L) {
    int count = lua_gettop(L);
    luaL_Buffer line;
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&line, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&line);
    }
    luaL_addchar(&line, '\n');
    luaL_pushresult(&line);
    size_t length = 0;
    const char *text = lua_tolstring(L, -1, &length);
    fwrite(text, 1, length, stdout);
    fflush(stdout);
    return 0;
}

void guest_open_output(lua_State *L) {
    setvbuf(stdout, NULL, _IONBF, 0);
    lua_pushcfunction(L, print);
    lua_setglobal(L, "print");
}
