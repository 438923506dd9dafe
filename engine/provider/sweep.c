/* SPDX-License-Identifier: MIT
 *
 * sweep.c - deleting many instances at once, by their leases: for `cleantest clean`, and
 * for the reaper. It never touches an instance without a lease.
 */
#include <stdlib.h>
#include <string.h>

#include "provider/provider.h"
#include "schedule/schedule.h"

#define SWEEPERS 8 /* threads; deleting is LXD's work, not ours */

struct victim {
    char *name;     /* in the arena */
    ct_error error; /* code CT_OK: it is gone */
};

struct sweep {
    ct_provider *provider;
    ct_doomed *doomed;
    const void *doom_context;
    ct_error *error; /* the caller's; may be NULL */
    ct_arena arena;
    struct victim *victims; /* each is one thread's while it is deleted */
    size_t count;
};

static int collect(void *data, const char *instance, const ct_lease *lease) {
    struct sweep *sweep = data;
    if (lease->preserved || !sweep->doomed(sweep->doom_context, instance, lease))
        return CT_OK;
    struct victim *victims =
        realloc(sweep->victims, (sweep->count + 1) * sizeof *victims);
    if (victims)
        sweep->victims = victims;
    char *name = victims ? ct_arena_string(&sweep->arena, instance) : NULL;
    if (!name)
        return ct_fail_memory(sweep->error);
    victims[sweep->count++] = (struct victim){.name = name};
    return CT_OK;
}

static void *begin(void *context) {
    struct sweep *sweep = context;
    void *session; /* NULL: perform() tries again, and says why it can't */
    return sweep->provider->type->session_open(sweep->provider, &session, NULL) < 0
               ? NULL
               : session;
}

static void end(void *context, void *session) {
    struct sweep *sweep = context;
    sweep->provider->type->session_close(session);
}

static void perform(void *context, void **session, size_t item) {
    struct sweep *sweep = context;
    ct_provider *provider = sweep->provider;
    struct victim *victim = &sweep->victims[item];
    ct_wait wait = ct_wait_for(provider->timeout, -1);
    int code = *session ? CT_OK
                        : provider->type->session_open(provider, session, &victim->error);
    if (code == CT_OK)
        code = provider->type->destroy(*session, victim->name, &wait, &victim->error);
    victim->error.code = code;
}

/* Tells the caller, on its own thread. Returns how many are gone. */
static int report(const struct sweep *sweep, ct_cleaned *cleaned, void *context) {
    int gone = 0;
    for (size_t i = 0; i < sweep->count; i++) {
        const struct victim *victim = &sweep->victims[i];
        gone += victim->error.code >= 0;
        if (cleaned)
            cleaned(context, victim->name,
                    victim->error.code < 0 ? victim->error.message : NULL);
    }
    return gone;
}

static int find(struct sweep *sweep, ct_error *error) {
    void *session;
    int code = sweep->provider->type->session_open(sweep->provider, &session, error);
    if (code < 0)
        return code;
    ct_wait wait = ct_wait_for(sweep->provider->timeout, -1);
    code = sweep->provider->type->visit(session, collect, sweep, &wait, error);
    sweep->provider->type->session_close(session);
    return code;
}

int ct_sweep(ct_provider *provider, ct_doomed *doomed, const void *doom_context,
             ct_cleaned *cleaned, void *cleaned_context, ct_error *error) {
    struct sweep sweep = {.provider = provider,
                          .doomed = doomed,
                          .doom_context = doom_context,
                          .error = error};
    ct_arena_init(&sweep.arena);
    int code = find(&sweep, error);
    if (code >= 0 && sweep.count > 0) {
        ct_work work = {
            .begin = begin, .perform = perform, .end = end, .context = &sweep};
        ct_scheduler *scheduler;
        code = ct_scheduler_start(&work, NULL, sweep.count, SWEEPERS, &scheduler, error);
        ct_scheduler_join(scheduler);
    }
    if (code >= 0)
        code = report(&sweep, cleaned, cleaned_context);
    ct_arena_fini(&sweep.arena);
    free(sweep.victims);
    return code;
}
