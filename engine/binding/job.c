/* SPDX-License-Identifier: MIT
 *
 * job.c - a job's table becomes a ct_job. All of it is checked before the engine sees
 * any, and every array lives in a userdata that one table anchors, so a throw in the
 * middle leaks nothing. The tables are:
 *
 *   job      name image local_image remote_source(JSON) instance(JSON) target testlet
 *            start_hooks stop_hooks env testlet_env timeout ready_timeout output_limit
 *            ready preserve isolation fresh warm
 *   testlet  kind name code identity argv args
 *   hook     name steps
 *   step     kind name run(testlet) source data dest directory no_overwrite keep_owners
 *            user group mode limit optional always timeout
 */
#include <string.h>

#include "binding/binding.h"

/* The words of each enumeration, in its order. */
#define CT_X(name, word) word,
static const char *const testlet_kinds[] = {CT_TESTLET_KINDS(CT_X) NULL};
static const char *const step_kinds[] = {CT_STEP_KINDS(CT_X) NULL};
static const char *const preserves[] = {CT_PRESERVES(CT_X) NULL};
static const char *const isolations[] = {CT_ISOLATIONS(CT_X) NULL};
static const char *const readies[] = {CT_READY_LEVELS(CT_X) NULL};
#undef CT_X

typedef struct reader {
    lua_State *L;
    int anchors; /* the table that keeps the arrays alive */
} reader;

/* A zeroed array of count items; the anchors own it. */
static void *new_array(reader *self, size_t count, size_t size) {
    lua_State *L = self->L;
    void *array = lua_newuserdatauv(L, count * size, 0);
    memset(array, 0, count * size);
    lua_rawseti(L, self->anchors, (lua_Integer) lua_rawlen(L, self->anchors) + 1);
    return array;
}

/* A NULL-ended array of the strings in the list under key; NULL when there is no list. */
static const char *const *read_strings(reader *self, int index, const char *key) {
    lua_State *L = self->L;
    size_t count = lct_field_list(L, index, key);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return NULL;
    }
    const char **strings = new_array(self, count + 1, sizeof *strings);
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        if (lua_rawgeti(L, -1, (lua_Integer) i + 1) != LUA_TSTRING)
            luaL_error(L, "item %d of '%s' must be a string", (int) i + 1, key);
        strings[i] = lua_tolstring(L, -1, &length);
        if (strlen(strings[i]) != length)
            luaL_error(L, "item %d of '%s' has a NUL in it", (int) i + 1, key);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return strings;
}

/* Reads the testlet under key; one that must be there, so that no job is without. */
static const ct_testlet *read_testlet(reader *self, int index, const char *key) {
    lua_State *L = self->L;
    ct_testlet *testlet = new_array(self, 1, sizeof *testlet);
    *testlet = (ct_testlet) CT_TESTLET_INIT;
    lct_field_list(L, index, key);
    luaL_argcheck(L, lua_istable(L, -1), 2, "a testlet is missing");
    int at = lua_gettop(L), kind = CT_TESTLET_COMMAND;
    const char *code = NULL, *args = NULL, *identity = NULL;
    lct_field_choice(L, at, "kind", testlet_kinds, &kind);
    lct_field_string(L, at, "name", &testlet->name);
    lct_field_bytes(L, at, "code", &code, &testlet->code_length);
    lct_field_bytes(L, at, "identity", &identity, &testlet->identity_length);
    lct_field_bytes(L, at, "args", &args, &testlet->args_length);
    testlet->kind = (ct_testlet_kind) kind;
    testlet->code = code;
    testlet->identity = identity;
    testlet->args = args;
    testlet->argv = read_strings(self, at, "argv");
    lua_pop(L, 1);
    return testlet;
}

