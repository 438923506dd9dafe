/* SPDX-License-Identifier: MIT
 *
 * job.c - one job's life up to its result: create, start, hooks, testlet. However far it
 * came, job_end.c is the one way out. It knows no provider in particular.
 */
#include <stdio.h>
#include <string.h>

#include "job/life.h"
#include "reaper/reaper.h"

#define STEP_OUTPUT_KEPT 65536
#define KEPT_LEASE       86400.0 /* seconds; see CT_PRESERVE_RUN */

/* ---- phases and events ---- */

static void leave_phase(ct_life *life) {
    if (life->in_phase)
        life->result->phases[life->phase] = ct_now() - life->entered;
}

static void enter_phase(ct_life *life, enum ct_phase phase) {
    life->in_phase = true;
    life->phase = phase;
    life->entered = ct_now();
    ct_event event = {.type = CT_EVENT_PHASE,
                      .job = life->number,
                      .phase = phase,
                      .instance = strdup(life->instance)};
    ct_queue_put(life->context->events, &event);
}

static void next_phase(ct_life *life, enum ct_phase phase) {
    leave_phase(life);
    enter_phase(life, phase);
}

/* ---- the steps of a life; each returns a negative code when the environment broke -- */

static void name_instance(ct_life *life) {
    ct_share_name(life->share, life->context, life->result->name, life->number);
    snprintf(life->instance, sizeof life->instance, "%s", life->share->instance);
    snprintf(life->directory, sizeof life->directory, "%s", CT_GUEST_DIRECTORY);
}

/* Runs share an instance that exists already: each has a directory of its own there. */
static void name_target(ct_life *life) {
    snprintf(life->instance, sizeof life->instance, "%s", life->job->target);
    snprintf(life->directory, sizeof life->directory, CT_GUEST_DIRECTORY "-%s-%zu",
             life->context->run_id, life->context->first_number + life->number);
}

static ct_wait wait_for_provider(const ct_life *life) {
    return ct_wait_for(life->context->provider->timeout, life->context->cancel);
}

/* From a base, or, for NULL, from the image. */
static int create_from(ct_life *life, const char *base, ct_error *error) {
    ct_wait wait = wait_for_provider(life);
    bool kept = life->job->preserve == CT_PRESERVE_RUN;
    ct_lease lease;
    ct_lease_init(&lease, life->context->run_id,
                  life->share->longest + (kept ? KEPT_LEASE : 0));
    ct_instance_spec spec = {.name = life->instance,
                             .source = life->source,
                             .json = life->job->instance_json,
                             .remote = life->job->remote_source,
                             .clone_of = base,
                             .lease = &lease};
    life->made = true;
    return life->context->provider->type->create(life->session, &spec, &wait, error);
}

/* A clone that is there already, under a name of its own; false: there is none. */
static bool take_warm(ct_life *life) {
    ct_wait wait = wait_for_provider(life);
    life->awake =
        ct_warm_wake(life->context->warm, life->session, life->job, life->prepared->base,
                     life->context->reserve, life->share->instance, &wait);
    if (!life->awake)
        return false;
    snprintf(life->instance, sizeof life->instance, "%s", life->share->instance);
    ct_result_set_instance(life->result, life->instance);
    return life->made = true;
}

/* An image that LXD has pulled may be replaced by a newer one at any time. */
static int create_from_image(ct_life *life, ct_error *error) {
    ct_error failure = {0};
    int code = create_from(life, NULL, &failure);
    if (code == CT_E_NOT_FOUND && life->source && life->job->remote_source) {
        life->source = NULL;
        return create_from(life, NULL, error);
    }
    return code < 0 ? ct_fail(error, code, "%s", failure.message) : code;
}

static void tell_note(const ct_life *life, const char *why) {
    ct_event event = {
        .type = CT_EVENT_NOTE,
        .job = life->number,
        .message = ct_message("%s is made from its image: %s", life->instance, why)};
    ct_queue_put(life->context->events, &event);
}

