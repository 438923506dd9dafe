/* SPDX-License-Identifier: MIT
 *
 * cutting_proxy.c - stands between the engine and a real LXD and breaks one connection:
 *     cutting_proxy SOCKET TARGET NUMBER MILLISECONDS
 * listens on SOCKET and passes bytes to and from the unix socket TARGET, but of the
 * connections that are an exec's websockets the NUMBER-th is closed so long after it was
 * opened. "ready" on stdout says from when it listens. Each connection has a process,
 * which ends with this one.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PIECE 65536 /* bytes */

static atomic_uint *opened; /* websockets, by all the processes */

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Passes on what is there; false at the end. */
static bool pass(int from, int to, bool first, bool *websocket) {
    static char piece[PIECE + 1];
    ssize_t length = read(from, piece, PIECE), done = 0;
    if (length <= 0)
        return false;
    piece[length] = '\0';
    if (first)
        *websocket = strstr(piece, "/websocket?secret=") != NULL;
    while (done < length) {
        ssize_t written = write(to, piece + done, (size_t) (length - done));
        if (written <= 0)
            return false;
        done += written;
    }
    return true;
}

static void relay(int client, int server, unsigned number, long milliseconds) {
    struct pollfd fds[2] = {{.fd = client, .events = POLLIN},
                            {.fd = server, .events = POLLIN}};
    bool websocket = false;
    long end = 0; /* when to cut; 0: never */
    for (bool first = true;;) {
        int left = end ? (int) (end - now()) : -1;
        if (end && left <= 0)
            return;
        poll(fds, 2, left);
        if (fds[0].revents && !pass(client, server, first, &websocket))
            return;
        if (fds[0].revents && first && websocket &&
            atomic_fetch_add(opened, 1) + 1 == number)
            end = now() + milliseconds;
        first = first && !fds[0].revents;
        if (fds[1].revents && !pass(server, client, false, &websocket))
            return;
    }
}

static void serve(int client, char **argv) {
    struct sockaddr_un target = address_of(argv[2]);
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (connect(server, (struct sockaddr *) &target, sizeof target) == 0)
        relay(client, server, (unsigned) strtoul(argv[3], NULL, 10),
              strtol(argv[4], NULL, 10));
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv) {
    if (argc != 5)
        return 2;
    struct sockaddr_un address = address_of(argv[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    opened = mmap(NULL, sizeof *opened, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
    signal(SIGPIPE, SIG_IGN);
    if (opened == MAP_FAILED ||
        bind(listener, (struct sockaddr *) &address, sizeof address) < 0 ||
        listen(listener, SOMAXCONN) < 0) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0 && fork() == 0)
            serve(client, argv);
        close(client);
    }
}
