/* SPDX-License-Identifier: MIT
 *
 * wire.h - the bytes between host and guest: words, plain values, frames, and Lua values.
 */
#ifndef CT_WIRE_H
#define CT_WIRE_H

#include "basic/basic.h"

/* ---- limits ------------------------------------------------------------------------ */

/* What a job has unless it says otherwise, and what its testlet can exit with. */
#define CT_OUTPUT_LIMIT (16 * CT_MIB) /* bytes of stdout, and of stderr */
#define CT_EXIT_SKIP    77            /* a testlet that says "skip" */

/* ---- words.c ----------------------------------------------------------------------- */

/* Words for the public enums, by their constants. Each list ends in NULL. */
extern const char *const ct_ready_words[];   /* ct_ready */
extern const char *const ct_testlet_words[]; /* ct_testlet_kind */
extern const char *const ct_step_words[];    /* ct_step_kind */
/* What a testlet may write too much to, in the order of process.h's streams. */
extern const char *const ct_stream_words[];

/* The place of the word in a list; -1: the list does not have it. */
int ct_word_find(const char *const *words, const char *word);
/* What a step is called in messages: its name, or what it does. */
const char *ct_step_label(const ct_step *step);

/* ---- what sealing takes away ------------------------------------------------------- */

/* When a base is sealed, the guest takes away what makes an instance itself: see
 * guest/seal.c. The host knows the paths, too, since an upload to there is in no base.
 * They are lists of strings with commas between them. */

/* Regular files that the system makes again when they are empty. */
#define CT_SEAL_EMPTIES                                                                  \
    "/etc/machine-id", "/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"
/* Regular files that the system makes again when they are missing. */
#define CT_SEAL_REMOVES                                                                  \
    "/var/lib/dbus/machine-id", "/var/lib/systemd/random-seed",                          \
        "/var/lib/systemd/credential.secret", "/var/lib/urandom/random-seed"
/* Directories of which all contents go. */
#define CT_SEAL_CLEARS                                                                   \
    "/tmp", "/var/log/journal", "/var/lib/dhcp", "/var/lib/dhclient", "/var/lib/dhcpcd", \
        "/var/lib/wicked"

/* ---- value.c ----------------------------------------------------------------------- */

/* The encoding of plain data; ct_value_read() in cleantest.h is the other direction.
 * Integers and doubles are 8 bytes, lengths and counts 4, all little-endian:
 *     n | f | t | i INT64 | d DOUBLE | s LENGTH bytes | T PAIRS (key value)...
 *     F function: see ct_lua_pack() below */
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
/* Changes the number of pairs of the table that begins there. */
void ct_value_patch_table(char *table, size_t pairs);
/* Moves *at behind one whole value, checking all of it. CT_E_PROTOCOL. */
CT_CHECK int ct_value_skip(const char **at, const char *end);
/* The value under a string key of the table at `at`; false when there is none. */
bool ct_value_field(const char *at, const char *end, const char *key, ct_value *value);

/* ---- frame.c ----------------------------------------------------------------------- */

/* Frames are what the guest reads from its stdin, where the first is the request, and
 * what it writes to its stdout: one type byte, four bytes of length (little-endian), and
 * so many bytes. */
enum ct_frame_type {
    CT_FRAME_REQUEST = 'R', /* to the guest: a packed table, see guest/guest.h */
    CT_FRAME_READY = 'r',   /* the instance is as ready as asked for; text: see guest.h */
    CT_FRAME_STDOUT = 'o',  /* bytes */
    CT_FRAME_STDERR = 'e',  /* bytes */
    CT_FRAME_VALUE = 'v',   /* packed: what the testlet returned */
    CT_FRAME_EXIT = 'x',    /* packed table: how the process ended; ends a run */
    CT_FRAME_ABSENT = 'a',  /* text: the tree asked for is not there; ends a pack */
    CT_FRAME_FAILED = '!',  /* text: the guest could not do it; the last frame */
    CT_FRAME_ENTRY = 'f',   /* packed table: a file, directory or link; see tree.h */
    CT_FRAME_CHUNK = 'c',   /* bytes of the file that the last ENTRY is about */
    CT_FRAME_END = 'z'      /* the tree is complete; or what else was asked is done */
};

/* Exit status of a guest that has lost its host: nobody takes its frames, or sends
 * more. */
#define CT_GUEST_BROKEN 125

#define CT_FRAME_HEADER 5
#define CT_FRAME_MAX    (16 * CT_MIB + 65536) /* bytes; longer is CT_E_PROTOCOL */

CT_CHECK int ct_frame_add(ct_buf *out, enum ct_frame_type type, const void *data,
                          size_t length);
