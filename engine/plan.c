/* SPDX-License-Identifier: MIT
 *
 * plan.c - the plan of a batch: from its jobs' layers and the bases there are to the ones that
 * must be built. It builds by base.c, and knows nothing of threads: the scheduler's items are
 * what orders them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "base_store.h"
#include "plan.h"

#define OUTPUT_KEPT 65536 /* bytes of what a failed step wrote */

/* What a job wants: the base of its last layer. */
struct want {
    const ct_layer *layers; /* in the arena; NULL: nothing */
    size_t count;
    size_t build;     /* the one it waits for; CT_NO_ITEM: none, it is there */
    const char *base; /* its name */
};

/* One base that is to be built. */
struct build {
    size_t job; /* whose hooks make it: the first that needs it */
    size_t layer;
    size_t after;
    const char *name;
    const char *reason;
    /* from here on: whoever builds it, and then those that wait for it */
    int code;
    bool built;
    double seconds;
    ct_error error;
    ct_buf output;
};

struct ct_plan {
    ct_provider *provider;
    const ct_base_limits *limits;
    const ct_plan_job *jobs;
    size_t job_count;
    ct_arena arena;
    ct_base_list there;
    struct want *wants;
    struct build *builds;
    size_t build_count;
    char guest[CT_DIGEST_SIZE];
    char note[sizeof(((ct_error *) 0)->message) + 256];
    size_t noted; /* the job that the note is about */
};

/* ---- what a job wants ---- */

static void note(ct_plan *plan, size_t job, const char *why) {
    if (plan->note[0])
        return;
    plan->noted = job;
    snprintf(plan->note, sizeof plan->note, "no prepared environments for %s: %s",
             plan->jobs[job].job->image, why);
}

static bool same_text(const char *one, const char *other) {
    return one == other || (one && other && strcmp(one, other) == 0);
}

/* An earlier job that can be asked in place of this one; CT_NO_ITEM: none. */
static size_t find_alike(const ct_plan *plan, size_t number) {
    const ct_plan_job *this = &plan->jobs[number];
    for (size_t i = number; i-- > 0;) {
        const ct_plan_job *other = &plan->jobs[i];
        if (other->source && !other->job->fresh &&
            same_text(this->source, other->source) &&
            same_text(this->job->instance_json, other->job->instance_json) &&
            ct_job_alike(this->job, other->job))
            return i;
        if (number - i > 64) /* far enough: the same work twice does no harm */
            break;
    }
    return CT_NO_ITEM;
}

