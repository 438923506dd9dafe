/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for the answer to a websocket's handshake. Where the bytes have an "@", the
 * answer that the client's key asks for stands: else no input would ever get past it. A
 * connection opens for a status of 101 and that answer, and for nothing else.
 */
#include <stdio.h>
#include <stdlib.h>

#include "connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *context, const char *data, size_t length) {
    (void) context, (void) data, (void) length;
    return CT_OK;
}

/* In place of ct_connection_receive()'s bytes: with the answer in them. */
static void write_answer(ct_buf *bytes) {
    for (const char *at = other_side.at; at < other_side.end; at++) {
        bool token = *at == '@';
        if (ct_buf_add(bytes, token ? other_side.accept : at,
                       token ? strlen(other_side.accept) : 1) < 0)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ct_endpoint endpoint = {.url = (char *) "http://lxd"};
    ct_wait wait = ct_wait_for(5, -1);
    ct_error error = {0};
    ct_buf bytes;
    start_connection(data, size, false);
    ct_buf_init(&bytes, CT_MIB);
    other_side.answer = write_answer;
    other_side.answered = &bytes;
    ct_websocket *socket;
    int code = ct_websocket_open(&endpoint, "/", (ct_websocket_sink){take, NULL}, &socket,
                                 &wait, &error);
    bool right = bytes.data && strncmp(bytes.data, "HTTP/1.1 101", 12) == 0 &&
                 strstr(bytes.data, other_side.accept);
    if (code == CT_OK ? !right : code != error.code)
        abort();
    ct_websocket_close(socket);
    ct_buf_fini(&bytes);
    return 0;
}
