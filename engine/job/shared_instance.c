/* SPDX-License-Identifier: MIT
 *
 * shared_instance.c - one instance for the jobs that share it, one after the other. What
 * a job does in it is job.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "job/job.h"

void ct_shared_expect(ct_shared_instance *shared, const ct_job *job, double operation) {
    shared->left++;
    shared->longest += ct_job_longest(job, operation);
}

void ct_shared_fini(ct_shared_instance *shared) {
    free(shared->latest);
    ct_message_free(shared->failure);
    *shared = (ct_shared_instance){0};
}

void ct_shared_name(ct_shared_instance *shared, const ct_job_context *context,
                    const char *label, size_t number) {
    if (!shared->name[0])
        ct_name_instance(shared->name, label, context->run_id,
                         context->first_number + number);
}

void ct_shared_fail(ct_shared_instance *shared, const char *why) {
    if (!shared->failure && why)
        shared->failure = ct_message("%s", why);
}

static void note_loss(ct_shared_instance *shared) {
    if (!shared->failure)
        shared->failure =
            ct_message("the instance was lost to %s",
                       shared->latest ? shared->latest : "a testlet before");
}

void ct_shared_leave(ct_shared_instance *shared, const char *name, bool lost) {
    free(shared->latest);
    shared->latest = name ? strdup(name) : NULL;
    if (lost)
        note_loss(shared);
}

int ct_shared_join(ct_shared_instance *shared, ct_session *session, const ct_wait *wait,
                   ct_error *error) {
    /* what a testlet has left running may have stopped the instance since */
    if (!shared->failure) {
        int code = session->provider->instances->check_running(session, shared->name,
                                                               wait, error);
        if (code != CT_E_UNKNOWN_INSTANCE)
            return code;
        note_loss(shared);
    }
    return ct_fail(error, CT_E_OPERATION, "%s is no more", shared->name);
}
