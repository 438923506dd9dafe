/* SPDX-License-Identifier: MIT
 *
 * scheduler.c - a pool of pthreads over a row of numbered items. It knows nothing of what the
 * work is. Its threads block every signal: those are the host's.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

struct ct_scheduler {
    ct_work work;
    size_t items;
    pthread_mutex_t lock; /* guards next */
    size_t next;          /* the next item to take */
    unsigned started;
    pthread_t threads[];
};

/* false when there are none left. */
static bool take(ct_scheduler *scheduler, size_t *item) {
    pthread_mutex_lock(&scheduler->lock);
    bool some = scheduler->next < scheduler->items;
    if (some)
        *item = scheduler->next++;
    pthread_mutex_unlock(&scheduler->lock);
    return some;
}

static void *work(void *data) {
    ct_scheduler *scheduler = data;
    const ct_work *work = &scheduler->work;
    void *state = work->begin ? work->begin(work->context) : NULL;
    size_t item;
    while (take(scheduler, &item))
        work->perform(work->context, &state, item);
    if (work->end)
        work->end(work->context, state);
    return NULL;
}

ct_scheduler *ct_scheduler_start(const ct_work *what, size_t items, unsigned threads,
                                 ct_error *error) {
    if (threads > items)
        threads = (unsigned) items;
    ct_scheduler *scheduler =
        calloc(1, sizeof *scheduler + threads * sizeof scheduler->threads[0]);
    if (!scheduler) {
        ct_fail(error, CT_E_NO_MEMORY, "out of memory");
        return NULL;
    }
    scheduler->work = *what;
    scheduler->items = items;
    pthread_mutex_init(&scheduler->lock, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = 0;
    while (scheduler->started < threads && number == 0) {
        number = pthread_create(&scheduler->threads[scheduler->started], NULL, work,
                                scheduler);
        scheduler->started += number == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (scheduler->started == 0 && items > 0) {
        ct_fail(error, CT_E_SYSTEM, "starting a thread: %s", strerror(number));
        ct_scheduler_join(scheduler);
        return NULL;
    }
    return scheduler;
}

void ct_scheduler_join(ct_scheduler *scheduler) {
    if (!scheduler)
        return;
    for (unsigned i = 0; i < scheduler->started; i++)
        pthread_join(scheduler->threads[i], NULL);
    pthread_mutex_destroy(&scheduler->lock);
    free(scheduler);
}
