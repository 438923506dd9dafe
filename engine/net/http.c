/* SPDX-License-Identifier: MIT
 *
 * http.c - HTTP over libcurl: a unix socket or TLS, one kept-alive connection per handle.
 * It knows nothing of LXD.
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

/* What the write callback fills. */
struct sink {
    ct_buf *answer;
    int code; /* CT_OK, or why the answer could not be kept */
};

/* A request's body on its way out. */
struct body {
    const char *data;
    size_t length;
    size_t given;
};

static size_t give(char *to, size_t size, size_t count, void *context) {
    struct body *body = context;
    size_t left = body->length - body->given;
    size_t length = left < size * count ? left : size * count;
    memcpy(to, body->data + body->given, length);
    body->given += length;
    return length;
}

/* What has a body goes out once. When a connection that was kept alive ends before the
 * answer begins, libcurl sends the request again on another one, without a word. But what
 * is asked for may have been done: a creation would find that its name is taken, a start
 * that it runs. For that it has to rewind the body, and is not let. What has no body may
 * be asked for twice: GET and DELETE are the same for it. */
static int refuse_rewind(void *context, curl_off_t offset, int origin) {
    (void) context, (void) offset, (void) origin;
    return CURL_SEEKFUNC_FAIL;
}

static size_t keep(char *data, size_t size, size_t count, void *context) {
    struct sink *sink = context;
    sink->code = ct_buf_add(sink->answer, data, size * count);
    return sink->code < 0 ? 0 : size * count;
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
        options->code = curl_easy_setopt(options->easy, CURLOPT_READFUNCTION, give);
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

static int set_transfer(ct_http *http, const ct_http_request *request, const char *url,
                        struct curl_slist *headers, struct body *body, struct sink *sink,
                        ct_error *error) {
    ct_curl_options options = {.easy = http->easy};
    http->why[0] = '\0';
    curl_easy_reset(http->easy);
    int code = ct_transfer_prepare(http->easy, http->endpoint, http->why, error);
    if (code < 0)
        return code;
    set_request(&options, request, body);
    ct_curl_set_pointer(&options, CURLOPT_URL, url);
    ct_curl_set_pointer(&options, CURLOPT_HTTPHEADER, headers);
    ct_curl_set_pointer(&options, CURLOPT_WRITEDATA, sink);
    if (options.code == CURLE_OK)
        options.code = curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, keep);
    if (options.code != CURLE_OK)
        return ct_curl_options_fail(&options, error);
    return CT_OK;
}

static int transfer(ct_http *http, const ct_wait *wait, CURLcode *result,
                    ct_error *error) {
    if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return ct_fail_memory(error);
    int code = ct_transfer_drive(http->multi, http->endpoint, result, wait, error);
    curl_multi_remove_handle(http->multi, http->easy);
    return code;
}

int ct_http_send(ct_http *http, const ct_http_request *request, ct_buf *answer,
                 const ct_wait *wait, ct_error *error) {
    int code;
    struct sink sink = {.answer = answer};
    struct body body = {.data = request->body, .length = request->body_length};
    struct curl_slist *headers = header_list(request);
    char *url = NULL;
    if (!headers || asprintf(&url, "%s%s", http->endpoint->url, request->path) < 0) {
        url = NULL;
        code = ct_fail_memory(error);
        goto out;
    }
    CURLcode result = CURLE_OK;
    code = set_transfer(http, request, url, headers, &body, &sink, error);
    if (code == CT_OK)
        code = transfer(http, wait, &result, error);
    if (code < 0)
        goto out;
    if (sink.code < 0) {
        code = ct_fail(error, sink.code, "%s: the answer: %s",
                       ct_endpoint_place(http->endpoint), ct_error_text(sink.code));
        goto out;
    }
    if (result != CURLE_OK) {
        code = ct_transfer_fail(http->endpoint, result, http->why, error);
        goto out;
    }
    long status = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    code = (int) status;
out:
    curl_slist_free_all(headers);
    free(url);
    return code;
}
