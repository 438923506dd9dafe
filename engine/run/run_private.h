/* SPDX-License-Identifier: MIT
 *
 * run_private.h - what a run and a batch are, for the files of this room. The door is
 * cleantest.h.
 */
#ifndef CT_RUN_PRIVATE_H
#define CT_RUN_PRIVATE_H

#include <pthread.h>

#include "job/job.h"
#include "reaper/reaper.h"

/* ---- settings.c -------------------------------------------------------------------- */

/* Reads the caller's, which may be NULL, and checks them. What they point to is
 * borrowed. */
CT_CHECK int ct_settings_read(ct_settings *to, const ct_settings *from, ct_error *error);
ct_base_limits ct_settings_limits(const ct_settings *settings);

/* ---- run.c ------------------------------------------------------------------------- */

/* Finds the provider that settings which were read mean; see ct_run_open() for the
 * errors. Ended by ct_run_disconnect(), which accepts NULL. */
CT_CHECK int ct_run_connect(const ct_settings *settings, ct_provider **out,
                            ct_error *error);
void ct_run_disconnect(ct_provider *provider);
/* Borrowed. */
ct_provider *ct_run_provider(ct_run *run);
const ct_logger *ct_run_logger(const ct_run *run);
/* The pool of instances that are there ahead of time. */
ct_warm *ct_run_warm(ct_run *run);
/* Durations of earlier runs; may be NULL. */
ct_history *ct_run_history(ct_run *run);
/* NULL before ct_run_guard(). */
const struct ct_reaper *ct_run_reaper(ct_run *run);
const ct_base_limits *ct_run_base_limits(const ct_run *run);
/* Starts the reaper when there is none yet: before the first instance. */
CT_CHECK int ct_run_guard(ct_run *run, ct_error *error);
/* Reserves numbers that no other instance of the run has in its name; returns the
 * first. */
size_t ct_run_number(ct_run *run, size_t count);
/* Instances may be kept until the run is closed. */
void ct_run_keep(ct_run *run);
/* An instance could not be torn down: the reaper is to try again when the run ends. */
void ct_run_left_behind(ct_run *run);

typedef struct ct_entry {
    ct_job job;   /* in the arena */
    char *source; /* what the image resolved to; NULL: the job says it */
    bool remote;  /* job.remote_source says it; source is what LXD has of it, if any */
    ct_result *result; /* until its job takes it */
    char *key;         /* of its duration; in the arena */
    double
        lasted;   /* seconds until its result; negative: worth nothing for the next run */
    size_t next;  /* the one that has its instance after it; CT_NO_ITEM: none */
    bool follows; /* it is some other's next */
} ct_entry;

struct ct_batch {
    ct_run *run; /* borrowed */
    unsigned max_live;
    ct_reserve reserve;
    ct_arena arena; /* the jobs' */
    ct_entry *entries;
    size_t count;
    size_t *firsts; /* the entries that are nobody's next: one for each instance */
    size_t first_count;
    int cancel;
    ct_queue *events;
    ct_aside *survey;       /* what LXD is asked before the start; NULL: not now */
    ct_plan_job *plan_jobs; /* one for each entry; the plan's */
    ct_plan *plan;
    ct_scheduler *scheduler; /* NULL until started */
    size_t done;             /* DONE events taken */
    ct_error left_behind;    /* the first failure to tear down */
    ct_event event;          /* the one that was given out last */
    ct_job_context context;
};

/* ---- images.c ---------------------------------------------------------------------- */

/* Fills each entry's source, or remote; checks the targets. */
CT_CHECK int ct_batch_resolve(ct_batch *batch, ct_error *error);

/* ---- grouping.c -------------------------------------------------------------------- */

/* Fills each entry's next, and the batch's firsts, once all are resolved. */
CT_CHECK int ct_batch_share(ct_batch *batch, ct_error *error);

#endif
