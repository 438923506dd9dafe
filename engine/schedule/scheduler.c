/* SPDX-License-Identifier: MIT
 *
 * scheduler.c - a pool of threads that do numbered items, the most urgent first. Items
 * may wait for other items. It knows nothing of what the work is. The threads block every
 * signal: signals are for the host's threads.
 */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule.h"

/* Items do not change once the threads run. */
struct item {
    double weight;
    double urgency;   /* see rank_items() */
    double following; /* the weights of all that wait for it, and for those that do */
    size_t first;     /* the first item that waits for it; CT_NO_ITEM: none does */
    size_t sibling;   /* the next item that waits for the same one */
};

struct ct_scheduler {
    ct_work work;
    struct item *items;
    size_t count;
    pthread_mutex_t lock;   /* guards what follows, up to `left` */
    pthread_cond_t changed; /* wakes one thread, which wakes the next; see take_item() */
    size_t *ready; /* a heap of items that can be taken, the most urgent on top */
    size_t ready_count;
    unsigned running;
    bool asking; /* a thread asks may_start(): nobody else takes anything meanwhile */
    bool held;   /* may_start() said no, and nothing has ended since */
    size_t left; /* items that were not taken yet */
    unsigned started;
    pthread_t threads[];
};

/* ---- the heap ---- */

static bool before(const ct_scheduler *scheduler, size_t a, size_t b) {
    double urgency_a = scheduler->items[a].urgency;
    double urgency_b = scheduler->items[b].urgency;
    return urgency_a > urgency_b || (urgency_a == urgency_b && a < b);
}

