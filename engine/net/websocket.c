/* SPDX-License-Identifier: MIT
 *
 * websocket.c - one websocket (RFC 6455, client side). The opening handshake is done by
 * hand, wslay makes and reads the frames, and connection.c moves the bytes. It never
 * blocks once it is open: who owns several websockets polls them together.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>
#include <wslay/wslay.h>

#include "net/net.h"

#define HANDSHAKE_MAX 16384 /* bytes of the server's answer */
#define MESSAGE_MAX   (64 * CT_MIB)
#define PUMP_MAX      262144 /* bytes received in one pump: others have a turn, too */

struct ct_websocket {
    ct_connection connection;
    wslay_event_context_ptr frames;
    ct_websocket_sink sink;
    ct_buf early;    /* frames that came with the handshake's answer */
    bool in_control; /* the frame being received is a control frame */
    bool broken;     /* nothing more can be received: the connection has ended */
    bool deaf;       /* nothing more can be sent; what comes is still read */
    size_t turn;     /* bytes that this pump may still receive */
    int sink_code;   /* the negative code that the sink has returned */
};

/* ---- the opening handshake (RFC 6455, 4.1) ---- */

static int encode_base64(const unsigned char *data, int length, char *out) {
    return EVP_EncodeBlock((unsigned char *) out, data, length);
}

/* The Sec-WebSocket-Accept that answers a key (RFC 6455, 4.2.2). */
static int expected_accept(const char *key, char out[32], ct_error *error) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char joined[64];
    size_t length = strlen(key);
    memcpy(joined, key, length);
    memcpy(joined + length, guid, sizeof guid);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    if (!EVP_Digest(joined, length + sizeof guid - 1, digest, &digest_length, EVP_sha1(),
                    NULL))
        return ct_fail_memory(error);
    encode_base64(digest, (int) digest_length, out);
    return CT_OK;
}

static int wait_for(int descriptor, short events, const ct_wait *wait, ct_error *error) {
    int code = ct_wait_check(wait, error);
    if (code < 0)
        return code;
    struct pollfd fds[2] = {{.fd = descriptor, .events = events},
                            {.fd = wait->cancel, .events = POLLIN}};
    poll(fds, 2, ct_wait_milliseconds(wait));
    return CT_OK;
}

static int send_all(ct_websocket *socket, const ct_buf *out, const ct_wait *wait,
                    ct_error *error) {
    size_t done = 0;
    while (done < out->length) {
        ssize_t sent =
            ct_connection_send(&socket->connection, out->data + done, out->length - done);
        if (sent < 0)
            return ct_fail(error, CT_E_CONNECT, "the server hung up");
        done += (size_t) sent;
        int code = sent > 0
                       ? CT_OK
                       : wait_for(socket->connection.descriptor, POLLOUT, wait, error);
        if (code < 0)
            return code;
    }
    return CT_OK;
}

/* Reads the answer's head into socket->early; returns the head's length. */
static int receive_head(ct_websocket *socket, const ct_wait *wait, ct_error *error) {
    for (;;) {
        char piece[1024];
        ssize_t got = ct_connection_receive(&socket->connection, piece, sizeof piece);
        if (got < 0)
            return ct_fail(error, CT_E_CONNECT, "the server hung up");
        if (got == 0) {
            int code = wait_for(socket->connection.descriptor, POLLIN, wait, error);
            if (code < 0)
                return code;
            continue;
        }
        if (ct_buf_add(&socket->early, piece, (size_t) got) < 0)
            return ct_fail(error, CT_E_PROTOCOL, "the server's answer is too long");
        char *end = strstr(socket->early.data, "\r\n\r\n");
        if (end)
            return (int) (end + 4 - socket->early.data);
    }
}

/* Checks the answer's head, which ends in NUL. */
static int check_head(const char *head, const char *key, ct_error *error) {
    static const char name[] = "\r\nsec-websocket-accept:";
    char accept[32];
    int code = expected_accept(key, accept, error);
    if (code < 0)
        return code;
    if (strncmp(head, "HTTP/1.1 101", 12) != 0)
        return ct_fail(error, CT_E_PROTOCOL, "no websocket: \"%.*s\"",
                       (int) strcspn(head, "\r\n"), head);
    const char *value = strcasestr(head, name);
    if (value)
        value += sizeof name - 1 + strspn(value + sizeof name - 1, " \t");
    if (!value || strncmp(value, accept, strlen(accept)) != 0 ||
        !strchr(" \t\r", value[strlen(accept)]))
        return ct_fail(error, CT_E_PROTOCOL, "wrong Sec-WebSocket-Accept");
    return CT_OK;
}

