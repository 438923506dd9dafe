/* SPDX-License-Identifier: MIT
 *
 * reaper.c - the host's side of the reaper: starts it, and sends it home. The program,
 * main.c, is embedded here and executed from memory, so that a library alone is enough.
 * It learns of this process's death by the end of its stdin: the other end of that socket
 * is open in this process only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reaper/reaper.h"
#include "wire/wire.h"

#ifndef MFD_EXEC /* <linux/memfd.h>, since Linux 6.3 */
#define MFD_EXEC 0x0010U
#endif

struct ct_reaper {
    int socket; /* open while this process lives */
};

/* ---- the program, in memory ---- */

/* Opens a file in memory that may be executed. Where vm.memfd_noexec is 1 that must be
 * asked for; before Linux 6.3 it can't be. */
static int open_memory(void) {
    int descriptor = memfd_create("cleantest-reaper", MFD_CLOEXEC | MFD_EXEC);
    return descriptor < 0 && errno == EINVAL
               ? memfd_create("cleantest-reaper", MFD_CLOEXEC)
               : descriptor;
}

static int open_program(ct_error *error) {
    const ct_embedded *program = &ct_embedded_reaper[0];
    int descriptor = open_memory();
    if (descriptor >= 0 && !ct_write_all(descriptor, program->data, program->length)) {
        close(descriptor);
        descriptor = -1;
    }
    if (descriptor < 0 && errno == EACCES)
        ct_fail(
            error, CT_E_SYSTEM,
            "reaper: the kernel refuses programs in memory: set vm.memfd_noexec to 1");
    else if (descriptor < 0)
        ct_fail_errno(error, "reaper: keeping the program in memory");
    return descriptor;
}

/* ---- its start; only async-signal-safe calls between fork() and exec ---- */

struct start {
    int program;
    int stdin_socket;
    int report; /* gets errno when something fails; a successful exec closes it */
};

/* Puts the descriptors, all of which are above 4, where the program has them. */
static bool arrange(const struct start *start) {
    int null = open("/dev/null", O_RDWR);
    return null >= 0 && dup2(start->stdin_socket, STDIN_FILENO) >= 0 &&
           dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0 &&
           dup3(start->report, 3, O_CLOEXEC) >= 0 &&
           dup3(start->program, 4, O_CLOEXEC) >= 0 && chdir("/") == 0;
}

/* Tells errno by the report, and does not return. */
static void give_up_start(int report) {
    int number = errno;
    ssize_t ignored = write(report, &number, sizeof number);
    (void) ignored;
    _exit(EXIT_FAILURE);
}

static void become_reaper(const struct start *start) {
    static char *const argv[] = {"cleantest-reaper", NULL};
    sigset_t none;
    sigemptyset(&none);
    setsid();
    /* The reaper becomes nobody's child, so that the host has no zombie to wait for. Not
     * by fork(), whose handlers may do what only the host can. */
    pid_t child = _Fork();
    if (child < 0)
        give_up_start(start->report);
    if (child > 0)
        _exit(EXIT_SUCCESS);
    if (!arrange(start))
        give_up_start(start->report);
    sigprocmask(SIG_SETMASK, &none, NULL);
    fexecve(4, argv, environ);
    give_up_start(3);
}

/* Moves a descriptor out of the way of those that the reaper gets. A failure closes
 * it. */
static int move_high(int descriptor, ct_error *error) {
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
    if (moved < 0)
        ct_fail_errno(error, "reaper: duplicating a descriptor");
    close(descriptor);
    return moved;
}

