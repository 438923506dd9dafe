/* SPDX-License-Identifier: MIT
 *
 * reserve.h - the guard that holds starts back while the machine is short; for
 * ct_work.may_start. What is to be left is ct_reserve, in cleantest.h.
 */
#ifndef CT_RESERVE_H
#define CT_RESERVE_H

#include "engine.h"

/* true: as much is left as reserve says. */
bool ct_reserve_allows(const ct_reserve *reserve);

/* The same, as read from elsewhere. */
typedef struct ct_reserve_sources {
    const char *meminfo; /* as /proc/meminfo */
    const char *loadavg; /* as /proc/loadavg */
    double cpus;
} ct_reserve_sources;
bool ct_reserve_left(const ct_reserve *reserve, const ct_reserve_sources *sources);

#endif
