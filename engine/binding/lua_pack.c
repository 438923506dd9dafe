/* SPDX-License-Identifier: MIT
 *
 * lua_pack.c - Lua values as bytes; lua_unpack.c is the way back. The encoding is
 * described in lua_value.h. All of it runs under lua_pcall: what Lua raises (out of
 * memory) becomes a code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "lua_value.h"

#define PLACE_MAX 256

/* Stack slots of the protected function. */
enum { ARGUMENT = 1, VALUE, FUNCTIONS, CELLS, PATH };

struct packing {
    ct_buf *out;
    enum ct_lua_functions functions;
    int code;
    ct_error *error;
    int depth;
    lua_Integer function_count, cell_count;
    char place[PLACE_MAX]; /* "upvalue 'config'.list[3]" */
};

static void pack_value(lua_State *L, struct packing *packing);

static void keep(struct packing *packing, int code) {
    if (packing->code == CT_OK && code < 0)
        packing->code =
            ct_fail(packing->error, code, "%s: %s",
                    *packing->place ? packing->place : "the value", ct_error_text(code));
}

static void refuse(struct packing *packing, const char *why) {
    if (packing->code == CT_OK)
        packing->code = ct_fail(packing->error, CT_E_ARGUMENT, "%s %s",
                                *packing->place ? packing->place : "the value", why);
}

/* Adds to the place; returns its length before, for leave(). */
static size_t enter(struct packing *packing, const char *format, const char *name) {
    size_t used = strlen(packing->place);
    snprintf(packing->place + used, PLACE_MAX - used, format, name);
    packing->depth++;
    return used;
}

static void leave(struct packing *packing, size_t used) {
    packing->place[used] = '\0';
    packing->depth--;
}

static void pack_number4(struct packing *packing, lua_Integer number) {
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char) (number >> (8 * i));
    keep(packing, ct_buf_add(packing->out, bytes, sizeof bytes));
}

/* ---- tables ---- */

/* One key of a table, in an order that is the same in every process, which lua_next() is
 * not: numbers, then strings bytewise, then booleans. */
struct key {
    int type;
    bool boolean, whole; /* whole: an integer */
    lua_Integer integer;
    lua_Number number;
    const char *string; /* anchored in the table */
    size_t length;
};

static int key_rank(const struct key *key) {
    return key->type == LUA_TNUMBER ? (key->whole ? 0 : 1)
                                    : (key->type == LUA_TSTRING ? 2 : 3);
}

static int compare_keys(const void *a, const void *b) {
    const struct key *first = a, *second = b;
    int rank = key_rank(first), order = rank - key_rank(second);
    if (order != 0)
        return order;
    if (rank == 0)
        return (first->integer > second->integer) - (first->integer < second->integer);
    if (rank == 1)
        return (first->number > second->number) - (first->number < second->number);
    if (rank == 3)
        return first->boolean - second->boolean;
    size_t least = first->length < second->length ? first->length : second->length;
    order = memcmp(first->string, second->string, least);
    return order ? order
                 : (first->length > second->length) - (first->length < second->length);
}

