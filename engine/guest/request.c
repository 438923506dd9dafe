/* SPDX-License-Identifier: MIT
 *
 * request.c - reads the fields of a request, which is a Lua table here.
 */
#include <stdlib.h>

#include <lauxlib.h>

#include "guest/guest.h"

const char *guest_string(lua_State *L, const char *key, size_t *length) {
    lua_getfield(L, -1, key);
    /* the table keeps the string alive */
    const char *value =
        lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, length) : NULL;
    lua_pop(L, 1);
    return value;
}

double guest_number(lua_State *L, const char *key, double fallback) {
    int is_number = 0;
    lua_getfield(L, -1, key);
    double value = lua_tonumberx(L, -1, &is_number);
    lua_pop(L, 1);
    return is_number ? value : fallback;
}

bool guest_boolean(lua_State *L, const char *key) {
    lua_getfield(L, -1, key);
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

const char **guest_list(lua_State *L, const char *key, const char *first) {
    size_t count = 0, used = 0;
    if (lua_getfield(L, -1, key) == LUA_TTABLE)
        count = (size_t) lua_rawlen(L, -1);
    const char **list = calloc(count + 2, sizeof *list);
    if (list && first)
        list[used++] = first;
    for (size_t i = 1; list && i <= count; i++) {
        lua_rawgeti(L, -1, (lua_Integer) i);
        list[used++] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return list;
}

/* value: NULL for none at all. */
static void change_variable(const char *name, const char *value) {
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

void guest_set_env(lua_State *L) {
    if (lua_getfield(L, -1, "env") == LUA_TTABLE)
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
            if (lua_type(L, -2) == LUA_TSTRING)
                change_variable(lua_tostring(L, -2), lua_tostring(L, -1));
    lua_pop(L, 1);
}
