/* SPDX-License-Identifier: MIT
 *
 * job.c - one job's life up to its result: create, start, hooks, testlet. However far it
 * came, end.c is the one way out.
 */
#include <stdio.h>
#include <string.h>

#include "job/life.h"
#include "reaper/reaper.h"

#define STEP_OUTPUT_KEPT 65536   /* bytes of what a step wrote that failed */
#define KEPT_LEASE       86400.0 /* seconds; see CT_PRESERVE_RUN */

/* ---- phases and events ---- */

static void leave_phase(ct_life *life) {
    if (life->in_phase)
        ct_result_set_phase(life->result, life->phase, ct_now() - life->entered);
}

static void enter_phase(ct_life *life, ct_phase phase) {
    life->in_phase = true;
    life->phase = phase;
    life->entered = ct_now();
    ct_event event = {.type = CT_EVENT_PHASE,
                      .job = life->order->number,
                      .phase = phase,
                      .instance = strdup(life->instance)};
    ct_queue_put(life->context->events, &event);
}

static void next_phase(ct_life *life, ct_phase phase) {
    leave_phase(life);
    enter_phase(life, phase);
}

/* ---- from birth to a running instance ---- */

/* These and the next ones return a negative code when the environment broke. */

static void name_instance(ct_life *life) {
    ct_shared_name(life->shared, life->context, life->result->name, life->order->number);
    life->instance = life->shared->name;
    snprintf(life->directory, sizeof life->directory, "%s", CT_GUEST_DIRECTORY);
}

/* Several runs may use a target at once, so each guest has a directory of its own
 * there. */
static void name_target(ct_life *life) {
    life->instance = life->job->target;
    snprintf(life->directory, sizeof life->directory, CT_GUEST_DIRECTORY "-%s-%zu",
             life->context->run_id, life->context->first_number + life->order->number);
}

static ct_wait wait_for_provider(const ct_life *life) {
    return ct_wait_for(life->context->provider->timeout, life->context->cancel);
}

/* base: what is cloned; NULL: the instance is made from the image. */
static int create_from(ct_life *life, const char *base, ct_error *error) {
    ct_wait wait = wait_for_provider(life);
    bool kept = life->job->preserve == CT_PRESERVE_RUN;
    ct_lease lease;
    ct_lease_init(&lease, life->context->run_id,
                  life->shared->longest + (kept ? KEPT_LEASE : 0));
    ct_instance_spec spec = {.name = life->instance,
                             .source = life->source,
                             .json = life->job->instance_json,
                             .remote = life->job->remote_source,
                             .clone_of = base,
                             .lease = &lease};
    life->owns_instance = true;
    return life->context->provider->instances->create(life->session, &spec, &wait, error);
}

/* Takes a clone that was booted ahead of time, and has a name of its own. false: there is
 * none. */
static bool take_warm(ct_life *life) {
    ct_wait wait = wait_for_provider(life);
    ct_warm_order order = {.job = life->job,
                           .base = life->prepared->base,
                           .reserve = life->context->reserve};
    life->from_warm = ct_warm_wake(life->context->warm, life->session, &order,
                                   life->shared->name, &wait);
    if (!life->from_warm)
        return false;
    ct_result_set_instance(life->result, life->instance);
    return life->owns_instance = true;
}

/* LXD may replace an image that it has pulled by a newer one at any time. Then the
 * instance is made from what the job says. */
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
        .job = life->order->number,
        .message = ct_message("%s is made from its image: %s", life->instance, why)};
    ct_queue_put(life->context->events, &event);
}

/* Does without a base that is gone meanwhile, or can't be cloned. */
static int create_instance(ct_life *life, ct_error *error) {
    const ct_prepared *prepared = life->prepared;
    next_phase(life, CT_PHASE_CREATE);
    if (prepared->base) {
        ct_error failure = {0};
        int code = take_warm(life) ? CT_OK : create_from(life, prepared->base, &failure);
        if (code != CT_E_NOT_FOUND && code != CT_E_OPERATION) {
            life->steps.from = prepared->steps;
            life->from_base = code == CT_OK;
            return code < 0 ? ct_fail(error, code, "%s", failure.message) : code;
        }
        if (code == CT_E_OPERATION)
            tell_note(life, failure.message);
    }
    return create_from_image(life, error);
}

static int start_instance(ct_life *life, ct_error *error) {
    next_phase(life, CT_PHASE_START);
    ct_wait wait = wait_for_provider(life);
    return life->context->provider->instances->start(life->session, life->instance, &wait,
                                                     error);
}

/* From now on there may be a guest of ours in the target. */
static void enter_target(ct_life *life) {
    life->guest_in_target = true;
    ct_reaper_visit(life->context->reaper, life->instance, life->directory,
                    life->guest.identity);
}

/* Sees to it that there is an instance which runs: a new one, one that other jobs have
 * used, or the job's target. */