/* Waits for the child, which is the reaper's parent, and reads the report of both. */
static int read_report(pid_t child, int report, ct_error *error) {
    int number = 0, status = 0;
    ssize_t got;
    pid_t waited;
    while ((waited = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        continue;
    while ((got = read(report, &number, sizeof number)) < 0 && errno == EINTR)
        continue;
    if (got == sizeof number)
        return ct_fail(error, CT_E_SYSTEM, "reaper: starting it: %s", strerror(number));
    /* somebody else in the host may wait for all of its children */
    if (got < 0 || (waited == child && status != 0))
        return ct_fail(error, CT_E_SYSTEM, "reaper: it was killed while it started");
    return CT_OK;
}

static int launch(int stdin_socket, ct_error *error) {
    int pipes[2] = {-1, -1};
    struct start start = {.program = -1, .stdin_socket = stdin_socket, .report = -1};
    sigset_t all, before;
    pid_t child = -1;
    int code = CT_E_SYSTEM;
    start.program = open_program(error);
    if (start.program >= 0)
        start.program = move_high(start.program, error);
    if (start.program < 0)
        goto out;
    if (pipe2(pipes, O_CLOEXEC) < 0) {
        ct_fail_errno(error, "reaper: pipe");
        goto out;
    }
    start.report = move_high(pipes[1], error);
    if (start.report < 0)
        goto out;
    sigfillset(&all); /* the host's handlers are not for the child */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    child = fork();
    if (child == 0)
        become_reaper(&start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(start.report);
    code = child > 0 ? read_report(child, pipes[0], error)
                     : ct_fail_errno(error, "reaper: fork");
out:
    if (start.program >= 0)
        close(start.program);
    if (pipes[0] >= 0)
        close(pipes[0]);
    return code;
}

/* ---- what it is told ---- */

/* A string to tell; NULL: none, which is told as "". */
struct field {
    const char *key;
    const char *value;
};

/* Sends one message, whole or not at all. Does not wait for a reaper that was stopped. */
static int tell(int socket, const struct field *fields, size_t count, ct_error *error) {
    ct_table table;
    ct_buf frame;
    ct_buf_init(&frame, CT_REAPER_MESSAGE_MAX);
    ct_table_begin(&table, CT_REAPER_MESSAGE_MAX);
    for (size_t i = 0; i < count; i++)
        ct_table_string(&table, fields[i].key, fields[i].value ? fields[i].value : "");
    int code = ct_table_end(&table, &frame, CT_FRAME_REQUEST);
    if (code < 0)
        ct_fail(error, code, "reaper: its orders: %s", ct_error_text(code));
    else if (send(socket, frame.data, frame.length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        code = ct_fail_errno(error, "reaper: sending it its orders");
    ct_buf_fini(&frame);
    return code;
}

static int tell_watch(int socket, const ct_provider *provider, const char *run_id,
                      ct_error *error) {
    ct_settings settings = provider->type->settings(provider);
    char host[32];
    snprintf(host, sizeof host, "%ld", (long) getpid());
    const struct field fields[] = {{"op", "watch"},
                                   {"run", run_id},
                                   {"host", host},
                                   {"endpoint", settings.endpoint},
                                   {"client_cert", settings.client_cert},
                                   {"client_key", settings.client_key},
                                   {"verify", settings.verify},
                                   {"project", settings.project}};
    return tell(socket, fields, CT_COUNT(fields), error);
}

void ct_reaper_visit(const ct_reaper *reaper, const char *instance, const char *directory,
                     const char *identity) {
    const struct field fields[] = {{"op", "visit"},
                                   {"instance", instance},
                                   {"directory", directory},
                                   {"identity", identity}};
    int ignored = tell(reaper->socket, fields, CT_COUNT(fields), NULL);
    (void) ignored;
}

void ct_reaper_leave(const ct_reaper *reaper, const char *directory) {
    const struct field fields[] = {{"op", "leave"}, {"directory", directory}};
    int ignored = tell(reaper->socket, fields, CT_COUNT(fields), NULL);
    (void) ignored;
}

int ct_reaper_start(const ct_provider *provider, const char *run_id, ct_reaper **out,
                    ct_error *error) {
    int sockets[2];
    *out = NULL;
    ct_reaper *reaper = calloc(1, sizeof *reaper);
    if (!reaper)
        return ct_fail_memory(error);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
        free(reaper);
        return ct_fail_errno(error, "reaper: socketpair");
    }
    int theirs = move_high(sockets[1], error);
    reaper->socket = sockets[0];
    int code = theirs < 0 ? CT_E_SYSTEM : launch(theirs, error);
    if (theirs >= 0)
        close(theirs);
    if (code == CT_OK)
        code = tell_watch(reaper->socket, provider, run_id, error);
    if (code < 0)
        ct_reaper_stop(reaper, false);
    else
        *out = reaper;
    return code;
}

void ct_reaper_stop(ct_reaper *reaper, bool left) {
    static const struct field home[] = {{"op", "home"}};
    if (!reaper)
        return;
    if (!left) {
        int ignored = tell(reaper->socket, home, CT_COUNT(home), NULL);
        (void) ignored;
    }
    close(reaper->socket);
    free(reaper);
}
