/* SPDX-License-Identifier: MIT
 *
 * bases.c - core.bases, core.bases_prune and core.clean: the prepared environments as a
 * list, and what became of what was to go. The engine calls back with no protected call
 * around it, so nothing here touches Lua before it has returned.
 */
#include <string.h>

#include "binding/binding.h"

/* ---- what was deleted ---- */

#define CLEANED_LIMIT (4 * CT_MIB) /* bytes of names and messages */

/* A ct_cleaned whose context is a ct_buf: keeps "instance NUL error NUL" (no error:
 * empty). What doesn't fit is not listed. */
static void note_cleaned(void *context, const char *instance, const char *error) {
    ct_buf *buf = context;
    size_t before = buf->length;
    const char *why = error ? error : "";
    if (ct_buf_add(buf, instance, strlen(instance) + 1) < 0)
        return;
    if (ct_buf_add(buf, why, strlen(why) + 1) < 0)
        buf->length = before;
}

/* Pushes what was noted as a list of {instance=, error=}. Returns 1, for Lua. */
static int push_cleaned(lua_State *L, const ct_buf *buf) {
    const char *at = buf->data;
    lua_newtable(L);
    for (lua_Integer i = 1; at && at < buf->data + buf->length; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, at);
        lua_setfield(L, -2, "instance");
        at += strlen(at) + 1;
        if (*at) {
            lua_pushstring(L, at);
            lua_setfield(L, -2, "error");
        }
        at += strlen(at) + 1;
        lua_rawseti(L, -2, i);
    }
    return 1;
}

/* ---- bases ---- */

#define LIST_LIMIT (64 * CT_MIB) /* bytes of all that is said of bases */

/* What a base has besides strings, as it lies in the buffer before them. */
struct numbers {
    long long built, used;
    uint64_t size;
    ct_base_state state;
};

/* The strings' names, in the order in which they lie there. */
static const char *const strings[] = {"instance", "key", "label", "inputs", "reason"};

static int add_string(ct_buf *buf, const char *string) {
    const char *text = string ? string : "";
    return ct_buf_add(buf, text, strlen(text) + 1);
}

/* What doesn't fit is not listed. */
static void note_base(void *context, const ct_base *base) {
    ct_buf *buf = context;
    size_t before = buf->length;
    struct numbers numbers = {.built = base->built,
                              .used = base->used,
                              .size = base->size,
                              .state = base->state};
    if (ct_buf_add(buf, &numbers, sizeof numbers) < 0 ||
        add_string(buf, base->instance) < 0 || add_string(buf, base->key) < 0 ||
        add_string(buf, base->label) < 0 || add_string(buf, base->inputs) < 0 ||
        add_string(buf, base->reason) < 0)
        buf->length = before;
}

/* 0 is "not known", and so is an empty string: such fields are nil. */
static void set_integer(lua_State *L, const char *name, lua_Integer value) {
    if (value == 0)
        return;
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

/* Pushes the base at `at`; returns where the next one is. */
static const char *push_base(lua_State *L, const char *at) {
    static const char *const states[] = {
#define CT_X(name, word) word,
        CT_BASE_STATES(CT_X)
#undef CT_X
    };
    struct numbers numbers;
    memcpy(&numbers, at, sizeof numbers);
    at += sizeof numbers;
    lua_createtable(L, 0, 9);
    set_integer(L, "built", numbers.built);
    set_integer(L, "used", numbers.used);
    set_integer(L, "size", (lua_Integer) numbers.size);
    lua_pushstring(L, states[numbers.state]);
    lua_setfield(L, -2, "state");
    for (size_t i = 0; i < CT_COUNT(strings); i++) {
        if (*at) {
            lua_pushstring(L, at);
            lua_setfield(L, -2, strings[i]);
        }
        at += strlen(at) + 1;
    }
    return at;
}

/***
Lists the prepared environments there are.
@function bases
@tparam[opt] table settings as for run_open
@treturn table a list, in no order, of {instance=, key=, label=, inputs=, reason=, built=,
  used=, size=, state=}: inputs are lines of what it is, a tab, and a digest; built and
  used are seconds since 1970; size is bytes; state is "building", "ready" or "spoiled".
  What is not known, or not yet, is nil. Or nil, message, NAME
*/
int lct_bases(lua_State *L) {
    ct_settings settings;
    ct_error error = {0};
    lct_settings_read(L, 1, &settings);
    ct_buf *buf = lct_new_buf(L, LIST_LIMIT);
    int code = ct_bases_visit(&settings, note_base, buf, &error);
    if (code < 0)
        return lct_failure(L, code, &error);
    lua_newtable(L);
    const char *at = buf->data;
    for (lua_Integer i = 1; at && at < buf->data + buf->length; i++) {
        at = push_base(L, at);
        lua_rawseti(L, -2, i);
    }
    return 1;
}

/***
Deletes prepared environments that are spoiled, or more than the settings allow.
@function bases_prune
@tparam[opt] table settings as for run_open
@tparam[opt] boolean all delete all that nobody is building
@treturn table a list of {instance=, error=}, error being nil for what was deleted; or
  nil, message, NAME
*/
int lct_bases_prune(lua_State *L) {
    ct_settings settings;
    ct_error error = {0};
    lct_settings_read(L, 1, &settings);
    bool all = lua_toboolean(L, 2) != 0;
    ct_buf *buf = lct_new_buf(L, CLEANED_LIMIT);
    int code = ct_bases_prune(&settings, all, note_cleaned, buf, &error);
    return code < 0 ? lct_failure(L, code, &error) : push_cleaned(L, buf);
}

/***
Deletes the instances that dead runs left behind; nothing else's.
@function clean
@tparam[opt] table settings as for run_open
@treturn table a list of {instance=, error=}, error being nil for what was deleted; or
  nil, message, NAME
*/
int lct_clean(lua_State *L) {
    ct_settings settings;
    ct_error error = {0};
    lct_settings_read(L, 1, &settings);
    ct_buf *buf = lct_new_buf(L, CLEANED_LIMIT);
    int code = ct_instances_clean(&settings, note_cleaned, buf, &error);
    return code < 0 ? lct_failure(L, code, &error) : push_cleaned(L, buf);
}
