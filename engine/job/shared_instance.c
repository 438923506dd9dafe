/* SPDX-License-Identifier: MIT
 *
 * shared_instance.c - one instance for the jobs that share it, one after the other; most
 * jobs are alone with theirs. What each does in it is job.c's.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/job.h"

void ct_share_expect(ct_share *share, const ct_job *job, double operation) {
    share->left++;
    share->longest += ct_job_longest(job, operation);
}

void ct_share_fini(ct_share *share) {
    free(share->latest);
    ct_message_free(share->failure);
    *share = (ct_share){0};
}

/* "<name>-<image>-<run>-<number>", with what LXD can't have in a name made "-". */
void ct_share_name(ct_share *share, const ct_job_context *context, const char *name,
                   size_t number) {
    if (share->instance[0])
        return;
    char tail[40];
    int tail_length = snprintf(tail, sizeof tail, "-%s-%zu", context->run_id,
                               context->first_number + number);
    int room = CT_INSTANCE_NAME_MAX - tail_length;
    int used = snprintf(share->instance, (size_t) room + 1, "%s", name);
    if (used > room)
        used = room;
    for (int i = 0; i < used; i++)
        if (!isalnum((unsigned char) share->instance[i]))
            share->instance[i] = '-';
    if (!isalpha((unsigned char) share->instance[0]))
        share->instance[0] = 't';
    snprintf(share->instance + used, sizeof share->instance - (size_t) used, "%s", tail);
}

void ct_share_fail(ct_share *share, const char *why) {
    if (!share->failure && why)
        share->failure = ct_message("%s", why);
}

static void note_loss(ct_share *share) {
    if (!share->failure)
        share->failure = ct_message("the instance was lost to %s",
                                    share->latest ? share->latest : "a testlet before");
}

void ct_share_leave(ct_share *share, const char *name, bool lost) {
    free(share->latest);
    share->latest = name ? strdup(name) : NULL;
    if (lost)
        note_loss(share);
}

int ct_share_join(ct_share *share, const ct_provider *provider, void *session,
                  const ct_wait *wait, ct_error *error) {
    /* what a testlet has left running may have stopped it since */
    if (!share->failure) {
        int code = provider->type->check_running(session, share->instance, wait, error);
        if (code != CT_E_UNKNOWN_INSTANCE)
            return code;
        note_loss(share);
    }
    return ct_fail(error, CT_E_OPERATION, "%s is no more", share->instance);
}
