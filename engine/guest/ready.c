/* SPDX-License-Identifier: MIT
 *
 * ready.c - waiting, inside the instance, until it is as ready as asked for. Nothing is
 * polled for: systemd is asked to say when it is done, files by inotify, routes by netlink.
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
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

#define SECOND_LOOK 1.0 /* seconds */

/* ---- the service manager ---- */

static bool has_systemd(void) {
    char path[PATH_MAX];
    const char *init = realpath("/sbin/init", path);
    return init && strcmp(strrchr(init, '/'), "/systemd") == 0;
}

static bool ignore(void *context, int stream, const char *data, size_t length) {
    (void) context, (void) stream, (void) data, (void) length;
    return true;
}

static int exec_argv(void *argv, int extra) {
    (void) extra;
    return process_exec(argv);
}

/* Runs a command until its end; its exit code, or a negative code. */
static int run_quietly(const char *const *argv, const ct_wait *wait, ct_error *error) {
    process what = {.child = exec_argv,
                    .context = (void *) argv,
                    .timeout = ct_wait_left(wait) + 0.001,
                    .hangup = wait->cancel,
                    .take = ignore};
    process_end end;
    int code = process_run(&what, &end, error);
    if (code < 0)
        return code;
    if (end.hung_up)
        return ct_fail(error, CT_E_CANCELLED, "cancelled");
    if (end.timed_out)
        return ct_fail(error, CT_E_TIMEOUT, "%s did not end", argv[0]);
    return end.exit_code < 0 ? 1 : end.exit_code;
}

/* What is watched may be mounted over, or replaced, without an event: the caller looks again
 * every second all the same. */
int guest_wait_event(int descriptor, const ct_wait *wait, ct_error *error) {
    struct pollfd fds[2] = {{.fd = descriptor, .events = POLLIN},
                            {.fd = wait->cancel, .events = 0}};
    if (ct_wait_left(wait) <= 0)
        return ct_fail(error, CT_E_TIMEOUT, "timed out");
    ct_wait look = ct_wait_within(wait, SECOND_LOOK);
    if (poll(fds, 2, ct_wait_milliseconds(&look)) > 0 && fds[0].revents) {
        char events[4096];
        ssize_t ignored = read(descriptor, events, sizeof events);
        (void) ignored;
    }
    return fds[1].revents & (POLLHUP | POLLERR)
               ? ct_fail(error, CT_E_CANCELLED, "cancelled")
               : CT_OK;
}

/* Waits until path exists: by a watch on each folder above it in turn, since they may not
 * exist yet either. */
static int wait_path(const char *path, const ct_wait *wait, ct_error *error) {
    int code = CT_OK;
    while (code == CT_OK && access(path, F_OK) < 0) {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s", path);
        int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        int added = -1;
        while (watch >= 0 && added < 0 && strlen(folder) > 1) {
            char *slash = strrchr(folder, '/');
            slash[slash == folder] = '\0';
            added = inotify_add_watch(watch, folder, IN_CREATE | IN_MOVED_TO | IN_ATTRIB);
        }
        if (added < 0)
            code = ct_fail_errno(error, "watching for %s", path);
        else if (access(path, F_OK) < 0)
            code = guest_wait_event(watch, wait, error);
        if (watch >= 0)
            close(watch);
    }
    return code;
}

static int wait_system(const ct_wait *wait, ct_error *error) {
    static const char *const argv[] = {"systemctl", "is-system-running", "--wait", NULL};
    if (!has_systemd())
        return CT_OK;
    int code = wait_path("/run/systemd/private", wait, error);
    if (code < 0)
        return code;
    /* "degraded" is an end of start-up too: what failed is the tests' business */
    code = run_quietly(argv, wait, error);
    return code < 0 ? code : CT_OK;
}

/* ---- the network ---- */

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

