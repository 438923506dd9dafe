/* SPDX-License-Identifier: MIT
 *
 * result.c - names of statuses and phases, and the end of a result.
 */
#include <stdlib.h>

#include "engine.h"

const char *ct_status_name(enum ct_status status) {
    static const char *const names[] = {"pass", "skip", "fail", "error"};
    return (size_t) status < CT_COUNT(names) ? names[status] : "unknown";
}

const char *ct_phase_name(enum ct_phase phase) {
    static const char *const names[] = {"prepare", "create",  "start",   "ready",
                                        "hooks",   "testlet", "collect", "teardown"};
    return (size_t) phase < CT_COUNT(names) ? names[phase] : "unknown";
}

void ct_result_free(ct_result *result) {
    if (!result)
        return;
    free(result->name);
    free(result->image);
    free(result->testlet);
    free(result->instance);
    free(result->stdout_data);
    free(result->stderr_data);
    free(result->value);
    free(result->error);
    free(result->base);
    free(result);
}
