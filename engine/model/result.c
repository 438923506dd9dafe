/* SPDX-License-Identifier: MIT
 *
 * result.c - the birth and the end of a result.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* What the caller sees of a result comes first. */
struct owned_result {
    ct_result result;
    /* its name, image and testlet */
    ct_arena names;
    /* seconds; -1: not reached */
    double phases[CT_PHASE_COUNT];
    /* room for what is not known yet */
    char instance[CT_INSTANCE_NAME_MAX + 1];
    char base[CT_BASE_NAME_MAX];
};

static char *join_names(ct_arena *arena, const char *testlet, const char *image) {
    size_t size = strlen(testlet) + strlen(image) + 2;
    char *name = ct_arena_alloc(arena, size);
    if (name)
        snprintf(name, size, "%s-%s", testlet, image);
    return name;
}

ct_result *ct_result_new(const ct_job *job) {
    struct owned_result *owned = calloc(1, sizeof *owned);
    if (!owned)
        return NULL;
    ct_arena_init(&owned->names);
    for (size_t i = 0; i < CT_PHASE_COUNT; i++)
        owned->phases[i] = -1;
    ct_result *result = &owned->result;
    result->name = join_names(&owned->names, job->name, job->image);
    result->image = ct_arena_string(&owned->names, job->image);
    result->testlet = ct_arena_string(&owned->names, job->name);
    result->instance = owned->instance;
    result->stdout_data = calloc(1, 1);
    result->stderr_data = calloc(1, 1);
    if (result->stdout_data && result->stderr_data && !owned->names.failed)
        return result;
    ct_result_free(result);
    return NULL;
}

void ct_result_set_instance(ct_result *result, const char *instance) {
    struct owned_result *owned = (struct owned_result *) result;
    snprintf(owned->instance, sizeof owned->instance, "%s", instance);
}

void ct_result_set_base(ct_result *result, const char *base) {
    struct owned_result *owned = (struct owned_result *) result;
    snprintf(owned->base, sizeof owned->base, "%s", base);
    result->base = owned->base;
}

void ct_result_set_phase(ct_result *result, ct_phase phase, double seconds) {
    struct owned_result *owned = (struct owned_result *) result;
    owned->phases[phase] = seconds;
}

double ct_result_phase(const ct_result *result, ct_phase phase) {
    const struct owned_result *owned = (const struct owned_result *) result;
    return (size_t) phase < CT_PHASE_COUNT ? owned->phases[phase] : -1;
}

void ct_result_free(ct_result *result) {
    struct owned_result *owned = (struct owned_result *) result;
    if (!result)
        return;
    free(result->stdout_data);
    free(result->stderr_data);
    free(result->value);
    ct_message_free(result->error);
    ct_arena_fini(&owned->names);
    free(owned);
}

void ct_event_fini(ct_event *event) {
    free(event->instance);
    ct_message_free(event->message);
    ct_result_free(event->result);
    *event = (ct_event){0};
}
