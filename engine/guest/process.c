/* SPDX-License-Identifier: MIT
 *
 * process.c - starting a child and seeing it to its end. Only the child's own end ends the
 * wait: a daemon it leaves behind may hold the pipes for as long as it likes, and lives on.
 * But a child that is killed takes its descendants with it.
 */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 65536 /* bytes read at once */
#define GRACE 2.0   /* seconds between SIGTERM and SIGKILL */

struct running {
    const process *what;
    process_end *end;
    pid_t child;
    int exited;  /* a descriptor that is readable once the child has ended */
    int orphans; /* one that is when an adopted process may have; -1: none are adopted */
    int streams[PROCESS_STREAMS]; /* our ends; -1: closed */
    int input;                    /* our end of stdin; -1: closed */
    size_t input_done;
    double begun, deadline, kill_at; /* ct_now() */
    bool killing;
};

/* ---- the child ---- */

struct ends {
    int ours[PROCESS_STREAMS], theirs[PROCESS_STREAMS];
    int our_input, their_input;
};

static void become_child(const struct running *run, const struct ends *ends) {
    sigset_t none;
    sigemptyset(&none);
    setsid();
    if (run->what->adopt) /* a guest that is killed takes its testlet along */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends->their_input, STDIN_FILENO);
    dup2(ends->theirs[PROCESS_STDOUT], STDOUT_FILENO);
    dup2(ends->theirs[PROCESS_STDERR], STDERR_FILENO);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    exit(run->what->child(run->what->context, ends->theirs[PROCESS_EXTRA]));
}

int process_exec(const char *const *argv) {
    execvp(argv[0], (char *const *) argv);
    int number = errno;
    fprintf(stderr, "cleantest: can't execute %s: %s\n", argv[0], strerror(number));
    return number == ENOENT ? 127 : 126;
}

static void close_one(int *descriptor) {
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static int open_pipe(int *reading, int *writing) {
    int both[2];
    if (pipe2(both, O_CLOEXEC) < 0)
        return -1;
    *reading = both[0];
    *writing = both[1];
    return 0;
}

static int open_ends(const process *what, struct ends *ends) {
    for (int i = 0; i < PROCESS_STREAMS; i++)
        if ((i != PROCESS_EXTRA || what->want_extra) &&
            open_pipe(&ends->ours[i], &ends->theirs[i]) < 0)
            return -1;
    if (what->input)
        return open_pipe(&ends->their_input, &ends->our_input);
    ends->their_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (ends->their_input <
        0) /* an image without /dev/null: an empty pipe does as well */
        return open_pipe(&ends->their_input, &ends->our_input);
    return 0;
}

static int start(struct running *run, ct_error *error) {
    struct ends ends = {.ours = {-1, -1, -1}, .theirs = {-1, -1, -1}, -1, -1};
    int code = CT_OK;
    if (open_ends(run->what, &ends) < 0) {
        code = ct_fail_errno(error, "pipe");
        goto out;
    }
    fflush(NULL); /* nothing buffered may be written twice */
    run->child = fork();
    if (run->child < 0)
        code = ct_fail_errno(error, "fork");
    if (run->child == 0)
        become_child(run, &ends);
out:
    close_one(&ends.their_input);
    for (int i = 0; i < PROCESS_STREAMS; i++) {
        close_one(&ends.theirs[i]);
        run->streams[i] = ends.ours[i];
    }
    run->input = ends.our_input;
    if (!run->what->input)
        close_one(&run->input);
    if (run->input >= 0) /* who does not read must not hold us up */
        fcntl(run->input, F_SETFL, O_NONBLOCK);
    return code;
}

/* ---- killing ---- */

/* The parent of pid, from /proc/PID/stat; 0 when it can't be told. */
static pid_t parent_of(pid_t pid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int) pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    int parent = 0;
    return name_end && sscanf(name_end + 1, " %*c %d", &parent) == 1 ? (pid_t) parent : 0;
}

static bool descends(pid_t pid, pid_t ancestor) {
    for (int depth = 0; pid > 1 && depth < 64; depth++) {
        pid = parent_of(pid);
        if (pid == ancestor)
            return true;
    }
    return false;
}

/* Signals all that came of us: orphans too, where we adopt them. */
static void signal_descendants(int number) {
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    while (proc && (entry = readdir(proc))) {
        pid_t pid = (pid_t) strtol(entry->d_name, NULL, 10);
        if (pid > 1 && descends(pid, getpid()))
            kill(pid, number);
    }
    if (proc)
        closedir(proc);
}

static void kill_child(struct running *run, int number) {
    kill(-run->child, number);
    kill(run->child, number);
    signal_descendants(number);
}

static void begin_killing(struct running *run) {
    if (run->killing)
        return;
    run->killing = true;
    run->kill_at = ct_now() + GRACE;
    kill_child(run, SIGTERM);
    kill(run->child, SIGCONT); /* a stopped one could not end */
}

/* ---- the wait ---- */

/* Takes what a stream has; false when there is nothing now. */
static bool read_stream(struct running *run, int stream) {
    static char piece[PIECE];
    ssize_t length = read(run->streams[stream], piece, sizeof piece);
    if (length < 0)
        return errno == EINTR;
    if (length == 0) {
        close_one(&run->streams[stream]);
        return false;
    }
    if (run->end->limit < 0 &&
        !run->what->take(run->what->take_context, stream, piece, (size_t) length)) {
        run->end->limit = stream;
        begin_killing(run);
    }
    return true;
}

