/* SPDX-License-Identifier: MIT
 *
 * lua_private.h - what lua_pack.c and lua_unpack.c are made of. Nobody else needs it.
 */
#ifndef CT_LUA_PRIVATE_H
#define CT_LUA_PRIVATE_H

#include <lua.h>

#include "wire/wire.h"

/* ---- lua_keys.c ---- */

/* One key of a table: numbers, then strings bytewise, then booleans. */
typedef struct ct_lua_key {
    int type;
    bool boolean;
    /* an integer */
    bool whole;
    lua_Integer integer;
    lua_Number number;
    /* anchored in the table */
    const char *string;
    size_t length;
} ct_lua_key;

/* Pushes what owns the sorted keys of the table on top, which has so many. NULL: one
 * of them is no plain data; the stack is of no use then. May raise a Lua error. */
ct_lua_key *ct_lua_push_keys(lua_State *L, size_t count);
void ct_lua_push_key(lua_State *L, const ct_lua_key *key);

/* ---- lua_refer.c ---- */

/* Pushes a table: value -> the reference that stands for it, "MODULE." or
 * "MODULE.FIELD". May raise a Lua error. */
void ct_lua_push_references(lua_State *L);
/* Adds a reference, as the token L. */
CT_CHECK int ct_lua_add_reference(ct_buf *out, const char *reference);
/* Behind the token L: pushes what it stands for here. false: the bytes are none.
 * Raises what require() raises. */
bool ct_lua_resolve(lua_State *L, const char **at, const char *end);
/* Behind the token P: modules that came along can be required from now on. false: the
 * bytes are none. */
bool ct_lua_unpack_modules(lua_State *L, const char **at, const char *end);

#endif
