/* SPDX-License-Identifier: MIT
 *
 * start.c - a batch's work as the scheduler's items: first the bases that must be built,
 * then the jobs, each of which may wait for one. Jobs that share an instance are one
 * item, so that nothing comes between them: it is live all the time. The longest go
 * first, as far as earlier runs have told; where only one is live at a time, all go in
 * order.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run/run_private.h"

#define NOTES_MAX        1 /* events that no job is counted for */
#define EVENTS_PER_BUILD 2 /* PHASE, a NOTE */

/* ---- what is done ---- */

static void perform_job(ct_batch *batch, ct_session **session, size_t number,
                        const ct_prepared *prepared, ct_shared_instance *shared) {
    ct_entry *entry = &batch->entries[number];
    ct_job_order order = {.context = &batch->context,
                          .job = &entry->job,
                          .number = number,
                          .source = entry->source,
                          .prepared = prepared,
                          .shared = shared,
                          .result = entry->result};
    entry->result = NULL;
    ct_job_perform(&order, session);
}

/* All that have one instance. */
static void perform_jobs(ct_batch *batch, ct_session **session, size_t first) {
    ct_shared_instance shared = {0};
    ct_prepared prepared = ct_plan_prepared(batch->plan, first);
    for (size_t i = first; i != CT_NO_ITEM; i = batch->entries[i].next)
        ct_shared_expect(&shared, &batch->entries[i].job,
                         batch->context.provider->timeout);
    for (size_t i = first; i != CT_NO_ITEM; i = batch->entries[i].next) {
        perform_job(batch, session, i, &prepared, &shared);
        prepared.seconds = -1; /* it was for the first that it was done */
    }
    ct_shared_fini(&shared);
}

static void perform(void *data, void **state, size_t item) {
    ct_batch *batch = data;
    ct_session *session = *state;
    size_t builds = ct_plan_count(batch->plan);
    if (item < builds)
        ct_plan_build(batch->plan, &batch->context, &session, item);
    else
        perform_jobs(batch, &session, batch->firsts[item - builds]);
    *state = session;
}

static void end(void *data, void *session) {
    (void) data;
    ct_session_close(session);
}

/* Jobs of a cancelled batch are over at once, and need nothing. */
static bool may_start(void *data, unsigned running) {
    const ct_batch *batch = data;
    ct_wait wait = ct_wait_for(INFINITY, batch->cancel);
    (void) running;
    return ct_reserve_allows(&batch->reserve) ||
           ct_wait_check(&wait, NULL) == CT_E_CANCELLED;
}

/* ---- in which order ---- */

static int name_durations(ct_batch *batch, ct_error *error) {
    const ct_job **jobs = calloc(batch->count + 1, sizeof *jobs);
    char **keys = calloc(batch->count + 1, sizeof *keys);
    for (size_t i = 0; jobs && i < batch->count; i++)
        jobs[i] = &batch->entries[i].job;
    int code = jobs && keys ? ct_job_keys(&batch->arena, jobs, batch->count, keys, error)
                            : ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    for (size_t i = 0; code == CT_OK && i < batch->count; i++)
        batch->entries[i].key = keys[i];
    free(jobs);
    free(keys);
    return code;
}

/* One at a time takes as long in any order: then it is the one that was asked for. */
static double weight_of(ct_batch *batch, size_t first) {
    double weight = 0;
    if (batch->max_live == 1)
        return weight;
    for (size_t i = first; i != CT_NO_ITEM; i = batch->entries[i].next)
        weight += ct_history_weight(ct_run_history(batch->run), batch->entries[i].key);
    return weight;
}

/* The caller frees them. */
static ct_item *make_items(ct_batch *batch) {
    size_t builds = ct_plan_count(batch->plan);
    ct_item *items = calloc(builds + batch->first_count + 1, sizeof *items);
    if (!items)
        return NULL;
    for (size_t i = 0; i < builds; i++)
        items[i] = (ct_item){.after = ct_plan_after(batch->plan, i)};
    for (size_t i = 0; i < batch->first_count; i++)
        items[builds + i] =
            (ct_item){.after = ct_plan_needed(batch->plan, batch->firsts[i]),
                      .weight = weight_of(batch, batch->firsts[i])};
    return items;
}

