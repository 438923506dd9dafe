/* SPDX-License-Identifier: MIT
 *
 * storage.c - tells whether instances lie on storage that copies on write, where a clone
 * costs next to nothing; and what their profiles say, since that decides what instances
 * are like.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

static const char *pool_field(ct_json *json, size_t pool, const char *name) {
    char path[160];
    snprintf(path, sizeof path, "/metadata/%zu/%s", pool, name);
    return ct_json_string(json, path);
}

static bool copies_on_write(ct_json *json, size_t pool) {
    const char *driver = pool_field(json, pool, "driver");
    if (ct_same_text(driver, "lvm"))
        return !ct_same_text(pool_field(json, pool, "config/lvm.use_thinpool"), "false");
    if (ct_same_text(driver, "zfs"))
        return !ct_same_text(pool_field(json, pool, "config/zfs.clone_copy"), "false");
    if (ct_same_text(driver, "ceph"))
        return !ct_same_text(pool_field(json, pool, "config/ceph.rbd.clone_copy"),
                             "false");
    return ct_same_text(driver, "btrfs");
}

/* ---- profiles ---- */

/* What an instance's profiles say. */
struct profile_scan {
    char *pool;       /* the root device's; NULL: no profile has the device "root" */
    ct_buf *profiles; /* gets all of them, as text */
};

static int take_pool(struct profile_scan *scan, const char *pool, ct_error *error) {
    if (!pool)
        return CT_OK;
    free(scan->pool);
    scan->pool = strdup(pool);
    return scan->pool ? CT_OK : ct_fail_memory(error);
}

/* Leaves out who else has the profile, and the description that is meant for people:
 * neither changes an instance. */
static int add_profile(struct profile_scan *scan, ct_json *json, ct_error *error) {
    if (ct_json_set_string(json, "/metadata/used_by", "") < 0 ||
        ct_json_set_string(json, "/metadata/description", "") < 0)
        return ct_fail_memory(error);
    int code = ct_json_write_sorted(json, scan->profiles);
    return code < 0 ? ct_fail(error, code, "%s", ct_error_text(code)) : code;
}

static int read_profile(lxd_session *session, struct profile_scan *scan, const char *name,
                        const ct_wait *wait, ct_error *error) {
    int code = lxd_get(session, wait, error, "/1.0/profiles/%s", name);
    if (code < 0)
        return ct_fail_in(error, code, "profile %s", name);
    if (ct_json_has(session->answer, "/metadata/config/raw.lxc"))
        return ct_fail(error, CT_E_REFUSED, "profile %s has raw.lxc, which bases need",
                       name);
    code = take_pool(scan, ct_json_string(session->answer, "/metadata/devices/root/pool"),
                     error);
    return code < 0 ? code : add_profile(scan, session->answer, error);
}

/* In the profiles' order: where several name a pool, the last one counts. */
static int read_profiles(lxd_session *session, struct profile_scan *scan,
                         const ct_wait *wait, ct_error *error) {
    bool listed = ct_json_has(session->request, "/profiles");
    size_t count = listed ? ct_json_count(session->request, "/profiles") : 1;
    int code = CT_OK;
    for (size_t i = 0; code == CT_OK && i < count; i++) {
        char path[32];
        snprintf(path, sizeof path, "/profiles/%zu", i);
        const char *name = listed ? ct_json_string(session->request, path) : "default";
        if (name)
            code = read_profile(session, scan, name, wait, error);
    }
    return code;
}

/* ---- pools ---- */

static int check_pool(lxd_session *session, const char *name, const ct_wait *wait,
                      ct_error *error) {
    int code = lxd_get(session, wait, error, "/1.0/storage-pools?recursion=1");
    if (code < 0)
        return ct_fail_in(error, code, "listing storage pools");
    size_t count = ct_json_count(session->answer, "/metadata");
    size_t pool = name ? 0 : count;
    while (pool < count && !ct_same_text(pool_field(session->answer, pool, "name"), name))
        pool++;
    if (pool == count && count != 1)
        return ct_fail(error, CT_E_REFUSED, "its storage pool can't be told");
    pool = pool < count ? pool : 0;
    if (copies_on_write(session->answer, pool))
        return CT_OK;
    const char *driver = pool_field(session->answer, pool, "driver");
    const char *called = pool_field(session->answer, pool, "name");
    return ct_fail(error, CT_E_REFUSED,
                   "storage pool %s is of driver %s, which copies all of an instance",
                   called ? called : "?", driver ? driver : "?");
}

int lxd_clones_cheaply(ct_session *base, const char *json, ct_buf *profiles,
                       const ct_wait *wait, ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    struct profile_scan scan = {.profiles = profiles};
    int code = json ? ct_json_parse(session->request, json, strlen(json), error)
                    : ct_json_clear(session->request);
    if (code < 0)
        return code;
    const char *type = ct_json_string(session->request, "/type");
    if (type && strcmp(type, "container") != 0)
        return ct_fail(error, CT_E_REFUSED, "it is a %s", type);
    if (ct_json_has(session->request, "/config/raw.lxc"))
        return ct_fail(error, CT_E_REFUSED, "its config has raw.lxc, which bases need");
    code = read_profiles(session, &scan, wait, error);
    if (code == CT_OK)
        code = take_pool(&scan, ct_json_string(session->request, "/devices/root/pool"),
                         error);
    if (code == CT_OK)
        code = check_pool(session, scan.pool, wait, error);
    free(scan.pool);
    return code;
}
