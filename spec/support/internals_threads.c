/* SPDX-License-Identifier: MIT
 *
 * internals_threads.c - the scheduler and the queue at work together, for
 * internals_spec.lua: threads take items and put an event for each, one thread takes
 * them.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "internals.h"
#include "schedule/schedule.h"

#define EVENTS_PER_ITEM 3

struct shop {
    ct_queue *queue;
    pthread_mutex_t lock; /* guards all below */
    unsigned begun, ended, at_work, most_at_work;
};

static void *begin(void *context) {
    struct shop *shop = context;
    pthread_mutex_lock(&shop->lock);
    shop->begun++;
    pthread_mutex_unlock(&shop->lock);
    return shop;
}

static void end(void *context, void *state) {
    struct shop *shop = context;
    pthread_mutex_lock(&shop->lock);
    shop->ended += state == shop;
    pthread_mutex_unlock(&shop->lock);
}

static void perform(void *context, void **state, size_t item) {
    struct shop *shop = context;
    (void) state;
    pthread_mutex_lock(&shop->lock);
    if (++shop->at_work > shop->most_at_work)
        shop->most_at_work = shop->at_work;
    pthread_mutex_unlock(&shop->lock);
    for (int i = 0; i < EVENTS_PER_ITEM; i++) {
        ct_event event = {.type = CT_EVENT_PHASE, .job = item, .message = strdup("some")};
        ct_queue_put(shop->queue, &event);
    }
    pthread_mutex_lock(&shop->lock);
    shop->at_work--;
    pthread_mutex_unlock(&shop->lock);
}

/* Takes so many events; counts[item] is how many of an item came. */
static int take(struct shop *shop, size_t events, unsigned *counts) {
    ct_wait wait = ct_wait_for(30, -1);
    for (size_t i = 0; i < events; i++) {
        ct_event event;
        int code = ct_queue_take(shop->queue, &wait, &event);
        if (code < 0)
            return code;
        counts[event.job]++;
        ct_event_fini(&event);
    }
    wait = ct_wait_for(0, -1);
    ct_event event;
    return ct_queue_take(shop->queue, &wait, &event) == CT_E_TIMEOUT ? CT_OK
                                                                     : CT_E_PROTOCOL;
}

static int run_shop(struct shop *shop, size_t items, unsigned threads, unsigned *counts,
                    bool take_all, ct_error *error) {
    ct_work work = {.begin = begin, .perform = perform, .end = end, .context = shop};
    ct_scheduler *scheduler;
    int code = ct_scheduler_start(&work, NULL, items, threads, &scheduler, error);
    if (code < 0)
        return code;
    code = take_all ? take(shop, items * EVENTS_PER_ITEM, counts) : CT_OK;
    ct_scheduler_join(scheduler);
    return code;
}

/* work(items, threads, take_all) -> how many items had all their events, threads begun,
 * threads ended, the most at work at once */
static int work(lua_State *L) {
    size_t items = (size_t) luaL_checkinteger(L, 1), whole = 0;
    unsigned threads = (unsigned) luaL_checkinteger(L, 2);
    ct_error error = {0};
    struct shop shop = {.queue = ct_queue_new(items * EVENTS_PER_ITEM)};
    unsigned *counts = lua_newuserdatauv(L, (items + 1) * sizeof *counts, 0);
    memset(counts, 0, (items + 1) * sizeof *counts);
    pthread_mutex_init(&shop.lock, NULL);
    int code = run_shop(&shop, items, threads, counts, lua_toboolean(L, 3) != 0, &error);
    pthread_mutex_destroy(&shop.lock);
    ct_queue_free(shop.queue);
    if (code < 0)
        return internals_failure(L, code, &error);
    for (size_t i = 0; i < items; i++)
        whole += counts[i] == EVENTS_PER_ITEM;
    lua_pushinteger(L, (lua_Integer) whole);
    lua_pushinteger(L, shop.begun);
    lua_pushinteger(L, shop.ended);
    lua_pushinteger(L, shop.most_at_work);
    return 4;
}

/* wait(seconds, cancelled) -> the name of what ends a wait that began so long ago */
static int wait_code(lua_State *L) {
    int cancel = ct_cancel_open();
    ct_wait wait = ct_wait_for(luaL_checknumber(L, 1), cancel);
    if (lua_toboolean(L, 2))
        ct_cancel_set(cancel);
    lua_pushstring(L, ct_error_name(ct_wait_check(&wait, NULL)));
    return 1;
}

void internals_threads(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"work", work},
        {"wait", wait_code},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
