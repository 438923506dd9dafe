/* SPDX-License-Identifier: MIT
 *
 * lua_unpack.c - Lua values from bytes that nobody vouches for; wire.h describes the
 * bytes. All of it runs under lua_pcall: an error that Lua raises, which means that
 * memory has run out, becomes a code.
 */
#include <lauxlib.h>

#include "wire/lua_private.h"
#include "wire/wire.h"

/* Stack slots of the protected function. */
enum { ARGUMENT = 1, FUNCTIONS, CELLS, TABLES };

struct unpacking {
    const char *at;
    const char *end;
    bool functions;
    bool ok;
    int depth;
    lua_Integer function_count, table_count;
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
    if (unpacking->depth > CT_VALUE_DEPTH_MAX)
        return false;
    lua_newtable(L);
    if (unpacking->functions) {
        lua_pushvalue(L, -1);
        lua_rawseti(L, TABLES, ++unpacking->table_count);
    }
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

/* Sets an upvalue of the function on top. A cell is known by the function and the upvalue
 * that mentioned it first: CELLS[cell] is the function, CELLS[-cell] the number. */
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
        code.type != CT_VALUE_STRING || unpacking->at >= unpacking->end)
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

/* Pushes the function or table that came before with this number. */
static bool unpack_again(lua_State *L, struct unpacking *unpacking, int slot) {
    lua_Integer number;
    return unpack_number4(unpacking, &number) && lua_rawgeti(L, slot, number) != LUA_TNIL;
}

/* Unpacks the tokens that only the host sends. */
static bool unpack_sent(lua_State *L, struct unpacking *unpacking, char tag) {
    switch (tag) {
    case 'F':
        return unpack_function(L, unpacking);
    case 'R':
        return unpack_again(L, unpacking, FUNCTIONS);
    case 'Q':
        return unpack_again(L, unpacking, TABLES);
    case 'L':
        return ct_lua_resolve(L, &unpacking->at, unpacking->end);
    case 'P':
        return ct_lua_unpack_modules(L, &unpacking->at, unpacking->end) &&
               unpack_value(L, unpacking);
    default:
        return false;
    }
}

static bool unpack_token(lua_State *L, struct unpacking *unpacking, const ct_value *value,
                         char tag) {
    switch (value->type) {
    case CT_VALUE_NIL:
        lua_pushnil(L);
        return true;
    case CT_VALUE_BOOLEAN:
        lua_pushboolean(L, value->boolean);
        return true;
    case CT_VALUE_INTEGER:
        lua_pushinteger(L, value->integer);
        return true;
    case CT_VALUE_NUMBER:
        lua_pushnumber(L, value->number);
        return true;
    case CT_VALUE_STRING:
        lua_pushlstring(L, value->string, value->length);
        return true;
    case CT_VALUE_TABLE:
        return unpack_table(L, unpacking, value->length);
    default:
        return unpacking->functions && unpack_sent(L, unpacking, tag);
    }
}

/* Pushes the next value. After a false what is on the stack is of no use. */
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
    for (int slot = FUNCTIONS; slot <= TABLES; slot++)
        lua_newtable(L);
    unpacking->ok = unpack_value(L, unpacking);
    return 1;
}

int ct_lua_unpack(lua_State *L, const char **at, const char *end, bool functions,
                  ct_error *error) {
    struct unpacking unpacking = {.at = *at, .end = end, .functions = functions};
    if (!lua_checkstack(L, 4))
        return ct_fail_memory(error);
    lua_pushcfunction(L, protected_unpack);
    lua_pushlightuserdata(L, &unpacking);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        const char *why = lua_tostring(L, -1);
        ct_fail(error, CT_E_NO_MEMORY, "%s", why ? why : "out of memory");
        lua_pop(L, 1);
        return CT_E_NO_MEMORY;
    }
    if (!unpacking.ok) {
        lua_pop(L, 1);
        return ct_fail(error, CT_E_PROTOCOL, "the bytes are no value");
    }
    *at = unpacking.at;
    return CT_OK;
}