/* Reads the step on top of the stack. */
static void read_step(reader *self, ct_step *step) {
    lua_State *L = self->L;
    int at = lua_gettop(L), kind = CT_STEP_RUN;
    const char *data = NULL;
    size_t limit = 0;
    lct_field_choice(L, at, "kind", step_kinds, &kind);
    lct_field_string(L, at, "name", &step->name);
    lct_field_string(L, at, "source", &step->source);
    lct_field_bytes(L, at, "data", &data, &step->data_length);
    lct_field_string(L, at, "dest", &step->dest);
    lct_field_boolean(L, at, "directory", &step->directory);
    lct_field_boolean(L, at, "no_overwrite", &step->no_overwrite);
    lct_field_boolean(L, at, "always", &step->always);
    lct_field_boolean(L, at, "optional", &step->optional);
    lct_field_boolean(L, at, "keep_owners", &step->keep_owners);
    lct_field_string(L, at, "user", &step->user);
    lct_field_string(L, at, "group", &step->group);
    lct_field_unsigned(L, at, "mode", &step->mode);
    lct_field_size(L, at, "limit", &limit);
    lct_field_seconds(L, at, "timeout", &step->timeout);
    step->kind = (ct_step_kind) kind;
    step->data = data;
    step->limit = limit;
    if (step->kind == CT_STEP_RUN)
        step->run = read_testlet(self, at, "run");
}

/* Reads the hook on top of the stack. */
static void read_hook(reader *self, ct_hook *hook) {
    lua_State *L = self->L;
    int at = lua_gettop(L);
    lct_field_string(L, at, "name", &hook->name);
    hook->step_count = lct_field_list(L, at, "steps");
    ct_step *steps = new_array(self, hook->step_count + 1, sizeof *steps);
    for (size_t i = 0; i < hook->step_count; i++) {
        if (lua_rawgeti(L, at + 1, (lua_Integer) i + 1) != LUA_TTABLE)
            luaL_error(L, "a hook's step must be a table");
        steps[i] = (ct_step) CT_STEP_INIT;
        read_step(self, &steps[i]);
        lua_pop(L, 1);
    }
    hook->steps = steps;
    lua_pop(L, 1);
}

static const ct_hook *read_hooks(reader *self, int index, const char *key,
                                 size_t *count) {
    lua_State *L = self->L;
    *count = lct_field_list(L, index, key);
    int list = lua_gettop(L);
    ct_hook *hooks = new_array(self, *count + 1, sizeof *hooks);
    for (size_t i = 0; i < *count; i++) {
        if (lua_rawgeti(L, list, (lua_Integer) i + 1) != LUA_TTABLE)
            luaL_error(L, "a hook must be a table");
        hooks[i] = (ct_hook) CT_HOOK_INIT;
        read_hook(self, &hooks[i]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return hooks;
}

void lct_job_read(lua_State *L, int index, ct_job *job) {
    luaL_checktype(L, index, LUA_TTABLE);
    luaL_checkstack(L, 20, "a job");
    lua_newtable(L);
    reader self = {.L = L, .anchors = lua_gettop(L)};
    int ready = CT_READY_DEFAULT, preserve = CT_PRESERVE_NEVER;
    int isolation = CT_ISOLATION_TESTLET;
    *job = (ct_job) CT_JOB_INIT;
    lct_field_string(L, index, "name", &job->name);
    lct_field_string(L, index, "image", &job->image);
    lct_field_string(L, index, "local_image", &job->local_image);
    lct_field_string(L, index, "remote_source", &job->remote_source);
    lct_field_string(L, index, "instance", &job->instance_json);
    lct_field_string(L, index, "target", &job->target);
    lct_field_seconds(L, index, "timeout", &job->timeout);
    lct_field_seconds(L, index, "ready_timeout", &job->ready_timeout);
    lct_field_size(L, index, "output_limit", &job->output_limit);
    lct_field_choice(L, index, "ready", readies, &ready);
    lct_field_choice(L, index, "preserve", preserves, &preserve);
    lct_field_choice(L, index, "isolation", isolations, &isolation);
    lct_field_boolean(L, index, "fresh", &job->fresh);
    lct_field_unsigned(L, index, "warm", &job->warm);
    job->ready = (ct_ready) ready;
    job->preserve = (ct_preserve) preserve;
    job->isolation = (ct_isolation) isolation;
    job->testlet = read_testlet(&self, index, "testlet");
    job->start_hooks = read_hooks(&self, index, "start_hooks", &job->start_hook_count);
    job->stop_hooks = read_hooks(&self, index, "stop_hooks", &job->stop_hook_count);
    job->env = read_strings(&self, index, "env");
    job->testlet_env = read_strings(&self, index, "testlet_env");
}
