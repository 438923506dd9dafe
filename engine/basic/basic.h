/* SPDX-License-Identifier: MIT
 *
 * basic.h - what every room stands on: errors, buffers, waits, descriptors, memory that
 * is freed at once, text, JSON, digests, and files that are compiled in.
 */
#ifndef CT_BASIC_H
#define CT_BASIC_H

#include <stdarg.h>
#include <sys/types.h>

#include "cleantest.h"

#define CT_FORMAT(fmt, first) __attribute__((format(printf, fmt, first)))
#define CT_COUNT(array)       (sizeof(array) / sizeof(array)[0])
#define CT_MIB                ((size_t) 1024 * 1024)

/* ---- error.c ----------------------------------------------------------------------- */

/* Fills error, when not NULL, and returns code. */
int ct_fail(ct_error *error, int code, const char *format, ...) CT_FORMAT(3, 4);
/* The same for CT_E_NO_MEMORY, for which there is nothing more to say. */
int ct_fail_memory(ct_error *error);
/* The same for CT_E_SYSTEM, with errno's text behind the message. */
int ct_fail_errno(ct_error *error, const char *format, ...) CT_FORMAT(2, 3);
/* Puts "what: " before the message of a failure on its way out; returns its code. */
int ct_fail_in(ct_error *error, int code, const char *format, ...) CT_FORMAT(3, 4);

/* Text on the heap, as from asprintf(). It is never NULL: when there is no memory, the
 * text says so. ct_message_free() frees it in either case, and accepts NULL. */
char *ct_message(const char *format, ...) CT_FORMAT(1, 2);
void ct_message_free(char *message);

/* ---- log.c ------------------------------------------------------------------------- */

/* Where lines for the caller's log go; see ct_settings.log. */
typedef struct ct_logger {
    ct_log *log; /* NULL: nowhere */
    void *context;
} ct_logger;

/* From any thread. Nothing that is secret may be in it. */
void ct_log_write(const ct_logger *logger, ct_log_level level, const char *format, ...)
    CT_FORMAT(3, 4);

/* ---- buf.c ------------------------------------------------------------------------- */

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
/* CT_E_LIMIT: there would be more than the limit. CT_E_NO_MEMORY. After a failure the
 * buffer is as it was. */
CT_CHECK int ct_buf_add(ct_buf *buf, const void *data, size_t length);
CT_CHECK int ct_buf_format(ct_buf *buf, const char *format, ...) CT_FORMAT(2, 3);
/* Makes room for length more bytes at the end. The caller fills it, and then adds to
 * buf->length. */
CT_CHECK int ct_buf_reserve(ct_buf *buf, size_t length);
/* Drops the first length bytes. */
void ct_buf_consume(ct_buf *buf, size_t length);
/* Hands the bytes over; free() them. The buffer is then as after init. NULL: out of
 * memory. */
char *ct_buf_take(ct_buf *buf, size_t *length);

/* ---- wait.c ------------------------------------------------------------------------ */

/* How long a call may block, and what ends it early. */
typedef struct ct_wait {
    double deadline; /* as ct_now() gives it */
    int cancel; /* a descriptor that is readable once cancelled; -1: none. Borrowed */
} ct_wait;

/* Seconds on the monotonic clock. */
double ct_now(void);
ct_wait ct_wait_for(double seconds, int cancel);
/* At most so many seconds, and no longer than outer. */
ct_wait ct_wait_within(const ct_wait *outer, double seconds);
/* Seconds left; 0 when the deadline has passed. */
double ct_wait_left(const ct_wait *wait);
/* The milliseconds left, for poll(): a minute at most. */
int ct_wait_milliseconds(const ct_wait *wait);
/* CT_OK, CT_E_CANCELLED or CT_E_TIMEOUT. */
CT_CHECK int ct_wait_check(const ct_wait *wait, ct_error *error);
/* Waits so many seconds. Ends early when the wait is over, or cancelled. */
void ct_wait_pause(const ct_wait *wait, double seconds);
/* A descriptor for ct_wait.cancel; close() it. -1: errno says why. */
int ct_cancel_open(void);
/* Makes it readable. From any thread, and from a signal handler. */
void ct_cancel_set(int cancel);

/* ---- io.c -------------------------------------------------------------------------- */

