/* SPDX-License-Identifier: MIT
 *
 * images.c - what a batch's instances are made from: image names are resolved, once
 * each, and targets are looked for, before anything starts.
 */
#include <stdlib.h>
#include <string.h>

#include "run/run_private.h"

/* What LXD is asked for. */
static const char *wanted_image(const ct_entry *entry) {
    return entry->job.local_image ? entry->job.local_image : entry->job.image;
}

/* An earlier job of the batch that was resolved, and has the same image; NULL: none. */
static const ct_entry *same_image(const ct_batch *batch, size_t before) {
    const char *image = wanted_image(&batch->entries[before]);
    for (size_t i = 0; i < before; i++) {
        const ct_entry *entry = &batch->entries[i];
        if ((entry->source || entry->remote) && strcmp(wanted_image(entry), image) == 0)
            return entry;
    }
    return NULL;
}

/* 1: the job says itself what its instance is made from; 0: its image does. */
static int names_source(const ct_job *job, ct_error *error) {
    if (!job->instance_json)
        return 0;
    ct_json *json = ct_json_new();
    if (!json)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    int code = ct_json_parse(json, job->instance_json, strlen(job->instance_json), error);
    if (code == CT_OK)
        code = ct_json_has(json, "/source");
    ct_json_free(json);
    return code;
}

static bool same_request(const ct_job *one, const ct_job *other) {
    return one->fresh == other->fresh &&
           ct_same_text(one->remote_source, other->remote_source) &&
           ct_same_text(one->instance_json, other->instance_json);
}

/* The job's image is on a server. What LXD has of it from an earlier time has a
 * fingerprint, and so bases; those who want everything fresh ask the server. */
static int find_pulled(ct_batch *batch, ct_entry *entry, ct_session *session,
                       const ct_wait *wait, ct_error *error) {
    const ct_instance_calls *provider = ct_run_provider(batch->run)->instances;
    entry->remote = true;
    if (entry->job.fresh)
        return CT_OK;
    return provider->find_pulled(session, entry->job.remote_source,
                                 entry->job.instance_json, &entry->source, wait, error);
}

/* An image of LXD's own comes first, and the job's remote source where there is none. */
static int find_source(ct_batch *batch, size_t number, ct_session *session,
                       const ct_wait *wait, ct_error *error) {
    ct_entry *entry = &batch->entries[number];
    const ct_instance_calls *provider = ct_run_provider(batch->run)->instances;
    const ct_entry *known = same_image(batch, number);
    if (known && known->source && !known->remote) {
        entry->source = strdup(known->source);
        return entry->source ? CT_OK : ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    }
    if (known && known->remote && same_request(&known->job, &entry->job)) {
        entry->remote = true;
        entry->source = known->source ? strdup(known->source) : NULL;
        return CT_OK;
    }
    ct_error failure = {0};
    int code =
        provider->resolve(session, wanted_image(entry), &entry->source, wait, &failure);
    if (code == CT_E_UNKNOWN_IMAGE && entry->job.remote_source)
        return find_pulled(batch, entry, session, wait, error);
    return code < 0 ? ct_fail(error, code, "%s", failure.message) : code;
}

struct search {
    const char *run;
    const char *instance;
    bool found;
};

static int find_own(void *context, const char *instance, const ct_lease *lease) {
    struct search *search = context;
    search->found = search->found || (strcmp(lease->run, search->run) == 0 &&
                                      strcmp(instance, search->instance) == 0);
    return CT_OK;
}

/* An instance of the run's own was left running: one that does not run now has rebooted
 * itself, and is waited for. */
static int check_target(ct_batch *batch, const char *target, ct_session *session,
                        const ct_wait *wait, ct_error *error) {
    const ct_instance_calls *provider = ct_run_provider(batch->run)->instances;
    struct search search = {.run = ct_run_id(batch->run), .instance = target};
    ct_wait patience = ct_wait_within(wait, CT_REBOOT_PATIENCE);
    ct_error failure = {0};
    int code = provider->check_running(session, target, wait, &failure);
    if (code == CT_E_UNKNOWN_INSTANCE &&
        provider->visit(session, find_own, &search, wait, NULL) == CT_OK &&
        search.found &&
        provider->await_running(session, target, &patience, NULL) == CT_OK)
        return CT_OK;
    return code < 0 ? ct_fail(error, code, "%s", failure.message) : code;
}

static int resolve_image(ct_batch *batch, size_t number, ct_session *session,
                         const ct_wait *wait, ct_error *error) {
    ct_entry *entry = &batch->entries[number];
    if (entry->job.target)
        return check_target(batch, entry->job.target, session, wait, error);
    if (entry->source || entry->remote) /* a start that failed came so far */
        return CT_OK;
    int named = names_source(&entry->job, error);
    if (named != 0)
        return named < 0 ? named : CT_OK;
    return find_source(batch, number, session, wait, error);
}

static int resolve_images(ct_session *session, void *context, const ct_wait *wait,
                          ct_error *error) {
    ct_batch *batch = context;
    int code = CT_OK;
    for (size_t i = 0; code == CT_OK && i < batch->count; i++)
        code = resolve_image(batch, i, session, wait, error);
    return code;
}

int ct_batch_resolve(ct_batch *batch, ct_error *error) {
    ct_provider *provider = ct_run_provider(batch->run);
    ct_wait wait = ct_wait_for(provider->timeout, batch->cancel);
    return ct_with_session(provider, resolve_images, batch, &wait, error);
}
