/* SPDX-License-Identifier: MIT
 *
 * engine.h - what the engine's files offer one another, grouped by the file that defines
 * it. The table of contents of the engine; nothing here is installed.
 */
#ifndef CT_ENGINE_H
#define CT_ENGINE_H

#include <stdarg.h>
#include <sys/types.h>

#include "cleantest.h"

#define CT_FORMAT(fmt, first) __attribute__((format(printf, fmt, first)))
#define CT_COUNT(array)       (sizeof(array) / sizeof(array)[0])
#define CT_MIB                ((size_t) 1024 * 1024)

/* Seconds; what a zero in the public structs stands for. */
#define CT_TIMEOUT_OPERATION 300.0 /* one request or operation of LXD's */
#define CT_TIMEOUT_READY     120.0 /* from start to ready */
#define CT_TIMEOUT_STEP      600.0 /* one step of a hook */
#define CT_TIMEOUT_TESTLET   300.0
#define CT_OUTPUT_LIMIT      (16 * CT_MIB) /* bytes of stdout, and of stderr */
#define CT_EXIT_SKIP         77            /* a testlet that says "skip" */

/* ---- error.c ------------------------------------------------------------------------- */

/* Fills error, when not NULL, and returns code. */
int ct_fail(ct_error *error, int code, const char *format, ...) CT_FORMAT(3, 4);
/* The same for CT_E_SYSTEM, with errno's text behind the message. */
int ct_fail_errno(ct_error *error, const char *format, ...) CT_FORMAT(2, 3);
/* Puts "what: " before the message of a failure on its way out; returns its code. */
int ct_fail_in(ct_error *error, int code, const char *format, ...) CT_FORMAT(3, 4);

/* Text on the heap, as from asprintf(). Never NULL: when there is no memory for it, a text
 * that says so is returned. ct_message_free() frees both kinds, and accepts NULL. */
char *ct_message(const char *format, ...) CT_FORMAT(1, 2);
void ct_message_free(char *message);

/* ---- standard_streams.c -------------------------------------------------------------- */

/* Opens /dev/null as each of the descriptors 0 to 2 that is closed, so that none of ours is ever
 * taken for a standard stream. */
CT_CHECK int ct_standard_streams_ensure(ct_error *error);

/* ---- buf.c --------------------------------------------------------------------------- */

/* Bytes that grow up to a limit; always followed by a NUL. */
typedef struct ct_buf {
    char *data; /* NULL until something is added, or room reserved */
    size_t length;
    size_t capacity;
    size_t limit; /* the most bytes it may hold */
} ct_buf;

void ct_buf_init(ct_buf *buf, size_t limit);
void ct_buf_fini(ct_buf *buf);
void ct_buf_clear(ct_buf *buf);
/* CT_E_LIMIT past the limit, CT_E_NO_MEMORY; the buffer is then as it was. */
CT_CHECK int ct_buf_add(ct_buf *buf, const void *data, size_t length);
CT_CHECK int ct_buf_format(ct_buf *buf, const char *format, ...) CT_FORMAT(2, 3);
/* Room for length more bytes at the end, which the caller fills and then adds to length. */
CT_CHECK int ct_buf_reserve(ct_buf *buf, size_t length);
/* Drops the first length bytes. */
void ct_buf_consume(ct_buf *buf, size_t length);
/* Hands the bytes over (free() them); the buffer is as after init. NULL: out of memory. */
char *ct_buf_take(ct_buf *buf, size_t *length);

/* ---- wait.c -------------------------------------------------------------------------- */

/* Until when a call may block, and what ends it early. */
typedef struct ct_wait {
    double deadline; /* ct_now() */
    int cancel; /* a descriptor that is readable once cancelled; -1: none. Borrowed */
} ct_wait;

/* Seconds on the monotonic clock. */
double ct_now(void);
ct_wait ct_wait_for(double seconds, int cancel);
/* At most so many seconds, and no longer than outer. */
ct_wait ct_wait_within(const ct_wait *outer, double seconds);
/* Seconds left; 0 when the deadline has passed. */
double ct_wait_left(const ct_wait *wait);
/* The same for poll(): milliseconds, at most a minute. */
int ct_wait_milliseconds(const ct_wait *wait);
/* CT_OK, CT_E_CANCELLED or CT_E_TIMEOUT. */
CT_CHECK int ct_wait_check(const ct_wait *wait, ct_error *error);
/* A descriptor for ct_wait.cancel; close() it. -1: errno says why. */
int ct_cancel_open(void);
/* From any thread, and from a signal handler. */
void ct_cancel_set(int cancel);

