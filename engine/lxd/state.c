/* SPDX-License-Identifier: MIT
 *
 * state.c - tells what became of an instance while it was used: whether it runs again,
 * and whether somebody else has stopped it.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lxd/lxd_private.h"

/* Seconds between two looks: LXD offers nothing to wait on for a restart. */
#define PAUSE 0.25

int lxd_await_running(ct_session *base, const char *instance, const ct_wait *wait,
                      ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    for (;;) {
        int code = lxd_get(session, wait, error, "/1.0/instances/%s/state", instance);
        if (code < 0)
            return ct_fail_in(error, code, "lxd: state of %s", instance);
        const char *status = ct_json_string(session->answer, "/metadata/status");
        if (status && strcmp(status, "Running") == 0)
            return CT_OK;
        ct_wait_pause(wait, PAUSE);
        code = ct_wait_check(wait, error);
        if (code < 0)
            return ct_fail_in(error, code, "waiting for %s to run", instance);
    }
}

/* true for LXD's description of an operation that ends whatever runs in an instance.
 * While a testlet runs, this process begins no such operation. */
static bool ends_processes(const char *description) {
    static const char *const words[] = {"Stopping", "Restarting", "Deleting",
                                        "Restoring"};
    for (size_t i = 0; description && i < CT_COUNT(words); i++)
        if (strncmp(description, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* Seconds since 1970 of a time in RFC 3339's format; -1: it is no such time. */
static double parse_time(const char *text) {
    struct tm parts = {0};
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    if (!rest)
        return -1;
    double seconds = (double) timegm(&parts);
    double unit = 0.1; /* not by strtod(): that is the host's locale's */
    for (rest += *rest == '.'; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
        seconds += (*rest - '0') * unit;
    int hours, minutes;
    if (sscanf(rest, "%3d:%2d", &hours, &minutes) == 2)
        seconds -= hours * 3600 + (*rest == '-' ? -minutes : minutes) * 60;
    return seconds;
}

/* true when the first of LXD's times is before the second. false, too, when one is not
 * known. */
static bool is_before(const char *time, const char *other) {
    double first = parse_time(time), second = parse_time(other);
    return first >= 0 && second >= 0 && first < second;
}

/* *runs: the instance runs, and was last started before our program was. So it was not
 * stopped since, though it may be about to be. */
static int check_runs_on(lxd_session *session, const char *instance, bool *runs,
                         const ct_wait *wait, ct_error *error) {
    *runs = false;
    int code = lxd_get(session, wait, error, "/1.0/instances/%s", instance);
    if (code < 0)
        return code == CT_E_NOT_FOUND ? CT_OK : code;
    const char *started = ct_json_string(session->answer, "/metadata/last_used_at");
    *runs =
        ct_same_text(ct_json_string(session->answer, "/metadata/status"), "Running") &&
        is_before(started, session->begun);
    return CT_OK;
}

/* An operation by which somebody has taken an instance away. */
struct suspicion {
    const char *instance;
    char what[64]; /* LXD's description of the operation; "": there is none */
};

/* Notes such an operation. One that was over when our program began was about an earlier
 * instance of the same name, or an earlier time of this one. */
static int suspect(lxd_session *session, const char *path, void *context,
                   const ct_wait *wait, ct_error *error) {
    (void) path, (void) wait, (void) error;
    struct suspicion *suspicion = context;
    ct_json *json = session->answer;
    char name[CT_INSTANCE_NAME_MAX + 1];
    if (!lxd_operation_instance(session, name) || strcmp(name, suspicion->instance) != 0)
        return CT_OK;
    const char *what = ct_json_string(json, "/metadata/description");
    bool over = ct_json_number(json, "/metadata/status_code", 0) >= 200;
    if (ends_processes(what) &&
        !(over &&
          is_before(ct_json_string(json, "/metadata/updated_at"), session->begun)))
        snprintf(suspicion->what, sizeof suspicion->what, "%s", what);
    return CT_OK;
}

/* What anybody asks of LXD is an operation, which is listed until 5 s after its end. What
 * an instance does to itself is none. */
int lxd_check_undisturbed(ct_session *base, const char *instance, const ct_wait *wait,
                          ct_error *error) {
    static const char *const groups[] = {"success", "failure", "running", NULL};
    lxd_session *session = lxd_session_of(base);
    struct suspicion suspicion = {.instance = instance};
    bool runs;
    int code = check_runs_on(session, instance, &runs, wait, error);
    if (code == CT_OK)
        code = lxd_visit_operations(session, runs ? &groups[2] : groups, suspect,
                                    &suspicion, wait, error);
    if (code < 0)
        return ct_fail_in(error, code, "asking what became of %s", instance);
    return *suspicion.what ? ct_fail(error, CT_E_OPERATION,
                                     "instance %s was taken away by somebody else "
                                     "meanwhile (LXD: %s)",
                                     instance, suspicion.what)
                           : CT_OK;
}
