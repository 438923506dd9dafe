/* SPDX-License-Identifier: MIT
 *
 * connection.c - HTTP/1.1 over a unix socket, without blocking: requests in, answers out,
 * and the end of an operation that somebody waits for. What a request means is in api.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/basic.h"
#include "simulated.h"

#define PIECE 262144 /* bytes read at a time */

static struct connection *all;
static bool some_broken;

/* ---- bytes ---- */

static void watch(struct connection *connection, int how, bool write) {
    struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0u),
                                .data.ptr = connection};
    epoll_ctl(poller, how, connection->descriptor, &event);
    connection->wants_write = write;
}

static void broke(struct connection *connection) {
    connection->broken = true;
    some_broken = true;
}

void connection_break(struct connection *connection) {
    connection_flush(connection);
    broke(connection);
}

void connection_flush(struct connection *connection) {
    size_t done = 0;
    while (done < connection->out.length) {
        ssize_t sent = send(connection->descriptor, connection->out.data + done,
                            connection->out.length - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            broke(connection);
        if (sent < 0)
            break;
        done += (size_t) sent;
    }
    ct_buf_consume(&connection->out, done);
    if (connection->wants_write != (connection->out.length > 0))
        watch(connection, EPOLL_CTL_MOD, connection->out.length > 0);
}

static char piece[PIECE];

static bool receive(struct connection *connection) {
    int peek = faults_reset() ? MSG_PEEK : 0;
    ssize_t length =
        recv(connection->descriptor, piece, sizeof piece, MSG_DONTWAIT | peek);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (length <= 0) {
        broke(connection);
        return false;
    }
    must(ct_buf_add(&connection->in, piece, (size_t) length));
    connection->peeked = peek ? (size_t) length : 0;
    return true;
}

/* Takes what was only peeked at, unless the connection is to end with it unread. */
static void take_peeked(struct connection *connection) {
    if (connection->peeked > 0 && !connection->broken)
        connection->peeked -= (size_t) recv(connection->descriptor, piece,
                                            connection->peeked, MSG_DONTWAIT);
}

/* ---- answers ---- */

static void answer(struct connection *connection, int status, const ct_buf *body) {
    size_t before = connection->out.length;
    must(ct_buf_format(&connection->out,
                       "HTTP/1.1 %d Simulated\r\nContent-Type: application/json\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       status, body->length));
    must(ct_buf_add(&connection->out, body->data, body->length));
    bool hangs_up = faults_spoil(&connection->out, before);
    if (connection->to_drop == 0 || hangs_up)
        connection_flush(connection);
    if (hangs_up)
        broke(connection);
}

void answer_sync(struct connection *connection, const char *metadata) {
    ct_buf body;
    ct_buf_init(&body, TEXT_MAX);
    must(ct_buf_format(&body, "{\"type\":\"sync\",\"status\":\"Success\",\"status_code\":"
                              "200,\"operation\":\"\",\"error_code\":0,\"error\":\"\","
                              "\"metadata\":"));
    must(ct_buf_add(&body, metadata, strlen(metadata)));
    must(ct_buf_add(&body, "}\n", 2));
    answer(connection, 200, &body);
    ct_buf_fini(&body);
}

void answer_operation(struct connection *connection, const struct operation *operation) {
    ct_buf text, body;
    ct_buf_init(&text, TEXT_MAX);
    ct_buf_init(&body, TEXT_MAX);
    operation_write(operation, &text);
    struct span id = json_get((struct span){text.data, text.length}, "id");
    must(ct_buf_format(&body,
                       "{\"type\":\"async\",\"status\":\"Operation created\","
                       "\"status_code\":100,\"operation\":\"/1.0/operations/%.*s\","
                       "\"error_code\":0,\"error\":\"\",\"metadata\":%s}\n",
                       (int) id.length - 2, id.at + 1, text.data));
    answer(connection, 202, &body);
    ct_buf_fini(&text);
    ct_buf_fini(&body);
}

void answer_error(struct connection *connection, int status, const char *message) {
    ct_buf body;
    ct_buf_init(&body, TEXT_MAX);
    must(ct_buf_format(&body,
                       "{\"type\":\"error\",\"status\":\"\",\"status_code\":0,"
                       "\"operation\":\"\",\"error_code\":%d,\"error\":\"%s\","
                       "\"metadata\":null}\n",
                       status, message));
    answer(connection, status, &body);
    ct_buf_fini(&body);
}

void connections_tell(const struct operation *operation) {
    for (struct connection *at = all; at; at = at->next) {
        if (at->waiting != operation)
            continue;
        ct_buf text;
        ct_buf_init(&text, TEXT_MAX);
        operation_write(operation, &text);
        at->waiting = NULL;
        answer_sync(at, text.data);
        ct_buf_fini(&text);
    }
}

void connections_announce(const char *action, const char *instance) {
    ct_buf event;
    ct_buf_init(&event, 4096);
    for (struct connection *at = all; at; at = at->next) {
        if (!at->events)
            continue;
        if (event.length == 0)
            must(
                ct_buf_format(&event,
                              "{\"type\":\"lifecycle\",\"location\":\"none\",\"project\":"
                              "\"default\",\"metadata\":{\"action\":\"instance-%s\","
                              "\"source\":\"/1.0/instances/%s\"}}",
                              action, instance));
        websocket_send(at, WSLAY_TEXT_FRAME, event.data, event.length);
    }
    ct_buf_fini(&event);
}

void connections_forget(const struct operation *operation) {
    for (struct connection *at = all; at; at = at->next)
        if (at->exec == operation)
            at->exec = NULL;
}

/* ---- requests ---- */

/* The value of a header, which is cut off where it ends; NULL: there is none. */
static char *header(char *head, const char *name) {
    char *found = strcasestr(head, name);
    if (!found)
        return NULL;
    found += strlen(name);
    return found + strspn(found, " ");
}

/* A file's content is not looked at, so it is not waited for either. */
static bool is_file(const char *head) {
    const char *found = strstr(head, "/files?");
    return found && found < strstr(head, "\r\n");
}

/* Cuts the head, which ends in NUL, into what a request has. */
static bool parse_head(char *head, struct request *request) {
    request->key = header(head, "\r\nsec-websocket-key:");
    if (request->key)
        request->key[strcspn(request->key, "\r")] = '\0';
    char *rest;
    request->method = strtok_r(head, " ", &rest);
    request->path = strtok_r(NULL, " ", &rest);
    if (!request->method || !request->path)
        return false;
    char *query = strchr(request->path, '?');
    request->query = query ? query + 1 : "";
    if (query)
        *query = '\0';
    return true;
}

/* Answers the request at the start of the input. false when it is not all there yet. */
static bool take_request(struct connection *connection) {
    char *head = connection->in.data;
    char *end = head ? strstr(head, "\r\n\r\n") : NULL;
    if (!end)
        return false;
    size_t head_length = (size_t) (end + 4 - head);
    const char *number = header(head, "\r\ncontent-length:");
    size_t length = number && number < end ? strtoull(number, NULL, 10) : 0;
    size_t there = connection->in.length - head_length;
    bool file = is_file(head);
    if (!file && there < length)
        return false;
    size_t taken = there < length ? there : length;
    connection->to_drop = length - taken;
    struct request request = {.body = {end + 4, file ? 0 : length}};
    *end = '\0';
    if (parse_head(head, &request))
        api_answer(connection, &request);
    else
        broke(connection);
    ct_buf_consume(&connection->in, head_length + taken);
    return true;
}

/* The answer, which is there already, is held back until the whole body has come. */
static void drop(struct connection *connection) {
    size_t length = connection->to_drop < connection->in.length ? connection->to_drop
                                                                : connection->in.length;
    if (connection->to_drop == 0)
        return;
    ct_buf_consume(&connection->in, length);
    connection->to_drop -= length;
    if (connection->to_drop == 0)
        connection_flush(connection);
}

static void take_requests(struct connection *connection) {
    do
        drop(connection);
    while (!connection->broken && !connection->frames && !connection->waiting &&
           connection->to_drop == 0 && take_request(connection));
}

void connection_serve(struct connection *connection, unsigned events) {
    if (connection->broken)
        return;
    if (events & EPOLLOUT)
        connection_flush(connection);
    if (!(events & ~(unsigned) EPOLLOUT) || !receive(connection))
        return;
    if (!connection->frames)
        take_requests(connection);
    if (connection->frames)
        websocket_receive(connection);
    take_peeked(connection);
    some_broken |= connection->broken;
}

/* ---- their life ---- */

void connections_accept(int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0)
        return;
    struct connection *connection = got(calloc(1, sizeof *connection));
    connection->descriptor = descriptor;
    ct_buf_init(&connection->in, TEXT_MAX);
    ct_buf_init(&connection->out, TEXT_MAX);
    connection->next = all;
    if (all)
        all->before = connection;
    all = connection;
    watch(connection, EPOLL_CTL_ADD, false);
}

static void close_connection(struct connection *connection) {
    exec_hung_up(connection);
    if (connection->before)
        connection->before->next = connection->next;
    else
        all = connection->next;
    if (connection->next)
        connection->next->before = connection->before;
    if (connection->frames)
        wslay_event_context_free(connection->frames);
    ct_buf_fini(&connection->in);
    ct_buf_fini(&connection->out);
    close(connection->descriptor);
    free(connection);
}

bool connections_sweep(void) {
    struct connection *next;
    bool swept = some_broken;
    for (struct connection *at = some_broken ? all : NULL; at; at = next) {
        next = at->next;
        if (at->broken)
            close_connection(at);
    }
    some_broken = false;
    return swept;
}
