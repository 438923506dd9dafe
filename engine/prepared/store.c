/* SPDX-License-Identifier: MIT
 *
 * store.c - lists the bases, and deletes those that are to go: spoiled and old ones, and
 * beyond the limits those that were not used for the longest time.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "prepared/prepared_private.h"

/* The limits where the settings do not say. */
#define AGE   (7 * 86400.0)         /* seconds */
#define COUNT 50                    /* bases */
#define SIZE  ((uint64_t) 20 << 30) /* bytes, of all bases */

/* ---- the list ---- */

/* A copy that somebody has made of a base, under another name, says the same of itself,
 * but is theirs. */
static bool has_its_name(const ct_base *base) {
    ct_base_place place;
    ct_base_place_init(&place, base->key);
    return ct_base_place_has(&place, base->instance);
}

static void keep_base(void *context, const ct_base *base) {
    ct_base_list *list = context;
    if (!has_its_name(base))
        return;
    ct_base *bases = realloc(list->bases, (list->count + 1) * sizeof *bases);
    if (!bases) {
        list->arena.failed = true;
        return;
    }
    list->bases = bases;
    ct_base *kept = &bases[list->count++];
    *kept = *base;
    kept->instance = ct_arena_string(&list->arena, base->instance);
    kept->key = ct_arena_string(&list->arena, base->key);
    kept->label = ct_arena_string(&list->arena, base->label);
    kept->inputs = ct_arena_string(&list->arena, base->inputs);
    kept->reason = ct_arena_string(&list->arena, base->reason);
}

static int visit_bases(ct_session *session, void *list, const ct_wait *wait,
                       ct_error *error) {
    return session->provider->bases->visit(session, keep_base, list, wait, error);
}

int ct_base_list_read(ct_base_list *list, ct_provider *provider, const ct_wait *wait,
                      ct_error *error) {
    *list = (ct_base_list){0};
    ct_arena_init(&list->arena);
    int code = ct_with_session(provider, visit_bases, list, wait, error);
    if (code == CT_OK && list->arena.failed)
        code = ct_fail_memory(error);
    return code;
}

void ct_base_list_fini(ct_base_list *list) {
    free(list->bases);
    ct_arena_fini(&list->arena);
    *list = (ct_base_list){0};
}

const ct_base *ct_base_list_find(const ct_base_list *list, const char *key) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->bases[i].key, key) == 0)
            return &list->bases[i];
    return NULL;
}

/* ---- what is to go ---- */

bool ct_base_expired(const ct_base *base, const ct_base_limits *limits) {
    double age = limits->age > 0 ? limits->age : AGE;
    return base->built > 0 && (double) time(NULL) - (double) base->built > age;
}

/* The base that was used last comes first; of those used at the same time, the one that
 * was built last. */
static int by_use(const void *one, const void *other) {
    const ct_base *first = one, *second = other;
    if (first->used != second->used)
        return first->used < second->used ? 1 : -1;
    return (first->built < second->built) - (first->built > second->built);
}

/* Moves the bases that stay to the front, and returns how many they are. */
static size_t choose_kept(ct_base_list *list, const ct_base_limits *limits) {
    if (!limits || list->count == 0)
        return 0;
    size_t most = limits->count ? limits->count : COUNT, kept = 0;
    uint64_t room = limits->size ? limits->size : SIZE;
    qsort(list->bases, list->count, sizeof *list->bases, by_use);
    for (size_t i = 0; i < list->count; i++) {
        ct_base base = list->bases[i];
        bool stays = base.state == CT_BASE_READY && !ct_base_expired(&base, limits) &&
                     kept < most && base.size <= room;
        if (!stays)
            continue;
        room -= base.size;
        list->bases[i] = list->bases[kept];
        list->bases[kept++] = base;
    }
    return kept;
}

int ct_base_discard(ct_session *session, const ct_base *base, const ct_cleaned_sink *sink,
                    const ct_wait *wait) {
    const ct_provider *provider = session->provider;
    ct_error error = {0};
    ct_base_place place;
    ct_base_place_init(&place, base->key);
    int code = provider->bases->find(session, &place, wait, &error);
    if (code == CT_OK && (place.state != base->state || !place.instance ||
                          strcmp(place.instance, base->instance) != 0))
        return 0; /* others were here since it was listed */
    if (code == CT_OK)
        code = provider->instances->destroy(session, base->instance, wait, &error);
    ct_tell_cleaned(sink, base->instance, code < 0 ? error.message : NULL);
    return code == CT_OK;
}

/* Which bases of a list are deleted. */
struct pruning {
    const ct_base_list *list;
    size_t first; /* of those that go */
    const ct_cleaned_sink *sink;
};

/* Deletes them, but none that is being built. Returns how many are gone. */
static int discard_listed(ct_session *session, void *context, const ct_wait *outer,
                          ct_error *error) {
    const struct pruning *pruning = context;
    const ct_base_list *list = pruning->list;
    int gone = 0, code = CT_OK;
    for (size_t i = pruning->first; code == CT_OK && i < list->count; i++) {
        ct_wait wait = ct_wait_for(session->provider->timeout, outer->cancel);
        code = ct_wait_check(&wait, error);
        if (code == CT_OK && list->bases[i].state != CT_BASE_BUILDING)
            gone += ct_base_discard(session, &list->bases[i], pruning->sink, &wait);
    }
    return code < 0 ? code : gone;
}

int ct_base_prune(ct_provider *provider, const ct_base_limits *limits, int cancel,
                  const ct_cleaned_sink *sink, ct_error *error) {
    ct_base_list list;
    ct_wait wait = ct_wait_for(provider->timeout, cancel);
    int code = ct_base_list_read(&list, provider, &wait, error);
    struct pruning pruning = {.list = &list, .sink = sink};
    pruning.first = code < 0 ? list.count : choose_kept(&list, limits);
    if (pruning.first < list.count)
        code = ct_with_session(provider, discard_listed, &pruning, &wait, error);
    ct_base_list_fini(&list);
    return code;
}