static int schedule(ct_batch *batch, ct_error *error) {
    ct_work work = {
        .perform = perform, .end = end, .may_start = may_start, .context = batch};
    ct_item *items = make_items(batch);
    if (!items)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    size_t count = ct_plan_count(batch->plan) + batch->first_count;
    int code = ct_scheduler_start(&work, items, count, batch->max_live, &batch->scheduler,
                                  error);
    free(items);
    return code;
}

/* ---- the start ---- */

static int make_plan(ct_batch *batch, ct_error *error) {
    ct_provider *provider = ct_run_provider(batch->run);
    batch->plan_jobs = calloc(batch->count + 1, sizeof *batch->plan_jobs);
    if (!batch->plan_jobs)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < batch->count; i++)
        batch->plan_jobs[i] = (ct_plan_job){.job = &batch->entries[i].job,
                                            .source = batch->entries[i].source};
    ct_wait wait = ct_wait_for(provider->timeout, batch->cancel);
    batch->plan = ct_plan_make(provider, ct_run_base_limits(batch->run), batch->plan_jobs,
                               batch->count, &wait);
    return batch->plan ? CT_OK : ct_fail(error, CT_E_NO_MEMORY, "out of memory");
}

static void tell_note(ct_batch *batch) {
    size_t job;
    const char *note = ct_plan_note(batch->plan, &job);
    if (!note)
        return;
    ct_event event = {
        .type = CT_EVENT_NOTE, .job = job, .message = ct_message("%s", note)};
    ct_queue_put(batch->events, &event);
}

/* All that LXD is asked before the work starts. Nothing is made yet; but bases that have
 * expired are deleted, to make room for those that take their place. */
static int survey(void *data, ct_error *error) {
    ct_batch *batch = data;
    int code = ct_batch_resolve(batch, error);
    if (code == CT_OK)
        code = ct_batch_share(batch, error);
    return code < 0 ? code : make_plan(batch, error);
}

static int launch(ct_batch *batch, ct_error *error) {
    int code = name_durations(batch, error);
    if (code < 0)
        return code;
    batch->events =
        ct_queue_new(batch->count * CT_EVENTS_PER_JOB +
                     ct_plan_count(batch->plan) * EVENTS_PER_BUILD + NOTES_MAX);
    if (!batch->events)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    batch->context =
        (ct_job_context){.provider = ct_run_provider(batch->run),
                         .run_id = ct_run_id(batch->run),
                         .first_number = ct_run_number(batch->run, batch->count),
                         .cancel = batch->cancel,
                         .events = batch->events,
                         .warm = ct_run_warm(batch->run),
                         .reaper = ct_run_reaper(batch->run),
                         .reserve = &batch->reserve};
    tell_note(batch);
    ct_log_write(ct_run_logger(batch->run), CT_LOG_INFO,
                 "run %s: %zu jobs begin, at most %u at a time, %zu bases to build first",
                 ct_run_id(batch->run), batch->count, batch->max_live,
                 ct_plan_count(batch->plan));
    return schedule(batch, error);
}

/* Its jobs may be started once more: nothing of this start is kept but what images
 * resolved to. */
static void undo(ct_batch *batch) {
    ct_queue_free(batch->events);
    ct_plan_free(batch->plan);
    free(batch->plan_jobs);
    batch->events = NULL;
    batch->plan = NULL;
    batch->plan_jobs = NULL;
}

int ct_batch_start(ct_batch *batch, ct_error *error) {
    if (batch->events)
        return ct_fail(error, CT_E_ARGUMENT, "the batch has started already");
    int code =
        batch->survey ? CT_OK : ct_aside_start(survey, batch, &batch->survey, error);
    if (code < 0)
        return code;
    code = ct_aside_wait(batch->survey, error);
    if (code == CT_E_INTERRUPTED)
        return code;
    ct_aside_close(batch->survey);
    batch->survey = NULL;
    if (code == CT_OK && batch->count > 0)
        code = ct_run_guard(batch->run, error);
    for (size_t i = 0; code == CT_OK && i < batch->count; i++)
        if (batch->entries[i].job.preserve == CT_PRESERVE_RUN ||
            batch->entries[i].job.warm > 0)
            ct_run_keep(batch->run);
    if (code == CT_OK)
        code = launch(batch, error);
    if (code < 0)
        undo(batch);
    return code;
}
