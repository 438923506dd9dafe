/* SPDX-License-Identifier: MIT
 *
 * visits.h - the guests that a run has in instances which are not its own and go on
 * without it. For the reaper's program only, which has one thread.
 */
#ifndef CT_VISITS_H
#define CT_VISITS_H

#include "provider/provider.h"

typedef struct ct_visit {
    char *instance;
    char *directory; /* the guest's; no other job of any run has one of that name */
    char *identity;  /* the directory's, as its guest says; "": it has not said it yet */
    struct ct_visit *next;
} ct_visit;

/* A zeroed one is empty. */
typedef struct ct_visits {
    ct_visit *first;
} ct_visits;

/* Copies the strings, and replaces what is known of the directory. Notes nothing when out
 * of memory. */
void ct_visits_add(ct_visits *visits, const char *instance, const char *directory,
                   const char *identity);
void ct_visits_remove(ct_visits *visits, const char *directory);
void ct_visits_fini(ct_visits *visits);
/* Takes the guests out of their instances with all that they have put into their
 * directories. 1: there were some; 0: there were none. Negative: the first failure; all
 * were tried. */
int ct_visits_end(const ct_visits *visits, ct_provider *provider);

#endif
