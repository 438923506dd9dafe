/* SPDX-License-Identifier: MIT
 *
 * transfer.c - what HTTP requests and connections that are spoken over by hand have in
 * common: the endpoint's options, a deadline, a cancel descriptor, and words for
 * failures.
 */
#include <string.h>

#include "net/net_private.h"

#define ANSWER_PIECE       16384L  /* bytes; many handles live at once */
#define BODY_PIECE         262144L /* bytes; a socket takes no more at once */
#define CONNECT_TIMEOUT_MS 10000L

/* Seconds. A peer may vanish: its power fails, or a NAT forgets us. After 30 s of silence
 * the kernel asks nine times, every 10 s, and then gives up: that is long before a
 * testlet's own deadline. */
#define KEEPALIVE_IDLE     30L
#define KEEPALIVE_INTERVAL 10L

const char *ct_endpoint_place(const ct_endpoint *endpoint) {
    return endpoint->socket ? endpoint->socket : endpoint->url;
}

static void set_tcp(ct_curl_options *options) {
    ct_curl_set_long(options, CURLOPT_TCP_KEEPALIVE, 1L);
    ct_curl_set_long(options, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE);
    ct_curl_set_long(options, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL);
}

int ct_transfer_prepare(CURL *easy, const ct_endpoint *endpoint, char *why,
                        ct_error *error) {
    ct_curl_options options = {.easy = easy};
    ct_curl_set_pointer(&options, CURLOPT_ERRORBUFFER, why);
    ct_curl_set_long(&options, CURLOPT_NOSIGNAL, 1L);
    ct_curl_set_pointer(&options, CURLOPT_NOPROXY, "*");
    ct_curl_set_pointer(&options, CURLOPT_PROTOCOLS_STR, "http,https");
    /* a websocket can't be opened by hand over HTTP/2 */
    ct_curl_set_long(&options, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    ct_curl_set_long(&options, CURLOPT_BUFFERSIZE, ANSWER_PIECE);
    ct_curl_set_long(&options, CURLOPT_UPLOAD_BUFFERSIZE, BODY_PIECE);
    ct_curl_set_long(&options, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    if (endpoint->socket)
        ct_curl_set_pointer(&options, CURLOPT_UNIX_SOCKET_PATH, endpoint->socket);
    else
        set_tcp(&options);
    if (endpoint->sessions)
        ct_curl_set_pointer(&options, CURLOPT_SHARE,
                            ct_tls_sessions_handle(endpoint->sessions));
    if (options.code != CURLE_OK)
        return ct_curl_options_fail(&options, error);
    return endpoint->socket ? CT_OK : ct_trust_set(easy, endpoint, error);
}

int ct_transfer_drive(CURLM *multi, const ct_endpoint *endpoint, CURLcode *result,
                      const ct_wait *wait, ct_error *error) {
    int running = 1, left;
    for (;;) {
        CURLMcode state = curl_multi_perform(multi, &running);
        if (state == CURLM_OK && !running)
            break;
        int code = ct_wait_check(wait, error);
        if (code < 0)
            return ct_fail_in(error, code, "%s", ct_endpoint_place(endpoint));
        struct curl_waitfd cancel = {.fd = wait->cancel, .events = CURL_WAIT_POLLIN};
        if (state == CURLM_OK)
            state = curl_multi_poll(multi, &cancel, wait->cancel >= 0 ? 1 : 0,
                                    ct_wait_milliseconds(wait), NULL);
        if (state != CURLM_OK)
            return ct_fail(error, CT_E_SYSTEM, "libcurl: %s", curl_multi_strerror(state));
    }
    const CURLMsg *message = curl_multi_info_read(multi, &left);
    *result = message ? message->data.result : CURLE_RECV_ERROR;
    return CT_OK;
}

int ct_transfer_fail(const ct_endpoint *endpoint, CURLcode result, const char *why,
                     ct_error *error) {
    int code = result == CURLE_OUT_OF_MEMORY ? CT_E_NO_MEMORY : CT_E_CONNECT;
    if (endpoint->socket && result == CURLE_COULDNT_CONNECT)
        why = "nobody answers there"; /* libcurl speaks of ports */
    if (result == CURLE_SEND_FAIL_REWIND)
        why = "the connection was lost before it was answered";
    return ct_fail(error, code, "%s: %s", ct_endpoint_place(endpoint),
                   *why ? why : curl_easy_strerror(result));
}
