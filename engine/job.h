/* SPDX-License-Identifier: MIT
 *
 * job.h - one job, from birth to teardown, and what it is made of: hooks, a result.
 */
#ifndef CT_JOB_H
#define CT_JOB_H

#include "guest_client.h"

/* ---- hook.c -------------------------------------------------------------------------- */

/* Does the hooks' steps in order; the first that fails ends it. CT_E_STEP: the step's own
 * doing, with the end of what it wrote added to output; else the environment's. */
CT_CHECK int ct_hooks_run(ct_guest *guest, const ct_hook *hooks, size_t count,
                          const char *const *env, ct_buf *output, const ct_wait *wait,
                          ct_error *error);

/* ---- job_result.c -------------------------------------------------------------------- */

/* A status never improves. */
void ct_result_worsen(ct_result *result, enum ct_status status);
/* Says what went wrong, with what a step wrote behind it; the first cause wins. */
void ct_result_note(ct_result *result, const char *message, const ct_buf *output);
/* What the testlet wrote is worth having however it ended. */
void ct_result_take_output(ct_result *result, ct_outcome *outcome);
/* How it ended, what it returned, and what that means. */
void ct_result_take_end(ct_result *result, const ct_job *job, ct_outcome *outcome);

/* ---- job.c, job_install.c ------------------------------------------------------------ */

/* What the jobs of a batch share. */
typedef struct ct_job_context {
    ct_provider *provider;
    const char *run_id;
    size_t first_number; /* of the batch's instances, within the run */
    int cancel;          /* see ct_wait */
    ct_queue *events;
} ct_job_context;

/* Lives one job through, from birth to teardown, and reports it as events. *session is opened
 * as needed. result is given away with the RESULT event. */
void ct_job_perform(const ct_job_context *context, void **session, size_t number,
                    const ct_job *job, const char *source, ct_result *result);

/* Puts the guest into an instance that runs. One that can't be reached yet is waited for, up
 * to guest->ready_timeout, which is then what is left of it. */
CT_CHECK int ct_job_install(const ct_job_context *context, ct_guest *guest,
                            ct_error *error);

#endif
