/* SPDX-License-Identifier: MIT
 *
 * label.c - what bases are called for people. Their instances' names are
 * provider/names.c's.
 */
#include <stdio.h>

#include "prepared/prepared_private.h"

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
