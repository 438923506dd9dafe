/* SPDX-License-Identifier: MIT
 *
 * link.c - the proxy: connections, what passes over them, and what is done to it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"

#define INSTANCES 8 /* that are remembered */

static const struct options *given;
static int listener = -1;
static struct link *links[LINKS_MAX];
static unsigned made, turns;
static char last_request[REQUEST_SIZE];
static char instances[INSTANCES][80];
static unsigned instance_count;

unsigned links_turns(void) {
    return turns;
}

const char *links_request(void) {
    return last_request;
}

const char *links_instance(size_t index) {
    return index < INSTANCES && *instances[index] ? instances[index] : NULL;
}

void links_relent(void) {
    faults_stop();
}

void links_open(const struct options *options) {
    given = options;
    listener = endpoint_listen(options);
}

/* ---- closing ---- */

void link_close(struct link **link, bool reset) {
    struct linger now_or_never = {.l_onoff = 1};
    for (int i = 0; i < 2; i++) {
        if (reset && over_tcp(given))
            setsockopt((*link)->ends[i], SOL_SOCKET, SO_LINGER, &now_or_never,
                       sizeof now_or_never);
        close((*link)->ends[i]);
    }
    free(*link);
    *link = NULL;
}

void links_close(void) {
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (links[i])
            link_close(&links[i], false);
    close(listener);
}

/* ---- turns ---- */

static void note_instance(const char *request) {
    char name[80];
    if (sscanf(request, "POST /1.0/instances/%79[^/ ?]/exec", name) == 1)
        snprintf(instances[instance_count++ % INSTANCES], sizeof *instances, "%s", name);
}

static void begin_turn(struct link *link, const char *bytes, size_t length) {
    size_t line = 0;
    while (line < length && line < REQUEST_SIZE - 1 && bytes[line] >= ' ' &&
           bytes[line] <= '~')
        line++;
    snprintf(link->request, REQUEST_SIZE, "%.*s", over_tcp(given) ? 0 : (int) line,
             bytes);
    snprintf(last_request, REQUEST_SIZE, "%s", link->request);
    note_instance(link->request);
    link->flows[TO_LXD].passed = link->flows[TO_CLIENT].passed = 0;
    say("turn %u link %u: %s", ++turns, link->number, link->request);
    fault_draw(link, given);
}

static void see_bytes(struct link *link, enum direction direction, const char *bytes,
                      size_t length) {
    if (direction == TO_CLIENT) {
        bool upgrade = !link->upgraded && !over_tcp(given) && length > 12 &&
                       memcmp(bytes, "HTTP/1.1 101", 12) == 0;
        link->answered = true;
        if (upgrade) {
            link->upgraded = true;
            fault_draw(link, given);
        }
    } else if (link->answered && !link->upgraded) {
        link->answered = false;
        begin_turn(link, bytes, length);
    }
}

/* ---- moving ---- */

static void fill(struct link *link, enum direction direction) {
    struct flow *flow = &link->flows[direction];
    char *room = flow->data + flow->length;
    ssize_t got =
        recv(link->ends[!direction], room, FLOW_SIZE - flow->length, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        flow->ended = true;
        return;
    }
    if (flow->swallow)
        return;
    see_bytes(link, direction, room, (size_t) got);
    flow->length += (size_t) got;
}

/* Bytes that may pass now. */
static size_t allowed(const struct link *link, enum direction direction) {
    const struct flow *flow = &link->flows[direction];
    const struct fault *fault = &link->fault;
    size_t count = flow->single > 0 && flow->length > 0 ? 1 : flow->length;
    if (fault->kind && fault->direction == direction && fault->when <= 0 &&
        fault->offset - flow->passed < count)
        count = fault->offset - flow->passed;
    return count;
}

static bool is_due(const struct link *link, enum direction direction) {
    const struct flow *flow = &link->flows[direction];
    const struct fault *fault = &link->fault;
    return fault->kind && fault->when <= 0 && fault->direction == direction &&
           flow->length > 0 && flow->passed >= fault->offset;
}

