/* SPDX-License-Identifier: MIT
 *
 * plan.c - the plan of a batch: its jobs' layers and the existing bases tell which bases
 * must be built. plan_builds.c carries the plan out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prepared/plan_private.h"
#include "prepared/prepared.h"

#define OUTPUT_KEPT  65536  /* bytes of what a failed step wrote */
#define PROFILES_MAX CT_MIB /* bytes of what profiles say */

/* ---- what a job wants ---- */

static void note(ct_plan *plan, size_t job, const char *why) {
    if (plan->note[0])
        return;
    plan->noted = job;
    snprintf(plan->note, sizeof plan->note, "no prepared environments for %s: %s",
             plan->jobs[job].job->image, why);
}

/* Finds an earlier job that wants the same base; CT_NO_ITEM: none. */
static size_t find_same(const ct_plan *plan, size_t number) {
    const ct_plan_job *this = &plan->jobs[number];
    for (size_t i = number; i-- > 0;) {
        const ct_plan_job *other = &plan->jobs[i];
        if (other->source && !other->job->fresh &&
            ct_same_text(this->source, other->source) &&
            ct_same_text(this->job->instance_json, other->job->instance_json) &&
            ct_job_same_preparation(this->job, other->job))
            return i;
        if (number - i > 64) /* to do the same work twice does no harm */
            break;
    }
    return CT_NO_ITEM;
}

/* Reads the profiles of the job's instance, once for each distinct instance_json. A
 * failure means that the job gets no base. */
static int find_profiles(ct_plan *plan, ct_session *session, size_t number,
                         const ct_wait *wait, ct_error *error) {
    const char *json = plan->jobs[number].job->instance_json;
    for (size_t i = 0; i < number; i++) {
        const char *known = plan->wanted[i].origin.profiles;
        if (!known || !ct_same_text(json, plan->jobs[i].job->instance_json))
            continue;
        plan->wanted[number].origin.profiles = known;
        return CT_OK;
    }
    ct_buf profiles;
    ct_buf_init(&profiles, PROFILES_MAX);
    int code =
        plan->provider->bases->clones_cheaply(session, json, &profiles, wait, error);
    if (code == CT_OK)
        plan->wanted[number].origin.profiles =
            ct_arena_string(&plan->arena, profiles.data);
    ct_buf_fini(&profiles);
    return code;
}

static void find_layers(ct_plan *plan, ct_session *session, size_t number,
                        const ct_wait *wait) {
    const ct_plan_job *job = &plan->jobs[number];
    ct_wanted_base *want = &plan->wanted[number];
    ct_error error = {0};
    if (!job->source || job->job->fresh || job->job->target)
        return;
    size_t same = find_same(plan, number);
    if (same != CT_NO_ITEM) {
        *want = plan->wanted[same];
        return;
    }
    want->origin = (ct_origin){
        .fingerprint = job->source, .guest = plan->guest, .project = plan->project};
    if (find_profiles(plan, session, number, wait, &error) < 0) {
        note(plan, number, error.message);
        return;
    }
    /* should a file be unreadable, the job itself says so when it uploads it */
    if (ct_layers_compute(&want->layers, &plan->arena, job->job, &want->origin, wait,
                          NULL) < 0)
        want->layers.list = NULL;
}

/* ---- what must be built ---- */

/* Says why a base must be built: the nearest one that exists, if any, differs in ... */
static const char *explain(ct_plan *plan, const ct_base *spoiled, const char *label,
                           const ct_layer *layer) {
    char text[CT_BASE_LABEL_MAX + 256];
    const ct_base *near = NULL;
    if (spoiled)
        return spoiled->state == CT_BASE_READY ? "the one there was had expired"
                                               : "the one there was had been spoiled";
    for (size_t i = 0; i < plan->existing.count; i++) {
        const ct_base *base = &plan->existing.bases[i];
        if (ct_same_text(base->label, label) && base->inputs &&
            (!near || base->built > near->built))
            near = base;
    }
    const char *missing =
        near ? ct_inputs_missing(&plan->arena, layer->inputs, near->inputs) : NULL;
    if (missing)
        snprintf(text, sizeof text, "not as in %s: %s", near->instance, missing);
    else
        snprintf(text, sizeof text, "there was none of %s", label);
    return ct_arena_string(&plan->arena, text);
}

static size_t find_build(const ct_plan *plan, const char *key) {
    for (size_t i = 0; i < plan->build_count; i++)
        if (ct_same_text(plan->builds[i].key, key))
            return i;
    return CT_NO_ITEM;
}

static const char *name_of(ct_plan *plan, const char *key) {
    ct_base_place place;
    ct_base_place_init(&place, key);
    return ct_arena_string(&plan->arena, place.base);
}