/* A base that went away meanwhile, or can't be cloned, is done without. */
static int create(ct_life *life, ct_error *error) {
    const ct_prepared *prepared = life->prepared;
    next_phase(life, CT_PHASE_CREATE);
    if (prepared->base) {
        ct_error failure = {0};
        int code = take_warm(life) ? CT_OK : create_from(life, prepared->base, &failure);
        if (code != CT_E_NOT_FOUND && code != CT_E_OPERATION) {
            life->steps.from = prepared->steps;
            life->cloned = code == CT_OK;
            return code < 0 ? ct_fail(error, code, "%s", failure.message) : code;
        }
        if (code == CT_E_OPERATION)
            tell_note(life, failure.message);
    }
    return create_from_image(life, error);
}

static int start(ct_life *life, ct_error *error) {
    next_phase(life, CT_PHASE_START);
    ct_wait wait = wait_for_provider(life);
    return life->context->provider->type->start(life->session, life->instance, &wait,
                                                error);
}

/* From now on there may be a guest of ours in the target. */
static void visit(ct_life *life) {
    life->visited = true;
    ct_reaper_visit(life->context->reaper, life->instance, life->directory,
                    life->guest.identity);
}

/* An instance that runs: one of ours, which may be shared, or the one that the job
 * names. */
static int bring_up(ct_life *life, ct_error *error) {
    ct_wait wait = wait_for_provider(life);
    int code = ct_wait_check(&wait, error); /* cancelled before it began */
    if (code == CT_OK && life->prepared->failure)
        return ct_fail(error, life->prepared->failure->code, "%s",
                       life->prepared->failure->message);
    if (life->job->target)
        visit(life);
    else if (code == CT_OK && life->share->begun)
        return ct_share_join(life->share, life->context->provider, life->session, &wait,
                             error);
    else if (code == CT_OK)
        code = create(life, error);
    if (code == CT_OK && life->made && !life->awake)
        code = start(life, error);
    return code;
}

static void when_ready(void *context) {
    ct_life *life = context;
    size_t steps = 0;
    if (life->visited)
        visit(life);
    next_phase(life, CT_PHASE_HOOKS);
    for (size_t i = 0; i < life->job->start_hook_count; i++)
        steps += life->job->start_hooks[i].step_count;
    if (steps <= life->steps.from)
        next_phase(life, CT_PHASE_TESTLET);
}

static int run_start_hooks(ct_life *life, ct_buf *output, ct_error *error) {
    next_phase(life, CT_PHASE_READY);
    /* as for all its hooks: those done in the base may have installed services */
    life->guest = (ct_guest){.provider = life->context->provider->type,
                             .session = life->session,
                             .instance = life->instance,
                             .directory = life->directory,
                             .ready = ct_job_ready(life->job, CT_ALL_STEPS),
                             .ready_timeout = life->job->ready_timeout,
                             .on_ready = when_ready,
                             .context = life};
    /* a base has the guest in it, and so has an instance that was used before */
    int code =
        life->cloned || life->share->begun
            ? CT_OK
            : ct_guest_install_when_up(&life->guest, life->context->provider->timeout,
                                       life->context->cancel, error);
    if (code < 0)
        return code;
    ct_wait wait =
        ct_wait_for(ct_job_longest(life->job, life->context->provider->timeout),
                    life->context->cancel);
    code = ct_hooks_run(&life->guest, life->job->start_hooks, life->job->start_hook_count,
                        life->steps, life->job->env, output, &wait, error);
    if (code == CT_OK && life->phase == CT_PHASE_HOOKS)
        next_phase(life, CT_PHASE_TESTLET);
    return code;
}

static int run_testlet(ct_life *life, ct_error *error) {
    const ct_job *job = life->job;
    ct_run_options options = {.env = job->env,
                              .more_env = job->testlet_env,
                              .timeout = job->timeout,
                              .output_limit = job->output_limit};
    ct_wait wait =
        ct_wait_for(ct_job_longest(life->job, life->context->provider->timeout),
                    life->context->cancel);
    ct_outcome outcome;
    ct_outcome_init(&outcome, job->output_limit);
    int code =
        ct_guest_run(&life->guest, &job->testlet, &options, &outcome, &wait, error);
    ct_result_take_output(life->result, &outcome);
    if (code == CT_OK)
        ct_result_take_end(life->result, job, &outcome);
    ct_outcome_fini(&outcome);
    return code;
}

