/* SPDX-License-Identifier: MIT
 *
 * instance.c - the life of an instance: create, start, preserve, stop and delete; and
 * listing the leases that instances carry.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define ORDERLY_STOP  30   /* seconds an instance has to stop by itself */
#define BUSY_PATIENCE 30.0 /* seconds that LXD may refuse to delete an instance */

/* ---- leases ---- */

int lxd_visit(ct_session *base, ct_lease_visitor *visitor, void *context,
              const ct_wait *wait, ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    int code = lxd_get(session, wait, error, "/1.0/instances?recursion=1");
    if (code < 0)
        return ct_fail_in(error, code, "listing instances");
    size_t count = ct_json_count(session->answer, "/metadata");
    for (size_t i = 0; code >= 0 && i < count; i++) {
        char path[64], instance[32];
        snprintf(instance, sizeof instance, "/metadata/%zu", i);
        snprintf(path, sizeof path, "%s/name", instance);
        const char *name = ct_json_string(session->answer, path);
        ct_lease lease;
        if (name && lxd_read_lease(session->answer, instance, &lease))
            code = visitor(context, name, &lease);
    }
    return code;
}

/* ---- create and start ---- */

static int set_source(ct_json *request, const char *type, const char *path,
                      const char *from) {
    int code = ct_json_set_string(request, "/source/type", type);
    return code < 0 ? code : ct_json_set_string(request, path, from);
}

static int fill_source(ct_json *request, const ct_instance_spec *spec) {
    if (spec->clone_of) /* snapshots that somebody has made of it are not copied */
        return ct_json_set_boolean(request, "/source/instance_only", true) < 0
                   ? CT_E_NO_MEMORY
                   : set_source(request, "copy", "/source/source", spec->clone_of);
    if (spec->source)
        return set_source(request, "image", "/source/fingerprint", spec->source);
    if (spec->remote && !ct_json_has(request, "/source"))
        return ct_json_set_json(request, "/source", spec->remote);
    return CT_OK;
}

/* LXD gives a copy no profile by itself, not even the default one. */
static int fill_profiles(ct_json *request) {
    const char *type = ct_json_string(request, "/source/type");
    bool copied = type && strcmp(type, "copy") == 0;
    if (!copied || ct_json_has(request, "/profiles"))
        return CT_OK;
    return ct_json_set_string(request, "/profiles/0", "default");
}

static int fill_create(lxd_session *session, const ct_instance_spec *spec,
                       ct_error *error) {
    ct_json *request = session->request;
    int code = spec->json ? ct_json_parse(request, spec->json, strlen(spec->json), error)
                          : ct_json_clear(request);
    if (code < 0)
        return code;
    bool given = ct_json_has(request, "/ephemeral") && !spec->base_key;
    if (ct_json_set_string(request, "/name", spec->name) < 0 ||
        (!given && ct_json_set_boolean(request, "/ephemeral", !spec->base_key) < 0) ||
        lxd_write_lease(request, spec->lease) < 0 ||
        ((spec->base_key || spec->clone_of) &&
         lxd_write_base(request, spec->base_key, spec->idle) < 0))
        return ct_fail_memory(error);
    code = fill_source(request, spec);
    if (code == CT_OK)
        code = fill_profiles(request);
    return code < 0 ? ct_fail_memory(error) : CT_OK;
}

/* Says which image of which server was asked for: LXD's own words seldom do. */
static int fail_create(lxd_session *session, const char *instance, int code,
                       ct_error *error) {
    const char *server = ct_json_string(session->request, "/source/server");
    const char *alias = ct_json_string(session->request, "/source/alias");
    if (server && alias)
        return ct_fail_in(error, code, "lxd: create %s from \"%s\" of %s", instance,
                          alias, server);
    return ct_fail_in(error, code, "lxd: create %s", instance);
}

/* true when trying again will do. LXD 5.0 fails when two requests are the first to ask an
 * image server: each makes the same folder for the server's index, and the second finds
 * that it exists. Once the folder is there, all is well. */
static bool index_was_made(const ct_instance_spec *spec, const ct_error *error) {
    return spec->remote && error && strstr(error->message, "simple streams") &&
           strstr(error->message, "file exists");
}

/* The creation has failed, says the answer. But the answer may have been spoiled on its
 * way, or answer a request that something between us and LXD has sent twice; and LXD's
 * words for a name that is taken differ from version to version. So the instance is
 * looked at, and what is seen there counts. */
