/* SPDX-License-Identifier: MIT
 *
 * http.c - HTTP over libcurl: a unix socket or TLS, one kept-alive connection per handle, a
 * deadline and a cancel descriptor on every request. It knows nothing of LXD.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "engine.h"

#define ANSWER_PIECE       16384  /* bytes; many handles live at once */
#define BODY_PIECE         262144 /* bytes sent at a time; what a socket takes at once */
#define CONNECT_TIMEOUT_MS 10000L
#define CROWDED_PAUSE_MS   10

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

static size_t keep(char *data, size_t size, size_t count, void *context) {
    struct sink *sink = context;
    sink->code = ct_buf_add(sink->answer, data, size * count);
    return sink->code < 0 ? 0 : size * count;
}

/* In place of the chain of trust: the server's own certificate is the one that was named, by
 * the SHA-256 of its DER form, which is what LXD shows as its fingerprint. */
static int check_fingerprint(X509_STORE_CTX *store, void *wanted) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509 *certificate = X509_STORE_CTX_get0_cert(store);
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    if (!certificate || !X509_digest(certificate, EVP_sha256(), digest, &length))
        return 0;
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    if (strcasecmp(hex, wanted) == 0)
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static CURLcode pin(CURL *easy, void *context, void *fingerprint) {
    (void) easy;
    SSL_CTX_set_cert_verify_callback(context, check_fingerprint, fingerprint);
    return CURLE_OK;
}

bool ct_is_fingerprint(const char *verify) {
    return strlen(verify) == 64 && strspn(verify, "0123456789abcdefABCDEF") == 64;
}

static void set_trust(CURL *easy, const ct_endpoint *endpoint) {
    if (endpoint->client_cert)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, endpoint->client_cert);
    if (endpoint->client_key)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, endpoint->client_key);
    if (endpoint->verify && strcmp(endpoint->verify, "no") == 0) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (endpoint->verify && ct_is_fingerprint(endpoint->verify)) {
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, pin);
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, endpoint->verify);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L); /* it may have any name */
    } else if (endpoint->verify) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, endpoint->verify);
    }
}

static void set_endpoint(CURL *easy, const ct_endpoint *endpoint, char *why) {
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* a websocket can't be opened by hand over HTTP/2 */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long) ANSWER_PIECE);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long) BODY_PIECE);
    if (endpoint->socket)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint->socket);
    else
        set_trust(easy, endpoint);
}

static const char *place(const ct_endpoint *endpoint) {
    return endpoint->socket ? endpoint->socket : endpoint->url;
}

static int fail_curl(const ct_endpoint *endpoint, CURLcode result, const char *why,
                     ct_error *error) {
    int code = result == CURLE_OUT_OF_MEMORY ? CT_E_NO_MEMORY : CT_E_CONNECT;
    if (endpoint->socket && result == CURLE_COULDNT_CONNECT)
        why = "nobody answers there"; /* libcurl speaks of ports */
    return ct_fail(error, code, "%s: %s", place(endpoint),
                   *why ? why : curl_easy_strerror(result));
}

ct_http *ct_http_open(const ct_endpoint *endpoint, ct_error *error) {
    ct_http *http = calloc(1, sizeof *http);
    if (http) {
        http->endpoint = endpoint;
        http->multi = curl_multi_init();
        http->easy = curl_easy_init();
    }
    if (!http || !http->multi || !http->easy) {
        ct_http_close(http);
        ct_fail(error, CT_E_NO_MEMORY, "out of memory");
        return NULL;
    }
    return http;
}

void ct_http_close(ct_http *http) {
    if (!http)
        return;
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    free(http);
}

/* Drives the transfer to its end, or until the wait is over. */
static int drive(ct_http *http, CURLcode *result, const ct_wait *wait, ct_error *error) {
    int running = 1;
    for (;;) {
        CURLMcode state = curl_multi_perform(http->multi, &running);
        if (state == CURLM_OK && !running)
            break;
        int code = ct_wait_check(wait, error);
        if (code < 0)
            return ct_fail_in(error, code, "%s", place(http->endpoint));
        struct curl_waitfd cancel = {.fd = wait->cancel, .events = CURL_WAIT_POLLIN};
        if (state == CURLM_OK)
            state = curl_multi_poll(http->multi, &cancel, wait->cancel >= 0 ? 1 : 0,
                                    ct_wait_milliseconds(wait), NULL);
        if (state != CURLM_OK)
            return ct_fail(error, CT_E_SYSTEM, "libcurl: %s", curl_multi_strerror(state));
    }
    int left;
    const CURLMsg *message = curl_multi_info_read(http->multi, &left);
    *result = message ? message->data.result : CURLE_RECV_ERROR;
    return CT_OK;
}

static void set_request(CURL *easy, const ct_http_request *request) {
    if (strcmp(request->method, "GET") != 0 || request->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t) (request->body ? request->body_length : 0));
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
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

