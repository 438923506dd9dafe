/* SPDX-License-Identifier: MIT
 *
 * json_sorted.c - a JSON document as text with the keys of its objects in order. Equal
 * documents become equal texts, which digests need.
 */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "basic/json_private.h"

struct writing {
    ct_buf *out;
    int code;
};

struct key {
    const char *text; /* anchored in the document */
    size_t length;
};

static void write_sorted(lua_State *lua, struct writing *writing);

static void add_text(struct writing *writing, const char *text, size_t length) {
    if (writing->code == CT_OK)
        writing->code = ct_buf_add(writing->out, text, length);
}

static int compare_keys(const void *a, const void *b) {
    const struct key *first = a, *second = b;
    return ct_compare_bytes(first->text, first->length, second->text, second->length);
}

/* Sorts the keys of the object on top, and pushes what owns the result. */
static struct key *push_sorted_keys(lua_State *lua, size_t *count) {
    *count = 0;
    for (lua_pushnil(lua); lua_next(lua, -2); lua_pop(lua, 1))
        ++*count;
    struct key *keys = lua_newuserdatauv(lua, (*count + 1) * sizeof *keys, 0);
    size_t i = 0;
    for (lua_pushnil(lua); lua_next(lua, -3); lua_pop(lua, 1)) {
        /* a document that came from text has no other keys; lua_tolstring() would convert
         * one in place, which ends the walk */
        if (lua_type(lua, -2) != LUA_TSTRING)
            luaL_error(lua, "neither an array nor an object");
        keys[i].text = lua_tolstring(lua, -2, &keys[i].length);
        i++;
    }
    qsort(keys, *count, sizeof *keys, compare_keys);
    return keys;
}

static void write_object(lua_State *lua, struct writing *writing) {
    size_t count;
    struct key *keys = push_sorted_keys(lua, &count);
    add_text(writing, "{", 1);
    for (size_t i = 0; i < count; i++) {
        add_text(writing, ",", i > 0);
        lua_pushlstring(lua, keys[i].text, keys[i].length);
        write_sorted(lua, writing);
        add_text(writing, ":", 1);
        lua_rawget(lua, -3);
        write_sorted(lua, writing);
        lua_pop(lua, 1);
    }
    add_text(writing, "}", 1);
    lua_pop(lua, 1);
}

static void write_array(lua_State *lua, struct writing *writing) {
    lua_Integer count = (lua_Integer) lua_rawlen(lua, -1);
    add_text(writing, "[", 1);
    for (lua_Integer i = 1; i <= count; i++) {
        add_text(writing, ",", i > 1);
        lua_rawgeti(lua, -1, i);
        write_sorted(lua, writing);
        lua_pop(lua, 1);
    }
    add_text(writing, "]", 1);
}

/* Writes the value on top, which stays there. */
static void write_sorted(lua_State *lua, struct writing *writing) {
    luaL_checkstack(lua, 8, "JSON");
    if (lua_istable(lua, -1) && lua_rawlen(lua, -1) > 0) {
        write_array(lua, writing);
    } else if (lua_istable(lua, -1)) {
        write_object(lua, writing);
    } else {
        size_t length;
        lua_getfield(lua, LUA_REGISTRYINDEX, "encode");
        lua_pushvalue(lua, -2);
        lua_call(lua, 1, 1);
        const char *text = lua_tolstring(lua, -1, &length);
        add_text(writing, text, length);
        lua_pop(lua, 1);
    }
}

static int protected_write_sorted(lua_State *lua) {
    struct writing *writing = lua_touserdata(lua, 2);
    lua_pushvalue(lua, 1);
    write_sorted(lua, writing);
    return 0;
}

int ct_json_write_sorted(ct_json *json, ct_buf *out) {
    struct writing writing = {.out = out};
    int code = ct_json_call(json, protected_write_sorted, &writing);
    return code < 0 ? code : writing.code;
}
