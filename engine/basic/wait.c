/* SPDX-License-Identifier: MIT
 *
 * wait.c - the clock, deadlines and cancellation. Every call that may block takes a
 * ct_wait: a deadline, and a descriptor that becomes readable when the wait is cancelled.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "basic/basic.h"

double ct_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

ct_wait ct_wait_for(double seconds, int cancel) {
    return (ct_wait){.deadline = ct_now() + seconds, .cancel = cancel};
}

ct_wait ct_wait_within(const ct_wait *outer, double seconds) {
    ct_wait wait = ct_wait_for(seconds, outer->cancel);
    if (outer->deadline < wait.deadline)
        wait.deadline = outer->deadline;
    return wait;
}

double ct_wait_left(const ct_wait *wait) {
    double left = wait->deadline - ct_now();
    return left > 0 ? left : 0;
}

int ct_wait_milliseconds(const ct_wait *wait) {
    double left = ceil(ct_wait_left(wait) * 1000);
    return left < 60000 ? (int) left : 60000;
}

int ct_wait_check(const ct_wait *wait, ct_error *error) {
    struct pollfd cancelled = {.fd = wait->cancel, .events = POLLIN};
    if (wait->cancel >= 0 && poll(&cancelled, 1, 0) > 0)
        return ct_fail(error, CT_E_CANCELLED, "cancelled");
    if (ct_wait_left(wait) <= 0)
        return ct_fail(error, CT_E_TIMEOUT, "timed out");
    return CT_OK;
}

void ct_wait_pause(const ct_wait *wait, double seconds) {
    struct pollfd cancelled = {.fd = wait->cancel, .events = POLLIN};
    ct_wait pause = ct_wait_within(wait, seconds);
    poll(&cancelled, 1, ct_wait_milliseconds(&pause));
}

int ct_cancel_open(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void ct_cancel_set(int cancel) {
    uint64_t one = 1;
    ssize_t written;
    int before = errno; /* a signal handler must not change it */
    do
        written = write(cancel, &one, sizeof one);
    while (written < 0 && errno == EINTR);
    errno = before;
}