/* Takes the key at index; false when it is no plain data. */
static bool take_key(lua_State *L, int index, struct key *key) {
    *key = (struct key){.type = lua_type(L, index)};
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

static void push_key(lua_State *L, const struct key *key) {
    if (key->type == LUA_TSTRING)
        lua_pushlstring(L, key->string, key->length);
    else if (key->type == LUA_TBOOLEAN)
        lua_pushboolean(L, key->boolean);
    else if (key->whole)
        lua_pushinteger(L, key->integer);
    else
        lua_pushnumber(L, key->number);
}

/* Pushes what owns the sorted keys of the table on top. */
static struct key *push_keys(lua_State *L, struct packing *packing, size_t count) {
    struct key *keys = lua_newuserdatauv(L, count * sizeof *keys, 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) {
        if (take_key(L, -2, &keys[i++]))
            continue;
        size_t used = enter(packing, "[%s]", "?");
        refuse(packing, "has a key that is no plain data");
        leave(packing, used);
    }
    if (packing->code == CT_OK)
        qsort(keys, count, sizeof *keys, compare_keys);
    return keys;
}

/* Packs the pair on top, a key and its value. */
static void pack_pair(lua_State *L, struct packing *packing) {
    size_t used;
    if (lua_type(L, -2) == LUA_TSTRING) {
        used = enter(packing, ".%s", lua_tostring(L, -2));
    } else {
        used = enter(packing, "[%s]", luaL_tolstring(L, -2, NULL));
        lua_pop(L, 1);
    }
    lua_pushvalue(L, -2);
    pack_value(L, packing);
    lua_pop(L, 1);
    pack_value(L, packing);
    leave(packing, used);
}

/* A list needs no sorting: it may be long. */
static void pack_list(lua_State *L, struct packing *packing, size_t count) {
    for (size_t i = 1; packing->code == CT_OK && i <= count; i++) {
        lua_pushinteger(L, (lua_Integer) i);
        lua_rawgeti(L, -2, (lua_Integer) i);
        pack_pair(L, packing);
        if (packing->code == CT_OK)
            lua_pop(L, 2);
    }
}

static void pack_sorted(lua_State *L, struct packing *packing, size_t count) {
    struct key *keys = push_keys(L, packing, count);
    for (size_t i = 0; packing->code == CT_OK && i < count; i++) {
        push_key(L, &keys[i]);
        lua_pushvalue(L, -1);
        lua_rawget(L, -4); /* table, keys, key, value */
        pack_pair(L, packing);
        if (packing->code == CT_OK)
            lua_pop(L, 2);
    }
    if (packing->code == CT_OK)
        lua_pop(L, 1);
}

static void pack_pairs(lua_State *L, struct packing *packing) {
    size_t pairs = 0, length = lua_rawlen(L, -1);
    bool list = true;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        pairs++;
        /* as many as the list has, all of them within it: the list is all there is */
        list = list && lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
               (size_t) lua_tointeger(L, -2) <= length;
    }
    keep(packing, ct_value_table(packing->out, pairs));
    /* each pair takes two bytes at least: no memory is spent on what can't fit */
    if (packing->code == CT_OK &&
        pairs > (packing->out->limit - packing->out->length) / 2)
        keep(packing, CT_E_LIMIT);
    if (packing->code < 0)
        return;
    if (list && pairs == length)
        pack_list(L, packing, pairs);
    else
        pack_sorted(L, packing, pairs);
}

static void pack_table(lua_State *L, struct packing *packing) {
    if (packing->depth >= CT_VALUE_DEPTH_MAX) {
        refuse(packing, "is nested too deeply");
        return;
    }
    if (lua_getmetatable(L, -1)) {
        lua_pop(L, 1);
        refuse(packing, "is a table with a metatable");
        return;
    }
    lua_pushvalue(L, -1);
    if (lua_rawget(L, PATH) != LUA_TNIL)
        refuse(packing, "is a table that contains itself");
    lua_pop(L, 1);
    if (packing->code < 0)
        return;
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, PATH);
    pack_pairs(L, packing);
    if (packing->code < 0)
        return; /* whoever called does not use the stack any more */
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, PATH);
}

/* ---- functions ---- */

static int add_dump(lua_State *L, const void *data, size_t length, void *context) {
    (void) L;
    return ct_buf_add(context, data, length) < 0;
}

static void pack_code(lua_State *L, struct packing *packing) {
    size_t at = packing->out->length;
    keep(packing, ct_value_bytes(packing->out, "", 0));
    if (packing->code == CT_OK &&
        lua_dump(L, add_dump, packing->out, packing->functions == CT_LUA_STRIPPED) != 0)
        keep(packing, CT_E_LIMIT);
    if (packing->code < 0)
        return;
    size_t length = packing->out->length - at - 5;
    for (int i = 0; i < 4; i++)
        packing->out->data[at + 1 + (size_t) i] = (char) (length >> (8 * i));
}

/* The cell of an upvalue; true when it is mentioned for the first time. */
static bool cell_of(lua_State *L, int number, struct packing *packing,
                    lua_Integer *cell) {
    void *id = lua_upvalueid(L, -1, number);
    if (lua_rawgetp(L, CELLS, id) == LUA_TNUMBER) {
        *cell = lua_tointeger(L, -1);
        lua_pop(L, 1);
        return false;
    }
    lua_pop(L, 1);
    *cell = ++packing->cell_count;
    lua_pushinteger(L, *cell);
    lua_rawsetp(L, CELLS, id);
    return true;
}

