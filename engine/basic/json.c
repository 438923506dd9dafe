/* SPDX-License-Identifier: MIT
 *
 * json.c - JSON documents by path. lua-cjson reads and writes them, in a lua_State of
 * their own; the document is the only thing on that state's stack. Everything that can
 * raise a Lua error, which means that memory has run out, is done under lua_pcall.
 */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua-cjson.h>
#include <lua.h>

#include "basic/basic.h"
#include "basic/json_private.h"

#define DOCUMENT 1

struct ct_json {
    lua_State *lua; /* owned */
};

/* One access to the document. It lies on the caller's stack while the pcall lasts. */
struct access {
    const char *path;
    enum { SET_STRING, SET_BOOLEAN, SET_NUMBER, SET_JSON } set;
    const char *text;
    size_t length;
    double number;
    bool found;
    bool boolean;
};

/* Splits the first key off path ("/key/..."); returns what is behind it. */
static const char *first_key(const char *path, const char **key, size_t *length) {
    *key = path + 1;
    *length = strcspn(*key, "/");
    return *key + *length;
}

/* true for a key that can be an array's. *index is then its index in Lua. */
static bool index_of(const char *key, size_t length, lua_Integer *index) {
    bool number = length > 0 && length < 10 && strspn(key, "0123456789") >= length;
    *index = number ? strtoll(key, NULL, 10) + 1 : 0;
    return number;
}

/* Pushes the field of the table on top: an object's key, or an array's element. */
static void push_field(lua_State *lua, const char *key, size_t length) {
    lua_Integer index;
    lua_pushlstring(lua, key, length);
    lua_rawget(lua, -2);
    if (lua_isnil(lua, -1) && index_of(key, length, &index)) {
        lua_pop(lua, 1);
        lua_rawgeti(lua, -1, index);
    }
}

/* Pushes what is at path, or nil. */
static void push_at(lua_State *lua, const char *path) {
    lua_pushvalue(lua, DOCUMENT);
    while (*path && lua_istable(lua, -1)) {
        const char *key;
        size_t length;
        path = first_key(path, &key, &length);
        push_field(lua, key, length);
        lua_remove(lua, -2);
    }
    if (*path) {
        lua_pop(lua, 1);
        lua_pushnil(lua);
    }
}

static int protected_string(lua_State *lua) {
    struct access *access = lua_touserdata(lua, 2);
    push_at(lua, access->path);
    if (lua_type(lua, -1) == LUA_TSTRING) /* anchored in the document */
        access->text = lua_tostring(lua, -1);
    return 0;
}

static int protected_number(lua_State *lua) {
    struct access *access = lua_touserdata(lua, 2);
    push_at(lua, access->path);
    access->found = lua_type(lua, -1) == LUA_TNUMBER;
    access->number = lua_tonumber(lua, -1);
    return 0;
}

static int protected_true(lua_State *lua) {
    struct access *access = lua_touserdata(lua, 2);
    push_at(lua, access->path);
    access->found = lua_isboolean(lua, -1) && lua_toboolean(lua, -1);
    return 0;
}

static int protected_count(lua_State *lua) {
    struct access *access = lua_touserdata(lua, 2);
    push_at(lua, access->path);
    /* cjson gives null as a light userdata */
    access->found = !lua_isnoneornil(lua, -1) && !lua_islightuserdata(lua, -1);
    access->length = lua_istable(lua, -1) ? (size_t) lua_rawlen(lua, -1) : 0;
    return 0;
}

static void push_new_key(lua_State *lua, const char *key, size_t length) {
    lua_Integer index;
    if (index_of(key, length, &index))
        lua_pushinteger(lua, index);
    else
        lua_pushlstring(lua, key, length);
}

static void push_decoded(lua_State *lua, const char *text, size_t length) {
    lua_getfield(lua, LUA_REGISTRYINDEX, "decode");
    lua_pushlstring(lua, text, length);
    lua_call(lua, 1, 1);
}

static void push_new_value(lua_State *lua, const struct access *access) {
    if (access->set == SET_JSON)
        push_decoded(lua, access->text, access->length);
    else if (access->set == SET_STRING)
        lua_pushstring(lua, access->text);
    else if (access->set == SET_BOOLEAN)
        lua_pushboolean(lua, access->boolean);
    else
        lua_pushnumber(lua, access->number);
}

/* Replaces the table on top by the one in its field, which is made when there is none. */
static void descend(lua_State *lua, const char *key, size_t length) {
    push_field(lua, key, length);
    if (!lua_istable(lua, -1)) {
        lua_pop(lua, 1);
        push_new_key(lua, key, length);
        lua_newtable(lua);
        lua_pushvalue(lua, -1);
        lua_insert(lua, -3);
        lua_rawset(lua, -4);
    }
    lua_remove(lua, -2);
}

static int protected_set(lua_State *lua) {
    struct access *access = lua_touserdata(lua, 2);
    const char *path = access->path, *key;
    size_t length;
    luaL_checktype(lua, DOCUMENT, LUA_TTABLE);
    lua_pushvalue(lua, DOCUMENT);
    for (;;) {
        path = first_key(path, &key, &length);
        if (!*path)
            break;
        descend(lua, key, length);
    }
    push_new_key(lua, key, length);
    push_new_value(lua, access);
    lua_rawset(lua, -3);
    return 0;
}

