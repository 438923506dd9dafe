/* SPDX-License-Identifier: MIT
 *
 * json_private.h - lets json_sorted.c work in a document's lua_State.
 */
#ifndef CT_JSON_PRIVATE_H
#define CT_JSON_PRIVATE_H

#include <lua.h>

#include "basic/basic.h"

/* Calls function(document, context) under lua_pcall, with context as a light userdata.
 * CT_E_NO_MEMORY: it raised an error. cjson's encode is in the registry as "encode". */
CT_CHECK int ct_json_call(ct_json *json, lua_CFunction function, void *context);

#endif
