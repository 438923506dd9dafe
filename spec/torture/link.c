/* SPDX-License-Identifier: MIT
 *
 * link.c - the proxy: connections, what passes over them, and what is done to it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "torture.h"

#define FLOW_SIZE    65536
#define STALL        25.0 /* seconds */
#define SPLIT_BYTES  1500
#define INSTANCES    8
#define REQUEST_SIZE 200

enum direction { TO_LXD, TO_CLIENT };

/* One direction. */
struct flow {
    char data[FLOW_SIZE];
    size_t length;
    size_t passed; /* bytes in this turn */
    size_t single; /* so many more go one at a time */
    double hold;   /* nothing passes before */
    bool ended;    /* there is no more to read */
    bool swallow;  /* what comes is dropped */
    bool shut;     /* the other end has been told */
};

struct fault {
    enum fault_kind kind;
    enum direction direction;
    size_t offset; /* bytes of the turn that pass before */
    double when;   /* or when it is time; 0: by bytes */
};

struct link {
    int ends[2]; /* what is sent TO_LXD, TO_CLIENT goes to this one */
    struct flow flows[2];
    struct fault fault; /* of this turn */
    uint64_t chance;
    unsigned number;
    bool answered; /* since the last byte of the client's */
    bool upgraded;
    double reset_at; /* the end of a stall; 0: none */
    char request[REQUEST_SIZE];
};

static const struct options *given;
static int listener = -1;
static struct link *links[LINKS_MAX];
static unsigned made, turns, faults;
static bool relented;
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
    relented = true;
}

static bool over_tcp(void) {
    return !given->listen;
}

/* ---- opening ---- */

static int connect_to(const char *upstream) {
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_in inet;
    } address = {0};
    socklen_t size = sizeof address.local;
    if (*upstream == '/') {
        address.local.sun_family = AF_UNIX;
        snprintf(address.local.sun_path, sizeof address.local.sun_path, "%s", upstream);
    } else {
        address.inet.sin_family = AF_INET;
        address.inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.inet.sin_port =
            htons((uint16_t) strtoul(strchr(upstream, ':') + 1, NULL, 10));
        size = sizeof address.inet;
    }
    int end = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (end >= 0 && connect(end, &address.any, size) < 0) {
        close(end);
        end = -1;
    }
    return end;
}

static void listen_on_socket(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof address) < 0)
        die(path);
    setenv("TORTURE_ENDPOINT", path, 1);
}

static void listen_on_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *) &address, size) < 0 ||
        getsockname(listener, (struct sockaddr *) &address, &size) < 0)
        die("listening on 127.0.0.1");
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "https://127.0.0.1:%u", ntohs(address.sin_port));
    setenv("TORTURE_ENDPOINT", endpoint, 1);
}

void links_open(const struct options *options) {
    given = options;
    if (options->listen)
        listen_on_socket(options->listen);
    else
        listen_on_port();
    if (listen(listener, 64) < 0)
        die("listen");
}

/* ---- closing ---- */

static void close_link(struct link **link, bool reset) {
    struct linger now_or_never = {.l_onoff = 1};
    for (int i = 0; i < 2; i++) {
        if (reset && over_tcp())
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
            close_link(&links[i], false);
    close(listener);
}

/* ---- faults ---- */

/* Over a unix socket nothing protects the bytes, so a bit that turns over in what the client
 * asks for, or in what an instance says, is a true word for all that anybody can tell. There
 * only LXD's own answers are flipped; under TLS everything is. */
static bool makes_sense(const struct link *link, const struct fault *fault) {
    if (fault->kind == FAULT_FLIP && !over_tcp())
        return fault->direction == TO_CLIENT && !link->upgraded;
    if (fault->kind >= FAULT_BEFORE)
        return !over_tcp() && !link->upgraded;
    return true;
}

static enum fault_kind draw_kind(struct link *link) {
    enum fault_kind kind;
    do
        kind = (enum fault_kind) (1 + draw(&link->chance) % (FAULT_REFUSE - 1));
    while (!(given->kinds & (1u << kind)));
    return kind;
}

static void draw_fault(struct link *link) {
    uint64_t chance = draw(&link->chance) % 1000;
    struct fault fault = {.direction = draw(&link->chance) % 2 ? TO_CLIENT : TO_LXD};
    uint64_t where = draw(&link->chance);
    link->fault = (struct fault){0};
    if (relented || !given->kinds || chance >= given->rate * (link->upgraded ? 3 : 1))
        return;
    fault.kind = draw_kind(link);
    if (where % 3 > 0)
        fault.offset = (where >> 8) % (where % 3 == 1 ? 300 : 3000);
    if (link->upgraded && (where >> 40) % 2)
        fault.when = now() + (double) ((where >> 41) % 1500) / 1000;
    if (fault.kind >= FAULT_BEFORE) {
        fault.direction = fault.kind == FAULT_BEFORE ? TO_LXD : TO_CLIENT;
        fault.offset = 0;
        fault.when = 0;
    }
    if (fault.kind == FAULT_FLIP && !over_tcp())
        fault.direction = TO_CLIENT;
    if (makes_sense(link, &fault))
        link->fault = fault;
}

/* The client gets this text and the end; nothing else passes any more. */
static void answer_instead(struct link *link, const char *text, size_t length) {
    link->flows[TO_LXD].swallow = link->flows[TO_CLIENT].swallow = true;
    link->flows[TO_LXD].length = link->flows[TO_CLIENT].length = 0;
    ssize_t ignored = send(link->ends[TO_CLIENT], text, length, MSG_NOSIGNAL);
    (void) ignored;
    shutdown(link->ends[TO_CLIENT], SHUT_WR);
    shutdown(link->ends[TO_LXD], SHUT_WR);
    link->flows[TO_CLIENT].shut = link->flows[TO_LXD].shut = true;
}

static void answer_status(struct link *link) {
    static const char *const lines[] = {"500 Internal Server Error", "502 Bad Gateway",
                                        "503 Service Unavailable"};
    uint64_t chance = draw(&link->chance);
    bool proxy = chance & 8;
    const char *body = proxy ? "<html><h1>Sorry</h1></html>"
                             : "{\"type\":\"error\",\"status\":\"\",\"error_code\":500,"
                               "\"error\":\"torture says no\"}";
    char text[400];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                          "Connection: close\r\n\r\n%s",
                          lines[chance % 3], proxy ? "text/html" : "application/json",
                          strlen(body), body);
    answer_instead(link, text, (size_t) length);
}

