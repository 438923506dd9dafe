/* SPDX-License-Identifier: MIT
 *
 * image.c - turns an image's name into the fingerprint that instances are made from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

#define NAMED_MAX 600 /* bytes of the list of what there is */

/* Says "unknown image ...", and which aliases there are. */
static int fail_unknown(lxd_session *session, const char *image, const ct_wait *wait,
                        ct_error *error) {
    ct_buf names;
    ct_buf_init(&names, NAMED_MAX);
    if (lxd_get(session, wait, NULL, "/1.0/images/aliases?recursion=1") >= 0) {
        size_t count = ct_json_count(session->answer, "/metadata");
        for (size_t i = 0; i < count; i++) {
            char path[64];
            snprintf(path, sizeof path, "/metadata/%zu/name", i);
            const char *name = ct_json_string(session->answer, path);
            if (name && ct_buf_format(&names, "%s%s", i ? ", " : "", name) < 0)
                break;
        }
    }
    int code =
        ct_fail(error, CT_E_UNKNOWN_IMAGE,
                "unknown image \"%s\": no alias or fingerprint of that name in %s; it "
                "has %s",
                image, session->provider->base.server,
                names.length ? names.data : "no aliases at all");
    ct_buf_fini(&names);
    return code;
}

/* true for a name that can stand in a request's path as it is, and leads to nothing but
 * an image there. */
static bool fits_path(const char *image) {
    if (image[strspn(image, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")])
        return false;
    for (const char *part = image;; part++) {
        size_t length = strcspn(part, "/");
        if (strspn(part, ".") >= length) /* "", ".", ".." */
            return false;
        part += length;
        if (!*part)
            return true;
    }
}

int lxd_resolve(ct_session *base, const char *image, char **source, const ct_wait *wait,
                ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    const char *found = NULL;
    if (!fits_path(image))
        return fail_unknown(session, image, wait, error);
    int code = lxd_get(session, wait, error, "/1.0/images/aliases/%s", image);
    if (code >= 0) {
        found = ct_json_string(session->answer, "/metadata/target");
    } else if (code == CT_E_NOT_FOUND && strchr(image, '/')) {
        return fail_unknown(session, image, wait, error); /* fingerprints have no "/" */
    } else if (code == CT_E_NOT_FOUND) {
        code = lxd_get(session, wait, error, "/1.0/images/%s", image);
        if (code == CT_E_NOT_FOUND)
            return fail_unknown(session, image, wait, error);
        found =
            code < 0 ? NULL : ct_json_string(session->answer, "/metadata/fingerprint");
    }
    if (code < 0)
        return ct_fail_in(error, code, "looking for image \"%s\"", image);
    if (!found)
        return ct_fail(error, CT_E_PROTOCOL, "image \"%s\": no fingerprint", image);
    *source = strdup(found);
    return *source ? CT_OK : ct_fail_memory(error);
}

/* ---- what was pulled before ---- */

static const char *image_field(ct_json *json, size_t image, const char *name) {
    char path[96];
    snprintf(path, sizeof path, "/metadata/%zu/%s", image, name);
    return ct_json_string(json, path);
}

/* true when the listed image is a container's, was pulled by this alias from this server,
 * and LXD replaces it when the server has a newer one. */
static bool pulled_from(ct_json *json, size_t image, const char *server,
                        const char *alias) {
    char path[64];
    snprintf(path, sizeof path, "/metadata/%zu/auto_update", image);
    const char *type = image_field(json, image, "type");
    return ct_json_true(json, path) && type && strcmp(type, "container") == 0 &&
           ct_same_text(image_field(json, image, "update_source/server"), server) &&
           ct_same_text(image_field(json, image, "update_source/alias"), alias);
}

/* Images of virtual machines are not looked for: only containers have bases. */
static bool asks_container(ct_json *json) {
    const char *type = ct_json_string(json, "/type");
    return !type || strcmp(type, "container") == 0;
}

int lxd_find_pulled(ct_session *base, const char *remote, const char *json, char **source,
                    const ct_wait *wait, ct_error *error) {
    lxd_session *session = lxd_session_of(base);
    *source = NULL;
    int code = json ? ct_json_parse(session->request, json, strlen(json), error) : CT_OK;
    if (code < 0 || (json && !asks_container(session->request)))
        return code;
    code = ct_json_parse(session->request, remote, strlen(remote), error);
    if (code == CT_OK)
        code = lxd_get(session, wait, error, "/1.0/images?recursion=1");
    if (code < 0)
        return ct_fail_in(error, code, "listing images");
    const char *server = ct_json_string(session->request, "/server");
    const char *alias = ct_json_string(session->request, "/alias");
    size_t count = ct_json_count(session->answer, "/metadata");
    for (size_t i = 0; server && alias && i < count; i++) {
        if (!pulled_from(session->answer, i, server, alias))
            continue;
        const char *found = image_field(session->answer, i, "fingerprint");
        *source = found ? strdup(found) : NULL;
        return *source ? CT_OK : ct_fail_memory(error);
    }
    return CT_OK;
}
