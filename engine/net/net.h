/* SPDX-License-Identifier: MIT
 *
 * net.h - HTTP over a unix socket or TLS, and websockets. It knows nothing of LXD.
 */
#ifndef CT_NET_H
#define CT_NET_H

#include "basic/basic.h"

/* ---- tls_sessions.c ---------------------------------------------------------------- */

/* TLS sessions, which connections of all threads resume. */
typedef struct ct_tls_sessions ct_tls_sessions;

/* NULL: out of memory. */
CT_CHECK ct_tls_sessions *ct_tls_sessions_open(ct_error *error);
/* After all the connections that use them. */
void ct_tls_sessions_close(ct_tls_sessions *sessions);

/* ---- trust.c ----------------------------------------------------------------------- */

/* true for the form of a certificate's fingerprint; see ct_settings.verify. */
bool ct_is_fingerprint(const char *verify);

/* ---- http.c ------------------------------------------------------------------------ */

/* Where a server is and how it is to be trusted. Strings are owned. */
typedef struct ct_endpoint {
    char *socket;              /* a unix socket's path; NULL: url says all */
    char *url;                 /* "http://lxd" over a socket, else "https://HOST:PORT" */
    char *client_cert;         /* PEM file or NULL */
    char *client_key;          /* PEM file or NULL */
    char *verify;              /* see ct_settings */
    ct_tls_sessions *sessions; /* of this endpoint alone, owned; NULL: none are resumed */
} ct_endpoint;

typedef struct ct_http_request {
    const char *method;
    const char *path; /* with the query */
    const char *body; /* NULL: none */
    size_t body_length;
    const char *const *headers; /* NULL-ended; NULL: none */
} ct_http_request;

/* One kept-alive connection, for one thread at a time. */
typedef struct ct_http ct_http;

/* The endpoint is borrowed for as long as the handle lives. */
CT_CHECK int ct_http_open(const ct_endpoint *endpoint, ct_http **http, ct_error *error);
void ct_http_close(ct_http *http);
/* Sends a request and adds the answer's body to `answer`. Returns the HTTP status. */
CT_CHECK int ct_http_send(ct_http *http, const ct_http_request *request, ct_buf *answer,
                          const ct_wait *wait, ct_error *error);

/* ---- line.c ------------------------------------------------------------------------ */

/* A connection that is spoken over by hand, without blocking. For one thread at a
 * time. */
typedef struct ct_line {
    void *multi, *easy; /* libcurl's, of a connection over TLS; NULL: a unix socket's */
    int descriptor;     /* for poll(); -1: none */
} ct_line;

/* Connects, over TLS where there is one. Also a line that failed to open is to be
 * closed. */
CT_CHECK int ct_line_open(ct_line *line, const ct_endpoint *endpoint, const ct_wait *wait,
                          ct_error *error);
void ct_line_close(ct_line *line);
/* Both return how many bytes went, 0 when none can now, CT_E_CONNECT when none ever
 * will. */
CT_CHECK ssize_t ct_line_send(const ct_line *line, const void *data, size_t length);
CT_CHECK ssize_t ct_line_receive(const ct_line *line, void *data, size_t length);

/* ---- websocket.c ------------------------------------------------------------------- */

/* One websocket connection; RFC 6455, client side. */
typedef struct ct_websocket ct_websocket;

/* What arrives. length 0 is an empty message. A negative code ends the pump with it. */
typedef int ct_websocket_sink(void *context, const char *data, size_t length);

/* CT_E_ARGUMENT for a path that can't stand in a request's first line. */
CT_CHECK int ct_websocket_open(const ct_endpoint *endpoint, const char *path,
                               ct_websocket_sink *sink, void *context,
                               ct_websocket **socket, const ct_wait *wait,
                               ct_error *error);
void ct_websocket_close(ct_websocket *socket);
/* For poll(): the descriptor, and the events it waits for. */
int ct_websocket_descriptor(const ct_websocket *socket);
short ct_websocket_events(const ct_websocket *socket);
/* true when the other side has said that it has no more to say. */
bool ct_websocket_ended(const ct_websocket *socket);
/* true when the transport has ended, and the other side had not said that it would.
 * What came before has been delivered. */
bool ct_websocket_broken(const ct_websocket *socket);
/* true when nothing is queued. */
bool ct_websocket_drained(const ct_websocket *socket);
/* Queues one binary message; the bytes are copied. */
CT_CHECK int ct_websocket_queue(ct_websocket *socket, const char *data, size_t length);
/* true when the last pump left something behind, which poll() may not know of. */
bool ct_websocket_pending(const ct_websocket *socket);
/* Reads and writes what it can without blocking, but no more than one socket's share. */
CT_CHECK int ct_websocket_pump(ct_websocket *socket, ct_error *error);

#endif
