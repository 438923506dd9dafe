/* SPDX-License-Identifier: MIT
 *
 * options.c - what libcurl says of an option that it can't set.
 */
#include "net/net_private.h"

int ct_curl_options_fail(const ct_curl_options *options, ct_error *error) {
    const struct curl_easyoption *option = curl_easy_option_by_id(options->refused);
    if (options->code == CURLE_OUT_OF_MEMORY)
        return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
    return ct_fail(error, CT_E_SYSTEM, "%s can't set its option %s: %s", curl_version(),
                   option ? option->name : "", curl_easy_strerror(options->code));
}
