/* SPDX-License-Identifier: MIT
 *
 * wire.h - the bytes between host and guest: plain values, frames, and Lua values.
 */
#ifndef CT_WIRE_H
#define CT_WIRE_H

#include "basic/basic.h"

/* ---- limits ------------------------------------------------------------------------ */

/* Both sides know these. */
#define CT_OUTPUT_LIMIT (16 * CT_MIB) /* bytes of stdout, and of stderr */
#define CT_EXIT_SKIP    77            /* a testlet that says "skip" */

/* ---- value.c ----------------------------------------------------------------------- */

/* The encoding of plain data; ct_value_read() in cleantest.h is the other direction.
 * Integers and doubles are 8 bytes, lengths and counts 4, all little-endian:
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

/* ---- frame.c ----------------------------------------------------------------------- */

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
    CT_FRAME_ABSENT =
        'a', /* text: the tree that is asked for is not there; ends a pack */
    CT_FRAME_FAILED = '!', /* text: the guest could not do it; the last frame */
    CT_FRAME_ENTRY = 'f',  /* packed table: a file, directory or link; see tree.h */
    CT_FRAME_CHUNK = 'c',  /* bytes of the file last announced */
    CT_FRAME_END = 'z'     /* empty: the tree is complete; ends a pack or unpack */
};

/* Exit status of a guest whose host does not take its frames, or sends no more, any
 * more. */
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

/* ---- lua_pack.c, lua_unpack.c ------------------------------------------------------ */

/* Lua values as bytes and back; the same code in the host's binding and in
 * the guest. Behind the tokens of value.c there are more:
 *     F CODE COUNT (CELL [VALUE])...   a function: its dump as a string token; how many
 *         upvalues, 1 byte; for each the number of its cell, 4 bytes, and at the first
 *         mention of the cell the value in it. The upvalue _ENV has cell 0 and no value:
 *         it is the receiver's globals, whatever the sender's were.
 *     R NUMBER                         the function that came as number so many, 4 bytes
 *     Q NUMBER                         the table that came as number so many, 4 bytes
 *     L MODULE FIELD                   what the receiver finds under these names, two
 *         strings: a loaded module (FIELD is empty), or a field of one
 *     P COUNT (NAME SOURCE CHUNK)... VALUE   modules that travel along with a value: an
 *         integer, three strings for each
 * Functions are numbered from 1 in the order of their F, so a function that refers to
 * itself is one; closures that share an upvalue share its cell, and go on sharing it. So
 * are tables, in the order of their T, where functions may travel: what is one table here
 * is one there.
 */
typedef struct lua_State lua_State;

enum ct_lua_functions {
    CT_LUA_NO_FUNCTIONS, /* are refused */
    CT_LUA_FUNCTIONS,    /* Lua functions travel too, their upvalues by value */
    /* so, but without their files' names and other debug information, of which only the
     * lines stay where each function begins and ends */
    CT_LUA_STRIPPED
};

/* Adds the value at index to out. CT_E_ARGUMENT when something in it can't travel: the
 * message names it and its place, "upvalue 'sock' is a userdata". CT_E_LIMIT,
 * CT_E_NO_MEMORY. Raises no Lua error; leaves the stack as it was. Equal values are equal
 * bytes, in every process: a table's keys come sorted. */
CT_CHECK int ct_lua_pack(lua_State *L, int index, ct_buf *out,
                         enum ct_lua_functions functions, ct_error *error);
/* The same; the names of modules that the value refers to become keys of the table at
 * index modules. */
CT_CHECK int ct_lua_pack_referring(lua_State *L, int index, int modules, ct_buf *out,
                                   enum ct_lua_functions functions, ct_error *error);

/* Pushes the value at *at, and moves *at behind it. Without functions, which is how the
 * host reads what a guest sent, a function is CT_E_PROTOCOL: its code is never loaded.
 * Pushes nothing on failure. Raises no Lua error. */
CT_CHECK int ct_lua_unpack(lua_State *L, const char **at, const char *end, bool functions,
                           ct_error *error);

#endif
