/* SPDX-License-Identifier: MIT
 *
 * end.c - the end of a job's life, the same on every path. The result is given away, and
 * the instance is deleted, preserved, or left to the next job.
 */
#include <stdio.h>
#include <string.h>

#include "job/life.h"
#include "reaper/reaper.h"

static bool to_preserve(const ct_life *life) {
    ct_preserve preserve = life->job->preserve;
    return life->owns_instance && !life->cancelled &&
           (preserve == CT_PRESERVE_ALWAYS || (preserve == CT_PRESERVE_ON_FAILURE &&
                                               life->result->status >= CT_STATUS_FAIL));
}

/* Tells the jobs that have the instance next what they must know. */
static void hand_over(const ct_life *life) {
    ct_shared_instance *shared = life->shared;
    shared->preserve = shared->preserve || to_preserve(life);
    shared->left--;
    if (!life->session) /* the next job may get one, and begin */
        return;
    if (!shared->begun && life->never_ran)
        ct_shared_fail(shared, life->result->error);
    shared->begun = true;
    shared->exists = life->owns_instance;
    shared->cloned = life->from_base;
    if (life->guest.disturbed)
        ct_shared_fail(shared, life->result->error);
    if (!life->never_ran)
        ct_shared_leave(shared, life->result->name, life->guest.lost);
}

/* true for an instance that goes on until its run is over. */
static bool to_keep_for_run(const ct_life *life) {
    return life->owns_instance && !life->cancelled &&
           life->job->preserve == CT_PRESERVE_RUN &&
           life->result->status == CT_STATUS_PASS;
}

/* Preserves or deletes the instance. true: it was preserved, and *message says how to get
 * into it. false: *message says why it was not preserved, or why it is still there. */
static bool tear_down(ct_life *life, bool preserve, char **message) {
    const ct_provider *provider = life->context->provider;
    const ct_instance_calls *calls = provider->instances;
    ct_error error = {0};
    ct_wait wait = ct_wait_for(provider->timeout, -1);
    if (preserve &&
        calls->preserve(life->session, life->instance, &wait, &error) == CT_OK) {
        *message = provider->type->shell_command(provider, life->instance);
        return true;
    }
    char *kept = NULL; /* why it was not preserved */
    if (preserve)
        kept = ct_message("instance %s could not be preserved: %s", life->instance,
                          error.message);
    int code = calls->destroy(life->session, life->instance, &wait, &error);
    if (code == CT_OK) {
        *message = kept;
        return false;
    }
    *message =
        ct_message("%s%sinstance %s could not be deleted: %s; \"cleantest clean\" "
                   "will delete it",
                   kept ? kept : "", kept ? "\n" : "", life->instance, error.message);
    ct_message_free(kept);
    return false;
}

/* Removes the guest's files from outside, where the guest can't be executed. Only for
 * instances in which nothing can have put another directory in the place of the guest's.
 * CT_OK, too, when there are no files, or no instance. */
static int remove_files(ct_life *life, const ct_wait *wait, ct_error *error) {
    static const char *const files[] = {"/guest", ""};
    int code = CT_OK;
    for (size_t i = 0; i < CT_COUNT(files) && (code == CT_OK || code == CT_E_NOT_FOUND);
         i++) {
        char path[sizeof life->directory + 8];
        snprintf(path, sizeof path, "%s%s", life->directory, files[i]);
        code = life->context->provider->instances->remove_file(
            life->session, life->instance, path, wait, error);
    }
    return code == CT_E_NOT_FOUND ? CT_OK : code;
}

/* Takes the guest out. Tries once more when the instance runs again: it may have rebooted
 * itself. */
static int remove_guest(ct_life *life, ct_error *error) {
    const ct_instance_calls *calls = life->context->provider->instances;
    ct_wait wait = ct_wait_for(life->context->provider->timeout, -1);
    ct_wait patience = ct_wait_within(&wait, CT_REBOOT_PATIENCE);
    ct_error failure = {0}, ignored = {0};
    int code =
        life->guest.lost ? CT_E_GUEST : ct_guest_remove(&life->guest, &wait, &failure);
    if (code == CT_OK)
        return code;
    bool runs =
        calls->await_running(life->session, life->instance, &patience, &ignored) == CT_OK;
    if (runs && ct_guest_remove(&life->guest, &wait, &failure) == CT_OK)
        return CT_OK;
    bool was_ready = life->guest.identity[0] != '\0';
    if (!(runs && was_ready) && remove_files(life, &wait, &ignored) == CT_OK)
        return CT_OK;
    return failure.code < 0 ? ct_fail(error, failure.code, "%s", failure.message)
                            : ct_fail(error, ignored.code, "%s", ignored.message);
}

/* Takes the guest out of an instance that goes on without it. */
static void take_leave(ct_life *life, char **message) {
    ct_error error = {0};
    if (!life->guest.session || remove_guest(life, &error) == CT_OK)
        ct_reaper_leave(life->context->reaper, life->directory);
    else
        *message = ct_message("cleantest's files in %s could not be removed (%s): %s",
                              life->instance, life->directory, error.message);
}

static void give_result(ct_life *life) {
    life->result->duration = ct_now() - life->begun;
    if (life->from_base) {
        ct_result_set_base(life->result, life->prepared->base);
        life->result->base_built = life->prepared->built;
    }
    if (!life->owns_instance && !life->guest_in_target)
        ct_result_set_instance(life->result, "");
    ct_event event = {
        .type = CT_EVENT_RESULT, .job = life->order->number, .result = life->result};
    ct_queue_put(life->context->events, &event);
    life->result = NULL; /* the queue owns it now */
}

void ct_life_end(ct_life *life) {
    ct_event done = {.type = CT_EVENT_DONE,
                     .job = life->order->number,
                     .phase = CT_PHASE_TEARDOWN,
                     .instance = strdup(life->instance)};
    bool keep = to_keep_for_run(life);
    hand_over(life);
    give_result(life);
    if ((life->owns_instance || life->guest_in_target) && life->shared->left == 0) {
        double begun = ct_now();
        ct_event event = {.type = CT_EVENT_PHASE,
                          .job = life->order->number,
                          .phase = CT_PHASE_TEARDOWN,
                          .instance = strdup(life->instance)};
        ct_queue_put(life->context->events, &event);
        if (life->owns_instance && !keep)
            done.preserved = tear_down(life, life->shared->preserve, &done.message);
        else
            take_leave(life, &done.message);
        done.seconds = ct_now() - begun;
    }
    ct_queue_put(life->context->events, &done);
}
