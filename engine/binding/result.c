/* SPDX-License-Identifier: MIT
 *
 * result.c - results and events as plain Lua tables. What a testlet returned is decoded
 * here, as plain data only: no function that comes from a guest ever becomes one.
 */
#include <string.h>

#include "binding/binding.h"

static void set_string(lua_State *L, const char *key, const char *value) {
    if (!value)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void set_bytes(lua_State *L, const char *key, const char *data, size_t length) {
    lua_pushlstring(L, data ? data : "", length);
    lua_setfield(L, -2, key);
}

static void set_number(lua_State *L, const char *key, double value) {
    lua_pushnumber(L, value);
    lua_setfield(L, -2, key);
}

static void set_phases(lua_State *L, const ct_result *result) {
    lua_createtable(L, 0, CT_PHASE_COUNT);
    for (int i = 0; i < CT_PHASE_COUNT; i++) {
        double seconds = ct_result_phase(result, (ct_phase) i);
        if (seconds >= 0)
            set_number(L, ct_phase_name((ct_phase) i), seconds);
    }
    lua_setfield(L, -2, "phases");
}

static void set_resources(lua_State *L, const ct_result *result) {
    lua_createtable(L, 0, 3);
    set_number(L, "cpu_user", result->cpu_user);
    set_number(L, "cpu_system", result->cpu_system);
    lua_pushinteger(L, (lua_Integer) result->max_rss);
    lua_setfield(L, -2, "max_rss");
    lua_setfield(L, -2, "resources");
}

/* A value that can't be read says nothing good of the guest: the result is an error. */
static void set_value(lua_State *L, const ct_result *result) {
    if (!result->value)
        return;
    ct_error error = {0};
    const char *at = result->value;
    int code = ct_lua_unpack(L, &at, at + result->value_length, false, &error);
    if (code == CT_OK) {
        lua_setfield(L, -2, "value");
        return;
    }
    set_string(L, "status", ct_status_name(CT_STATUS_ERROR));
    lua_pushfstring(L, "the testlet's return value can't be read: %s", error.message);
    lua_setfield(L, -2, "error");
}

void lct_push_result(lua_State *L, const ct_result *result) {
    luaL_checkstack(L, 5, "a result");
    lua_createtable(L, 0, 16);
    set_string(L, "name", result->name);
    set_string(L, "instance", result->instance);
    set_string(L, "image", result->image);
    set_string(L, "testlet", result->testlet);
    set_string(L, "status", ct_status_name(result->status));
    set_string(L, "error", result->error);
    set_string(L, "base", result->base);
    set_bytes(L, "stdout", result->stdout_data, result->stdout_length);
    set_bytes(L, "stderr", result->stderr_data, result->stderr_length);
    set_number(L, "duration", result->duration);
    lua_pushinteger(L, result->exit_code);
    lua_setfield(L, -2, "exit_code");
    if (result->signal) {
        lua_pushinteger(L, result->signal);
        lua_setfield(L, -2, "signal");
    }
    lua_pushboolean(L, result->timed_out);
    lua_setfield(L, -2, "timed_out");
    lua_pushboolean(L, result->base_built);
    lua_setfield(L, -2, "base_built");
    set_phases(L, result);
    set_resources(L, result);
    set_value(L, result);
}

static const char *const event_types[] = {
#define CT_X(name, word) word,
    CT_EVENT_TYPES(CT_X)
#undef CT_X
};

void lct_push_event(lua_State *L, const ct_event *event) {
    lua_createtable(L, 0, 8);
    set_string(L, "type", event_types[event->type]);
    lua_pushinteger(L, (lua_Integer) event->job + 1);
    lua_setfield(L, -2, "job");
    set_string(L, "instance", event->instance);
    set_string(L, "message", event->message);
    set_number(L, "time", event->time);
    if (event->type == CT_EVENT_PHASE)
        set_string(L, "phase", ct_phase_name(event->phase));
    if (event->type == CT_EVENT_DONE)
        set_number(L, "seconds", event->seconds);
    lua_pushboolean(L, event->preserved);
    lua_setfield(L, -2, "preserved");
    if (event->result) {
        lct_push_result(L, event->result);
        lua_setfield(L, -2, "result");
    }
}
