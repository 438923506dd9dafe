/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for JSON documents: whatever LXD answers, reading it by any path ends. The
 * first line of the input is a path, the rest the document. What is JSON can be written,
 * and is the same when it is read again.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/basic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(ct_json *json, const char *path) {
    const char *text = ct_json_string(json, path);
    if (text && memchr(text, '\n', strlen(text)) == text)
        return;
    if (ct_json_count(json, path) > 0 && !ct_json_has(json, path))
        abort();
    (void) ct_json_number(json, path, 0);
    (void) ct_json_true(json, path);
}

/* Equal documents are equal texts. */
static void read_again(ct_json *json) {
    ct_buf first, second;
    ct_buf_init(&first, CT_MIB);
    ct_buf_init(&second, CT_MIB);
    ct_json *again = ct_json_new();
    if (!again)
        abort();
    if (ct_json_write_sorted(json, &first) == CT_OK &&
        ct_json_parse(again, first.data, first.length, NULL) == CT_OK &&
        ct_json_write_sorted(again, &second) == CT_OK &&
        (first.length != second.length ||
         memcmp(first.data, second.data, first.length) != 0))
        abort();
    ct_json_free(again);
    ct_buf_fini(&first);
    ct_buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *) data;
    const char *newline = size > 0 ? memchr(text, '\n', size) : NULL;
    char path[256] = "";
    size_t length = newline ? (size_t) (newline - text) : 0;
    if (length >= sizeof path)
        return 0;
    if (newline)
        memcpy(path, text, length++);
    ct_json *json = ct_json_new();
    if (json && ct_json_parse(json, text + length, size - length, NULL) == CT_OK) {
        read_all(json, "");
        read_all(json, path);
        read_again(json);
        if (*path == '/' && ct_json_set_string(json, path, "set") == CT_OK)
            read_again(json);
    }
    ct_json_free(json);
    return 0;
}
