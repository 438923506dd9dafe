/* SPDX-License-Identifier: MIT
 *
 * ready.c - waits, inside the instance, until that is as ready as asked for: for one
 * level of readiness after the other. systemd.c and network.c wait for theirs.
 */
#include <string.h>
#include <unistd.h>

#include "guest/guest.h"

/* ---- cloud-init ---- */

static bool ignore_output(void *context, int stream, const char *data, size_t length) {
    (void) context, (void) stream, (void) data, (void) length;
    return true;
}

static int exec_argv(void *argv, int extra) {
    (void) extra;
    return process_exec(argv);
}

/* Runs a command to its end. Returns its exit code, or a negative code. */
static int run_quietly(const char *const *argv, const ct_wait *wait, ct_error *error) {
    process what = {.child = exec_argv,
                    .context = (void *) argv,
                    .timeout = ct_wait_left(wait) + 0.001,
                    .hangup = wait->cancel,
                    .take = ignore_output};
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
    static int (*const waits[])(const ct_wait *wait, ct_error *error) = {
        [CT_READY_SYSTEM] = guest_wait_systemd,
        [CT_READY_NETWORK] = guest_wait_network,
        [CT_READY_CLOUD_INIT] = wait_cloud_init};
    ct_wait wait = ct_wait_for(seconds, hangup);
    int wanted = ct_word_find(ct_ready_words, level);
    if (wanted < CT_READY_EXEC)
        return ct_fail(error, CT_E_PROTOCOL, "guest: no such level of readiness: %s",
                       level);
    for (int i = CT_READY_EXEC; i <= wanted; i++) {
        int code = waits[i] ? waits[i](&wait, error) : CT_OK;
        if (code < 0)
            return ct_fail_in(error, code, "the instance was not ready (%s) after %g s",
                              ct_ready_words[i], seconds);
    }
    return CT_OK;
}
