/* SPDX-License-Identifier: MIT
 *
 * config.c - what cleantest says in an instance's config, as user.cleantest.*: the lease,
 * and the marks of a base. Written into create requests, and read from listings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define KEY LXD_CONFIG_KEY

int lxd_write_lease(ct_json *json, const ct_lease *lease) {
    char pid[32], start[32], expiry[32];
    snprintf(pid, sizeof pid, "%ld", lease->pid);
    snprintf(start, sizeof start, "%llu", (unsigned long long) lease->started);
    snprintf(expiry, sizeof expiry, "%lld", lease->expiry);
    if (ct_json_set_string(json, "/config/" KEY "run", lease->run) < 0 ||
        ct_json_set_string(json, "/config/" KEY "host", lease->host) < 0 ||
        ct_json_set_string(json, "/config/" KEY "pid", pid) < 0 ||
        ct_json_set_string(json, "/config/" KEY "started", start) < 0 ||
        ct_json_set_string(json, "/config/" KEY "expiry", expiry) < 0 ||
        ct_json_set_string(json, "/config/" KEY "creation", lease->creation) < 0 ||
        /* said, since a copy of a preserved instance would inherit it */
        ct_json_set_string(json, "/config/" KEY "preserved", "false") < 0)
        return CT_E_NO_MEMORY;
    return CT_OK;
}

static const char *lease_field(ct_json *json, const char *instance, const char *name) {
    char path[96];
    snprintf(path, sizeof path, "%s/config/" KEY "%s", instance, name);
    return ct_json_string(json, path);
}

bool lxd_read_lease(ct_json *json, const char *instance, ct_lease *lease) {
    const char *run = lease_field(json, instance, "run");
    const char *host = lease_field(json, instance, "host");
    const char *pid = lease_field(json, instance, "pid");
    const char *start = lease_field(json, instance, "started");
    const char *expiry = lease_field(json, instance, "expiry");
    const char *preserved = lease_field(json, instance, "preserved");
    if (!run || !host || !pid || !start || !expiry)
        return false;
    *lease = (ct_lease){.pid = strtol(pid, NULL, 10),
                        .started = strtoull(start, NULL, 10),
                        .expiry = strtoll(expiry, NULL, 10),
                        .preserved = preserved && strcmp(preserved, "true") == 0};
    snprintf(lease->run, sizeof lease->run, "%s", run);
    snprintf(lease->host, sizeof lease->host, "%s", host);
    const char *creation = lease_field(json, instance, "creation");
    snprintf(lease->creation, sizeof lease->creation, "%s", creation ? creation : "");
    return true;
}

int lxd_config_set(ct_json *json, const char *name, const char *value) {
    char path[64];
    snprintf(path, sizeof path, "/config/" KEY "%s", name);
    return ct_json_set_string(json, path, value ? value : "");
}

int lxd_config_set_number(ct_json *json, const char *name, long long value) {
    char text[32];
    snprintf(text, sizeof text, "%lld", value);
    return lxd_config_set(json, name, text);
}

int lxd_write_base(ct_json *json, const char *key, const char *idle) {
    if (lxd_config_set(json, "base", key) < 0 ||
        lxd_config_set(json, "complete", "") < 0 ||
        lxd_config_set(json, "sealed", "") < 0 || lxd_config_set(json, "label", "") < 0 ||
        lxd_config_set(json, "inputs", "") < 0 ||
        lxd_config_set(json, "reason", "") < 0 || lxd_config_set(json, "built", "") < 0 ||
        lxd_config_set(json, "used", "") < 0 || lxd_config_set(json, "size", "") < 0)
        return CT_E_NO_MEMORY;
    /* said even when it is its own: a copy of what is not yet complete would inherit
     * the other */
    char init[256] = "";
    if (idle)
        snprintf(init, sizeof init, LXD_INIT_COMMAND "%s", idle);
    return ct_json_set_string(json, "/config/raw.lxc", init);
}
