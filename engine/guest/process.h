/* SPDX-License-Identifier: MIT
 *
 * process.h - runs a program under supervision: in a session of its own, with pipes and a
 * deadline, and notes what it used. For the testlet itself, and for the commands that a
 * testlet runs.
 */
#ifndef CT_PROCESS_H
#define CT_PROCESS_H

#include "wire/wire.h"

enum { PROCESS_STDOUT, PROCESS_STDERR, PROCESS_EXTRA, PROCESS_STREAMS };

/* Bytes that a pipe takes at once when poll() says that it takes any: PIPE_BUF. */
#define PROCESS_OUTLET_ROOM ((size_t) 4096)
#define PROCESS_PIECE       (PROCESS_OUTLET_ROOM - CT_FRAME_HEADER)

typedef struct process {
    /* Runs in the child process, which has stdin, stdout and stderr in place. Returns the
     * exit status. extra: a descriptor to write the EXTRA stream to; -1: none is
     * wanted. */
    int (*child)(void *context, int extra);
    void *context;
    bool want_extra;
    const char *input; /* for stdin; NULL: /dev/null */
    size_t input_length;
    double timeout; /* seconds; 0: none */
    int hangup;     /* a pipe, whose end means that the program is killed; -1: none */
    /* A pipe that take() writes to; -1: none. take() is called only when the pipe has
     * room for PROCESS_OUTLET_ROOM bytes, so that no reader can hold the deadline up. */
    int outlet;
    /* Takes output as it comes, in the parent: PROCESS_PIECE bytes at most where there is
     * an outlet. false: that was too much, and the program is killed. */
    bool (*take)(void *context, int stream, const char *data, size_t length);
    void *take_context;
} process;

typedef struct process_end {
    int exit_code; /* -1: a signal has ended it, or it was made to end */
    int signal;
    bool timed_out;
    int limit; /* the stream that it wrote too much to; -1: none */
    bool hung_up;
    double duration, cpu_user, cpu_system; /* seconds */
    uint64_t max_rss;                      /* bytes */
} process_end;

/* Runs a program to its end. Only the program's own end counts: what it leaves running
 * lives on, and what that writes is read and dropped. But when it is made to end (by its
 * deadline, for writing too much, or since the host is gone), all that it started ends
 * before this returns, in whatever session it is, and nothing else does. CT_E_SYSTEM: it
 * can't be started. */
CT_CHECK int process_run(const process *what, process_end *end, ct_error *error);

/* ---- execute.c: for process.child ---- */

/* Becomes the program, which is found by PATH. Returns only when that fails, with a
 * shell's status, 127 or 126, after a message on stderr that says what is missing or
 * wrong. */
int process_exec(const char *const *argv);
/* Becomes the script at the path argv[0]. Its "#!" line says what runs it; else
 * interpreter does, which is found by PATH. Returns as process_exec() does. */
int process_exec_script(const char *const *argv, const char *interpreter);

#endif
