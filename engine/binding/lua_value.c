/* SPDX-License-Identifier: MIT
 *
 * lua_value.c - Lua values as bytes and back. Behind the tokens of value.c there are two more:
 *     F CODE COUNT (CELL [VALUE])...   a function: its dump as a string token; how many
 *         upvalues, 1 byte; for each the number of its cell, 4 bytes, and at the first mention
 *         of the cell the value in it. The upvalue _ENV has cell 0 and no value: it is the
 *         receiver's globals, whatever the sender's were.
 *     R NUMBER                         the function that came as number so many, 4 bytes
 * Functions are numbered from 1 in the order of their F, so a function that refers to itself
 * is one; closures that share an upvalue share its cell, and go on sharing it.
 *
 * All of it runs under lua_pcall: what Lua raises (out of memory) becomes a code.
 */
#include "lua_value.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#define PLACE_MAX    256
#define UPVALUES_MAX 255 /* Lua's own limit */

/* Stack slots of the protected functions. */
enum { ARGUMENT = 1, VALUE, FUNCTIONS, CELLS, PATH };

/* ---- packing ---- */

struct packing {
    ct_buf *out;
    bool functions;
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

static void pack_pair(lua_State *L, struct packing *packing) {
    char key[64];
    size_t used;
    if (lua_type(L, -2) == LUA_TSTRING) {
        used = enter(packing, ".%s", lua_tostring(L, -2));
    } else {
        lua_pushvalue(L, -2);
        snprintf(key, sizeof key, "%s", lua_tostring(L, -1) ? lua_tostring(L, -1) : "?");
        lua_pop(L, 1);
        used = enter(packing, "[%s]", key);
    }
    int type = lua_type(L, -2);
    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN) {
        refuse(packing, "has a key that is no plain data");
    } else {
        lua_pushvalue(L, -2);
        pack_value(L, packing);
        lua_pop(L, 1);
        pack_value(L, packing);
    }
    leave(packing, used);
}

static void pack_table(lua_State *L, struct packing *packing) {
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
    size_t pairs = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        pairs++;
    keep(packing, ct_value_table(packing->out, pairs));
    for (lua_pushnil(L); packing->code == CT_OK && lua_next(L, -2); lua_pop(L, 1))
        pack_pair(L, packing);
    if (packing->code < 0)
        return; /* whoever called does not use the stack any more */
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, PATH);
}

static int add_dump(lua_State *L, const void *data, size_t length, void *context) {
    (void) L;
    return ct_buf_add(context, data, length) < 0;
}

static void pack_code(lua_State *L, struct packing *packing) {
    size_t at = packing->out->length;
    keep(packing, ct_value_bytes(packing->out, "", 0));
    if (packing->code == CT_OK && lua_dump(L, add_dump, packing->out, 0) != 0)
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
    if (!packing->functions || lua_iscfunction(L, -1)) {
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

/* Calls function(argument, value at index), or function(argument) for index 0. */
static int protect(lua_State *L, lua_CFunction function, void *argument, int index,
                   int results, ct_error *error) {
    if (!lua_checkstack(L, 4))
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    index = index ? lua_absindex(L, index) : 0;
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, argument);
    if (index)
        lua_pushvalue(L, index);
    else
        lua_pushnil(L);
    int status = lua_pcall(L, 2, results, 0);
    if (status == LUA_OK)
        return CT_OK;
    const char *why = lua_tostring(L, -1);
    ct_fail(error, CT_E_NO_MEMORY, "%s", why ? why : "out of memory");
    lua_pop(L, 1);
    return CT_E_NO_MEMORY;
}

int ct_lua_pack(lua_State *L, int index, ct_buf *out, bool functions, ct_error *error) {
    struct packing packing = {.out = out, .functions = functions, .error = error};
    int code = protect(L, protected_pack, &packing, index, 0, error);
    return code < 0 ? code : packing.code;
}

/* ---- unpacking ---- */

struct unpacking {
    const char *at;
    const char *end;
    bool functions;
    bool ok;
    int depth;
    lua_Integer function_count;
};

static bool unpack_value(lua_State *L, struct unpacking *unpacking);

static bool unpack_number4(struct unpacking *unpacking, lua_Integer *number) {
    if (unpacking->end - unpacking->at < 4)
        return false;
    *number = 0;
    for (int i = 0; i < 4; i++)
        *number |= (lua_Integer) (unsigned char) unpacking->at[i] << (8 * i);
    unpacking->at += 4;
    return true;
}

static bool unpack_table(lua_State *L, struct unpacking *unpacking, size_t pairs) {
    lua_newtable(L);
    for (size_t i = 0; i < pairs; i++) {
        if (!unpack_value(L, unpacking))
            return false;
        int type = lua_type(L, -1);
        if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)
            return false;
        if (lua_isnumber(L, -1) && lua_tonumber(L, -1) != lua_tonumber(L, -1))
            return false; /* NaN is no key */
        if (!unpack_value(L, unpacking))
            return false;
        lua_rawset(L, -3);
    }
    return true;
}

