/* SPDX-License-Identifier: MIT
 *
 * base.c - bases as LXD has them: stopped instances that say in their config, as
 * user.cleantest.*, what they are. A base is complete from the moment it says so, which
 * takes one request. Until then it carries the lease of whoever builds it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lxd/lxd_private.h"

#define KEY        LXD_CONFIG_KEY
#define TOUCH_EACH 3600 /* seconds; the last use is known no more exactly */
#define LOOK_EACH  5.0  /* seconds between two looks: a builder's death is no event */
#define REAP_TIME  15.0 /* seconds in which a dead builder's reaper deletes its builds */

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

/* false for a base that was started after it was sealed: nobody knows what it is now. */
static bool is_untouched(ct_json *json, const char *instance) {
    const char *last_use = property(json, instance, "last_used_at");
    return ct_same_text(property(json, instance, "status"), "Stopped") && last_use &&
           ct_same_text(last_use, field(json, instance, "sealed"));
}

static long long number(ct_json *json, const char *instance, const char *name) {
    const char *text = field(json, instance, name);
    return text ? strtoll(text, NULL, 10) : 0;
}

/* true while somebody builds it: a process that lives, and has not given up. */
static bool is_built(lxd_session *session, const char *instance) {
    ct_lease lease;
    return lxd_read_lease(session->answer, instance, &lease) && !ct_lease_dead(&lease) &&
           !ct_leftovers_have(session->provider->base.leftovers, &lease);
}

