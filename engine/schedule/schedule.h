/* SPDX-License-Identifier: MIT
 *
 * schedule.h - what goes first, on which thread, and how events come back.
 */
#ifndef CT_SCHEDULE_H
#define CT_SCHEDULE_H

#include "model/model.h"

/* ---- events.c ---------------------------------------------------------------------- */

/* Events on their way from the workers to the one who waits. It has room for all that can
 * come from the start, so that putting never fails. */
typedef struct ct_queue ct_queue;

#define CT_EVENTS_PER_JOB ((size_t) CT_PHASE_COUNT + 3) /* phases, RESULT, DONE, a NOTE */

CT_CHECK ct_queue *ct_queue_new(size_t capacity);
/* Frees the events that were not taken, too. */
void ct_queue_free(ct_queue *queue);
/* From any thread. The event is the queue's afterwards. */
void ct_queue_put(ct_queue *queue, const ct_event *event);
/* 1: *event is the caller's; CT_E_TIMEOUT; CT_E_INTERRUPTED. */
CT_CHECK int ct_queue_take(ct_queue *queue, const ct_wait *wait, ct_event *event);

/* ---- scheduler.c ------------------------------------------------------------------- */

/* Threads that take items until there are none left. */
typedef struct ct_scheduler ct_scheduler;

/* What is done; called by the scheduler's threads. It cannot fail: what goes wrong is
 * noted by the work itself. */
typedef struct ct_work {
    void *(*begin)(void *context); /* a thread's own state, which may be NULL */
    void (*perform)(void *context, void **state, size_t item);
    void (*end)(void *context, void *state);
    /* May an item be started while so many run? NULL: always. false holds all starts back
     * until one of those ends. By one thread at a time, and never when none runs. */
    bool (*may_start)(void *context, unsigned running);
    void *context;
} ct_work;

#define CT_NO_ITEM SIZE_MAX

typedef struct ct_item {
    size_t after; /* the item that must be done before; CT_NO_ITEM: none */
    /* how long it is expected to take, in any unit; 0 or more. The heavier go first,
     * where an item has the weight of what waits for it, too; then the lower number */
    double weight;
} ct_item;

/* The work is copied, its context borrowed, and so are the items for the call; NULL:
 * all, in order. CT_E_ARGUMENT when an item waits for none of them, or in a circle.
 * Starts with fewer threads when the system has no more to give; fails only when there
 * would be none. */
CT_CHECK int ct_scheduler_start(const ct_work *work, const ct_item *items, size_t count,
                                unsigned threads, ct_scheduler **scheduler,
                                ct_error *error);
/* Waits until every item is done, then frees. NULL is fine. */
void ct_scheduler_join(ct_scheduler *scheduler);

/* ---- aside.c ----------------------------------------------------------------------- */

typedef struct ct_aside ct_aside;

/* What is done; returns CT_OK or more, or a negative code with the error filled. */
typedef int ct_aside_work(void *context, ct_error *error);

/* The context is borrowed until ct_aside_close(). */
CT_CHECK int ct_aside_start(ct_aside_work *work, void *context, ct_aside **out,
                            ct_error *error);
/* Waits for its end, and returns what it returned, with its error. CT_E_INTERRUPTED: a
 * signal was caught by this thread; the work goes on, and may be waited for again. */
CT_CHECK int ct_aside_wait(ct_aside *aside, ct_error *error);
/* Waits for its end whatever signals there are, and frees. To end it early is the
 * context's business. NULL is fine. */
void ct_aside_close(ct_aside *aside);

/* ---- durations.c ------------------------------------------------------------------- */

/* how long things took in earlier runs, so that the longest can be started first. It is
 * there to save time, and nothing else: whatever is wrong with it, it knows less, and no
 * call fails. Every function may be called from any thread, and takes NULL.
 *
 * It is a file of text: a first line that says so, then one line for each key, the
 * milliseconds and the key, and what was recorded last at the end.
 */

#define CT_HISTORY_MAX 4096 /* keys; those recorded longest ago are dropped */
#define CT_HISTORY_KEY 255  /* bytes of a key; one that is longer is never known */

/* What an item weighs whose duration is not known: it is taken to be long, and goes
 * first. Should it be short, little is lost; a long one that starts last is what all
 * would wait for. */
#define CT_HISTORY_UNKNOWN 3600.0 /* seconds */

typedef struct ct_history ct_history;

/* Reads what there is. path: see ct_settings.state. NULL: there is no place for one. */
CT_CHECK ct_history *ct_history_open(const char *path);
/* Seconds it took, as last recorded by anybody before the open, or here since: half
 * the last time, a quarter the one before ... Negative: not known. */
double ct_history_seconds(ct_history *history, const char *key);
/* The same as a weight for ct_item. */
double ct_history_weight(ct_history *history, const char *key);
/* Notes that it took so long. Keys are text of one line. */
void ct_history_record(ct_history *history, const char *key, double seconds);
/* Writes what was recorded, beside what others have written meanwhile, and frees. */
void ct_history_close(ct_history *history);

/* ---- duration_keys.c --------------------------------------------------------------- */

/* Gives each job a key for ct_history, in the arena: the name of its result, and which
 * of those of the same name it is. */
CT_CHECK int ct_job_keys(ct_arena *arena, const ct_job *const *jobs, size_t count,
                         char **keys, ct_error *error);

/* ---- reserve.c --------------------------------------------------------------------- */

/* true: as much is left as reserve says. */
bool ct_reserve_allows(const ct_reserve *reserve);

/* The same, as read from elsewhere. */
typedef struct ct_reserve_sources {
    const char *meminfo; /* as /proc/meminfo */
    const char *loadavg; /* as /proc/loadavg */
    double cpus;
} ct_reserve_sources;
bool ct_reserve_left(const ct_reserve *reserve, const ct_reserve_sources *sources);

#endif
