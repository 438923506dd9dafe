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
 * name; from any thread. NULL: out of memory. */
CT_CHECK ct_warm *ct_warm_open(ct_provider *provider, const char *run_id,
                               size_t (*number)(void *context), void *context);
/* Ends what is being made. The instances are left to whoever deletes the run's. NULL is fine. */
void ct_warm_close(ct_warm *warm);

/* Has as many clones of the base made, and remade whenever one is taken, as the job wants to be
 * kept warm. From any thread; returns at once. */
void ct_warm_keep(ct_warm *warm, const char *base, const ct_job *job);
/* Gives one away, which is frozen: it is the caller's to unfreeze and to delete. false: none is
 * there. From any thread; returns at once. */
bool ct_warm_take(ct_warm *warm, const char *base,
                  char instance[CT_INSTANCE_NAME_MAX + 1]);

#endif
