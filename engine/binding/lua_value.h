/* SPDX-License-Identifier: MIT
 *
 * lua_value.h - Lua values as bytes and back; the same code in the host's binding and in
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
#ifndef CT_LUA_VALUE_H
#define CT_LUA_VALUE_H

#include <lua.h>

#include "../engine.h"

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
/* The same; the names of modules that the value refers to become keys of the table at index
 * modules. */
CT_CHECK int ct_lua_pack_referring(lua_State *L, int index, int modules, ct_buf *out,
                                   enum ct_lua_functions functions, ct_error *error);

/* Pushes the value at *at, and moves *at behind it. Without functions, which is how the
 * host reads what a guest sent, a function is CT_E_PROTOCOL: its code is never loaded.
 * Pushes nothing on failure. Raises no Lua error. */
CT_CHECK int ct_lua_unpack(lua_State *L, const char **at, const char *end, bool functions,
                           ct_error *error);

#endif
