/* SPDX-License-Identifier: MIT
 *
 * job.h - one job, from birth to teardown.
 */
#ifndef CT_JOB_H
#define CT_JOB_H

#include "prepared/prepared.h"

/* ---- result.c ---------------------------------------------------------------------- */

/* Makes the status worse, but never better. */
void ct_result_worsen(ct_result *result, ct_status status);
/* Adds what went wrong to the result's error, and what a step wrote (NULL: nothing). The
 * first cause comes first. */
void ct_result_note(ct_result *result, const char *message, const ct_buf *output);
/* Takes what the testlet wrote, which is worth having however it ended. */
void ct_result_take_output(ct_result *result, ct_outcome *outcome);
/* Takes how the testlet ended and what it returned, and sets the status. */
void ct_result_take_end(ct_result *result, const ct_job *job, ct_outcome *outcome);

/* ---- job.c, end.c, shared_instance.c ----------------------------------------------- */

/* An instance of ours, and the jobs that have it one after the other; most instances have
 * one job. One thread does all of them. It owns the instance's name: all others borrow
 * it, or have copies to show. */
typedef struct ct_shared_instance {
    char name[CT_INSTANCE_NAME_MAX + 1]; /* "": no job has begun */
    size_t left;                         /* jobs that have not ended */
    double longest; /* seconds after which none of the jobs can still be going */
    bool begun;     /* whatever could be done to bring it up is done */
    bool exists;    /* or may exist: there was a try to create it */
    bool cloned;    /* from the prepared base */
    bool preserve;  /* one of the jobs wants it kept */
    char *latest;   /* the name of the last result that came from it */
    char *failure;  /* why there is nothing to share; NULL: there is */
} ct_shared_instance;

/* Counts one more job in, before any has begun. operation: see ct_job_longest(). */
void ct_shared_expect(ct_shared_instance *shared, const ct_job *job, double operation);
void ct_shared_fini(ct_shared_instance *shared);
/* Gives the instance a name, with this label, unless it has one already. number: the
 * job's within the batch. */
void ct_shared_name(ct_shared_instance *shared, const ct_job_context *context,
                    const char *label, size_t number);
/* Checks that an instance which other jobs have used still runs. CT_E_OPERATION: it does
 * not, or never did, and shared->failure says why. */
CT_CHECK int ct_shared_join(ct_shared_instance *shared, ct_session *session,
                            const ct_wait *wait, ct_error *error);
/* Notes why there is nothing to share. The first cause stays. */
void ct_shared_fail(ct_shared_instance *shared, const char *why);
/* Notes that a job is done with the instance. name: its result's. lost: the instance was
 * lost with it. */
void ct_shared_leave(ct_shared_instance *shared, const char *name, bool lost);

/* One job to be done. All of it is borrowed, but for the result. */
typedef struct ct_job_order {
    const ct_job_context *context;
    const ct_job *job;
    size_t number;      /* the job's within the batch */
    const char *source; /* what its image resolved to; NULL: the job says its source */
    const ct_prepared *prepared;
    ct_shared_instance *shared; /* its instance; means nothing for a job with a target */
    ct_result *result;          /* is given away with the RESULT event */
} ct_job_order;

/* Does a job, from birth to teardown, and reports it as events. *session is opened as
 * needed. After the last job of a shared instance that is torn down. */
void ct_job_perform(const ct_job_order *order, ct_session **session);

#endif
