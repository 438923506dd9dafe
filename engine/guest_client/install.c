/* SPDX-License-Identifier: MIT
 *
 * install.c - puts the guest into an instance that runs. A container takes it at once. A
 * virtual machine runs long before its agent answers, and is waited for.
 */
#include "guest_client/guest_client.h"

#define PAUSE 0.25 /* seconds between two tries */

/* Tries again and again, since there is nothing to wait on: LXD 5.0 has no event for an
 * agent that comes up. The number of processes in an instance's state is -1 until then,
 * but stays so with security.agent.metrics=false. LXD's words for a refusal differ from
 * version to version, so that any failure is taken for one that may pass. */
static int install_late(ct_guest *guest, const char *hint, const ct_wait *patience,
                        ct_error *error) {
    ct_error latest = {0};
    int code;
    do {
        ct_wait_pause(patience, PAUSE);
        code = ct_wait_check(patience, &latest);
        if (code == CT_OK)
            code = ct_guest_install(guest, patience, &latest);
        if (code < 0 &&
            code != CT_E_TIMEOUT) /* a timeout says less than what came before */
            ct_fail(error, code, "%s", latest.message);
    } while (code == CT_E_OPERATION);
    if (code == CT_E_TIMEOUT)
        return ct_fail_in(error, code, "%s could not be reached within %g s (%s)",
                          guest->instance, guest->ready_timeout, hint);
    guest->ready_timeout = ct_wait_left(patience);
    return code;
}

int ct_guest_install_when_up(ct_guest *guest, int cancel, ct_error *error) {
    const ct_provider *provider = guest->session->provider;
    ct_wait patience = ct_wait_for(guest->ready_timeout, cancel);
    ct_wait wait = ct_wait_for(provider->timeout, cancel);
    int code = ct_guest_install(guest, &wait, error);
    if (code != CT_E_OPERATION)
        return code;
    const char *hint =
        provider->instances->why_unreachable(guest->session, guest->instance, &wait);
    return hint ? install_late(guest, hint, &patience, error) : code;
}
