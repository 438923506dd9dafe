/* SPDX-License-Identifier: MIT
 *
 * store.c - the bases there are, as a list; and which of them are to go: the spoiled and
 * the old ones, and beyond the limits those that were not used for the longest time.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "prepared/prepared_private.h"

#define AGE   (7 * 86400.0) /* seconds */
#define COUNT 50
#define SIZE  ((uint64_t) 20 << 30) /* bytes */

/* ---- the list ---- */

/* What somebody has copied from a base, under another name, says the same, but is
 * theirs. */
static bool has_its_name(const ct_base *base) {
    ct_base_look look;
    ct_base_look_init(&look, base->key);
    return strcmp(base->instance, look.base) == 0 ||
           strcmp(base->instance, look.build) == 0;
}

static void keep(void *context, const ct_base *base) {
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

int ct_base_list_read(ct_base_list *list, ct_provider *provider, const ct_wait *wait,
                      ct_error *error) {
    *list = (ct_base_list){0};
    ct_arena_init(&list->arena);
    void *session;
    int code = provider->type->session_open(provider, &session, error);
    if (code == CT_OK)
        code = provider->type->visit_bases(session, keep, list, wait, error);
    provider->type->session_close(session);
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

/* The last used first; of those used at the same time, the last built. */
static int by_use(const void *one, const void *other) {
    const ct_base *first = one, *second = other;
    if (first->used != second->used)
        return first->used < second->used ? 1 : -1;
    return (first->built < second->built) - (first->built > second->built);
}

/* Sorts those that stay, the last used first, to the front; returns how many they are. */
static size_t choose(ct_base_list *list, const ct_base_limits *limits) {
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

int ct_base_discard(ct_provider *provider, void *session, const ct_base *base,
                    ct_cleaned *cleaned, void *context, const ct_wait *wait) {
    ct_error error = {0};
    ct_base_look look;
    ct_base_look_init(&look, base->key);
    int code = provider->type->find_base(session, &look, wait, &error);
    if (code == CT_OK && (look.state != base->state || !look.instance ||
                          strcmp(look.instance, base->instance) != 0))
        return 0; /* others were here since it was listed */
    if (code == CT_OK)
        code = provider->type->destroy(session, base->instance, wait, &error);
    if (cleaned)
        cleaned(context, base->instance, code < 0 ? error.message : NULL);
    return code == CT_OK;
}

/* Those from the number on, but none that is being built. Returns how many are gone. */
static int discard_from(ct_base_list *list, size_t first, ct_provider *provider,
                        int cancel, ct_cleaned *cleaned, void *context, ct_error *error) {
    int gone = 0;
    void *session;
    int code = provider->type->session_open(provider, &session, error);
    for (size_t i = first; code == CT_OK && i < list->count; i++) {
        ct_wait wait = ct_wait_for(provider->timeout, cancel);
        code = ct_wait_check(&wait, error);
        if (code == CT_OK && list->bases[i].state != CT_BASE_BUILDING)
            gone += ct_base_discard(provider, session, &list->bases[i], cleaned, context,
                                    &wait);
    }
    provider->type->session_close(session);
    return code < 0 ? code : gone;
}

int ct_base_prune(ct_provider *provider, const ct_base_limits *limits, int cancel,
                  ct_cleaned *cleaned, void *context, ct_error *error) {
    ct_base_list list;
    ct_wait wait = ct_wait_for(provider->timeout, cancel);
    int code = ct_base_list_read(&list, provider, &wait, error);
    size_t kept = code < 0 ? list.count : choose(&list, limits);
    if (kept < list.count)
        code = discard_from(&list, kept, provider, cancel, cleaned, context, error);
    ct_base_list_fini(&list);
    return code;
}
