/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for a websocket's frames: whatever comes, pumping ends with the bytes, and no
 * more is delivered than was sent.
 */
#include <stdio.h>
#include <stdlib.h>

#include "connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *context, const char *data, size_t length) {
    size_t *delivered = context;
    uint8_t sum = 0; /* so that each byte is read */
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t) (sum + (uint8_t) data[i]);
    *delivered += length;
    return length == 1000 && sum == 7 ? CT_E_LIMIT : CT_OK; /* some sinks refuse some */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ct_endpoint endpoint = {.url = (char *) "http://lxd"};
    ct_wait wait = ct_wait_for(60, -1);
    size_t delivered = 0, turns = 0;
    start_connection(data, size, true);
    ct_websocket *socket;
    if (ct_websocket_open(&endpoint, "/", (ct_websocket_sink){take, &delivered}, &socket,
                          &wait, NULL) < 0)
        abort();
    while (ct_websocket_pump(socket, NULL) == CT_OK && !ct_websocket_ended(socket) &&
           !ct_websocket_broken(socket))
        if (++turns > 2 * size + 2)
            abort();
    if (delivered > size)
        abort();
    ct_websocket_close(socket);
    return 0;
}
