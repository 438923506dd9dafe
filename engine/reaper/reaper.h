/* SPDX-License-Identifier: MIT
 *
 * reaper.h - the reaper. reaper.c starts it, tells it what to look after, and sends it
 * home; main.c is the program; this is what passes between the two.
 *
 * The program's stdin is a SOCK_SEQPACKET socket. Each message is one REQUEST frame: a
 * packed table of strings, "op" and what belongs to it. An empty string stands for none.
 * What is no such message is passed over, and spoils no other.
 *     watch   the first: run, host (its pid), endpoint, client_cert, client_key, verify,
 *             project
 *     visit   instance, directory, identity: a guest may be put there, in an instance
 *             that is not the run's; the identity is the directory's, once it is known
 *     leave   directory: that guest is gone again
 *     home    all is well: the program ends
 * When the stream, or the host, ends without "home", the program deletes what the run has
 * left.
 */
#ifndef CT_REAPER_H
#define CT_REAPER_H

#include "provider/provider.h"

#define CT_REAPER_MESSAGE_MAX 65536 /* bytes */

/* The process that deletes the run's instances should this one die. For all threads. */
typedef struct ct_reaper ct_reaper;

CT_CHECK int ct_reaper_start(const ct_provider *provider, const char *run_id,
                             ct_reaper **reaper, ct_error *error);
/* A guest is about to be put into an instance that is not the run's. Should this process
 * die, the reaper takes it out again. identity: the directory's, as its guest calls it.
 * It is "" until the guest is ready, and told by a second call then. Does nothing when
 * somebody has killed the reaper. */
void ct_reaper_visit(const ct_reaper *reaper, const char *instance, const char *directory,
                     const char *identity);
/* That guest is gone. */
void ct_reaper_leave(const ct_reaper *reaper, const char *directory);
/* Sends the reaper home. left: something is known to be left, and the reaper deletes that
 * first. NULL is fine. */
void ct_reaper_stop(ct_reaper *reaper, bool left);

#endif