static size_t add_build(ct_plan *plan, size_t job, size_t layer, size_t after) {
    const ct_layer *what = &plan->wanted[job].layers.list[layer];
    ct_planned_base *builds =
        realloc(plan->builds, (plan->build_count + 1) * sizeof *builds);
    if (!builds) {
        plan->arena.failed = true;
        return CT_NO_ITEM;
    }
    char label[CT_BASE_LABEL_MAX];
    ct_base_label(plan->jobs[job].job, what->steps, label);
    plan->builds = builds;
    ct_planned_base *build = &builds[plan->build_count];
    *build = (ct_planned_base){.job = job,
                               .layer = layer,
                               .after = after,
                               .key = what->key,
                               .label = ct_arena_string(&plan->arena, label),
                               .code = CT_E_CANCELLED};
    ct_buf_init(&build->output, OUTPUT_KEPT);
    build->reason =
        explain(plan, ct_base_list_find(&plan->existing, what->key), label, what);
    return plan->build_count++;
}

static bool exists(const ct_plan *plan, const char *key) {
    const ct_base *base = ct_base_list_find(&plan->existing, key);
    return base && base->state == CT_BASE_READY && !ct_base_expired(base, plan->limits);
}

/* Plans the layers that are missing, from the lowest one up. */
static void plan_builds(ct_plan *plan, size_t number) {
    ct_wanted_base *want = &plan->wanted[number];
    if (!want->layers.list)
        return;
    want->base = name_of(plan, want->layers.list[want->layers.count - 1].key);
    size_t missing = want->layers.count;
    while (missing > 0 && !exists(plan, want->layers.list[missing - 1].key))
        missing--;
    for (size_t layer = missing; layer < want->layers.count; layer++) {
        size_t known = find_build(plan, want->layers.list[layer].key);
        want->build =
            known != CT_NO_ITEM ? known : add_build(plan, number, layer, want->build);
    }
}

/* Deletes expired bases: their names are those of the bases that take their place. */
static void delete_expired(ct_plan *plan, ct_session *session, const ct_wait *wait) {
    for (size_t i = 0; i < plan->existing.count; i++) {
        const ct_base *base = &plan->existing.bases[i];
        if (base->state == CT_BASE_READY && ct_base_expired(base, plan->limits))
            ct_base_discard(session, base, NULL, wait);
    }
}

/* true for the bases that jobs are cloned from and for those below them: a layer that
 * others have in common is to stay. */
static bool is_used(const ct_plan *plan, const ct_base *base) {
    for (size_t i = 0; i < plan->job_count; i++)
        for (size_t j = 0;
             plan->wanted[i].layers.list && j < plan->wanted[i].layers.count; j++)
            if (strcmp(plan->wanted[i].layers.list[j].key, base->key) == 0)
                return true;
    return false;
}

static void note_use(ct_plan *plan, ct_session *session, const ct_wait *wait) {
    for (size_t i = 0; i < plan->existing.count; i++) {
        const ct_base *base = &plan->existing.bases[i];
        if (base->state == CT_BASE_READY && is_used(plan, base) &&
            plan->provider->bases->touch(session, base, wait, NULL) < 0)
            return; /* then only the time of the last use is wrong */
    }
}

static int survey(ct_session *session, void *context, const ct_wait *wait,
                  ct_error *error) {
    (void) error;
    ct_plan *plan = context;
    for (size_t i = 0; i < plan->job_count; i++)
        find_layers(plan, session, i, wait);
    delete_expired(plan, session, wait);
    for (size_t i = 0; i < plan->job_count; i++)
        plan_builds(plan, i);
    note_use(plan, session, wait);
    return CT_OK;
}

static int make_plan(ct_plan *plan, const ct_wait *wait, ct_error *error) {
    int code = ct_guest_digest(plan->guest, error);
    if (code == CT_OK)
        code = ct_base_list_read(&plan->existing, plan->provider, wait, error);
    return code < 0 ? code : ct_with_session(plan->provider, survey, plan, wait, error);
}

ct_plan *ct_plan_make(ct_provider *provider, const ct_base_limits *limits,
                      const ct_plan_job *jobs, size_t count, const ct_wait *wait) {
    ct_plan *plan = calloc(1, sizeof *plan);
    ct_wanted_base *wanted = calloc(count + 1, sizeof *wanted);
    bool some = false;
    ct_error error = {0};
    if (!plan || !wanted) {
        free(plan);
        free(wanted);
        return NULL;
    }
    *plan = (ct_plan){.provider = provider,
                      .limits = limits,
                      .jobs = jobs,
                      .job_count = count,
                      .wanted = wanted,
                      .project = provider->type->settings(provider).project};
    ct_arena_init(&plan->arena);
    for (size_t i = 0; i < count; i++) {
        wanted[i].build = CT_NO_ITEM;
        bool wants = !jobs[i].job->fresh && !jobs[i].job->target;
        some = some || (wants && jobs[i].source);
        if (wants && !jobs[i].source && jobs[i].job->start_hook_count > 0)
            note(plan, i, "LXD has no image of its own yet to make them from");
    }
    if (some && make_plan(plan, wait, &error) < 0)
        note(plan, 0, error.message);
    if (!plan->arena.failed)
        return plan;
    ct_plan_free(plan);
    return NULL;
}

void ct_plan_free(ct_plan *plan) {
    if (!plan)
        return;
    for (size_t i = 0; i < plan->build_count; i++)
        ct_buf_fini(&plan->builds[i].output);
    free(plan->builds);
    free(plan->wanted);
    ct_base_list_fini(&plan->existing);
    ct_arena_fini(&plan->arena);
    free(plan);
}
