/* SPDX-License-Identifier: MIT
 *
 * simulated.h - what the files of the simulated LXD share. It speaks LXD's REST API on a
 * unix socket and has no instances behind it: names, configs and states are kept, and
 * what is executed is a guest that says hello. It is for measuring the engine alone, at a
 * scale that no one machine has instances for. What it can't show: anything about
 * instances, images, files or testlets, and how long a real LXD takes. Every image
 * exists, any client is trusted, and projects are one. One thread, one loop; on running
 * out of memory it exits.
 */
#ifndef SIMULATED_H
#define SIMULATED_H

#include <time.h>

#include <wslay/wslay.h>

#include "basic/basic.h"

#define TEXT_MAX    (64 * CT_MIB) /* bytes buffered for one connection, each way */
#define STREAMS     4   /* an exec's websockets: stdin, stdout, stderr, control */
#define STOPPED_RUN 137 /* exit code of what went with its instance, or its stdout */

/* Exits with a message when code says that memory or a limit was exceeded. */
void must(int code);
/* The same for a pointer, which it returns. */
void *got(void *pointer);

/* ---- json.c: JSON text, read where it is; strings are taken as they are written ---- */

struct span {
    const char *at; /* NULL: there is none */
    size_t length;
};

struct span json_get(struct span object, const char *key);
/* A string's content, to be freed; NULL when value is none. */
char *json_string(struct span value);
bool json_is(struct span value, const char *text);
/* Adds an object with the pairs of both; where a key is in both, with over's. A key
 * that over has as "" is in none: so LXD takes one away. */
void json_merge(ct_buf *out, struct span base, struct span over);

/* ---- instances.c: a hash table by name ---- */

enum state { STOPPED, RUNNING, FROZEN };

struct instance {
    struct instance *next; /* in its bucket */
    char *name;
    char *config; /* a JSON object */
    bool ephemeral;
    enum state state;
    struct timespec used; /* when it was started last; 0: never */
};

struct instance *instance_find(const char *name);
/* from, when not NULL, is what it is a copy of. */
struct instance *instance_add(const char *name, struct span request,
                              const struct instance *from);
/* What a PUT (whole) or PATCH says of config and ephemeral. */
void instance_change(struct instance *instance, struct span request, bool whole);
/* action: what that is called among lifecycle events. */
void instance_enter(struct instance *instance, enum state state, const char *action);
/* Returns it, under its new name. */
struct instance *instance_rename(struct instance *instance, const char *name);
void instance_remove(struct instance *instance);
void instance_write(const struct instance *instance, ct_buf *out);
/* A JSON list: of the instances, or of their URLs. */
void instance_list(ct_buf *out, bool recursion);
/* Prints "left NAME" for each that somebody answers for; returns how many there are. */
size_t instance_tell_left(bool print);
const char *state_name(enum state state);

/* ---- operations.c: what goes on in the background, and when it ends ---- */

enum effect { NOTHING, START, STOP, FREEZE, UNFREEZE, DELETE, EXEC };

struct operation {
    uint64_t number; /* what its id is made from */
    enum effect effect;
    char *instance;       /* its name */
    double due;           /* ct_now() at which it ends; INFINITY: nobody knows yet */
    double ended;         /* 0: it has not */
    char *error;          /* NULL: it went well */
    int exit_code;        /* EXEC */
    struct exec *exec;    /* EXEC; NULL: without websockets */
    struct operation *up; /* the running ones, the newest first */
};

/* Ends at once when seconds is 0. Borrowed; gone a few seconds after its end. */
struct operation *operation_new(enum effect effect, const char *instance, double seconds,
                                const char *error);
struct operation *operation_find(const char *id);
void operation_write(const struct operation *operation, ct_buf *out);
/* {"running":[...]}, or {} */
void operation_list(ct_buf *out);
/* Ends what is due, forgets what ended long ago. Returns milliseconds until it is to
 * be called again; -1: there is nothing to come. */
int operations_run(void);
/* Ends the execs in an instance. */
void operations_stop(const char *instance);

/* ---- faults.c: answers that are spoiled ---- */

/* Reads "N:KIND" or "N-M:KIND", KIND being garbage, 404, 500, 503, reset, truncate or
 * close. */
