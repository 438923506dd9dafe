/* SPDX-License-Identifier: MIT
 *
 * link.h - one connection through the proxy, for link.c, fault.c and endpoint.c.
 */
#ifndef TORTURE_LINK_H
#define TORTURE_LINK_H

#include "torture.h"

#define FLOW_SIZE    65536
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

/* ---- endpoint.c ---- */

/* true: bytes are TLS', which the proxy can't read. */
bool over_tcp(const struct options *options);
/* A listening socket, whose address TORTURE_ENDPOINT says from then on. */
int endpoint_listen(const struct options *options);
/* -1: nobody is there. */
int endpoint_connect(const char *upstream);

/* ---- fault.c ---- */

/* Plans this turn's fault, or none. */
void fault_draw(struct link *link, const struct options *options);
/* true when the new connection is to be refused. */
bool fault_refuses(struct link *link, const struct options *options);
/* Does to the link what is planned. true: it is to be closed at once. */
bool fault_strike(struct link *link);
void faults_stop(void);

/* ---- link.c ---- */

void link_close(struct link **link, bool reset);

#endif
