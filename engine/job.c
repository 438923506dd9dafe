/* SPDX-License-Identifier: MIT
 *
 * job.c - one job's life: create, start, ready, hooks, testlet, collect, teardown. It knows
 * no provider in particular, and has one way out, on which the instance goes, however far
 * the job came.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider.h"

#define INSTANCE_NAME_MAX 63 /* LXD's: a DNS label */
#define STEP_OUTPUT_KEPT  65536

struct life {
    const ct_job_context *context;
    const ct_job *job;
    size_t number;
    const char *source; /* what the image resolved to; NULL: job->instance_json says it */
    void *session;
    ct_result *result;
    char instance[INSTANCE_NAME_MAX + 1];
    bool made; /* there may be an instance */
    bool lost; /* the testlet took the guest, or the instance, with it */
    ct_guest guest;
    enum ct_phase phase;
    double begun; /* ct_now() of the job, and of the phase */
    double entered;
};

/* ---- phases and events ---- */

static void leave_phase(struct life *life) {
    life->result->phases[life->phase] = ct_now() - life->entered;
}

static void enter_phase(struct life *life, enum ct_phase phase) {
    life->phase = phase;
    life->entered = ct_now();
    ct_event event = {.type = CT_EVENT_PHASE,
                      .job = life->number,
                      .phase = phase,
                      .instance = strdup(life->instance)};
    ct_queue_put(life->context->events, &event);
}

static void next_phase(struct life *life, enum ct_phase phase) {
    leave_phase(life);
    enter_phase(life, phase);
}

/* ---- the result ---- */

static void worsen(ct_result *result, enum ct_status status) {
    if (status > result->status)
        result->status = status;
}

/* Notes what went wrong; the first cause wins. */
static void note(ct_result *result, const char *message, const ct_buf *output) {
    if (result->error)
        return;
    bool more = output && output->length > 0;
    if (asprintf(&result->error, "%s%s%s", message, more ? "\n" : "",
                 more ? output->data : "") < 0)
        result->error = NULL;
}

static void note_failure(ct_result *result, const ct_job *job,
                         const ct_outcome *outcome) {
    char why[256] = "";
    if (outcome->timed_out)
        snprintf(why, sizeof why, "the testlet timed out after %g s", job->timeout);
    else if (outcome->limit[0])
        snprintf(
            why, sizeof why,
            "the testlet wrote more than %zu bytes to %s (output_limit) and was killed",
            job->output_limit, outcome->limit);
    else if (outcome->lost)
        snprintf(why, sizeof why,
                 "the testlet killed the guest that ran it, or stopped its instance");
    else if (outcome->signal)
        snprintf(why, sizeof why, "the testlet was killed by signal %d (%s)",
                 outcome->signal, strsignal(outcome->signal));
    else
        snprintf(why, sizeof why, "the testlet exited with code %d", outcome->exit_code);
    note(result, why, NULL);
}

static char *take_bytes(ct_buf *bytes, size_t *length) {
    char *taken = ct_buf_take(bytes, length);
    return taken ? taken : calloc(1, 1);
}

/* What the testlet wrote is worth having however it ended. */
static void take_output(ct_result *result, ct_outcome *outcome) {
    free(result->stdout_data);
    result->stdout_data = take_bytes(&outcome->stdout_bytes, &result->stdout_length);
    free(result->stderr_data);
    result->stderr_data = take_bytes(&outcome->stderr_bytes, &result->stderr_length);
}

static void take_end(struct life *life, ct_outcome *outcome) {
    ct_result *result = life->result;
    life->lost = outcome->lost;
    result->exit_code = outcome->exit_code;
    result->signal = outcome->signal;
    result->timed_out = outcome->timed_out;
    result->cpu_user = outcome->cpu_user;
    result->cpu_system = outcome->cpu_system;
    result->max_rss = outcome->max_rss;
    if (outcome->value.length > 0)
        result->value = ct_buf_take(&outcome->value, &result->value_length);
    if (outcome->exit_code == CT_EXIT_SKIP) {
        worsen(result, CT_SKIP);
    } else if (outcome->exit_code != 0) {
        worsen(result, CT_FAIL);
        note_failure(result, life->job, outcome);
    }
}

/* ---- the steps of a life; each returns a negative code when the environment broke ---- */

