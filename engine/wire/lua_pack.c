/* SPDX-License-Identifier: MIT
 *
 * lua_pack.c - Lua values as bytes; lua_unpack.c is the way back, and wire.h describes
 * the bytes. All of it runs under lua_pcall: an error that Lua raises, which means that
 * memory has run out, becomes a code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "wire/lua_private.h"
#include "wire/wire.h"

#define PLACE_MAX 256

/* Stack slots of the protected function. TABLES has the numbers of the tables that were
 * packed; where no functions travel, it has the tables that lead to the current value. */
enum { ARGUMENT = 1, VALUE, MODULES, FUNCTIONS, CELLS, TABLES, REFERENCES };

struct packing {
    ct_buf *out;
    enum ct_lua_functions functions;
    int code;
    ct_error *error;
    int depth;
    lua_Integer function_count, cell_count, table_count;
    char place[PLACE_MAX]; /* "upvalue 'config'.list[3]" */
};

static void pack_value(lua_State *L, struct packing *packing);

static void note_code(struct packing *packing, int code) {
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

/* Adds to the place. Returns its length before that, for leave(). */
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
    note_code(packing, ct_buf_add(packing->out, bytes, sizeof bytes));
}

/* ---- tables ---- */

/* Pushes what owns the sorted keys of the table on top. */
static ct_lua_key *push_keys(lua_State *L, struct packing *packing, size_t count) {
    ct_lua_key *keys = ct_lua_push_keys(L, count);
    if (!keys) {
        size_t used = enter(packing, "[%s]", "?");
        refuse(packing, "has a key that is no plain data");
        leave(packing, used);
    }
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

/* A list may be long, and needs no sorting. */
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
    ct_lua_key *keys = push_keys(L, packing, count);
    for (size_t i = 0; packing->code == CT_OK && i < count; i++) {
        ct_lua_push_key(L, &keys[i]);
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
        /* as many keys as the list is long, all within it: the table is a list */
        list = list && lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
               (size_t) lua_tointeger(L, -2) <= length;
    }
    note_code(packing, ct_value_table(packing->out, pairs));
    /* each pair takes two bytes at least: for what can't fit no memory is spent */
    if (packing->code == CT_OK &&
        pairs > (packing->out->limit - packing->out->length) / 2)
        note_code(packing, CT_E_LIMIT);
    if (packing->code < 0)
        return;
    if (list && pairs == length)
        pack_list(L, packing, pairs);
    else
        pack_sorted(L, packing, pairs);
}

static void add_number(struct packing *packing, const char *token, lua_Integer number) {
    note_code(packing, ct_buf_add(packing->out, token, 1));
    pack_number4(packing, number);
}

/* true when the table on top came before: then it has been packed as a number. */
static bool was_packed(lua_State *L, struct packing *packing) {
    lua_pushvalue(L, -1);
    bool known = lua_rawget(L, TABLES) == LUA_TNUMBER;
    lua_Integer number = known ? lua_tointeger(L, -1) : 0;
    lua_pop(L, 1);
    if (known && packing->functions == CT_LUA_NO_FUNCTIONS)
        refuse(packing, "is a table that contains itself");
    else if (known)
        add_number(packing, "Q", number);
    return known;
}

/* Why the table on top, which has a metatable, can't travel. It may be one of those that
 * require "cleantest" gives. */
static const char *why_not(lua_State *L) {
    int type = luaL_getmetafield(L, -1, "__name");
    const char *name = type == LUA_TSTRING ? lua_tostring(L, -1) : "";
    bool ours = strncmp(name, "ct.", 3) == 0 || strncmp(name, "cleantest.", 10) == 0 ||
                strcmp(name, "ct") == 0;
    if (type != LUA_TNIL)
        lua_pop(L, 1);
    return ours ? "is cleantest's own, of the host: in an instance there are "
                  "cleantest.utils and cleantest.job"
                : "is a table with a metatable: make it inside the testlet, or in a "
                  "module that the testlet requires";
}

static void pack_table(lua_State *L, struct packing *packing) {
    if (packing->depth >= CT_VALUE_DEPTH_MAX) {
        refuse(packing, "is nested too deeply");
        return;
    }
    if (lua_getmetatable(L, -1)) {
        lua_pop(L, 1);
        refuse(packing, why_not(L));
        return;
    }
    if (was_packed(L, packing))
        return;
    lua_pushvalue(L, -1);
    lua_pushinteger(L, ++packing->table_count);
    lua_rawset(L, TABLES);
    pack_pairs(L, packing);
    if (packing->code < 0 || packing->functions != CT_LUA_NO_FUNCTIONS)
        return; /* after a failure the callers do not use the stack any more */
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, TABLES);
}

/* ---- functions ---- */

static int add_dump(lua_State *L, const void *data, size_t length, void *context) {
    (void) L;
    return ct_buf_add(context, data, length) < 0;
}

