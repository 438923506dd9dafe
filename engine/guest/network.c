/* SPDX-License-Identifier: MIT
 *
 * network.c - waits until others can be reached by name: for a default route, of which
 * netlink tells, and for a name server in resolv.conf(5). Whether the server answers is
 * not asked.
 */
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/route.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/guest.h"

#define RESOLVED "/run/systemd/resolve/"

/* ---- a default route ---- */

static bool has_line(const char *path, bool (*matches)(const char *line)) {
    char line[1024];
    FILE *file = fopen(path, "re");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file))
        found = matches(line);
    if (file)
        fclose(file);
    return found;
}

/* A line of /proc/net/route: interface, destination, gateway, flags, three more, mask ...
 * Numbers are hexadecimal. */
static bool is_default_v4(const char *line) {
    unsigned long destination, flags, mask;
    return sscanf(line, "%*s %lx %*x %lx %*d %*d %*d %lx", &destination, &flags, &mask) ==
               3 &&
           destination == 0 && mask == 0 && (flags & RTF_UP) && !(flags & RTF_REJECT);
}

/* A line of /proc/net/ipv6_route: destination, its prefix length, ..., interface. */
static bool is_default_v6(const char *line) {
    return strncmp(line, "00000000000000000000000000000000 00 ", 36) == 0 &&
           !strstr(line, " lo\n");
}

static bool has_route(void) {
    return has_line("/proc/net/route", is_default_v4) ||
           has_line("/proc/net/ipv6_route", is_default_v6);
}

int guest_wait_event(int descriptor, const ct_wait *wait, ct_error *error) {
    struct pollfd fds[2] = {{.fd = descriptor, .events = POLLIN},
                            {.fd = wait->cancel, .events = 0}};
    if (ct_wait_left(wait) <= 0)
        return ct_fail(error, CT_E_TIMEOUT, "timed out");
    if (poll(fds, 2, ct_wait_milliseconds(wait)) > 0 && fds[0].revents) {
        char events[4096];
        ssize_t ignored = read(descriptor, events, sizeof events);
        (void) ignored;
    }
    return fds[1].revents & (POLLHUP | POLLERR)
               ? ct_fail(error, CT_E_CANCELLED, "cancelled")
               : CT_OK;
}

int guest_open_netlink(unsigned groups) {
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int descriptor =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (descriptor >= 0 &&
        bind(descriptor, (struct sockaddr *) &address, sizeof address) < 0) {
        close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

static int wait_route(const ct_wait *wait, ct_error *error) {
    int events = guest_open_netlink(RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
    if (events < 0)
        return ct_fail_errno(error, "netlink");
    int code = CT_OK;
    while (code == CT_OK && !has_route()) {
        code = guest_wait_event(events, wait, error);
        if (code == CT_E_TIMEOUT)
            ct_fail(error, code, "no default route");
    }
    close(events);
    return code;
}

/* ---- a name server ---- */

static bool is_nameserver(const char *line) {
    return strncmp(line, "nameserver", 10) == 0;
}

/* Where name servers are listed. systemd-resolved names its stub in resolv.conf before it
 * knows a server. */
static const char *resolver_file(void) {
    char path[PATH_MAX];
    const char *target = realpath("/etc/resolv.conf", path);
    bool stub = target && strcmp(target, RESOLVED "stub-resolv.conf") == 0;
    return stub ? RESOLVED "resolv.conf" : "/etc/resolv.conf";
}

static bool has_name_server(const char *path) {
    (void) path; /* it may lead to another file each time */
    return has_line(resolver_file(), is_nameserver);
}

static int wait_name_server(const ct_wait *wait, ct_error *error) {
    int code = guest_wait_file("/etc/resolv.conf", has_name_server, wait, error);
    if (code == CT_E_TIMEOUT)
        ct_fail(error, code, "no name server in %s", resolver_file());
    return code;
}

int guest_wait_network(const ct_wait *wait, ct_error *error) {
    int code = wait_route(wait, error);
    return code < 0 ? code : wait_name_server(wait, error);
}
