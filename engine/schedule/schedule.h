/* SPDX-License-Identifier: MIT
 *
 * schedule.h - which work is done first, on which thread, and how events come back.
 */
#ifndef CT_SCHEDULE_H
#define CT_SCHEDULE_H

#include "model/model.h"

/* ---- events.c ---------------------------------------------------------------------- */

/* Events on their way from the workers to the one who waits. A queue has room for all its
 * events from the start, so that putting never fails. */
typedef struct ct_queue ct_queue;

#define CT_EVENTS_PER_JOB ((size_t) CT_PHASE_COUNT + 3) /* phases, RESULT, DONE, a NOTE */

CT_CHECK ct_queue *ct_queue_new(size_t capacity);
/* Frees the events that were not taken, too. */
void ct_queue_free(ct_queue *queue);
/* From any thread. The queue owns the event afterwards. */
void ct_queue_put(ct_queue *queue, const ct_event *event);
/* For poll(): readable while there are events to take. */
int ct_queue_descriptor(const ct_queue *queue);
/* 1: the caller owns *event. Else CT_E_TIMEOUT or CT_E_INTERRUPTED. */
CT_CHECK int ct_queue_take(ct_queue *queue, const ct_wait *wait, ct_event *event);

/* ---- scheduler.c ------------------------------------------------------------------- */

/* Threads that take items until there are none left. */
typedef struct ct_scheduler ct_scheduler;

/* What the scheduler's threads do. It cannot fail: the work itself notes what goes
 * wrong. */
typedef struct ct_work {
    void *(*begin)(void *context); /* a thread's own state, which may be NULL */
    void (*perform)(void *context, void **state, size_t item);
    void (*end)(void *context, void *state);
    /* May an item be started while so many run? NULL: always. false: nothing is started
     * until one of those has ended. Called by one thread at a time, and never while
     * nothing runs. */
    bool (*may_start)(void *context, unsigned running);
    void *context;
} ct_work;

#define CT_NO_ITEM SIZE_MAX

typedef struct ct_item {
    size_t after; /* the item that must be done before; CT_NO_ITEM: none */
    /* How long it is expected to take, in any unit; 0 or more. The heavier items go
     * first, where the weight of what waits for an item counts, too; then those with the
     * lower number. */
    double weight;
} ct_item;

/* Copies the work and the items, and borrows the work's context. items NULL: all in
 * order. CT_E_ARGUMENT: an item waits for one that does not exist, or items wait in a
 * circle. Starts with fewer threads when the system has no more to give, and fails only
 * when it has none. */
CT_CHECK int ct_scheduler_start(const ct_work *work, const ct_item *items, size_t count,
                                unsigned threads, ct_scheduler **scheduler,
                                ct_error *error);
/* Waits until every item is done, then frees. NULL is fine. */
void ct_scheduler_join(ct_scheduler *scheduler);

/* ---- aside.c ----------------------------------------------------------------------- */

/* A function that runs on a thread of its own. */
typedef struct ct_aside ct_aside;

/* What runs. Returns CT_OK or more, or a negative code with the error filled. */
typedef int ct_aside_work(void *context, ct_error *error);

/* The context is borrowed until ct_aside_close(). */
CT_CHECK int ct_aside_start(ct_aside_work *work, void *context, ct_aside **out,
                            ct_error *error);
/* Waits for the end of the work, and returns what that returned, with its error.
 * CT_E_INTERRUPTED: this thread has caught a signal. The work goes on, and may be waited
 * for again. */
CT_CHECK int ct_aside_wait(ct_aside *aside, ct_error *error);
/* Waits for the end of the work, whatever signals there are, and frees. Whoever wants the
 * work to end early must tell its context. NULL is fine. */
void ct_aside_close(ct_aside *aside);

/* ---- durations.c ------------------------------------------------------------------- */

/* How long things took in earlier runs, so that the longest can be started first. It only
 * saves time: when something is wrong with it, it knows less, and no call fails. Every
 * function may be called from any thread, and takes NULL.
 *
 * The file is text. Its first line says what it is. Then there is a line for each key,
 * with the milliseconds and the key; what was recorded last is at the end.
 */

#define CT_HISTORY_MAX 4096 /* keys; those recorded longest ago are dropped */
#define CT_HISTORY_KEY 255  /* bytes of a key; a longer one is never known */

/* What an item weighs whose duration is not known. It is taken to be long, and goes
 * first. Should it be short, little is lost; but all would wait for a long one that
 * starts last. */
#define CT_HISTORY_UNKNOWN 3600.0 /* seconds */

typedef struct ct_history ct_history;

/* Reads the file. path: see ct_settings.state. NULL: there is no place for a file. */
CT_CHECK ct_history *ct_history_open(const char *path);
/* Seconds it took, as the file had it when it was opened, and as was recorded here since.
 * The last time counts for a half, the one before for a quarter ... Negative: not
 * known. */
double ct_history_seconds(ct_history *history, const char *key);
/* The same, as a weight for ct_item. */
double ct_history_weight(ct_history *history, const char *key);
/* Notes that it took so long. Keys are text of one line. */
void ct_history_record(ct_history *history, const char *key, double seconds);
/* Adds what was recorded to the file, as others have left it meanwhile, and frees. */
void ct_history_close(ct_history *history);

/* ---- duration_keys.c --------------------------------------------------------------- */

/* Gives each job a key for ct_history, in the arena: its result's name, and a number that
 * tells it from others of the same name. */
CT_CHECK int ct_job_keys(ct_arena *arena, const ct_job *const *jobs, size_t count,
                         char **keys, ct_error *error);

/* ---- reserve.c --------------------------------------------------------------------- */

/* true when as much memory and CPU is free as the reserve wants left. */
bool ct_reserve_allows(const ct_reserve *reserve);

/* The same, read from other files. */
typedef struct ct_reserve_sources {
    const char *meminfo; /* as /proc/meminfo */
    const char *loadavg; /* as /proc/loadavg */
    double cpus;
} ct_reserve_sources;
bool ct_reserve_left(const ct_reserve *reserve, const ct_reserve_sources *sources);

#endif
