/* SPDX-License-Identifier: MIT
 *
 * batch.c - the public API's batch: jobs in, events out.
 */
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/run_private.h"

#define CPUS_MAX 1048576 /* of any machine */

/* How many CPUs this process may use. The kernel refuses a set that is smaller than
 * its own, and does not say how large that is: it is tried. */
static unsigned cpu_count(void) {
    int count = 0;
    for (size_t room = CPU_SETSIZE; count == 0 && room <= CPUS_MAX; room *= 2) {
        size_t size = CPU_ALLOC_SIZE(room);
        cpu_set_t *cpus = CPU_ALLOC(room);
        if (!cpus)
            break;
        if (sched_getaffinity(0, size, cpus) == 0)
            count = CPU_COUNT_S(size, cpus);
        CPU_FREE(cpus);
    }
    return count > 0 ? (unsigned) count : 1;
}

ct_batch *ct_batch_new(ct_run *run, unsigned max_live, ct_error *error) {
    ct_batch *batch = calloc(1, sizeof *batch);
    if (!batch) {
        ct_fail(error, CT_E_NO_MEMORY, "out of memory");
        return NULL;
    }
    batch->run = run;
    batch->max_live = max_live ? max_live : cpu_count();
    batch->reserve = (ct_reserve) CT_RESERVE_INIT;
    ct_arena_init(&batch->arena);
    batch->cancel = ct_cancel_open();
    if (batch->cancel < 0) {
        ct_fail_errno(error, "a new batch: eventfd");
        free(batch);
        return NULL;
    }
    return batch;
}

int ct_batch_reserve(ct_batch *batch, const ct_reserve *reserve, ct_error *error) {
    static const ct_sized type = {"ct_reserve", "CT_RESERVE_INIT", sizeof *reserve};
    if (batch->events || batch->survey)
        return ct_fail(error, CT_E_ARGUMENT, "the batch has started already");
    if (!reserve)
        return ct_fail(error, CT_E_ARGUMENT, "the reserve is NULL");
    ct_reserve read;
    int code = ct_sized_read(&read, reserve, &type, error);
    if (code < 0)
        return code;
    if (!isfinite(read.cpu) || read.cpu < 0)
        return ct_fail(error, CT_E_ARGUMENT, "a reserve of %g CPUs", read.cpu);
    batch->reserve = read;
    return CT_OK;
}

int ct_batch_add(ct_batch *batch, const ct_job *job, ct_error *error) {
    if (batch->events || batch->survey)
        return ct_fail(error, CT_E_ARGUMENT,
                       "the batch has started: it takes no more jobs");
    if (batch->count == INT_MAX)
        return ct_fail(error, CT_E_LIMIT, "too many jobs");
    ct_entry *entries = realloc(batch->entries, (batch->count + 1) * sizeof *entries);
    if (!entries)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    batch->entries = entries;
    ct_entry *entry = &entries[batch->count];
    *entry = (ct_entry){0};
    int code = ct_job_copy(&batch->arena, &entry->job, job, error);
    if (code < 0)
        return code;
    entry->result = ct_result_new(&entry->job);
    if (!entry->result)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    return (int) batch->count++;
}

/* ---- waiting and the end ---- */

static void count_event(ct_batch *batch, const ct_event *event) {
    ct_entry *entry = &batch->entries[event->job];
    if (event->type == CT_EVENT_RESULT)
        entry->lasted =
            event->result->status == CT_STATUS_ERROR ? -1 : event->result->duration;
    if (event->type != CT_EVENT_DONE)
        return;
    batch->done++;
    if (entry->lasted >= 0)
        ct_history_record(ct_run_history(batch->run), entry->key,
                          entry->lasted + event->seconds);
    if (!event->message || event->preserved)
        return;
    ct_run_left_behind(batch->run);
    if (batch->left_behind.code == CT_OK)
        ct_fail(&batch->left_behind, CT_E_OPERATION, "%s", event->message);
}

int ct_batch_descriptor(const ct_batch *batch) {
    return batch->events ? ct_queue_descriptor(batch->events) : CT_E_ARGUMENT;
}

int ct_batch_wait(ct_batch *batch, double seconds, ct_event **event, ct_error *error) {
    if (!batch->events)
        return ct_fail(error, CT_E_ARGUMENT, "the batch has not started");
    if (isnan(seconds) || !event)
        return ct_fail(error, CT_E_ARGUMENT, "seconds is no number, or event is NULL");
    ct_event_fini(&batch->event);
    if (batch->done == batch->count)
        return 0;
    ct_wait wait = ct_wait_for(seconds < 0 ? INFINITY : seconds, -1);
    int code = ct_queue_take(batch->events, &wait, &batch->event);
    if (code < 0)
        return ct_fail(error, code, "waiting for events: %s", ct_error_text(code));
    count_event(batch, &batch->event);
    *event = &batch->event;
    return 1;
}

void ct_batch_cancel(ct_batch *batch) {
    ct_cancel_set(batch->cancel);
}

/* Takes what nobody waited for. */
static void drain(ct_batch *batch) {
    ct_event *event;
    int code;
    do
        code = ct_batch_wait(batch, -1, &event, NULL);
    while (code == 1 || code == CT_E_INTERRUPTED);
}

int ct_batch_close(ct_batch *batch, ct_error *error) {
    if (!batch)
        return CT_OK;
    ct_batch_cancel(batch);
    ct_aside_close(batch->survey);
    if (batch->scheduler) {
        drain(batch);
        ct_scheduler_join(batch->scheduler);
    }
    int code = batch->left_behind.code;
    if (code < 0)
        ct_fail(error, code, "%s", batch->left_behind.message);
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->entries[i].source);
        ct_result_free(batch->entries[i].result);
    }
    free(batch->entries);
    ct_plan_free(batch->plan);
    free(batch->plan_jobs);
    free(batch->firsts);
    ct_event_fini(&batch->event);
    ct_queue_free(batch->events);
    ct_arena_fini(&batch->arena);
    close(batch->cancel);
    free(batch);
    return code;
}
