/* SPDX-License-Identifier: MIT
 *
 * plan_private.h - what a plan is, for plan.c and plan_builds.c only. All others see it
 * by prepared.h.
 */
#ifndef CT_PLAN_PRIVATE_H
#define CT_PLAN_PRIVATE_H

#include "prepared/prepared_private.h"

/* What a job wants: the base of its last layer. */
typedef struct ct_wanted_base {
    ct_layers layers; /* in the arena; list is NULL when the job wants no base */
    ct_origin origin; /* its strings are borrowed, or in the arena */
    size_t build;     /* the planned base it waits for; CT_NO_ITEM: the base exists */
    const char *base; /* its name */
} ct_wanted_base;

/* A base that is to be built. */
typedef struct ct_planned_base {
    size_t job; /* the first job that needs it, whose hooks make it */
    size_t layer;
    size_t after; /* the planned base that it is built on; CT_NO_ITEM: it exists */
    const char *key;
    const char *label; /* what it is, in words */
    const char *reason;
    /* Belong to whoever builds it, and then to those that wait for it. */
    int code;
    bool built;
    double seconds;
    ct_error error;
    ct_buf output;
} ct_planned_base;

struct ct_plan {
    ct_provider *provider;
    const ct_base_limits *limits;
    const char *project; /* the provider's; NULL: the default one. Borrowed */
    const ct_plan_job *jobs;
    size_t job_count;
    ct_arena arena;
    ct_base_list existing;
    ct_wanted_base *wanted; /* one for each job */
    ct_planned_base *builds;
    size_t build_count;
    char guest[CT_DIGEST_SIZE]; /* the guest program's digest */
    char note[sizeof(((ct_error *) 0)->message) + 256];
    size_t noted; /* the job that the note is about */
};

#endif
