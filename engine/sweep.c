/* SPDX-License-Identifier: MIT
 *
 * sweep.c - deleting many instances at once, by their leases: for `cleantest clean`, and for
 * the reaper. It never touches an instance without a lease.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "provider.h"

#define SWEEPERS 8 /* threads; deleting is LXD's work, not ours */

struct sweep {
    ct_provider *provider;
    ct_doomed *doomed;
    const void *doom_context;
    ct_cleaned *cleaned;
    void *cleaned_context;
    ct_arena arena;
    char **names;
    size_t count;
    pthread_mutex_t lock; /* guards gone, and calls of cleaned */
    int gone;
};

static int collect(void *data, const char *instance, const ct_lease *lease) {
    struct sweep *sweep = data;
    if (lease->preserved || !sweep->doomed(sweep->doom_context, lease))
        return CT_OK;
    char **names = realloc(sweep->names, (sweep->count + 1) * sizeof *names);
    if (!names)
        return CT_E_NO_MEMORY;
    sweep->names = names;
    names[sweep->count] = ct_arena_string(&sweep->arena, instance);
    if (!names[sweep->count])
        return CT_E_NO_MEMORY;
    sweep->count++;
    return CT_OK;
}

static void *begin(void *context) {
    struct sweep *sweep = context;
    return sweep->provider->type->session_open(sweep->provider, NULL);
}

static void end(void *context, void *session) {
    struct sweep *sweep = context;
    sweep->provider->type->session_close(session);
}

static void perform(void *context, void **session, size_t item) {
    struct sweep *sweep = context;
    ct_provider *provider = sweep->provider;
    ct_error error = {0};
    ct_wait wait = ct_wait_for(provider->timeout, -1);
    int code = *session
                   ? provider->type->destroy(*session, sweep->names[item], &wait, &error)
                   : ct_fail(&error, CT_E_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&sweep->lock);
    sweep->gone += code >= 0;
    if (sweep->cleaned)
        sweep->cleaned(sweep->cleaned_context, sweep->names[item],
                       code < 0 ? error.message : NULL);
    pthread_mutex_unlock(&sweep->lock);
}

static int find(struct sweep *sweep, ct_error *error) {
    void *session = sweep->provider->type->session_open(sweep->provider, error);
    if (!session)
        return CT_E_NO_MEMORY;
    ct_wait wait = ct_wait_for(sweep->provider->timeout, -1);
    int code = sweep->provider->type->visit(session, collect, sweep, &wait, error);
    sweep->provider->type->session_close(session);
    return code;
}

int ct_sweep(ct_provider *provider, ct_doomed *doomed, const void *doom_context,
             ct_cleaned *cleaned, void *cleaned_context, ct_error *error) {
    struct sweep sweep = {.provider = provider,
                          .doomed = doomed,
                          .doom_context = doom_context,
                          .cleaned = cleaned,
                          .cleaned_context = cleaned_context};
    ct_arena_init(&sweep.arena);
    pthread_mutex_init(&sweep.lock, NULL);
    int code = find(&sweep, error);
    if (code >= 0 && sweep.count > 0) {
        ct_work work = {
            .begin = begin, .perform = perform, .end = end, .context = &sweep};
        ct_scheduler *scheduler = ct_scheduler_start(&work, sweep.count, SWEEPERS, error);
        code = scheduler ? CT_OK : CT_E_SYSTEM;
        ct_scheduler_join(scheduler);
    }
    pthread_mutex_destroy(&sweep.lock);
    ct_arena_fini(&sweep.arena);
    free(sweep.names);
    return code < 0 ? code : sweep.gone;
}