static void push(ct_scheduler *scheduler, size_t item) {
    size_t *heap = scheduler->ready, at = scheduler->ready_count++;
    while (at > 0 && before(scheduler, item, heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = item;
}

static size_t pop(ct_scheduler *scheduler) {
    size_t *heap = scheduler->ready, count = --scheduler->ready_count;
    size_t top = heap[0], last = heap[count], at = 0;
    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(scheduler, heap[child + 1], heap[child]))
            child++;
        if (before(scheduler, last, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

/* ---- what goes first ---- */

/* Links each item to the one that it waits for. */
static int join_items(ct_scheduler *scheduler, const ct_item *given, ct_error *error) {
    for (size_t i = scheduler->count; i-- > 0;) {
        struct item *item = &scheduler->items[i];
        size_t after = given[i].after;
        item->weight = given[i].weight;
        if (!isfinite(item->weight) || item->weight < 0)
            return ct_fail(error, CT_E_ARGUMENT, "item %zu: %g is no weight", i,
                           item->weight);
        if (after == CT_NO_ITEM)
            continue;
        if (after >= scheduler->count)
            return ct_fail(error, CT_E_ARGUMENT, "item %zu waits for item %zu of %zu", i,
                           after, scheduler->count);
        item->sibling = scheduler->items[after].first;
        scheduler->items[after].first = i;
    }
    return CT_OK;
}

/* Puts every item behind the one that it waits for, into `ready`, which is free yet. */
static int sort_items(ct_scheduler *scheduler, const ct_item *given, ct_error *error) {
    size_t count = 0, *order = scheduler->ready;
    for (size_t i = 0; i < scheduler->count; i++)
        if (given[i].after == CT_NO_ITEM)
            order[count++] = i;
    for (size_t at = 0; at < count; at++)
        for (size_t i = scheduler->items[order[at]].first; i != CT_NO_ITEM;
             i = scheduler->items[i].sibling)
            order[count++] = i;
    if (count == scheduler->count)
        return CT_OK;
    return ct_fail(error, CT_E_ARGUMENT, "items wait for one another in a circle");
}

/* An item's urgency is the least time from its start until all that hangs on it is over.
 * That is its weight, and then the urgency of the most urgent item that waits for it; or,
 * if that is more, the weights of all that follow, shared by all threads. The first alone
 * (the critical path) would not count how many items wait. A mere sum would put many
 * small items, which the threads share, before one that is long whatever is done. */
static void rank_items(ct_scheduler *scheduler, unsigned threads) {
    for (size_t at = scheduler->count; at-- > 0;) {
        struct item *item = &scheduler->items[scheduler->ready[at]];
        double longest = 0;
        for (size_t i = item->first; i != CT_NO_ITEM; i = scheduler->items[i].sibling) {
            const struct item *next = &scheduler->items[i];
            item->following += next->weight + next->following;
            longest = fmax(longest, next->urgency);
        }
        item->urgency = item->weight + fmax(longest, item->following / threads);
    }
}

static int plan_items(ct_scheduler *scheduler, const ct_item *given, unsigned threads,
                      ct_error *error) {
    size_t count = scheduler->left = scheduler->count;
    scheduler->items = calloc(count + 1, sizeof *scheduler->items);
    scheduler->ready = calloc(count + 1, sizeof *scheduler->ready);
    if (!scheduler->items || !scheduler->ready)
        return ct_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        scheduler->items[i].first = scheduler->items[i].sibling = CT_NO_ITEM;
    if (given) {
        int code = join_items(scheduler, given, error);
        if (code == CT_OK)
            code = sort_items(scheduler, given, error);
        if (code < 0)
            return code;
        rank_items(scheduler, threads);
    }
    for (size_t i = 0; i < count; i++)
        if (!given || given[i].after == CT_NO_ITEM)
            push(scheduler, i);
    return CT_OK;
}

/* ---- the threads ---- */

/* Called with the lock held, which is let go of while may_start() is asked. */
static bool ask_may_start(ct_scheduler *scheduler) {
    const ct_work *work = &scheduler->work;
    unsigned running = scheduler->running;
    if (!work->may_start || running == 0)
        return true;
    /* an item that ends meanwhile resets `held` */
    scheduler->asking = scheduler->held = true;
    pthread_mutex_unlock(&scheduler->lock);
    bool may = work->may_start(work->context, running);
    pthread_mutex_lock(&scheduler->lock);
    scheduler->asking = false;
    if (may)
        scheduler->held = false;
    return may;
}

/* Takes an item, and waits for one if need be. false: there are none left. A thread that
 * leaves wakes one other if there is something for it, and that one wakes the next: they
 * never wake all at once. */
static bool take_item(ct_scheduler *scheduler, size_t *item) {
    pthread_mutex_lock(&scheduler->lock);
    while (scheduler->left > 0) {
        if (scheduler->ready_count == 0 || scheduler->asking || scheduler->held)
            pthread_cond_wait(&scheduler->changed, &scheduler->lock);
        else if (ask_may_start(scheduler))
            break;
    }
    bool some = scheduler->left > 0;
    if (some) {
        *item = pop(scheduler);
        scheduler->left--;
        scheduler->running++;
    }
    if (scheduler->left == 0 || scheduler->ready_count > 0)
        pthread_cond_signal(&scheduler->changed);
    pthread_mutex_unlock(&scheduler->lock);
    return some;
}

/* The item's thread goes on to take_item(), which wakes the others. */
static void finish_item(ct_scheduler *scheduler, size_t item) {
    pthread_mutex_lock(&scheduler->lock);
    scheduler->running--;
    scheduler->held = false;
    for (size_t i = scheduler->items[item].first; i != CT_NO_ITEM;
         i = scheduler->items[i].sibling)
        push(scheduler, i);
    pthread_mutex_unlock(&scheduler->lock);
}

static void *run_thread(void *data) {
    ct_scheduler *scheduler = data;
    const ct_work *work = &scheduler->work;
    void *state = work->begin ? work->begin(work->context) : NULL;
    size_t item;
    while (take_item(scheduler, &item)) {
        work->perform(work->context, &state, item);
        finish_item(scheduler, item);
    }
    if (work->end)
        work->end(work->context, state);
    return NULL;
}

static int start_threads(ct_scheduler *scheduler, unsigned threads, ct_error *error) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = 0;
    while (scheduler->started < threads && number == 0) {
        number = pthread_create(&scheduler->threads[scheduler->started], NULL, run_thread,
                                scheduler);
        scheduler->started += number == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (scheduler->started == 0 && threads > 0)
        return ct_fail(error, CT_E_SYSTEM, "starting a thread: %s", strerror(number));
    return CT_OK;
}

int ct_scheduler_start(const ct_work *what, const ct_item *items, size_t count,
                       unsigned threads, ct_scheduler **out, ct_error *error) {
    *out = NULL;
    if (threads > count)
        threads = (unsigned) count;
    ct_scheduler *scheduler =
        calloc(1, sizeof *scheduler + threads * sizeof scheduler->threads[0]);
    if (!scheduler)
        return ct_fail_memory(error);
    scheduler->work = *what;
    scheduler->count = count;
    pthread_mutex_init(&scheduler->lock, NULL);
    pthread_cond_init(&scheduler->changed, NULL);
    int code = plan_items(scheduler, items, threads, error);
    if (code == CT_OK)
        code = start_threads(scheduler, threads, error);
    if (code < 0)
        ct_scheduler_join(scheduler);
    else
        *out = scheduler;
    return code;
}

void ct_scheduler_join(ct_scheduler *scheduler) {
    if (!scheduler)
        return;
    for (unsigned i = 0; i < scheduler->started; i++)
        pthread_join(scheduler->threads[i], NULL);
    pthread_cond_destroy(&scheduler->changed);
    pthread_mutex_destroy(&scheduler->lock);
    free(scheduler->items);
    free(scheduler->ready);
    free(scheduler);
}
