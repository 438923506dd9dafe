/* SPDX-License-Identifier: MIT
 *
 * embedded.h - files that are compiled in: the guest program, the reaper, and Lua modules. The
 * tables are written by embed.lua at build time.
 */
#ifndef CT_EMBEDDED_H
#define CT_EMBEDDED_H

#include <stddef.h>

typedef struct ct_embedded {
    const char *name; /* NULL ends a table */
    const unsigned char *data;
    size_t length; /* bytes */
} ct_embedded;

extern const ct_embedded ct_embedded_guest[];  /* one: the program */
extern const ct_embedded ct_embedded_reaper[]; /* one: the program */
extern const ct_embedded ct_embedded_lua[];    /* the host's modules, by module name */

#endif
