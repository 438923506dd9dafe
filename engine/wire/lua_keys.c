/* SPDX-License-Identifier: MIT
 *
 * lua_keys.c - the keys of a Lua table in an order that is the same in every process, so
 * that equal tables become equal bytes. lua_next() has no such order.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/lua_private.h"

static int key_rank(const ct_lua_key *key) {
    return key->type == LUA_TNUMBER ? (key->whole ? 0 : 1)
                                    : (key->type == LUA_TSTRING ? 2 : 3);
}

static int compare_keys(const void *a, const void *b) {
    const ct_lua_key *first = a, *second = b;
    int rank = key_rank(first), order = rank - key_rank(second);
    if (order != 0)
        return order;
    if (rank == 0)
        return (first->integer > second->integer) - (first->integer < second->integer);
    if (rank == 1)
        return (first->number > second->number) - (first->number < second->number);
    if (rank == 3)
        return first->boolean - second->boolean;
    return ct_compare_bytes(first->string, first->length, second->string, second->length);
}

/* Takes the key at index. false: it is no plain data. */
static bool take_key(lua_State *L, int index, ct_lua_key *key) {
    *key = (ct_lua_key){.type = lua_type(L, index)};
    switch (key->type) {
    case LUA_TNUMBER:
        key->whole = lua_isinteger(L, index);
        key->integer = key->whole ? lua_tointeger(L, index) : 0;
        key->number = lua_tonumber(L, index);
        return true;
    case LUA_TSTRING:
        key->string = lua_tolstring(L, index, &key->length);
        return true;
    case LUA_TBOOLEAN:
        key->boolean = lua_toboolean(L, index) != 0;
        return true;
    default:
        return false;
    }
}

void ct_lua_push_key(lua_State *L, const ct_lua_key *key) {
    if (key->type == LUA_TSTRING)
        lua_pushlstring(L, key->string, key->length);
    else if (key->type == LUA_TBOOLEAN)
        lua_pushboolean(L, key->boolean);
    else if (key->whole)
        lua_pushinteger(L, key->integer);
    else
        lua_pushnumber(L, key->number);
}

ct_lua_key *ct_lua_push_keys(lua_State *L, size_t count) {
    ct_lua_key *keys = lua_newuserdatauv(L, count * sizeof *keys, 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1))
        if (!take_key(L, -2, &keys[i++]))
            return NULL;
    qsort(keys, count, sizeof *keys, compare_keys);
    return keys;
}