bool faults_read(const char *text);
/* Some are to be spoiled, or were. */
bool faults_expected(void);
/* By a reset: the kernel makes one of a close only while bytes lie unread. */
bool faults_reset(void);
/* How many answers there were. */
size_t faults_answers(void);
/* Counts an answer, which is what out has from `before` on, and spoils it if it is one
 * of those. true: the connection is to be closed once what is left has been sent. */
bool faults_spoil(ct_buf *out, size_t before);

/* ---- websocket.c ---- */

struct connection;

/* From here on the connection is a websocket. key: what the client sent for that. */
void websocket_accept(struct connection *connection, const char *key);
/* Bytes have come, or the end has. */
void websocket_receive(struct connection *connection);
/* To one that is NULL or broken: nothing. */
void websocket_send(struct connection *connection, enum wslay_opcode opcode,
                    const void *data, size_t length);

/* ---- cut.c: connections that end in the middle, on purpose ---- */

/* "STREAM:BYTES:NUMBER": of the connections of STREAM ("stdin", "stdout", "stderr",
 * "control", "events"), the NUMBER-th ends behind so many bytes of frames, those to it
 * and those from it together. false: bad. */
bool cut_read(const char *text);
/* Called once for each connection, when it has become a stream's. */
void cut_count(struct connection *connection, const char *stream);
/* How many of so many more bytes get through. */
size_t cut_room(struct connection *connection, size_t length);
/* Ends it when none gets through any more. */
void cut_end(struct connection *connection);

/* ---- exec.c: a program's streams, and the simulated guest ---- */

struct exec *exec_new(void);
void exec_free(struct exec *exec);
/* Makes the connection one of the exec's streams; false when the secret is wrong. */
bool exec_attach(struct operation *operation, struct connection *connection,
                 const char *secret, const char *key);
/* The operation ended: by itself, or with its instance. */
void exec_end(struct operation *operation, bool killed);
/* A message has come, on a websocket that may be an exec's. */
void exec_take(struct connection *connection, const uint8_t *data, size_t length);
void exec_hung_up(struct connection *connection);
/* The stream's secret. */
void exec_secret(const struct operation *operation, int stream, char secret[64]);

/* ---- api.c ---- */

struct request {
    const char *method;
    char *path;        /* without the query */
    const char *query; /* "" when there is none */
    struct span body;
    char *key; /* Sec-WebSocket-Key; NULL: no upgrade is asked for */
};

/* How long what was asked for takes, in seconds. */
struct delays {
    double create, start, exec, stop;
};

extern struct delays delays;
/* An operation is unknown as soon as it has ended. */
extern bool forgets;

void api_answer(struct connection *connection, const struct request *request);

/* ---- connection.c ---- */

struct connection {
    struct connection *next, *before;
    int descriptor;
    bool broken;      /* to be closed */
    bool wants_write; /* epoll is asked to say when it can be written to */
    ct_buf in, out;
    size_t to_drop;                 /* bytes of a body that nobody wants, still to come */
    size_t peeked;                  /* bytes in `in` that the kernel has, too */
    struct operation *waiting;      /* whose end is waited for; NULL: none */
    struct operation *exec;         /* a websocket's; NULL when it is none, or is over */
    int stream;                     /* a websocket's */
    wslay_event_context_ptr frames; /* a websocket's; NULL: HTTP is spoken */
    bool events;                    /* a websocket's that is told of lifecycle events */
    bool cut;                       /* it ends when room is 0: see cut.c */
    size_t room;
};

void connections_accept(int listener);
/* epoll says that there is something to do. */
void connection_serve(struct connection *connection, unsigned events);
void connection_flush(struct connection *connection);
/* What was sent so far arrives; nothing else does. */
void connection_break(struct connection *connection);
/* Closes those that are broken; true when there were some. */
bool connections_sweep(void);
/* Answers those who wait for the operation's end. */
void connections_tell(const struct operation *operation);
/* Tells those who listen of a lifecycle event: action is what happened to the
 * instance. */
void connections_announce(const char *action, const char *instance);
/* No connection knows the operation any more. */
void connections_forget(const struct operation *operation);
/* "metadata" is JSON. */
void answer_sync(struct connection *connection, const char *metadata);
void answer_operation(struct connection *connection, const struct operation *operation);
void answer_error(struct connection *connection, int status, const char *message);

extern int poller; /* the epoll descriptor */

#endif