static void write_input(struct running *run) {
    ssize_t length = write(run->input, run->what->input + run->input_done,
                           run->what->input_length - run->input_done);
    if (length >= 0)
        run->input_done += (size_t) length;
    if ((length < 0 && errno != EINTR && errno != EAGAIN) ||
        run->input_done == run->what->input_length)
        close_one(&run->input);
}

/* Reaps the orphans that came to us, as init would: a zombie still looks alive to who waits
 * for it to go. The child itself is left to process_run(). */
static void reap_orphans(struct running *run) {
    struct signalfd_siginfo signals[4];
    ssize_t ignored = read(run->orphans, signals, sizeof signals);
    (void) ignored;
    siginfo_t ended = {0};
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid &&
           ended.si_pid != run->child) {
        waitpid(ended.si_pid, NULL, 0);
        ended.si_pid = 0;
    }
}

/* A descriptor that is readable when something of ours has ended; -1: not asked for. */
static int open_orphans(const process *what) {
    sigset_t children;
    if (!what->adopt)
        return -1;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    return signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int poll_timeout(const struct running *run) {
    double until = run->killing ? run->kill_at : run->deadline;
    ct_wait wait = {.deadline = until, .cancel = -1};
    return until > 0 ? ct_wait_milliseconds(&wait) : -1;
}

static void check_deadlines(struct running *run) {
    double now = ct_now();
    if (run->killing && now >= run->kill_at) {
        kill_child(run, SIGKILL);
        run->kill_at = now + GRACE;
    } else if (!run->killing && run->deadline > 0 && now >= run->deadline) {
        run->end->timed_out = true;
        begin_killing(run);
    }
}

/* One wait; false once the child has ended. */
static bool step(struct running *run) {
    struct pollfd fds[4 + PROCESS_STREAMS];
    fds[0] = (struct pollfd){.fd = run->exited, .events = POLLIN};
    /* its end only (POLLHUP): what it carries is for who reads it later */
    fds[1] = (struct pollfd){.fd = run->killing ? -1 : run->what->hangup, .events = 0};
    fds[2] = (struct pollfd){.fd = run->input, .events = POLLOUT};
    fds[3] = (struct pollfd){.fd = run->orphans, .events = POLLIN};
    for (int i = 0; i < PROCESS_STREAMS; i++)
        fds[4 + i] = (struct pollfd){.fd = run->streams[i], .events = POLLIN};
    if (poll(fds, CT_COUNT(fds), poll_timeout(run)) > 0) {
        for (int i = 0; i < PROCESS_STREAMS; i++)
            if (fds[4 + i].revents)
                read_stream(run, i);
        if (fds[2].revents)
            write_input(run);
        if (fds[3].revents)
            reap_orphans(run);
        if (fds[1].revents) {
            run->end->hung_up = true;
            begin_killing(run);
        }
        if (fds[0].revents)
            return false;
    }
    check_deadlines(run);
    return true;
}

/* Takes what the child wrote before it ended, and no more: others may still hold the pipes. */
static void drain(struct running *run) {
    for (int i = 0; i < PROCESS_STREAMS; i++) {
        size_t most = 2 * CT_MIB; /* a pipe holds less */
        struct pollfd fd = {.fd = run->streams[i], .events = POLLIN};
        while (run->streams[i] >= 0 && most > PIECE && poll(&fd, 1, 0) > 0 &&
               read_stream(run, i))
            most -= PIECE;
    }
}

static void note_end(process_end *end, int status, const struct rusage *usage) {
    /* what it says after it was told to end does not count */
    bool itself = WIFEXITED(status) && !end->timed_out && end->limit < 0;
    end->exit_code = itself ? WEXITSTATUS(status) : -1;
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->cpu_user =
        (double) usage->ru_utime.tv_sec + (double) usage->ru_utime.tv_usec / 1e6;
    end->cpu_system =
        (double) usage->ru_stime.tv_sec + (double) usage->ru_stime.tv_usec / 1e6;
    end->max_rss = (uint64_t) usage->ru_maxrss * 1024;
}

int process_run(const process *what, process_end *end, ct_error *error) {
    struct running run = {.what = what, .end = end, .exited = -1, .begun = ct_now()};
    *end = (process_end){.exit_code = -1, .limit = -1};
    run.deadline = what->timeout > 0 ? run.begun + what->timeout : 0;
    run.orphans = open_orphans(what);
    /* a child that does not want its stdin is no reason to die */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    int code = start(&run, error);
    if (code == CT_OK) {
        run.exited = (int) syscall(SYS_pidfd_open, run.child, 0);
        if (run.exited < 0) {
            code = ct_fail_errno(error, "pidfd_open");
            kill(run.child, SIGKILL);
        }
        while (code == CT_OK && step(&run))
            continue;
        int status = 0;
        struct rusage usage = {0};
        while (wait4(run.child, &status, 0, &usage) < 0 && errno == EINTR)
            continue;
        end->duration = ct_now() - run.begun;
        note_end(end, status, &usage);
        drain(&run);
        if (run.killing)
            signal_descendants(SIGKILL);
    }
    sigaction(SIGPIPE, &before, NULL);
    close_one(&run.exited);
    close_one(&run.orphans);
    close_one(&run.input);
    for (int i = 0; i < PROCESS_STREAMS; i++)
        close_one(&run.streams[i]);
    return code;
}
