/* SPDX-License-Identifier: MIT
 *
 * visits.h - the guests that a run has in instances which are not its own, and
 * which go on without it. For the reaper's program only; it has one thread.
 */
#ifndef CT_VISITS_H
#define CT_VISITS_H

#include "provider/provider.h"

typedef struct ct_visit {
    char *instance;
    /* the guest's; no other run, and no other job, has one of that name */
    char *directory;
    char *identity; /* of that directory, from the guest; "": it has not said it yet */
    struct ct_visit *next;
} ct_visit;

/* A zeroed one is empty. */
typedef struct ct_visits {
    ct_visit *first;
} ct_visits;

/* Copies all three, in the place of what is known of the directory. One that there is no
 * memory for is not noted. */
void ct_visits_add(ct_visits *visits, const char *instance, const char *directory,
                   const char *identity);
void ct_visits_remove(ct_visits *visits, const char *directory);
void ct_visits_fini(ct_visits *visits);
/* Takes the guests out of their instances, with all that they have put into their
 * directories. 1: some were there; 0: none was; negative: the first failure, the others
 * were tried. */
int ct_visits_end(const ct_visits *visits, ct_provider *provider);

#endif