/* Sets upvalue number of the function on top. A cell is known by the function and upvalue
 * that mentioned it first: CELLS[cell] = function, CELLS[-cell] = number. */
static bool unpack_upvalue(lua_State *L, struct unpacking *unpacking, int number) {
    lua_Integer cell;
    if (!unpack_number4(unpacking, &cell))
        return false;
    if (cell == 0) {
        lua_pushglobaltable(L);
        return lua_setupvalue(L, -2, number) != NULL;
    }
    if (lua_rawgeti(L, CELLS, cell) == LUA_TFUNCTION) {
        lua_rawgeti(L, CELLS, -cell);
        int other = (int) lua_tointeger(L, -1);
        lua_pop(L, 1);
        lua_upvaluejoin(L, -2, number, -1, other);
        lua_pop(L, 1);
        return true;
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, CELLS, cell);
    lua_pushinteger(L, number);
    lua_rawseti(L, CELLS, -cell);
    return unpack_value(L, unpacking) && lua_setupvalue(L, -2, number) != NULL;
}

static bool unpack_function(lua_State *L, struct unpacking *unpacking) {
    ct_value code;
    if (ct_value_read(&unpacking->at, unpacking->end, &code) < 0 ||
        code.type != CT_STRING || unpacking->at >= unpacking->end)
        return false;
    if (luaL_loadbufferx(L, code.string, code.length, "testlet", "b") != LUA_OK)
        return false;
    lua_pushvalue(L, -1);
    lua_rawseti(L, FUNCTIONS, ++unpacking->function_count);
    int count = (unsigned char) *unpacking->at++;
    for (int i = 1; i <= count; i++)
        if (!unpack_upvalue(L, unpacking, i))
            return false;
    return true;
}

static bool unpack_reference(lua_State *L, struct unpacking *unpacking) {
    lua_Integer number;
    return unpack_number4(unpacking, &number) &&
           lua_rawgeti(L, FUNCTIONS, number) == LUA_TFUNCTION;
}

static bool unpack_token(lua_State *L, struct unpacking *unpacking, const ct_value *value,
                         char tag) {
    switch (value->type) {
    case CT_NIL:
        lua_pushnil(L);
        return true;
    case CT_BOOLEAN:
        lua_pushboolean(L, value->boolean);
        return true;
    case CT_INTEGER:
        lua_pushinteger(L, value->integer);
        return true;
    case CT_NUMBER:
        lua_pushnumber(L, value->number);
        return true;
    case CT_STRING:
        lua_pushlstring(L, value->string, value->length);
        return true;
    case CT_TABLE:
        return unpack_table(L, unpacking, value->length);
    default:
        return unpacking->functions && (tag == 'F' ? unpack_function(L, unpacking)
                                                   : unpack_reference(L, unpacking));
    }
}

/* Pushes the next value; what is on the stack after a false is of no use. */
static bool unpack_value(lua_State *L, struct unpacking *unpacking) {
    ct_value value;
    const char *tag = unpacking->at;
    luaL_checkstack(L, 8, "unpacking");
    if (ct_value_read(&unpacking->at, unpacking->end, &value) < 0 ||
        ++unpacking->depth > CT_VALUE_DEPTH_MAX + 2)
        return false;
    bool ok = unpack_token(L, unpacking, &value, *tag);
    unpacking->depth--;
    return ok;
}

static int protected_unpack(lua_State *L) {
    struct unpacking *unpacking = lua_touserdata(L, ARGUMENT);
    for (int slot = FUNCTIONS; slot <= PATH; slot++)
        lua_newtable(L);
    unpacking->ok = unpack_value(L, unpacking);
    return 1;
}

int ct_lua_unpack(lua_State *L, const char **at, const char *end, bool functions,
                  ct_error *error) {
    struct unpacking unpacking = {.at = *at, .end = end, .functions = functions};
    int code = protect(L, protected_unpack, &unpacking, 0, 1, error);
    if (code < 0)
        return code;
    if (!unpacking.ok) {
        lua_pop(L, 1);
        return ct_fail(error, CT_E_PROTOCOL, "the bytes are no value");
    }
    *at = unpacking.at;
    return CT_OK;
}
