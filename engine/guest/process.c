/* SPDX-License-Identifier: MIT
 *
 * process.c - runs a program and sees it to its end. Between the two is a keeper
 * (keeper.h), which does the killing, so that this process can go on looking at the
 * clock, the host and the output.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/basic.h"
#include "guest/keeper.h"
#include "guest/process.h"

#define PIECE  65536 /* bytes read at once, where nothing is passed on */
#define GRACE  2.0   /* seconds between SIGTERM and SIGKILL */
#define LATEST 10.0  /* seconds after SIGKILL; what still lives then can't be killed */

struct running {
    const process *what;
    process_end *end;
    pid_t keeper;
    int line;                     /* to the keeper; -1: closed */
    int streams[PROCESS_STREAMS]; /* our ends; -1: closed */
    int input;                    /* our end of stdin; -1: closed */
    size_t input_done;
    double begun, deadline, kill_at; /* ct_now() */
    enum { RUNNING, ENDING, KILLING } state;
    bool over;    /* nothing more is waited for */
    bool stuck;   /* the keeper still waits for what can't be killed */
    bool ended;   /* the program has ended, and the keeper's note says how */
    bool blocked; /* output waits until the outlet has room */
    keeper_note note;
};

/* ---- the child ---- */

struct ends {
    int ours[PROCESS_STREAMS], theirs[PROCESS_STREAMS];
    int our_input, their_input;
    int our_line, their_line;
};

struct birth {
    const process *what;
    const struct ends *ends;
};

/* Runs in the program's own process, the keeper's child. */
static void set_up_program(void *context) {
    const struct birth *birth = context;
    const struct ends *ends = birth->ends;
    sigset_t none;
    sigemptyset(&none);
    setsid();
    dup2(ends->their_input, STDIN_FILENO);
    dup2(ends->theirs[PROCESS_STDOUT], STDOUT_FILENO);
    dup2(ends->theirs[PROCESS_STDERR], STDERR_FILENO);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    exit(birth->what->child(birth->what->context, ends->theirs[PROCESS_EXTRA]));
}

static _Noreturn void become_keeper(const process *what, const struct ends *ends) {
    struct birth birth = {what, ends};
    keeper self = {.line = ends->their_line,
                   .streams = ends->ours,
                   .stream_count = PROCESS_STREAMS,
                   .program = set_up_program,
                   .context = &birth};
    close(ends->our_line);
    if (ends->our_input >= 0)
        close(ends->our_input);
    keeper_run(&self);
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
    if (ends->their_input < 0) /* without /dev/null an empty pipe does as well */
        return open_pipe(&ends->their_input, &ends->our_input);
    return 0;
}

static int open_line(struct ends *ends) {
    int both[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both) < 0)
        return -1;
    ends->our_line = both[0];
    ends->their_line = both[1];
    return 0;
}

static int start_keeper(struct running *run, ct_error *error) {
    struct ends ends = {{-1, -1, -1}, {-1, -1, -1}, -1, -1, -1, -1};
    int code = CT_OK;
    descendants_open();
    if (open_ends(run->what, &ends) < 0 || open_line(&ends) < 0) {
        code = ct_fail_errno(error, "pipe");
        goto out;
    }
    fflush(NULL); /* nothing buffered may be written twice */
    run->keeper = fork();
    if (run->keeper < 0)
        code = ct_fail_errno(error, "fork");
    if (run->keeper == 0)
        become_keeper(run->what, &ends);
out:
    close_one(&ends.their_input);
    close_one(&ends.their_line);
    for (int i = 0; i < PROCESS_STREAMS; i++) {
        close_one(&ends.theirs[i]);
        run->streams[i] = ends.ours[i];
    }
    run->line = ends.our_line;
    run->input = ends.our_input;
    if (!run->what->input)
        close_one(&run->input);
    if (run->input >= 0) /* a program that does not read must not hold us up */
        fcntl(run->input, F_SETFL, O_NONBLOCK);
    return code;
}

/* ---- ending it ---- */

static void give_order(const struct running *run, int number) {
    send(run->line, &number, sizeof number, MSG_NOSIGNAL);
}

static void begin_ending(struct running *run) {
    if (run->state != RUNNING)
        return;
    run->state = ENDING;
    run->kill_at = ct_now() + GRACE;
    give_order(run, SIGTERM);
}

static void begin_killing(struct running *run) {
    if (run->state == KILLING)
        return;
    run->state = KILLING;
    run->kill_at = ct_now() + LATEST;
    give_order(run, SIGKILL);
}

static void check_deadlines(struct running *run) {
    double now = ct_now();
    if (run->state == RUNNING && run->deadline > 0 && now >= run->deadline) {
        run->end->timed_out = true;
        begin_ending(run);
    } else if (run->state == ENDING && now >= run->kill_at) {
        begin_killing(run);
    } else if (run->state == KILLING && now >= run->kill_at) {
        run->over = run->stuck = true;
    }
}

/* ---- output and input ---- */

static bool has_room(int outlet) {
    struct pollfd fd = {.fd = outlet, .events = POLLOUT};
    return outlet < 0 || poll(&fd, 1, 0) > 0;
}

/* Takes bytes of a stream, `most` at most. Returns how many. */
static size_t read_stream(struct running *run, int stream, size_t most) {
    static char piece[PIECE];
    size_t size = run->what->outlet < 0 ? PIECE : PROCESS_PIECE;
    ssize_t length = read(run->streams[stream], piece, most < size ? most : size);
    if (length == 0)
        close_one(&run->streams[stream]);
    if (length <= 0)
        return 0;
    if (run->end->limit < 0 &&
        !run->what->take(run->what->take_context, stream, piece, (size_t) length)) {
        run->end->limit = stream;
        begin_ending(run);
    }
    return (size_t) length;
}

