/* SPDX-License-Identifier: MIT
 *
 * job.h - one job, from birth to teardown.
 */
#ifndef CT_JOB_H
#define CT_JOB_H

#include "prepared/prepared.h"

/* ---- result.c ---------------------------------------------------------------------- */

/* A status never improves. */
void ct_result_worsen(ct_result *result, enum ct_status status);
/* Says what went wrong, with what a step wrote behind it. What went wrong before that
 * stands before it. */
void ct_result_note(ct_result *result, const char *message, const ct_buf *output);
/* What the testlet wrote is worth having however it ended. */
void ct_result_take_output(ct_result *result, ct_outcome *outcome);
/* How it ended, what it returned, and what that means. */
void ct_result_take_end(ct_result *result, const ct_job *job, ct_outcome *outcome);

/* ---- job.c, end.c, shared_instance.c ----------------------------------------------- */

/* One instance, and the jobs that have it one after the other; most have one of their
 * own. All of them are done by one thread. */
typedef struct ct_share {
    size_t left;    /* jobs that have not ended */
    double longest; /* seconds after which nothing of them all can still be going */
    char instance[CT_INSTANCE_NAME_MAX + 1]; /* "": none has begun */
    bool begun;    /* whatever could be done to bring it up is done */
    bool made;     /* there may be such an instance */
    bool cloned;   /* from the prepared base */
    bool preserve; /* one of the jobs wants it kept */
    char *latest;  /* the name of the last result that came from it */
    char *failure; /* why there is nothing to share; NULL: there is */
} ct_share;

/* Counts one more job in, before any has begun. operation: as for ct_job_longest(). */
void ct_share_expect(ct_share *share, const ct_job *job, double operation);
void ct_share_fini(ct_share *share);
/* Names the instance for the first of its jobs: this one, unless it has a name
 * already. */
void ct_share_name(ct_share *share, const ct_job_context *context, const char *name,
                   size_t number);
/* Checks that an instance which others have used still runs. CT_E_OPERATION: it does
 * not, or never came to; share->failure says why. */
CT_CHECK int ct_share_join(ct_share *share, const ct_provider *provider, void *session,
                           const ct_wait *wait, ct_error *error);
/* Notes why there is nothing to share. The first cause wins. */
void ct_share_fail(ct_share *share, const char *why);
/* Notes that a job is done with it, under its result's name; lost: the instance went
 * with it. */
void ct_share_leave(ct_share *share, const char *name, bool lost);

/* Lives one job through, from birth to teardown, and reports it as events. *session is
 * opened as needed. source is what its image resolved to. What the last job of a share
 * leaves of the instance is torn down. result is given away with the RESULT event. */
void ct_job_perform(const ct_job_context *context, void **session, size_t number,
                    const ct_job *job, const char *source, const ct_prepared *prepared,
                    ct_share *share, ct_result *result);

#endif
