/* SPDX-License-Identifier: MIT
 *
 * result.c - turns what happened into a result: a status that never improves, what went
 * wrong in words, and what the testlet left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/job.h"

void ct_result_worsen(ct_result *result, ct_status status) {
    if (status > result->status)
        result->status = status;
}

void ct_result_note(ct_result *result, const char *message, const ct_buf *output) {
    char *before = result->error;
    const char *more = output && output->length > 0 ? output->data : NULL;
    result->error =
        ct_message("%s%s%s%s%s", before ? before : "", before ? "\nthen: " : "", message,
                   more ? "\n" : "", more ? more : "");
    ct_message_free(before);
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
                 "the guest that ran the testlet was killed, or its instance stopped, "
                 "from within");
    else if (outcome->signal)
        snprintf(why, sizeof why, "the testlet was killed by signal %d (%s)",
                 outcome->signal, strsignal(outcome->signal));
    else
        snprintf(why, sizeof why, "the testlet exited with code %d", outcome->exit_code);
    ct_result_note(result, why, NULL);
}

/* Allocates nothing: a buffer that is not empty has room for its NUL, and where it is
 * empty the result has an empty string already. */
static void take_bytes(ct_buf *bytes, char **data, size_t *length) {
    if (bytes->length == 0)
        return;
    free(*data);
    *data = ct_buf_take(bytes, length);
}

void ct_result_take_output(ct_result *result, ct_outcome *outcome) {
    take_bytes(&outcome->stdout_bytes, &result->stdout_data, &result->stdout_length);
    take_bytes(&outcome->stderr_bytes, &result->stderr_data, &result->stderr_length);
}

void ct_result_take_end(ct_result *result, const ct_job *job, ct_outcome *outcome) {
    result->exit_code = outcome->exit_code;
    result->signal = outcome->signal;
    result->timed_out = outcome->timed_out;
    result->cpu_user = outcome->cpu_user;
    result->cpu_system = outcome->cpu_system;
    result->max_rss = outcome->max_rss;
    if (outcome->value.length > 0)
        result->value = ct_buf_take(&outcome->value, &result->value_length);
    if (ct_outcome_broken(outcome) ||
        (outcome->exit_code != 0 && outcome->exit_code != CT_EXIT_SKIP)) {
        ct_result_worsen(result, CT_STATUS_FAIL);
        note_failure(result, job, outcome);
    } else if (outcome->exit_code == CT_EXIT_SKIP) {
        ct_result_worsen(result, CT_STATUS_SKIP);
    }
}
