/* SPDX-License-Identifier: MIT
 *
 * fields.c - typed reads from the plain tables that the Lua layer hands down. It is not
 * where users' mistakes are explained (the Lua layer has done that): it keeps the C side
 * safe whatever comes. Reads are raw, so no string can be a metamethod's temporary.
 */
#include <limits.h>
#include <string.h>

#include "binding/binding.h"

/* Pushes the field; false, with nothing pushed, when it is nil. */
static bool get(lua_State *L, int index, const char *key) {
    lua_pushstring(L, key);
    lua_rawget(L, index);
    if (!lua_isnil(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

static void expect(lua_State *L, const char *key, int type) {
    if (lua_type(L, -1) != type)
        luaL_error(L, "field '%s' must be a %s, not a %s", key, lua_typename(L, type),
                   luaL_typename(L, -1));
}

void lct_field_bytes(lua_State *L, int index, const char *key, const char **value,
                     size_t *length) {
    if (!get(L, index, key))
        return;
    expect(L, key, LUA_TSTRING);
    *value = lua_tolstring(L, -1, length);
    lua_pop(L, 1);
}

void lct_field_string(lua_State *L, int index, const char *key, const char **value) {
    size_t length = 0;
    const char *bytes = NULL;
    lct_field_bytes(L, index, key, &bytes, &length);
    if (!bytes)
        return;
    if (strlen(bytes) != length)
        luaL_error(L, "field '%s' has a NUL in it", key);
    *value = bytes;
}

void lct_field_boolean(lua_State *L, int index, const char *key, bool *value) {
    if (!get(L, index, key))
        return;
    expect(L, key, LUA_TBOOLEAN);
    *value = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
}

void lct_field_seconds(lua_State *L, int index, const char *key, double *value) {
    if (!get(L, index, key))
        return;
    expect(L, key, LUA_TNUMBER);
    *value = (double) lua_tonumber(L, -1);
    lua_pop(L, 1);
}

void lct_field_size(lua_State *L, int index, const char *key, size_t *value) {
    if (!get(L, index, key))
        return;
    if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 0)
        luaL_error(L, "field '%s' must be an integer that is not negative", key);
    if ((lua_Unsigned) lua_tointeger(L, -1) > SIZE_MAX)
        luaL_error(L, "field '%s' is too large for this machine", key);
    *value = (size_t) lua_tointeger(L, -1);
    lua_pop(L, 1);
}

void lct_field_unsigned(lua_State *L, int index, const char *key, unsigned *value) {
    size_t size = *value;
    lct_field_size(L, index, key, &size);
    if (size > UINT_MAX)
        luaL_error(L, "field '%s' must be at most %I", key, (LUAI_UACINT) UINT_MAX);
    *value = (unsigned) size;
}

void lct_field_choice(lua_State *L, int index, const char *key, const char *const *words,
                      int *value) {
    const char *word = NULL;
    lct_field_string(L, index, key, &word);
    if (!word)
        return;
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            *value = i;
            return;
        }
    }
    luaL_error(L, "field '%s' can't be '%s'", key, word);
}

size_t lct_field_list(lua_State *L, int index, const char *key) {
    if (!get(L, index, key)) {
        lua_pushnil(L);
        return 0;
    }
    expect(L, key, LUA_TTABLE);
    return (size_t) lua_rawlen(L, -1);
}
