/* SPDX-License-Identifier: MIT
 *
 * lxd_storage.c - whether instances lie on storage that copies on write, so that a clone costs
 * next to nothing.
 */
#include <stdio.h>
#include <string.h>

#include "lxd.h"

static const char *pool_field(ct_json *json, size_t pool, const char *name) {
    char path[160];
    snprintf(path, sizeof path, "/metadata/%zu/%s", pool, name);
    return ct_json_string(json, path);
}

/* true when the pool's users include the profile. */
static bool used_by(ct_json *json, size_t pool, const char *profile) {
    char path[96], wanted[256];
    snprintf(path, sizeof path, "/metadata/%zu/used_by", pool);
    snprintf(wanted, sizeof wanted, "/1.0/profiles/%s", profile);
    size_t count = ct_json_count(json, path);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "used_by/%zu", i);
        const char *user = pool_field(json, pool, path);
        if (user && strncmp(user, wanted, strlen(wanted)) == 0 &&
            (!user[strlen(wanted)] || user[strlen(wanted)] == '?'))
            return true;
    }
    return false;
}

static bool copies_on_write(ct_json *json, size_t pool) {
    const char *driver = pool_field(json, pool, "driver");
    if (driver && strcmp(driver, "lvm") == 0) {
        const char *thin = pool_field(json, pool, "config/lvm.use_thinpool");
        return !thin || strcmp(thin, "false") != 0;
    }
    return driver && (strcmp(driver, "btrfs") == 0 || strcmp(driver, "zfs") == 0 ||
                      strcmp(driver, "ceph") == 0);
}

/* The pool that the request's own root device, or its last profile that has one, is in. The
 * device is looked for under its usual name. */
static size_t find_pool(ct_json *request, ct_json *pools, size_t count) {
    const char *named = ct_json_string(request, "/devices/root/pool");
    for (size_t i = 0; named && i < count; i++) {
        const char *name = pool_field(pools, i, "name");
        if (name && strcmp(name, named) == 0)
            return i;
    }
    size_t profiles = ct_json_count(request, "/profiles");
    bool listed = ct_json_has(request, "/profiles");
    for (size_t p = listed ? profiles : 1; p > 0; p--) {
        char path[32];
        snprintf(path, sizeof path, "/profiles/%zu", p - 1);
        const char *profile = listed ? ct_json_string(request, path) : "default";
        for (size_t i = 0; profile && i < count; i++)
            if (used_by(pools, i, profile))
                return i;
    }
    return count == 1 ? 0 : count;
}

int lxd_clones_cheaply(void *data, const char *json, const ct_wait *wait,
                       ct_error *error) {
    lxd_session *session = data;
    int code = json ? ct_json_parse(session->request, json, strlen(json), error)
                    : ct_json_clear(session->request);
    if (code < 0)
        return code;
    const char *type = ct_json_string(session->request, "/type");
    if (type && strcmp(type, "container") != 0)
        return ct_fail(error, CT_E_REFUSED, "it is a %s", type);
    if (ct_json_has(session->request, "/config/raw.lxc"))
        return ct_fail(error, CT_E_REFUSED, "its config has raw.lxc, which bases need");
    code = lxd_call(session, "GET", false, wait, error, "/1.0/storage-pools?recursion=1");
    if (code < 0)
        return ct_fail_in(error, code, "listing storage pools");
    size_t count = ct_json_count(session->answer, "/metadata");
    size_t pool = find_pool(session->request, session->answer, count);
    if (pool == count)
        return ct_fail(error, CT_E_REFUSED, "its storage pool can't be told");
    if (copies_on_write(session->answer, pool))
        return CT_OK;
    const char *name = pool_field(session->answer, pool, "name");
    const char *driver = pool_field(session->answer, pool, "driver");
    return ct_fail(error, CT_E_REFUSED,
                   "storage pool %s is of driver %s, which copies all of an instance",
                   name ? name : "?", driver ? driver : "?");
}