static void read_streams(struct running *run, const struct pollfd *fds) {
    for (int i = 0; i < PROCESS_STREAMS; i++)
        if (fds[i].revents) {
            run->blocked = i != PROCESS_EXTRA && !has_room(run->what->outlet);
            if (run->blocked)
                return;
            read_stream(run, i, PIECE);
        }
}

/* Takes what the pipes hold now, and no more: others may go on writing to them. */
static void drain_pipes(struct running *run) {
    for (int i = 0; i < PROCESS_STREAMS; i++) {
        int held = 0;
        if (run->streams[i] < 0 || ioctl(run->streams[i], FIONREAD, &held) < 0)
            continue;
        for (size_t left = (size_t) held; left > 0;) {
            size_t taken = read_stream(run, i, left);
            if (taken == 0)
                break;
            left -= taken;
        }
    }
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

/* ---- the wait ---- */

/* Takes what the keeper says. When it ends without a word, it was killed, and all that it
 * kept with it. */
static void hear_keeper(struct running *run) {
    keeper_note note;
    if (recv(run->line, &note, sizeof note, 0) != sizeof note) {
        run->over = true;
        return;
    }
    if (note.event != KEEPER_EMPTY)
        run->note = note;
    run->ended = run->ended || note.event == KEEPER_ENDED;
    if (run->state == RUNNING && run->ended)
        drain_pipes(run); /* this may find that it wrote too much */
    if (run->state == RUNNING || note.event != KEEPER_ENDED)
        run->over = true;
    else
        begin_killing(run); /* what the program has left running */
}

static int poll_timeout(const struct running *run) {
    double until = run->state == RUNNING ? run->deadline : run->kill_at;
    ct_wait wait = {.deadline = until, .cancel = -1};
    return until > 0 ? ct_wait_milliseconds(&wait) : -1;
}

/* Waits once, and does what there is to do. */
static void wait_once(struct running *run) {
    struct pollfd fds[4 + PROCESS_STREAMS];
    fds[0] = (struct pollfd){.fd = run->line, .events = POLLIN};
    /* no event but its end (POLLHUP): its bytes are read later, by others */
    fds[1] = (struct pollfd){.fd = run->state == RUNNING ? run->what->hangup : -1};
    fds[2] = (struct pollfd){.fd = run->input, .events = POLLOUT};
    fds[3] =
        (struct pollfd){.fd = run->blocked ? run->what->outlet : -1, .events = POLLOUT};
    for (int i = 0; i < PROCESS_STREAMS; i++)
        fds[4 + i] =
            (struct pollfd){.fd = run->blocked ? -1 : run->streams[i], .events = POLLIN};
    if (poll(fds, CT_COUNT(fds), poll_timeout(run)) > 0) {
        read_streams(run, fds + 4);
        if (fds[3].revents)
            run->blocked = false;
        if (fds[2].revents)
            write_input(run);
        if (fds[1].revents) {
            run->end->hung_up = true;
            begin_ending(run);
        }
        if (fds[0].revents)
            hear_keeper(run);
    }
    check_deadlines(run);
}

static void note_end(process_end *end, int status, const struct rusage *usage) {
    /* an exit code after it was told to end does not count */
    bool itself = WIFEXITED(status) && !end->timed_out && end->limit < 0;
    end->exit_code = itself ? WEXITSTATUS(status) : -1;
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->cpu_user =
        (double) usage->ru_utime.tv_sec + (double) usage->ru_utime.tv_usec / 1e6;
    end->cpu_system =
        (double) usage->ru_stime.tv_sec + (double) usage->ru_stime.tv_usec / 1e6;
    end->max_rss = (uint64_t) usage->ru_maxrss * 1024;
}

/* Lets the keeper go, and notes how the program ended. */
static int finish_run(struct running *run, ct_error *error) {
    int status = 0;
    if (!run->ended || run->state != RUNNING)
        drain_pipes(run);
    give_order(run, KEEPER_RELEASE);
    close_one(&run->line);
    while (!run->stuck && waitpid(run->keeper, &status, 0) < 0 && errno == EINTR)
        continue;
    if (run->note.event == KEEPER_FAILED) {
        errno = run->note.number;
        return ct_fail_errno(error, "fork");
    }
    if (run->ended)
        status = run->note.status;
    else if (run->stuck)
        status = SIGKILL; /* as wait() would say: this signal will end it */
    note_end(run->end, status, &run->note.usage);
    return CT_OK;
}

int process_run(const process *what, process_end *end, ct_error *error) {
    struct running run = {.what = what, .end = end, .line = -1, .begun = ct_now()};
    *end = (process_end){.exit_code = -1, .limit = -1};
    run.deadline = what->timeout > 0 ? run.begun + what->timeout : 0;
    /* a child that does not read its stdin must not kill us */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    int code = start_keeper(&run, error);
    if (code == CT_OK) {
        while (!run.over)
            wait_once(&run);
        end->duration = ct_now() - run.begun;
        code = finish_run(&run, error);
    }
    sigaction(SIGPIPE, &before, NULL);
    close_one(&run.line);
    close_one(&run.input);
    for (int i = 0; i < PROCESS_STREAMS; i++)
        close_one(&run.streams[i]);
    return code;
}
