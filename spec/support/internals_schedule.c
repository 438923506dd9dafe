/* SPDX-License-Identifier: MIT
 *
 * internals_schedule.c - the scheduler on a clock of its own, for scheduler_spec.lua: an
 * item "takes" seconds that nobody waits for. The clock moves on, to the next end, only
 * when as much is at work as could be; so what is seen depends on no machine's speed.
 */
#include <pthread.h>
#include <time.h>

#include "internals.h"
#include "schedule/schedule.h"

#define PATIENCE 20 /* real seconds for the scheduler to start what it could */

struct task {
    double seconds;       /* how long it takes */
    double begun, ends;   /* by the clock; begun -1: not yet */
    unsigned times, done; /* performed, let go */
};

struct show {
    ct_item *items;
    struct task *tasks;
    size_t count;
    unsigned threads, limit; /* limit: what the gate lets run at once; 0: no gate */
    pthread_mutex_t lock;    /* guards what is below, and the tasks */
    pthread_cond_t moved;
    double clock;
    unsigned at_work, most, asked_alone, early;
    size_t begun;
};

static void perform(void *context, void **state, size_t item) {
    struct show *show = context;
    struct task *task = &show->tasks[item];
    (void) state;
    pthread_mutex_lock(&show->lock);
    size_t after = show->items[item].after;
    if (after != CT_NO_ITEM && !show->tasks[after].done)
        show->early++;
    task->times++;
    task->begun = show->clock;
    task->ends = show->clock + task->seconds;
    show->begun++;
    if (++show->at_work > show->most)
        show->most = show->at_work;
    pthread_cond_broadcast(&show->moved);
    while (!task->done)
        pthread_cond_wait(&show->moved, &show->lock);
    pthread_mutex_unlock(&show->lock);
}

static bool may_start(void *context, unsigned running) {
    struct show *show = context;
    pthread_mutex_lock(&show->lock);
    show->asked_alone += running == 0;
    pthread_mutex_unlock(&show->lock);
    return running < show->limit;
}

/* How many could be at work now. */
static unsigned possible(const struct show *show) {
    unsigned most = show->threads, able = show->at_work;
    if (show->limit && show->limit < most)
        most = show->limit;
    for (size_t i = 0; i < show->count && able < most; i++) {
        size_t after = show->items[i].after;
        able +=
            show->tasks[i].begun < 0 && (after == CT_NO_ITEM || show->tasks[after].done);
    }
    return able;
}

/* Lets the next item end. */
static void move_on(struct show *show) {
    struct task *next = NULL;
    for (size_t i = 0; i < show->count; i++) {
        struct task *task = &show->tasks[i];
        if (task->begun >= 0 && !task->done && (!next || task->ends < next->ends))
            next = task;
    }
    if (!next)
        return;
    show->clock = next->ends;
    next->done = 1;
    show->at_work--;
    pthread_cond_broadcast(&show->moved);
}

/* false when the scheduler leaves threads idle that could work. */
static bool direct(struct show *show) {
    bool busy = true;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    pthread_mutex_lock(&show->lock);
    while (busy && (show->begun < show->count || show->at_work > 0)) {
        while (busy && show->at_work < possible(show))
            busy = pthread_cond_timedwait(&show->moved, &show->lock, &until) == 0;
        if (busy)
            move_on(show);
    }
    pthread_mutex_unlock(&show->lock);
    return busy;
}

static double number_field(lua_State *L, const char *key, double fallback) {
    lua_getfield(L, -1, key);
    double number = luaL_optnumber(L, -1, fallback);
    lua_pop(L, 1);
    return number;
}

static void read_items(lua_State *L, struct show *show) {
    for (size_t i = 0; i < show->count; i++) {
        lua_rawgeti(L, 1, (lua_Integer) i + 1);
        double after = number_field(L, "after", 0);
        double seconds = number_field(L, "seconds", 1);
        show->items[i] = (ct_item){.after = after > 0 ? (size_t) after - 1 : CT_NO_ITEM,
                                   .weight = number_field(L, "weight", seconds)};
        show->tasks[i] = (struct task){.seconds = seconds, .begun = -1};
        lua_pop(L, 1);
    }
}

static void push_show(lua_State *L, const struct show *show) {
    unsigned once = 0;
    lua_createtable(L, 0, 6);
    lua_createtable(L, (int) show->count, 0);
    for (size_t i = 0; i < show->count; i++) {
        once += show->tasks[i].times == 1;
        lua_pushnumber(L, show->tasks[i].begun);
        lua_rawseti(L, -2, (lua_Integer) i + 1);
    }
    lua_setfield(L, -2, "begun");
    lua_pushnumber(L, show->clock);
    lua_setfield(L, -2, "makespan");
    const struct {
        const char *name;
        unsigned value;
    } fields[] = {{"once", once},
                  {"most", show->most},
                  {"early", show->early},
                  {"asked_alone", show->asked_alone}};
    for (size_t i = 0; i < CT_COUNT(fields); i++) {
        lua_pushinteger(L, fields[i].value);
        lua_setfield(L, -2, fields[i].name);
    }
}

/* Pushes what happened, or nil, NAME, message. The show is on the stack. */
static int run_show(lua_State *L, struct show *show) {
    ct_error error = {0};
    ct_work work = {
        .perform = perform, .may_start = show->limit ? may_start : NULL, .context = show};
    ct_scheduler *scheduler;
    int code = ct_scheduler_start(&work, show->items, show->count, show->threads,
                                  &scheduler, &error);
    if (code < 0)
        return internals_failure(L, code, &error);
    if (!direct(show)) { /* its threads may wait for ever: what they use has to stay */
        luaL_ref(L, LUA_REGISTRYINDEX);
        luaL_ref(L, LUA_REGISTRYINDEX);
        luaL_ref(L, LUA_REGISTRYINDEX);
        return luaL_error(L, "after %d s the scheduler had not started what it could",
                          PATIENCE);
    }
    ct_scheduler_join(scheduler);
    push_show(L, show);
    return 1;
}

/* schedule(items, threads, limit) -> when each began, the makespan, how many ran once,
 * the most at once, how many began before what they wait for was done. An item has
 * seconds, weight (default: its seconds) and after, an item's number from 1. */
static int schedule(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t count = lua_rawlen(L, 1);
    unsigned threads = (unsigned) luaL_checkinteger(L, 2);
    unsigned limit = (unsigned) luaL_optinteger(L, 3, 0);
    struct show *show = lua_newuserdatauv(L, sizeof *show, 0);
    *show = (struct show){.count = count, .threads = threads, .limit = limit};
    show->items = lua_newuserdatauv(L, (count + 1) * sizeof *show->items, 0);
    show->tasks = lua_newuserdatauv(L, (count + 1) * sizeof *show->tasks, 0);
    read_items(L, show);
    pthread_mutex_init(&show->lock, NULL);
    pthread_cond_init(&show->moved, NULL);
    return run_show(L, show);
}

void internals_schedule(lua_State *L) {
    static const luaL_Reg functions[] = {{"schedule", schedule}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
