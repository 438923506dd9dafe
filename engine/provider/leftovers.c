/* SPDX-License-Identifier: MIT
 *
 * leftovers.c - instances that this process has given up and could not delete. Its lease
 * on them holds while it lives, so that from outside they look as if it still worked on
 * them: whoever waits for what they were to become asks here, or would wait for ever.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "provider/provider.h"

struct ct_leftovers {
    pthread_mutex_t lock; /* guards what follows */
    ct_lease *leases;
    size_t count;
    bool some; /* there was one, even if there was no memory to note it */
};

ct_leftovers *ct_leftovers_new(void) {
    ct_leftovers *leftovers = calloc(1, sizeof *leftovers);
    if (leftovers)
        pthread_mutex_init(&leftovers->lock, NULL);
    return leftovers;
}

void ct_leftovers_free(ct_leftovers *leftovers) {
    if (!leftovers)
        return;
    pthread_mutex_destroy(&leftovers->lock);
    free(leftovers->leases);
    free(leftovers);
}

void ct_leftovers_add(ct_leftovers *leftovers, const ct_lease *lease) {
    pthread_mutex_lock(&leftovers->lock);
    ct_lease *leases =
        realloc(leftovers->leases, (leftovers->count + 1) * sizeof *leases);
    if (leases) {
        leases[leftovers->count++] = *lease;
        leftovers->leases = leases;
    }
    leftovers->some = true;
    pthread_mutex_unlock(&leftovers->lock);
}

bool ct_leftovers_have(ct_leftovers *leftovers, const ct_lease *lease) {
    bool found = false;
    pthread_mutex_lock(&leftovers->lock);
    for (size_t i = 0; !found && i < leftovers->count; i++)
        found = ct_lease_same(&leftovers->leases[i], lease);
    pthread_mutex_unlock(&leftovers->lock);
    return found;
}

bool ct_leftovers_some(ct_leftovers *leftovers) {
    pthread_mutex_lock(&leftovers->lock);
    bool some = leftovers->some;
    pthread_mutex_unlock(&leftovers->lock);
    return some;
}
