/* SPDX-License-Identifier: MIT
 *
 * outcome.c - how a testlet ended, as the guest tells it. The testlet is root and can
 * speak in the guest's name, so what can't be true is not believed.
 */
#include <stdio.h>
#include <string.h>

#include "guest_client/guest_client.h"

static bool field_number(const char *at, const char *end, const char *name, double *to) {
    ct_value value;
    if (!ct_value_field(at, end, name, &value))
        return false;
    if (value.type == CT_VALUE_INTEGER)
        *to = (double) value.integer;
    else if (value.type == CT_VALUE_NUMBER)
        *to = value.number;
    else
        return false;
    return true;
}

/* The field's whole number from 0 to most; fallback when it has none. */
static int field_small(const char *at, const char *end, const char *name, int most,
                       int fallback) {
    double number = -1;
    bool fits =
        field_number(at, end, name, &number) && number >= 0 && number <= (double) most;
    return fits ? (int) number : fallback;
}

/* The field's number from 0 to most; 0 when it has none. */
static double field_amount(const char *at, const char *end, const char *name,
                           double most) {
    double number = 0;
    return field_number(at, end, name, &number) && number >= 0 && number <= most ? number
                                                                                 : 0;
}

/* Takes no other word than those of what has a limit. */
static void take_limit(ct_outcome *outcome, const char *at, const char *end) {
    ct_value value;
    if (!ct_value_field(at, end, "limit", &value) || value.type != CT_VALUE_STRING)
        return;
    for (const char *const *word = ct_stream_words; *word; word++)
        if (ct_compare_bytes(value.string, value.length, *word, strlen(*word)) == 0)
            snprintf(outcome->limit, sizeof outcome->limit, "%s", *word);
}

int ct_outcome_take_exit(ct_outcome *outcome, const char *data, size_t length,
                         ct_error *error) {
    const char *end = data + length, *at = data;
    ct_value value;
    if (ct_value_skip(&at, end) < 0)
        return ct_fail(error, CT_E_PROTOCOL, "the guest's exit frame is no value");
    outcome->exit_code = field_small(data, end, "exit_code", 255, -1);
    outcome->signal = field_small(data, end, "signal", 64, 0);
    outcome->timed_out = ct_value_field(data, end, "timed_out", &value) &&
                         value.type == CT_VALUE_BOOLEAN && value.boolean;
    take_limit(outcome, data, end);
    /* the exit code of what was killed says nothing: it may well be 0 */
    if (outcome->timed_out || outcome->limit[0])
        outcome->exit_code = -1;
    outcome->cpu_user = field_amount(data, end, "cpu_user", 1e9);
    outcome->cpu_system = field_amount(data, end, "cpu_system", 1e9);
    outcome->max_rss = (uint64_t) field_amount(data, end, "max_rss", 1e18);
    return CT_OK;
}

void ct_outcome_init(ct_outcome *outcome, size_t output_limit) {
    *outcome = (ct_outcome){.exit_code = -1};
    ct_buf_init(&outcome->stdout_bytes, output_limit);
    ct_buf_init(&outcome->stderr_bytes, output_limit);
    ct_buf_init(&outcome->value, CT_VALUE_SIZE_MAX);
}

void ct_outcome_fini(ct_outcome *outcome) {
    ct_buf_fini(&outcome->stdout_bytes);
    ct_buf_fini(&outcome->stderr_bytes);
    ct_buf_fini(&outcome->value);
}

bool ct_outcome_broken(const ct_outcome *outcome) {
    return outcome->timed_out || outcome->limit[0] || outcome->lost || outcome->signal;
}
