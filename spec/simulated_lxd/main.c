/* SPDX-License-Identifier: MIT
 *
 * main.c - the simulated LXD's loop:
 *     simulated_lxd SOCKET [--create-ms N] [--start-ms N] [--exec-ms N] [--stop-ms N]
 *         [--cut STREAM:BYTES:NUMBER] [--fault N[-M]:KIND] [--forgets]
 * serves SOCKET, which must not exist, until a SIGTERM; "ready" on stdout says from when.
 * With a fault (see faults.c) it then serves on for as long as there are instances that
 * somebody answers for, but no longer than LINGER, and says which are left, and how many
 * answers it gave. See simulated.h for what it is, and what it can't show.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/basic.h"
#include "simulated.h"

#define EVENTS 64   /* taken from epoll at a time */
#define LINGER 15.0 /* seconds */
#define LOOK   50   /* milliseconds: what nobody tells the loop of */

int poller;
struct delays delays;
bool forgets;
static volatile sig_atomic_t ended;

void must(int code) {
    if (code >= 0)
        return;
    fprintf(stderr, "simulated_lxd: %s\n", ct_error_text(code));
    exit(EXIT_FAILURE);
}

void *got(void *pointer) {
    if (!pointer)
        must(CT_E_NO_MEMORY);
    return pointer;
}

static void on_signal(int number) {
    (void) number;
    ended = 1;
}

static void read_options(int argc, char **argv) {
    static const struct option options[] = {{"create-ms", required_argument, NULL, 'c'},
                                            {"start-ms", required_argument, NULL, 's'},
                                            {"exec-ms", required_argument, NULL, 'e'},
                                            {"stop-ms", required_argument, NULL, 'p'},
                                            {"cut", required_argument, NULL, 'x'},
                                            {"fault", required_argument, NULL, 'f'},
                                            {"forgets", no_argument, NULL, 'g'},
                                            {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        double *delay = option == 'c'   ? &delays.create
                        : option == 's' ? &delays.start
                        : option == 'e' ? &delays.exec
                        : option == 'p' ? &delays.stop
                                        : NULL;
        forgets = forgets || option == 'g';
        if (option == 'g' || (option == 'f' && faults_read(optarg)))
            continue;
        if (delay)
            *delay = strtod(optarg, NULL) / 1000;
        else if (option != 'x' || !cut_read(optarg))
            exit(2);
    }
    if (optind + 1 == argc)
        return;
    fprintf(stderr, "usage: simulated_lxd SOCKET [--create-ms N] [--start-ms N] "
                    "[--exec-ms N] [--stop-ms N] [--cut STREAM:BYTES:NUMBER] "
                    "[--fault N[-M]:KIND] [--forgets]\n");
    exit(2);
}

static int open_listener(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || strlen(path) >= sizeof address.sun_path ||
        bind(listener, (struct sockaddr *) &address, sizeof address) < 0 ||
        listen(listener, SOMAXCONN) < 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    struct epoll_event event = {.events = EPOLLIN}; /* data: NULL */
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    return listener;
}

/* What ends may break a connection, whose end may end something. */
static int run_what_is_due(void) {
    int milliseconds = operations_run();
    while (connections_sweep())
        milliseconds = operations_run();
    return milliseconds;
}

/* Those who clean up after a fault may still be at it. */
static bool goes_on(double *until) {
    if (!ended)
        return true;
    if (*until == 0)
        *until = ct_now() + (faults_expected() ? LINGER : 0);
    return ct_now() < *until && instance_tell_left(false) > 0;
}

static void serve(int listener) {
    struct epoll_event events[EVENTS];
    double until = 0;
    while (goes_on(&until)) {
        int soon = run_what_is_due();
        int count = epoll_wait(poller, events, EVENTS, ended ? LOOK : soon);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                connection_serve(events[i].data.ptr, events[i].events);
            else
                connections_accept(listener);
        }
    }
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_handler = on_signal};
    read_options(argc, argv);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    poller = epoll_create1(EPOLL_CLOEXEC);
    int listener = open_listener(argv[optind]);
    puts("ready");
    fflush(stdout);
    serve(listener);
    if (faults_expected()) {
        instance_tell_left(true);
        printf("answers %zu\n", faults_answers());
    }
    unlink(argv[optind]);
    return EXIT_SUCCESS;
}
