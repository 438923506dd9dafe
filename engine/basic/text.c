/* SPDX-License-Identifier: MIT
 *
 * text.c - comparing strings.
 */
#include <string.h>

#include "basic/basic.h"

bool ct_same_text(const char *one, const char *other) {
    return one == other || (one && other && strcmp(one, other) == 0);
}

int ct_compare_bytes(const char *one, size_t length, const char *other,
                     size_t other_length) {
    int order = memcmp(one, other, length < other_length ? length : other_length);
    return order ? order : (length > other_length) - (length < other_length);
}