static void pack_code(lua_State *L, struct packing *packing) {
    size_t at = packing->out->length;
    note_code(packing, ct_value_bytes(packing->out, "", 0));
    if (packing->code == CT_OK &&
        lua_dump(L, add_dump, packing->out, packing->functions == CT_LUA_STRIPPED) != 0)
        note_code(packing, CT_E_LIMIT);
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
        refuse(packing, lua_iscfunction(L, -1)
                            ? "is a C function: require its module inside the testlet"
                            : "is a function");
        return;
    }
    lua_pushvalue(L, -1);
    if (lua_rawget(L, FUNCTIONS) == LUA_TNUMBER) {
        lua_Integer number = lua_tointeger(L, -1);
        lua_pop(L, 1);
        add_number(packing, "R", number);
        return;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushinteger(L, ++packing->function_count);
    lua_rawset(L, FUNCTIONS);
    note_code(packing, ct_buf_add(packing->out, "F", 1));
    pack_code(L, packing);
    lua_Debug info;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">u", &info);
    note_code(packing, ct_buf_add(packing->out, &info.nups, 1));
    for (int i = 1; packing->code == CT_OK && i <= info.nups; i++)
        pack_upvalue(L, packing, i);
}

/* ---- values ---- */

/* true when the receiver knows the value on top by a name: then that has been packed. */
static bool pack_reference(lua_State *L, struct packing *packing) {
    if (packing->functions == CT_LUA_NO_FUNCTIONS)
        return false;
    lua_pushvalue(L, -1);
    bool known = lua_rawget(L, REFERENCES) == LUA_TSTRING;
    if (known) {
        const char *reference = lua_tostring(L, -1);
        note_code(packing, ct_lua_add_reference(packing->out, reference));
        lua_pushlstring(L, reference, (size_t) (strrchr(reference, '.') - reference));
        lua_pushboolean(L, 1);
        lua_rawset(L, MODULES);
    }
    lua_pop(L, 1);
    return known;
}

/* A string, a number, a boolean or nil. */
static int pack_plain(lua_State *L, ct_buf *out) {
    size_t length;
    const char *string;
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        return ct_value_boolean(out, lua_toboolean(L, -1));
    case LUA_TNUMBER:
        return lua_isinteger(L, -1) ? ct_value_integer(out, lua_tointeger(L, -1))
                                    : ct_value_number(out, lua_tonumber(L, -1));
    case LUA_TSTRING:
        string = lua_tolstring(L, -1, &length);
        return ct_value_bytes(out, string, length);
    default:
        return ct_value_nil(out);
    }
}

/* Packs the value on top of the stack, which stays there. */
static void pack_value(lua_State *L, struct packing *packing) {
    if (packing->code < 0)
        return;
    if (packing->depth > CT_VALUE_DEPTH_MAX) {
        refuse(packing, "is nested too deeply");
        return;
    }
    luaL_checkstack(L, 16, "packing");
    if (lua_type(L, -1) != LUA_TNIL && pack_reference(L, packing))
        return;
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING:
        note_code(packing, pack_plain(L, packing->out));
        return;
    case LUA_TTABLE:
        pack_table(L, packing);
        return;
    case LUA_TFUNCTION:
        pack_function(L, packing);
        return;
    case LUA_TTHREAD:
        refuse(packing, "is a coroutine: make it inside the testlet");
        return;
    default:
        refuse(packing, "is a userdata: open it inside the testlet");
    }
}

static int protected_pack(lua_State *L) {
    struct packing *packing = lua_touserdata(L, ARGUMENT);
    if (lua_isnil(L, MODULES)) {
        lua_newtable(L);
        lua_replace(L, MODULES);
    }
    for (int slot = FUNCTIONS; slot <= TABLES; slot++)
        lua_newtable(L);
    if (packing->functions == CT_LUA_NO_FUNCTIONS)
        lua_newtable(L);
    else
        ct_lua_push_references(L);
    lua_pushvalue(L, VALUE);
    pack_value(L, packing);
    return 0;
}

int ct_lua_pack_referring(lua_State *L, int index, int modules, ct_buf *out,
                          enum ct_lua_functions functions, ct_error *error) {
    struct packing packing = {.out = out, .functions = functions, .error = error};
    if (!lua_checkstack(L, 5))
        return ct_fail_memory(error);
    index = lua_absindex(L, index);
    modules = modules ? lua_absindex(L, modules) : 0;
    lua_pushcfunction(L, protected_pack);
    lua_pushlightuserdata(L, &packing);
    lua_pushvalue(L, index);
    if (modules)
        lua_pushvalue(L, modules);
    else
        lua_pushnil(L);
    if (lua_pcall(L, 3, 0, 0) == LUA_OK)
        return packing.code;
    const char *why = lua_tostring(L, -1);
    ct_fail(error, CT_E_NO_MEMORY, "%s", why ? why : "out of memory");
    lua_pop(L, 1);
    return CT_E_NO_MEMORY;
}

int ct_lua_pack(lua_State *L, int index, ct_buf *out, enum ct_lua_functions functions,
                ct_error *error) {
    return ct_lua_pack_referring(L, index, 0, out, functions, error);
}
