/* SPDX-License-Identifier: MIT
 *
 * clock.c - to be preloaded: CLOCK_REALTIME is stepped by TORTURE_STEP seconds, there and
 * back, each TORTURE_STEP_EACH readings of it. The machine's own clock is left alone, so
 * this is not what the kernel does to its timers; the engine's deadlines are to be on
 * CLOCK_MONOTONIC, and leases, bases and durations are what reads the other.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *at);
time_t time(time_t *at);
int gettimeofday(struct timeval *restrict at, void *restrict zone);

static atomic_uint readings;

static long step(void) {
    const char *seconds = getenv("TORTURE_STEP"), *each = getenv("TORTURE_STEP_EACH");
    unsigned length = each ? (unsigned) strtoul(each, NULL, 10) : 0;
    if (!seconds || length == 0)
        return 0;
    return atomic_fetch_add(&readings, 1) / length % 2 ? strtol(seconds, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int status = (int) syscall(SYS_clock_gettime, clock, at);
    if (status == 0 && clock == CLOCK_REALTIME)
        at->tv_sec += step();
    return status;
}

time_t time(time_t *at) {
    struct timespec current;
    clock_gettime(CLOCK_REALTIME, &current);
    if (at)
        *at = current.tv_sec;
    return current.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    (void) zone;
    struct timespec current;
    clock_gettime(CLOCK_REALTIME, &current);
    at->tv_sec = current.tv_sec;
    at->tv_usec = current.tv_nsec / 1000;
    return 0;
}