static int protected_decode(lua_State *lua) {
    struct access *access = lua_touserdata(lua, 2);
    push_decoded(lua, access->text, access->length);
    return 1;
}

static int protected_encode(lua_State *lua) {
    lua_getfield(lua, LUA_REGISTRYINDEX, "encode");
    lua_pushvalue(lua, DOCUMENT);
    lua_call(lua, 1, 1);
    return 1;
}

static int protected_setup(lua_State *lua) {
    lua_pushcfunction(lua, luaopen_cjson);
    lua_call(lua, 0, 1);
    lua_getfield(lua, -1, "decode");
    lua_setfield(lua, LUA_REGISTRYINDEX, "decode");
    lua_getfield(lua, -1, "encode");
    lua_setfield(lua, LUA_REGISTRYINDEX, "encode");
    return 0;
}

/* Calls function(document, access) under lua_pcall. results 1: its result, or the error,
 * is left on the stack. */
static int protect(ct_json *json, lua_CFunction function, void *access, int results) {
    lua_pushcfunction(json->lua, function);
    lua_pushvalue(json->lua, DOCUMENT);
    lua_pushlightuserdata(json->lua, access);
    int status = lua_pcall(json->lua, 2, results, 0);
    if (status != LUA_OK && results == 0)
        lua_pop(json->lua, 1);
    return status;
}

static int protected_new_table(lua_State *lua) {
    lua_newtable(lua);
    return 1;
}

ct_json *ct_json_new(void) {
    ct_json *json = calloc(1, sizeof *json);
    if (!json)
        return NULL;
    json->lua = luaL_newstate();
    if (!json->lua)
        goto fail;
    lua_pushnil(json->lua);
    if (protect(json, protected_setup, NULL, 0) != LUA_OK || ct_json_clear(json) < 0)
        goto fail;
    return json;
fail:
    ct_json_free(json);
    return NULL;
}

void ct_json_free(ct_json *json) {
    if (!json)
        return;
    if (json->lua)
        lua_close(json->lua);
    free(json);
}

int ct_json_clear(ct_json *json) {
    if (protect(json, protected_new_table, NULL, 1) != LUA_OK) {
        lua_pop(json->lua, 1);
        return CT_E_NO_MEMORY;
    }
    lua_replace(json->lua, DOCUMENT);
    return CT_OK;
}

int ct_json_parse(ct_json *json, const char *text, size_t length, ct_error *error) {
    struct access access = {.text = text, .length = length};
    if (protect(json, protected_decode, &access, 1) != LUA_OK) {
        const char *why = lua_tostring(json->lua, -1);
        int code = ct_fail(error, CT_E_PROTOCOL, "not JSON: %s", why ? why : "?");
        lua_pop(json->lua, 1);
        return code;
    }
    lua_replace(json->lua, DOCUMENT);
    return CT_OK;
}

const char *ct_json_string(ct_json *json, const char *path) {
    struct access access = {.path = path};
    return protect(json, protected_string, &access, 0) == LUA_OK ? access.text : NULL;
}

double ct_json_number(ct_json *json, const char *path, double fallback) {
    struct access access = {.path = path};
    bool ok = protect(json, protected_number, &access, 0) == LUA_OK && access.found;
    return ok ? access.number : fallback;
}

bool ct_json_true(ct_json *json, const char *path) {
    struct access access = {.path = path};
    return protect(json, protected_true, &access, 0) == LUA_OK && access.found;
}

size_t ct_json_count(ct_json *json, const char *path) {
    struct access access = {.path = path};
    return protect(json, protected_count, &access, 0) == LUA_OK ? access.length : 0;
}

bool ct_json_has(ct_json *json, const char *path) {
    struct access access = {.path = path};
    return protect(json, protected_count, &access, 0) == LUA_OK && access.found;
}

static int set_at(ct_json *json, struct access *access) {
    return protect(json, protected_set, access, 0) == LUA_OK ? CT_OK : CT_E_NO_MEMORY;
}

int ct_json_set_string(ct_json *json, const char *path, const char *value) {
    return set_at(json, &(struct access){.path = path, .set = SET_STRING, .text = value});
}

int ct_json_set_boolean(ct_json *json, const char *path, bool value) {
    return set_at(json,
                  &(struct access){.path = path, .set = SET_BOOLEAN, .boolean = value});
}

int ct_json_set_number(ct_json *json, const char *path, double value) {
    return set_at(json,
                  &(struct access){.path = path, .set = SET_NUMBER, .number = value});
}

int ct_json_set_json(ct_json *json, const char *path, const char *value) {
    return set_at(
        json, &(struct access){
                  .path = path, .set = SET_JSON, .text = value, .length = strlen(value)});
}

int ct_json_write(ct_json *json, ct_buf *out) {
    int code = CT_E_NO_MEMORY;
    if (protect(json, protected_encode, NULL, 1) == LUA_OK) {
        size_t length;
        const char *text = lua_tolstring(json->lua, -1, &length);
        code = ct_buf_add(out, text, length);
    }
    lua_pop(json->lua, 1);
    return code;
}

int ct_json_call(ct_json *json, lua_CFunction function, void *context) {
    return protect(json, function, context, 0) == LUA_OK ? CT_OK : CT_E_NO_MEMORY;
}
