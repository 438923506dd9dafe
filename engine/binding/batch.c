/* SPDX-License-Identifier: MIT
 *
 * batch.c - userdata over ct_batch: jobs go in as tables, events come out as tables. It
 * keeps no results and knows no order; that is the Lua layer's.
 */
#include "binding/binding.h"

#define BATCH_TYPE "cleantest.batch"

/* The longest sleep without a look at caught signals: one that comes just before the
 * engine starts to wait is not slept through. Seconds. */
#define SLICE 1.0

typedef struct lct_batch {
    ct_batch *batch; /* NULL: closed */
    lct_run *run;    /* kept alive by the first user value */
    bool cancelled;
} lct_batch;

static lct_batch *check_open(lua_State *L) {
    lct_batch *self = luaL_checkudata(L, 1, BATCH_TYPE);
    if (!self->batch)
        luaL_error(L, "this batch is closed");
    return self;
}

static ct_reserve read_reserve(lua_State *L, int index) {
    ct_reserve reserve = CT_RESERVE_INIT;
    if (lua_isnoneornil(L, index))
        return reserve;
    luaL_checktype(L, index, LUA_TTABLE);
    lct_field_size(L, index, "memory", &reserve.memory);
    lct_field_seconds(L, index, "cpu", &reserve.cpu);
    return reserve;
}

/***
An empty batch.
@function batch_new
@tparam run run
@tparam[opt=0] int max_live the most instances alive at once; 0: as many as there are CPUs
@tparam[opt] table reserve what must be left of this machine: memory (bytes), cpu (a
  number)
@treturn batch the batch; or nil, message, NAME
*/
int lct_batch_new(lua_State *L) {
    lct_run *run = lct_check_run(L, 1);
    lua_Integer max_live = luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, max_live >= 0 && max_live <= 100000, 2, "out of range");
    ct_reserve reserve = read_reserve(L, 3);
    lct_batch *self = lua_newuserdatauv(L, sizeof *self, 1);
    *self = (lct_batch){0};
    luaL_setmetatable(L, BATCH_TYPE);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    ct_error error = {0};
    self->batch = ct_batch_new(run->run, (unsigned) max_live, &error);
    if (!self->batch)
        return lct_failure(L, error.code, &error);
    self->run = run;
    run->batches++;
    int code = ct_batch_reserve(self->batch, &reserve, &error);
    return code < 0 ? lct_failure(L, code, &error) : 1;
}

/***
Copies a job into a batch that was not started.
@function batch:add
@tparam table job see job.c
@treturn int the job's number, from 1; or nil, message, NAME
*/
static int lct_batch_add(lua_State *L) {
    lct_batch *self = check_open(L);
    ct_job job;
    ct_error error = {0};
    lct_job_read(L, 2, &job);
    int number = ct_batch_add(self->batch, &job, &error);
    if (number < 0)
        return lct_failure(L, number, &error);
    lua_pushinteger(L, number + 1);
    return 1;
}

/* The main thread's hook is the one a signal handler sets (lua5.4's own does). While a
 * coroutine waits it could not fire, so it moves here. */
static void borrow_hook(lua_State *L, lua_Hook before) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    lua_State *main = lua_tothread(L, -1);
    lua_pop(L, 1);
    lua_Hook hook = lua_gethook(main);
    if (main == L || !hook || hook == before)
        return;
    lua_sethook(L, hook, lua_gethookmask(main), lua_gethookcount(main));
    lua_sethook(main, NULL, 0, 0);
}

/* Runs a trivial bit of Lua, so that a hook set by a signal handler can throw. */
static void run_hook(lua_State *L) {
    if (luaL_loadbufferx(L, "return", 6, "=cleantest:wait", "t") != LUA_OK)
        lua_error(L);
    lua_call(L, 0, 0);
}

static lua_Hook main_hook(lua_State *L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    lua_Hook hook = lua_gethook(lua_tothread(L, -1));
    lua_pop(L, 1);
    return hook;
}

