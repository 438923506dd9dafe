/* SPDX-License-Identifier: MIT
 *
 * settle.c - what LXD is still creating, and what became of a creation whose answer
 * was lost or can't be believed. The instance itself tells: LXD writes its record, with
 * its lease, before it makes the instance, and takes it away when that fails.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define PAUSE 100 /* milliseconds */

void lxd_pause(const ct_wait *wait) {
    struct pollfd cancelled = {.fd = wait->cancel, .events = POLLIN};
    poll(&cancelled, 1, PAUSE);
}

/* ---- what goes on ---- */

/* Whose instances are waited for: one of this name, or a run's. */
struct whose {
    const char *name; /* NULL: the run's */
    const char *run;
    bool found; /* one of them was, and there may be another one by now */
};

/* A job's instance has its run in its name. A base's build has not, since its name is the
 * lock for all runs: its lease tells, and until LXD has recorded that, nobody knows whose
 * it is. */
static bool is_of(lxd_session *session, const struct whose *whose, const char *name,
                  const ct_wait *wait) {
    char mark[32];
    ct_lease lease;
    if (whose->name)
        return strcmp(name, whose->name) == 0;
    snprintf(mark, sizeof mark, "-%s-", whose->run);
    if (strstr(name, mark))
        return true;
    if (strncmp(name, CT_BUILD_PREFIX, sizeof CT_BUILD_PREFIX - 1) != 0)
        return false;
    return lxd_call(session, "GET", false, wait, NULL, "/1.0/instances/%s", name) < 0 ||
           (lxd_read_lease(session->answer, "/metadata", &lease) &&
            strcmp(lease.run, whose->run) == 0);
}

/* How it ends does not matter. LXD may refuse the wait for one that it lists all the
 * same: it is then asked again, but not at once. */
static int await_end(lxd_session *session, const char *operation, const ct_wait *wait,
                     ct_error *error) {
    int code = lxd_wait(session, operation, wait, error);
    if (code == CT_E_TIMEOUT || code == CT_E_CONNECT || code == CT_E_CANCELLED)
        return code;
    if (code < 0)
        lxd_pause(wait);
    return ct_wait_check(wait, error);
}

/* Programs that run in an instance are operations, too, and none of those that make
 * one. */
static int await_if_of(lxd_session *session, const char *operation, void *context,
                       const ct_wait *wait, ct_error *error) {
    struct whose *whose = context;
    char name[CT_INSTANCE_NAME_MAX + 1];
    const char *class = ct_json_string(session->answer, "/metadata/class");
    if (ct_same_text(class, "websocket") || !lxd_operation_instance(session, name) ||
        !is_of(session, whose, name, wait))
        return CT_OK;
    whose->found = true;
    return await_end(session, operation, wait, error);
}

static int settle(lxd_session *session, struct whose *whose, const ct_wait *wait,
                  ct_error *error) {
    static const char *const groups[] = {"running", NULL};
    int code = CT_OK;
    do {
        whose->found = false;
        code = lxd_visit_operations(session, groups, await_if_of, whose, wait, error);
    } while (code == CT_OK && whose->found);
    return code;
}

int lxd_settle(void *data, const char *run, const ct_wait *wait, ct_error *error) {
    return settle(data, &(struct whose){.run = run}, wait, error);
}

int lxd_settle_instance(void *data, const char *instance, const ct_wait *wait,
                        ct_error *error) {
    return settle(data, &(struct whose){.name = instance}, wait, error);
}

/* ---- what became of it ---- */

int lxd_find_created(lxd_session *session, const ct_instance_spec *spec,
                     const ct_wait *wait) {
    ct_lease lease;
    int code = lxd_settle_instance(session, spec->name, wait, NULL);
    if (code == CT_OK)
        code =
            lxd_call(session, "GET", false, wait, NULL, "/1.0/instances/%s", spec->name);
    if (code < 0)
        return code;
    return lxd_read_lease(session->answer, "/metadata", &lease) &&
                   ct_lease_same(&lease, spec->lease)
               ? CT_OK
               : CT_E_CONFLICT;
}
