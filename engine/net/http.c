/* SPDX-License-Identifier: MIT
 *
 * http.c - HTTP requests by libcurl, over a unix socket or TLS. A handle keeps one
 * connection alive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "net/net_private.h"

struct ct_http {
    const ct_endpoint *endpoint; /* borrowed */
    CURLM *multi;
    CURL *easy;
    char why[CURL_ERROR_SIZE];
};

/* An answer's body on its way in. */
struct answer {
    ct_buf *body;
    int code; /* CT_OK, or why the body could not be kept */
};

/* A request's body on its way out. */
struct body {
    const char *data;
    size_t length;
    size_t given;
};

static size_t give_body(char *to, size_t size, size_t count, void *context) {
    struct body *body = context;
    size_t left = body->length - body->given;
    size_t length = left < size * count ? left : size * count;
    memcpy(to, body->data + body->given, length);
    body->given += length;
    return length;
}

/* A request with a body is sent once. When a connection that was kept alive ends before
 * the answer begins, libcurl sends the request again on another one, without a word. But
 * the server may have done what was asked: a second creation would find that its name is
 * taken, a second start that the instance runs. To send it again libcurl must rewind the
 * body, and this does not let it. GET and DELETE have no body, and do no harm when sent
 * twice. */
static int refuse_rewind(void *context, curl_off_t offset, int origin) {
    (void) context, (void) offset, (void) origin;
    return CURL_SEEKFUNC_FAIL;
}

static size_t take_body(char *data, size_t size, size_t count, void *context) {
    struct answer *answer = context;
    answer->code = ct_buf_add(answer->body, data, size * count);
    return answer->code < 0 ? 0 : size * count;
}

int ct_http_open(const ct_endpoint *endpoint, ct_http **out, ct_error *error) {
    *out = NULL;
    ct_http *http = calloc(1, sizeof *http);
    if (http) {
        http->endpoint = endpoint;
        http->multi = curl_multi_init();
        http->easy = curl_easy_init();
    }
    if (!http || !http->multi || !http->easy) {
        ct_http_close(http);
        return ct_fail_memory(error);
    }
    *out = http;
    return CT_OK;
}

void ct_http_close(ct_http *http) {
    if (!http)
        return;
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    free(http);
}

static void set_body_size(ct_curl_options *options, size_t length) {
    if (options->code == CURLE_OK)
        options->code = curl_easy_setopt(options->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                         (curl_off_t) length);
}

static void set_body(ct_curl_options *options, size_t length) {
    if (options->code == CURLE_OK)
        options->code = curl_easy_setopt(options->easy, CURLOPT_POST, 1L);
    if (options->code == CURLE_OK)
        options->code = curl_easy_setopt(options->easy, CURLOPT_READFUNCTION, give_body);
    if (options->code == CURLE_OK)
        options->code =
            curl_easy_setopt(options->easy, CURLOPT_SEEKFUNCTION, refuse_rewind);
    set_body_size(options, length);
}

static void set_request(ct_curl_options *options, const ct_http_request *request,
                        struct body *body) {
    bool empty = !request->body && strcmp(request->method, "GET") != 0;
    if (request->body) {
        ct_curl_set_pointer(options, CURLOPT_READDATA, body);
        set_body(options, body->length);
    } else if (empty) {
        ct_curl_set_pointer(options, CURLOPT_POSTFIELDS, "");
        set_body_size(options, 0);
    }
    ct_curl_set_pointer(options, CURLOPT_CUSTOMREQUEST, request->method);
}

static struct curl_slist *header_list(const ct_http_request *request) {
    /* no "100 continue" round trip before a large body */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; list && request->headers && request->headers[i]; i++) {
        struct curl_slist *longer = curl_slist_append(list, request->headers[i]);
        if (!longer)
            curl_slist_free_all(list);
        list = longer;
    }
    return list;
}

/* One request, with all that libcurl borrows for as long as it takes. */
struct exchange {
    const ct_http_request *request;
    char *url;
    struct curl_slist *headers;
    struct body body;
    struct answer answer;
};

static int set_exchange(ct_http *http, struct exchange *exchange, ct_error *error) {
    ct_curl_options options = {.easy = http->easy};
    http->why[0] = '\0';
    curl_easy_reset(http->easy);
    int code = ct_transfer_prepare(http->easy, http->endpoint, http->why, error);
    if (code < 0)
        return code;
    set_request(&options, exchange->request, &exchange->body);
    ct_curl_set_pointer(&options, CURLOPT_URL, exchange->url);
    ct_curl_set_pointer(&options, CURLOPT_HTTPHEADER, exchange->headers);
    ct_curl_set_pointer(&options, CURLOPT_WRITEDATA, &exchange->answer);
    if (options.code == CURLE_OK)
        options.code = curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, take_body);
    if (options.code != CURLE_OK)
        return ct_curl_options_fail(&options, error);
    return CT_OK;
}

static int drive(ct_http *http, const ct_wait *wait, CURLcode *result, ct_error *error) {
    if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return ct_fail_memory(error);
    int code = ct_transfer_drive(http->multi, http->endpoint, result, wait, error);
    curl_multi_remove_handle(http->multi, http->easy);
    return code;
}

/* Returns the HTTP status. */
static int carry_out(ct_http *http, struct exchange *exchange, const ct_wait *wait,
                     ct_error *error) {
    CURLcode result = CURLE_OK;
    int code = set_exchange(http, exchange, error);
    if (code == CT_OK)
        code = drive(http, wait, &result, error);
    if (code < 0)
        return code;
    if (exchange->answer.code < 0)
        return ct_fail(error, exchange->answer.code, "%s: the answer: %s",
                       ct_endpoint_place(http->endpoint),
                       ct_error_text(exchange->answer.code));
    if (result != CURLE_OK)
        return ct_transfer_fail(http->endpoint, result, http->why, error);
    long status = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int) status;
}

static int send_request(ct_http *http, const ct_http_request *request, ct_buf *answer,
                        const ct_wait *wait, ct_error *error) {
    struct exchange exchange = {
        .request = request,
        .headers = header_list(request),
        .body = {.data = request->body, .length = request->body_length},
        .answer = {.body = answer}};
    int code;
    if (exchange.headers &&
        asprintf(&exchange.url, "%s%s", http->endpoint->url, request->path) >= 0) {
        code = carry_out(http, &exchange, wait, error);
        free(exchange.url);
    } else {
        code = ct_fail_memory(error);
    }
    curl_slist_free_all(exchange.headers);
    return code;
}

int ct_http_send(ct_http *http, const ct_http_request *request, ct_buf *answer,
                 const ct_wait *wait, ct_error *error) {
    const ct_logger *logger = &http->endpoint->logger;
    double begun = ct_now();
    int code = send_request(http, request, answer, wait, error);
    if (code < 0)
        ct_log_write(logger, CT_LOG_DEBUG, "%s %s: %s, %.3f s", request->method,
                     request->path, ct_error_name(code), ct_now() - begun);
    else
        ct_log_write(logger, CT_LOG_DEBUG, "%s %s: %d, %.3f s", request->method,
                     request->path, code, ct_now() - begun);
    return code;
}
