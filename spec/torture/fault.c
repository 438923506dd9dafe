/* SPDX-License-Identifier: MIT
 *
 * fault.c - which faults there are, and when.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "link.h"

#define STALL       25.0 /* seconds */
#define SPLIT_BYTES 1500

static unsigned faults;
static bool stopped;

void faults_stop(void) {
    stopped = true;
}

/* Over a unix socket nothing protects the bytes, so a bit that turns over in what the
 * client asks for, or in what an instance says, is a true word for all that anybody
 * can tell. There only LXD's own answers are flipped; under TLS everything is. */
static bool makes_sense(const struct link *link, const struct fault *fault, bool tcp) {
    if (fault->kind == FAULT_FLIP && !tcp)
        return fault->direction == TO_CLIENT && !link->upgraded;
    if (fault->kind >= FAULT_BEFORE)
        return !tcp && !link->upgraded;
    return true;
}

/* What ends a connection is what most can go wrong with. */
static enum fault_kind draw_kind(struct link *link, unsigned kinds) {
    static const enum fault_kind bag[] = {FAULT_RESET,    FAULT_RESET,   FAULT_TRUNCATE,
                                          FAULT_TRUNCATE, FAULT_DELAY,   FAULT_SPLIT,
                                          FAULT_FLIP,     FAULT_FLIP,    FAULT_BEFORE,
                                          FAULT_AFTER,    FAULT_GARBAGE, FAULT_STALL};
    enum fault_kind kind;
    do
        kind = bag[draw(&link->chance) % (sizeof bag / sizeof *bag)];
    while (!(kinds & (1u << kind)));
    return kind;
}

/* Seconds from a stream's begin: most are over soon. */
static double draw_moment(struct link *link) {
    double part = (double) (draw(&link->chance) % 1000) / 1000;
    return 0.005 + 1.5 * part * part * part;
}

void fault_draw(struct link *link, const struct options *options) {
    bool tcp = over_tcp(options);
    uint64_t chance = draw(&link->chance) % 1000;
    struct fault fault = {.direction = draw(&link->chance) % 3 ? TO_CLIENT : TO_LXD};
    uint64_t where = draw(&link->chance);
    link->fault = (struct fault){0};
    if (stopped || !options->kinds || chance >= options->rate * (link->upgraded ? 3 : 1))
        return;
    fault.kind = draw_kind(link, options->kinds);
    if (where % 3 > 0)
        fault.offset = (where >> 8) % (where % 3 == 1 ? 300 : 3000);
    if (link->upgraded && (where >> 40) % 2)
        fault.when = now() + draw_moment(link);
    if (fault.kind >= FAULT_BEFORE) {
        fault.direction = fault.kind == FAULT_BEFORE ? TO_LXD : TO_CLIENT;
        fault.offset = 0;
        fault.when = 0;
    }
    if (fault.kind == FAULT_FLIP && !tcp)
        fault.direction = TO_CLIENT;
    if (makes_sense(link, &fault, tcp))
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

static void truncate_flow(struct link *link, struct flow *flow,
                          enum direction direction) {
    flow->swallow = flow->shut = true;
    flow->length = 0;
    shutdown(link->ends[direction], SHUT_WR);
}

/* Seconds up to 2, mostly short. */
static double draw_delay(struct link *link) {
    double part = (double) (draw(&link->chance) % 1000) / 1000;
    return 0.02 + 2 * part * part * part;
}

bool fault_refuses(struct link *link, const struct options *options) {
    bool refuses = options->kinds & (1u << FAULT_REFUSE) && !stopped &&
                   draw(&link->chance) % 4000 < options->rate;
    if (refuses)
        say("fault %u refuse request link %u turn %u byte 0: ", ++faults, link->number,
            links_turns());
    return refuses;
}

bool fault_strike(struct link *link) {
    struct fault fault = link->fault;
    struct flow *flow = &link->flows[fault.direction];
    say("fault %u %s %s link %u turn %u byte %zu: %s", ++faults, fault_names[fault.kind],
        fault.direction == TO_LXD ? "request" : "answer", link->number, links_turns(),
        flow->passed, link->request);
    link->fault = (struct fault){0};
    switch (fault.kind) {
    case FAULT_RESET:
        return true;
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
    return false;
}
