/* SPDX-License-Identifier: MIT
 *
 * batch.h - what a batch is, for the files that make one up: batch.c has the public API,
 * batch_images.c finds what the jobs' instances are made from, batch_share.c which of them have
 * one together, batch_start.c sets the work going.
 */
#ifndef CT_BATCH_H
#define CT_BATCH_H

#include "aside.h"
#include "plan.h"
#include "run.h"

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
    ct_job_context context;
};

/* ---- batch_images.c ------------------------------------------------------------------ */

/* Fills each entry's source, or remote; checks the targets. */
CT_CHECK int ct_batch_resolve(ct_batch *batch, ct_error *error);

/* ---- batch_share.c ------------------------------------------------------------------- */

/* Fills each entry's next, and the batch's firsts, once all are resolved. */
CT_CHECK int ct_batch_share(ct_batch *batch, ct_error *error);

#endif
