/* SPDX-License-Identifier: MIT
 *
 * internals.h - what the files of the test-only module offer one another. The module is
 * for internals_spec.lua: thin, one function for each thing to be looked at.
 */
#ifndef CT_INTERNALS_H
#define CT_INTERNALS_H

#include <lauxlib.h>
#include <lua.h>

#include "basic/basic.h"

CT_API int luaopen_cleantest_internals(lua_State *L);

/* Pushes nil, NAME, message and returns 3. */
int internals_failure(lua_State *L, int code, const ct_error *error);
/* Pushes what is in buf, frees it, and returns 1. */
int internals_take(lua_State *L, ct_buf *buf);

/* Each adds its functions to the table on top of the stack. */
void internals_bytes(lua_State *L);    /* buf, value, frame, json */
void internals_files(lua_State *L);    /* tree_reader, tree_writer, lease */
void internals_keys(lua_State *L);     /* base_key, sorted JSON */
void internals_threads(lua_State *L);  /* queue, scheduler */
void internals_schedule(lua_State *L); /* scheduler: what is taken when */
void internals_history(lua_State *L);  /* history, reserve */
void internals_net(lua_State *L);      /* lines over TLS */

#endif
