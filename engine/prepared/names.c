/* SPDX-License-Identifier: MIT
 *
 * names.c - what bases are called: the instances' names, from the key, and the label that
 * people read.
 */
#include <stdio.h>

#include "prepared/prepared_private.h"

void ct_base_look_init(ct_base_look *look, const char *key) {
    *look = (ct_base_look){.key = key, .state = CT_BASE_ABSENT};
    snprintf(look->base, sizeof look->base, "ct-base-%.24s", key);
    snprintf(look->build, sizeof look->build, CT_BUILD_PREFIX "%.24s", key);
}

void ct_base_label(const ct_job *job, size_t steps, char label[CT_BASE_LABEL_MAX]) {
    int used = snprintf(label, CT_BASE_LABEL_MAX, "%s", job->image);
    for (size_t i = 0; i < job->start_hook_count && steps > 0; i++) {
        const ct_hook *hook = &job->start_hooks[i];
        size_t left = used < CT_BASE_LABEL_MAX ? (size_t) (CT_BASE_LABEL_MAX - used) : 0;
        if (hook->step_count > 0 && left > 0)
            used += snprintf(label + used, left, " + %s", hook->name);
        steps -= steps < hook->step_count ? steps : hook->step_count;
    }
}
