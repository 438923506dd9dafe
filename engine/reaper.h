/* SPDX-License-Identifier: MIT
 *
 * reaper.h - what passes between reaper.c and the reaper program: on the program's stdin one
 * REQUEST frame, a packed table of strings ("run", "endpoint", "client_cert", "client_key",
 * "verify", "project"; empty ones are absent), then CT_REAPER_HOME when all is well, or the
 * end of the stream when the host is gone.
 */
#ifndef CT_REAPER_H
#define CT_REAPER_H

#include "provider.h"

#define CT_REAPER_HOME 'h'

#endif
