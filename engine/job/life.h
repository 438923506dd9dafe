/* SPDX-License-Identifier: MIT
 *
 * life.h - what is known of one job while it lives. Between job.c and job_end.c only: the
 * rest of the engine sees a job by job.h.
 */
#ifndef CT_LIFE_H
#define CT_LIFE_H

#include "job/job.h"

typedef struct ct_life {
    const ct_job_context *context;
    const ct_job *job;
    size_t number;
    const char *source; /* what the image resolved to; NULL: the job says it */
    const ct_prepared *prepared;
    ct_share *share;     /* the instance, if it is not the job's target */
    ct_step_range steps; /* of the start hooks, that are left to do */
    bool cloned;         /* from the prepared base */
    bool awake;          /* it was booted ahead of time */
    void *session;
    ct_result *result;
    char instance[CT_INSTANCE_NAME_MAX + 1];
    char directory[64]; /* the guest's, in the instance */
    bool made;          /* there may be an instance of ours */
    bool visited;       /* there may be a guest of ours in an instance that is not */
    bool cancelled;
    bool broken; /* there was never a testlet */
    ct_guest guest;
    bool in_phase; /* some phase was entered */
    enum ct_phase phase;
    double begun; /* ct_now() of the job, and of the phase */
    double entered;
} ct_life;

/* Gives the result away, and does with the instance what is to become of it. */
void ct_life_end(ct_life *life);

#endif
