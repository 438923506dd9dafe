/* SPDX-License-Identifier: MIT
 *
 * session.c - one thread's connection to LXD, and the two ways to call the REST API. LXD
 * answers some calls at once; others begin a background operation, which is waited for
 * without polling. What is called is in the files named after the topic. Source: LXD's
 * doc/rest-api.md and doc/rest-api.yaml.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd_private.h"

int lxd_add_project(const lxd_provider *provider, char path[LXD_PATH_MAX],
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
    case 503: /* LXD is shutting down */
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

/* cjson writes an empty list as an empty object. Of the lists that are sent only the
 * profiles may be empty, and that means something: an instance without profiles. */
static void restore_list(ct_buf *body) {
    static const char empty[] = "\"profiles\":{}";
    char *found = body->data ? strstr(body->data, empty) : NULL;
    if (found)
        memcpy(found + sizeof empty - 3, "[]", 2);
}

/* GET and DELETE have no body; all other methods send the request document. */
static bool has_body(const char *method) {
    return strcmp(method, "GET") != 0 && strcmp(method, "DELETE") != 0;
}

static int call_path(lxd_session *session, const char *method, const char *path,
                     const ct_wait *wait, ct_error *error) {
    ct_buf body;
    ct_buf_init(&body, LXD_ANSWER_MAX);
    int code = has_body(method) ? ct_json_write(session->request, &body) : CT_OK;
    if (code < 0) {
        code = ct_fail_memory(error);
    } else {
        restore_list(&body);
        ct_http_request request = {.method = method,
                                   .path = path,
                                   .body = body.data,
                                   .body_length = body.length};
        ct_buf_clear(&session->text);
        code = ct_http_send(session->http, &request, &session->text, wait, error);
    }
    ct_buf_fini(&body);
    return code < 0 ? code : lxd_check(session, code, error);
}

static int call(lxd_session *session, const char *method, const ct_wait *wait,
                ct_error *error, const char *format, va_list args) {
    char path[LXD_PATH_MAX];
    int length = vsnprintf(path, sizeof path, format, args);
    if (length < 0 || (size_t) length >= sizeof path)
        return ct_fail(error, CT_E_LIMIT, "request path too long");
    int code = lxd_add_project(session->provider, path, error);
    return code < 0 ? code : call_path(session, method, path, wait, error);
}

int lxd_get(lxd_session *session, const ct_wait *wait, ct_error *error,
            const char *format, ...) {
    va_list args;
    va_start(args, format);
    int code = call(session, "GET", wait, error, format, args);
    va_end(args);
    return code;
}

int lxd_send(lxd_session *session, const char *method, const ct_wait *wait,
             ct_error *error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int code = call(session, method, wait, error, format, args);
    va_end(args);
    return code;
}

int lxd_wait(lxd_session *session, const char *operation, const ct_wait *wait,
             ct_error *error) {
    int code = lxd_get(session, wait, error, "%s/wait", operation);
    if (code == CT_E_NOT_FOUND)
        return ct_fail_in(error, CT_E_GONE, "LXD has forgotten how it ended");
    if (code < 0)
        return code;
    if ((int) ct_json_number(session->answer, "/metadata/status_code", 0) == 200)
        return CT_OK;
    const char *why = ct_json_string(session->answer, "/metadata/err");
    return ct_fail(error, CT_E_OPERATION, "%s", why && *why ? why : "no reason given");
}

/* The session's last answer is an operation: waits for its end. Should that not be seen,
 * the session remembers the operation. */
static int await_answered(lxd_session *session, const ct_wait *wait, ct_error *error) {
    const char *operation = ct_json_string(session->answer, "/operation");
    if (!operation || strncmp(operation, LXD_OPERATIONS, sizeof LXD_OPERATIONS - 1) != 0)
        return ct_fail(error, CT_E_PROTOCOL, "no operation in LXD's answer");
    free(session->open_operation);
    session->open_operation = strndup(operation, strcspn(operation, "?"));
    if (!session->open_operation)
        return ct_fail_memory(error);
    int code = lxd_wait(session, session->open_operation, wait, error);
    if (code == CT_OK || code == CT_E_OPERATION || code == CT_E_GONE) { /* it has ended */
        free(session->open_operation);
        session->open_operation = NULL;
    }
    return code;
}

/* A request on its way is not given up when cancelled. LXD does what it asks for all the
 * same, and only the answer tells what there is to wait for before the instance can go.
 * After a deletion there is nothing to wait for. */
int lxd_operate(lxd_session *session, const char *method, const ct_wait *wait,
                ct_error *error, const char *format, ...) {
    bool deletes = strcmp(method, "DELETE") == 0;
    ct_wait answered = {.deadline = wait->deadline,
                        .cancel = deletes ? wait->cancel : -1};
    int code = ct_wait_check(wait, error);
    if (code < 0)
        return code;
    va_list args;
    va_start(args, format);
    code = call(session, method, &answered, error, format, args);
    va_end(args);
    return code < 0 ? code : await_answered(session, wait, error);
}

void lxd_session_close(ct_session *base) {
    lxd_session *session = lxd_session_of(base);
    if (!session)
        return;
    ct_http_close(session->http);
    ct_json_free(session->request);
    ct_json_free(session->answer);
    ct_buf_fini(&session->text);
    free(session->open_operation);
    free(session);
}

int lxd_session_open(ct_provider *base, ct_session **out, ct_error *error) {
    *out = NULL;
    lxd_session *session = calloc(1, sizeof *session);
    if (!session)
        return ct_fail_memory(error);
    session->base.provider = base;
    session->provider = (lxd_provider *) base;
    ct_buf_init(&session->text, LXD_ANSWER_MAX);
    session->request = ct_json_new();
    session->answer = ct_json_new();
    int code = session->request && session->answer
                   ? ct_http_open(&session->provider->endpoint, &session->http, error)
                   : ct_fail_memory(error);
    if (code < 0)
        lxd_session_close(&session->base);
    else
        *out = &session->base;
    return code;
}