/* The state of the base at this path of the session's answer. */
static ct_base_state state_of(lxd_session *session, const char *instance) {
    ct_json *json = session->answer;
    if (!ct_same_text(field(json, instance, "complete"), "true"))
        return is_built(session, instance) ? CT_BASE_BUILDING : CT_BASE_SPOILED;
    return is_untouched(json, instance) ? CT_BASE_READY : CT_BASE_SPOILED;
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

/* Looks under one of the names. The state is CT_BASE_ABSENT when no instance has it. */
static int look_under(lxd_session *session, ct_base_place *place, const char *name,
                      const ct_wait *wait, ct_error *error) {
    place->state = CT_BASE_ABSENT;
    place->instance = NULL;
    int code = lxd_get(session, wait, error, "/1.0/instances/%s", name);
    if (code == CT_E_NOT_FOUND)
        return CT_OK;
    if (code < 0)
        return ct_fail_in(error, code, "lxd: base %s", name);
    const char *built = field(session->answer, "/metadata", "base");
    if (!built)
        return ct_fail(error, CT_E_CONFLICT,
                       "instance %s has a base's name, but is none of cleantest's", name);
    place->instance = name;
    place->state =
        strcmp(built, place->key) == 0 ? state_of(session, "/metadata") : CT_BASE_SPOILED;
    return CT_OK;
}

int lxd_base_find(ct_session *base, ct_base_place *place, const ct_wait *wait,
                  ct_error *error) {
    /* the final name twice: the base may have got it between the first two looks */
    const char *const names[] = {place->base, place->build, place->base};
    int code = CT_OK;
    place->state = CT_BASE_ABSENT;
    for (size_t i = 0; code == CT_OK && i < CT_COUNT(names); i++)
        if (place->state == CT_BASE_ABSENT)
            code = look_under(lxd_session_of(base), place, names[i], wait, error);
    return code;
}

int lxd_base_visit(ct_session *base, ct_base_visitor *visitor, void *context,
                   const ct_wait *wait, ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    int code = lxd_get(session, wait, error, "/1.0/instances?recursion=1");
    if (code < 0)
        return ct_fail_in(error, code, "listing instances");
    size_t count = ct_json_count(session->answer, "/metadata");
    for (size_t i = 0; i < count; i++) {
        char path[32];
        snprintf(path, sizeof path, "/metadata/%zu", i);
        ct_base found = read_base(session, path);
        if (found.key && found.instance)
            visitor(context, &found);
    }
    return CT_OK;
}

/* ---- waiting for somebody else's build ---- */

/* Looks for a base in LXD's events. */
struct watch {
    const char *name; /* a part of both its names */
    bool seen;        /* an event about it has come */
};

static int on_event(void *context, const char *data, size_t length) {
    struct watch *watch = context;
    watch->seen =
        watch->seen || memmem(data, length, watch->name, strlen(watch->name)) != NULL;
    return CT_OK;
}

/* Waits for an event about the base. Returns CT_OK without one when it is time to
 * look. */
static int wait_event(ct_websocket *events, struct watch *watch, const ct_wait *wait,
                      ct_error *error) {
    ct_wait until_look = ct_wait_within(wait, LOOK_EACH);
    while (!watch->seen && ct_wait_left(&until_look) > 0) {
        struct pollfd fds[2] = {{.fd = ct_websocket_descriptor(events),
                                 .events = ct_websocket_events(events)},
                                {.fd = wait->cancel, .events = POLLIN}};
        int ready = ct_websocket_pending(events) ? 0 : ct_wait_milliseconds(&until_look);
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

/* true while a reaper may be deleting the base, whose builder has died lately. The reaper
 * deletes by name: whoever takes the name before that is over loses what it makes. */
static bool being_reaped(ct_json *json, ct_base_state state, const ct_wait *patience) {
    ct_lease lease;
    return state == CT_BASE_SPOILED && ct_wait_left(patience) > 0 &&
           !ct_same_text(field(json, "/metadata", "complete"), "true") &&
           lxd_read_lease(json, "/metadata", &lease) && ct_lease_dead(&lease) &&
           lease.expiry >= (long long) time(NULL);
}

int lxd_base_await(ct_session *base, ct_base_place *place, const ct_wait *wait,
                   ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    char path[LXD_PATH_MAX] = "/1.0/events?type=lifecycle";
    int code = lxd_add_project(session->provider, path, error);
    if (code < 0)
        return code;
    struct watch watch = {.name = ct_base_place_digits(place)};
    ct_websocket *events;
    code = ct_websocket_open(&session->provider->endpoint, path,
                             (ct_websocket_sink){on_event, &watch}, &events, wait, error);
    if (code < 0)
        return code;
    /* the events are open before the first look, so that none is missed */
    code = lxd_base_find(base, place, wait, error);
    ct_wait patience = ct_wait_within(wait, REAP_TIME);
    while (code == CT_OK && (place->state == CT_BASE_BUILDING ||
                             being_reaped(session->answer, place->state, &patience))) {
        if (place->state == CT_BASE_BUILDING)
            patience = ct_wait_within(wait, REAP_TIME);
        code = wait_event(events, &watch, wait, error);
        if (code == CT_OK)
            code = lxd_base_find(base, place, wait, error);
    }
    ct_websocket_close(events);
    return code < 0 ? ct_fail_in(error, code, "waiting for base %s", place->base) : code;
}

/* ---- writing ---- */

static int change(lxd_session *session, const char *instance, const ct_wait *wait,
                  ct_error *error) {
    int code = lxd_send(session, "PATCH", wait, error, "/1.0/instances/%s", instance);
    return code < 0 ? ct_fail_in(error, code, "lxd: change %s", instance) : code;
}

int lxd_set_init(ct_session *base, const char *instance, const char *command,
                 const ct_wait *wait, ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    char init[256];
    snprintf(init, sizeof init, LXD_INIT_COMMAND "%s", command);
    if (ct_json_clear(session->request) < 0 ||
        ct_json_set_string(session->request, "/config/raw.lxc", init) < 0)
        return ct_fail_memory(error);
    return change(session, instance, wait, error);
}

static int fill_publication(ct_json *json, const ct_base *what, const char *sealed) {
    long long now = (long long) time(NULL);
    if (ct_json_clear(json) < 0 || lxd_config_set(json, "complete", "true") < 0 ||
        lxd_config_set(json, "sealed", sealed) < 0 ||
        lxd_config_set(json, "label", what->label) < 0 ||
        lxd_config_set(json, "inputs", what->inputs) < 0 ||
        lxd_config_set(json, "reason", what->reason) < 0 ||
        lxd_config_set_number(json, "built", now) < 0 ||
        lxd_config_set_number(json, "used", now) < 0 ||
        lxd_config_set_number(json, "size", (long long) what->size) < 0 ||
        ct_json_set_string(json, "/config/raw.lxc", "") < 0)
        return CT_E_NO_MEMORY;
    return lxd_clear_lease(json);
}

/* true when the instance of this name carries this lease. */
static bool has_name(lxd_session *session, const char *name, const ct_lease *lease,
                     const ct_wait *wait) {
    ct_lease found;
    return lxd_get(session, wait, NULL, "/1.0/instances/%s", name) == CT_OK &&
           lxd_read_lease(session->answer, "/metadata", &found) &&
           ct_lease_same(&found, lease);
}

/* The instance may have its new name when LXD says nothing, or says that it failed: LXD
 * 5.0 moves the logs last, and finds some there now and then ("file exists"). */
static int rename_instance(lxd_session *session, const char *from, const char *to,
                           const ct_lease *lease, const ct_wait *wait, ct_error *error) {
    if (ct_json_clear(session->request) < 0 ||
        ct_json_set_string(session->request, "/name", to) < 0)
        return ct_fail_memory(error);
    int code = lxd_operate(session, "POST", wait, error, "/1.0/instances/%s", from);
    if ((code == CT_E_GONE || code == CT_E_OPERATION) &&
        has_name(session, to, lease, wait))
        return CT_OK;
    return code < 0 ? ct_fail_in(error, code, "lxd: rename %s", from) : code;
}

/* The base gets its final name first. It keeps its builder's lease until it says that it
 * is complete: should the builder die in between, the base is deleted like anything else
 * that is half built. */
int lxd_base_publish(ct_session *base, const ct_base_place *place, const ct_base *what,
                     const ct_lease *lease, const ct_wait *wait, ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    ct_lease found;
    int code = lxd_get(session, wait, error, "/1.0/instances/%s", place->build);
    if (code < 0)
        return ct_fail_in(error, code, "lxd: base %s", place->build);
    if (!lxd_read_lease(session->answer, "/metadata", &found) ||
        !ct_lease_same(&found, lease))
        return ct_fail(error, CT_E_CONFLICT, "base %s is somebody else's", place->build);
    const char *text = property(session->answer, "/metadata", "last_used_at");
    char *sealed = text ? strdup(text) : NULL;
    if (!sealed)
        return ct_fail_memory(error);
    code = rename_instance(session, place->build, place->base, lease, wait, error);
    if (code == CT_OK && fill_publication(session->request, what, sealed) < 0)
        code = ct_fail_memory(error);
    if (code == CT_OK)
        code = change(session, place->base, wait, error);
    free(sealed);
    return code;
}

int lxd_base_touch(ct_session *base, const ct_base *what, const ct_wait *wait,
                   ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    long long now = (long long) time(NULL);
    if (now - what->used < TOUCH_EACH)
        return CT_OK;
    if (ct_json_clear(session->request) < 0 ||
        lxd_config_set_number(session->request, "used", now))
        return ct_fail_memory(error);
    return change(session, what->instance, wait, error);
}