/* "<name>-<image>-<run>-<number>", with what LXD can't have in a name made "-". */
static void name_instance(struct life *life) {
    char tail[40];
    int tail_length = snprintf(tail, sizeof tail, "-%s-%zu", life->context->run_id,
                               life->context->first_number + life->number);
    int room = INSTANCE_NAME_MAX - tail_length;
    int used = snprintf(life->instance, (size_t) room + 1, "%s", life->result->name);
    if (used > room)
        used = room;
    for (int i = 0; i < used; i++)
        if (!isalnum((unsigned char) life->instance[i]))
            life->instance[i] = '-';
    if (!isalpha((unsigned char) life->instance[0]))
        life->instance[0] = 't';
    snprintf(life->instance + used, sizeof life->instance - (size_t) used, "%s", tail);
}

/* Seconds after which no job of this kind can still be going. */
static double longest(const struct life *life) {
    const ct_job *job = life->job;
    double seconds =
        4 * life->context->provider->timeout + job->ready_timeout + job->timeout + 600;
    for (size_t i = 0; i < job->start_hook_count; i++)
        for (size_t j = 0; j < job->start_hooks[i].step_count; j++)
            seconds += job->start_hooks[i].steps[j].timeout;
    for (size_t i = 0; i < job->stop_hook_count; i++)
        for (size_t j = 0; j < job->stop_hooks[i].step_count; j++)
            seconds += job->stop_hooks[i].steps[j].timeout;
    return seconds;
}

static ct_wait wait_for_provider(const struct life *life) {
    return ct_wait_for(life->context->provider->timeout, life->context->cancel);
}

static int create(struct life *life, ct_error *error) {
    enter_phase(life, CT_PHASE_CREATE);
    ct_wait wait = wait_for_provider(life);
    int code = ct_wait_check(&wait, error);
    if (code < 0)
        return code;
    ct_lease lease;
    ct_lease_init(&lease, life->context->run_id, longest(life));
    ct_instance_spec spec = {.name = life->instance,
                             .source = life->source,
                             .json = life->job->instance_json,
                             .lease = &lease};
    life->made = true;
    return life->context->provider->type->create(life->session, &spec, &wait, error);
}

static int start(struct life *life, ct_error *error) {
    next_phase(life, CT_PHASE_START);
    ct_wait wait = wait_for_provider(life);
    return life->context->provider->type->start(life->session, life->instance, &wait,
                                                error);
}

static void when_ready(void *context) {
    struct life *life = context;
    size_t steps = 0;
    next_phase(life, CT_PHASE_HOOKS);
    for (size_t i = 0; i < life->job->start_hook_count; i++)
        steps += life->job->start_hooks[i].step_count;
    if (steps == 0)
        next_phase(life, CT_PHASE_TESTLET);
}

static int run_start_hooks(struct life *life, ct_buf *output, ct_error *error) {
    next_phase(life, CT_PHASE_READY);
    life->guest = (ct_guest){.provider = life->context->provider->type,
                             .session = life->session,
                             .instance = life->instance,
                             .ready = life->job->ready,
                             .ready_timeout = life->job->ready_timeout,
                             .on_ready = when_ready,
                             .context = life};
    ct_wait wait = wait_for_provider(life);
    int code = ct_guest_install(&life->guest, &wait, error);
    if (code < 0)
        return code;
    wait = ct_wait_for(longest(life), life->context->cancel);
    code = ct_hooks_run(&life->guest, life->job->start_hooks, life->job->start_hook_count,
                        life->job->env, output, &wait, error);
    if (code == CT_OK && life->phase == CT_PHASE_HOOKS)
        next_phase(life, CT_PHASE_TESTLET);
    return code;
}

static int run_testlet(struct life *life, ct_error *error) {
    const ct_job *job = life->job;
    ct_run_options options = {
        .env = job->env, .timeout = job->timeout, .output_limit = job->output_limit};
    ct_wait wait = ct_wait_for(longest(life), life->context->cancel);
    ct_outcome outcome;
    ct_outcome_init(&outcome, job->output_limit);
    int code =
        ct_guest_run(&life->guest, &job->testlet, &options, &outcome, &wait, error);
    take_output(life->result, &outcome);
    if (code == CT_OK)
        take_end(life, &outcome);
    ct_outcome_fini(&outcome);
    return code;
}

