/* SPDX-License-Identifier: MIT
 *
 * lua_private.h - what lua_pack.c and lua_unpack.c are made of.
 */
#ifndef CT_LUA_PRIVATE_H
#define CT_LUA_PRIVATE_H

#include <lua.h>

#include "wire/wire.h"

/* ---- lua_keys.c ---- */

/* One key of a table: numbers, then strings bytewise, then booleans. */
typedef struct ct_lua_key {
    int type; /* LUA_TNUMBER, LUA_TSTRING or LUA_TBOOLEAN */
    bool boolean;
    bool whole; /* the number is an integer */
    lua_Integer integer;
    lua_Number number;
    const char *string; /* anchored in the table */
    size_t length;
} ct_lua_key;

/* Sorts the keys of the table on top, which has `count`, and pushes what owns the result.
 * NULL: a key is no plain data; the stack is of no use then. May raise a Lua error. */
ct_lua_key *ct_lua_push_keys(lua_State *L, size_t count);
void ct_lua_push_key(lua_State *L, const ct_lua_key *key);

/* ---- lua_refer.c ---- */

/* Pushes a table that has for each value that travels by name its reference: "MODULE." or
 * "MODULE.FIELD". May raise a Lua error. */
void ct_lua_push_references(lua_State *L);
/* Adds a reference, as the token L. */
CT_CHECK int ct_lua_add_reference(ct_buf *out, const char *reference);
/* Reads what follows the token L, and pushes what the reference stands for here. false:
 * the bytes are no reference. Raises what require() raises. */
bool ct_lua_resolve(lua_State *L, const char **at, const char *end);
/* Reads what follows the token P: the modules that came along can be required from now
 * on. false: the bytes are no modules. */
bool ct_lua_unpack_modules(lua_State *L, const char **at, const char *end);

#endif
