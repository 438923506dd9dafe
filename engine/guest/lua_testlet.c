/* SPDX-License-Identifier: MIT
 *
 * lua_testlet.c - a Lua testlet, in its own process: calls it with its arguments, in the
 * state that the request was read into, and sends what it returned to the guest.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "guest/guest.h"

/* true when a function on the stack is not the library's, which is known by the names of
 * its chunks. */
static bool has_own_code(lua_State *L) {
    static const char library[] = "=cleantest.";
    lua_Debug frame;
    for (int level = 1; lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "S", &frame);
        if (strcmp(frame.what, "C") != 0 &&
            strncmp(frame.source, library, sizeof library - 1) != 0)
            return true;
    }
    return false;
}

/* What was thrown, in words: a table by its fields. */
static const char *show_thrown(lua_State *L) {
    if (lua_type(L, 1) == LUA_TTABLE) {
        lua_getglobal(L, "require");
        lua_pushstring(L, "cleantest.show");
        if (lua_pcall(L, 1, 1, 0) == LUA_OK) {
            lua_pushvalue(L, 1);
            if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING)
                return lua_tostring(L, -1);
        }
        lua_pop(L, 1);
    }
    return luaL_tolstring(L, 1, NULL);
}

/* Adds a traceback, unless only the library's code is on the stack: where an installer
 * fails helps nobody. */
static int add_traceback(lua_State *L) {
    const char *message = show_thrown(L);
    if (has_own_code(L))
        luaL_traceback(L, L, message, 1);
    return 1;
}

/* Replaces the paths in the table on top that begin with GUEST_PREFIX. */
static void relocate(lua_State *L) {
    char own[PATH_MAX];
    if (!lua_checkstack(L, 4))
        return;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -1) == LUA_TTABLE) {
            relocate(L);
        } else if (lua_type(L, -1) == LUA_TSTRING &&
                   guest_own_path(lua_tostring(L, -1), own, sizeof own)) {
            lua_pushvalue(L, -2);
            lua_pushstring(L, own);
            lua_rawset(L, -5);
        }
    }
}

/* Unpacks the request's code, which loads the modules that came along, and pushes the
 * result. false: it pushes a message. */
static bool push_packed(lua_State *L, int request) {
    size_t length = 0;
    ct_error error = {0};
    lua_pushvalue(L, request);
    const char *code = guest_string(L, "code", &length);
    lua_pop(L, 1);
    const char *at = code;
    if (code && ct_lua_unpack(L, &at, code + length, true, &error) == CT_OK)
        return true;
    lua_pushstring(L, error.message);
    return false;
}

/* true for what Lua programs return when they have failed: nil or false, and a
 * message. */
static bool has_failed(lua_State *L, int first) {
    return lua_gettop(L) > first && !lua_toboolean(L, first) &&
           lua_type(L, first + 1) == LUA_TSTRING;
}

/* Pushes the function to call. false: it has written a message to stderr. The request is
 * at the index `request`. */
static bool push_callee(lua_State *L, int kind, int request) {
    if (kind == CT_TESTLET_LUA) {
        size_t length = 0;
        lua_pushvalue(L, request);
        const char *code = guest_string(L, "code", &length);
        const char *name = guest_string(L, "name", NULL);
        lua_pop(L, 1);
        if (luaL_loadbufferx(L, code ? code : "", length, name ? name : "=testlet",
                             "t") == LUA_OK)
            return true;
    } else if (push_packed(L, request)) {
        if (lua_type(L, -1) != LUA_TSTRING)
            return true;
        if (lua_getfield(L, request, "args") == LUA_TTABLE)
            relocate(L);
        lua_pop(L, 1);
        lua_getglobal(L, "require");
        lua_insert(L, -2);
        if (lua_pcall(L, 1, 1, 0) == LUA_OK)
            return true;
    }
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return false;
}

/* Pushes the arguments, and returns how many. -1: it has written a message to stderr. */
static int push_args(lua_State *L, int request) {
    int count = 0;
    if (lua_getfield(L, request, "args") == LUA_TTABLE) {
        lua_getfield(L, -1, "n");
        lua_Integer wanted = lua_tointeger(L, -1);
        lua_pop(L, 1);
        if (wanted < 0 || wanted >= INT_MAX || !lua_checkstack(L, (int) wanted + 1)) {
            fprintf(stderr, "cleantest: too many arguments\n");
            return -1;
        }
        count = (int) wanted;
        for (int i = 1; i <= count; i++)
            lua_rawgeti(L, -i, i);
        lua_remove(L, -count - 1);
    } else {
        lua_pop(L, 1);
    }
    return count;
}

/* Sends what the testlet returned to the parent. */
static int give_value(lua_State *L, int extra) {
    ct_buf value;
    ct_error error = {0};
    ct_buf_init(&value, CT_VALUE_SIZE_MAX);
    int code = ct_lua_pack(L, -1, &value, CT_LUA_NO_FUNCTIONS, &error);
    if (code < 0) {
        fprintf(stderr, "the testlet's return value can't travel: %s\n", error.message);
        return 1;
    }
    bool ignored = ct_write_all(extra, value.data, value.length);
    (void) ignored; /* the parent may have had enough, and say so itself */
    ct_buf_fini(&value);
    return 0;
}

/* Ends a Lua testlet, whose value is on top. What the module cleantest.test has collected
 * goes along with it, and a failure there is the testlet's. */
static int finish_lua(lua_State *L, int status, int extra) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    if (lua_getfield(L, -1, "cleantest.test") != LUA_TNIL &&
        luaL_getmetafield(L, -1, "collect") == LUA_TFUNCTION) {
        lua_pushvalue(L, -4);
        if (lua_pcall(L, 1, 2, 0) == LUA_OK) {
            status |= lua_toboolean(L, -1);
            lua_pop(L, 1);
        }
    } else {
        lua_pop(L, 2);
    }
    if (lua_isnil(L, -1))
        return status;
    return give_value(L, extra) | status;
}

int guest_run_lua(lua_State *L, int kind, int extra) {
    int request = lua_gettop(L);
    guest_open_libraries(L);
    lua_pushcfunction(L, add_traceback);
    int handler = lua_gettop(L);
    if (!push_callee(L, kind, request))
        return 1;
    int count = push_args(L, request);
    if (count < 0)
        return 1;
    int first = lua_gettop(L) - count;
    if (lua_pcall(L, count, LUA_MULTRET, handler) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        lua_pushnil(L);
        return finish_lua(L, 1, extra);
    }
    if (has_failed(L, first)) {
        fprintf(stderr, "%s\n", lua_tostring(L, first + 1));
        lua_pushnil(L);
        return finish_lua(L, 1, extra);
    }
    lua_settop(L, first);
    return finish_lua(L, 0, extra);
}