static void answer_garbage(struct link *link) {
    char text[512];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char) draw(&link->chance);
    answer_instead(link, text, sizeof text);
}

static void truncate_flow(struct link *link, struct flow *flow, enum direction direction) {
    flow->swallow = flow->shut = true;
    flow->length = 0;
    shutdown(link->ends[direction], SHUT_WR);
}

/* Seconds up to 2, mostly short. */
static double draw_delay(struct link *link) {
    double part = (double) (draw(&link->chance) % 1000) / 1000;
    return 0.02 + 2 * part * part * part;
}

/* Does to the link what is planned. false: there is no link any more. */
static bool strike(struct link **at) {
    struct link *link = *at;
    struct fault fault = link->fault;
    struct flow *flow = &link->flows[fault.direction];
    say("fault %u %s %s link %u turn %u byte %zu: %s", ++faults, fault_names[fault.kind],
        fault.direction == TO_LXD ? "request" : "answer", link->number, turns,
        flow->passed, link->request);
    link->fault = (struct fault){0};
    switch (fault.kind) {
    case FAULT_RESET:
        close_link(at, true);
        return false;
    case FAULT_TRUNCATE:
        truncate_flow(link, flow, fault.direction);
        break;
    case FAULT_DELAY:
        flow->hold = now() + draw_delay(link);
        break;
    case FAULT_STALL:
        link->reset_at = now() + STALL;
        break;
    case FAULT_SPLIT:
        flow->single = SPLIT_BYTES;
        break;
    case FAULT_FLIP:
        if (flow->length > 0)
            flow->data[0] = (char) (flow->data[0] ^ (1 << draw(&link->chance) % 8));
        break;
    case FAULT_GARBAGE:
        answer_garbage(link);
        break;
    default:
        answer_status(link);
        break;
    }
    return true;
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
    snprintf(link->request, REQUEST_SIZE, "%.*s", over_tcp() ? 0 : (int) line, bytes);
    snprintf(last_request, REQUEST_SIZE, "%s", link->request);
    note_instance(link->request);
    link->flows[TO_LXD].passed = link->flows[TO_CLIENT].passed = 0;
    say("turn %u link %u: %s", ++turns, link->number, link->request);
    draw_fault(link);
}

static void see_bytes(struct link *link, enum direction direction, const char *bytes,
                      size_t length) {
    if (direction == TO_CLIENT) {
        bool upgrade = !link->upgraded && !over_tcp() && length > 12 &&
                       memcmp(bytes, "HTTP/1.1 101", 12) == 0;
        link->answered = true;
        if (upgrade) {
            link->upgraded = true;
            draw_fault(link);
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
    ssize_t got = recv(link->ends[!direction], room, FLOW_SIZE - flow->length, MSG_DONTWAIT);
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
    if (is_due(link, direction) && !strike(at))
        return false;
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
    struct link *link = free_place < LINKS_MAX && client >= 0 ? calloc(1, sizeof *link) : NULL;
    int server = link ? connect_to(given->upstream) : -1;
    if (server < 0) {
        free(link);
        close(client);
        return;
    }
    int on = 1;
    *link = (struct link){.ends = {server, client}, .number = ++made, .answered = true};
    link->chance = given->seed * 1000003 + link->number;
    for (int i = 0; i < 2 && over_tcp(); i++)
        setsockopt(link->ends[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    links[free_place] = link;
    bool refuse = given->kinds & (1u << FAULT_REFUSE) && !relented &&
                  draw(&link->chance) % 2000 < given->rate;
    if (refuse) {
        say("fault %u refuse request link %u turn %u byte 0: ", ++faults, link->number, turns);
        close_link(&links[free_place], true);
    }
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
    bool over = link->reset_at > 0 &&
                (now() >= link->reset_at || fds[TO_CLIENT].revents & (POLLRDHUP | POLLHUP));
    if (over) {
        close_link(at, true);
        return;
    }
    if (link->fault.kind && link->fault.when > 0 && now() >= link->fault.when)
        if (!strike(at))
            return;
    for (int i = 0; i < 2; i++) {
        if (fds[!i].revents & (POLLIN | POLLHUP | POLLERR) && link->reset_at <= 0 &&
            !link->flows[i].ended && link->flows[i].length < FLOW_SIZE)
            fill(link, i);
        if (!move(at, i))
            return;
    }
    struct flow *flows = link->flows;
    if (flows[0].ended && flows[1].ended && flows[0].length + flows[1].length == 0)
        close_link(at, false);
    else if (flows[TO_LXD].ended && flows[TO_CLIENT].swallow)
        close_link(at, false);
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
