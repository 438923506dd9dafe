/* SPDX-License-Identifier: MIT
 *
 * cut.c - connections that end in the middle, on purpose: of one kind of websocket, one
 * is closed behind a given byte, without a word, while everything else goes on.
 */
#include <stdio.h>
#include <string.h>

#include "simulated.h"

static struct {
    char stream[16]; /* "": none is cut */
    size_t bytes;
    unsigned number; /* of the connections of that stream, until it is its turn; then 0 */
} cut;

bool cut_read(const char *text) {
    return sscanf(text, "%15[a-z]:%zu:%u", cut.stream, &cut.bytes, &cut.number) == 3;
}

void cut_count(struct connection *connection, const char *stream) {
    if (strcmp(stream, cut.stream) != 0 || cut.number == 0 || --cut.number > 0)
        return;
    connection->cut = true;
    connection->room = cut.bytes;
    cut_end(connection);
}

size_t cut_room(struct connection *connection, size_t length) {
    if (!connection->cut)
        return length;
    size_t taken = length < connection->room ? length : connection->room;
    connection->room -= taken;
    return taken;
}

void cut_end(struct connection *connection) {
    if (connection->cut && connection->room == 0)
        connection_break(connection);
}
