/* SPDX-License-Identifier: MIT
 *
 * instances.c - the instances there would be: a hash table of names, configs and states;
 * what happens to them is announced.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/basic.h"
#include "simulated.h"

#define BUCKETS 4096

static struct instance *buckets[BUCKETS];

static struct instance **bucket_of(const char *name) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char) *name) * 16777619u;
    return &buckets[hash % BUCKETS];
}

const char *state_name(enum state state) {
    static const char *const names[] = {"Stopped", "Running", "Frozen"};
    return names[state];
}

struct instance *instance_find(const char *name) {
    struct instance *instance = *bucket_of(name);
    while (instance && strcmp(instance->name, name) != 0)
        instance = instance->next;
    return instance;
}

static void set_config(struct instance *instance, struct span base, struct span over) {
    ct_buf config;
    ct_buf_init(&config, TEXT_MAX);
    json_merge(&config, base, over);
    free(instance->config);
    instance->config = got(ct_buf_take(&config, NULL));
}

struct instance *instance_add(const char *name, struct span request,
                              const struct instance *from) {
    struct instance *instance = got(calloc(1, sizeof *instance));
    struct instance **bucket = bucket_of(name);
    struct span base = {0};
    if (from)
        base = (struct span){from->config, strlen(from->config)};
    instance->name = got(strdup(name));
    instance->ephemeral = json_is(json_get(request, "ephemeral"), "true");
    set_config(instance, base, json_get(request, "config"));
    instance->next = *bucket;
    *bucket = instance;
    connections_announce("created", name);
    return instance;
}

void instance_change(struct instance *instance, struct span request, bool whole) {
    struct span base = {0}, ephemeral = json_get(request, "ephemeral");
    if (!whole)
        base = (struct span){instance->config, strlen(instance->config)};
    set_config(instance, base, json_get(request, "config"));
    if (whole || ephemeral.at)
        instance->ephemeral = json_is(ephemeral, "true");
    connections_announce("updated", instance->name);
}

void instance_enter(struct instance *instance, enum state state, const char *action) {
    if (instance->state == STOPPED && state == RUNNING)
        clock_gettime(CLOCK_REALTIME, &instance->used);
    instance->state = state;
    connections_announce(action, instance->name);
}

static void leave_bucket(struct instance *instance) {
    struct instance **at = bucket_of(instance->name);
    while (*at != instance)
        at = &(*at)->next;
    *at = instance->next;
}

struct instance *instance_rename(struct instance *instance, const char *name) {
    struct instance **bucket = bucket_of(name);
    leave_bucket(instance);
    free(instance->name);
    instance->name = got(strdup(name));
    instance->next = *bucket;
    *bucket = instance;
    connections_announce("renamed", name);
    return instance;
}

void instance_remove(struct instance *instance) {
    leave_bucket(instance);
    connections_announce("deleted", instance->name);
    free(instance->name);
    free(instance->config);
    free(instance);
}

static void write_time(const struct timespec *time, char text[64]) {
    struct tm parts;
    gmtime_r(&time->tv_sec, &parts);
    size_t length = strftime(text, 64, "%Y-%m-%dT%H:%M:%S", &parts);
    if (time->tv_sec)
        snprintf(text + length, 64 - length, ".%09ldZ", time->tv_nsec);
    else
        snprintf(text + length, 64 - length, "Z");
}

void instance_write(const struct instance *instance, ct_buf *out) {
    static const int codes[] = {102, 103, 110};
    char used[64];
    write_time(&instance->used, used);
    must(ct_buf_format(out,
                       "{\"name\":\"%s\",\"type\":\"container\",\"architecture\":"
                       "\"x86_64\",\"status\":\"%s\",\"status_code\":%d,\"ephemeral\":%s,"
                       "\"stateful\":false,\"project\":\"default\",\"location\":\"none\","
                       "\"description\":\"\",\"profiles\":[\"default\"],\"devices\":{},"
                       "\"expanded_devices\":{},\"last_used_at\":\"%s\",\"config\":%s,"
                       "\"expanded_config\":%s}",
                       instance->name, state_name(instance->state),
                       codes[instance->state], instance->ephemeral ? "true" : "false",
                       used, instance->config, instance->config));
}

size_t instance_tell_left(bool print) {
    size_t count = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct instance *at = buckets[i]; at; at = at->next) {
            if (!strstr(at->config, "\"user.cleantest.run\""))
                continue;
            count++;
            if (print)
                printf("left %s\n", at->name);
        }
    }
    return count;
}

void instance_list(ct_buf *out, bool recursion) {
    const char *separator = "";
    must(ct_buf_add(out, "[", 1));
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct instance *at = buckets[i]; at; at = at->next) {
            must(ct_buf_format(out, "%s", separator));
            if (recursion)
                instance_write(at, out);
            else
                must(ct_buf_format(out, "\"/1.0/instances/%s\"", at->name));
            separator = ",";
        }
    }
    must(ct_buf_add(out, "]", 1));
}
