/* SPDX-License-Identifier: MIT
 *
 * instance.c - the life of an instance: create, start, preserve, stop and delete; and
 * the leases that instances carry in their config as user.cleantest.*.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define KEY LXD_CONFIG_KEY

#define ORDERLY_STOP  30   /* seconds */
#define BUSY_PATIENCE 30.0 /* seconds */

/* ---- leases ---- */

int lxd_visit(void *data, ct_lease_visitor *visitor, void *context, const ct_wait *wait,
              ct_error *error) {
    lxd_session *session = data;
    int code = lxd_call(session, "GET", false, wait, error, "/1.0/instances?recursion=1");
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
    if (spec->clone_of) /* without whatever snapshots somebody has made of it */
        return ct_json_set_boolean(request, "/source/instance_only", true) < 0
                   ? CT_E_NO_MEMORY
                   : set_source(request, "copy", "/source/source", spec->clone_of);
    if (spec->source)
        return set_source(request, "image", "/source/fingerprint", spec->source);
    if (spec->remote && !ct_json_has(request, "/source"))
        return ct_json_set_json(request, "/source", spec->remote);
    return CT_OK;
}

/* A copy gets none by itself, not even the default one. */
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

/* LXD's own words seldom say which image of which server they are about. */
static int fail_create(lxd_session *session, const char *instance, int code,
                       ct_error *error) {
    const char *server = ct_json_string(session->request, "/source/server");
    const char *alias = ct_json_string(session->request, "/source/alias");
    if (server && alias)
        return ct_fail_in(error, code, "lxd: create %s from \"%s\" of %s", instance,
                          alias, server);
    return ct_fail_in(error, code, "lxd: create %s", instance);
}

/* LXD 5.0 fails when two are the first to ask one image server: each makes the same
 * folder for what it says, and the second finds it there. Once it is there, all is
 * well. */
static bool stumbled(const ct_instance_spec *spec, const ct_error *error) {
    return spec->remote && error && strstr(error->message, "simple streams") &&
           strstr(error->message, "file exists");
}

/* A failure is what the answer says. It may have been spoiled on its way, or be the
 * answer to what something between us and LXD has sent twice; and what a name that is
 * taken is called differs from version to version. So the instance is asked, and
 * believed. */
static int look_again(lxd_session *session, const ct_instance_spec *spec, int code,
                      const ct_wait *wait) {
    if (code == CT_E_CANCELLED) /* if it was sent, it is pending */
        return code;
    int found = lxd_find_created(session, spec, wait);
    if (found != CT_OK && found != CT_E_CONFLICT && found != CT_E_NOT_FOUND)
        snprintf(session->unsure, sizeof session->unsure, "%s", spec->name);
    return found == CT_OK || found == CT_E_CONFLICT ? found : code;
}

int lxd_create(void *data, const ct_instance_spec *spec, const ct_wait *wait,
               ct_error *error) {
    lxd_session *session = data;
    ct_error failure = {0};
    int code = fill_create(session, spec, &failure);
    session->unsure[0] = '\0';
    if (code == CT_OK) {
        code = lxd_operate(session, "POST", true, wait, &failure, "/1.0/instances");
        if (code == CT_E_OPERATION && stumbled(spec, &failure))
            code = lxd_operate(session, "POST", true, wait, &failure, "/1.0/instances");
        if (code < 0)
            code = look_again(session, spec, code, wait);
    }
    if (code == CT_OK)
        return CT_OK;
    ct_fail(error, code, "%s", failure.message);
    return fail_create(session, spec->name, code, error);
}

/* What an instance is called in the state that an action leads to. */
static const char *state_after(const char *action) {
    return strcmp(action, "stop") == 0     ? "Stopped"
           : strcmp(action, "freeze") == 0 ? "Frozen"
                                           : "Running";
}

/* LXD has forgotten how an action ended; the instance's state tells. CT_E_NOT_FOUND: it
 * is no more, as an ephemeral one is when it has stopped. */
static int check_state(lxd_session *session, const char *instance, const char *action,
                       const ct_wait *wait, ct_error *error) {
    int code =
        lxd_call(session, "GET", false, wait, error, "/1.0/instances/%s/state", instance);
    if (code < 0)
        return code;
    const char *status = ct_json_string(session->answer, "/metadata/status");
    if (ct_same_text(status, state_after(action)))
        return CT_OK;
    return ct_fail(error, CT_E_OPERATION,
                   "LXD has forgotten how it ended, and the instance is \"%s\"",
                   status ? status : "unknown");
}

/* timeout: seconds an orderly stop may take; negative: by force. */
static int set_state(lxd_session *session, const char *instance, const char *action,
                     int timeout, const ct_wait *wait, ct_error *error) {
    ct_json *request = session->request;
    if (ct_json_clear(request) < 0 ||
        ct_json_set_string(request, "/action", action) < 0 ||
        ct_json_set_number(request, "/timeout", timeout) < 0 ||
        ct_json_set_boolean(request, "/force", timeout < 0) < 0)
        return ct_fail_memory(error);
    int code = lxd_operate(session, "PUT", true, wait, error, "/1.0/instances/%s/state",
                           instance);
    return code == CT_E_GONE ? check_state(session, instance, action, wait, error) : code;
}

