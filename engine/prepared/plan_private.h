/* SPDX-License-Identifier: MIT
 *
 * plan_private.h - what a plan is. Between plan.c and plan_build.c only: the rest of the
 * engine sees it by plan.h.
 */
#ifndef CT_PLAN_PRIVATE_H
#define CT_PLAN_PRIVATE_H

#include "prepared/prepared_private.h"

/* What a job wants: the base of its last layer. */
typedef struct ct_want {
    const ct_layer *layers; /* in the arena; NULL: nothing */
    size_t count;
    ct_origin origin; /* its strings are borrowed, or in the arena */
    size_t build;     /* the one it waits for; CT_NO_ITEM: none, it is there */
    const char *base; /* its name */
} ct_want;

/* One base that is to be built. */
typedef struct ct_build {
    size_t job; /* whose hooks make it: the first that needs it */
    size_t layer;
    size_t after;
    const char *key;
    const char *label; /* what it is, in words */
    const char *reason;
    /* from here on: whoever builds it, and then those that wait for it */
    int code;
    bool built;
    double seconds;
    ct_error error;
    ct_buf output;
} ct_build;

struct ct_plan {
    ct_provider *provider;
    const ct_base_limits *limits;
    const ct_plan_job *jobs;
    size_t job_count;
    ct_arena arena;
    ct_base_list there;
    ct_want *wants;
    ct_build *builds;
    size_t build_count;
    char guest[CT_DIGEST_SIZE];
    char note[sizeof(((ct_error *) 0)->message) + 256];
    size_t noted; /* the job that the note is about */
};

#endif
