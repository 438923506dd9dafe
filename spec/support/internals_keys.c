/* SPDX-License-Identifier: MIT
 *
 * internals_keys.c - the keys of prepared environments, for base_key_spec.lua. Jobs are
 * read as the binding reads them.
 */
#include <string.h>

#include "binding/binding.h"
#include "internals.h"
#include "prepared/prepared_private.h"

static void push_layers(lua_State *L, const ct_layers *layers) {
    lua_createtable(L, (int) layers->count, 0);
    for (size_t i = 0; i < layers->count; i++) {
        lua_createtable(L, 0, 3);
        lua_pushstring(L, layers->list[i].key);
        lua_setfield(L, -2, "key");
        lua_pushinteger(L, (lua_Integer) layers->list[i].steps);
        lua_setfield(L, -2, "steps");
        lua_pushstring(L, layers->list[i].inputs);
        lua_setfield(L, -2, "inputs");
        lua_rawseti(L, -2, (lua_Integer) i + 1);
    }
}

/* The origin's strings stay in the table at index. */
static ct_origin check_origin(lua_State *L, int index) {
    luaL_checktype(L, index, LUA_TTABLE);
    lua_getfield(L, index, "fingerprint");
    lua_getfield(L, index, "guest");
    lua_getfield(L, index, "project");
    lua_getfield(L, index, "profiles");
    ct_origin origin = {.fingerprint = lua_tostring(L, -4),
                        .guest = lua_tostring(L, -3),
                        .project = lua_tostring(L, -2),
                        .profiles = lua_tostring(L, -1)};
    lua_pop(L, 4);
    return origin;
}

/* layers(job, origin [, seconds]) -> a list of { key, steps, inputs } */
static int layers(lua_State *L) {
    ct_job given, job;
    ct_arena arena;
    ct_error error = {0};
    ct_layers found;
    ct_origin origin = check_origin(L, 2);
    ct_wait wait = ct_wait_for(luaL_optnumber(L, 3, 60), -1);
    lct_job_read(L, 1, &given);
    ct_arena_init(&arena);
    int code = ct_job_copy(&arena, &job, &given, &error);
    if (code == CT_OK)
        code = ct_layers_compute(&found, &arena, &job, &origin, &wait, &error);
    if (code == CT_OK)
        push_layers(L, &found);
    ct_arena_fini(&arena);
    return code < 0 ? internals_failure(L, code, &error) : 1;
}

/* missing(inputs, other) -> the label of the first that other does not have; nil: it
 * has all */
static int missing(lua_State *L) {
    ct_arena arena;
    ct_arena_init(&arena);
    lua_pushstring(
        L, ct_inputs_missing(&arena, luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
    ct_arena_fini(&arena);
    return 1;
}

/* json_sorted(text) -> the same document, its objects' keys sorted */
static int json_sorted(lua_State *L) {
    size_t length;
    ct_buf buf;
    ct_error error = {0};
    const char *text = luaL_checklstring(L, 1, &length);
    ct_json *json = ct_json_new();
    ct_buf_init(&buf, CT_MIB);
    int code = json ? ct_json_parse(json, text, length, &error) : CT_E_NO_MEMORY;
    if (code == CT_OK)
        code = ct_json_write_sorted(json, &buf);
    ct_json_free(json);
    if (code == CT_OK)
        return internals_take(L, &buf);
    ct_buf_fini(&buf);
    return internals_failure(L, code, &error);
}

/* digest(part...) -> SHA-256 of the strings, as they are, one behind the other */
static int digest_of(lua_State *L) {
    char hex[CT_DIGEST_SIZE];
    ct_digest digest;
    int top = lua_gettop(L);
    ct_digest_init(&digest);
    for (int i = 1; i <= top; i++) {
        size_t length;
        const char *part = lua_tolstring(L, i, &length);
        ct_digest_bytes(&digest, part, length);
    }
    int code = ct_digest_end(&digest, hex, NULL);
    if (code < 0)
        return internals_failure(L, code, NULL);
    lua_pushstring(L, hex);
    return 1;
}

void internals_keys(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"layers", layers},
        {"inputs_missing", missing},
        {"json_sorted", json_sorted},
        {"digest", digest_of},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
