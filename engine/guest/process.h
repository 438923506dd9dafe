/* SPDX-License-Identifier: MIT
 *
 * process.h - a program under supervision: its own session, pipes, a deadline, and what
 * it used. For the testlet itself, and for the commands that a testlet runs.
 */
#ifndef CT_PROCESS_H
#define CT_PROCESS_H

#include "wire/wire.h"

enum { PROCESS_STDOUT, PROCESS_STDERR, PROCESS_EXTRA, PROCESS_STREAMS };

/* What a pipe takes at once when poll() says that it takes something: PIPE_BUF. */
#define PROCESS_OUTLET_ROOM ((size_t) 4096)
#define PROCESS_PIECE       (PROCESS_OUTLET_ROOM - CT_FRAME_HEADER)

typedef struct process {
    /* Runs in the child process, which has stdin, stdout and stderr in place; what it
     * returns is the exit status. extra is a descriptor to write the EXTRA stream to;
     * -1: none was asked. */
    int (*child)(void *context, int extra);
    void *context;
    bool want_extra;
    const char *input; /* for stdin; NULL: /dev/null */
    size_t input_length;
    double timeout; /* seconds; 0: none */
    int hangup;     /* a pipe whose end means: kill; -1: none. It is not read from */
    /* A pipe that take() writes to, and only when there is room for
     * PROCESS_OUTLET_ROOM bytes, so that who does not read it can't hold the deadline
     * up; -1: none. */
    int outlet;
    /* Takes output as it comes, at most PROCESS_PIECE bytes where there is an outlet;
     * false: too much, kill it. Called by the parent. */
    bool (*take)(void *context, int stream, const char *data, size_t length);
    void *take_context;
} process;

typedef struct process_end {
    int exit_code; /* -1: by a signal, or made to end */
    int signal;
    bool timed_out;
    int limit; /* the stream it wrote too much to; -1: none */
    bool hung_up;
    double duration, cpu_user, cpu_system; /* seconds */
    uint64_t max_rss;                      /* bytes */
} process_end;

/* Runs it to its end. Only the program's own end counts: what it leaves running lives
 * on, and can write as before, to nobody. But when it is made to end, by its deadline,
 * for writing too much, or since the host is gone, all that it started ends before
 * this returns, in whatever session it is, and nothing else does. CT_E_SYSTEM when it
 * can't be started. */
CT_CHECK int process_run(const process *what, process_end *end, ct_error *error);

/* ---- execute.c: for process.child ---- */

/* Becomes the program, found by PATH. Returns only on failure, with a shell's status,
 * 127 or 126, after a message on stderr that says what is missing or wrong. */
int process_exec(const char *const *argv);
/* Becomes the script argv[0], a path: by its "#!" line, else by interpreter, which is
 * found by PATH. Returns as process_exec() does. */
int process_exec_script(const char *const *argv, const char *interpreter);

#endif