/* Writes all of it, blocking. false: errno says why not. */
CT_CHECK bool ct_write_all(int descriptor, const void *data, size_t length);
/* Connects a unix socket that does not block to the path. Waits while the queue of
 * whoever listens there is full. CT_E_ARGUMENT: the path is too long; CT_E_SYSTEM: nobody
 * listens, or errno's reason. */
CT_CHECK int ct_unix_connect(int descriptor, const char *path, const ct_wait *wait,
                             ct_error *error);

/* ---- arena.c ----------------------------------------------------------------------- */

/* Memory that is freed all at once. */
typedef struct ct_arena {
    struct ct_arena_block *blocks;
    bool failed; /* an allocation has failed; it is enough to look at the end */
} ct_arena;

void ct_arena_init(ct_arena *arena);
void ct_arena_fini(ct_arena *arena);
/* Zeroed; NULL when out of memory. */
void *ct_arena_alloc(ct_arena *arena, size_t size);
/* A copy, with a NUL behind it; NULL for NULL. */
void *ct_arena_copy(ct_arena *arena, const void *data, size_t length);
char *ct_arena_string(ct_arena *arena, const char *string);
/* CT_E_NO_MEMORY when an allocation has failed since this was asked last. */
CT_CHECK int ct_arena_check(ct_arena *arena, ct_error *error);

/* ---- text.c ------------------------------------------------------------------------ */

/* true for equal strings; NULL equals itself alone. */
bool ct_same_text(const char *one, const char *other);
/* Bytewise order, as from strcmp(), of strings with lengths. */
int ct_compare_bytes(const char *one, size_t length, const char *other,
                     size_t other_length);

/* ---- json.c, json_sorted.c --------------------------------------------------------- */

/* One JSON document, for one thread at a time. A path is like
 * "/metadata/config/user.cleantest.run": keys behind slashes, where an array's elements
 * are numbers from 0. "" is the whole document. Strings that come out are borrowed until
 * the document changes. */
typedef struct ct_json ct_json;

/* An empty object. NULL: out of memory. */
CT_CHECK ct_json *ct_json_new(void);
void ct_json_free(ct_json *json);
/* Replaces the document by the one in text. CT_E_PROTOCOL: the text is no JSON. */
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
/* These set what is at path, and make the tables on the way to it. */
CT_CHECK int ct_json_set_string(ct_json *json, const char *path, const char *value);
CT_CHECK int ct_json_set_boolean(ct_json *json, const char *path, bool value);
CT_CHECK int ct_json_set_number(ct_json *json, const char *path, double value);
/* value is JSON text that is known to be valid. */
CT_CHECK int ct_json_set_json(ct_json *json, const char *path, const char *value);
/* Adds the document's text to out. */
CT_CHECK int ct_json_write(ct_json *json, ct_buf *out);
/* The same with the keys of each object in bytewise order, so that equal documents are
 * equal texts in every process. */
CT_CHECK int ct_json_write_sorted(ct_json *json, ct_buf *out);

/* ---- digest.c ---------------------------------------------------------------------- */

/* A SHA-256 on its way. ct_digest_end() tells what has failed before. */
typedef struct ct_digest {
    void *context; /* OpenSSL's */
    bool failed;
} ct_digest;

#define CT_DIGEST_SIZE 65 /* hexadecimal, with its NUL */

/* Every digest needs one ct_digest_end() or ct_digest_fini(). */
void ct_digest_init(ct_digest *digest);
void ct_digest_fini(ct_digest *digest);
/* Adds bytes without their length. */
void ct_digest_bytes(ct_digest *digest, const void *data, size_t length);
/* These add a field with its length. NULL is not the same as an empty field. */
void ct_digest_field(ct_digest *digest, const void *data, size_t length);
void ct_digest_string(ct_digest *digest, const char *string);
void ct_digest_number(ct_digest *digest, uint64_t number);
/* Writes 64 digits and a NUL to hex, and frees the digest. */
CT_CHECK int ct_digest_end(ct_digest *digest, char *hex, ct_error *error);

/* ---- what embed.lua writes --------------------------------------------------------- */

typedef struct ct_embedded {
    const char *name; /* NULL ends a table */
    const unsigned char *data;
    size_t length; /* bytes */
} ct_embedded;

extern const ct_embedded ct_embedded_guest[];  /* one: the program */
extern const ct_embedded ct_embedded_reaper[]; /* one: the program */
extern const ct_embedded ct_embedded_lua[];    /* the host's modules, by module name */

#endif
