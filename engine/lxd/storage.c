/* SPDX-License-Identifier: MIT
 *
 * storage.c - whether instances lie on storage that copies on write, so that a clone
 * costs next to nothing; and what else their profiles say, which decides what is made of
 * them.
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

static bool is(const char *value, const char *wanted) {
    return value && strcmp(value, wanted) == 0;
}

static bool copies_on_write(ct_json *json, size_t pool) {
    const char *driver = pool_field(json, pool, "driver");
    if (is(driver, "lvm"))
        return !is(pool_field(json, pool, "config/lvm.use_thinpool"), "false");
    if (is(driver, "zfs"))
        return !is(pool_field(json, pool, "config/zfs.clone_copy"), "false");
    if (is(driver, "ceph"))
        return !is(pool_field(json, pool, "config/ceph.rbd.clone_copy"), "false");
    return is(driver, "btrfs");
}

/* ---- profiles ---- */

/* What an instance gets besides what is asked for. */
struct given {
    /* of the root device, which is looked for under its usual name; NULL: none */
    char *pool;
    ct_buf *profiles;
};

static int take_pool(struct given *given, const char *pool, ct_error *error) {
    if (!pool)
        return CT_OK;
    free(given->pool);
    given->pool = strdup(pool);
    return given->pool ? CT_OK : ct_fail_memory(error);
}

/* Who else has it, and what it is called for people, is not what it says. */
static int add_profile(struct given *given, ct_json *json, ct_error *error) {
    if (ct_json_set_string(json, "/metadata/used_by", "") < 0 ||
        ct_json_set_string(json, "/metadata/description", "") < 0)
        return ct_fail_memory(error);
    int code = ct_json_write_sorted(json, given->profiles);
    return code < 0 ? ct_fail(error, code, "%s", ct_error_text(code)) : code;
}

static int read_profile(lxd_session *session, struct given *given, const char *name,
                        const ct_wait *wait, ct_error *error) {
    int code = lxd_call(session, "GET", false, wait, error, "/1.0/profiles/%s", name);
    if (code < 0)
        return ct_fail_in(error, code, "profile %s", name);
    if (ct_json_has(session->answer, "/metadata/config/raw.lxc"))
        return ct_fail(error, CT_E_REFUSED, "profile %s has raw.lxc, which bases need",
                       name);
    code = take_pool(
        given, ct_json_string(session->answer, "/metadata/devices/root/pool"), error);
    return code < 0 ? code : add_profile(given, session->answer, error);
}

/* The last one that says something wins. */
static int read_profiles(lxd_session *session, struct given *given, const ct_wait *wait,
                         ct_error *error) {
    bool listed = ct_json_has(session->request, "/profiles");
    size_t count = listed ? ct_json_count(session->request, "/profiles") : 1;
    int code = CT_OK;
    for (size_t i = 0; code == CT_OK && i < count; i++) {
        char path[32];
        snprintf(path, sizeof path, "/profiles/%zu", i);
        const char *name = listed ? ct_json_string(session->request, path) : "default";
        if (name)
            code = read_profile(session, given, name, wait, error);
    }
    return code;
}

/* ---- pools ---- */

static int check_pool(lxd_session *session, const char *name, const ct_wait *wait,
                      ct_error *error) {
    int code =
        lxd_call(session, "GET", false, wait, error, "/1.0/storage-pools?recursion=1");
    if (code < 0)
        return ct_fail_in(error, code, "listing storage pools");
    size_t count = ct_json_count(session->answer, "/metadata");
    size_t pool = name ? 0 : count;
    while (pool < count && !is(pool_field(session->answer, pool, "name"), name))
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

int lxd_clones_cheaply(void *data, const char *json, ct_buf *profiles,
                       const ct_wait *wait, ct_error *error) {
    lxd_session *session = data;
    struct given given = {.profiles = profiles};
    int code = json ? ct_json_parse(session->request, json, strlen(json), error)
                    : ct_json_clear(session->request);
    if (code < 0)
        return code;
    const char *type = ct_json_string(session->request, "/type");
    if (type && strcmp(type, "container") != 0)
        return ct_fail(error, CT_E_REFUSED, "it is a %s", type);
    if (ct_json_has(session->request, "/config/raw.lxc"))
        return ct_fail(error, CT_E_REFUSED, "its config has raw.lxc, which bases need");
    code = read_profiles(session, &given, wait, error);
    if (code == CT_OK)
        code = take_pool(&given, ct_json_string(session->request, "/devices/root/pool"),
                         error);
    if (code == CT_OK)
        code = check_pool(session, given.pool, wait, error);
    free(given.pool);
    return code;
}