static void find_layers(ct_plan *plan, void *session, size_t number,
                        const ct_wait *wait) {
    const ct_plan_job *job = &plan->jobs[number];
    struct want *want = &plan->wants[number];
    ct_error error = {0};
    if (!job->source || job->job->fresh || job->job->target)
        return;
    size_t alike = find_alike(plan, number);
    if (alike != CT_NO_ITEM) {
        want->layers = plan->wants[alike].layers;
        want->count = plan->wants[alike].count;
        return;
    }
    int code = plan->provider->type->clones_cheaply(session, job->job->instance_json,
                                                    wait, &error);
    if (code < 0) {
        note(plan, number, error.message);
        return;
    }
    ct_origin origin = {.fingerprint = job->source,
                        .guest = plan->guest,
                        .project = plan->provider->project};
    ct_layer *layers = NULL;
    /* a file that can't be read is the job's to complain of */
    if (ct_layers_compute(&plan->arena, job->job, &origin, &layers, &want->count, wait,
                          NULL) == CT_OK)
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
        if (same_text(base->label, label) && base->inputs &&
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

static size_t find_build(const ct_plan *plan, const char *name) {
    for (size_t i = 0; i < plan->build_count; i++)
        if (same_text(plan->builds[i].name, name))
            return i;
    return CT_NO_ITEM;
}

static const char *name_of(ct_plan *plan, const char *key) {
    char name[CT_BASE_NAME_MAX];
    ct_base_name(key, name);
    return ct_arena_string(&plan->arena, name);
}

static size_t add_build(ct_plan *plan, size_t job, size_t layer, size_t after) {
    const ct_layer *what = &plan->wants[job].layers[layer];
    struct build *builds =
        realloc(plan->builds, (plan->build_count + 1) * sizeof *builds);
    if (!builds) {
        plan->arena.failed = true;
        return CT_NO_ITEM;
    }
    char label[CT_BASE_LABEL_MAX];
    ct_base_label(plan->jobs[job].job, what->steps, label);
    plan->builds = builds;
    struct build *build = &builds[plan->build_count];
    *build = (struct build){.job = job,
                            .layer = layer,
                            .after = after,
                            .name = name_of(plan, what->key),
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
    struct want *want = &plan->wants[number];
    if (!want->layers)
        return;
    want->base = name_of(plan, want->layers[want->count - 1].key);
    size_t missing = want->count;
    while (missing > 0 && !is_there(plan, want->layers[missing - 1].key))
        missing--;
    for (size_t layer = missing; layer < want->count; layer++) {
        char name[CT_BASE_NAME_MAX];
        ct_base_name(want->layers[layer].key, name);
        size_t known = find_build(plan, name);
        want->build =
            known != CT_NO_ITEM ? known : add_build(plan, number, layer, want->build);
    }
}

/* Expired ones are in the way of those that take their place. */
static void drop_expired(ct_plan *plan, void *session, const ct_wait *wait) {
    for (size_t i = 0; i < plan->there.count; i++) {
        const ct_base *base = &plan->there.bases[i];
        if (base->state == CT_BASE_READY && ct_base_expired(base, plan->limits) &&
            plan->provider->type->destroy(session, base->instance, wait, NULL) < 0)
            return;
    }
}

static void note_use(ct_plan *plan, void *session, const ct_wait *wait) {
    for (size_t i = 0; i < plan->there.count; i++) {
        bool used = false;
        for (size_t j = 0; !used && j < plan->job_count; j++)
            used = plan->wants[j].base && plan->wants[j].build == CT_NO_ITEM &&
                   same_text(plan->wants[j].base, plan->there.bases[i].instance);
        if (used && plan->provider->type->touch_base(session, &plan->there.bases[i], wait,
                                                     NULL) < 0)
            return; /* it is only less well known what is in use */
    }
}

static int survey(ct_plan *plan, const ct_wait *wait, ct_error *error) {
    ct_provider *provider = plan->provider;
    int code = ct_guest_digest(plan->guest, error);
    if (code == CT_OK)
        code = ct_base_list_read(&plan->there, provider, wait, error);
    void *session = code == CT_OK ? provider->type->session_open(provider, error) : NULL;
    if (!session)
        return code < 0 ? code : CT_E_NO_MEMORY;
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
    struct want *wants = calloc(count + 1, sizeof *wants);
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
        some = some || (jobs[i].source && !jobs[i].job->fresh && !jobs[i].job->target);
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

/* ---- the plan, carried out ---- */

const char *ct_plan_note(const ct_plan *plan, size_t *job) {
    *job = plan->noted;
    return plan->note[0] ? plan->note : NULL;
}

size_t ct_plan_count(const ct_plan *plan) {
    return plan->build_count;
}

size_t ct_plan_after(const ct_plan *plan, size_t number) {
    return plan->builds[number].after;
}

size_t ct_plan_needed(const ct_plan *plan, size_t job) {
    return plan->wants[job].build;
}

static void perform(ct_plan *plan, const ct_job_context *context, void *session,
                    struct build *build) {
    const ct_plan_job *job = &plan->jobs[build->job];
    ct_base_order order = {.context = context,
                           .session = session,
                           .job = job->job,
                           .source = job->source,
                           .layers = plan->wants[build->job].layers,
                           .reason = build->reason};
    build->code = ct_base_ensure(&order, build->layer, &build->built, &build->output,
                                 &build->error);
    if (build->built && ct_base_prune(plan->provider, plan->limits, NULL, NULL, NULL) < 0)
        return; /* the next one tries again */
}

void ct_plan_build(ct_plan *plan, const ct_job_context *context, void **session,
                   size_t number) {
    struct build *build = &plan->builds[number];
    double begun = ct_now();
    const struct build *before =
        build->after == CT_NO_ITEM ? NULL : &plan->builds[build->after];
    if (before && before->code < 0) {
        build->code = ct_fail(&build->error, before->code, "%s", before->error.message);
        return;
    }
    ct_event event = {
        .type = CT_EVENT_PHASE, .job = build->job, .phase = CT_PHASE_PREPARE};
    ct_queue_put(context->events, &event);
    if (!*session)
        *session = plan->provider->type->session_open(plan->provider, &build->error);
    if (*session)
        perform(plan, context, *session, build);
    else
        build->code = CT_E_NO_MEMORY;
    build->seconds = ct_now() - begun;
}

/* Seconds that went into a build and those before it, as far as it was for this job. */
static double time_of(const ct_plan *plan, size_t number, size_t job) {
    double seconds = 0;
    for (size_t i = number; i != CT_NO_ITEM; i = plan->builds[i].after)
        seconds += plan->builds[i].job == job ? plan->builds[i].seconds : 0;
    return seconds > 0 ? seconds : -1;
}

/* The step that failed is in this build, or in one before it. */
static const ct_buf *output_of(const ct_plan *plan, size_t number) {
    const struct build *build = &plan->builds[number];
    while (build->output.length == 0 && build->after != CT_NO_ITEM)
        build = &plan->builds[build->after];
    return &build->output;
}

ct_prepared ct_plan_prepared(const ct_plan *plan, size_t job) {
    const struct want *want = &plan->wants[job];
    ct_prepared prepared = {.seconds = -1};
    if (!want->layers)
        return prepared;
    prepared.base = want->base;
    prepared.steps = want->layers[want->count - 1].steps;
    if (want->build == CT_NO_ITEM)
        return prepared;
    const struct build *build = &plan->builds[want->build];
    prepared.built = build->built;
    prepared.seconds = time_of(plan, want->build, job);
    if (build->code == CT_E_STEP) {
        prepared.failure = &build->error;
        prepared.output = output_of(plan, want->build);
    }
    if (build->code < 0)
        prepared.base =
            NULL; /* the job does it all by itself, and may say what is wrong */
    return prepared;
}