static int interrupted(lua_State *L) {
    lua_pushnil(L);
    lua_pushfstring(L, "interrupted by %s", lct_signals_pending());
    lua_pushstring(L, ct_error_name(CT_E_INTERRUPTED));
    return 3;
}

/* The engine's start, which the command's first signal cancels, and any other one
 * interrupts. */
static int start_once(lct_batch *self, ct_error *error) {
    lct_signals_cancel(self->batch);
    int code =
        lct_signals_pending() ? CT_E_INTERRUPTED : ct_batch_start(self->batch, error);
    lct_signals_cancel(NULL);
    return code;
}

/***
Checks that every image exists, then starts the work. A signal that the command has caught
ends it; the batch is then to be closed.
@function batch:start
@treturn boolean true; or nil, message, NAME (UNKNOWN_IMAGE, INTERRUPTED ...)
*/
static int lct_batch_start(lua_State *L) {
    lua_Hook before = main_hook(L);
    for (;;) {
        lct_batch *self = check_open(L);
        ct_error error = {0};
        int code = start_once(self, &error);
        if (code < 0 && lct_signals_pending())
            return interrupted(L);
        if (code == CT_OK) {
            lua_pushboolean(L, 1);
            return 1;
        }
        if (code != CT_E_INTERRUPTED)
            return lct_failure(L, code, &error);
        borrow_hook(L, before);
        run_hook(L);
    }
}

/***
Waits for the next event. A signal that the command has caught ends the wait, unless the
batch was cancelled: then it is waited for to its end.
@function batch:wait
@tparam[opt] number seconds default: for ever
@treturn table|boolean the event (see result.c); false when every job is over; or nil,
  message, NAME (TIMEOUT, INTERRUPTED ...)
*/
static int lct_batch_wait(lua_State *L) {
    double left = luaL_optnumber(L, 2, -1);
    lua_Hook before = main_hook(L);
    for (;;) {
        lct_batch *self = check_open(L);
        if (!self->cancelled && lct_signals_pending())
            return interrupted(L);
        double slice = left < 0 || left > SLICE ? SLICE : left;
        ct_error error = {0};
        ct_event *event;
        int code = ct_batch_wait(self->batch, slice, &event, &error);
        if (code > 0) {
            lct_push_event(L, event);
            return 1;
        }
        if (code == CT_OK) {
            lua_pushboolean(L, 0);
            return 1;
        }
        if (code != CT_E_TIMEOUT && code != CT_E_INTERRUPTED)
            return lct_failure(L, code, &error);
        borrow_hook(L, before);
        run_hook(L);
        if (left >= 0 && code == CT_E_TIMEOUT && (left -= slice) <= 0)
            return lct_failure(L, code, NULL);
    }
}

/***
Ends every job as soon as it can be ended; returns at once.
@function batch:cancel
*/
static int lct_batch_cancel(lua_State *L) {
    lct_batch *self = check_open(L);
    self->cancelled = true;
    ct_batch_cancel(self->batch);
    return 0;
}

/***
Cancels what is not over, waits until no instance is left, and frees the batch. May be
called again.
@function batch:close
@treturn boolean true; or nil, message, NAME of the first failure to tear an instance down
*/
static int lct_batch_close(lua_State *L) {
    lct_batch *self = luaL_checkudata(L, 1, BATCH_TYPE);
    ct_batch *batch = self->batch;
    self->batch = NULL;
    if (batch) {
        ct_error error = {0};
        int code = ct_batch_close(batch, &error);
        lct_run_release(self->run);
        if (code < 0)
            return lct_failure(L, code, &error);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static const luaL_Reg methods[] = {
    {"add", lct_batch_add},       {"start", lct_batch_start}, {"wait", lct_batch_wait},
    {"cancel", lct_batch_cancel}, {"close", lct_batch_close}, {NULL, NULL},
};

void lct_batch_init(lua_State *L) {
    lct_new_type(L, BATCH_TYPE, methods, lct_batch_close);
}
