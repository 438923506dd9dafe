/* SPDX-License-Identifier: MIT
 *
 * options.c - tells which option libcurl can't set.
 */
#include "net/net_private.h"

/* Not by curl_version(): that starts the libraries which libcurl is built with. They need
 * memory, and may end the process where there is none. */
int ct_curl_options_fail(const ct_curl_options *options, ct_error *error) {
    const struct curl_easyoption *option = curl_easy_option_by_id(options->refused);
    if (options->code == CURLE_OUT_OF_MEMORY)
        return ct_fail_memory(error);
    return ct_fail(error, CT_E_SYSTEM, "libcurl %s can't set its option %s: %s",
                   curl_version_info(CURLVERSION_NOW)->version,
                   option ? option->name : "", curl_easy_strerror(options->code));
}
