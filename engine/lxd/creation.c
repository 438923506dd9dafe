/* SPDX-License-Identifier: MIT
 *
 * creation.c - waits for what LXD is still creating, and tells what became of a creation
 * whose answer was lost or can't be believed. The instance itself tells: LXD writes the
 * instance's record, with its lease, before it makes the instance, and takes the record
 * away when that fails.
 */
#include <stdio.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define PAUSE 0.1 /* seconds before LXD is asked again */

void lxd_pause(const ct_wait *wait) {
    ct_wait_pause(wait, PAUSE);
}

/* ---- what is being created ---- */

/* Which instances are waited for: the one of this name, or all of a run. */
struct wanted {
    const char *name; /* NULL: those of the run */
    const char *run;
    bool found; /* one was being created, and there may be another one by now */
};

/* An instance of a job has its run in its name. One that is to become a base has not,
 * since its name is the lock for all runs: there the lease tells. Until LXD has recorded
 * the lease nobody knows whose the instance is, so it is waited for. */
static bool is_wanted(lxd_session *session, const struct wanted *wanted, const char *name,
                      const ct_wait *wait) {
    ct_lease lease;
    if (wanted->name)
        return strcmp(name, wanted->name) == 0;
    if (ct_name_has_run(name, wanted->run))
        return true;
    if (!ct_name_is_build(name))
        return false;
    return lxd_get(session, wait, NULL, "/1.0/instances/%s", name) < 0 ||
           (lxd_read_lease(session->answer, "/metadata", &lease) &&
            strcmp(lease.run, wanted->run) == 0);
}

/* Waits for an operation's end, however that is. LXD may refuse the wait for an operation
 * that it lists: then it is asked again, but not at once. */
static int await_operation(lxd_session *session, const char *operation,
                           const ct_wait *wait, ct_error *error) {
    int code = lxd_wait(session, operation, wait, error);
    if (code == CT_E_TIMEOUT || code == CT_E_CONNECT || code == CT_E_CANCELLED)
        return code;
    if (code < 0)
        lxd_pause(wait);
    return ct_wait_check(wait, error);
}

/* Programs that run in an instance are operations of class websocket. They create
 * nothing, and are passed over. */
static int await_if_wanted(lxd_session *session, const char *operation, void *context,
                           const ct_wait *wait, ct_error *error) {
    struct wanted *wanted = context;
    char name[CT_INSTANCE_NAME_MAX + 1];
    const char *class = ct_json_string(session->answer, "/metadata/class");
    if (ct_same_text(class, "websocket") || !lxd_operation_instance(session, name) ||
        !is_wanted(session, wanted, name, wait))
        return CT_OK;
    wanted->found = true;
    return await_operation(session, operation, wait, error);
}

static int await_all(lxd_session *session, struct wanted *wanted, const ct_wait *wait,
                     ct_error *error) {
    static const char *const groups[] = {"running", NULL};
    int code = CT_OK;
    do {
        wanted->found = false;
        code =
            lxd_visit_operations(session, groups, await_if_wanted, wanted, wait, error);
    } while (code == CT_OK && wanted->found);
    return code;
}

int lxd_await_creations(ct_session *base, const char *run, const ct_wait *wait,
                        ct_error *error) {
    return await_all(lxd_session_of(base), &(struct wanted){.run = run}, wait, error);
}

int lxd_await_creation(ct_session *base, const char *instance, const ct_wait *wait,
                       ct_error *error) {
    return await_all(lxd_session_of(base), &(struct wanted){.name = instance}, wait,
                     error);
}

/* ---- what became of a creation ---- */

int lxd_find_created(lxd_session *session, const ct_instance_spec *spec,
                     const ct_wait *wait) {
    ct_lease lease;
    int code = lxd_await_creation(&session->base, spec->name, wait, NULL);
    if (code == CT_OK)
        code = lxd_get(session, wait, NULL, "/1.0/instances/%s", spec->name);
    if (code < 0)
        return code;
    return lxd_read_lease(session->answer, "/metadata", &lease) &&
                   ct_lease_same(&lease, spec->lease)
               ? CT_OK
               : CT_E_CONFLICT;
}