static int shake_hands(ct_websocket *socket, const char *host, const char *path,
                       const ct_wait *wait, ct_error *error) {
    unsigned char nonce[16];
    char key[32];
    if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce)
        return ct_fail_errno(error, "getrandom");
    encode_base64(nonce, sizeof nonce, key);
    ct_buf out;
    ct_buf_init(&out, HANDSHAKE_MAX);
    int code = ct_buf_format(&out,
                             "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: %s\r\n\r\n",
                             path, host, key);
    if (code < 0)
        ct_fail(error, code, "%s", ct_error_text(code));
    else
        code = send_all(socket, &out, wait, error);
    ct_buf_fini(&out);
    if (code < 0)
        return code;
    int head = receive_head(socket, wait, error);
    if (head < 0)
        return head;
    socket->early.data[head - 1] = '\0'; /* frames may follow it */
    code = check_head(socket->early.data, key, error);
    ct_buf_consume(&socket->early, (size_t) head);
    return code;
}

/* ---- wslay's callbacks ---- */

static ssize_t would_block(wslay_event_context_ptr frames) {
    wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static ssize_t on_receive(wslay_event_context_ptr frames, uint8_t *data, size_t length,
                          int flags, void *context) {
    (void) flags;
    ct_websocket *socket = context;
    if (socket->turn == 0 || socket->sink_code < 0)
        return would_block(frames);
    if (length > socket->turn)
        length = socket->turn;
    if (socket->early.length > 0) {
        size_t taken = length < socket->early.length ? length : socket->early.length;
        memcpy(data, socket->early.data, taken);
        ct_buf_consume(&socket->early, taken);
        return (ssize_t) taken;
    }
    ssize_t got = ct_connection_receive(&socket->connection, data, length);
    if (got > 0) {
        socket->turn -= (size_t) got;
        return got;
    }
    if (got < 0)
        socket->broken = true;
    return would_block(frames);
}

static ssize_t on_send(wslay_event_context_ptr frames, const uint8_t *data, size_t length,
                       int flags, void *context) {
    (void) flags;
    ct_websocket *socket = context;
    ssize_t sent = ct_connection_send(&socket->connection, data, length);
    if (sent > 0)
        return sent;
    if (sent < 0)
        socket->deaf = true;
    return would_block(frames);
}

static int on_mask(wslay_event_context_ptr frames, uint8_t *mask, size_t length,
                   void *context) {
    (void) context;
    if (getrandom(mask, length, 0) == (ssize_t) length)
        return 0;
    wslay_event_set_error(frames, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static void give_to_sink(ct_websocket *socket, const void *data, size_t length) {
    if (socket->sink_code >= 0 && !socket->in_control)
        socket->sink_code = socket->sink.take(socket->sink.context, data, length);
}

static void on_frame_start(wslay_event_context_ptr frames,
                           const struct wslay_event_on_frame_recv_start_arg *frame,
                           void *context) {
    (void) frames;
    ct_websocket *socket = context;
    socket->in_control = wslay_is_ctrl_frame(frame->opcode);
    if (frame->payload_length == 0 && frame->opcode != WSLAY_CONTINUATION_FRAME)
        give_to_sink(socket, "", 0);
}

static void on_frame_chunk(wslay_event_context_ptr frames,
                           const struct wslay_event_on_frame_recv_chunk_arg *chunk,
                           void *context) {
    (void) frames;
    give_to_sink(context, chunk->data, chunk->data_length);
}

/* ---- the connection ---- */

static int start_frames(ct_websocket *socket) {
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_receive,
        .send_callback = on_send,
        .genmask_callback = on_mask,
        .on_frame_recv_start_callback = on_frame_start,
        .on_frame_recv_chunk_callback = on_frame_chunk,
    };
    if (wslay_event_context_client_init(&socket->frames, &callbacks, socket) != 0) {
        socket->frames = NULL; /* wslay has freed it */
        return CT_E_NO_MEMORY;
    }
    wslay_event_config_set_no_buffering(socket->frames, 1);
    wslay_event_config_set_max_recv_msg_length(socket->frames, MESSAGE_MAX);
    return CT_OK;
}

/* The request's first line is written by hand, so nothing in the path may end the line or
 * begin another. */
static int check_path(const char *path, ct_error *error) {
    for (const char *c = path; *c; c++)
        if ((unsigned char) *c <= ' ' || *c == 0x7f)
            return ct_fail(error, CT_E_ARGUMENT,
                           "a websocket's path has a space or a control character in it");
    return CT_OK;
}

static int open_socket(const ct_endpoint *endpoint, const char *path,
                       ct_websocket_sink sink, ct_websocket **out, const ct_wait *wait,
                       ct_error *error) {
    *out = NULL;
    int code = check_path(path, error);
    if (code < 0)
        return code;
    ct_websocket *socket = calloc(1, sizeof *socket);
    if (!socket)
        return ct_fail_memory(error);
    socket->sink = sink;
    ct_buf_init(&socket->early, HANDSHAKE_MAX);
    code = ct_connection_open(&socket->connection, endpoint, wait, error);
    const char *host = strstr(endpoint->url, "://") + 3;
    if (code == CT_OK)
        code = shake_hands(socket, host, path, wait, error);
    if (code == CT_OK && start_frames(socket) < 0)
        code = ct_fail_memory(error);
    if (code < 0)
        ct_websocket_close(socket);
    else
        *out = socket;
    return code;
}

/* What is behind the path is the secret that lets one in: it is not for the log. */
int ct_websocket_open(const ct_endpoint *endpoint, const char *path,
                      ct_websocket_sink sink, ct_websocket **out, const ct_wait *wait,
                      ct_error *error) {
    double begun = ct_now();
    int code = open_socket(endpoint, path, sink, out, wait, error);
    ct_log_write(&endpoint->logger, CT_LOG_DEBUG, "websocket %.*s: %s, %.3f s",
                 (int) strcspn(path, "?"), path, code < 0 ? ct_error_name(code) : "open",
                 ct_now() - begun);
    return code;
}

void ct_websocket_close(ct_websocket *socket) {
    if (!socket)
        return;
    if (socket->frames)
        wslay_event_context_free(socket->frames);
    ct_connection_close(&socket->connection);
    ct_buf_fini(&socket->early);
    free(socket);
}

int ct_websocket_descriptor(const ct_websocket *socket) {
    return socket->connection.descriptor;
}

short ct_websocket_events(const ct_websocket *socket) {
    bool sends = wslay_event_want_write(socket->frames) && !socket->deaf;
    return sends ? POLLIN | POLLOUT : POLLIN;
}

bool ct_websocket_ended(const ct_websocket *socket) {
    return wslay_event_get_close_received(socket->frames);
}

bool ct_websocket_broken(const ct_websocket *socket) {
    return socket->broken && !ct_websocket_ended(socket);
}

bool ct_websocket_drained(const ct_websocket *socket) {
    return wslay_event_get_queued_msg_count(socket->frames) == 0;
}

int ct_websocket_queue(ct_websocket *socket, const char *data, size_t length) {
    struct wslay_event_msg message = {.opcode = WSLAY_BINARY_FRAME,
                                      .msg = (const uint8_t *) data,
                                      .msg_length = length};
    int code = wslay_event_queue_msg(socket->frames, &message);
    if (code == 0)
        return CT_OK;
    return code == WSLAY_ERR_NOMEM ? CT_E_NO_MEMORY : CT_E_CONNECT;
}

bool ct_websocket_pending(const ct_websocket *socket) {
    return socket->turn == 0;
}

int ct_websocket_pump(ct_websocket *socket, ct_error *error) {
    socket->turn = PUMP_MAX;
    int code = wslay_event_send(socket->frames);
    if (code == 0)
        code = wslay_event_recv(socket->frames);
    if (socket->sink_code < 0)
        return socket->sink_code;
    if (code == WSLAY_ERR_NOMEM)
        return ct_fail_memory(error);
    /* wslay stops reading at a frame that breaks the protocol */
    bool refused = !wslay_event_get_read_enabled(socket->frames) &&
                   !wslay_event_get_close_received(socket->frames);
    if (code != 0 || refused)
        return ct_fail(error, CT_E_PROTOCOL, "broken websocket frames");
    return CT_OK;
}
