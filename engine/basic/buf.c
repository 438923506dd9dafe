/* SPDX-License-Identifier: MIT
 *
 * buf.c - bytes that grow up to a limit. What does not fit is an error of its own, and
 * leaves the buffer as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/basic.h"

#define FIRST_CAPACITY 64

void ct_buf_init(ct_buf *buf, size_t limit) {
    *buf = (ct_buf){.limit = limit};
}

void ct_buf_fini(ct_buf *buf) {
    free(buf->data);
    ct_buf_init(buf, buf->limit);
}

void ct_buf_clear(ct_buf *buf) {
    buf->length = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

int ct_buf_reserve(ct_buf *buf, size_t length) {
    if (length > buf->limit - buf->length)
        return CT_E_LIMIT;
    size_t need = buf->length + length + 1;
    if (need <= buf->capacity)
        return CT_OK;
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    while (capacity < need)
        capacity = capacity < SIZE_MAX / 2 ? capacity * 2 : need;
    if (capacity - 1 > buf->limit) /* more could never be used */
        capacity = buf->limit + 1;
    char *data = realloc(buf->data, capacity);
    if (!data)
        return CT_E_NO_MEMORY;
    buf->data = data;
    buf->capacity = capacity;
    return CT_OK;
}

int ct_buf_add(ct_buf *buf, const void *data, size_t length) {
    int code = ct_buf_reserve(buf, length);
    if (code < 0)
        return code;
    if (length)
        memcpy(buf->data + buf->length, data, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
    return CT_OK;
}

int ct_buf_format(ct_buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return CT_E_ARGUMENT;
    int code = ct_buf_reserve(buf, (size_t) length);
    if (code < 0)
        return code;
    va_start(args, format);
    vsnprintf(buf->data + buf->length, (size_t) length + 1, format, args);
    va_end(args);
    buf->length += (size_t) length;
    return CT_OK;
}

void ct_buf_consume(ct_buf *buf, size_t length) {
    if (length == 0)
        return;
    memmove(buf->data, buf->data + length, buf->length - length + 1);
    buf->length -= length;
}

char *ct_buf_take(ct_buf *buf, size_t *length) {
    if (ct_buf_reserve(buf, 0) < 0)
        return NULL;
    char *data = buf->data;
    data[buf->length] = '\0';
    if (length)
        *length = buf->length;
    ct_buf_init(buf, buf->limit);
    return data;
}
