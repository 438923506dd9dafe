/* SPDX-License-Identifier: MIT
 *
 * warm.h - a run's warm pool: clones of bases, booted and frozen, that are there before a job
 * needs them. They are the run's, and go with it.
 */
#ifndef CT_WARM_H
#define CT_WARM_H

#include "provider.h"

typedef struct ct_warm ct_warm;

/* A pool with nothing in it. number gives a number that no other instance of the run has in its
 * name; from any thread. */
CT_CHECK int ct_warm_open(ct_provider *provider, const char *run_id,
                          size_t (*number)(void *context), void *context, ct_warm **warm,
                          ct_error *error);
/* Ends what is being made. The instances are left to whoever deletes the run's. NULL is fine. */
void ct_warm_close(ct_warm *warm);

/* Wakes a clone of the base, which is then the caller's to delete; false: none is there, or the
 * job wants none. Has as many made, and remade whenever one is taken, as the job wants to be kept
 * warm, while as much is left of the machine as the reserve says; it is copied. instance is written
 * only on success. From any thread. */
bool ct_warm_wake(ct_warm *warm, void *session, const ct_job *job, const char *base,
                  const ct_reserve *reserve, char instance[CT_INSTANCE_NAME_MAX + 1],
                  const ct_wait *wait);

#endif