static int bring_up(ct_life *life, ct_error *error) {
    ct_wait wait = wait_for_provider(life);
    int code = ct_wait_check(&wait, error); /* it may be cancelled before it begins */
    if (code == CT_OK && life->prepared->failure)
        return ct_fail(error, life->prepared->failure->code, "%s",
                       life->prepared->failure->message);
    if (life->job->target)
        enter_target(life);
    else if (code == CT_OK && life->shared->begun)
        return ct_shared_join(life->shared, life->session, &wait, error);
    else if (code == CT_OK)
        code = create_instance(life, error);
    if (code == CT_OK && life->owns_instance && !life->from_warm)
        code = start_instance(life, error);
    return code;
}

/* ---- in the instance ---- */

static void when_ready(void *context) {
    ct_life *life = context;
    size_t steps = 0;
    if (life->guest_in_target) /* its directory's identity is known now */
        enter_target(life);
    next_phase(life, CT_PHASE_HOOKS);
    for (size_t i = 0; i < life->job->start_hook_count; i++)
        steps += life->job->start_hooks[i].step_count;
    if (steps <= life->steps.from)
        next_phase(life, CT_PHASE_TESTLET);
}

/* Waits for as much as all hooks need: those that the base has done may have installed
 * services. */
static void set_guest(ct_life *life) {
    life->guest = (ct_guest){.session = life->session,
                             .instance = life->instance,
                             .directory = life->directory,
                             .ready = ct_job_ready(life->job, CT_ALL_STEPS),
                             .ready_timeout = life->job->ready_timeout,
                             .on_ready = when_ready,
                             .context = life};
}

static ct_wait wait_for_job(const ct_life *life) {
    return ct_wait_for(ct_job_longest(life->job, life->context->provider->timeout),
                       life->context->cancel);
}

static int run_start_hooks(ct_life *life, ct_buf *output, ct_error *error) {
    next_phase(life, CT_PHASE_READY);
    set_guest(life);
    /* a clone has the guest of its base, and a shared instance that of an earlier job */
    bool installed = life->from_base || life->shared->begun;
    int code = installed
                   ? CT_OK
                   : ct_guest_install_when_up(&life->guest, life->context->cancel, error);
    if (code < 0)
        return code;
    ct_hook_steps steps = {.hooks = life->job->start_hooks,
                           .count = life->job->start_hook_count,
                           .range = life->steps,
                           .env = life->job->env};
    ct_wait wait = wait_for_job(life);
    code = ct_hooks_run(&life->guest, &steps, output, &wait, error);
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
    ct_wait wait = wait_for_job(life);
    ct_outcome outcome;
    ct_outcome_init(&outcome, job->output_limit);
    int code = ct_guest_run(&life->guest, job->testlet, &options, &outcome, &wait, error);
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
    ct_wait wait = wait_for_job(life);
    ct_hook_steps steps = {.hooks = life->job->stop_hooks,
                           .count = life->job->stop_hook_count,
                           .range = CT_ALL_STEPS,
                           .env = life->job->env};
    int code = ct_hooks_run(&life->guest, &steps, output, &wait, error);
    if (code == CT_E_NOT_FOUND && life->guest.absent &&
        life->result->status != CT_STATUS_PASS) {
        /* what a testlet that did not get to its end has not left breaks nothing */
        ct_result_note(life->result, error->message, NULL);
        return CT_OK;
    }
    return code;
}

/* Why the job broke. When the instance that it shares is gone, that knows more. */
static const char *reason(const ct_life *life, const ct_error *error) {
    const char *shared = life->shared->begun ? life->shared->failure : NULL;
    return error->code == CT_E_OPERATION && shared ? shared : error->message;
}

/* ---- the whole life ---- */

/* Does everything up to the result. */
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
        ct_result_worsen(life->result, CT_STATUS_ERROR);
        ct_result_note(life->result, reason(life, &error), &output);
    }
    ct_buf_fini(&output);
    life->never_ran = code < 0 && !life->cancelled && life->phase < CT_PHASE_TESTLET;
}

static void begin_result(ct_life *life) {
    ct_result *result = life->result;
    ct_result_set_phase(result, CT_PHASE_PREPARE, life->prepared->seconds);
    result->exit_code = -1;
    if (life->job->target)
        name_target(life);
    else
        name_instance(life);
    ct_result_set_instance(result, life->instance);
}

void ct_job_perform(const ct_job_order *order, ct_session **session) {
    ct_shared_instance *shared = order->shared;
    ct_life life = {.order = order,
                    .context = order->context,
                    .job = order->job,
                    .prepared = order->prepared,
                    .shared = shared,
                    .result = order->result,
                    .source = order->source,
                    .steps = shared->begun ? CT_NO_STEPS : CT_ALL_STEPS,
                    .owns_instance = shared->exists,
                    .from_base = shared->cloned,
                    .begun = ct_now()};
    life.entered = life.begun;
    begin_result(&life);
    ct_error error = {0};
    int code = ct_session_ensure(order->context->provider, session, &error);
    life.session = *session;
    if (code == CT_OK) {
        live(&life);
    } else {
        ct_result_worsen(life.result, CT_STATUS_ERROR);
        ct_result_note(life.result, error.message, NULL);
    }
    ct_life_end(&life);
}
