/* SPDX-License-Identifier: MIT
 *
 * internals_history.c - recorded durations, and what must be left of the machine, for
 * history_spec.lua.
 */
#include <pthread.h>
#include <stdio.h>

#include "internals.h"
#include "schedule/schedule.h"

#define CROWD_MAX 64

/* history_open(path) -> handle; nil: no place for one. path nil: the usual one */
static int open_history(lua_State *L) {
    ct_history *history = ct_history_open(luaL_optstring(L, 1, NULL));
    if (!history)
        return 0;
    lua_pushlightuserdata(L, history);
    return 1;
}

/* history_seconds(handle, key) -> seconds, weight */
static int seconds(lua_State *L) {
    const char *key = luaL_checkstring(L, 2);
    lua_pushnumber(L, ct_history_seconds(lua_touserdata(L, 1), key));
    lua_pushnumber(L, ct_history_weight(lua_touserdata(L, 1), key));
    return 2;
}

/* history_record(handle, key, seconds) */
static int record(lua_State *L) {
    ct_history_record(lua_touserdata(L, 1), luaL_checkstring(L, 2),
                      luaL_checknumber(L, 3));
    return 0;
}

/* history_close(handle) */
static int close_history(lua_State *L) {
    ct_history_close(lua_touserdata(L, 1));
    return 0;
}

struct member {
    pthread_t thread;
    const char *path;
    int number;
};

static void *come_and_go(void *data) {
    const struct member *member = data;
    char key[32];
    snprintf(key, sizeof key, "member %d", member->number);
    ct_history *history = ct_history_open(member->path);
    ct_history_record(history, key, member->number);
    ct_history_close(history);
    return NULL;
}

/* history_crowd(path, count): so many at once open it, record a key of their own,
 * close it */
static int crowd(lua_State *L) {
    struct member members[CROWD_MAX];
    const char *path = luaL_checkstring(L, 1);
    int count = (int) luaL_checkinteger(L, 2), started = 0;
    luaL_argcheck(L, count <= CROWD_MAX, 2, "too many");
    for (; started < count; started++) {
        members[started] = (struct member){.path = path, .number = started + 1};
        if (pthread_create(&members[started].thread, NULL, come_and_go,
                           &members[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++)
        pthread_join(members[i].thread, NULL);
    lua_pushinteger(L, started);
    return 1;
}

/* reserve_left({ memory =, cpu = }, { meminfo =, loadavg =, cpus = }) -> boolean; without
 * the second: this machine's */
static int reserve_left(lua_State *L) {
    lua_settop(L, 2);
    lua_getfield(L, 1, "memory");
    lua_getfield(L, 1, "cpu");
    ct_reserve reserve = {.memory = (size_t) luaL_optinteger(L, 3, 0),
                          .cpu = luaL_optnumber(L, 4, 0)};
    if (lua_isnil(L, 2)) {
        lua_pushboolean(L, ct_reserve_allows(&reserve));
        return 1;
    }
    lua_getfield(L, 2, "meminfo");
    lua_getfield(L, 2, "loadavg");
    lua_getfield(L, 2, "cpus");
    ct_reserve_sources sources = {.meminfo = luaL_checkstring(L, 5),
                                  .loadavg = luaL_checkstring(L, 6),
                                  .cpus = luaL_checknumber(L, 7)};
    lua_pushboolean(L, ct_reserve_left(&reserve, &sources));
    return 1;
}

void internals_history(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"history_open", open_history},
        {"history_seconds", seconds},
        {"history_record", record},
        {"history_close", close_history},
        {"history_crowd", crowd},
        {"reserve_left", reserve_left},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
    lua_pushinteger(L, CT_HISTORY_MAX);
    lua_setfield(L, -2, "HISTORY_MAX");
    lua_pushinteger(L, CT_HISTORY_KEY);
    lua_setfield(L, -2, "HISTORY_KEY");
}