/* ---- value.c ------------------------------------------------------------------------- */

/* The encoding of plain data; ct_value_read() in cleantest.h is the other direction. Integers
 * and doubles are 8 bytes, lengths and counts 4, all little-endian:
 *     n | f | t | i INT64 | d DOUBLE | s LENGTH bytes | T PAIRS (key value)...
 *     F function: see binding/lua_value.h */
#define CT_VALUE_DEPTH_MAX 100           /* tables in tables */
#define CT_VALUE_SIZE_MAX  (16 * CT_MIB) /* bytes of one value */

CT_CHECK int ct_value_nil(ct_buf *out);
CT_CHECK int ct_value_boolean(ct_buf *out, bool boolean);
CT_CHECK int ct_value_integer(ct_buf *out, int64_t integer);
CT_CHECK int ct_value_number(ct_buf *out, double number);
CT_CHECK int ct_value_bytes(ct_buf *out, const void *data, size_t length);
CT_CHECK int ct_value_string(ct_buf *out, const char *string);
/* Opens a table; this many pairs must follow. */
CT_CHECK int ct_value_table(ct_buf *out, size_t pairs);
/* Moves *at behind one whole value, checking all of it. CT_E_PROTOCOL. */
CT_CHECK int ct_value_skip(const char **at, const char *end);
/* The value under a string key of the table at `at`; false when there is none. */
bool ct_value_field(const char *at, const char *end, const char *key, ct_value *value);

/* ---- frame.c ------------------------------------------------------------------------- */

/* What the guest writes to its stdout and, behind the request, reads from its stdin:
 * frames of one type byte, four bytes of length (little-endian), and so many bytes. The
 * request itself is one frame. */
enum ct_frame_type {
    CT_FRAME_REQUEST = 'R', /* to the guest: a packed table, see guest/guest.h */
    CT_FRAME_READY = 'r',   /* the instance is as ready as asked for; empty */
    CT_FRAME_STDOUT = 'o',  /* bytes */
    CT_FRAME_STDERR = 'e',  /* bytes */
    CT_FRAME_VALUE = 'v',   /* packed: what the testlet returned */
    CT_FRAME_EXIT = 'x',    /* packed table: how the process ended; ends a run */
    CT_FRAME_FAILED = '!',  /* text: the guest could not do it; the last frame */
    CT_FRAME_ENTRY = 'f',   /* packed table: a file, directory or link; see tree.h */
    CT_FRAME_CHUNK = 'c',   /* bytes of the file last announced */
    CT_FRAME_END = 'z'      /* empty: the tree is complete; ends a pack or unpack */
};

/* Exit status of a guest whose host does not take its frames, or sends no more, any more. */
#define CT_GUEST_BROKEN 125

#define CT_FRAME_HEADER 5
#define CT_FRAME_MAX    (16 * CT_MIB + 65536) /* bytes; longer is CT_E_PROTOCOL */

CT_CHECK int ct_frame_add(ct_buf *out, enum ct_frame_type type, const void *data,
                          size_t length);
/* Looks for a whole frame at the start of bytes. Returns how many bytes it takes, header
 * included, 0 when it is not all there yet, or CT_E_PROTOCOL. *data is borrowed from
 * bytes. */
CT_CHECK int ct_frame_parse(const char *bytes, size_t length, enum ct_frame_type *type,
                            const char **data, size_t *data_length);

/* ---- owner.c ------------------------------------------------------------------------- */

/* Ids as chown() takes them: CT_NO_ID leaves one as it is. */
typedef struct ct_owner {
    uint32_t uid, gid;
} ct_owner;

#define CT_NO_ID  UINT32_MAX
#define CT_ID_MAX (UINT32_MAX - 1)

/* Looks a user's or group's name up. CT_E_NOT_FOUND names it. */
typedef int ct_find_id(const char *name, bool group, uint32_t *id, ct_error *error);

/* true for a decimal number that is an id; else *id means nothing. */
bool ct_id_parse(const char *text, uint32_t *id);
/* false for what neither is an id nor can be a name: "", and numbers past CT_ID_MAX. */
bool ct_id_plausible(const char *text);
/* What user and group mean: numbers, names for find_id, or NULL for CT_NO_ID. */
CT_CHECK int ct_owner_find(ct_owner *owner, const char *user, const char *group,
                           ct_find_id *find_id, ct_error *error);

