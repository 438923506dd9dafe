/* SPDX-License-Identifier: MIT
 *
 * clean.c - core.clean: what ct_clean() reports becomes a list, as what ct_bases_prune()
 * does (bases.c). The engine calls back with no protected call around it, so nothing here
 * touches Lua before it has returned.
 */
#include <string.h>

#include "binding/binding.h"

/* Keeps "instance NUL error NUL" (no error: empty). What doesn't fit is not listed. */
void lct_note_cleaned(void *context, const char *instance, const char *error) {
    ct_buf *buf = context;
    size_t before = buf->length;
    const char *why = error ? error : "";
    if (ct_buf_add(buf, instance, strlen(instance) + 1) < 0)
        return;
    if (ct_buf_add(buf, why, strlen(why) + 1) < 0)
        buf->length = before;
}

void lct_push_cleaned(lua_State *L, const ct_buf *buf) {
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
    ct_buf *buf = lct_new_buf(L, LCT_CLEANED_LIMIT);
    int code = ct_clean(&settings, lct_note_cleaned, buf, &error);
    if (code < 0)
        return lct_failure(L, code, &error);
    lct_push_cleaned(L, buf);
    return 1;
}
