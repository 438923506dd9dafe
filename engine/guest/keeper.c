/* SPDX-License-Identifier: MIT
 *
 * keeper.c - the process that answers for a program and all that it starts.
 *
 * The keeper is the program's parent and a "child subreaper" (prctl(2)): whoever of the
 * program's descendants loses its parent becomes the keeper's child, in whatever session
 * it is. So two things are certain. First, all that the program has started descends from
 * the keeper, and nothing else does: other children of the testlet can't be hit. Second,
 * as long as one of them lives, the keeper has a child: when wait() says ECHILD, none is
 * left. Killing is therefore no race against a list of processes, which is outdated when
 * it has been read. The keeper kills its children, whose numbers can't be used again
 * before it has waited for them; then it is given their children, and so on until there
 * are none.
 *
 * A cgroup for each command could do the same (cgroup.kill). But it needs Linux 5.14 and
 * the second version of cgroups, writable, and containers often have neither; and what a
 * testlet sees of its own cgroup would be ours. A PID namespace would give the program
 * other process numbers. A subreaper needs Linux 3.4, and nothing of the instance.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/keeper.h"

#define KEPT_MAX 8 /* descriptors that a keeper needs, at most */

struct keeping {
    const keeper *what;
    pid_t program; /* 0: it has ended */
    int signals;   /* readable when a child has ended */
};

static void tell(const struct keeping *keeping, const keeper_note *note) {
    send(keeping->what->line, note, sizeof *note, MSG_NOSIGNAL);
}

/* ---- descriptors ---- */

static void close_range_of(unsigned first, unsigned last) {
    if (first > last)
        return;
    if (syscall(SYS_close_range, first, last, 0) == 0)
        return;
    long most = sysconf(_SC_OPEN_MAX); /* before Linux 5.9 */
    for (unsigned i = first; i <= last && (long) i < most; i++)
        close((int) i);
}

/* Closes all descriptors but those that are kept, which this sorts. Else a file that the
 * testlet had open, or an end of a pipe, would stay open while the keeper lives. */
static void close_others(int *kept, size_t count) {
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && kept[j] < kept[j - 1]; j--) {
            int other = kept[j];
            kept[j] = kept[j - 1];
            kept[j - 1] = other;
        }
    unsigned next = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept[i] < 0)
            continue;
        if (kept[i] > 0)
            close_range_of(next, (unsigned) kept[i] - 1);
        next = (unsigned) kept[i] + 1;
    }
    close_range_of(next, UINT_MAX);
}

/* ---- what ends ---- */

/* Waits for one child's end, as the options of wait4() say. false: there is none. */
static bool reap(struct keeping *keeping, int options) {
    keeper_note note = {.event = KEEPER_ENDED};
    pid_t pid;
    do
        pid = wait4(-1, &note.status, options, &note.usage);
    while (pid < 0 && errno == EINTR);
    if (pid > 0 && pid == keeping->program) {
        keeping->program = 0;
        tell(keeping, &note);
    }
    return pid > 0;
}

static void reap_ended(struct keeping *keeping) {
    struct signalfd_siginfo signals[4];
    ssize_t ignored = read(keeping->signals, signals, sizeof signals);
    (void) ignored;
    while (reap(keeping, WNOHANG))
        continue;
}

/* Kills descendants until the kernel says that there are none. Blocks while one can't be
 * killed; the owner waits no longer than it wants to. */
static void kill_all(struct keeping *keeping) {
    while (descendants_exist()) {
        size_t killed = descendants_signal(SIGKILL, true);
        while (killed > 0 && reap(keeping, 0))
            killed--;
    }
}

/* ---- what is left behind ---- */

/* Reads bytes that nobody wants any more. false: the pipe has ended. */
static bool discard(int stream) {
    static char piece[65536];
    ssize_t length = read(stream, piece, sizeof piece);
    return length > 0 || (length < 0 && errno == EINTR);
}

/* Reads for as long as there are writers: one that writes to a pipe which nobody reads is
 * killed by SIGPIPE, and one that writes to a full pipe waits. Any signal may end this,
 * as when the system goes down. */
