/* SPDX-License-Identifier: MIT
 *
 * A simulated virtual machine, for machines whose kernel can't run LXD's: between
 * cleantest and a real LXD, it has the containers whose names begin with "late-" pass for
 * virtual machines, and refuses the first so many requests for files in them with the
 * words and the status of an LXD whose agent there is not up. All else passes through,
 * untouched.
 *
 * Usage: simulated_agent SOCKET LXD-SOCKET REFUSALS; prints "listening", and a line for
 * each refusal. A process for each connection, which ends with it; it ends by a signal.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LATE     " /1.0/instances/late-"
#define HEAD_MAX 16384

struct connection {
    int client, server;
    char head[HEAD_MAX + 1]; /* of a request, as far as it has come */
    size_t have;
    size_t body; /* bytes of the request's body still to come */
    int ours;    /* the request is answered here */
    int raw;     /* the connection is a websocket now */
};

static atomic_long *refusals; /* left; shared by all */

static void die(const char *what) {
    perror(what);
    exit(1);
}

static struct sockaddr_un address(const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    return to;
}

static void send_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t sent = write(fd, data, length);
        if (sent <= 0)
            exit(0);
        data += sent;
        length -= (size_t) sent;
    }
}

static void answer(int fd, int status, const char *json) {
    char text[512];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %d Simulated\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          status, strlen(json), json);
    send_all(fd, text, (size_t) length);
}

/* 1: the request was answered here. */
static int simulate(const struct connection *at) {
    const char *late = strstr(at->head, LATE);
    const char *line_end = strstr(at->head, "\r\n");
    if (!late || late > line_end)
        return 0;
    const char *rest = late + strlen(LATE);
    rest += strcspn(rest, "/? \r");
    if (*rest == ' ' && strncmp(at->head, "GET", 3) == 0) {
        answer(at->client, 200,
               "{\"type\":\"sync\",\"status_code\":200,"
               "\"metadata\":{\"type\":\"virtual-machine\"}}");
        return 1;
    }
    if (strncmp(rest, "/files?", 7) != 0 || atomic_fetch_sub(refusals, 1) <= 0)
        return 0;
    answer(at->client, 500,
           "{\"type\":\"error\",\"error_code\":500,"
           "\"error\":\"LXD VM agent isn't currently running\"}");
    puts("refused");
    return 1;
}

static void take_head(struct connection *at) {
    const char *length = strcasestr(at->head, "\r\ncontent-length:");
    at->body = length ? strtoul(length + 17, NULL, 10) : 0;
    at->raw = strcasestr(at->head, "\r\nupgrade:") != NULL;
    at->ours = simulate(at);
}

/* The end of the first head in what has come; 0: not all there yet. */
static size_t head_length(struct connection *at) {
    at->head[at->have] = '\0';
    const char *end = strstr(at->head, "\r\n\r\n");
    return end ? (size_t) (end - at->head) + 4 : 0;
}

/* Bytes from the client: heads are gathered, bodies passed on, or dropped with their
 * head. */
static void take(struct connection *at, const char *data, size_t length) {
    while (length > 0) {
        if (at->raw || at->body > 0) {
            size_t part = at->raw || length < at->body ? length : at->body;
            if (!at->ours)
                send_all(at->server, data, part);
            at->body -= at->raw ? 0 : part;
            data += part;
            length -= part;
            continue;
        }
        if (at->have == HEAD_MAX)
            exit(1);
        at->head[at->have++] = *data++;
        length--;
        size_t whole = head_length(at);
        if (whole == 0)
            continue;
        take_head(at);
        if (!at->ours)
            send_all(at->server, at->head, whole);
        at->have = 0;
    }
}

static void serve(struct connection *at) {
    char data[65536];
    for (;;) {
        struct pollfd fds[] = {{.fd = at->client, .events = POLLIN},
                               {.fd = at->server, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0)
            die("poll");
        for (int i = 0; i < 2; i++) {
            if (!fds[i].revents)
                continue;
            ssize_t got = read(fds[i].fd, data, sizeof data);
            if (got <= 0)
                exit(0);
            if (i == 0)
                take(at, data, (size_t) got);
            else
                send_all(at->client, data, (size_t) got);
        }
    }
}

static void connection(int client, const char *lxd) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct connection at = {.client = client, .server = socket(AF_UNIX, SOCK_STREAM, 0)};
    struct sockaddr_un to = address(lxd);
    if (connect(at.server, (struct sockaddr *) &to, sizeof to) < 0)
        die(lxd);
    serve(&at);
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    refusals = mmap(NULL, sizeof *refusals, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (refusals == MAP_FAILED)
        die("mmap");
    atomic_init(refusals, strtol(argv[3], NULL, 10));
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un here = address(argv[1]);
    if (bind(listener, (struct sockaddr *) &here, sizeof here) < 0 ||
        listen(listener, 64) < 0)
        die(argv[1]);
    puts("listening");
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            die("accept");
        if (fork() == 0)
            connection(client, argv[2]);
        close(client);
    }
}
