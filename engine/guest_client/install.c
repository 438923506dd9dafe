/* SPDX-License-Identifier: MIT
 *
 * install.c - the guest's way into an instance that runs. A container takes it at once; a
 * virtual machine runs long before its agent answers, and is waited for. Not for what is
 * asked of the guest afterwards.
 */
#include <poll.h>

#include "guest_client/guest_client.h"

#define PAUSE 250 /* milliseconds between two tries */

/* Until the next try. */
static int rest(const ct_wait *patience, ct_error *error) {
    struct pollfd cancelled = {.fd = patience->cancel, .events = POLLIN};
    int left = ct_wait_milliseconds(patience);
    poll(&cancelled, 1, left < PAUSE ? left : PAUSE);
    return ct_wait_check(patience, error);
}

/* Tries again and again, since there is nothing to wait on: LXD 5.0 has no event for
 * an agent that came up, and the number of processes in an instance's state, which is
 * -1 until then, stays -1 with security.agent.metrics=false. The words of its refusals
 * differ from version to version, so that any failure is taken for one that may pass. */
static int install_late(ct_guest *guest, const char *hint, const ct_wait *patience,
                        ct_error *error) {
    ct_error latest = {0};
    int code;
    do {
        code = rest(patience, &latest);
        if (code == CT_OK)
            code = ct_guest_install(guest, patience, &latest);
        if (code < 0 && code != CT_E_TIMEOUT) /* says less than what came before */
            ct_fail(error, code, "%s", latest.message);
    } while (code == CT_E_OPERATION);
    if (code == CT_E_TIMEOUT)
        return ct_fail_in(error, code, "%s could not be reached within %g s (%s)",
                          guest->instance, guest->ready_timeout, hint);
    guest->ready_timeout = ct_wait_left(patience);
    return code;
}

int ct_guest_install_when_up(ct_guest *guest, double operation, int cancel,
                             ct_error *error) {
    ct_wait patience = ct_wait_for(guest->ready_timeout, cancel);
    ct_wait wait = ct_wait_for(operation, cancel);
    int code = ct_guest_install(guest, &wait, error);
    if (code != CT_E_OPERATION)
        return code;
    const char *hint = guest->provider->late(guest->session, guest->instance, &wait);
    return hint ? install_late(guest, hint, &patience, error) : code;
}
