/* SPDX-License-Identifier: MIT
 *
 * connection.h - for the fuzzers of websockets, in place of connection.c: a connection
 * whose other side is bytes. It answers the handshake first, where that is wanted.
 */
#ifndef FUZZ_CONNECTION_H
#define FUZZ_CONNECTION_H

#include <openssl/evp.h>
#include <string.h>
#include <sys/eventfd.h>

#include "net/net.h"

static struct {
    char accept[64];               /* what the client's key is to be answered with */
    char head[256];                /* what is sent before the bytes */
    size_t head_length;            /* of it; 0: the bytes are all there is */
    bool greets;                   /* the head is a right answer to the handshake */
    const char *at, *end;          /* the bytes that are left */
    size_t piece;                  /* bytes that arrive at a time, at most */
    bool lull;                     /* nothing arrives this time */
    void (*answer)(ct_buf *bytes); /* makes other bytes of them once the key is known */
    ct_buf *answered;              /* which are here */
} other_side;

static void note_key(const char *request, size_t length) {
    static const char name[] = "Sec-WebSocket-Key: ";
    char joined[128];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    const char *key = memmem(request, length, name, sizeof name - 1);
    if (!key)
        return;
    snprintf(joined, sizeof joined, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
             key + sizeof name - 1);
    EVP_Digest(joined, strlen(joined), digest, &digest_length, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *) other_side.accept, digest, (int) digest_length);
    if (other_side.answer) {
        other_side.answer(other_side.answered);
        other_side.at = other_side.answered->data ? other_side.answered->data : "";
        other_side.end = other_side.at + other_side.answered->length;
    }
    if (other_side.greets)
        other_side.head_length = (size_t) snprintf(
            other_side.head, sizeof other_side.head,
            "HTTP/1.1 101 Yes\r\nSec-WebSocket-Accept: %s\r\n\r\n", other_side.accept);
}

int ct_connection_open(ct_connection *connection, const ct_endpoint *endpoint,
                       const ct_wait *wait, ct_error *error) {
    static int always_ready = -1;
    (void) endpoint, (void) wait, (void) error;
    if (always_ready < 0)
        always_ready = eventfd(1, EFD_CLOEXEC);
    *connection = (ct_connection){.descriptor = always_ready};
    return CT_OK;
}

void ct_connection_close(ct_connection *connection) {
    (void) connection;
}

ssize_t ct_connection_send(const ct_connection *connection, const void *data,
                           size_t length) {
    (void) connection;
    if (!other_side.accept[0])
        note_key(data, length);
    return (ssize_t) length;
}

ssize_t ct_connection_receive(const ct_connection *connection, void *data,
                              size_t length) {
    (void) connection;
    if (length > other_side.piece)
        length = other_side.piece;
    if (other_side.head_length > 0) {
        memcpy(data, other_side.head, length = 1);
        memmove(other_side.head, other_side.head + 1, --other_side.head_length);
        return (ssize_t) length;
    }
    size_t left = (size_t) (other_side.end - other_side.at);
    if (left == 0)
        return CT_E_CONNECT;
    if ((other_side.lull = !other_side.lull))
        return 0;
    length = length < left ? length : left;
    memcpy(data, other_side.at, length);
    other_side.at += length;
    return (ssize_t) length;
}

/* The first byte says how many of the others arrive at a time. */
static void start_connection(const uint8_t *data, size_t size, bool greets) {
    memset(&other_side, 0, sizeof other_side);
    other_side.greets = greets;
    other_side.piece = size > 0 ? (size_t) data[0] + 1 : 1;
    other_side.at = (const char *) data + (size > 0);
    other_side.end = (const char *) data + size;
}

#endif
