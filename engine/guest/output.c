/* SPDX-License-Identifier: MIT
 *
 * output.c - what Lua code writes to stdout goes out at once, as stderr does. So nothing
 * is lost of a testlet that is killed in its next line, and what its children write comes
 * behind what it wrote before. Who writes much in small pieces can ask for a buffer:
 * io.stdout:setvbuf "full".
 */
#include <stdio.h>

#include <lauxlib.h>

#include "guest/guest.h"

/* Like Lua's own print, but it writes a line in one piece, so that nothing that others
 * write meanwhile comes between its words. */
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
