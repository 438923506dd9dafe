/* SPDX-License-Identifier: MIT
 *
 * base.c - bases as LXD has them: stopped instances that say in their config, as
 * user.cleantest.*, what they are. One is complete from the moment it says so, which is
 * one request; until then it carries the lease of whoever builds it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lxd/lxd_private.h"

#define KEY        LXD_CONFIG_KEY
#define TOUCH_EACH 3600 /* seconds: how exactly the last use is known */
#define LOOK_EACH  5.0  /* seconds: a builder that dies makes no event */
#define REAP_TIME  15.0 /* seconds in which its reaper deletes what it has left */

/* ---- reading ---- */

static const char *field(ct_json *json, const char *instance, const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/config/" KEY "%s", instance, name);
    const char *value = ct_json_string(json, path);
    return value && *value ? value : NULL;
}

static const char *property(ct_json *json, const char *instance, const char *name) {
    char path[96];
    snprintf(path, sizeof path, "%s/%s", instance, name);
    return ct_json_string(json, path);
}

static bool same(const char *one, const char *other) {
    return one && other && strcmp(one, other) == 0;
}

/* What was started since it was sealed is not what it says any more. */
static bool untouched(ct_json *json, const char *instance) {
    return same(property(json, instance, "status"), "Stopped") &&
           same(property(json, instance, "last_used_at"),
                field(json, instance, "sealed"));
}

static long long number(ct_json *json, const char *instance, const char *name) {
    const char *text = field(json, instance, name);
    return text ? strtoll(text, NULL, 10) : 0;
}

/* true while somebody is at it: a process that lives, and has not given it up. */
static bool is_built(lxd_session *session, const char *instance) {
    ct_lease lease;
    return lxd_read_lease(session->answer, instance, &lease) && !ct_lease_dead(&lease) &&
           !ct_leftovers_have(session->provider->leftovers, &lease);
}

/* Of the instance at this path of the session's answer. */
static enum ct_base_state state_of(lxd_session *session, const char *instance) {
    ct_json *json = session->answer;
    if (!same(field(json, instance, "complete"), "true"))
        return is_built(session, instance) ? CT_BASE_BUILDING : CT_BASE_SPOILED;
    return untouched(json, instance) ? CT_BASE_READY : CT_BASE_SPOILED;
}

static ct_base read_base(lxd_session *session, const char *instance) {
    ct_json *json = session->answer;
    return (ct_base){.instance = property(json, instance, "name"),
                     .key = field(json, instance, "base"),
                     .label = field(json, instance, "label"),
                     .inputs = field(json, instance, "inputs"),
                     .reason = field(json, instance, "reason"),
                     .built = number(json, instance, "built"),
                     .used = number(json, instance, "used"),
                     .size = (uint64_t) number(json, instance, "size"),
                     .state = state_of(session, instance)};
}

/* Looks under one of the names; state is CT_BASE_ABSENT when nothing has it. */
static int look_under(lxd_session *session, ct_base_look *look, const char *name,
                      const ct_wait *wait, ct_error *error) {
    look->state = CT_BASE_ABSENT;
    look->instance = NULL;
    int code = lxd_call(session, "GET", false, wait, error, "/1.0/instances/%s", name);
    if (code == CT_E_NOT_FOUND)
        return CT_OK;
    if (code < 0)
        return ct_fail_in(error, code, "lxd: base %s", name);
    const char *built = field(session->answer, "/metadata", "base");
    if (!built)
        return ct_fail(error, CT_E_CONFLICT,
                       "instance %s has a base's name, but is none of cleantest's", name);
    look->instance = name;
    look->state =
        strcmp(built, look->key) == 0 ? state_of(session, "/metadata") : CT_BASE_SPOILED;
    return CT_OK;
}

int lxd_find_base(void *data, ct_base_look *look, const ct_wait *wait, ct_error *error) {
    /* the first once more: it may have got its name between the two looks */
    const char *const names[] = {look->base, look->build, look->base};
    int code = CT_OK;
    look->state = CT_BASE_ABSENT;
    for (size_t i = 0; code == CT_OK && i < CT_COUNT(names); i++)
        if (look->state == CT_BASE_ABSENT)
            code = look_under(data, look, names[i], wait, error);
    return code;
}