/* ---- owner_host.c -------------------------------------------------------------------- */

/* A ct_find_id for this machine's users and groups. */
CT_CHECK int ct_host_find_id(const char *name, bool group, uint32_t *id, ct_error *error);

/* ---- tree_reader.c, tree_writer.c ----------------------------------------------------- */

/* Files, directories and symbolic links as frames; the same code on the host and in the
 * guest. A tree is either one file (a single entry with an empty path) or a directory and
 * all in it. */
typedef struct ct_tree_reader ct_tree_reader; /* walks a tree on disk, gives frames */
typedef struct ct_tree_writer ct_tree_writer; /* takes frames, makes a tree on disk */

/* Opens source (a file, or a directory when directory is true). */
CT_CHECK int ct_tree_reader_open(const char *source, bool directory,
                                 ct_tree_reader **reader, ct_error *error);
/* The same from memory: one file with this content (borrowed until closed). */
CT_CHECK int ct_tree_reader_open_data(const void *data, size_t length,
                                      ct_tree_reader **reader, ct_error *error);
/* Adds the next frames to out, some 64 KiB of them. 1: there is more; 0: END was added. */
CT_CHECK int ct_tree_reader_next(ct_tree_reader *reader, ct_buf *out, ct_error *error);
void ct_tree_reader_close(ct_tree_reader *reader);

typedef struct ct_tree_options {
    bool directory;    /* the tree must be a directory (else: a file) */
    bool no_overwrite; /* dest must not exist */
    bool foreign;      /* from an instance: no set-user-ID, set-group-ID or sticky bits */
    const char *name;  /* of a file that goes into dest, a directory (borrowed); NULL: the
                          entry's */
    uint64_t limit;    /* bytes it may write; 0: no limit */
    bool keep_owners;  /* each entry's own ids */
    const ct_owner *owner; /* else: of all entries (copied); NULL: whoever writes */
    unsigned mode;         /* of files, as in ct_step; 0: their own */
    const char *const
        *untrusted; /* NULL-ended paths of directories that others fill: links in
                                     them are not followed on the way to dest (borrowed);
                                     NULL: none */
} ct_tree_options;

/* dest is made as needed, its parents too; links on the way to it are the caller's own, and
 * followed. Nothing is ever written outside of it: paths with "..", absolute ones
 * (CT_E_PROTOCOL) and those through symbolic links (CT_E_SYSTEM) fail. */
CT_CHECK int ct_tree_writer_open(const char *dest, const ct_tree_options *options,
                                 ct_tree_writer **writer, ct_error *error);
/* Takes one frame (ENTRY, CHUNK or END). 1: more is expected; 0: END was taken. */
CT_CHECK int ct_tree_writer_take(ct_tree_writer *writer, enum ct_frame_type type,
                                 const char *data, size_t length, ct_error *error);
void ct_tree_writer_close(ct_tree_writer *writer);

/* ---- json.c -------------------------------------------------------------------------- */

/* One JSON document. Paths are like "/metadata/config/user.cleantest.run": keys behind
 * slashes, array elements by number from 0, "" the whole document. A document belongs to one
 * thread at a time. Strings that come out are borrowed until the document changes. */
typedef struct ct_json ct_json;

/* An empty object. NULL: out of memory. */
CT_CHECK ct_json *ct_json_new(void);
void ct_json_free(ct_json *json);
/* Makes the document the one in text. CT_E_PROTOCOL when it is not JSON. */
CT_CHECK int ct_json_parse(ct_json *json, const char *text, size_t length,
                           ct_error *error);
/* Makes it an empty object again. */
CT_CHECK int ct_json_clear(ct_json *json);
/* The string at path, or NULL. */
const char *ct_json_string(ct_json *json, const char *path);
double ct_json_number(ct_json *json, const char *path, double fallback);
/* true when true is at path. */
bool ct_json_true(ct_json *json, const char *path);
/* How many elements the array at path has; 0 when there is none. */
size_t ct_json_count(ct_json *json, const char *path);
/* true when there is something (not null) at path. */
bool ct_json_has(ct_json *json, const char *path);
/* These make the tables on the way as needed. */
CT_CHECK int ct_json_set_string(ct_json *json, const char *path, const char *value);
CT_CHECK int ct_json_set_boolean(ct_json *json, const char *path, bool value);
CT_CHECK int ct_json_set_number(ct_json *json, const char *path, double value);
/* value is JSON text, and known to be. */
CT_CHECK int ct_json_set_json(ct_json *json, const char *path, const char *value);
/* Adds the document's text to out. */
CT_CHECK int ct_json_write(ct_json *json, ct_buf *out);
/* json_sorted.c: the same, with the keys of each object in bytewise order: equal documents are
 * equal texts, in every process. */
