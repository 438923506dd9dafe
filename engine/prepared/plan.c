/* SPDX-License-Identifier: MIT
 *
 * plan.c - the plan of a batch: from its jobs' layers and the bases there are to the ones
 * that must be built. plan_build.c carries it out.
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

/* An earlier job that can be asked in place of this one; CT_NO_ITEM: none. */
static size_t find_alike(const ct_plan *plan, size_t number) {
    const ct_plan_job *this = &plan->jobs[number];
    for (size_t i = number; i-- > 0;) {
        const ct_plan_job *other = &plan->jobs[i];
        if (other->source && !other->job->fresh &&
            ct_same_text(this->source, other->source) &&
            ct_same_text(this->job->instance_json, other->job->instance_json) &&
            ct_job_alike(this->job, other->job))
            return i;
        if (number - i > 64) /* far enough: the same work twice does no harm */
            break;
    }
    return CT_NO_ITEM;
}

/* A code when there are to be no bases. Those who ask for the same get the same
 * answer. */
static int find_profiles(ct_plan *plan, void *session, size_t number, const ct_wait *wait,
                         ct_error *error) {
    const char *json = plan->jobs[number].job->instance_json;
    for (size_t i = 0; i < number; i++) {
        const char *known = plan->wants[i].origin.profiles;
        if (!known || !ct_same_text(json, plan->jobs[i].job->instance_json))
            continue;
        plan->wants[number].origin.profiles = known;
        return CT_OK;
    }
    ct_buf profiles;
    ct_buf_init(&profiles, PROFILES_MAX);
    int code =
        plan->provider->type->clones_cheaply(session, json, &profiles, wait, error);
    if (code == CT_OK)
        plan->wants[number].origin.profiles =
            ct_arena_string(&plan->arena, profiles.data);
    ct_buf_fini(&profiles);
    return code;
}

static void find_layers(ct_plan *plan, void *session, size_t number,
                        const ct_wait *wait) {
    const ct_plan_job *job = &plan->jobs[number];
    ct_want *want = &plan->wants[number];
    ct_error error = {0};
    if (!job->source || job->job->fresh || job->job->target)
        return;
    size_t alike = find_alike(plan, number);
    if (alike != CT_NO_ITEM) {
        *want = plan->wants[alike];
        return;
    }
    want->origin = (ct_origin){.fingerprint = job->source,
                               .guest = plan->guest,
                               .project = plan->provider->project};
    if (find_profiles(plan, session, number, wait, &error) < 0) {
        note(plan, number, error.message);
        return;
    }
    ct_layer *layers = NULL;
    /* a file that can't be read is the job's to complain of */
    if (ct_layers_compute(&plan->arena, job->job, &want->origin, &layers, &want->count,
                          wait, NULL) == CT_OK)
        want->layers = layers;
}

/* ---- what must be built ---- */

