/* SPDX-License-Identifier: MIT
 *
 * names.c - what instances and bases are called, and what can be told from a name. Nobody
 * else makes up a name or takes one apart.
 */
#include <stdio.h>
#include <string.h>

#include "provider/provider.h"

#define BASE_PREFIX  "ct-base-"
#define BUILD_PREFIX "ct-build-"

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* LXD takes letters, digits and "-", in any locale of ours, and a letter first. */
static void make_legal(char *label) {
    for (char *c = label; *c; c++)
        if (!strchr(letters, *c) && !strchr("0123456789", *c))
            *c = '-';
    if (*label && !strchr(letters, *label))
        *label = 't';
}

void ct_name_instance(char name[CT_INSTANCE_NAME_MAX + 1], const char *label,
                      const char *run, size_t number) {
    char tail[40];
    int length = snprintf(tail, sizeof tail, "-%s-%zu", run, number);
    size_t room = (size_t) (CT_INSTANCE_NAME_MAX - length);
    snprintf(name, room + 1, "%s", label);
    make_legal(name);
    memcpy(name + strlen(name), tail, (size_t) length + 1);
}

bool ct_name_has_run(const char *name, const char *run) {
    char mark[32];
    snprintf(mark, sizeof mark, "-%s-", run);
    return strstr(name, mark) != NULL;
}

void ct_base_place_init(ct_base_place *place, const char *key) {
    *place = (ct_base_place){.key = key, .state = CT_BASE_ABSENT};
    snprintf(place->base, sizeof place->base, BASE_PREFIX "%.24s", key);
    snprintf(place->build, sizeof place->build, BUILD_PREFIX "%.24s", key);
}

bool ct_base_place_has(const ct_base_place *place, const char *instance) {
    return strcmp(instance, place->base) == 0 || strcmp(instance, place->build) == 0;
}

const char *ct_base_place_digits(const ct_base_place *place) {
    return place->build + strlen(BUILD_PREFIX);
}

bool ct_name_is_build(const char *name) {
    return strncmp(name, BUILD_PREFIX, strlen(BUILD_PREFIX)) == 0;
}