CT_CHECK int ct_json_write_sorted(ct_json *json, ct_buf *out);

/* ---- digest.c ------------------------------------------------------------------------ */

/* SHA-256. A failure on the way is told by ct_digest_end(). */
typedef struct ct_digest {
    void *context; /* OpenSSL's */
    bool failed;
} ct_digest;

#define CT_DIGEST_SIZE 65 /* hexadecimal, with its NUL */

/* Each needs one ct_digest_end() or ct_digest_fini(). */
void ct_digest_init(ct_digest *digest);
void ct_digest_fini(ct_digest *digest);
/* Adds bytes as they are, as part of something whose length is known. */
void ct_digest_bytes(ct_digest *digest, const void *data, size_t length);
/* These add a field with its length. NULL is a field of its own, not an empty one. */
void ct_digest_field(ct_digest *digest, const void *data, size_t length);
void ct_digest_string(ct_digest *digest, const char *string);
void ct_digest_number(ct_digest *digest, uint64_t number);
/* Writes 64 digits and a NUL to hex, and frees. */
CT_CHECK int ct_digest_end(ct_digest *digest, char *hex, ct_error *error);

/* ---- tls_sessions.c ------------------------------------------------------------------ */

/* TLS sessions, which connections of all threads resume. */
typedef struct ct_tls_sessions ct_tls_sessions;

/* NULL: out of memory. */
CT_CHECK ct_tls_sessions *ct_tls_sessions_open(ct_error *error);
/* After all the connections that use them. */
void ct_tls_sessions_close(ct_tls_sessions *sessions);

/* ---- trust.c ------------------------------------------------------------------------- */

/* true for the form of a certificate's fingerprint; see ct_settings.verify. */
bool ct_is_fingerprint(const char *verify);

/* ---- http.c -------------------------------------------------------------------------- */

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

/* ---- line.c -------------------------------------------------------------------------- */

/* A connection that is spoken over by hand, without blocking. For one thread at a time. */
typedef struct ct_line {
    void *multi, *easy; /* libcurl's, of a connection over TLS; NULL: a unix socket's */
    int descriptor;     /* for poll(); -1: none */
} ct_line;

/* Connects, over TLS where there is one. Also a line that failed to open is to be closed. */
CT_CHECK int ct_line_open(ct_line *line, const ct_endpoint *endpoint, const ct_wait *wait,
                          ct_error *error);
void ct_line_close(ct_line *line);
/* Both return how many bytes went, 0 when none can now, CT_E_CONNECT when none ever will. */
CT_CHECK ssize_t ct_line_send(const ct_line *line, const void *data, size_t length);
CT_CHECK ssize_t ct_line_receive(const ct_line *line, void *data, size_t length);

/* ---- websocket.c --------------------------------------------------------------------- */

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
/* true when the transport has ended, and the other side had not said that it would. What came
 * before has been delivered. */
bool ct_websocket_broken(const ct_websocket *socket);
/* true when nothing is queued. */
bool ct_websocket_drained(const ct_websocket *socket);
/* Queues one binary message; the bytes are copied. */
CT_CHECK int ct_websocket_queue(ct_websocket *socket, const char *data, size_t length);
/* true when the last pump left something behind, which poll() may not know of. */
bool ct_websocket_pending(const ct_websocket *socket);
/* Reads and writes what it can without blocking, but no more than one socket's share. */
CT_CHECK int ct_websocket_pump(ct_websocket *socket, ct_error *error);

/* ---- arena.c ------------------------------------------------------------------------- */

/* Memory that is freed all at once. */
typedef struct ct_arena {
    struct ct_arena_block *blocks;
    bool failed; /* some allocation did; look once, at the end */
} ct_arena;

