/* SPDX-License-Identifier: MIT
 *
 * internals_bytes.c - buffers, values, frames and JSON, for internals_spec.lua.
 */
#include <string.h>

#include "internals.h"
#include "wire/wire.h"

/* buf(limit, s...) -> what the buffer holds after the strings that fit, the last
 * code's name, the bytes of memory it has */
static int buf(lua_State *L) {
    ct_buf buf;
    int code = CT_OK, top = lua_gettop(L);
    ct_buf_init(&buf, (size_t) luaL_checkinteger(L, 1));
    for (int i = 2; i <= top && code == CT_OK; i++) {
        size_t length;
        const char *data = lua_tolstring(L, i, &length);
        code = ct_buf_add(&buf, data, length);
    }
    if (buf.data && buf.data[buf.length] != '\0')
        luaL_error(L, "no NUL behind the bytes");
    size_t capacity = buf.capacity;
    internals_take(L, &buf);
    lua_pushstring(L, ct_error_name(code));
    lua_pushinteger(L, (lua_Integer) capacity);
    return 3;
}

/* consume(s, n) -> s without its first n bytes, through a buffer */
static int consume(lua_State *L) {
    ct_buf buf;
    size_t length;
    const char *data = luaL_checklstring(L, 1, &length);
    ct_buf_init(&buf, length);
    int code = ct_buf_add(&buf, data, length);
    ct_buf_consume(&buf, (size_t) luaL_checkinteger(L, 2));
    return code < 0 ? internals_failure(L, code, NULL) : internals_take(L, &buf);
}

/* pack(value, functions) -> bytes */
static int pack(lua_State *L) {
    ct_buf buf;
    ct_error error = {0};
    int top = lua_gettop(L);
    ct_buf_init(&buf, CT_VALUE_SIZE_MAX);
    enum ct_lua_functions functions =
        lua_toboolean(L, 2) ? CT_LUA_FUNCTIONS : CT_LUA_NO_FUNCTIONS;
    int code = ct_lua_pack(L, 1, &buf, functions, &error);
    if (lua_gettop(L) != top)
        luaL_error(L, "the stack is not as it was");
    if (code == CT_OK)
        return internals_take(L, &buf);
    ct_buf_fini(&buf);
    return internals_failure(L, code, &error);
}

/* unpack(bytes, functions) -> value, how many bytes it took */
static int unpack(lua_State *L) {
    size_t length;
    ct_error error = {0};
    const char *start = luaL_checklstring(L, 1, &length), *at = start;
    int code = ct_lua_unpack(L, &at, start + length, lua_toboolean(L, 2) != 0, &error);
    if (code < 0)
        return internals_failure(L, code, &error);
    lua_pushinteger(L, at - start);
    return 2;
}

/* skip(bytes) -> how many bytes one whole value takes */
static int skip(lua_State *L) {
    size_t length;
    const char *start = luaL_checklstring(L, 1, &length), *at = start;
    int code = ct_value_skip(&at, start + length);
    if (code < 0)
        return internals_failure(L, code, NULL);
    lua_pushinteger(L, at - start);
    return 1;
}

/* field(bytes, key) -> the type's number of a table's field; nil when there is none */
static int field(lua_State *L) {
    size_t length;
    ct_value value;
    const char *start = luaL_checklstring(L, 1, &length);
    if (!ct_value_field(start, start + length, luaL_checkstring(L, 2), &value))
        return 0;
    lua_pushinteger(L, value.type);
    return 1;
}

/* frame(type, data) -> bytes */
static int frame(lua_State *L) {
    ct_buf buf;
    size_t length;
    const char *type = luaL_checkstring(L, 1), *data = luaL_checklstring(L, 2, &length);
    ct_buf_init(&buf, CT_FRAME_MAX + CT_FRAME_HEADER);
    int code = ct_frame_add(&buf, (enum ct_frame_type) * type, data, length);
    if (code == CT_OK)
        return internals_take(L, &buf);
    ct_buf_fini(&buf);
    return internals_failure(L, code, NULL);
}

/* parse(bytes) -> how many bytes the first frame takes (0: it is not all there), type,
 * data */
static int parse(lua_State *L) {
    size_t length, data_length;
    enum ct_frame_type type;
    const char *data, *bytes = luaL_checklstring(L, 1, &length);
    int taken = ct_frame_parse(bytes, length, &type, &data, &data_length);
    if (taken < 0)
        return internals_failure(L, taken, NULL);
    lua_pushinteger(L, taken);
    if (taken == 0)
        return 1;
    lua_pushfstring(L, "%c", (int) type);
    lua_pushlstring(L, data, data_length);
    return 3;
}

/* json(text, path) -> the string, the number, the count and whether it has it, at path */
static int json(lua_State *L) {
    size_t length;
    ct_error error = {0};
    const char *text = luaL_checklstring(L, 1, &length), *path = luaL_checkstring(L, 2);
    ct_json *json = ct_json_new();
    int code = json ? ct_json_parse(json, text, length, &error) : CT_E_NO_MEMORY;
    if (code == CT_OK) {
        lua_pushstring(L, ct_json_string(json, path));
        lua_pushnumber(L, ct_json_number(json, path, -1));
        lua_pushinteger(L, (lua_Integer) ct_json_count(json, path));
        lua_pushboolean(L, ct_json_has(json, path));
    }
    ct_json_free(json);
    return code < 0 ? internals_failure(L, code, &error) : 4;
}

/* json_set(path, value...) -> text of the document with these strings and numbers in
 * it */
static int json_set(lua_State *L) {
    ct_buf buf;
    int code = CT_OK;
    ct_json *json = ct_json_new();
    ct_buf_init(&buf, CT_MIB);
    for (int i = 1; json && i < lua_gettop(L) && code == CT_OK; i += 2) {
        const char *path = lua_tostring(L, i);
        if (lua_type(L, i + 1) == LUA_TNUMBER)
            code = ct_json_set_number(json, path, lua_tonumber(L, i + 1));
        else if (lua_isboolean(L, i + 1))
            code = ct_json_set_boolean(json, path, lua_toboolean(L, i + 1) != 0);
        else
            code = ct_json_set_string(json, path, lua_tostring(L, i + 1));
    }
    if (json && code == CT_OK)
        code = ct_json_write(json, &buf);
    ct_json_free(json);
    if (code == CT_OK)
        return internals_take(L, &buf);
    ct_buf_fini(&buf);
    return internals_failure(L, code, NULL);
}

void internals_bytes(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"buf", buf},   {"consume", consume},   {"pack", pack},   {"unpack", unpack},
        {"skip", skip}, {"field", field},       {"frame", frame}, {"parse", parse},
        {"json", json}, {"json_set", json_set}, {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
    lua_pushinteger(L, CT_FRAME_MAX);
    lua_setfield(L, -2, "FRAME_MAX");
    lua_pushinteger(L, CT_VALUE_SIZE_MAX);
    lua_setfield(L, -2, "VALUE_MAX");
}
