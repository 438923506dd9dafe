/* SPDX-License-Identifier: MIT
 *
 * endpoint.c - the two ends of the proxy: where the command finds it, and where LXD is.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "link.h"

bool over_tcp(const struct options *options) {
    return !options->listen;
}

int endpoint_connect(const char *upstream) {
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_in inet;
    } address = {0};
    socklen_t size = sizeof address.local;
    if (*upstream == '/') {
        address.local.sun_family = AF_UNIX;
        snprintf(address.local.sun_path, sizeof address.local.sun_path, "%s", upstream);
    } else {
        address.inet.sin_family = AF_INET;
        address.inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.inet.sin_port =
            htons((uint16_t) strtoul(strchr(upstream, ':') + 1, NULL, 10));
        size = sizeof address.inet;
    }
    int end = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (end >= 0 && connect(end, &address.any, size) < 0) {
        close(end);
        end = -1;
    }
    return end;
}

static int listen_on_socket(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof address) < 0)
        die(path);
    setenv("TORTURE_ENDPOINT", path, 1);
    return listener;
}

static int listen_on_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *) &address, size) < 0 ||
        getsockname(listener, (struct sockaddr *) &address, &size) < 0)
        die("listening on 127.0.0.1");
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "https://127.0.0.1:%u", ntohs(address.sin_port));
    setenv("TORTURE_ENDPOINT", endpoint, 1);
    return listener;
}

int endpoint_listen(const struct options *options) {
    int listener = options->listen ? listen_on_socket(options->listen) : listen_on_port();
    if (listen(listener, 64) < 0)
        die("listen");
    return listener;
}
