/* SPDX-License-Identifier: MIT
 *
 * batch.c - the public API's batch: jobs in, events out. Image names are resolved, once each,
 * before anything starts.
 */
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "run.h"

struct entry {
    ct_job job;        /* in the arena */
    char *source;      /* what the image resolved to; NULL: the job says it */
    bool remote;       /* LXD has no such image: it is job.remote_source that says it */
    ct_result *result; /* until its job takes it */
};

struct ct_batch {
    ct_run *run; /* borrowed */
    unsigned max_live;
    ct_arena arena; /* the jobs' */
    struct entry *entries;
    size_t count;
    int cancel;
    ct_queue *events;
    ct_scheduler *scheduler; /* NULL until started */
    size_t done;             /* DONE events taken */
    ct_error left_behind;    /* the first failure to tear down */
    ct_job_context context;
};

static unsigned cpu_count(void) {
    cpu_set_t cpus;
    int count = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    return count > 0 ? (unsigned) count : 1;
}

ct_batch *ct_batch_new(ct_run *run, unsigned max_live) {
    ct_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    batch->run = run;
    batch->max_live = max_live ? max_live : cpu_count();
    ct_arena_init(&batch->arena);
    batch->cancel = ct_cancel_open();
    if (batch->cancel < 0) {
        free(batch);
        return NULL;
    }
    return batch;
}

int ct_batch_add(ct_batch *batch, const ct_job *job, ct_error *error) {
    if (batch->events)
        return ct_fail(error, CT_E_ARGUMENT,
                       "the batch has started: it takes no more jobs");
    if (batch->count == INT_MAX)
        return ct_fail(error, CT_E_LIMIT, "too many jobs");
    struct entry *entries = realloc(batch->entries, (batch->count + 1) * sizeof *entries);
    if (!entries)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    batch->entries = entries;
    struct entry *entry = &entries[batch->count];
    *entry = (struct entry){.result = calloc(1, sizeof *entry->result)};
    int code = entry->result ? ct_job_copy(&batch->arena, &entry->job, job, error)
                             : ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    if (code < 0) {
        free(entry->result);
        return code;
    }
    return (int) batch->count++;
}

/* ---- images ---- */

/* What LXD is asked for. */
static const char *wanted_image(const struct entry *entry) {
    return entry->job.local_image ? entry->job.local_image : entry->job.image;
}

/* An earlier job of the batch that was resolved, and has the same image; NULL: none. */
static const struct entry *same_image(const ct_batch *batch, size_t before) {
    const char *image = wanted_image(&batch->entries[before]);
    for (size_t i = 0; i < before; i++) {
        const struct entry *entry = &batch->entries[i];
        if ((entry->source || entry->remote) && strcmp(wanted_image(entry), image) == 0)
            return entry;
    }
    return NULL;
}

/* 1: the job says itself what its instance is made from; 0: its image does. */
static int names_source(const ct_job *job, ct_error *error) {
    if (!job->instance_json)
        return 0;
    int code = ct_json_check_object(job->instance_json, error);
    if (code < 0)
        return ct_fail_in(error, code, "image %s: instance_json", job->image);
    ct_json *json = ct_json_new();
    if (!json)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    code = ct_json_parse(json, job->instance_json, strlen(job->instance_json), error);
    if (code == CT_OK)
        code = ct_json_has(json, "/source");
    ct_json_free(json);
    return code;
}

/* An image of LXD's own comes first, and the job's remote source where there is none. */
static int find_source(ct_batch *batch, size_t number, void *session, const ct_wait *wait,
                       ct_error *error) {
    struct entry *entry = &batch->entries[number];
    const ct_provider_type *provider = ct_run_provider(batch->run)->type;
    const struct entry *known = same_image(batch, number);
    if (known && known->source) {
        entry->source = strdup(known->source);
        return entry->source ? CT_OK : ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    }
    entry->remote = known && entry->job.remote_source;
    if (entry->remote)
        return CT_OK;
    int code =
        provider->resolve(session, wanted_image(entry), &entry->source, wait, error);
    entry->remote = code == CT_E_UNKNOWN_IMAGE && entry->job.remote_source;
    return entry->remote ? CT_OK : code;
}

