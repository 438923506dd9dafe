/* SPDX-License-Identifier: MIT
 *
 * run.c - userdata over ct_run, and the client settings it is opened with. A run outlives
 * its batches whatever order the collector chooses: it is closed with the last of them.
 */
#include <string.h>

#include "binding/binding.h"

#define RUN_TYPE "cleantest.run"

void lct_settings_read(lua_State *L, int index, ct_settings *settings) {
    *settings = (ct_settings) CT_SETTINGS_INIT;
    if (lua_isnoneornil(L, index))
        return;
    luaL_checktype(L, index, LUA_TTABLE);
    lct_field_string(L, index, "endpoint", &settings->endpoint);
    lct_field_string(L, index, "client_cert", &settings->client_cert);
    lct_field_string(L, index, "client_key", &settings->client_key);
    lct_field_string(L, index, "verify", &settings->verify);
    lct_field_seconds(L, index, "timeout", &settings->timeout);
    lct_field_string(L, index, "project", &settings->project);
    lct_field_string(L, index, "state", &settings->state);
    size_t size = 0;
    lct_field_seconds(L, index, "base_age", &settings->base_age);
    lct_field_size(L, index, "base_count", &settings->base_count);
    lct_field_size(L, index, "base_size", &size);
    settings->base_size = size;
    lct_log_read(L, index, settings);
}

/***
Finds LXD, connects, and checks that it trusts us.
@function run_open
@tparam[opt] table settings endpoint, client_cert, client_key, verify, timeout (seconds),
  project, state, base_age (seconds), base_count, base_size (bytes), log: "error",
  "warning", "info" or "debug", to stderr
@treturn run the run; or nil, message, NAME
*/
int lct_run_open(lua_State *L) {
    ct_settings settings;
    lct_settings_read(L, 1, &settings);
    lct_run *self = lua_newuserdatauv(L, sizeof *self, 0);
    *self = (lct_run){0};
    luaL_setmetatable(L, RUN_TYPE);
    ct_error error = {0};
    self->run = ct_run_open(&settings, &error);
    if (!self->run)
        return lct_failure(L, error.code, &error);
    return 1;
}

lct_run *lct_check_run(lua_State *L, int index) {
    lct_run *self = luaL_checkudata(L, index, RUN_TYPE);
    if (!self->run || self->closing)
        luaL_error(L, "this run is closed");
    return self;
}

static void close_idle(lct_run *self) {
    if (self->batches > 0)
        return;
    ct_run_close(self->run);
    self->run = NULL;
}

void lct_run_release(lct_run *self) {
    self->batches--;
    if (self->closing)
        close_idle(self);
}

/***
Ends the run, as soon as its last batch is closed. May be called again.
@function run:close
*/
static int lct_run_close(lua_State *L) {
    lct_run *self = luaL_checkudata(L, 1, RUN_TYPE);
    self->closing = true;
    close_idle(self);
    return 0;
}

/***
The id that the run's instances carry.
@function run:id
@treturn string 8 to 16 of [0-9a-z]
*/
static int lct_run_id(lua_State *L) {
    lua_pushstring(L, ct_run_id(lct_check_run(L, 1)->run));
    return 1;
}

/***
What was found, in words: "lxd 5.0.2 at /var/lib/lxd/unix.socket".
@function run:server
@treturn string
*/
static int lct_run_server(lua_State *L) {
    lua_pushstring(L, ct_run_server(lct_check_run(L, 1)->run));
    return 1;
}

#define LIST_LIMIT (4 * CT_MIB) /* bytes of names */

/* Called back with no protected call around it: touches no Lua. What doesn't fit is not
 * listed. */
static void note(void *context, const ct_instance *instance) {
    ct_buf *buf = context;
    if (ct_buf_add(buf, instance->name, strlen(instance->name) + 1) < 0)
        return;
}

/***
The run's instances that LXD has now.
@function run:instances
@treturn table a list of names; or nil, message, NAME
*/
static int lct_run_instances(lua_State *L) {
    ct_run *run = lct_check_run(L, 1)->run;
    ct_error error = {0};
    ct_buf *buf = lct_new_buf(L, LIST_LIMIT);
    int code = ct_instances_visit(run, note, buf, &error);
    if (code < 0)
        return lct_failure(L, code, &error);
    lua_newtable(L);
    const char *at = buf->data;
    for (lua_Integer i = 1; at && at < buf->data + buf->length; i++) {
        lua_pushstring(L, at);
        lua_rawseti(L, -2, i);
        at += strlen(at) + 1;
    }
    return 1;
}

/***
Deletes instances of the run's that jobs have kept.
@function run:destroy
@tparam table names a list of strings; what is not there is passed over
@treturn int how many were deleted; or nil, message, NAME
*/
static int lct_run_destroy(lua_State *L) {
    ct_run *run = lct_check_run(L, 1)->run;
    luaL_checktype(L, 2, LUA_TTABLE);
    ct_error error = {0};
    size_t count = lua_rawlen(L, 2);
    const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
    for (size_t i = 0; i < count; i++) {
        /* borrowed from the table */
        if (lua_rawgeti(L, 2, (lua_Integer) i + 1) != LUA_TSTRING)
            return luaL_error(L, "name %d must be a string", (int) i + 1);
        names[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    names[count] = NULL;
    int gone = ct_instances_destroy(run, names, &error);
    if (gone < 0)
        return lct_failure(L, gone, &error);
    lua_pushinteger(L, gone);
    return 1;
}

static const luaL_Reg methods[] = {
    {"id", lct_run_id},
    {"server", lct_run_server},
    {"instances", lct_run_instances},
    {"destroy", lct_run_destroy},
    {"close", lct_run_close},
    {NULL, NULL},
};

void lct_run_init(lua_State *L) {
    lct_new_type(L, RUN_TYPE, methods, lct_run_close);
}
