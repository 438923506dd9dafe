/* SPDX-License-Identifier: MIT
 *
 * value.c - plain data as bytes: written by appending, read as a flat row of tokens. The
 * reader trusts nothing, since it is given what an instance sent. lua_pack.c and
 * lua_unpack.c have the Lua side of it.
 */
#include <string.h>

#include "wire/wire.h"

/* ---- writing ---- */

static int add_tag(ct_buf *out, char tag) {
    return ct_buf_add(out, &tag, 1);
}

static void put_little_endian(void *to, uint64_t number, size_t bytes) {
    unsigned char *data = to;
    for (size_t i = 0; i < bytes; i++)
        data[i] = (unsigned char) (number >> (8 * i));
}

static int add_little_endian(ct_buf *out, uint64_t number, size_t bytes) {
    unsigned char data[8];
    put_little_endian(data, number, bytes);
    return ct_buf_add(out, data, bytes);
}

static int add_tagged(ct_buf *out, char tag, uint64_t number, size_t bytes) {
    int code = ct_buf_reserve(out, 1 + bytes);
    if (code == CT_OK)
        code = add_tag(out, tag);
    return code < 0 ? code : add_little_endian(out, number, bytes);
}

int ct_value_nil(ct_buf *out) {
    return add_tag(out, 'n');
}

int ct_value_boolean(ct_buf *out, bool boolean) {
    return add_tag(out, boolean ? 't' : 'f');
}

int ct_value_integer(ct_buf *out, int64_t integer) {
    return add_tagged(out, 'i', (uint64_t) integer, 8);
}

int ct_value_number(ct_buf *out, double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return add_tagged(out, 'd', bits, 8);
}

int ct_value_bytes(ct_buf *out, const void *data, size_t length) {
    if (length > UINT32_MAX)
        return CT_E_LIMIT;
    int code = add_tagged(out, 's', length, 4);
    return code < 0 ? code : ct_buf_add(out, data, length);
}

int ct_value_string(ct_buf *out, const char *string) {
    return ct_value_bytes(out, string, strlen(string));
}

int ct_value_table(ct_buf *out, size_t pairs) {
    return pairs > UINT32_MAX ? CT_E_LIMIT : add_tagged(out, 'T', pairs, 4);
}

void ct_value_patch_table(char *table, size_t pairs) {
    put_little_endian(table + 1, pairs, 4);
}

/* ---- reading ---- */

static bool take_number(const char **at, const char *end, size_t bytes,
                        uint64_t *number) {
    if ((size_t) (end - *at) < bytes)
        return false;
    *number = 0;
    for (size_t i = 0; i < bytes; i++)
        *number |= (uint64_t) (unsigned char) (*at)[i] << (8 * i);
    *at += bytes;
    return true;
}

static bool take_string(const char **at, const char *end, ct_value *value) {
    uint64_t length;
    if (!take_number(at, end, 4, &length) || (uint64_t) (end - *at) < length)
        return false;
    *value =
        (ct_value){.type = CT_VALUE_STRING, .string = *at, .length = (size_t) length};
    *at += length;
    return true;
}

static bool take_table(const char **at, const char *end, ct_value *value) {
    uint64_t pairs;
    /* a pair takes two bytes at least: a false count can't promise more pairs than
     * that */
    if (!take_number(at, end, 4, &pairs) || (uint64_t) (end - *at) / 2 < pairs)
        return false;
    *value = (ct_value){.type = CT_VALUE_TABLE, .length = (size_t) pairs};
    return true;
}

static bool take_value(const char **at, const char *end, ct_value *value) {
    uint64_t bits;
    if (*at >= end)
        return false;
    switch (*(*at)++) {
    case 'n':
        *value = (ct_value){.type = CT_VALUE_NIL};
        return true;
    case 'f':
    case 't':
        *value = (ct_value){.type = CT_VALUE_BOOLEAN, .boolean = (*at)[-1] == 't'};
        return true;
    case 'i':
        *value = (ct_value){.type = CT_VALUE_INTEGER};
        if (!take_number(at, end, 8, &bits))
            return false;
        memcpy(&value->integer, &bits, sizeof bits);
        return true;
    case 'd':
        *value = (ct_value){.type = CT_VALUE_NUMBER};
        if (!take_number(at, end, 8, &bits))
            return false;
        memcpy(&value->number, &bits, sizeof bits);
        return true;
    case 's':
        return take_string(at, end, value);
    case 'T':
        return take_table(at, end, value);
    case 'F':
    case 'R':
    case 'Q':
    case 'L':
    case 'P':
        *value = (ct_value){.type = CT_VALUE_FUNCTION};
        return true;
    default:
        return false;
    }
}

int ct_value_read(const char **at, const char *end, ct_value *value) {
    const char *next = *at;
    if (!take_value(&next, end, value))
        return CT_E_PROTOCOL;
    *at = next;
    return CT_OK;
}

int ct_value_skip(const char **at, const char *end) {
    size_t left[CT_VALUE_DEPTH_MAX + 1] = {1}; /* values still to come, at each depth */
    size_t depth = 0;
    const char *next = *at;
    for (;;) {
        ct_value value;
        while (left[depth] == 0) {
            if (depth-- == 0) {
                *at = next;
                return CT_OK;
            }
        }
        left[depth]--;
        if (ct_value_read(&next, end, &value) < 0 || value.type == CT_VALUE_FUNCTION)
            return CT_E_PROTOCOL;
        if (value.type == CT_VALUE_TABLE) {
            if (++depth > CT_VALUE_DEPTH_MAX)
                return CT_E_PROTOCOL;
            left[depth] = 2 * value.length;
        }
    }
}

bool ct_value_field(const char *at, const char *end, const char *key, ct_value *value) {
    ct_value table, found;
    size_t length = strlen(key);
    if (ct_value_read(&at, end, &table) < 0 || table.type != CT_VALUE_TABLE)
        return false;
    for (size_t i = 0; i < table.length; i++) {
        const char *name = at;
        if (ct_value_read(&name, end, &found) < 0 || ct_value_skip(&at, end) < 0)
            return false;
        if (found.type == CT_VALUE_STRING && found.length == length &&
            memcmp(found.string, key, length) == 0)
            return ct_value_read(&at, end, value) == CT_OK;
        if (ct_value_skip(&at, end) < 0)
            return false;
    }
    return false;
}
