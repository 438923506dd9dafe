/* SPDX-License-Identifier: MIT
 *
 * plan.h - which bases the jobs of a batch need, which of them are there, and which must be
 * built first: each once, however many jobs wait for it.
 */
#ifndef CT_PLAN_H
#define CT_PLAN_H

#include "job.h"

typedef struct ct_plan ct_plan;

typedef struct ct_plan_job {
    const ct_job *job;  /* borrowed for as long as the plan */
    const char *source; /* an image's fingerprint; NULL: it can't be prepared. Borrowed */
} ct_plan_job;

/* Looks at what there is. Whatever fails on the way means bases that are not used: the note
 * says why. NULL: out of memory. */
CT_CHECK ct_plan *ct_plan_make(ct_provider *provider, const ct_base_limits *limits,
                               const ct_plan_job *jobs, size_t count,
                               const ct_wait *wait);
void ct_plan_free(ct_plan *plan);
/* Why some jobs are not prepared, and which is the first of them; NULL: nothing to say. */
const char *ct_plan_note(const ct_plan *plan, size_t *job);

/* How many bases are to be built; they have the numbers from 0. */
size_t ct_plan_count(const ct_plan *plan);
/* The one that must be built before; CT_NO_ITEM: none. */
size_t ct_plan_after(const ct_plan *plan, size_t number);
/* The one that a job needs; CT_NO_ITEM: none. */
size_t ct_plan_needed(const ct_plan *plan, size_t job);
/* Builds one, or waits for whoever does. By one thread at a time for each. *session is opened as
 * needed. */
void ct_plan_build(ct_plan *plan, const ct_job_context *context, void **session,
                   size_t number);
/* What a job begins with, once what it needs is built. Borrowed from the plan. */
ct_prepared ct_plan_prepared(const ct_plan *plan, size_t job);

#endif