static int run_stop_hooks(struct life *life, ct_buf *output, ct_error *error) {
    next_phase(life, CT_PHASE_COLLECT);
    if (life->lost) /* nothing is left to collect from; that is the testlet's failure */
        return CT_OK;
    ct_wait wait = ct_wait_for(longest(life), life->context->cancel);
    return ct_hooks_run(&life->guest, life->job->stop_hooks, life->job->stop_hook_count,
                        life->job->env, output, &wait, error);
}

/* Everything up to the result. */
static void live(struct life *life) {
    ct_error error = {0};
    ct_buf output;
    ct_buf_init(&output, STEP_OUTPUT_KEPT);
    int code = create(life, &error);
    if (code == CT_OK)
        code = start(life, &error);
    if (code == CT_OK)
        code = run_start_hooks(life, &output, &error);
    if (code == CT_OK)
        code = run_testlet(life, &error);
    if (code == CT_OK)
        code = run_stop_hooks(life, &output, &error);
    leave_phase(life);
    if (code < 0) {
        worsen(life->result, CT_ERROR);
        note(life->result, error.message, &output);
    }
    ct_buf_fini(&output);
}

/* ---- the end ---- */

static bool to_preserve(const struct life *life) {
    enum ct_preserve preserve = life->job->preserve;
    return life->made &&
           (preserve == CT_PRESERVE_ALWAYS ||
            (preserve == CT_PRESERVE_ON_FAILURE && life->result->status >= CT_FAIL));
}

/* Keeps or deletes the instance. *message is how to get into it, or why it is still there. */
static bool tear_down(struct life *life, bool preserve, char **message) {
    const ct_provider *provider = life->context->provider;
    ct_error error = {0};
    ct_wait wait = ct_wait_for(provider->timeout, -1);
    if (preserve &&
        provider->type->preserve(life->session, life->instance, &wait, &error) == CT_OK) {
        *message = provider->type->shell_command(provider, life->instance);
        return true;
    }
    int code = provider->type->destroy(life->session, life->instance, &wait, &error);
    if (code < 0 && asprintf(message,
                             "instance %s could not be deleted: %s; \"cleantest clean\" "
                             "will delete it",
                             life->instance, error.message) < 0)
        *message = NULL;
    return false;
}

static void give_result(struct life *life) {
    life->result->duration = ct_now() - life->begun;
    if (!life->made && life->result->instance)
        life->result->instance[0] = '\0';
    ct_event event = {
        .type = CT_EVENT_RESULT, .job = life->number, .result = life->result};
    ct_queue_put(life->context->events, &event);
    life->result = NULL; /* the queue's now */
}

static void end_life(struct life *life) {
    ct_event done = {.type = CT_EVENT_DONE,
                     .job = life->number,
                     .phase = CT_PHASE_TEARDOWN,
                     .instance = strdup(life->instance)};
    bool preserve = to_preserve(life);
    give_result(life);
    if (life->made) {
        double begun = ct_now();
        ct_event event = {.type = CT_EVENT_PHASE,
                          .job = life->number,
                          .phase = CT_PHASE_TEARDOWN,
                          .instance = strdup(life->instance)};
        ct_queue_put(life->context->events, &event);
        done.preserved = tear_down(life, preserve, &done.message);
        done.seconds = ct_now() - begun;
    }
    ct_queue_put(life->context->events, &done);
}

static void name_result(struct life *life) {
    ct_result *result = life->result;
    for (int i = 0; i < CT_PHASE_COUNT; i++)
        result->phases[i] = -1;
    result->exit_code = -1;
    result->testlet = strdup(life->job->name);
    result->image = strdup(life->job->image);
    if (asprintf(&result->name, "%s-%s", life->job->name, life->job->image) < 0)
        result->name = NULL;
    name_instance(life);
    result->instance = strdup(life->instance);
    result->stdout_data = calloc(1, 1);
    result->stderr_data = calloc(1, 1);
}

void ct_job_perform(const ct_job_context *context, void **session, size_t number,
                    const ct_job *job, const char *source, ct_result *result) {
    struct life life = {.context = context,
                        .job = job,
                        .number = number,
                        .source = source,
                        .result = result,
                        .begun = ct_now()};
    life.entered = life.begun;
    name_result(&life);
    ct_error error = {0};
    if (!*session)
        *session = context->provider->type->session_open(context->provider, &error);
    life.session = *session;
    if (life.session) {
        live(&life);
    } else {
        worsen(result, CT_ERROR);
        note(result, error.message, NULL);
    }
    end_life(&life);
}
