/* SPDX-License-Identifier: MIT
 *
 * operations.c - what LXD is doing in the background, and has done in the last seconds.
 * The operations are listed by their paths, and then asked for one by one. A list with
 * recursion=1 would write out all of them at once, and LXD up to 5.0.2 crashes with
 * "concurrent map iteration and map write" when it writes out the operation of a program
 * in the moment in which that program ends (Operation.ExtendMetadata() in its
 * lxd/operations/operations.go).
 */
#include <stdio.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define PATHS_MAX CT_MIB /* bytes of all paths */

static bool is_operation(const char *path) {
    size_t prefix = sizeof LXD_OPERATIONS - 1;
    return strncmp(path, LXD_OPERATIONS, prefix) == 0 && strlen(path) < LXD_PATH_MAX / 2;
}

/* Adds the paths of one group to the list, each with a NUL. */
static int add_group(ct_json *json, const char *group, ct_buf *paths) {
    char place[64];
    snprintf(place, sizeof place, "/metadata/%s", group);
    size_t count = ct_json_count(json, place);
    int code = CT_OK;
    for (size_t i = 0; code == CT_OK && i < count; i++) {
        snprintf(place, sizeof place, "/metadata/%s/%zu", group, i);
        const char *path = ct_json_string(json, place);
        if (!path || !is_operation(path))
            return CT_E_PROTOCOL;
        code = ct_buf_add(paths, path, strcspn(path, "?"));
        if (code == CT_OK)
            code = ct_buf_add(paths, "", 1);
    }
    return code;
}

static int list_paths(lxd_session *session, const char *const *groups, ct_buf *paths,
                      const ct_wait *wait, ct_error *error) {
    int code = lxd_get(session, wait, error, "/1.0/operations");
    if (code == CT_E_NOT_FOUND) /* callers would think that an instance is not found */
        code = CT_E_PROTOCOL;
    if (code < 0)
        return ct_fail_in(error, code, "listing operations");
    for (size_t i = 0; code == CT_OK && groups[i]; i++)
        code = add_group(session->answer, groups[i], paths);
    return code < 0 ? ct_fail(error, code, "listing operations: %s", ct_error_text(code))
                    : CT_OK;
}

int lxd_visit_operations(lxd_session *session, const char *const *groups,
                         lxd_operation_visitor *visitor, void *context,
                         const ct_wait *wait, ct_error *error) {
    ct_buf paths;
    ct_buf_init(&paths, PATHS_MAX);
    int code = list_paths(session, groups, &paths, wait, error);
    for (size_t at = 0; code == CT_OK && at < paths.length;) {
        const char *path = paths.data + at;
        at += strlen(path) + 1;
        code = lxd_get(session, wait, error, "%s", path);
        if (code == CT_OK)
            code = visitor(session, path, context, wait, error);
        else if (code == CT_E_NOT_FOUND) /* it has ended some seconds ago */
            code = CT_OK;
        else
            code = ct_fail_in(error, code, "reading an operation");
    }
    ct_buf_fini(&paths);
    return code;
}

/* Newer LXDs name the instance in the operation's metadata alone. */
bool lxd_operation_instance(const lxd_session *session,
                            char name[CT_INSTANCE_NAME_MAX + 1]) {
    static const char *const places[] = {"/metadata/resources/instances/0",
                                         "/metadata/resources/containers/0",
                                         "/metadata/metadata/entity_url"};
    const char *slash = NULL;
    for (size_t i = 0; !slash && i < CT_COUNT(places); i++) {
        const char *path = ct_json_string(session->answer, places[i]);
        slash = path ? strrchr(path, '/') : NULL;
    }
    if (!slash)
        return false;
    size_t length = strcspn(slash + 1, "?");
    if (length == 0 || length > CT_INSTANCE_NAME_MAX)
        return false;
    memcpy(name, slash + 1, length);
    name[length] = '\0';
    return true;
}
