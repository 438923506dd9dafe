/* SPDX-License-Identifier: MIT
 *
 * plan_builds.c - carries a plan out: has build.c build the bases, and tells the jobs
 * what they begin with. It knows nothing of threads: the builds are items of the
 * scheduler, which orders them.
 */

#include "prepared/plan_private.h"
#include "prepared/prepared.h"

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
    return plan->wanted[job].build;
}

static void build_planned(ct_plan *plan, const ct_job_context *context,
                          ct_session *session, ct_planned_base *build) {
    const ct_plan_job *job = &plan->jobs[build->job];
    ct_base_order order = {.context = context,
                           .session = session,
                           .job = job->job,
                           .source = job->source,
                           .origin = &plan->wanted[build->job].origin,
                           .layers = plan->wanted[build->job].layers.list,
                           .reason = build->reason};
    build->code = ct_base_ensure(&order, build->layer, &build->built, &build->output,
                                 &build->error);
    if (build->built &&
        ct_base_prune(plan->provider, plan->limits, context->cancel, NULL, NULL) < 0)
        return; /* the next build tries again */
}

/* The jobs do without the base, and pass. Nothing else says why they take so long. */
static void tell_failure(const ct_job_context *context, const ct_planned_base *build) {
    ct_event event = {.type = CT_EVENT_NOTE,
                      .job = build->job,
                      .message = ct_message("no prepared environment of %s: %s",
                                            build->label, build->error.message)};
    ct_queue_put(context->events, &event);
}

void ct_plan_build(ct_plan *plan, const ct_job_context *context, ct_session **session,
                   size_t number) {
    ct_planned_base *build = &plan->builds[number];
    double begun = ct_now();
    const ct_planned_base *before =
        build->after == CT_NO_ITEM ? NULL : &plan->builds[build->after];
    if (before && before->code < 0) {
        build->code = ct_fail(&build->error, before->code, "%s", before->error.message);
        return;
    }
    ct_event event = {
        .type = CT_EVENT_PHASE, .job = build->job, .phase = CT_PHASE_PREPARE};
    ct_queue_put(context->events, &event);
    build->code = ct_session_ensure(plan->provider, session, &build->error);
    if (build->code == CT_OK)
        build_planned(plan, context, *session, build);
    build->seconds = ct_now() - begun;
    if (build->code < 0 && build->code != CT_E_STEP && build->code != CT_E_CANCELLED)
        tell_failure(context, build);
}

/* Seconds that went into a build and those below it, for this job; -1: none did. */
static double time_of(const ct_plan *plan, size_t number, size_t job) {
    double seconds = 0;
    for (size_t i = number; i != CT_NO_ITEM; i = plan->builds[i].after)
        seconds += plan->builds[i].job == job ? plan->builds[i].seconds : 0;
    return seconds > 0 ? seconds : -1;
}

/* The output of the step that failed, which is in this build or in one below it. */
static const ct_buf *output_of(const ct_plan *plan, size_t number) {
    const ct_planned_base *build = &plan->builds[number];
    while (build->output.length == 0 && build->after != CT_NO_ITEM)
        build = &plan->builds[build->after];
    return &build->output;
}

ct_prepared ct_plan_prepared(const ct_plan *plan, size_t job) {
    const ct_wanted_base *want = &plan->wanted[job];
    ct_prepared prepared = {.seconds = -1};
    if (!want->layers.list)
        return prepared;
    prepared.base = want->base;
    prepared.steps = want->layers.list[want->layers.count - 1].steps;
    if (want->build == CT_NO_ITEM)
        return prepared;
    const ct_planned_base *build = &plan->builds[want->build];
    prepared.built = build->built;
    prepared.seconds = time_of(plan, want->build, job);
    /* a job that is to be preserved needs an instance in which the step can fail */
    bool preserved = plan->jobs[job].job->preserve == CT_PRESERVE_ALWAYS ||
                     plan->jobs[job].job->preserve == CT_PRESERVE_ON_FAILURE;
    if (build->code == CT_E_STEP && !preserved) {
        prepared.failure = &build->error;
        prepared.output = output_of(plan, want->build);
    }
    if (build->code < 0)
        prepared.base = NULL; /* the job does all steps itself, and says what is wrong */
    return prepared;
}
