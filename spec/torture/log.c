/* SPDX-License-Identifier: MIT
 *
 * log.c - time, chance, and what is said of both.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "torture.h"

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

uint64_t draw(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void say(const char *format, ...) {
    static double started;
    if (started <= 0)
        started = now();
    va_list args;
    va_start(args, format);
    printf("%8.3f ", now() - started);
    vprintf(format, args);
    putchar('\n');
    fflush(stdout);
    va_end(args);
}

void die(const char *what) {
    fprintf(stderr, "torture: %s: %s\n", what, strerror(errno));
    exit(2);
}
