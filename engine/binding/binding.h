/* SPDX-License-Identifier: MIT
 *
 * binding.h - what the binding's files offer one another, grouped by the file that
 * defines it. What the engine does is asked for by cleantest.h alone, as any other caller
 * would; beside it there is wire/, for the bytes of values that travel. Only plain Lua
 * tables go up from here, and the Lua layer (lua/cleantest) makes them pleasant.
 *
 * A lua_State belongs to one thread, and everything here runs on it. A bound function's C
 * name predicts its Lua name: lct_run_open is core.run_open, lct_batch_add is batch:add.
 * Caller mistakes throw; the world's failures return nil, message, NAME (lct_failure).
 */
#ifndef CT_BINDING_H
#define CT_BINDING_H

#include <lauxlib.h>
#include <lua.h>

#include "wire/wire.h"

/* ---- module.c ---------------------------------------------------------------------- */

/* The module "cleantest.core". */
CT_API int luaopen_cleantest_core(lua_State *L);

/* ---- util.c ------------------------------------------------------------------------ */

/* Pushes nil, message, NAME and returns 3. The message is the code's text when there is
 * no error, or an empty one. */
int lct_failure(lua_State *L, int code, const ct_error *error);
/* Makes a metatable with methods as its __index; close is its __gc and __close too. */
void lct_new_type(lua_State *L, const char *name, const luaL_Reg *methods,
                  lua_CFunction close);
/* Pushes a ct_buf that the collector owns, so that a throw leaks nothing. */
ct_buf *lct_new_buf(lua_State *L, size_t limit);

/* ---- fields.c ---------------------------------------------------------------------- */

/* Typed, raw reads from the plain table at index (absolute). What is absent leaves the
 * caller's default; what has the wrong type throws. Strings are borrowed from the table,
 * which must not change while they are used. */
void lct_field_string(lua_State *L, int index, const char *key, const char **value);
void lct_field_bytes(lua_State *L, int index, const char *key, const char **value,
                     size_t *length);
void lct_field_boolean(lua_State *L, int index, const char *key, bool *value);
void lct_field_seconds(lua_State *L, int index, const char *key, double *value);
void lct_field_size(lua_State *L, int index, const char *key, size_t *value);
void lct_field_unsigned(lua_State *L, int index, const char *key, unsigned *value);
/* One of a NULL-ended list of words; value becomes its position. */
void lct_field_choice(lua_State *L, int index, const char *key, const char *const *words,
                      int *value);
/* Pushes the table under key and returns its length; pushes nil and returns 0 when there
 * is none. */
size_t lct_field_list(lua_State *L, int index, const char *key);

/* ---- job.c ------------------------------------------------------------------------- */

/* Reads a job's table (see job.c for its fields). Pushes one value, which owns the arrays
 * that job points to; its strings are borrowed from the table. */
void lct_job_read(lua_State *L, int index, ct_job *job);

/* ---- pack.c ------------------------------------------------------------------------ */

/* core.pack(value [, label]): any value that can travel, functions too, as bytes. */
int lct_pack(lua_State *L);

/* ---- result.c ---------------------------------------------------------------------- */

/* Pushes a result as a plain table. */
void lct_push_result(lua_State *L, const ct_result *result);
/* Pushes an event as a plain table. */
void lct_push_event(lua_State *L, const ct_event *event);

/* ---- run.c ------------------------------------------------------------------------- */

typedef struct lct_run {
    ct_run *run;      /* NULL: closed */
    unsigned batches; /* open ones; the run is not closed before the last of them is */
    bool closing;     /* close it with its last batch */
} lct_run;

void lct_run_init(lua_State *L); /* registers the type */
int lct_run_open(lua_State *L);
/* The open run at index; throws when it is closed. */
lct_run *lct_check_run(lua_State *L, int index);
/* A batch of this run was closed. */
void lct_run_release(lct_run *self);
/* Reads a table of client settings, or nothing; strings are borrowed from it. */
void lct_settings_read(lua_State *L, int index, ct_settings *settings);

/* ---- log.c ------------------------------------------------------------------------- */

/* Reads the field `log`, a level, of a table of client settings: lines up to that level
 * go to stderr. */
void lct_log_read(lua_State *L, int index, ct_settings *settings);

/* ---- batch.c ----------------------------------------------------------------------- */

void lct_batch_init(lua_State *L); /* registers the type */
int lct_batch_new(lua_State *L);

/* ---- bases.c ----------------------------------------------------------------------- */

int lct_clean(lua_State *L);
int lct_bases(lua_State *L);
int lct_bases_prune(lua_State *L);

/* ---- signals.c --------------------------------------------------------------------- */

void lct_signals_init(lua_State *L); /* registers the type */
int lct_signals_open(lua_State *L);
/* The name of the signal the command has caught, or NULL. */
const char *lct_signals_pending(void);
/* A batch that is being started: the first signal that the command catches cancels it,
 * however close to the wait it comes. NULL: none. Borrowed until then. */
void lct_signals_cancel(ct_batch *batch);

/* ---- terminal.c -------------------------------------------------------------------- */

int lct_terminal(lua_State *L);
int lct_clock(lua_State *L);
int lct_absolute(lua_State *L);
int lct_make_folders(lua_State *L);
int lct_file_type(lua_State *L);
int lct_entries(lua_State *L);

#endif