/* Looks for a whole frame at the start of bytes. Returns how many bytes the frame has,
 * with its header; 0: it is not all there yet; CT_E_PROTOCOL. *data is borrowed from
 * bytes. */
CT_CHECK int ct_frame_parse(const char *bytes, size_t length, enum ct_frame_type *type,
                            const char **data, size_t *data_length);

/* ---- table.c ----------------------------------------------------------------------- */

/* A table with string keys that is packed field by field. The first failure is kept, and
 * ct_table_end() tells it. */
typedef struct ct_table {
    ct_buf packed;
    size_t count; /* pairs so far */
    int code;     /* CT_OK, or the first failure */
} ct_table;

/* limit: bytes of the whole table. */
void ct_table_begin(ct_table *table, size_t limit);
/* These add a field. One whose value is NULL is left out. */
void ct_table_bytes(ct_table *table, const char *key, const void *data, size_t length);
void ct_table_string(ct_table *table, const char *key, const char *value);
void ct_table_number(ct_table *table, const char *key, double value);
void ct_table_integer(ct_table *table, const char *key, int64_t value);
void ct_table_boolean(ct_table *table, const char *key, bool value);
/* A value that is packed already. */
void ct_table_packed(ct_table *table, const char *key, const void *data, size_t length);
/* A NULL-ended list of strings; NULL is an empty one. */
void ct_table_list(ct_table *table, const char *key, const char *const *items);
/* Two NULL-ended lists of "KEY=value", as one table; NULL is an empty list. Of a KEY that
 * comes twice the later value counts. */
void ct_table_env(ct_table *table, const char *key, const char *const *env,
                  const char *const *more);
/* Adds the table to out as a frame, and frees it. */
CT_CHECK int ct_table_end(ct_table *table, ct_buf *out, enum ct_frame_type type);

/* ---- lua_pack.c, lua_unpack.c ------------------------------------------------------ */

/* Lua values as bytes and back; the same code in the host's binding and in the guest.
 * Behind the tokens of value.c there are more:
 *     F CODE COUNT (CELL [VALUE])...   a function: its dump as a string token; how many
 *         upvalues, 1 byte; for each the number of its cell, 4 bytes, and at the first
 *         mention of the cell the value in it. The upvalue _ENV has cell 0 and no value:
 *         it is the receiver's globals, whatever the sender's were.
 *     R NUMBER                         a function that came before: its number, 4 bytes
 *     Q NUMBER                         a table that came before: its number, 4 bytes
 *     L MODULE FIELD                   what the receiver finds under these names, two
 *         strings: a loaded module (FIELD is empty), or a field of one
 *     P COUNT (NAME SOURCE CHUNK)... VALUE   modules that travel along with a value: an
 *         integer, three strings for each
 * Functions are numbered from 1 in the order of their F, so that a function which refers
 * to itself is one function again. Closures that share an upvalue share its cell, and go
 * on sharing it. Where functions may travel, tables are numbered by their T in the same
 * way: what is one table here is one table there.
 */
typedef struct lua_State lua_State;

enum ct_lua_functions {
    CT_LUA_NO_FUNCTIONS, /* are refused */
    CT_LUA_FUNCTIONS,    /* Lua functions travel too, their upvalues by value */
    /* The same, but without debug information: no file's name, and no lines but those
     * where each function begins and ends. */
    CT_LUA_STRIPPED
};

/* Adds the value at index to out. CT_E_ARGUMENT when something in it can't travel: the
 * message names it and its place, "upvalue 'sock' is a userdata". CT_E_LIMIT,
 * CT_E_NO_MEMORY. Raises no Lua error; leaves the stack as it was. Equal values are equal
 * bytes, in every process: a table's keys come sorted. */
CT_CHECK int ct_lua_pack(lua_State *L, int index, ct_buf *out,
                         enum ct_lua_functions functions, ct_error *error);
/* The same. The names of the modules that the value refers to become keys of the table at
 * the index `modules`. */
CT_CHECK int ct_lua_pack_referring(lua_State *L, int index, int modules, ct_buf *out,
                                   enum ct_lua_functions functions, ct_error *error);

/* Pushes the value at *at, and moves *at behind it. Without functions, which is how the
 * host reads what a guest sent, a function is CT_E_PROTOCOL: its code is never loaded.
 * Pushes nothing on failure. Raises no Lua error. */
CT_CHECK int ct_lua_unpack(lua_State *L, const char **at, const char *end, bool functions,
                           ct_error *error);

/* ---- lua_preload.c ----------------------------------------------------------------- */

/* Lets require() find the modules, a table that ends in a NULL name. A module's chunk is
 * called "=" PREFIX MODULE. May raise a Lua error. */
void ct_lua_preload(lua_State *L, const ct_embedded *modules, const char *prefix);

#endif
