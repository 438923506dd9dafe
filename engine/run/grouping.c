/* SPDX-License-Identifier: MIT
 *
 * grouping.c - which jobs of a batch have one instance together: those that ask for it,
 * and whose instances would be made and prepared in the same way.
 */
#include <stdlib.h>
#include <string.h>

#include "run/run_private.h"

static bool shares(const ct_entry *entry) {
    const ct_job *job = &entry->job;
    return job->isolation == CT_ISOLATION_IMAGE && !job->target &&
           job->preserve != CT_PRESERVE_RUN;
}

static bool same_origin(const ct_entry *one, const ct_entry *other) {
    return ct_same_text(one->source, other->source) &&
           ct_same_text(one->job.instance_json, other->job.instance_json) &&
           one->remote == other->remote &&
           (!one->remote ||
            ct_same_text(one->job.remote_source, other->job.remote_source)) &&
           one->job.fresh == other->job.fresh;
}

/* Variables are the testlets' own business where nothing was prepared with them. */
static bool same_preparation(const ct_job *one, const ct_job *other) {
    return one->start_hook_count + other->start_hook_count == 0 ||
           ct_job_same_preparation(one, other);
}

/* Joins those behind the first that have its instance to it, in their order. */
static void join_others(ct_batch *batch, size_t first) {
    size_t *link = &batch->entries[first].next;
    for (size_t i = first + 1; i < batch->count; i++) {
        ct_entry *entry = &batch->entries[i];
        if (entry->follows || !shares(entry) ||
            !same_origin(&batch->entries[first], entry) ||
            !same_preparation(&batch->entries[first].job, &entry->job))
            continue;
        entry->follows = true;
        *link = i;
        link = &entry->next;
    }
}

int ct_batch_share(ct_batch *batch, ct_error *error) {
    free(batch->firsts);
    batch->first_count = 0;
    batch->firsts = calloc(batch->count + 1, sizeof *batch->firsts);
    if (!batch->firsts)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < batch->count; i++) {
        batch->entries[i].next = CT_NO_ITEM;
        batch->entries[i].follows = false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->entries[i].follows)
            continue;
        batch->firsts[batch->first_count++] = i;
        if (shares(&batch->entries[i]))
            join_others(batch, i);
    }
    return CT_OK;
}
