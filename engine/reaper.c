/* SPDX-License-Identifier: MIT
 *
 * reaper.c - the host's side of the reaper: starting it, and sending it home. The program
 * itself is reaper_main.c; it is embedded here and executed from memory, so that a library
 * alone is enough. It learns of this process's death by the end of its stdin: the other end
 * of that socket is open in this process only.
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

#include "embedded.h"
#include "reaper.h"

struct ct_reaper {
    int socket; /* open while this process lives */
};

/* ---- the program, in memory ---- */

static int open_program(ct_error *error) {
    const ct_embedded *program = &ct_embedded_reaper[0];
    int descriptor = memfd_create("cleantest-reaper", MFD_CLOEXEC);
    size_t done = 0;
    while (descriptor >= 0 && done < program->length) {
        ssize_t written = write(descriptor, program->data + done, program->length - done);
        if (written > 0) {
            done += (size_t) written;
        } else if (errno != EINTR) {
            close(descriptor);
            descriptor = -1;
        }
    }
    if (descriptor < 0)
        ct_fail_errno(error, "reaper: keeping the program in memory");
    return descriptor;
}

/* ---- its start; only async-signal-safe calls between fork() and exec ---- */

struct start {
    int program;
    int stdin_socket;
    int report; /* gets errno should exec fail; closed by a successful exec */
};

static void become_reaper(const struct start *start) {
    static char *const argv[] = {"cleantest-reaper", NULL};
    sigset_t none;
    sigemptyset(&none);
    setsid();
    pid_t child = fork(); /* nobody's child: no zombie for the host to wait for */
    if (child != 0)
        _exit(child < 0 ? errno : 0);
    int null = open("/dev/null", O_RDWR);
    dup2(start->stdin_socket, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    dup2(start->report, 3);
    dup2(start->program, 4);
    close_range(5, ~0U, 0);
    fcntl(3, F_SETFD, FD_CLOEXEC);
    fcntl(4, F_SETFD, FD_CLOEXEC);
    if (chdir("/") < 0)
        _exit(errno);
    sigprocmask(SIG_SETMASK, &none, NULL);
    fexecve(4, argv, environ);
    int number = errno;
    ssize_t ignored = write(3, &number, sizeof number);
    (void) ignored;
    _exit(number);
}

/* Moves the descriptors out of the way of the ones the reaper gets. */
static int high(int descriptor) {
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
    close(descriptor);
    return moved;
}

static int launch(int stdin_socket, ct_error *error) {
    int pipes[2] = {-1, -1}, number = 0;
    struct start start = {.program = -1, .stdin_socket = stdin_socket, .report = -1};
    sigset_t all, before;
    int code = CT_E_SYSTEM;
    start.program = open_program(error);
    if (start.program < 0)
        goto out;
    start.program = high(start.program);
    if (pipe2(pipes, O_CLOEXEC) < 0) {
        ct_fail_errno(error, "reaper: pipe");
        goto out;
    }
    start.report = high(pipes[1]);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all,
                    &before); /* the host's handlers are not for the child */
    pid_t child = fork();
    if (child == 0)
        become_reaper(&start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(start.report);
    if (child < 0) {
        ct_fail_errno(error, "reaper: fork");
        goto out;
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    ssize_t got;
    while ((got = read(pipes[0], &number, sizeof number)) < 0 && errno == EINTR)
        continue;
    code = got == 0 ? CT_OK
                    : ct_fail(error, CT_E_SYSTEM, "reaper: exec: %s", strerror(number));
out:
    if (start.program >= 0)
        close(start.program);
    if (pipes[0] >= 0)
        close(pipes[0]);
    return code;
}

/* ---- what it is told ---- */

static int add(ct_buf *out, const char *key, const char *value) {
    int code = ct_value_string(out, key);
    return code < 0 ? code : ct_value_string(out, value ? value : "");
}

static int tell(int socket, const ct_provider *provider, const char *run_id,
                ct_error *error) {
    const ct_endpoint *endpoint = &provider->endpoint;
    ct_buf table, frame;
    ct_buf_init(&table, CT_MIB);
    ct_buf_init(&frame, CT_MIB);
    int code = CT_E_NO_MEMORY;
    char host[32];
    snprintf(host, sizeof host, "%ld", (long) getpid());
    if (ct_value_table(&table, 7) == CT_OK && add(&table, "run", run_id) == CT_OK &&
        add(&table, "host", host) == CT_OK &&
        add(&table, "endpoint", endpoint->socket ? endpoint->socket : endpoint->url) ==
            CT_OK &&
        add(&table, "client_cert", endpoint->client_cert) == CT_OK &&
        add(&table, "client_key", endpoint->client_key) == CT_OK &&
        add(&table, "verify", endpoint->verify) == CT_OK &&
        add(&table, "project", provider->project) == CT_OK)
        code = ct_frame_add(&frame, CT_FRAME_REQUEST, table.data, table.length);
    if (code < 0)
        ct_fail(error, code, "%s", ct_error_text(code));
    else if (send(socket, frame.data, frame.length, MSG_NOSIGNAL) !=
             (ssize_t) frame.length)
        code = ct_fail_errno(error, "reaper: sending it the settings");
    ct_buf_fini(&table);
    ct_buf_fini(&frame);
    return code;
}

ct_reaper *ct_reaper_start(const ct_provider *provider, const char *run_id,
                           ct_error *error) {
    int sockets[2];
    ct_reaper *reaper = calloc(1, sizeof *reaper);
    if (!reaper) {
        ct_fail(error, CT_E_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) {
        ct_fail_errno(error, "reaper: socketpair");
        free(reaper);
        return NULL;
    }
    int theirs = high(sockets[1]);
    reaper->socket = sockets[0];
    int code = launch(theirs, error);
    close(theirs);
    if (code == CT_OK)
        code = tell(reaper->socket, provider, run_id, error);
    if (code < 0) {
        ct_reaper_stop(reaper, false);
        return NULL;
    }
    return reaper;
}

void ct_reaper_stop(ct_reaper *reaper, bool instances_left) {
    static const char home = CT_REAPER_HOME;
    if (!reaper)
        return;
    if (!instances_left) {
        ssize_t ignored = send(reaper->socket, &home, 1, MSG_NOSIGNAL);
        (void) ignored;
    }
    close(reaper->socket);
    free(reaper);
}