void ct_arena_init(ct_arena *arena);
void ct_arena_fini(ct_arena *arena);
/* Zeroed; NULL when out of memory. */
void *ct_arena_alloc(ct_arena *arena, size_t size);
/* A copy, with a NUL behind it; NULL for NULL. */
void *ct_arena_copy(ct_arena *arena, const void *data, size_t length);
char *ct_arena_string(ct_arena *arena, const char *string);
/* CT_E_NO_MEMORY when an allocation has failed since this was asked last: what is done next
 * with the arena starts afresh. */
CT_CHECK int ct_arena_check(ct_arena *arena, ct_error *error);

/* true for equal strings; NULL equals itself alone. */
bool ct_same_text(const char *one, const char *other);

/* ---- job_copy.c ---------------------------------------------------------------------- */

/* true for a name that can stand in a request's path or query as it is: an instance's, or a
 * project's. */
bool ct_name_fits_path(const char *name);
/* Checks a job (CT_E_ARGUMENT says what is wrong), and copies it, with its defaults filled
 * in, into the arena. */
CT_CHECK int ct_job_copy(ct_arena *arena, ct_job *to, const ct_job *from,
                         ct_error *error);

/* ---- job_keys.c ---------------------------------------------------------------------- */

/* Gives each job a key for ct_history, in the arena: the name of its result, and which of those
 * of the same name it is. */
CT_CHECK int ct_job_keys(ct_arena *arena, const ct_job *const *jobs, size_t count,
                         char **keys, ct_error *error);

/* ---- result.c ------------------------------------------------------------------------ */

/* A result for a job that ct_job_copy() made: it has the job's names, and no output. All
 * that the header calls never NULL is allocated here, so that no later failure can take it
 * away. NULL: out of memory. */
CT_CHECK ct_result *ct_result_new(const ct_job *job);
/* These copy the name, and allocate nothing. */
void ct_result_set_instance(ct_result *result, const char *instance);
void ct_result_set_base(ct_result *result, const char *base);

/* ---- queue.c ------------------------------------------------------------------------- */

/* Events on their way from the workers to the one who waits. It has room for all that can
 * come from the start, so that putting never fails. */
typedef struct ct_queue ct_queue;

#define CT_EVENTS_PER_JOB ((size_t) CT_PHASE_COUNT + 3) /* phases, RESULT, DONE, a NOTE */

CT_CHECK ct_queue *ct_queue_new(size_t capacity);
/* Frees the events that were not taken, too. */
void ct_queue_free(ct_queue *queue);
/* From any thread. The event is the queue's afterwards. */
void ct_queue_put(ct_queue *queue, const ct_event *event);
/* 1: *event is the caller's; CT_E_TIMEOUT; CT_E_INTERRUPTED. */
CT_CHECK int ct_queue_take(ct_queue *queue, const ct_wait *wait, ct_event *event);

/* ---- scheduler.c --------------------------------------------------------------------- */

/* Threads that take items until there are none left. */
typedef struct ct_scheduler ct_scheduler;

/* What is done; called by the scheduler's threads. It cannot fail: what goes wrong is noted
 * by the work itself. */
typedef struct ct_work {
    void *(*begin)(void *context); /* a thread's own state, which may be NULL */
    void (*perform)(void *context, void **state, size_t item);
    void (*end)(void *context, void *state);
    /* May an item be started while so many run? NULL: always. false holds all starts back
     * until one of those ends. By one thread at a time, and never when none runs. */
    bool (*may_start)(void *context, unsigned running);
    void *context;
} ct_work;

#define CT_NO_ITEM SIZE_MAX

typedef struct ct_item {
    size_t after; /* the item that must be done before; CT_NO_ITEM: none */
    double
        weight; /* how long it is expected to take, in any unit; 0 or more. The heavier go
                      first, where an item has the weight of what waits for it, too; then
                      the lower number */
} ct_item;

/* The work is copied, its context borrowed, and so are the items for the call; NULL: all, in
 * order. CT_E_ARGUMENT when an item waits for none of them, or in a circle. Starts with
 * fewer threads when the system has no more to give; fails only when there would be none. */
CT_CHECK int ct_scheduler_start(const ct_work *work, const ct_item *items, size_t count,
                                unsigned threads, ct_scheduler **scheduler,
                                ct_error *error);
/* Waits until every item is done, then frees. NULL is fine. */
void ct_scheduler_join(ct_scheduler *scheduler);

#endif
