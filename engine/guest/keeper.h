/* SPDX-License-Identifier: MIT
 *
 * keeper.h - a keeper is the process between process_run() and the program that it runs.
 * It lives as long as the program has an owner, and answers for all that the program
 * starts.
 */
#ifndef CT_KEEPER_H
#define CT_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/* Orders to a keeper are ints: a signal for the program and all its descendants.
 * SIGTERM is passed on; SIGKILL is seen through to the last descendant, and answered
 * by KEEPER_EMPTY. */
#define KEEPER_RELEASE 0 /* the program has ended; what it left behind may live on */

/* What a keeper tells its owner. */
typedef struct keeper_note {
    enum { KEEPER_FAILED = 1, KEEPER_ENDED, KEEPER_EMPTY } event;
    int number;          /* FAILED: the program could not be started; errno */
    int status;          /* ENDED: as from wait4() */
    struct rusage usage; /* ENDED: the program's, and of those it has waited for */
} keeper_note;

typedef struct keeper {
    /* The keeper's end of a SOCK_SEQPACKET pair: orders come in, notes go out. Its end
     * means that the owner is gone. */
    int line;
    /* Ends of pipes that the program writes to, for the time after its end; -1: none. */
    const int *streams;
    size_t stream_count;
    /* Becomes the program; runs in a process of its own, and does not return. */
    void (*program)(void *context);
    void *context;
} keeper;

/* Is the keeper from here on; for a process that was just forked. */
_Noreturn void keeper_run(const keeper *what);

/* ---- descendants.c ---- */

/* Opens /proc for descendants_signal(), before a testlet runs that may mount something
 * over it, or unmount it. Returns the descriptor, the same one each time; -1: there is
 * no /proc. */
int descendants_open(void);
/* true when a subreaper has descendants. The kernel's word. */
bool descendants_exist(void);
/* Signals those whose parent is this process or, unless children_only, any descendant
 * of it; SIGTERM is followed by SIGCONT, for a stopped process can't end. Returns how
 * many there were. */
size_t descendants_signal(int number, bool children_only);

#endif