int lxd_visit_bases(void *data, ct_base_visitor *visitor, void *context,
                    const ct_wait *wait, ct_error *error) {
    lxd_session *session = data;
    int code = lxd_call(session, "GET", false, wait, error, "/1.0/instances?recursion=1");
    if (code < 0)
        return ct_fail_in(error, code, "listing instances");
    size_t count = ct_json_count(session->answer, "/metadata");
    for (size_t i = 0; i < count; i++) {
        char path[32];
        snprintf(path, sizeof path, "/metadata/%zu", i);
        ct_base base = read_base(session, path);
        if (base.key && base.instance)
            visitor(context, &base);
    }
    return CT_OK;
}

/* ---- waiting for another's ---- */

/* An event about the base was seen. */
struct watch {
    const char *name;
    bool seen;
};

static int on_event(void *context, const char *data, size_t length) {
    struct watch *watch = context;
    watch->seen =
        watch->seen || memmem(data, length, watch->name, strlen(watch->name)) != NULL;
    return CT_OK;
}

/* CT_OK, too, when it is time to look without one. */
static int wait_event(ct_websocket *events, struct watch *watch, const ct_wait *wait,
                      ct_error *error) {
    ct_wait look = ct_wait_within(wait, LOOK_EACH);
    while (!watch->seen && ct_wait_left(&look) > 0) {
        struct pollfd fds[2] = {{.fd = ct_websocket_descriptor(events),
                                 .events = ct_websocket_events(events)},
                                {.fd = wait->cancel, .events = POLLIN}};
        int ready = ct_websocket_pending(events) ? 0 : ct_wait_milliseconds(&look);
        if (poll(fds, 2, ready) < 0 && errno != EINTR)
            return ct_fail_errno(error, "poll");
        int code = ct_websocket_pump(events, error);
        if (code == CT_OK && (ct_websocket_ended(events) || ct_websocket_broken(events)))
            code = ct_fail(error, CT_E_CONNECT, "LXD ended its events");
        if (code == CT_OK)
            code = ct_wait_check(wait, error);
        if (code < 0)
            return code;
    }
    watch->seen = false;
    return CT_OK;
}

/* The builder has died lately, and its reaper deletes it now, by its name: whoever
 * takes the name before that is over loses what it makes under it. */
static bool being_reaped(ct_json *json, enum ct_base_state state,
                         const ct_wait *patience) {
    ct_lease lease;
    return state == CT_BASE_SPOILED && ct_wait_left(patience) > 0 &&
           !same(field(json, "/metadata", "complete"), "true") &&
           lxd_read_lease(json, "/metadata", &lease) && ct_lease_dead(&lease) &&
           lease.expiry >= (long long) time(NULL);
}

int lxd_await_base(void *data, ct_base_look *look, const ct_wait *wait, ct_error *error) {
    lxd_session *session = data;
    char path[LXD_PATH_MAX] = "/1.0/events?type=lifecycle", digits[CT_BASE_NAME_MAX];
    int code = lxd_add_project(session->provider, path, error);
    if (code < 0)
        return code;
    snprintf(digits, sizeof digits, "%.24s", look->key); /* both names have them */
    struct watch watch = {.name = digits};
    ct_websocket *events;
    code = ct_websocket_open(&session->provider->endpoint, path, on_event, &watch,
                             &events, wait, error);
    if (code < 0)
        return code;
    /* looked at with the events open: none can be missed */
    code = lxd_find_base(session, look, wait, error);
    ct_wait patience = ct_wait_within(wait, REAP_TIME);
    while (code == CT_OK && (look->state == CT_BASE_BUILDING ||
                             being_reaped(session->answer, look->state, &patience))) {
        if (look->state == CT_BASE_BUILDING)
            patience = ct_wait_within(wait, REAP_TIME);
        code = wait_event(events, &watch, wait, error);
        if (code == CT_OK)
            code = lxd_find_base(session, look, wait, error);
    }
    ct_websocket_close(events);
    return code < 0 ? ct_fail_in(error, code, "waiting for base %s", look->base) : code;
}

/* ---- writing ---- */

static int patch(lxd_session *session, const char *instance, const ct_wait *wait,
                 ct_error *error) {
    int code =
        lxd_call(session, "PATCH", true, wait, error, "/1.0/instances/%s", instance);
    return code < 0 ? ct_fail_in(error, code, "lxd: change %s", instance) : code;
}

