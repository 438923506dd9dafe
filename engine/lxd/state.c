/* SPDX-License-Identifier: MIT
 *
 * state.c - what became of an instance while it was used: whether it runs again, and
 * whether somebody else has stopped it.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define PAUSE_MS 250 /* between two looks: LXD offers nothing to wait on for a restart */

int lxd_await_running(void *data, const char *instance, const ct_wait *wait,
                      ct_error *error) {
    lxd_session *session = data;
    for (;;) {
        int code = lxd_call(session, "GET", false, wait, error, "/1.0/instances/%s/state",
                            instance);
        if (code < 0)
            return ct_fail_in(error, code, "lxd: state of %s", instance);
        const char *status = ct_json_string(session->answer, "/metadata/status");
        if (status && strcmp(status, "Running") == 0)
            return CT_OK;
        struct pollfd cancelled = {.fd = wait->cancel, .events = POLLIN};
        int left = ct_wait_milliseconds(wait);
        poll(&cancelled, 1, left < PAUSE_MS ? left : PAUSE_MS);
        code = ct_wait_check(wait, error);
        if (code < 0)
            return ct_fail_in(error, code, "waiting for %s to run", instance);
    }
}

/* What LXD calls the operations that end whatever runs in an instance. None of ours is
 * one of them while a testlet runs. */
static bool ends_processes(const char *description) {
    static const char *const words[] = {"Stopping", "Restarting", "Deleting",
                                        "Restoring"};
    for (size_t i = 0; description && i < CT_COUNT(words); i++)
        if (strncmp(description, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* true when the first of LXD's times is before the second. Both are in RFC 3339's format,
 * of one daemon's zone, and their fractions have no zeros at the end, so that they can't
 * be compared as text. */
static bool is_before(const char *time, const char *other) {
    size_t seconds = strlen("2006-01-02T15:04:05");
    if (strlen(time) < seconds || strlen(other) < seconds)
        return false;
    int order = strncmp(time, other, seconds);
    if (order != 0)
        return order < 0;
    const char *fraction = time[seconds] == '.' ? time + seconds : "0";
    const char *other_fraction = other[seconds] == '.' ? other + seconds : "0";
    return strtod(fraction, NULL) < strtod(other_fraction, NULL);
}

/* What was over when our program began is about an earlier instance of that name, or
 * an earlier time of this one. */
static bool was_over(ct_json *json, const char *group, size_t index, const char *begun) {
    char path[96];
    snprintf(path, sizeof path, "/metadata/%s/%zu/updated_at", group, index);
    const char *end = ct_json_string(json, path);
    return strcmp(group, "running") != 0 && end && is_before(end, begun);
}

/* The description of such an operation about the instance, in one group of LXD's answer;
 * NULL: there is none. Borrowed from the answer. */
static const char *find_end(const lxd_session *session, const char *group,
                            const char *instance) {
    ct_json *json = session->answer;
    char path[96];
    snprintf(path, sizeof path, "/metadata/%s", group);
    size_t count = ct_json_count(json, path);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/metadata/%s/%zu/resources/instances/0", group, i);
        const char *resource = ct_json_string(json, path);
        const char *name = resource ? strrchr(resource, '/') : NULL;
        if (!name || strcmp(name + 1, instance) != 0 ||
            was_over(json, group, i, session->begun))
            continue;
        snprintf(path, sizeof path, "/metadata/%s/%zu/description", group, i);
        const char *description = ct_json_string(json, path);
        if (ends_processes(description))
            return description;
    }
    return NULL;
}

/* What an instance does to itself is no operation of LXD's; what anybody asks of LXD is
 * one, and is listed until 5 s after its end. */
int lxd_check_undisturbed(void *data, const char *instance, const ct_wait *wait,
                          ct_error *error) {
    static const char *const groups[] = {"running", "success", "failure"};
    lxd_session *session = data;
    int code =
        lxd_call(session, "GET", false, wait, error, "/1.0/operations?recursion=1");
    if (code < 0)
        return ct_fail_in(error, code, "listing operations");
    const char *found = NULL;
    for (size_t i = 0; !found && i < CT_COUNT(groups); i++)
        found = find_end(session, groups[i], instance);
    return found ? ct_fail(error, CT_E_OPERATION,
                           "instance %s was taken away by somebody else meanwhile "
                           "(LXD: %s)",
                           instance, found)
                 : CT_OK;
}
