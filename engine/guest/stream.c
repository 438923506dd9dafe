/* SPDX-License-Identifier: MIT
 *
 * stream.c - writes frames to the host, and reads bytes from it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest/guest.h"

#define PIECE 65536 /* bytes */

bool guest_write(const char *data, size_t length) {
    return ct_write_all(STDOUT_FILENO, data, length);
}

/* A small frame goes in one piece; see process.outlet. */
bool guest_send(enum ct_frame_type type, const void *data, size_t length) {
    char whole[PROCESS_OUTLET_ROOM] = {(char) type};
    for (int i = 0; i < 4; i++)
        whole[i + 1] = (char) (unsigned char) (length >> (8 * i));
    if (length > sizeof whole - CT_FRAME_HEADER)
        return guest_write(whole, CT_FRAME_HEADER) && guest_write(data, length);
    memcpy(whole + CT_FRAME_HEADER, data, length);
    return guest_write(whole, CT_FRAME_HEADER + length);
}

int guest_fail(const ct_error *error) {
    return guest_send(CT_FRAME_FAILED, error->message, strlen(error->message))
               ? 0
               : GUEST_BROKEN;
}

int guest_receive(ct_buf *input, ct_error *error) {
    if (ct_buf_reserve(input, PIECE) < 0)
        return ct_fail(error, CT_E_NO_MEMORY, "guest: out of memory");
    ssize_t got;
    do
        got = read(STDIN_FILENO, input->data + input->length, PIECE);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return ct_fail(error, CT_E_PROTOCOL, "guest: stdin ended before all was there");
    input->length += (size_t) got;
    return CT_OK;
}