int lxd_set_init(void *data, const char *instance, const char *command,
                 const ct_wait *wait, ct_error *error) {
    lxd_session *session = data;
    char init[256];
    snprintf(init, sizeof init, LXD_INIT_COMMAND "%s", command);
    if (ct_json_clear(session->request) < 0 ||
        ct_json_set_string(session->request, "/config/raw.lxc", init) < 0)
        return ct_fail_memory(error);
    return patch(session, instance, wait, error);
}

static int fill_publication(ct_json *json, const ct_base *base, const char *sealed) {
    static const char *const lease[] = {"run",    "host",      "pid",     "started",
                                        "expiry", "preserved", "creation"};
    long long now = (long long) time(NULL);
    if (ct_json_clear(json) < 0 || lxd_config_set(json, "complete", "true") < 0 ||
        lxd_config_set(json, "sealed", sealed) < 0 ||
        lxd_config_set(json, "label", base->label) < 0 ||
        lxd_config_set(json, "inputs", base->inputs) < 0 ||
        lxd_config_set(json, "reason", base->reason) < 0 ||
        lxd_config_set_number(json, "built", now) < 0 ||
        lxd_config_set_number(json, "used", now) < 0 ||
        lxd_config_set_number(json, "size", (long long) base->size) < 0 ||
        ct_json_set_string(json, "/config/raw.lxc", "") < 0)
        return CT_E_NO_MEMORY;
    for (size_t i = 0; i < CT_COUNT(lease); i++)
        if (lxd_config_set(json, lease[i], "") < 0)
            return CT_E_NO_MEMORY;
    return CT_OK;
}

/* The one that has the name is the one with the lease. */
static bool has_name(lxd_session *session, const char *name, const ct_lease *lease,
                     const ct_wait *wait) {
    ct_lease found;
    return lxd_call(session, "GET", false, wait, NULL, "/1.0/instances/%s", name) ==
               CT_OK &&
           lxd_read_lease(session->answer, "/metadata", &found) &&
           ct_lease_same(&found, lease);
}

/* LXD may say nothing, or that it failed, when the instance has its new name: LXD 5.0
 * moves the logs last, and finds some there now and then ("file exists"). */
static int rename_instance(lxd_session *session, const char *from, const char *to,
                           const ct_lease *lease, const ct_wait *wait, ct_error *error) {
    if (ct_json_clear(session->request) < 0 ||
        ct_json_set_string(session->request, "/name", to) < 0)
        return ct_fail_memory(error);
    int code = lxd_operate(session, "POST", true, wait, error, "/1.0/instances/%s", from);
    if ((code == CT_E_GONE || code == CT_E_OPERATION) &&
        has_name(session, to, lease, wait))
        return CT_OK;
    return code < 0 ? ct_fail_in(error, code, "lxd: rename %s", from) : code;
}

/* It has its name first, and its builder's lease until it says that it is complete:
 * whoever dies between the two leaves what is taken away like all that is half built. */
int lxd_publish_base(void *data, const ct_base_look *look, const ct_base *base,
                     const ct_lease *lease, const ct_wait *wait, ct_error *error) {
    lxd_session *session = data;
    ct_lease found;
    int code =
        lxd_call(session, "GET", false, wait, error, "/1.0/instances/%s", look->build);
    if (code < 0)
        return ct_fail_in(error, code, "lxd: base %s", look->build);
    if (!lxd_read_lease(session->answer, "/metadata", &found) ||
        !ct_lease_same(&found, lease))
        return ct_fail(error, CT_E_CONFLICT, "base %s is somebody else's", look->build);
    const char *text = property(session->answer, "/metadata", "last_used_at");
    char *sealed = text ? strdup(text) : NULL;
    if (!sealed)
        return ct_fail_memory(error);
    code = rename_instance(session, look->build, look->base, lease, wait, error);
    if (code == CT_OK && fill_publication(session->request, base, sealed) < 0)
        code = ct_fail_memory(error);
    if (code == CT_OK)
        code = patch(session, look->base, wait, error);
    free(sealed);
    return code;
}

int lxd_touch_base(void *data, const ct_base *base, const ct_wait *wait,
                   ct_error *error) {
    lxd_session *session = data;
    long long now = (long long) time(NULL);
    if (now - base->used < TOUCH_EACH)
        return CT_OK;
    if (ct_json_clear(session->request) < 0 ||
        lxd_config_set_number(session->request, "used", now))
        return ct_fail_memory(error);
    return patch(session, base->instance, wait, error);
}