/* "there was none of ...", or what is different from the one that comes nearest. */
static const char *explain(ct_plan *plan, const ct_base *spoiled, const char *label,
                           const ct_layer *layer) {
    char text[CT_BASE_LABEL_MAX + 256];
    const ct_base *near = NULL;
    if (spoiled)
        return spoiled->state == CT_BASE_READY ? "the one there was had expired"
                                               : "the one there was had been spoiled";
    for (size_t i = 0; i < plan->there.count; i++) {
        const ct_base *base = &plan->there.bases[i];
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
    ct_base_look look;
    ct_base_look_init(&look, key);
    return ct_arena_string(&plan->arena, look.base);
}

static size_t add_build(ct_plan *plan, size_t job, size_t layer, size_t after) {
    const ct_layer *what = &plan->wants[job].layers[layer];
    ct_build *builds = realloc(plan->builds, (plan->build_count + 1) * sizeof *builds);
    if (!builds) {
        plan->arena.failed = true;
        return CT_NO_ITEM;
    }
    char label[CT_BASE_LABEL_MAX];
    ct_base_label(plan->jobs[job].job, what->steps, label);
    plan->builds = builds;
    ct_build *build = &builds[plan->build_count];
    *build = (ct_build){.job = job,
                        .layer = layer,
                        .after = after,
                        .key = what->key,
                        .label = ct_arena_string(&plan->arena, label),
                        .code = CT_E_CANCELLED};
    ct_buf_init(&build->output, OUTPUT_KEPT);
    build->reason =
        explain(plan, ct_base_list_find(&plan->there, what->key), label, what);
    return plan->build_count++;
}

static bool is_there(const ct_plan *plan, const char *key) {
    const ct_base *base = ct_base_list_find(&plan->there, key);
    return base && base->state == CT_BASE_READY && !ct_base_expired(base, plan->limits);
}

/* Adds what is missing, from the lowest layer that is. */
static void find_builds(ct_plan *plan, size_t number) {
    ct_want *want = &plan->wants[number];
    if (!want->layers)
        return;
    want->base = name_of(plan, want->layers[want->count - 1].key);
    size_t missing = want->count;
    while (missing > 0 && !is_there(plan, want->layers[missing - 1].key))
        missing--;
    for (size_t layer = missing; layer < want->count; layer++) {
        size_t known = find_build(plan, want->layers[layer].key);
        want->build =
            known != CT_NO_ITEM ? known : add_build(plan, number, layer, want->build);
    }
}

/* Expired ones are in the way of those that take their place. */
static void drop_expired(ct_plan *plan, void *session, const ct_wait *wait) {
    for (size_t i = 0; i < plan->there.count; i++) {
        const ct_base *base = &plan->there.bases[i];
        if (base->state == CT_BASE_READY && ct_base_expired(base, plan->limits))
            ct_base_discard(plan->provider, session, base, NULL, NULL, wait);
    }
}

/* What a base was built on is used with it: what others have in common is to stay. */
static bool is_used(const ct_plan *plan, const ct_base *base) {
    for (size_t i = 0; i < plan->job_count; i++)
        for (size_t j = 0; plan->wants[i].layers && j < plan->wants[i].count; j++)
            if (strcmp(plan->wants[i].layers[j].key, base->key) == 0)
                return true;
    return false;
}

static void note_use(ct_plan *plan, void *session, const ct_wait *wait) {
    for (size_t i = 0; i < plan->there.count; i++) {
        const ct_base *base = &plan->there.bases[i];
        if (base->state == CT_BASE_READY && is_used(plan, base) &&
            plan->provider->type->touch_base(session, base, wait, NULL) < 0)
            return; /* it is only less well known what is in use */
    }
}

static int survey(ct_plan *plan, const ct_wait *wait, ct_error *error) {
    ct_provider *provider = plan->provider;
    int code = ct_guest_digest(plan->guest, error);
    if (code == CT_OK)
        code = ct_base_list_read(&plan->there, provider, wait, error);
    void *session;
    if (code == CT_OK)
        code = provider->type->session_open(provider, &session, error);
    if (code < 0)
        return code;
    for (size_t i = 0; i < plan->job_count; i++)
        find_layers(plan, session, i, wait);
    drop_expired(plan, session, wait);
    for (size_t i = 0; i < plan->job_count; i++)
        find_builds(plan, i);
    note_use(plan, session, wait);
    provider->type->session_close(session);
    return CT_OK;
}

ct_plan *ct_plan_make(ct_provider *provider, const ct_base_limits *limits,
                      const ct_plan_job *jobs, size_t count, const ct_wait *wait) {
    ct_plan *plan = calloc(1, sizeof *plan);
    ct_want *wants = calloc(count + 1, sizeof *wants);
    bool some = false;
    ct_error error = {0};
    if (!plan || !wants) {
        free(plan);
        free(wants);
        return NULL;
    }
    *plan = (ct_plan){.provider = provider,
                      .limits = limits,
                      .jobs = jobs,
                      .job_count = count,
                      .wants = wants};
    ct_arena_init(&plan->arena);
    for (size_t i = 0; i < count; i++) {
        wants[i].build = CT_NO_ITEM;
        bool wanted = !jobs[i].job->fresh && !jobs[i].job->target;
        some = some || (wanted && jobs[i].source);
        if (wanted && !jobs[i].source && jobs[i].job->start_hook_count > 0)
            note(plan, i, "LXD has no image of its own yet to make them from");
    }
    if (some && survey(plan, wait, &error) < 0)
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
    free(plan->wants);
    ct_base_list_fini(&plan->there);
    ct_arena_fini(&plan->arena);
    free(plan);
}
