/* SPDX-License-Identifier: MIT
 *
 * lua_refer.c - what travels by its name: modules that are loaded, and functions of the
 * standard libraries, since the receiver has those itself. Both ways are here, for
 * lua_pack.c and lua_unpack.c.
 */
#include <string.h>

#include <lauxlib.h>

#include "wire/lua_private.h"
#include "wire/wire.h"

/* Modules whose functions and constants travel by name, too. */
static const char *const libraries[] = {"_G", "string",    "table", "math",  "io",
                                        "os", "coroutine", "utf8",  "debug", "cjson"};

/* The host's own modules do not travel. Those that the guest has, too, have stand-ins of
 * the same names on the host. */
static bool travels(const char *name) {
    static const char own[] = "cleantest", inside[] = "cleantest.utils.";
    return strncmp(name, own, sizeof own - 1) != 0 ||
           strncmp(name, inside, sizeof inside - 1) == 0 ||
           strcmp(name, "cleantest.job") == 0 || strcmp(name, "cleantest.test") == 0;
}

static bool has_identity(lua_State *L, int index) {
    int type = lua_type(L, index);
    return type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA ||
           type == LUA_TLIGHTUSERDATA;
}

/* Functions that the command has its own ones of, which stand for the library's. */
static bool is_replaced(const char *module, const char *field) {
    static const char *const replaced[][2] = {
        {"os", "exit"}, {"_G", "pcall"}, {"_G", "xpcall"}, {"coroutine", "resume"}};
    for (size_t i = 0; i < CT_COUNT(replaced); i++)
        if (strcmp(module, replaced[i][0]) == 0 && strcmp(field, replaced[i][1]) == 0)
            return true;
    return false;
}

/* true for what is the library's own, and was not put there by the suite. */
static bool is_standard(lua_State *L, const char *module, const char *field) {
    int type = lua_type(L, -1);
    return lua_iscfunction(L, -1) || type == LUA_TUSERDATA ||
           type == LUA_TLIGHTUSERDATA || is_replaced(module, field);
}

/* Notes the fields of the module on top in the table of references at index. */
static void note_fields(lua_State *L, int index, const char *module) {
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING ||
            !is_standard(L, module, lua_tostring(L, -2)))
            continue;
        lua_pushvalue(L, -1);
        lua_pushfstring(L, "%s.%s", module, lua_tostring(L, -3));
        lua_rawset(L, index);
    }
}

void ct_lua_push_references(lua_State *L) {
    lua_newtable(L);
    int references = lua_gettop(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    for (size_t i = 0; i < CT_COUNT(libraries); i++) {
        if (lua_getfield(L, -1, libraries[i]) == LUA_TTABLE)
            note_fields(L, references, libraries[i]);
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || !has_identity(L, -1) ||
            !travels(lua_tostring(L, -2)))
            continue;
        lua_pushvalue(L, -1);
        lua_pushfstring(L, "%s.", lua_tostring(L, -3));
        lua_rawset(L, references);
    }
    lua_pop(L, 1);
}

/* A reference is "MODULE." or "MODULE.FIELD"; a module's name may have dots in it. */
int ct_lua_add_reference(ct_buf *out, const char *reference) {
    const char *dot = strrchr(reference, '.');
    int code = ct_buf_add(out, "L", 1);
    if (code == CT_OK)
        code = ct_value_bytes(out, reference, (size_t) (dot - reference));
    return code < 0 ? code : ct_value_string(out, dot + 1);
}

static bool read_string(const char **at, const char *end, ct_value *value) {
    return ct_value_read(at, end, value) == CT_OK && value->type == CT_VALUE_STRING;
}

bool ct_lua_resolve(lua_State *L, const char **at, const char *end) {
    ct_value module, field;
    if (!read_string(at, end, &module) || !read_string(at, end, &field))
        return false;
    lua_getglobal(L, "require");
    lua_pushlstring(L, module.string, module.length);
    lua_call(L, 1, 1);
    if (field.length == 0)
        return true;
    lua_pushlstring(L, field.string, field.length);
    lua_gettable(L, -2);
    lua_remove(L, -2);
    return true;
}

/* require() calls this for a module that came along. The upvalues are its source and its
 * chunk's name. */
static int load_carried(lua_State *L) {
    size_t length;
    const char *source = lua_tolstring(L, lua_upvalueindex(1), &length);
    const char *chunk = lua_tostring(L, lua_upvalueindex(2));
    if (luaL_loadbufferx(L, source, length, chunk, "t") != LUA_OK)
        return lua_error(L);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

bool ct_lua_unpack_modules(lua_State *L, const char **at, const char *end) {
    ct_value count, part;
    if (ct_value_read(at, end, &count) < 0 || count.type != CT_VALUE_INTEGER)
        return false;
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    for (int64_t i = 0; i < count.integer; i++) {
        for (int k = 0; k < 3; k++) { /* name, source, and chunk's name */
            if (!read_string(at, end, &part))
                return false;
            lua_pushlstring(L, part.string, part.length);
        }
        lua_pushcclosure(L, load_carried, 2);
        lua_rawset(L, -3);
    }
    lua_pop(L, 1);
    return true;
}