/* false: the link is gone. */
static bool move(struct link **at, enum direction direction) {
    struct link *link = *at;
    struct flow *flow = &link->flows[direction];
    if (now() < flow->hold || link->reset_at > 0)
        return true;
    if (is_due(link, direction) && fault_strike(link)) {
        link_close(at, true);
        return false;
    }
    if (now() < flow->hold || link->reset_at > 0)
        return true;
    size_t count = allowed(link, direction);
    ssize_t sent = count > 0 ? send(link->ends[direction], flow->data, count,
                                    MSG_DONTWAIT | MSG_NOSIGNAL)
                             : 0;
    if (sent < 0 && errno != EAGAIN)
        flow->swallow = true;
    if (sent > 0) {
        flow->length -= (size_t) sent;
        flow->passed += (size_t) sent;
        flow->single -= flow->single > 0;
        memmove(flow->data, flow->data + sent, flow->length);
    }
    if (flow->swallow)
        flow->length = 0;
    if (flow->ended && flow->length == 0 && !flow->shut) {
        shutdown(link->ends[direction], SHUT_WR);
        flow->shut = true;
    }
    return true;
}

static void accept_link(void) {
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    size_t free_place = 0;
    while (free_place < LINKS_MAX && links[free_place])
        free_place++;
    struct link *link =
        free_place < LINKS_MAX && client >= 0 ? calloc(1, sizeof *link) : NULL;
    int server = link ? endpoint_connect(given->upstream) : -1;
    if (server < 0) {
        free(link);
        close(client);
        return;
    }
    int on = 1;
    *link = (struct link){.ends = {server, client}, .number = ++made, .answered = true};
    link->chance = given->seed * 1000003 + link->number;
    for (int i = 0; i < 2 && over_tcp(given); i++)
        setsockopt(link->ends[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    links[free_place] = link;
    if (fault_refuses(link, given))
        link_close(&links[free_place], true);
}

/* ---- the loop's side ---- */

static void earlier(double *wake, double when) {
    if (when > 0 && when < *wake)
        *wake = when;
}

static void watch_link(struct link *link, struct pollfd *fds, double *wake) {
    double time = now();
    for (int end = 0; end < 2; end++)
        fds[end] = (struct pollfd){.fd = link->ends[end]};
    earlier(wake, link->reset_at);
    earlier(wake, link->fault.kind ? link->fault.when : 0);
    for (int i = 0; i < 2; i++) {
        struct flow *flow = &link->flows[i];
        bool held = flow->hold > time || link->reset_at > 0;
        earlier(wake, flow->hold > time ? flow->hold : 0);
        if (!held && flow->length < FLOW_SIZE && !flow->ended)
            fds[!i].events |= POLLIN;
        if (!held && flow->length > 0)
            fds[i].events |= POLLOUT;
    }
    if (link->reset_at > 0) /* who gives up on a stalled one closes it */
        fds[TO_CLIENT].events |= POLLRDHUP;
    for (int end = 0; end < 2; end++)
        if (!fds[end].events)
            fds[end].fd = -1;
}

size_t links_watch(struct pollfd *fds, double *wake) {
    size_t count = 1;
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (links[i]) {
            watch_link(links[i], fds + count, wake);
            count += 2;
        }
    return count;
}

static void serve_link(struct link **at, const struct pollfd *fds) {
    struct link *link = *at;
    bool over = link->reset_at > 0 && (now() >= link->reset_at ||
                                       fds[TO_CLIENT].revents & (POLLRDHUP | POLLHUP));
    if (over) {
        link_close(at, true);
        return;
    }
    bool due = link->fault.kind && link->fault.when > 0 && now() >= link->fault.when;
    if (due && fault_strike(link)) {
        link_close(at, true);
        return;
    }
    for (enum direction i = TO_LXD; i <= TO_CLIENT; i++) {
        if (fds[!i].revents & (POLLIN | POLLHUP | POLLERR) && link->reset_at <= 0 &&
            !link->flows[i].ended && link->flows[i].length < FLOW_SIZE)
            fill(link, i);
        if (!move(at, i))
            return;
    }
    struct flow *flows = link->flows;
    if (flows[0].ended && flows[1].ended && flows[0].length + flows[1].length == 0)
        link_close(at, false);
    else if (flows[TO_LXD].ended && flows[TO_CLIENT].swallow)
        link_close(at, false);
}

void links_serve(const struct pollfd *fds, size_t count) {
    size_t at = 1;
    for (size_t i = 0; i < LINKS_MAX && at < count; i++)
        if (links[i]) {
            serve_link(&links[i], fds + at);
            at += 2;
        }
    if (fds[0].revents & POLLIN)
        accept_link();
}