int lxd_start(void *data, const char *instance, const ct_wait *wait, ct_error *error) {
    int code = set_state(data, instance, "start", -1, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: start %s", instance) : code;
}

int lxd_stop(void *data, const char *instance, bool force, const ct_wait *wait,
             ct_error *error) {
    int code = force ? CT_E_OPERATION
                     : set_state(data, instance, "stop", ORDERLY_STOP, wait, error);
    if (code == CT_E_OPERATION) /* it did not stop by itself */
        code = set_state(data, instance, "stop", -1, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: stop %s", instance) : code;
}

int lxd_freeze(void *data, const char *instance, const ct_wait *wait, ct_error *error) {
    int code = set_state(data, instance, "freeze", -1, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: freeze %s", instance) : code;
}

int lxd_unfreeze(void *data, const char *instance, const ct_wait *wait, ct_error *error) {
    int code = set_state(data, instance, "unfreeze", -1, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: unfreeze %s", instance) : code;
}

int lxd_check_running(void *data, const char *instance, const ct_wait *wait,
                      ct_error *error) {
    lxd_session *session = data;
    int code =
        lxd_call(session, "GET", false, wait, error, "/1.0/instances/%s/state", instance);
    if (code == CT_E_NOT_FOUND)
        return ct_fail(error, CT_E_UNKNOWN_INSTANCE, "there is no instance \"%s\" in %s",
                       instance, session->provider->server);
    if (code < 0)
        return ct_fail_in(error, code, "lxd: state of %s", instance);
    const char *status = ct_json_string(session->answer, "/metadata/status");
    if (status && strcmp(status, "Running") == 0)
        return CT_OK;
    return ct_fail(error, CT_E_UNKNOWN_INSTANCE,
                   "instance \"%s\" does not run (it is \"%s\"): start it first",
                   instance, status ? status : "unknown");
}

/* A virtual machine runs as soon as its firmware does; what LXD is asked to do in it
 * is done by an agent there. */
const char *lxd_late(void *data, const char *instance, const ct_wait *wait) {
    lxd_session *session = data;
    if (lxd_call(session, "GET", false, wait, NULL, "/1.0/instances/%s", instance) < 0)
        return NULL;
    const char *type = ct_json_string(session->answer, "/metadata/type");
    if (!type || strcmp(type, "virtual-machine") != 0)
        return NULL;
    return "it is a virtual machine: does its image start the agent, lxd-agent or "
           "incus-agent?";
}

/* ---- preserve and destroy ---- */

int lxd_preserve(void *data, const char *instance, const ct_wait *wait, ct_error *error) {
    lxd_session *session = data;
    if (ct_json_clear(session->request) < 0 ||
        ct_json_set_boolean(session->request, "/ephemeral", false) < 0 ||
        ct_json_set_string(session->request, "/config/" KEY "preserved", "true") < 0)
        return ct_fail_memory(error);
    int code =
        lxd_call(session, "PATCH", true, wait, error, "/1.0/instances/%s", instance);
    return code < 0 ? ct_fail_in(error, code, "lxd: preserve %s", instance) : code;
}

/* Waits for what this session still has under way; how it ends does not matter. */
static int finish_pending(lxd_session *session, const ct_wait *wait, ct_error *error) {
    if (*session->unsure) { /* it may be on its way all the same */
        int code = lxd_settle_instance(session, session->unsure, wait, error);
        if (code == CT_OK)
            session->unsure[0] = '\0';
        return code;
    }
    if (!session->pending)
        return CT_OK;
    int code = lxd_wait(session, session->pending, wait, error);
    free(session->pending);
    session->pending = NULL;
    return code == CT_E_TIMEOUT || code == CT_E_CONNECT ? code : CT_OK;
}

static int delete_stopped(lxd_session *session, const char *instance, const ct_wait *wait,
                          ct_error *error) {
    int code =
        lxd_operate(session, "DELETE", false, wait, error, "/1.0/instances/%s", instance);
    if (code != CT_E_GONE)
        return code;
    code = lxd_call(session, "GET", false, wait, error, "/1.0/instances/%s", instance);
    return code < 0 ? code
                    : ct_fail(error, CT_E_OPERATION,
                              "LXD has forgotten how it ended, and it is still there");
}

/* One try. An instance that is stopped already, or gone, is no failure: what matters
 * is the deletion. */
static int stop_and_delete(lxd_session *session, const char *instance,
                           const ct_wait *wait, ct_error *error) {
    int code = finish_pending(session, wait, error);
    if (code < 0)
        return code;
    code = set_state(session, instance, "stop", -1, wait, error);
    if (code != CT_E_TIMEOUT && code != CT_E_CONNECT && code != CT_E_REFUSED &&
        code != CT_E_CANCELLED)
        code = delete_stopped(session, instance, wait, error);
    return code == CT_E_NOT_FOUND ? CT_OK
                                  : code; /* an ephemeral one went with its stop */
}

/* An instance that ends by itself is locked while LXD takes it down, and LXD offers
 * nothing to wait on for that: what it refuses is tried again, for a while. So is, but
 * once, what its answer says nothing of: deleting twice does no harm, and what is still
 * there is told then. */
int lxd_destroy(void *data, const char *instance, const ct_wait *wait, ct_error *error) {
    lxd_session *session = data;
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
