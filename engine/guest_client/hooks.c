/* SPDX-License-Identifier: MIT
 *
 * hooks.c - does the steps of hooks in order: run, push and pull. A run step passes only
 * with exit code 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_client/guest_client.h"

/* Bytes of stdout, and of stderr, of a run step. */
#define STEP_OUTPUT_LIMIT (16 * CT_MIB)

/* Adds the last of the bytes, `most` of them at most, from the start of a line. */
static int add_end(ct_buf *output, const ct_buf *bytes, size_t most) {
    size_t skipped = bytes->length > most ? bytes->length - most : 0;
    const char *start = bytes->data ? bytes->data + skipped : "";
    if (skipped > 0) {
        const char *line = memchr(start, '\n', most);
        start = line ? line + 1 : start;
    }
    return ct_buf_add(output, start,
                      bytes->data ? (size_t) (bytes->data + bytes->length - start) : 0);
}

/* Replaces what an earlier try has left in output. Where there is no room for it, the
 * failure itself is told all the same. */
static void keep_output(ct_buf *output, const ct_outcome *outcome) {
    ct_buf_clear(output);
    if (add_end(output, &outcome->stdout_bytes, output->limit / 2) < 0 ||
        add_end(output, &outcome->stderr_bytes, output->limit / 2) < 0)
        ct_buf_clear(output);
}

static int fail_step(const ct_outcome *outcome, double timeout, ct_buf *output,
                     ct_error *error) {
    keep_output(output, outcome);
    if (outcome->timed_out)
        return ct_fail(error, CT_E_STEP, "timed out after %g s", timeout);
    if (outcome->limit[0])
        return ct_fail(error, CT_E_STEP, "wrote more than %zu MiB to %s",
                       (size_t) (STEP_OUTPUT_LIMIT / CT_MIB), outcome->limit);
    if (outcome->lost)
        return ct_fail(error, CT_E_STEP, "ended the guest or stopped the instance");
    if (outcome->signal)
        return ct_fail(error, CT_E_STEP, "killed by signal %d (%s)", outcome->signal,
                       strsignal(outcome->signal));
    return ct_fail(error, CT_E_STEP, "exit code %d", outcome->exit_code);
}

/* One call of ct_hooks_run(). */
struct hooks_call {
    ct_guest *guest;
    const ct_hook_steps *steps;
    /* Folders that the hooks' downloads fill, NULL-ended: links in them are not
     * trusted. */
    const char **filled;
    ct_buf *output; /* gets the end of what a step wrote that failed */
};

static int run_step(const struct hooks_call *call, const ct_step *step,
                    const ct_wait *wait, ct_error *error) {
    ct_run_options options = {.env = call->steps->env,
                              .timeout = step->timeout,
                              .output_limit = STEP_OUTPUT_LIMIT};
    ct_outcome outcome;
    ct_outcome_init(&outcome, STEP_OUTPUT_LIMIT);
    int code = ct_guest_run(call->guest, step->run, &options, &outcome, wait, error);
    if (code == CT_OK && (outcome.exit_code != 0 || ct_outcome_broken(&outcome)))
        code = fail_step(&outcome, step->timeout, call->output, error);
    ct_outcome_fini(&outcome);
    return code;
}

static int pull(const struct hooks_call *call, const ct_step *step, const ct_wait *wait,
                ct_error *error) {
    int code = ct_guest_pull(call->guest, step, call->filled, wait, error);
    return code == CT_E_NOT_FOUND && call->guest->absent && step->optional ? CT_OK : code;
}

static int do_step(const struct hooks_call *call, const ct_step *step,
                   const ct_wait *wait, ct_error *error) {
    switch (step->kind) {
    case CT_STEP_RUN:
        return run_step(call, step, wait, error);
    case CT_STEP_PUSH:
        return ct_guest_push(call->guest, step, wait, error);
    default:
        return pull(call, step, wait, error);
    }
}

/* What has failed. */
struct losses {
    ct_error error; /* the first's code, or a worse one's; what is said of all */
    bool absent;    /* all are of pulls whose source was not there */
};

/* What is wrong with this pull says nothing of the steps behind it: what it was to bring
 * is not there, can't be read, or can't be written. */
static bool goes_on(const ct_step *step, int code) {
    return step->kind == CT_STEP_PULL &&
           (code == CT_E_NOT_FOUND || code == CT_E_GUEST || code == CT_E_SYSTEM ||
            code == CT_E_CONFLICT || code == CT_E_LIMIT || code == CT_E_ARGUMENT);
}

static void add_loss(struct losses *losses, bool absent, bool ends,
                     const ct_error *error) {
    ct_error before = losses->error;
    bool first = before.code == CT_OK, worse = losses->absent && !absent;
    losses->absent = absent && (first || losses->absent);
    ct_fail(&losses->error, first || worse || ends ? error->code : before.code, "%s%s%s",
            before.message, first ? "" : "\nand: ", error->message);
}

/* Does the steps of a hook that are in range; false when the failure of one ends all.
 * *number: of its first step, among those of all hooks; then of the next hook's. */
static bool do_hook(const struct hooks_call *call, const ct_hook *hook, size_t *number,
                    struct losses *losses, const ct_wait *wait) {
    const ct_step_range *range = &call->steps->range;
    for (size_t i = 0; i < hook->step_count; i++, (*number)++) {
        const ct_step *step = &hook->steps[i];
        ct_error error = {0};
        if (*number < range->from || *number >= range->to)
            continue;
        int code = do_step(call, step, wait, &error);
        if (code == CT_OK)
            continue;
        ct_fail_in(&error, code, "hook %s: %s", hook->name, ct_step_label(step));
        bool absent =
            step->kind == CT_STEP_PULL && code == CT_E_NOT_FOUND && call->guest->absent;
        bool ends = !goes_on(step, code);
        add_loss(losses, absent, ends, &error);
        if (ends)
            return false;
    }
    return true;
}

static int do_steps(const struct hooks_call *call, const ct_wait *wait, ct_error *error) {
    struct losses losses = {.absent = false};
    size_t number = 0;
    bool going = true;
    for (size_t i = 0; going && i < call->steps->count; i++)
        going = do_hook(call, &call->steps->hooks[i], &number, &losses, wait);
    call->guest->absent = losses.absent;
    if (losses.error.code < 0)
        ct_fail(error, losses.error.code, "%s", losses.error.message);
    return losses.error.code;
}

/* Lists the folders that downloads fill; free() it. Steps count that are out of range, or
 * come later: what they brought the last time is there. NULL: out of memory. */
static const char **find_filled(const ct_hook *hooks, size_t count) {
    size_t most = 1, found = 0;
    for (size_t i = 0; i < count; i++)
        most += hooks[i].step_count;
    const char **filled = calloc(most, sizeof *filled);
    for (size_t i = 0; filled && i < count; i++)
        for (size_t j = 0; j < hooks[i].step_count; j++) {
            const ct_step *step = &hooks[i].steps[j];
            if (step->kind == CT_STEP_PULL && step->directory)
                filled[found++] = step->dest;
        }
    return filled;
}

int ct_hooks_run(ct_guest *guest, const ct_hook_steps *steps, ct_buf *output,
                 const ct_wait *wait, ct_error *error) {
    struct hooks_call call = {.guest = guest,
                              .steps = steps,
                              .filled = find_filled(steps->hooks, steps->count),
                              .output = output};
    if (!call.filled)
        return ct_fail_memory(error);
    int code = do_steps(&call, wait, error);
    free(call.filled);
    return code;
}
