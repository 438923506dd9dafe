/* SPDX-License-Identifier: MIT
 *
 * life.h - what is known of a job while it lives, for job.c and end.c only. All others
 * see a job by job.h.
 */
#ifndef CT_LIFE_H
#define CT_LIFE_H

#include "job/job.h"

typedef struct ct_life {
    const ct_job_order *order;
    const ct_job_context *context; /* the order's, as the next three */
    const ct_job *job;
    const ct_prepared *prepared;
    ct_shared_instance *shared;
    ct_result *result;  /* NULL once it was given away */
    const char *source; /* see ct_job_order; NULL also when that image is gone */
    ct_session *session;
    const char *instance; /* its name, which is the shared instance's, or the target's */
    char directory[64];   /* the guest's, in the instance */
    ct_step_range steps;  /* the start hooks' steps that are left to do */
    bool owns_instance;   /* there may be an instance of ours */
    bool guest_in_target; /* there may be a guest of ours in the target */
    bool from_base;       /* the instance was cloned from the prepared base */
    bool from_warm;       /* it was booted ahead of time */
    bool cancelled;
    bool never_ran; /* the environment broke before the testlet began */
    ct_guest guest;
    bool in_phase; /* some phase was entered */
    ct_phase phase;
    double begun;   /* ct_now() when the job began */
    double entered; /* ct_now() when the phase began */
} ct_life;

/* Gives the result away. Deletes, preserves or leaves the instance. */
void ct_life_end(ct_life *life);

#endif
