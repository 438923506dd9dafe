/* SPDX-License-Identifier: MIT
 *
 * net.h - HTTP over a unix socket or TLS, and websockets. It knows nothing of LXD.
 */
#ifndef CT_NET_H
#define CT_NET_H

#include "basic/basic.h"

/* ---- tls_sessions.c ---------------------------------------------------------------- */

/* TLS sessions that connections of all threads resume. */
typedef struct ct_tls_sessions ct_tls_sessions;

CT_CHECK int ct_tls_sessions_open(ct_tls_sessions **sessions, ct_error *error);
/* Comes after the end of all connections that use them. NULL is fine. */
void ct_tls_sessions_close(ct_tls_sessions *sessions);

/* ---- trust.c ----------------------------------------------------------------------- */

/* true for text that has the form of a certificate's fingerprint; see
 * ct_settings.verify. */
bool ct_is_fingerprint(const char *verify);

/* ---- http.c ------------------------------------------------------------------------ */

/* Where a server is, and how it is trusted. The strings are owned. */
typedef struct ct_endpoint {
    char *socket; /* a unix socket's path; NULL: the server is at url */
    char *url;    /* "http://lxd" where there is a socket; else "https://HOST:PORT" */
    char *client_cert; /* PEM file or NULL */
    char *client_key;  /* PEM file or NULL */
    char *verify;      /* see ct_settings */
    /* This endpoint's alone, and owned; NULL: no session is resumed. */
    ct_tls_sessions *sessions;
    ct_logger logger; /* is told of each request, and of each websocket */
} ct_endpoint;

typedef struct ct_http_request {
    const char *method;
    const char *path; /* with the query */
    const char *body; /* NULL: none */
    size_t body_length;
    const char *const *headers; /* NULL-ended; NULL: none */
} ct_http_request;

/* Requests over one connection that is kept alive; for one thread at a time. */
typedef struct ct_http ct_http;

/* The endpoint is borrowed for as long as the handle lives. */
CT_CHECK int ct_http_open(const ct_endpoint *endpoint, ct_http **http, ct_error *error);
void ct_http_close(ct_http *http);
/* Sends a request and adds the answer's body to `answer`. Returns the HTTP status. */
CT_CHECK int ct_http_send(ct_http *http, const ct_http_request *request, ct_buf *answer,
                          const ct_wait *wait, ct_error *error);

/* ---- connection.c ------------------------------------------------------------------ */

/* A connection that is spoken over by hand, without blocking. For one thread at a
 * time. */
typedef struct ct_connection {
    void *multi, *easy; /* libcurl's, of a connection over TLS; NULL: a unix socket's */
    int descriptor;     /* for poll(); -1: none */
} ct_connection;

/* Connects to the endpoint, over TLS unless it is a socket. Close the connection even
 * when this fails. */
CT_CHECK int ct_connection_open(ct_connection *connection, const ct_endpoint *endpoint,
                                const ct_wait *wait, ct_error *error);
void ct_connection_close(ct_connection *connection);
/* Both return how many bytes they moved; 0: none can be moved now; CT_E_CONNECT: none
 * ever will be. */
CT_CHECK ssize_t ct_connection_send(const ct_connection *connection, const void *data,
                                    size_t length);
CT_CHECK ssize_t ct_connection_receive(const ct_connection *connection, void *data,
                                       size_t length);

/* ---- websocket.c ------------------------------------------------------------------- */

/* One websocket connection; RFC 6455, client side. */
typedef struct ct_websocket ct_websocket;

/* Takes what arrives; length 0 is an empty message. When this returns a negative code,
 * the pump ends and returns it. */
typedef int ct_websocket_take(void *context, const char *data, size_t length);

/* Who takes what arrives. */
typedef struct ct_websocket_sink {
    ct_websocket_take *take;
    void *context;
} ct_websocket_sink;

/* CT_E_ARGUMENT for a path that can't stand in a request's first line. */
CT_CHECK int ct_websocket_open(const ct_endpoint *endpoint, const char *path,
                               ct_websocket_sink sink, ct_websocket **socket,
                               const ct_wait *wait, ct_error *error);
void ct_websocket_close(ct_websocket *socket);
/* The descriptor for poll(), and the events to wait for. */
int ct_websocket_descriptor(const ct_websocket *socket);
short ct_websocket_events(const ct_websocket *socket);
/* true when the other side has closed the websocket in good order. */
bool ct_websocket_ended(const ct_websocket *socket);
/* true when the connection has ended, and the other side had not closed the websocket.
 * What came before has been delivered. */
bool ct_websocket_broken(const ct_websocket *socket);
/* true when all that was queued has been sent. */
bool ct_websocket_drained(const ct_websocket *socket);
/* Queues one binary message; the bytes are copied. */
CT_CHECK int ct_websocket_queue(ct_websocket *socket, const char *data, size_t length);
/* true when the last pump may have left bytes unread that poll() does not know of: pump
 * again before waiting. */
bool ct_websocket_pending(const ct_websocket *socket);
/* Reads and writes without blocking, up to a limit, so that one busy socket does not keep
 * the others waiting. */
CT_CHECK int ct_websocket_pump(ct_websocket *socket, ct_error *error);

#endif
