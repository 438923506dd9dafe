/* SPDX-License-Identifier: MIT
 *
 * hook.c - the steps of hooks, in order: run, push, pull. A run step passes only with exit
 * code 0.
 */
#include <stdio.h>
#include <string.h>

#include "job.h"

#define STEP_OUTPUT_LIMIT                                                                \
    (16 * CT_MIB) /* bytes of stdout, and of stderr, of a run step */

/* Adds the end of bytes, as much as there is room for, from the start of a line. */
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

static int fail_step(const ct_outcome *outcome, double timeout, ct_buf *output,
                     ct_error *error) {
    if (add_end(output, &outcome->stdout_bytes, output->limit / 2) < 0 ||
        add_end(output, &outcome->stderr_bytes, output->limit / 2) < 0)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
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

static int run_step(ct_guest *guest, const ct_step *step, const char *const *env,
                    ct_buf *output, const ct_wait *wait, ct_error *error) {
    ct_run_options options = {
        .env = env, .timeout = step->timeout, .output_limit = STEP_OUTPUT_LIMIT};
    ct_outcome outcome;
    ct_outcome_init(&outcome, STEP_OUTPUT_LIMIT);
    int code = ct_guest_run(guest, &step->run, &options, &outcome, wait, error);
    if (code == CT_OK && (outcome.exit_code != 0 || ct_outcome_broken(&outcome)))
        code = fail_step(&outcome, step->timeout, output, error);
    ct_outcome_fini(&outcome);
    return code;
}

static int do_step(ct_guest *guest, const ct_step *step, const char *const *env,
                   ct_buf *output, const ct_wait *wait, ct_error *error) {
    switch (step->kind) {
    case CT_STEP_RUN:
        return run_step(guest, step, env, output, wait, error);
    case CT_STEP_PUSH:
        return ct_guest_push(guest, step, wait, error);
    default:
        return ct_guest_pull(guest, step, wait, error);
    }
}

int ct_hooks_run(ct_guest *guest, const ct_hook *hooks, size_t count, ct_step_range range,
                 const char *const *env, ct_buf *output, const ct_wait *wait,
                 ct_error *error) {
    static const char *const kinds[] = {"run", "upload", "download"};
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < hooks[i].step_count; j++, number++) {
            const ct_step *step = &hooks[i].steps[j];
            if (number < range.from || number >= range.to)
                continue;
            int code = do_step(guest, step, env, output, wait, error);
            if (code < 0)
                return ct_fail_in(error, code, "hook %s: %s", hooks[i].name,
                                  step->name ? step->name : kinds[step->kind]);
        }
    }
    return CT_OK;
}
