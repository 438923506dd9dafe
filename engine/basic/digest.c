/* SPDX-License-Identifier: MIT
 *
 * digest.c - SHA-256 of fields. Each field goes in with its length, so that two rows of
 * fields have the same digest only when their fields are the same.
 */
#include <string.h>

#include <openssl/evp.h>

#include "basic/basic.h"

void ct_digest_init(ct_digest *digest) {
    digest->context = EVP_MD_CTX_new();
    digest->failed =
        !digest->context || !EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL);
}

void ct_digest_fini(ct_digest *digest) {
    EVP_MD_CTX_free(digest->context);
    digest->context = NULL;
    digest->failed = true;
}

void ct_digest_bytes(ct_digest *digest, const void *data, size_t length) {
    if (!digest->failed && length > 0)
        digest->failed = !EVP_DigestUpdate(digest->context, data, length);
}

void ct_digest_number(ct_digest *digest, uint64_t number) {
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char) (number >> (8 * i));
    ct_digest_bytes(digest, bytes, sizeof bytes);
}

void ct_digest_field(ct_digest *digest, const void *data, size_t length) {
    ct_digest_number(digest, data ? length : UINT64_MAX);
    ct_digest_bytes(digest, data, data ? length : 0);
}

void ct_digest_string(ct_digest *digest, const char *string) {
    ct_digest_field(digest, string, string ? strlen(string) : 0);
}

int ct_digest_end(ct_digest *digest, char *hex, ct_error *error) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!digest->failed)
        digest->failed = !EVP_DigestFinal_ex(digest->context, bytes, &length);
    bool failed = digest->failed;
    ct_digest_fini(digest);
    if (failed)
        return ct_fail(error, CT_E_SYSTEM, "SHA-256 can't be computed");
    for (unsigned i = 0; i < length; i++) {
        *hex++ = digits[bytes[i] >> 4];
        *hex++ = digits[bytes[i] & 15];
    }
    *hex = '\0';
    return CT_OK;
}
