/* SPDX-License-Identifier: MIT
 *
 * keeper.h - the keeper: the process between process_run() and the program that it runs.
 * It lives as long as the program has an owner, and answers for all that the program
 * starts.
 */
#ifndef CT_KEEPER_H
#define CT_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/* An order to a keeper is an int: a signal for the program and all its descendants.
 * SIGTERM is passed on. SIGKILL is seen through to the last descendant, and answered by
 * KEEPER_EMPTY. */
#define KEEPER_RELEASE 0 /* the program has ended; what it left behind may live on */

/* What a keeper tells its owner. */
typedef struct keeper_note {
    enum { KEEPER_FAILED = 1, KEEPER_ENDED, KEEPER_EMPTY } event;
    int number;          /* FAILED: the program could not be started; errno */
    int status;          /* ENDED: as from wait4() */
    struct rusage usage; /* ENDED: the program's, and of those it has waited for */
} keeper_note;

typedef struct keeper {
    /* The keeper's end of a SOCK_SEQPACKET pair, by which orders come in and notes go
     * out. When it ends, the owner is gone. */
    int line;
    /* Reading ends of the pipes that the program writes to; -1: none. The keeper reads
     * them after the program's end, should anybody still write. */
    const int *streams;
    size_t stream_count;
    /* Becomes the program. Runs in a process of its own, and does not return. */
    void (*program)(void *context);
    void *context;
} keeper;

/* Makes a process that was just forked the keeper. */
_Noreturn void keeper_run(const keeper *what);

/* ---- descendants.c ---- */

/* Opens /proc for descendants_signal(). To be called before a testlet runs, which may
 * mount something over /proc or unmount it. Returns the descriptor, the same one each
 * time; -1: there is no /proc. */
int descendants_open(void);
/* true when a subreaper has descendants, says the kernel. */
bool descendants_exist(void);
/* Signals this process's children, and, unless children_only, all its descendants.
 * SIGTERM is followed by SIGCONT, since a stopped process can't end. Returns how many
 * there were. */
size_t descendants_signal(int number, bool children_only);

#endif