/* /proc/net/route: interface, destination, gateway, flags, 3 more, mask ... in hexadecimal. */
static bool is_default_v4(const char *line) {
    unsigned long destination, flags, mask;
    return sscanf(line, "%*s %lx %*x %lx %*d %*d %*d %lx", &destination, &flags, &mask) ==
               3 &&
           destination == 0 && mask == 0 && (flags & RTF_UP) && !(flags & RTF_REJECT);
}

/* /proc/net/ipv6_route: destination, its prefix length, ..., interface. */
static bool is_default_v6(const char *line) {
    return strncmp(line, "00000000000000000000000000000000 00 ", 36) == 0 &&
           !strstr(line, " lo\n");
}

static bool has_route(void) {
    return has_line("/proc/net/route", is_default_v4) ||
           has_line("/proc/net/ipv6_route", is_default_v6);
}

static bool is_nameserver(const char *line) {
    return strncmp(line, "nameserver", 10) == 0;
}

#define RESOLVED "/run/systemd/resolve/"

/* systemd-resolved's stub is named in resolv.conf before it knows a server. */
static const char *resolver_file(void) {
    char path[PATH_MAX];
    const char *target = realpath("/etc/resolv.conf", path);
    bool stub = target && strcmp(target, RESOLVED "stub-resolv.conf") == 0;
    return stub ? RESOLVED "resolv.conf" : "/etc/resolv.conf";
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

static int wait_name_server(const ct_wait *wait, ct_error *error) {
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch < 0)
        return ct_fail_errno(error, "inotify");
    int code = CT_OK;
    const unsigned changes = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB;
    inotify_add_watch(watch, "/etc", changes);
    while (code == CT_OK) {
        char folder[PATH_MAX];
        const char *target = realpath(resolver_file(), folder);
        if (target) { /* a symlink's target changes in its own folder */
            *strrchr(folder, '/') = '\0';
            inotify_add_watch(watch, *folder ? folder : "/", changes);
        } else {
            inotify_add_watch(watch, "/run/systemd/resolve", changes);
            inotify_add_watch(watch, "/run/systemd", changes);
            inotify_add_watch(watch, "/run", changes);
        }
        if (has_line(resolver_file(), is_nameserver))
            break;
        code = guest_wait_event(watch, wait, error);
        if (code == CT_E_TIMEOUT)
            ct_fail(error, code, "no name server in %s", resolver_file());
    }
    close(watch);
    return code;
}

static int wait_network(const ct_wait *wait, ct_error *error) {
    int code = wait_route(wait, error);
    return code < 0 ? code : wait_name_server(wait, error);
}

/* ---- cloud-init ---- */

static int wait_cloud_init(const ct_wait *wait, ct_error *error) {
    static const char *const argv[] = {"cloud-init", "status", "--wait", NULL};
    if (access("/usr/bin/cloud-init", X_OK) < 0)
        return CT_OK;
    int code = run_quietly(argv, wait, error);
    if (code == 1)
        return ct_fail(error, CT_E_GUEST,
                       "cloud-init failed: see \"cloud-init status --long\"");
    return code < 0 ? code : CT_OK;
}

int guest_wait_ready(const char *level, double seconds, int hangup, ct_error *error) {
    static const struct {
        const char *name;
        int (*wait)(const ct_wait *wait, ct_error *error);
    } levels[] = {{"exec", NULL},
                  {"system", wait_system},
                  {"network", wait_network},
                  {"cloud-init", wait_cloud_init}};
    ct_wait wait = ct_wait_for(seconds, hangup);
    for (size_t i = 0; i < CT_COUNT(levels); i++) {
        int code = levels[i].wait ? levels[i].wait(&wait, error) : CT_OK;
        if (code < 0)
            return ct_fail_in(error, code, "the instance was not ready (%s) after %g s",
                              levels[i].name, seconds);
        if (strcmp(levels[i].name, level) == 0)
            return CT_OK;
    }
    return ct_fail(error, CT_E_PROTOCOL, "guest: no such level of readiness: %s", level);
}