static int check_failed_create(lxd_session *session, const ct_instance_spec *spec,
                               int code, const ct_wait *wait) {
    if (code == CT_E_CANCELLED) /* what was sent is the session's open operation */
        return code;
    int found = lxd_find_created(session, spec, wait);
    if (found != CT_OK && found != CT_E_CONFLICT && found != CT_E_NOT_FOUND)
        snprintf(session->unanswered_create, sizeof session->unanswered_create, "%s",
                 spec->name);
    return found == CT_OK || found == CT_E_CONFLICT ? found : code;
}

int lxd_create(ct_session *base, const ct_instance_spec *spec, const ct_wait *wait,
               ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    ct_error failure = {0};
    int code = fill_create(session, spec, &failure);
    session->unanswered_create[0] = '\0';
    if (code == CT_OK) {
        code = lxd_operate(session, "POST", wait, &failure, "/1.0/instances");
        if (code == CT_E_OPERATION && index_was_made(spec, &failure))
            code = lxd_operate(session, "POST", wait, &failure, "/1.0/instances");
        if (code < 0)
            code = check_failed_create(session, spec, code, wait);
    }
    if (code == CT_OK)
        return CT_OK;
    ct_fail(error, code, "%s", failure.message);
    return fail_create(session, spec->name, code, error);
}

/* LXD's name for the state that an action leads to. */
static const char *state_after(const char *action) {
    return strcmp(action, "stop") == 0     ? "Stopped"
           : strcmp(action, "freeze") == 0 ? "Frozen"
                                           : "Running";
}

/* LXD has forgotten how an action ended, so the instance's state has to tell.
 * CT_E_NOT_FOUND: there is no such instance any more, as when an ephemeral one
 * stopped. */
static int check_state(lxd_session *session, const char *instance, const char *action,
                       const ct_wait *wait, ct_error *error) {
    int code = lxd_get(session, wait, error, "/1.0/instances/%s/state", instance);
    if (code < 0)
        return code;
    const char *status = ct_json_string(session->answer, "/metadata/status");
    if (ct_same_text(status, state_after(action)))
        return CT_OK;
    return ct_fail(error, CT_E_OPERATION,
                   "LXD has forgotten how it ended, and the instance is \"%s\"",
                   status ? status : "unknown");
}

/* timeout: seconds an orderly stop may take; negative: it is forced. */
static int set_state(lxd_session *session, const char *instance, const char *action,
                     int timeout, const ct_wait *wait, ct_error *error) {
    ct_json *request = session->request;
    if (ct_json_clear(request) < 0 ||
        ct_json_set_string(request, "/action", action) < 0 ||
        ct_json_set_number(request, "/timeout", timeout) < 0 ||
        ct_json_set_boolean(request, "/force", timeout < 0) < 0)
        return ct_fail_memory(error);
    int code =
        lxd_operate(session, "PUT", wait, error, "/1.0/instances/%s/state", instance);
    return code == CT_E_GONE ? check_state(session, instance, action, wait, error) : code;
}

