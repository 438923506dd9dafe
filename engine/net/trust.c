/* SPDX-License-Identifier: MIT
 *
 * trust.c - TLS: whom we trust, and how we show who we are. Every option is checked. When
 * one can't be set, there is no connection: it would be trusted for less than was asked.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>

#include "net/net_private.h"

/* OpenSSL calls this in place of verifying the chain of trust. The server's own
 * certificate must be the one that was named, by the SHA-256 of its DER form: LXD shows
 * that as the fingerprint. */
static int check_fingerprint(X509_STORE_CTX *store, void *wanted) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509 *certificate = X509_STORE_CTX_get0_cert(store);
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    if (certificate && X509_digest(certificate, EVP_sha256(), digest, &length)) {
        for (unsigned i = 0; i < length; i++)
            snprintf(hex + 2 * i, 3, "%02x", digest[i]);
        if (length > 0 && strcasecmp(hex, wanted) == 0)
            return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

/* libcurl calls this with its SSL_CTX before it connects. */
static CURLcode pin_certificate(CURL *easy, void *context, void *fingerprint) {
    (void) easy;
    SSL_CTX_set_cert_verify_callback(context, check_fingerprint, fingerprint);
    return CURLE_OK;
}

bool ct_is_fingerprint(const char *verify) {
    return strlen(verify) == 64 && strspn(verify, "0123456789abcdefABCDEF") == 64;
}

/* true when this libcurl's TLS is OpenSSL, which pin_certificate() needs. Other TLS
 * libraries have such a call-back, too, but pass something of their own to it. */
static bool uses_openssl(CURL *easy) {
    struct curl_tlssessioninfo *info = NULL;
    const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) == CURLE_OK && info &&
           info->backend == CURLSSLBACKEND_OPENSSL && version &&
           strstr(version, "OpenSSL/");
}

static int refuse_fingerprint(ct_error *error) {
    const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return ct_fail(
        error, CT_E_REFUSED,
        "the fingerprint of the server's certificate can't be checked, since this "
        "libcurl's TLS is %s, and only OpenSSL's can do that; verify it by the "
        "certificate itself, as a PEM file, or use a libcurl with OpenSSL",
        version && *version ? version : "none");
}

/* The system's CAs are not trusted then. A libcurl that knows no folder of CAs can't
 * unset it, and need not. */
static void forget_default_cas(ct_curl_options *options) {
    if (options->code == CURLE_OK)
        ct_curl_set_pointer(options, CURLOPT_CAPATH, NULL);
    if (options->refused == CURLOPT_CAPATH && options->code == CURLE_NOT_BUILT_IN)
        options->code = CURLE_OK;
}

static void trust_fingerprint(ct_curl_options *options, const char *fingerprint) {
    ct_curl_set_long(options, CURLOPT_SSL_VERIFYPEER, 1L);
    ct_curl_set_long(options, CURLOPT_SSL_VERIFYHOST, 0L); /* its name does not matter */
    ct_curl_set_pointer(options, CURLOPT_CAINFO, NULL);    /* nor who has signed it */
    forget_default_cas(options);
    ct_curl_set_pointer(options, CURLOPT_SSL_CTX_DATA, fingerprint);
    if (options->code != CURLE_OK)
        return;
    options->code =
        curl_easy_setopt(options->easy, CURLOPT_SSL_CTX_FUNCTION, pin_certificate);
    options->refused = CURLOPT_SSL_CTX_FUNCTION;
}

static void trust_cas(ct_curl_options *options, const char *file) {
    ct_curl_set_long(options, CURLOPT_SSL_VERIFYPEER, 1L);
    ct_curl_set_long(options, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!file)
        return;
    ct_curl_set_pointer(options, CURLOPT_CAINFO, file);
    forget_default_cas(options);
}

static void trust_anybody(ct_curl_options *options) {
    ct_curl_set_long(options, CURLOPT_SSL_VERIFYPEER, 0L);
    ct_curl_set_long(options, CURLOPT_SSL_VERIFYHOST, 0L);
}

int ct_trust_set(CURL *easy, const ct_endpoint *endpoint, ct_error *error) {
    ct_curl_options options = {.easy = easy};
    const char *verify = endpoint->verify;
    bool fingerprint = verify && ct_is_fingerprint(verify);
    if (fingerprint && !uses_openssl(easy))
        return refuse_fingerprint(error);
    if (endpoint->client_cert)
        ct_curl_set_pointer(&options, CURLOPT_SSLCERT, endpoint->client_cert);
    if (endpoint->client_key)
        ct_curl_set_pointer(&options, CURLOPT_SSLKEY, endpoint->client_key);
    if (fingerprint)
        trust_fingerprint(&options, verify);
    else if (verify && strcmp(verify, "no") == 0)
        trust_anybody(&options);
    else
        trust_cas(&options, verify);
    if (options.code == CURLE_OK)
        return CT_OK;
    return ct_curl_options_fail(&options, error);
}
