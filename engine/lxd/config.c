/* SPDX-License-Identifier: MIT
 *
 * config.c - what cleantest says in an instance's config, as user.cleantest.*: the lease,
 * and what an instance that is a base says of itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define KEY LXD_CONFIG_KEY

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

/* Sets the fields to "", which is how LXD is told to forget them. */
static int clear_fields(ct_json *json, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (lxd_config_set(json, names[i], "") < 0)
            return CT_E_NO_MEMORY;
    return CT_OK;
}

/* ---- leases ---- */

/* preserved is said, too: a copy of a preserved instance would inherit it. */
int lxd_write_lease(ct_json *json, const ct_lease *lease) {
    if (lxd_config_set(json, "run", lease->run) < 0 ||
        lxd_config_set(json, "host", lease->host) < 0 ||
        lxd_config_set_number(json, "pid", lease->pid) < 0 ||
        lxd_config_set_number(json, "started", (long long) lease->started) < 0 ||
        lxd_config_set_number(json, "expiry", lease->expiry) < 0 ||
        lxd_config_set(json, "creation", lease->creation) < 0 ||
        lxd_config_set(json, "preserved", "false") < 0)
        return CT_E_NO_MEMORY;
    return CT_OK;
}

int lxd_clear_lease(ct_json *json) {
    static const char *const names[] = {"run",    "host",     "pid",      "started",
                                        "expiry", "creation", "preserved"};
    return clear_fields(json, names, CT_COUNT(names));
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

/* ---- bases ---- */

/* The init is said even when the instance has its own: a copy of what is not complete yet
 * would inherit the idle one. */
int lxd_write_base(ct_json *json, const char *key, const char *idle) {
    static const char *const names[] = {"complete", "sealed", "label", "inputs",
                                        "reason",   "built",  "used",  "size"};
    char init[256] = "";
    if (lxd_config_set(json, "base", key) < 0 ||
        clear_fields(json, names, CT_COUNT(names)) < 0)
        return CT_E_NO_MEMORY;
    if (idle)
        snprintf(init, sizeof init, LXD_INIT_COMMAND "%s", idle);
    return ct_json_set_string(json, "/config/raw.lxc", init);
}
