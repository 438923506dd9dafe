/* SPDX-License-Identifier: MIT
 *
 * files.c - putting the guest into an instance through LXD's files API, and taking it
 * out. Everything else that travels goes through the guest itself.
 */
#include <stdio.h>

#include "lxd/lxd_private.h"

/* LXD and Incus read headers of their own name only. */
#define MODE_HEADERS(mode)                                                               \
    "X-LXD-mode: " mode, "X-LXD-uid: 0", "X-LXD-gid: 0", "X-Incus-mode: " mode,          \
        "X-Incus-uid: 0", "X-Incus-gid: 0"

/* Sends a request that lacks nothing but its path. */
static int send_file_request(lxd_session *session, const char *instance, const char *file,
                             const ct_http_request *pathless, const ct_wait *wait,
                             ct_error *error) {
    char path[LXD_PATH_MAX];
    int length =
        snprintf(path, sizeof path, "/1.0/instances/%s/files?path=%s", instance, file);
    if (length < 0 || (size_t) length >= sizeof path)
        return ct_fail(error, CT_E_LIMIT, "request path too long");
    int code = lxd_add_project(session->provider, path, error);
    if (code < 0)
        return code;
    ct_http_request request = *pathless;
    request.path = path;
    ct_buf_clear(&session->text);
    code = ct_http_send(session->http, &request, &session->text, wait, error);
    return code < 0 ? code : lxd_check(session, code, error);
}

int lxd_make_directory(ct_session *base, const char *instance, const char *path,
                       const ct_wait *wait, ct_error *error) {
    static const char *const headers[] = {
        "X-LXD-type: directory", "X-Incus-type: directory", MODE_HEADERS("0755"), NULL};
    ct_http_request request = {.method = "POST", .headers = headers};
    int code =
        send_file_request(lxd_session_of(base), instance, path, &request, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: make %s in %s", path, instance)
                    : code;
}

int lxd_push_program(ct_session *base, const char *instance, const char *path,
                     const ct_embedded *program, const ct_wait *wait, ct_error *error) {
    static const char *const headers[] = {"X-LXD-type: file", "X-Incus-type: file",
                                          "Content-Type: application/octet-stream",
                                          MODE_HEADERS("0755"), NULL};
    ct_http_request request = {.method = "POST",
                               .headers = headers,
                               .body = (const char *) program->data,
                               .body_length = program->length};
    int code =
        send_file_request(lxd_session_of(base), instance, path, &request, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: push %s to %s", path, instance)
                    : code;
}

int lxd_remove_file(ct_session *base, const char *instance, const char *path,
                    const ct_wait *wait, ct_error *error) {
    ct_http_request request = {.method = "DELETE"};
    int code =
        send_file_request(lxd_session_of(base), instance, path, &request, wait, error);
    return code < 0 ? ct_fail_in(error, code, "lxd: remove %s in %s", path, instance)
                    : code;
}
