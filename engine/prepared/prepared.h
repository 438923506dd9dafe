/* SPDX-License-Identifier: MIT
 *
 * prepared.h - prepared environments: what a batch needs built, what there is, and what
 * is kept warm.
 */
#ifndef CT_PREPARED_H
#define CT_PREPARED_H

#include "guest_client/guest_client.h"
#include "schedule/schedule.h"

/* ---- what a job begins with -------------------------------------------------------- */

/* What the jobs of a batch share. */
typedef struct ct_job_context {
    ct_provider *provider;
    const char *run_id;
    size_t first_number; /* of the batch's instances, within the run */
    int cancel;          /* see ct_wait */
    ct_queue *events;
    struct ct_warm *warm;           /* see warm.h */
    const struct ct_reaper *reaper; /* is told of guests in targets; see reaper.h */
    const ct_reserve *reserve;      /* for what is started ahead */
} ct_job_context;

/* What was done before a job begins. Borrowed. */
typedef struct ct_prepared {
    const char *base; /* the instance its own is cloned from; NULL: none */
    size_t steps;     /* of its start hooks, that are done there */
    bool built;       /* by this run */
    /* that this took, when it was for this job that it was done; else -1 */
    double seconds;
    /* a step failed, and there is nothing to begin; NULL: none did */
    const ct_error *failure;
    const ct_buf *output; /* what that step wrote */
} ct_prepared;

/* ---- plan.c, plan_builds.c --------------------------------------------------------- */

typedef struct ct_plan ct_plan;

typedef struct ct_plan_job {
    const ct_job *job;  /* borrowed for as long as the plan */
    const char *source; /* an image's fingerprint; NULL: it can't be prepared. Borrowed */
} ct_plan_job;

/* Looks at what there is. Whatever fails on the way means bases that are not used: the
 * note says why. NULL: out of memory. */
CT_CHECK ct_plan *ct_plan_make(ct_provider *provider, const ct_base_limits *limits,
                               const ct_plan_job *jobs, size_t count,
                               const ct_wait *wait);
void ct_plan_free(ct_plan *plan);
/* Why some jobs are not prepared, and which is the first of them; NULL: nothing to
 * say. */
const char *ct_plan_note(const ct_plan *plan, size_t *job);

/* How many bases are to be built; they have the numbers from 0. */
size_t ct_plan_count(const ct_plan *plan);
/* The one that must be built before; CT_NO_ITEM: none. */
size_t ct_plan_after(const ct_plan *plan, size_t number);
/* The one that a job needs; CT_NO_ITEM: none. */
size_t ct_plan_needed(const ct_plan *plan, size_t job);
/* Builds one, or waits for whoever does. By one thread at a time for each. *session is
 * opened as needed. */
void ct_plan_build(ct_plan *plan, const ct_job_context *context, void **session,
                   size_t number);
/* What a job begins with, once what it needs is built. Borrowed from the plan. */
ct_prepared ct_plan_prepared(const ct_plan *plan, size_t job);

/* ---- store.c ----------------------------------------------------------------------- */

typedef struct ct_base_list {
    ct_arena arena; /* has the strings */
    ct_base *bases;
    size_t count;
} ct_base_list;

/* Fills the list, which needs a fini in any case. */
CT_CHECK int ct_base_list_read(ct_base_list *list, ct_provider *provider,
                               const ct_wait *wait, ct_error *error);
void ct_base_list_fini(ct_base_list *list);
/* The base of this key; NULL: none. */
const ct_base *ct_base_list_find(const ct_base_list *list, const char *key);

bool ct_base_expired(const ct_base *base, const ct_base_limits *limits);

/* Deletes it, unless others were there since it was listed. 1: it is gone. */
int ct_base_discard(ct_provider *provider, void *session, const ct_base *base,
                    ct_cleaned *cleaned, void *context, const ct_wait *wait);

/* Deletes what is spoiled or beyond the limits; NULL: everything. Not what is being
 * built. cancel: see ct_wait; each deletion may take the provider's timeout. Returns how
 * many are gone; CT_E_CANCELLED: there may be more. */
CT_CHECK int ct_base_prune(ct_provider *provider, const ct_base_limits *limits,
                           int cancel, ct_cleaned *cleaned, void *context,
                           ct_error *error);

/* ---- warm.c ------------------------------------------------------------------------ */

typedef struct ct_warm ct_warm;

/* A pool with nothing in it. number gives a number that no other instance of the run
 * has in its name; from any thread. */
CT_CHECK int ct_warm_open(ct_provider *provider, const char *run_id,
                          size_t (*number)(void *context), void *context, ct_warm **warm,
                          ct_error *error);
/* Ends what is being made. The instances are left to whoever deletes the run's. NULL
 * is fine. */
void ct_warm_close(ct_warm *warm);

/* Wakes a clone of the base, which is then the caller's to delete; false: none is
 * there, or the job wants none. Has as many made, and remade whenever one is taken, as
 * the job wants to be kept warm, while as much is left of the machine as the reserve
 * says; it is copied. instance is written only on success. From any thread. */
bool ct_warm_wake(ct_warm *warm, void *session, const ct_job *job, const char *base,
                  const ct_reserve *reserve, char instance[CT_INSTANCE_NAME_MAX + 1],
                  const ct_wait *wait);

#endif
