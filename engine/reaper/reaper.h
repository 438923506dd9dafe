/* SPDX-License-Identifier: MIT
 *
 * reaper.h - the reaper: starting it, telling it what to look after, and sending it home,
 * which is reaper.c's; and what passes between that and the program, which is
 * reaper_main.c.
 *
 * The program's stdin is a SOCK_SEQPACKET socket. Each message is one REQUEST frame: a
 * packed table of strings, "op" and what belongs to it; an empty string stands for none.
 * Whatever is not that is passed over, and being a message of its own it spoils no other.
 *     watch   the first: run, host (its pid), endpoint, client_cert, client_key, verify,
 *             project
 *     visit   instance, directory: a guest may be put there, in an instance that is not
 *             the run's
 *     leave   directory: that guest is gone again
 *     home    all is well: the program ends
 * The end of the stream, or of the host, without "home" makes it delete what the run has
 * left.
 */
#ifndef CT_REAPER_H
#define CT_REAPER_H

#include "provider/provider.h"

#define CT_REAPER_MESSAGE_MAX 65536 /* bytes */

/* The process that deletes the run's instances should this one die. All threads may use
 * it. */
typedef struct ct_reaper ct_reaper;

CT_CHECK int ct_reaper_start(const ct_provider *provider, const char *run_id,
                             ct_reaper **reaper, ct_error *error);
/* A guest is about to be put into an instance that is not the run's: should this process
 * die, it is to be taken out again. identity: the directory's, as its guest calls it; ""
 * until the guest is ready, which is told by a second call. Where somebody has killed the
 * reaper, nobody is told. */
void ct_reaper_visit(const ct_reaper *reaper, const char *instance, const char *directory,
                     const char *identity);
/* That guest is gone. */
void ct_reaper_leave(const ct_reaper *reaper, const char *directory);
/* Sends it home; when something is known to be left, it deletes that first. NULL is
 * fine. */
void ct_reaper_stop(ct_reaper *reaper, bool left);

#endif
