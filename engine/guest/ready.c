/* SPDX-License-Identifier: MIT
 *
 * ready.c - waiting, inside the instance, until it is as ready as asked for: for one
 * level of readiness after the other. How systemd and the network are waited for is in
 * files of their own.
 */
#include <string.h>
#include <unistd.h>

#include "guest/guest.h"

/* ---- cloud-init ---- */

static bool ignore(void *context, int stream, const char *data, size_t length) {
    (void) context, (void) stream, (void) data, (void) length;
    return true;
}

static int exec_argv(void *argv, int extra) {
    (void) extra;
    return process_exec(argv);
}

/* Runs a command until its end; its exit code, or a negative code. */
static int run_quietly(const char *const *argv, const ct_wait *wait, ct_error *error) {
    process what = {.child = exec_argv,
                    .context = (void *) argv,
                    .timeout = ct_wait_left(wait) + 0.001,
                    .hangup = wait->cancel,
                    .take = ignore};
    process_end end;
    int code = process_run(&what, &end, error);
    if (code < 0)
        return code;
    if (end.hung_up)
        return ct_fail(error, CT_E_CANCELLED, "cancelled");
    if (end.timed_out)
        return ct_fail(error, CT_E_TIMEOUT, "%s did not end", argv[0]);
    return end.exit_code < 0 ? 1 : end.exit_code;
}

static int wait_cloud_init(const ct_wait *wait, ct_error *error) {
    static const char *const argv[] = {"cloud-init", "status", "--wait", NULL};
    if (access("/usr/bin/cloud-init", X_OK) < 0)
        return CT_OK;
    int code = run_quietly(argv, wait, error);
    if (code == 1)
        return ct_fail(error, CT_E_GUEST,
                       "cloud-init failed: see \"cloud-init status --long\"");
    return code < 0 ? code : CT_OK;
}

int guest_wait_ready(const char *level, double seconds, int hangup, ct_error *error) {
    static const struct {
        const char *name;
        int (*wait)(const ct_wait *wait, ct_error *error);
    } levels[] = {{"exec", NULL},
                  {"system", guest_wait_systemd},
                  {"network", guest_wait_network},
                  {"cloud-init", wait_cloud_init}};
    ct_wait wait = ct_wait_for(seconds, hangup);
    for (size_t i = 0; i < CT_COUNT(levels); i++) {
        int code = levels[i].wait ? levels[i].wait(&wait, error) : CT_OK;
        if (code < 0)
            return ct_fail_in(error, code, "the instance was not ready (%s) after %g s",
                              levels[i].name, seconds);
        if (strcmp(levels[i].name, level) == 0)
            return CT_OK;
    }
    return ct_fail(error, CT_E_PROTOCOL, "guest: no such level of readiness: %s", level);
}
