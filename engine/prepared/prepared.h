/* SPDX-License-Identifier: MIT
 *
 * prepared.h - prepared environments: which bases a batch needs, which exist, and which
 * clones are kept warm.
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
    struct ct_warm *warm;
    const struct ct_reaper *reaper; /* is told of guests in targets; see reaper.h */
    const ct_reserve *reserve;      /* what clones that are made ahead leave free */
} ct_job_context;

/* What was done before a job begins. Borrowed. */
typedef struct ct_prepared {
    const char *base;        /* the instance to clone; NULL: none */
    size_t steps;            /* how many of its start hooks' steps are done there */
    bool built;              /* this run has built the base */
    double seconds;          /* that the build took, if it was for this job; else -1 */
    const ct_error *failure; /* why a step failed, so that no job can begin; NULL: none */
    const ct_buf *output;    /* what that step wrote */
} ct_prepared;

/* What is kept; a zero means the default. */
typedef struct ct_base_limits {
    double age;    /* seconds since it was built */
    size_t count;  /* how many */
    uint64_t size; /* bytes, of all together */
} ct_base_limits;

/* ---- plan.c, plan_builds.c --------------------------------------------------------- */

typedef struct ct_plan ct_plan;

typedef struct ct_plan_job {
    const ct_job *job;  /* borrowed for as long as the plan */
    const char *source; /* its image's fingerprint, borrowed; NULL: it gets no base */
} ct_plan_job;

/* Looks at the existing bases and makes a plan. Whatever fails on the way only means that
 * bases are not used, and the note says why. NULL: out of memory. */
CT_CHECK ct_plan *ct_plan_make(ct_provider *provider, const ct_base_limits *limits,
                               const ct_plan_job *jobs, size_t count,
                               const ct_wait *wait);
void ct_plan_free(ct_plan *plan);
/* Why some jobs get no base, and which is the first of them; NULL: there is nothing to
 * say. */
const char *ct_plan_note(const ct_plan *plan, size_t *job);

/* How many bases are to be built. They are numbered from 0. */
size_t ct_plan_count(const ct_plan *plan);
/* The base that must be built before this one; CT_NO_ITEM: none. */
size_t ct_plan_after(const ct_plan *plan, size_t number);
/* The base that a job waits for; CT_NO_ITEM: none. */
size_t ct_plan_needed(const ct_plan *plan, size_t job);
/* Builds a base, or waits for whoever does. Each base is built by one thread. *session is
 * opened as needed. */
void ct_plan_build(ct_plan *plan, const ct_job_context *context, ct_session **session,
                   size_t number);
/* What a job begins with, once the base that it waits for is built. Borrowed from the
 * plan. */
ct_prepared ct_plan_prepared(const ct_plan *plan, size_t job);

/* ---- store.c ----------------------------------------------------------------------- */

typedef struct ct_base_list {
    ct_arena arena; /* has the strings */
    ct_base *bases;
    size_t count;
} ct_base_list;

/* Fills the list, which needs a fini even when this fails. */
CT_CHECK int ct_base_list_read(ct_base_list *list, ct_provider *provider,
                               const ct_wait *wait, ct_error *error);
void ct_base_list_fini(ct_base_list *list);
/* The base of this key; NULL: none. */
const ct_base *ct_base_list_find(const ct_base_list *list, const char *key);

bool ct_base_expired(const ct_base *base, const ct_base_limits *limits);

/* Deletes a base that was listed, unless others have changed it since. 1: it is gone. The
 * sink may be NULL. */
int ct_base_discard(ct_session *session, const ct_base *base, const ct_cleaned_sink *sink,
                    const ct_wait *wait);

/* Deletes the bases that are spoiled or beyond the limits; limits NULL: all. Those that
 * are being built stay. cancel: see ct_wait; each deletion may take the provider's
 * timeout. Returns how many are gone. CT_E_CANCELLED: there may be more to delete. The
 * sink may be NULL. */
CT_CHECK int ct_base_prune(ct_provider *provider, const ct_base_limits *limits,
                           int cancel, const ct_cleaned_sink *sink, ct_error *error);

/* ---- warm.c ------------------------------------------------------------------------ */

typedef struct ct_warm ct_warm;

/* A pool without any clones. number() gives a number that no other instance of the run
 * has in its name; it is called from any thread. */
CT_CHECK int ct_warm_open(ct_provider *provider, const char *run_id,
                          size_t (*number)(void *context), void *context, ct_warm **warm,
                          ct_error *error);
/* Stops making clones. The instances are left to whoever deletes the run's. NULL is
 * fine. */
void ct_warm_close(ct_warm *warm);

/* What a job wants of the pool. */
typedef struct ct_warm_order {
    const ct_job *job;
    const char *base;          /* what is cloned */
    const ct_reserve *reserve; /* what must be left of the machine; is copied */
} ct_warm_order;

/* Wakes a clone of the base, which is then the caller's to delete. false: there is none,
 * or the job wants none; then instance is not written. From now on as many clones are
 * kept as the job wants, and replaced whenever one is taken. From any thread. */
bool ct_warm_wake(ct_warm *warm, ct_session *session, const ct_warm_order *order,
                  char instance[CT_INSTANCE_NAME_MAX + 1], const ct_wait *wait);

#endif
