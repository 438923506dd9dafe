/* SPDX-License-Identifier: MIT
 *
 * reaper.h - the reaper: starting it and sending it home, which is reaper.c's; and what passes
 * between that and the program, which is reaper_main.c: on the program's stdin one
 * REQUEST frame, a packed table of strings ("run", "host" (its pid), "endpoint", "client_cert",
 * "client_key", "verify", "project"; empty ones are absent), then CT_REAPER_HOME when all is
 * well, or the end of the stream when the host is gone.
 */
#ifndef CT_REAPER_H
#define CT_REAPER_H

#include "provider.h"

#define CT_REAPER_HOME 'h'

/* The process that deletes the run's instances should this one die. */
typedef struct ct_reaper ct_reaper;

CT_CHECK ct_reaper *ct_reaper_start(const ct_provider *provider, const char *run_id,
                                    ct_error *error);
/* Sends it home; when instances are known to be left, it deletes them first. NULL is fine. */
void ct_reaper_stop(ct_reaper *reaper, bool instances_left);

#endif