static _Noreturn void drain(const keeper *what) {
    struct pollfd fds[KEPT_MAX];
    size_t open = 0;
    prctl(PR_SET_NAME, "cleantest-drain");
    signal(SIGTERM, SIG_DFL);
    for (size_t i = 0; i < what->stream_count; i++)
        if (what->streams[i] >= 0)
            fds[open++] = (struct pollfd){.fd = what->streams[i], .events = POLLIN};
    while (open > 0) {
        if (poll(fds, (nfds_t) open, -1) < 0 && errno != EINTR)
            break;
        for (size_t i = 0; i < open;)
            if (fds[i].revents && !discard(fds[i].fd))
                fds[i] = fds[--open];
            else
                i++;
    }
    _exit(0);
}

/* true when some process may still write to a stream. */
static bool has_writers(const keeper *what) {
    for (size_t i = 0; i < what->stream_count; i++) {
        struct pollfd fd = {.fd = what->streams[i], .events = POLLIN};
        if (fd.fd >= 0 && (poll(&fd, 1, 0) <= 0 || !(fd.revents & (POLLHUP | POLLERR))))
            return true;
    }
    return false;
}

/* Ends the keeper. What lives on becomes a child of the next keeper up, or of init. The
 * drain is a process of its own, so that this one ends and is waited for: only then does
 * what the program has used count as used by its owner. */
static _Noreturn void release_program(struct keeping *keeping) {
    if (has_writers(keeping->what) && fork() == 0) {
        close(keeping->what->line);
        drain(keeping->what);
    }
    _exit(0);
}

/* ---- the keeper's life ---- */

static _Noreturn void become_program(const struct keeping *keeping, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* without a keeper nobody answers for it */
    if (getppid() != parent)
        _exit(0);
    close(keeping->signals);
    close(keeping->what->line);
    for (size_t i = 0; i < keeping->what->stream_count; i++)
        if (keeping->what->streams[i] >= 0)
            close(keeping->what->streams[i]);
    keeping->what->program(keeping->what->context);
    _exit(126);
}

static void obey(struct keeping *keeping, int order) {
    if (order == KEEPER_RELEASE)
        release_program(keeping);
    if (order != SIGKILL) {
        if (descendants_exist())
            descendants_signal(order, false);
        return;
    }
    kill_all(keeping);
    tell(keeping, &(keeper_note){.event = KEEPER_EMPTY});
}

static _Noreturn void serve_owner(struct keeping *keeping) {
    for (;;) {
        struct pollfd fds[] = {{.fd = keeping->signals, .events = POLLIN},
                               {.fd = keeping->what->line, .events = POLLIN}};
        int order = KEEPER_RELEASE;
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[0].revents)
            reap_ended(keeping);
        if (!fds[1].revents)
            continue;
        if (recv(keeping->what->line, &order, sizeof order, 0) == sizeof order) {
            obey(keeping, order);
            continue;
        }
        kill_all(keeping); /* the owner was killed */
        _exit(0);
    }
}

/* Nothing but SIGKILL ends a keeper, and no signal to a terminal or a group reaches
 * it. */
static void stand_aside(void) {
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};
    setsid();
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
}

/* Closes what the keeper has inherited and does not need. */
static void drop_the_rest(const struct keeping *keeping) {
    int kept[KEPT_MAX] = {keeping->what->line, keeping->signals, descendants_open()};
    size_t count = 3;
    for (size_t i = 0; i < keeping->what->stream_count && count < KEPT_MAX; i++)
        kept[count++] = keeping->what->streams[i];
    close_others(kept, count);
    int ignored = chdir("/"); /* it must keep no file system from being unmounted */
    (void) ignored;
}

_Noreturn void keeper_run(const keeper *what) {
    struct keeping keeping = {.what = what};
    sigset_t children;
    pid_t self = getpid();
    stand_aside();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    keeping.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    keeping.program = keeping.signals < 0 ? -1 : fork();
    if (keeping.program < 0) {
        tell(&keeping, &(keeper_note){.event = KEEPER_FAILED, .number = errno});
        _exit(0);
    }
    if (keeping.program == 0)
        become_program(&keeping, self);
    drop_the_rest(&keeping);
    serve_owner(&keeping);
}
