/* SPDX-License-Identifier: MIT
 *
 * main.c - the loop: poll() on the connections, the ends of processes, and the clock.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "torture.h"

static int open_signals(void) {
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGCHLD);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigprocmask(SIG_BLOCK, &ours, NULL);
    int signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        die("signalfd");
    return signals;
}

/* false: all are gone. */
static bool take_signals(int signals) {
    struct signalfd_siginfo info;
    bool alive = true;
    while (read(signals, &info, sizeof info) == (ssize_t) sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            alive = victim_reap() && alive;
        } else {
            links_relent();
            victim_stop();
        }
    }
    return alive;
}

/* One look at everything. false: all are gone. */
static bool turn(struct options *options, int signals, double deadline) {
    struct pollfd fds[2 * LINKS_MAX + 2];
    double wake = now() + 60;
    victim_torment(options, &wake);
    if (deadline < wake)
        wake = deadline;
    fds[0] = (struct pollfd){.fd = signals, .events = POLLIN};
    size_t count = links_watch(fds + 1, &wake);
    double left = wake - now();
    int ready = poll(fds, count + 1, left > 0 ? (int) (left * 1000) + 1 : 0);
    if (ready < 0 && errno != EINTR)
        die("poll");
    if (ready < 0)
        return true;
    links_serve(fds + 1, count);
    return fds[0].revents ? take_signals(signals) : true;
}

static void watch(struct options *options, int signals) {
    double deadline = now() + options->deadline;
    bool ended = false;
    while (turn(options, signals, deadline)) {
        if (victim_ended() && !ended) {
            ended = true;
            deadline = now() + options->reap_deadline;
        }
        if (now() >= deadline) {
            victim_give_up(ended ? "reaper" : "process");
            return;
        }
    }
}

int main(int argc, char **argv) {
    (void) argc;
    struct options options;
    options_read(&options, argv);
    int signals = open_signals();
    signal(SIGPIPE, SIG_IGN);
    links_open(&options);
    victim_start(&options);
    watch(&options, signals);
    say("over %u turns", links_turns());
    links_close();
    return 0;
}