int lxd_start(ct_session *base, const char *instance, const ct_wait *wait,
              ct_error *error) {
    int code = set_state(lxd_session_of(base), instance, "start", -1, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: start %s", instance) : code;
}

int lxd_stop(ct_session *base, const char *instance, bool force, const ct_wait *wait,
             ct_error *error) {
    int code = force ? CT_E_OPERATION
                     : set_state(lxd_session_of(base), instance, "stop", ORDERLY_STOP,
                                 wait, error);
    if (code == CT_E_OPERATION) /* the instance did not stop by itself, or should not */
        code = set_state(lxd_session_of(base), instance, "stop", -1, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: stop %s", instance) : code;
}

int lxd_freeze(ct_session *base, const char *instance, const ct_wait *wait,
               ct_error *error) {
    int code = set_state(lxd_session_of(base), instance, "freeze", -1, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: freeze %s", instance) : code;
}

int lxd_unfreeze(ct_session *base, const char *instance, const ct_wait *wait,
                 ct_error *error) {
    int code = set_state(lxd_session_of(base), instance, "unfreeze", -1, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: unfreeze %s", instance) : code;
}

int lxd_check_running(ct_session *base, const char *instance, const ct_wait *wait,
                      ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    int code = lxd_get(session, wait, error, "/1.0/instances/%s/state", instance);
    if (code == CT_E_NOT_FOUND)
        return ct_fail(error, CT_E_UNKNOWN_INSTANCE, "there is no instance \"%s\" in %s",
                       instance, session->provider->base.server);
    if (code < 0)
        return ct_fail_in(error, code, "lxd: state of %s", instance);
    const char *status = ct_json_string(session->answer, "/metadata/status");
    if (status && strcmp(status, "Running") == 0)
        return CT_OK;
    return ct_fail(error, CT_E_UNKNOWN_INSTANCE,
                   "instance \"%s\" does not run (it is \"%s\"): start it first",
                   instance, status ? status : "unknown");
}

/* A virtual machine counts as running as soon as its firmware does. What LXD is asked to
 * do in it is done by an agent, which comes up much later. */
const char *lxd_why_unreachable(ct_session *base, const char *instance,
                                const ct_wait *wait) {
    lxd_session *session = lxd_session_of(base);
    if (lxd_get(session, wait, NULL, "/1.0/instances/%s", instance) < 0)
        return NULL;
    const char *type = ct_json_string(session->answer, "/metadata/type");
    if (!type || strcmp(type, "virtual-machine") != 0)
        return NULL;
    return "it is a virtual machine: does its image start the agent, lxd-agent or "
           "incus-agent?";
}

/* ---- preserve and destroy ---- */

int lxd_preserve(ct_session *base, const char *instance, const ct_wait *wait,
                 ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    if (ct_json_clear(session->request) < 0 ||
        ct_json_set_boolean(session->request, "/ephemeral", false) < 0 ||
        lxd_config_set(session->request, "preserved", "true") < 0)
        return ct_fail_memory(error);
    int code = lxd_send(session, "PATCH", wait, error, "/1.0/instances/%s", instance);
    return code < 0 ? ct_fail_in(error, code, "lxd: preserve %s", instance) : code;
}

/* Waits for what this session has begun and not seen the end of. How that ends does not
 * matter. */
static int finish_begun(lxd_session *session, const ct_wait *wait, ct_error *error) {
    if (*session->unanswered_create) { /* LXD may be creating it all the same */
        int code =
            lxd_await_creation(&session->base, session->unanswered_create, wait, error);
        if (code == CT_OK)
            session->unanswered_create[0] = '\0';
        return code;
    }
    if (!session->open_operation)
        return CT_OK;
    int code = lxd_wait(session, session->open_operation, wait, error);
    free(session->open_operation);
    session->open_operation = NULL;
    return code == CT_E_TIMEOUT || code == CT_E_CONNECT ? code : CT_OK;
}

static int delete_stopped(lxd_session *session, const char *instance, const ct_wait *wait,
                          ct_error *error) {
    int code = lxd_operate(session, "DELETE", wait, error, "/1.0/instances/%s", instance);
    if (code != CT_E_GONE)
        return code;
    code = lxd_get(session, wait, error, "/1.0/instances/%s", instance);
    return code < 0 ? code
                    : ct_fail(error, CT_E_OPERATION,
                              "LXD has forgotten how it ended, and it is still there");
}

/* Tries once. An instance that has stopped already, or is gone, is no failure: what
 * matters is the deletion. */
static int stop_and_delete(lxd_session *session, const char *instance,
                           const ct_wait *wait, ct_error *error) {
    int code = finish_begun(session, wait, error);
    if (code < 0)
        return code;
    code = set_state(session, instance, "stop", -1, wait, error);
    if (code != CT_E_TIMEOUT && code != CT_E_CONNECT && code != CT_E_REFUSED &&
        code != CT_E_CANCELLED)
        code = delete_stopped(session, instance, wait, error);
    /* an ephemeral instance is deleted by its stop */
    return code == CT_E_NOT_FOUND ? CT_OK : code;
}

/* An instance that ends by itself is locked while LXD takes it down, and LXD offers
 * nothing to wait on for that. So what LXD refuses is tried again for a while. What was
 * lost with its answer is tried once more: deleting twice does no harm, and an instance
 * that is still there is told then. */
int lxd_destroy(ct_session *base, const char *instance, const ct_wait *wait,
                ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    ct_wait patience = ct_wait_within(wait, BUSY_PATIENCE);
    bool lost = false, again = true;
    int code = CT_OK;
    while (again) {
        code = stop_and_delete(session, instance, wait, error);
        bool unknown = code == CT_E_CONNECT || code == CT_E_PROTOCOL;
        again =
            (code == CT_E_OPERATION || (unknown && !lost)) && ct_wait_left(&patience) > 0;
        lost = lost || unknown;
        if (again)
            lxd_pause(wait);
    }
    return code < 0 ? ct_fail_in(error, code, "lxd: delete %s", instance) : code;
}
