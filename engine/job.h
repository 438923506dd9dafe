/* SPDX-License-Identifier: MIT
 *
 * job.h - one job, from birth to teardown, and what it is made of: hooks, a result.
 */
#ifndef CT_JOB_H
#define CT_JOB_H

#include "guest_client.h"

#define CT_REBOOT_PATIENCE 15.0 /* seconds from an instance's stop to its start */
#define CT_GUEST_DIRECTORY "/.cleantest" /* in an instance of our own */

/* Steps of a job's start hooks, or stop hooks, counted through all of them. */
typedef struct ct_step_range {
    size_t from, to; /* the first; the one behind the last */
} ct_step_range;

#define CT_ALL_STEPS ((ct_step_range){.from = 0, .to = SIZE_MAX})
#define CT_NO_STEPS  ((ct_step_range){.from = SIZE_MAX, .to = SIZE_MAX})

/* ---- job_demand.c -------------------------------------------------------------------- */

/* How far its instance must have come for these of its start hooks' steps, and for the
 * testlet. Where the job does not say: NETWORK for packages, else SYSTEM, with steps and
 * without: what a testlet finds does not depend on whether it has hooks. */
enum ct_ready ct_job_ready(const ct_job *job, ct_step_range range);
/* Seconds after which nothing of it can still be going, where one operation of the provider's
 * may take so many. */
double ct_job_longest(const ct_job *job, double operation);

/* ---- job_alike.c --------------------------------------------------------------------- */

/* true when their start hooks, what these wait for, and their variables are the same, whatever
 * is in the files that they upload. */
bool ct_job_alike(const ct_job *one, const ct_job *other);

/* ---- hook.c -------------------------------------------------------------------------- */

/* Does these of the hooks' steps in order; the first that fails ends it. CT_E_STEP: the step's own
 * doing, with the end of what it wrote in output; else the environment's. */
CT_CHECK int ct_hooks_run(ct_guest *guest, const ct_hook *hooks, size_t count,
                          ct_step_range range, const char *const *env, ct_buf *output,
                          const ct_wait *wait, ct_error *error);

/* ---- job_result.c -------------------------------------------------------------------- */

/* A status never improves. */
void ct_result_worsen(ct_result *result, enum ct_status status);
/* Says what went wrong, with what a step wrote behind it. What went wrong before that
 * stands before it. */
void ct_result_note(ct_result *result, const char *message, const ct_buf *output);
/* What the testlet wrote is worth having however it ended. */
void ct_result_take_output(ct_result *result, ct_outcome *outcome);
/* How it ended, what it returned, and what that means. */
void ct_result_take_end(ct_result *result, const ct_job *job, ct_outcome *outcome);

/* ---- job.c, job_end.c, job_install.c, job_share.c -------------------------------------- */

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
    double
        seconds; /* that this took, when it was for this job that it was done; else -1 */
    const ct_error
        *failure; /* a step failed, and there is nothing to begin; NULL: none did */
    const ct_buf *output; /* what that step wrote */
} ct_prepared;

/* One instance, and the jobs that have it one after the other; most have one of their own. All
 * of them are done by one thread. */
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
/* Names the instance for the first of its jobs: this one, unless it has a name already. */
void ct_share_name(ct_share *share, const ct_job_context *context, const char *name,
                   size_t number);
/* Checks that an instance which others have used still runs. CT_E_OPERATION: it does not, or
 * never came to; share->failure says why. */
CT_CHECK int ct_share_join(ct_share *share, const ct_provider *provider, void *session,
                           const ct_wait *wait, ct_error *error);
/* Notes why there is nothing to share. The first cause wins. */
void ct_share_fail(ct_share *share, const char *why);
/* Notes that a job is done with it, under its result's name; lost: the instance went with it. */
void ct_share_leave(ct_share *share, const char *name, bool lost);

/* Lives one job through, from birth to teardown, and reports it as events. *session is opened
 * as needed. source is what its image resolved to. What the last job of a share leaves of the
 * instance is torn down. result is given away with the RESULT event. */
void ct_job_perform(const ct_job_context *context, void **session, size_t number,
                    const ct_job *job, const char *source, const ct_prepared *prepared,
                    ct_share *share, ct_result *result);

/* Puts the guest into an instance that runs. One that can't be reached yet is waited for, up
 * to guest->ready_timeout, which is then what is left of it. */
CT_CHECK int ct_job_install(const ct_job_context *context, ct_guest *guest,
                            ct_error *error);

#endif
