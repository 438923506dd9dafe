/* SPDX-License-Identifier: MIT
 *
 * frame.c - frames, by which host and guest keep messages apart on one pipe: one type
 * byte, four bytes of length, and so many bytes.
 */
#include "wire/wire.h"

int ct_frame_add(ct_buf *out, enum ct_frame_type type, const void *data, size_t length) {
    if (length > CT_FRAME_MAX)
        return CT_E_LIMIT;
    unsigned char header[CT_FRAME_HEADER] = {(unsigned char) type};
    for (int i = 0; i < 4; i++)
        header[i + 1] = (unsigned char) (length >> (8 * i));
    int code = ct_buf_reserve(out, sizeof header + length);
    if (code == CT_OK)
        code = ct_buf_add(out, header, sizeof header);
    return code < 0 ? code : ct_buf_add(out, data, length);
}

int ct_frame_parse(const char *bytes, size_t length, enum ct_frame_type *type,
                   const char **data, size_t *data_length) {
    if (length < CT_FRAME_HEADER)
        return 0;
    size_t announced = 0;
    for (int i = 0; i < 4; i++)
        announced |= (size_t) (unsigned char) bytes[i + 1] << (8 * i);
    if (announced > CT_FRAME_MAX)
        return CT_E_PROTOCOL;
    if (length - CT_FRAME_HEADER < announced)
        return 0;
    *type = (enum ct_frame_type) bytes[0];
    *data = bytes + CT_FRAME_HEADER;
    *data_length = announced;
    return (int) (CT_FRAME_HEADER + announced);
}