static int run_stop_hooks(ct_life *life, ct_buf *output, ct_error *error) {
    next_phase(life, CT_PHASE_COLLECT);
    if (life->guest.lost) { /* that is the testlet's failure already */
        if (life->job->stop_hook_count > 0)
            ct_result_note(life->result, "the stop hooks did not run", NULL);
        return CT_OK;
    }
    ct_wait wait =
        ct_wait_for(ct_job_longest(life->job, life->context->provider->timeout),
                    life->context->cancel);
    int code =
        ct_hooks_run(&life->guest, life->job->stop_hooks, life->job->stop_hook_count,
                     CT_ALL_STEPS, life->job->env, output, &wait, error);
    if (code == CT_E_NOT_FOUND && life->guest.absent && life->result->status != CT_PASS) {
        /* what a testlet that did not get to its end has not left breaks nothing */
        ct_result_note(life->result, error->message, NULL);
        return CT_OK;
    }
    return code;
}

/* Of an instance that is not there to be shared, the share knows more. */
static const char *reason(const ct_life *life, const ct_error *error) {
    const char *shared = life->share->begun ? life->share->failure : NULL;
    return error->code == CT_E_OPERATION && shared ? shared : error->message;
}

/* Everything up to the result. */
static void live(ct_life *life) {
    ct_error error = {0};
    ct_buf output;
    ct_buf_init(&output, STEP_OUTPUT_KEPT);
    int code = bring_up(life, &error);
    if (life->prepared->failure && life->prepared->output &&
        ct_buf_add(&output, life->prepared->output->data,
                   life->prepared->output->length) < 0)
        ct_buf_clear(&output);
    if (code == CT_OK)
        code = run_start_hooks(life, &output, &error);
    if (code == CT_OK)
        code = run_testlet(life, &error);
    if (code == CT_OK)
        code = run_stop_hooks(life, &output, &error);
    leave_phase(life);
    life->cancelled = code == CT_E_CANCELLED;
    if (code < 0) {
        ct_result_worsen(life->result, CT_ERROR);
        ct_result_note(life->result, reason(life, &error), &output);
    }
    ct_buf_fini(&output);
    life->broken = code < 0 && !life->cancelled && life->phase < CT_PHASE_TESTLET;
}

static void name_result(ct_life *life) {
    ct_result *result = life->result;
    for (int i = 0; i < CT_PHASE_COUNT; i++)
        result->phases[i] = -1;
    result->phases[CT_PHASE_PREPARE] = life->prepared->seconds;
    result->exit_code = -1;
    if (life->job->target)
        name_target(life);
    else
        name_instance(life);
    ct_result_set_instance(result, life->instance);
}

void ct_job_perform(const ct_job_context *context, void **session, size_t number,
                    const ct_job *job, const char *source, const ct_prepared *prepared,
                    ct_share *share, ct_result *result) {
    ct_life life = {.context = context,
                    .job = job,
                    .number = number,
                    .source = source,
                    .prepared = prepared,
                    .share = share,
                    .steps = share->begun ? CT_NO_STEPS : CT_ALL_STEPS,
                    .made = share->made,
                    .cloned = share->cloned,
                    .result = result,
                    .begun = ct_now()};
    life.entered = life.begun;
    name_result(&life);
    ct_error error = {0};
    int code = *session ? CT_OK
                        : context->provider->type->session_open(context->provider,
                                                                session, &error);
    life.session = *session;
    if (code == CT_OK) {
        live(&life);
    } else {
        ct_result_worsen(result, CT_ERROR);
        ct_result_note(result, error.message, NULL);
    }
    ct_life_end(&life);
}
