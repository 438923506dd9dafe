/* SPDX-License-Identifier: MIT
 *
 * sweep.c - deletes many instances at once, by their leases. An instance without a lease
 * is never touched.
 */
#include <stdlib.h>
#include <string.h>

#include "provider/provider.h"
#include "schedule/schedule.h"

#define SWEEPERS 8 /* threads, which mostly wait for LXD */

struct victim {
    char *name;     /* in the arena */
    ct_error error; /* code CT_OK: it is gone */
};

struct sweep {
    ct_provider *provider;
    ct_doomed *doomed;
    const void *context;
    ct_error *error; /* the caller's; may be NULL */
    ct_arena arena;
    struct victim *victims; /* each belongs to the thread that deletes it */
    size_t count;
};

static int collect(void *data, const char *instance, const ct_lease *lease) {
    struct sweep *sweep = data;
    if (lease->preserved || !sweep->doomed(sweep->context, instance, lease))
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

static void end_sweeper(void *context, void *state) {
    (void) context;
    ct_session_close(state);
}

static void delete_victim(void *context, void **state, size_t item) {
    struct sweep *sweep = context;
    ct_provider *provider = sweep->provider;
    struct victim *victim = &sweep->victims[item];
    ct_wait wait = ct_wait_for(provider->timeout, -1);
    ct_session *session = *state;
    int code = ct_session_ensure(provider, &session, &victim->error);
    *state = session;
    if (code == CT_OK)
        code = provider->instances->destroy(session, victim->name, &wait, &victim->error);
    victim->error.code = code;
}

void ct_tell_cleaned(const ct_cleaned_sink *sink, const char *instance, const char *why) {
    if (sink && sink->cleaned)
        sink->cleaned(sink->context, instance, why);
}

/* Tells the caller, on the caller's own thread. Returns how many are gone. */
static int report(const struct sweep *sweep, const ct_cleaned_sink *sink) {
    int gone = 0;
    for (size_t i = 0; i < sweep->count; i++) {
        const struct victim *victim = &sweep->victims[i];
        bool failed = victim->error.code < 0;
        gone += !failed;
        ct_tell_cleaned(sink, victim->name, failed ? victim->error.message : NULL);
    }
    return gone;
}

static int find_victims(ct_session *session, void *context, const ct_wait *wait,
                        ct_error *error) {
    return session->provider->instances->visit(session, collect, context, wait, error);
}

int ct_sweep(ct_provider *provider, ct_doomed *doomed, const void *context,
             const ct_cleaned_sink *sink, ct_error *error) {
    struct sweep sweep = {
        .provider = provider, .doomed = doomed, .context = context, .error = error};
    ct_arena_init(&sweep.arena);
    ct_wait wait = ct_wait_for(provider->timeout, -1);
    int code = ct_with_session(provider, find_victims, &sweep, &wait, error);
    if (code >= 0 && sweep.count > 0) {
        ct_work work = {.perform = delete_victim, .end = end_sweeper, .context = &sweep};
        ct_scheduler *scheduler;
        code = ct_scheduler_start(&work, NULL, sweep.count, SWEEPERS, &scheduler, error);
        ct_scheduler_join(scheduler);
    }
    if (code >= 0)
        code = report(&sweep, sink);
    ct_arena_fini(&sweep.arena);
    free(sweep.victims);
    return code;
}
