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

#define PAUSE     100    /* milliseconds */
#define FOUND_MAX CT_MIB /* bytes of operations' ids and instances */

void lxd_pause(const ct_wait *wait) {
    struct pollfd cancelled = {.fd = wait->cancel, .events = POLLIN};
    poll(&cancelled, 1, PAUSE);
}

/* ---- what goes on ---- */

/* Whose instances: one of this name, or a run's. */
struct whose {
    const char *name; /* NULL: the run's */
    const char *run;
};

/* The instance that a running operation is about, by its path; NULL: none that is known.
 * Newer LXDs name it in the operation's metadata alone. */
static const char *path_of(ct_json *json, size_t index) {
    static const char *const places[] = {"resources/instances/0",
                                         "resources/containers/0", "metadata/entity_url"};
    for (size_t i = 0; i < CT_COUNT(places); i++) {
        char path[96];
        snprintf(path, sizeof path, "/metadata/running/%zu/%s", index, places[i]);
        const char *found = ct_json_string(json, path);
        if (found && *found)
            return found;
    }
    return NULL;
}

/* Adds an operation's id and its instance's name, each with a NUL. Programs that run in
 * an instance are operations, too, and none of those that make one. */
static int add_running(ct_json *json, size_t index, ct_buf *found) {
    char path[64];
    snprintf(path, sizeof path, "/metadata/running/%zu/class", index);
    const char *class = ct_json_string(json, path);
    snprintf(path, sizeof path, "/metadata/running/%zu/id", index);
    const char *id = ct_json_string(json, path);
    const char *about = path_of(json, index);
    const char *slash = about ? strrchr(about, '/') : NULL;
    if (!id || !slash || ct_same_text(class, "websocket"))
        return CT_OK;
    int code = ct_buf_add(found, id, strlen(id) + 1);
    if (code == CT_OK)
        code = ct_buf_add(found, slash + 1, strcspn(slash + 1, "?"));
    return code < 0 ? code : ct_buf_add(found, "", 1);
}

static int list_running(lxd_session *session, ct_buf *found, const ct_wait *wait,
                        ct_error *error) {
    ct_buf_clear(found);
    int code =
        lxd_call(session, "GET", false, wait, error, "/1.0/operations?recursion=1");
    if (code ==
        CT_E_NOT_FOUND) /* it is always there: callers take that for an instance's */
        code = CT_E_PROTOCOL;
    if (code < 0)
        return ct_fail_in(error, code, "listing operations");
    size_t count = ct_json_count(session->answer, "/metadata/running");
    for (size_t i = 0; code == CT_OK && i < count; i++)
        code = add_running(session->answer, i, found);
    return code < 0 ? ct_fail(error, code, "listing operations: %s", ct_error_text(code))
                    : CT_OK;
}

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
static int await_end(lxd_session *session, const char *id, const ct_wait *wait,
                     ct_error *error) {
    char operation[128];
    snprintf(operation, sizeof operation, "/1.0/operations/%s", id);
    int code = lxd_wait(session, operation, wait, error);
    if (code == CT_E_TIMEOUT || code == CT_E_CONNECT || code == CT_E_CANCELLED)
        return code;
    if (code < 0)
        lxd_pause(wait);
    return ct_wait_check(wait, error);
}

static int settle(lxd_session *session, const struct whose *whose, const ct_wait *wait,
                  ct_error *error) {
    ct_buf found;
    bool some = true;
    int code = CT_OK;
    ct_buf_init(&found, FOUND_MAX);
    while (code == CT_OK && some) {
        some = false;
        code = list_running(session, &found, wait, error);
        for (size_t at = 0; code == CT_OK && at < found.length;) {
            const char *id = found.data + at, *name = id + strlen(id) + 1;
            at = (size_t) (name - found.data) + strlen(name) + 1;
            if (!is_of(session, whose, name, wait))
                continue;
            some = true;
            code = await_end(session, id, wait, error);
        }
    }
    ct_buf_fini(&found);
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
