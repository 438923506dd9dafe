/* SPDX-License-Identifier: MIT
 *
 * json_private.h - how json_sorted.c gets at the lua_State of a document. Nobody else
 * does.
 */
#ifndef CT_JSON_PRIVATE_H
#define CT_JSON_PRIVATE_H

#include <lua.h>

#include "basic/basic.h"

/* Calls function(document, context), context as a light userdata, protected.
 * CT_E_NO_MEMORY when it raised an error. "encode" in the registry is cjson's. */
CT_CHECK int ct_json_call(ct_json *json, lua_CFunction function, void *context);

#endif