static void pack_upvalue(lua_State *L, struct packing *packing, int number) {
    const char *name = lua_getupvalue(L, -1, number);
    lua_Integer cell;
    if (strcmp(name, "_ENV") == 0) {
        pack_number4(packing, 0);
        lua_pop(L, 1);
        return;
    }
    lua_insert(L, -2); /* value, function */
    bool first = cell_of(L, number, packing, &cell);
    lua_insert(L, -2); /* function, value */
    pack_number4(packing, cell);
    if (first) {
        size_t used =
            enter(packing, *packing->place ? " > upvalue '%s'" : "upvalue '%s'", name);
        pack_value(L, packing);
        leave(packing, used);
    }
    if (packing->code == CT_OK)
        lua_pop(L, 1);
}

static void pack_function(lua_State *L, struct packing *packing) {
    if (packing->functions == CT_LUA_NO_FUNCTIONS || lua_iscfunction(L, -1)) {
        refuse(packing, lua_iscfunction(L, -1) ? "is a C function" : "is a function");
        return;
    }
    lua_pushvalue(L, -1);
    if (lua_rawget(L, FUNCTIONS) == LUA_TNUMBER) {
        lua_Integer number = lua_tointeger(L, -1);
        lua_pop(L, 1);
        keep(packing, ct_buf_add(packing->out, "R", 1));
        pack_number4(packing, number);
        return;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushinteger(L, ++packing->function_count);
    lua_rawset(L, FUNCTIONS);
    keep(packing, ct_buf_add(packing->out, "F", 1));
    pack_code(L, packing);
    lua_Debug info;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">u", &info);
    keep(packing, ct_buf_add(packing->out, &info.nups, 1));
    for (int i = 1; packing->code == CT_OK && i <= info.nups; i++)
        pack_upvalue(L, packing, i);
}

/* ---- values ---- */

/* Packs the value on top of the stack, which stays there. */
static void pack_value(lua_State *L, struct packing *packing) {
    size_t length;
    const char *string;
    if (packing->code < 0)
        return;
    if (packing->depth > CT_VALUE_DEPTH_MAX) {
        refuse(packing, "is nested too deeply");
        return;
    }
    luaL_checkstack(L, 16, "packing");
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        keep(packing, ct_value_nil(packing->out));
        return;
    case LUA_TBOOLEAN:
        keep(packing, ct_value_boolean(packing->out, lua_toboolean(L, -1)));
        return;
    case LUA_TNUMBER:
        keep(packing, lua_isinteger(L, -1)
                          ? ct_value_integer(packing->out, lua_tointeger(L, -1))
                          : ct_value_number(packing->out, lua_tonumber(L, -1)));
        return;
    case LUA_TSTRING:
        string = lua_tolstring(L, -1, &length);
        keep(packing, ct_value_bytes(packing->out, string, length));
        return;
    case LUA_TTABLE:
        pack_table(L, packing);
        return;
    case LUA_TFUNCTION:
        pack_function(L, packing);
        return;
    case LUA_TTHREAD:
        refuse(packing, "is a coroutine");
        return;
    default:
        refuse(packing, "is a userdata");
    }
}

static int protected_pack(lua_State *L) {
    struct packing *packing = lua_touserdata(L, ARGUMENT);
    for (int slot = FUNCTIONS; slot <= PATH; slot++)
        lua_newtable(L);
    lua_pushvalue(L, VALUE);
    pack_value(L, packing);
    return 0;
}

int ct_lua_pack(lua_State *L, int index, ct_buf *out, enum ct_lua_functions functions,
                ct_error *error) {
    struct packing packing = {.out = out, .functions = functions, .error = error};
    if (!lua_checkstack(L, 4))
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    index = lua_absindex(L, index);
    lua_pushcfunction(L, protected_pack);
    lua_pushlightuserdata(L, &packing);
    lua_pushvalue(L, index);
    if (lua_pcall(L, 2, 0, 0) == LUA_OK)
        return packing.code;
    const char *why = lua_tostring(L, -1);
    ct_fail(error, CT_E_NO_MEMORY, "%s", why ? why : "out of memory");
    lua_pop(L, 1);
    return CT_E_NO_MEMORY;
}
