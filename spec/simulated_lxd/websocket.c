/* SPDX-License-Identifier: MIT
 *
 * websocket.c - connections that have become websockets: an exec's streams, and those
 * that are told of lifecycle events. What comes in is an exec's business.
 */
#include <string.h>

#include <openssl/evp.h>

#include "basic/basic.h"
#include "simulated.h"

static ssize_t on_receive(wslay_event_context_ptr frames, uint8_t *data, size_t length,
                          int flags, void *context) {
    struct connection *connection = context;
    (void) flags;
    size_t taken = connection->in.length < length ? connection->in.length : length;
    if (taken == 0) {
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size_t kept = cut_room(connection, taken);
    memcpy(data, connection->in.data, kept);
    ct_buf_consume(&connection->in, taken);
    if (kept > 0)
        return (ssize_t) kept;
    wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t length,
                       int flags, void *context) {
    struct connection *connection = context;
    (void) frames, (void) flags;
    must(ct_buf_add(&connection->out, data, cut_room(connection, length)));
    return (ssize_t) length;
}

static void on_message(wslay_event_context_ptr frames,
                       const struct wslay_event_on_msg_recv_arg *message, void *context) {
    (void) frames;
    if (!wslay_is_ctrl_frame(message->opcode))
        exec_take(context, message->msg, message->msg_length);
}

/* RFC 6455, 4.2.2 */
static void accept_upgrade(struct connection *connection, const char *key) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char accept[64];
    ct_buf joined;
    ct_buf_init(&joined, 1024);
    must(ct_buf_format(&joined, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key));
    EVP_Digest(joined.data, joined.length, digest, &length, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *) accept, digest, (int) length);
    size_t before = connection->out.length;
    must(ct_buf_format(&connection->out,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       accept));
    ct_buf_fini(&joined);
    bool hangs_up = faults_spoil(&connection->out, before);
    connection_flush(connection);
    connection->broken |= hangs_up;
}

void websocket_accept(struct connection *connection, const char *key) {
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_receive,
        .send_callback = on_send,
        .on_msg_recv_callback = on_message,
    };
    accept_upgrade(connection, key);
    if (wslay_event_context_server_init(&connection->frames, &callbacks, connection) != 0)
        must(CT_E_NO_MEMORY);
}

void websocket_receive(struct connection *connection) {
    if (wslay_event_recv(connection->frames) != 0 ||
        wslay_event_get_close_received(connection->frames))
        connection->broken = true;
    wslay_event_send(connection->frames);
    connection_flush(connection);
    cut_end(connection);
}

void websocket_send(struct connection *connection, enum wslay_opcode opcode,
                    const void *data, size_t length) {
    struct wslay_event_msg message = {
        .opcode = (uint8_t) opcode, .msg = data, .msg_length = length};
    if (!connection || connection->broken)
        return;
    wslay_event_queue_msg(connection->frames, &message);
    wslay_event_send(connection->frames);
    connection_flush(connection);
    cut_end(connection);
}