static void set_transfer(ct_http *http, const ct_http_request *request, const char *url,
                         struct curl_slist *headers, struct sink *sink) {
    http->why[0] = '\0';
    curl_easy_reset(http->easy);
    set_endpoint(http->easy, http->endpoint, http->why);
    set_request(http->easy, request);
    curl_easy_setopt(http->easy, CURLOPT_URL, url);
    curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, sink);
}

int ct_http_send(ct_http *http, const ct_http_request *request, ct_buf *answer,
                 const ct_wait *wait, ct_error *error) {
    int code;
    struct sink sink = {.answer = answer};
    struct curl_slist *headers = header_list(request);
    char *url = NULL;
    if (!headers || asprintf(&url, "%s%s", http->endpoint->url, request->path) < 0) {
        url = NULL;
        code = ct_fail(error, CT_E_NO_MEMORY, "out of memory");
        goto out;
    }
    set_transfer(http, request, url, headers, &sink);
    curl_multi_add_handle(http->multi, http->easy);
    CURLcode result = CURLE_OK;
    code = drive(http, &result, wait, error);
    curl_multi_remove_handle(http->multi, http->easy);
    if (code < 0)
        goto out;
    if (sink.code < 0) {
        code = ct_fail(error, sink.code, "%s: the answer: %s", place(http->endpoint),
                       ct_error_text(sink.code));
        goto out;
    }
    if (result != CURLE_OK) {
        code = fail_curl(http->endpoint, result, http->why, error);
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

/* ---- lines ---- */

static int line_dial(ct_line *line, const ct_endpoint *endpoint, const ct_wait *wait,
                     ct_error *error) {
    CURL *easy = curl_easy_init();
    if (!easy)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    char why[CURL_ERROR_SIZE] = "";
    set_endpoint(easy, endpoint, why);
    curl_easy_setopt(easy, CURLOPT_URL, endpoint->url);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    long most = (long) ct_wait_milliseconds(wait) + 1;
    if (most < CONNECT_TIMEOUT_MS)
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, most);
    CURLcode result = curl_easy_perform(easy);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL); /* `why` ends here */
    if (result != CURLE_OK) {
        curl_easy_cleanup(easy);
        return fail_curl(endpoint, result, why, error);
    }
    curl_socket_t descriptor = -1;
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &descriptor);
    *line = (ct_line){.easy = easy, .descriptor = (int) descriptor};
    return CT_OK;
}

/* Without libcurl, which costs several times what it does here. */
static int line_connect(ct_line *line, const ct_endpoint *endpoint, const ct_wait *wait,
                        ct_error *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(endpoint->socket) >= sizeof address.sun_path)
        return ct_fail(error, CT_E_ARGUMENT, "%s: too long for a socket's path",
                       endpoint->socket);
    strcpy(address.sun_path, endpoint->socket);
    line->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (line->descriptor < 0)
        return ct_fail_errno(error, "socket");
    while (connect(line->descriptor, (struct sockaddr *) &address, sizeof address) < 0) {
        if (errno != EAGAIN)
            return fail_curl(endpoint, CURLE_COULDNT_CONNECT, "", error);
        int code = ct_wait_check(wait, error);
        if (code < 0)
            return code;
        poll(NULL, 0, CROWDED_PAUSE_MS); /* nothing tells of room in its queue */
    }
    return CT_OK;
}

int ct_line_open(ct_line *line, const ct_endpoint *endpoint, const ct_wait *wait,
                 ct_error *error) {
    *line = (ct_line){.descriptor = -1};
    return endpoint->socket ? line_connect(line, endpoint, wait, error)
                            : line_dial(line, endpoint, wait, error);
}

void ct_line_close(ct_line *line) {
    if (line->easy)
        curl_easy_cleanup(line->easy);
    else if (line->descriptor >= 0)
        close(line->descriptor);
}

/* What a system call, or libcurl, says of bytes moved. */
static ssize_t moved(ssize_t count) {
    if (count > 0)
        return count;
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : CT_E_CONNECT;
}

static ssize_t moved_by_curl(CURLcode result, size_t count) {
    if (result == CURLE_OK && count > 0)
        return (ssize_t) count;
    return result == CURLE_AGAIN ? 0 : CT_E_CONNECT;
}

ssize_t ct_line_send(const ct_line *line, const void *data, size_t length) {
    size_t sent = 0;
    if (!line->easy)
        return moved(send(line->descriptor, data, length, MSG_NOSIGNAL));
    CURLcode result = curl_easy_send(line->easy, data, length, &sent);
    return moved_by_curl(result, sent);
}

ssize_t ct_line_receive(const ct_line *line, void *data, size_t length) {
    size_t got = 0;
    if (!line->easy)
        return moved(recv(line->descriptor, data, length, 0));
    CURLcode result = curl_easy_recv(line->easy, data, length, &got);
    return moved_by_curl(result, got);
}
