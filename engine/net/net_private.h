/* SPDX-License-Identifier: MIT
 *
 * net_private.h - what the files that speak to libcurl share: http.c, connection.c,
 * transfer.c, trust.c, tls_sessions.c.
 */
#ifndef CT_NET_PRIVATE_H
#define CT_NET_PRIVATE_H

#include <curl/curl.h>

#include "net/net.h"

/* ---- options.c ---- */

/* The options of one easy handle, which are set one after the other. */
typedef struct ct_curl_options {
    CURL *easy;
    CURLcode code;      /* why libcurl refused an option; then no more are set */
    CURLoption refused; /* the last one that was set, or was refused */
} ct_curl_options;

/* The parentheses keep libcurl's macro out, which checks an option's type: here the
 * option is known at run time only. */

static inline void ct_curl_set_long(ct_curl_options *options, CURLoption option,
                                    long value) {
    if (options->code != CURLE_OK)
        return;
    options->code = (curl_easy_setopt) (options->easy, option, value);
    options->refused = option;
}

/* NULL resets the option. libcurl copies strings and borrows all else. */
static inline void ct_curl_set_pointer(ct_curl_options *options, CURLoption option,
                                       const void *value) {
    if (options->code != CURLE_OK)
        return;
    options->code = (curl_easy_setopt) (options->easy, option, value);
    options->refused = option;
}

/* Says in our words which option libcurl refused, and why; returns the code. */
int ct_curl_options_fail(const ct_curl_options *options, ct_error *error);

/* ---- transfer.c ---- */

/* The endpoint's name in messages, borrowed from it. */
const char *ct_endpoint_place(const ct_endpoint *endpoint);
/* Sets all options that have to do with the endpoint. While the handle lives, libcurl
 * writes its own words for a failure to why, which has CURL_ERROR_SIZE bytes. When this
 * fails, the handle must not connect. */
CT_CHECK int ct_transfer_prepare(CURL *easy, const ct_endpoint *endpoint, char *why,
                                 ct_error *error);
/* Drives the only transfer of the multi handle to its end, or until the wait is over.
 * CT_OK: *result says how it ended. */
CT_CHECK int ct_transfer_drive(CURLM *multi, const ct_endpoint *endpoint,
                               CURLcode *result, const ct_wait *wait, ct_error *error);
/* Says in our words how a transfer failed; returns the code. */
int ct_transfer_fail(const ct_endpoint *endpoint, CURLcode result, const char *why,
                     ct_error *error);

/* ---- trust.c ---- */

/* Sets how an https endpoint proves who it is, and how we do. When this fails, the handle
 * must not connect. */
CT_CHECK int ct_trust_set(CURL *easy, const ct_endpoint *endpoint, ct_error *error);

/* ---- tls_sessions.c ---- */

/* libcurl's handle for what the connections share; borrowed. */
CURLSH *ct_tls_sessions_handle(const ct_tls_sessions *sessions);

#endif
