/* SPDX-License-Identifier: MIT
 *
 * process.h - a child process under supervision: its own session, pipes, a deadline, and what
 * it used. For the testlet itself, and for the commands that a testlet runs.
 */
#ifndef CT_PROCESS_H
#define CT_PROCESS_H

#include "../engine.h"

enum { PROCESS_STDOUT, PROCESS_STDERR, PROCESS_EXTRA, PROCESS_STREAMS };

typedef struct process {
    /* Runs in the child, which has stdin, stdout and stderr in place; what it returns is the
     * exit status. extra is a descriptor to write the EXTRA stream to; -1: none was asked. */
    int (*child)(void *context, int extra);
    void *context;
    bool want_extra;
    const char *input; /* for stdin; NULL: /dev/null */
    size_t input_length;
    double timeout; /* seconds; 0: none */
    int hangup;     /* a pipe whose end means: kill; -1: none. It is not read from */
    bool adopt; /* orphans become ours, and are reaped: only where nobody else waits for
                   children of this process */
    /* Takes output as it comes; false: too much, kill it. Called by the parent. */
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

/* Runs it to its end. CT_E_SYSTEM when it can't be started. */
CT_CHECK int process_run(const process *what, process_end *end, ct_error *error);

/* For process.child: becomes the program, found by PATH. Returns only on failure, with a
 * shell's status, 127 or 126, after a message on stderr. */
int process_exec(const char *const *argv);

#endif
