/* SPDX-License-Identifier: MIT
 *
 * net_private.h - what the files that speak to libcurl share: http.c, line.c, transfer.c,
 * trust.c, tls_sessions.c. What others need of them is in engine.h.
 */
#ifndef CT_NET_PRIVATE_H
#define CT_NET_PRIVATE_H

#include <curl/curl.h>

#include "net/net.h"

/* ---- options.c: those of one easy handle, set one after the other ---- */

/* Which option it is, is known at run time here: the macro that libcurl checks types
 * with is of no use, hence the parentheses. */

typedef struct ct_curl_options {
    CURL *easy;
    CURLcode code;      /* why libcurl refused one; then no more are set */
    CURLoption refused; /* which */
} ct_curl_options;

static inline void ct_curl_set_long(ct_curl_options *options, CURLoption option,
                                    long value) {
    if (options->code != CURLE_OK)
        return;
    options->code = (curl_easy_setopt) (options->easy, option, value);
    options->refused = option;
}

/* NULL takes what is set back. Strings are copied, all else is borrowed. */
static inline void ct_curl_set_pointer(ct_curl_options *options, CURLoption option,
                                       const void *value) {
    if (options->code != CURLE_OK)
        return;
    options->code = (curl_easy_setopt) (options->easy, option, value);
    options->refused = option;
}

/* Says in our words which option libcurl refused, and why; returns the code. */
int ct_curl_options_fail(const ct_curl_options *options, ct_error *error);

/* ---- transfer.c: what all connections to an endpoint have ---- */

/* The endpoint's name in messages. Borrowed from it. */
const char *ct_endpoint_place(const ct_endpoint *endpoint);
/* Sets all that has to do with the endpoint. why (CURL_ERROR_SIZE bytes) gets
 * libcurl's own words for as long as the handle lives. On failure the handle must not
 * connect. */
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

/* Sets whom an https endpoint is taken for, and who we are to it. On failure the
 * handle must not connect. */
CT_CHECK int ct_trust_set(CURL *easy, const ct_endpoint *endpoint, ct_error *error);

/* ---- tls_sessions.c ---- */

/* libcurl's handle of what the connections share; borrowed. */
CURLSH *ct_tls_sessions_handle(const ct_tls_sessions *sessions);

#endif
