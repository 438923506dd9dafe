/* SPDX-License-Identifier: MIT
 *
 * session.c - one thread's connection to LXD, and its two ways to call the REST API: at
 * once, and as a background operation that is waited for without polling. What is called
 * is in the files named after the topic. Source: LXD's doc/rest-api.md and
 * doc/rest-api.yaml.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

int lxd_add_project(const ct_provider *provider, char path[LXD_PATH_MAX],
                    ct_error *error) {
    if (!provider->project)
        return CT_OK;
    size_t used = strlen(path);
    int added = snprintf(path + used, LXD_PATH_MAX - used, "%cproject=%s",
                         strchr(path, '?') ? '&' : '?', provider->project);
    if (added < 0 || (size_t) added >= LXD_PATH_MAX - used)
        return ct_fail(error, CT_E_LIMIT, "request path too long");
    return CT_OK;
}

static int code_of_status(int status) {
    switch (status) {
    case 401:
    case 403:
        return CT_E_REFUSED;
    case 404:
        return CT_E_NOT_FOUND;
    case 409:
        return CT_E_CONFLICT;
    case 503: /* it is shutting down */
        return CT_E_CONNECT;
    default:
        return CT_E_OPERATION;
    }
}

int lxd_check(lxd_session *session, int status, ct_error *error) {
    int code =
        ct_json_parse(session->answer, session->text.data ? session->text.data : "",
                      session->text.length, error);
    if (code < 0)
        return ct_fail_in(error, code, "HTTP status %d", status);
    if (status < 400)
        return CT_OK;
    const char *why = ct_json_string(session->answer, "/error");
    return ct_fail(error, code_of_status(status), "%s", why && *why ? why : "no reason");
}

/* cjson writes an empty list as an empty object. One list is sent that may be empty,
 * and means something then: an instance without profiles. */
static void restore_list(ct_buf *body) {
    static const char empty[] = "\"profiles\":{}";
    char *found = body->data ? strstr(body->data, empty) : NULL;
    if (found)
        memcpy(found + sizeof empty - 3, "[]", 2);
}

static int call_path(lxd_session *session, const char *method, bool with_request,
                     const ct_wait *wait, ct_error *error, char path[LXD_PATH_MAX]) {
    int code = lxd_add_project(session->provider, path, error);
    if (code < 0)
        return code;
    ct_buf body;
    ct_buf_init(&body, LXD_ANSWER_MAX);
    if (with_request && ct_json_write(session->request, &body) < 0) {
        code = ct_fail_memory(error);
    } else {
        ct_http_request request = {.method = method,
                                   .path = path,
                                   .body = body.data,
                                   .body_length = body.length};
        restore_list(&body);
        ct_buf_clear(&session->text);
        code = ct_http_send(session->http, &request, &session->text, wait, error);
    }
    ct_buf_fini(&body);
    return code < 0 ? code : lxd_check(session, code, error);
}

static int format_path(char path[LXD_PATH_MAX], const char *format, va_list args,
                       ct_error *error) {
    int length = vsnprintf(path, LXD_PATH_MAX, format, args);
    if (length < 0 || length >= LXD_PATH_MAX)
        return ct_fail(error, CT_E_LIMIT, "request path too long");
    return CT_OK;
}

int lxd_call(lxd_session *session, const char *method, bool with_request,
             const ct_wait *wait, ct_error *error, const char *format, ...) {
    char path[LXD_PATH_MAX];
    va_list args;
    va_start(args, format);
    int code = format_path(path, format, args, error);
    va_end(args);
    return code < 0 ? code : call_path(session, method, with_request, wait, error, path);
}

int lxd_wait(lxd_session *session, const char *operation, const ct_wait *wait,
             ct_error *error) {
    int code = lxd_call(session, "GET", false, wait, error, "%s/wait", operation);
    if (code == CT_E_NOT_FOUND)
        return ct_fail_in(error, CT_E_GONE, "LXD has forgotten how it ended");
    if (code < 0)
        return code;
    if ((int) ct_json_number(session->answer, "/metadata/status_code", 0) == 200)
        return CT_OK;
    const char *why = ct_json_string(session->answer, "/metadata/err");
    return ct_fail(error, CT_E_OPERATION, "%s", why && *why ? why : "no reason given");
}

int lxd_operate(lxd_session *session, const char *method, bool with_request,
                const ct_wait *wait, ct_error *error, const char *format, ...) {
    char path[LXD_PATH_MAX];
    va_list args;
    va_start(args, format);
    int code = format_path(path, format, args, error);
    va_end(args);
    /* A request on its way is not given up when cancelled: LXD does it all the same, and
     * only its answer tells what there is to wait for before the instance can go. After a
     * deletion there is nothing to wait for. */
    bool deletes = strcmp(method, "DELETE") == 0;
    ct_wait answered = {.deadline = wait->deadline,
                        .cancel = deletes ? wait->cancel : -1};
    if (code == CT_OK)
        code = ct_wait_check(wait, error);
    if (code == CT_OK)
        code = call_path(session, method, with_request, &answered, error, path);
    if (code < 0)
        return code;
    const char *operation = ct_json_string(session->answer, "/operation");
    if (!operation || strncmp(operation, LXD_OPERATIONS, sizeof LXD_OPERATIONS - 1) != 0)
        return ct_fail(error, CT_E_PROTOCOL, "no operation in LXD's answer");
    free(session->pending);
    session->pending = strndup(operation, strcspn(operation, "?"));
    if (!session->pending)
        return ct_fail_memory(error);
    code = lxd_wait(session, session->pending, wait, error);
    if (code == CT_OK || code == CT_E_OPERATION || code == CT_E_GONE) { /* it has ended */
        free(session->pending);
        session->pending = NULL;
    }
    return code;
}

void lxd_session_close(void *data) {
    lxd_session *session = data;
    if (!session)
        return;
    ct_http_close(session->http);
    ct_json_free(session->request);
    ct_json_free(session->answer);
    ct_buf_fini(&session->text);
    free(session->pending);
    free(session);
}

int lxd_session_open(ct_provider *provider, void **out, ct_error *error) {
    *out = NULL;
    lxd_session *session = calloc(1, sizeof *session);
    if (!session)
        return ct_fail_memory(error);
    session->provider = provider;
    ct_buf_init(&session->text, LXD_ANSWER_MAX);
    session->request = ct_json_new();
    session->answer = ct_json_new();
    int code = session->request && session->answer
                   ? ct_http_open(&provider->endpoint, &session->http, error)
                   : ct_fail_memory(error);
    if (code < 0)
        lxd_session_close(session);
    else
        *out = session;
    return code;
}