static int resolve_image(ct_batch *batch, size_t number, void *session,
                         const ct_wait *wait, ct_error *error) {
    struct entry *entry = &batch->entries[number];
    const ct_provider_type *provider = ct_run_provider(batch->run)->type;
    if (entry->job.target)
        return provider->check_running(session, entry->job.target, wait, error);
    if (entry->source || entry->remote) /* a start that failed came so far */
        return CT_OK;
    int named = names_source(&entry->job, error);
    if (named != 0)
        return named < 0 ? named : CT_OK;
    return find_source(batch, number, session, wait, error);
}

static int resolve_images(ct_batch *batch, ct_error *error) {
    const ct_provider_type *provider = ct_run_provider(batch->run)->type;
    ct_wait wait = ct_wait_for(ct_run_provider(batch->run)->timeout, batch->cancel);
    void *session = provider->session_open(ct_run_provider(batch->run), error);
    int code = session ? CT_OK : CT_E_NO_MEMORY;
    for (size_t i = 0; code == CT_OK && i < batch->count; i++)
        code = resolve_image(batch, i, session, &wait, error);
    provider->session_close(session);
    return code;
}

/* ---- the scheduler's work ---- */

static void perform(void *data, void **session, size_t item) {
    ct_batch *batch = data;
    struct entry *entry = &batch->entries[item];
    ct_result *result = entry->result;
    entry->result = NULL;
    ct_job_perform(&batch->context, session, item, &entry->job, entry->source, result);
}

static void end(void *data, void *session) {
    ct_batch *batch = data;
    ct_run_provider(batch->run)->type->session_close(session);
}

int ct_batch_start(ct_batch *batch, ct_error *error) {
    if (batch->events)
        return ct_fail(error, CT_E_ARGUMENT, "the batch has started already");
    int code = resolve_images(batch, error);
    if (code == CT_OK && batch->count > 0)
        code = ct_run_guard(batch->run, error);
    for (size_t i = 0; code == CT_OK && i < batch->count; i++)
        if (batch->entries[i].job.preserve == CT_PRESERVE_RUN)
            ct_run_keep(batch->run);
    if (code < 0)
        return code;
    batch->events = ct_queue_new(batch->count * CT_EVENTS_PER_JOB);
    if (!batch->events)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    batch->context =
        (ct_job_context){.provider = ct_run_provider(batch->run),
                         .run_id = ct_run_id(batch->run),
                         .first_number = ct_run_number(batch->run, batch->count),
                         .cancel = batch->cancel,
                         .events = batch->events};
    ct_work work = {.perform = perform, .end = end, .context = batch};
    batch->scheduler =
        ct_scheduler_start(&work, NULL, batch->count, batch->max_live, error);
    if (batch->scheduler)
        return CT_OK;
    ct_queue_free(batch->events);
    batch->events = NULL;
    return CT_E_SYSTEM;
}

/* ---- waiting and the end ---- */

static void count_event(ct_batch *batch, const ct_event *event) {
    if (event->type != CT_EVENT_DONE)
        return;
    batch->done++;
    if (!event->message || event->preserved)
        return;
    ct_run_left_behind(batch->run);
    if (batch->left_behind.code == CT_OK)
        ct_fail(&batch->left_behind, CT_E_OPERATION, "%s", event->message);
}

int ct_batch_wait(ct_batch *batch, double seconds, ct_event *event, ct_error *error) {
    if (!batch->events)
        return ct_fail(error, CT_E_ARGUMENT, "the batch has not started");
    if (batch->done == batch->count)
        return 0;
    ct_wait wait = ct_wait_for(seconds < 0 ? INFINITY : seconds, -1);
    int code = ct_queue_take(batch->events, &wait, event);
    if (code < 0)
        return ct_fail(error, code, "waiting for events: %s", ct_error_text(code));
    count_event(batch, event);
    return 1;
}

void ct_batch_cancel(ct_batch *batch) {
    ct_cancel_set(batch->cancel);
}

/* Takes what nobody waited for. */
static void drain(ct_batch *batch) {
    ct_event event;
    for (;;) {
        int code = ct_batch_wait(batch, -1, &event, NULL);
        if (code == 1)
            ct_event_fini(&event);
        else if (code != CT_E_INTERRUPTED)
            return;
    }
}

int ct_batch_close(ct_batch *batch, ct_error *error) {
    if (!batch)
        return CT_OK;
    if (batch->scheduler) {
        ct_batch_cancel(batch);
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
    ct_queue_free(batch->events);
    ct_arena_fini(&batch->arena);
    close(batch->cancel);
    free(batch);
    return code;
}
