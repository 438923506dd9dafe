/* SPDX-License-Identifier: MIT
 *
 * signals.c - what the `cleantest` command does with SIGINT, SIGTERM and SIGHUP. The
 * first one is remembered, and while a suite runs (armed) it becomes an error there, so
 * that the suite is unwound and everything is torn down. The second one takes its default
 * action: the process ends, and the reaper tears down what is left. A signal that was
 * ignored when the command started stays ignored.
 *
 * Only the command uses this. A handler needs state that belongs to the process, so there
 * is at most one of these at a time.
 */
#include <lualib.h>
#include <signal.h>

#include "binding/binding.h"

#define SIGNALS_TYPE "cleantest.signals"

static const struct {
    int number;
    const char *name;
} handled[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

/* All that the handler may touch. Lua's own lua_sethook is made to be called from one. */
static struct {
    volatile sig_atomic_t caught; /* the first signal; 0: none yet */
    volatile sig_atomic_t armed;  /* a suite runs in `state` */
    ct_batch *volatile starting;  /* is cancelled by the first; NULL: none */
    lua_State *state;             /* NULL: not open */
    const void *owner;            /* the userdata that opened it */
    struct sigaction old[CT_COUNT(handled)];
} signals;

const char *lct_signals_pending(void) {
    for (size_t i = 0; i < CT_COUNT(handled); i++)
        if (signals.state && signals.caught == handled[i].number)
            return handled[i].name;
    return NULL;
}

void lct_signals_cancel(ct_batch *batch) {
    signals.starting = batch;
}

static bool is_open(lua_State *L) {
    return luaL_checkudata(L, 1, SIGNALS_TYPE) == signals.owner && signals.state;
}

static void interrupt(lua_State *L, lua_Debug *record) {
    (void) record;
    lua_sethook(L, NULL, 0, 0);
    lua_pushfstring(L, "interrupted by %s", lct_signals_pending());
    lua_error(L);
}

static void set_hook(void) {
    int mask = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
    lua_sethook(signals.state, interrupt, mask, 1);
}

static void handle(int number) {
    if (signals.caught) {
        signal(number, SIG_DFL);
        raise(number); /* takes effect when this handler returns */
        return;
    }
    signals.caught = number;
    if (signals.starting)
        ct_batch_cancel(signals.starting);
    if (signals.armed)
        set_hook();
}

/***
Catches signals from now on, until it is closed.
@function signals_open
@treturn signals
*/
int lct_signals_open(lua_State *L) {
    if (signals.state)
        return luaL_error(L, "signals are caught already");
    const void *owner = lua_newuserdatauv(L, 0, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    lua_State *main = lua_tothread(L, -1);
    lua_pop(L, 1);
    luaL_setmetatable(L, SIGNALS_TYPE);
    signals.caught = signals.armed = 0;
    signals.state = main;
    signals.owner = owner;
    struct sigaction action = {.sa_handler = handle};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CT_COUNT(handled); i++) {
        sigaction(handled[i].number, NULL, &signals.old[i]);
        if (signals.old[i].sa_handler != SIG_IGN)
            sigaction(handled[i].number, &action, NULL);
    }
    return 1;
}

/***
From now on a signal is an error in the Lua code that runs. Throws if one was caught.
@function signals:arm
*/
static int lct_signals_arm(lua_State *L) {
    luaL_argcheck(L, is_open(L), 1, "closed");
    signals.armed = 1;
    if (lct_signals_pending())
        return luaL_error(L, "interrupted by %s", lct_signals_pending());
    return 0;
}

/***
From now on a signal is only remembered.
@function signals:disarm
*/
static int lct_signals_disarm(lua_State *L) {
    if (!is_open(L))
        return 0;
    signals.armed = 0;
    if (lua_gethook(signals.state) == interrupt)
        lua_sethook(signals.state, NULL, 0, 0);
    return 0;
}

/***
@function signals:caught
@treturn string the name of the first signal caught ("SIGTERM"), or nil
*/
static int lct_signals_caught(lua_State *L) {
    lua_pushstring(L, is_open(L) ? lct_signals_pending() : NULL);
    return 1;
}

/***
Gives the signals back what they did before. May be called again.
@function signals:close
*/
static int lct_signals_close(lua_State *L) {
    if (!is_open(L))
        return 0;
    lct_signals_disarm(L);
    for (size_t i = 0; i < CT_COUNT(handled); i++)
        sigaction(handled[i].number, &signals.old[i], NULL);
    signals.state = NULL;
    return 0;
}

static const luaL_Reg methods[] = {
    {"arm", lct_signals_arm},
    {"disarm", lct_signals_disarm},
    {"caught", lct_signals_caught},
    {"close", lct_signals_close},
    {NULL, NULL},
};

void lct_signals_init(lua_State *L) {
    lct_new_type(L, SIGNALS_TYPE, methods, lct_signals_close);
}
