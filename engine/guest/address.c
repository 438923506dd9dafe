/* SPDX-License-Identifier: MIT
 *
 * address.c - the address at which other machines reach this one: that of the interface
 * which the default route leads out of. netlink tells of changes, getifaddrs(3) of
 * addresses, and the kernel is asked which address it would send from.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lauxlib.h>

#include "basic/basic.h"
#include "guest/guest.h"

/* Seconds that a default route has to come. After that the network counts as one that has
 * none. */
#define ROUTE_TIME 5.0

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* An address that is for documentation only (RFC 5737, 3849), so that no route but the
 * default one leads there. */
static union address far_away(int family) {
    union address far = {0};
    far.any.sa_family = (sa_family_t) family;
    if (family == AF_INET6) {
        far.v6.sin6_port = htons(9);
        inet_pton(family, "2001:db8::1", &far.v6.sin6_addr);
    } else {
        far.v4.sin_port = htons(9);
        inet_pton(family, "192.0.2.1", &far.v4.sin_addr);
    }
    return far;
}

static socklen_t length_of(int family) {
    return family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static bool same_address(const struct sockaddr *one, const union address *other) {
    if (!one || one->sa_family != other->any.sa_family)
        return false;
    const void *v4 = &((const struct sockaddr_in *) one)->sin_addr;
    const void *v6 = &((const struct sockaddr_in6 *) one)->sin6_addr;
    return one->sa_family == AF_INET6
               ? memcmp(v6, &other->v6.sin6_addr, sizeof other->v6.sin6_addr) == 0
               : memcmp(v4, &other->v4.sin_addr, sizeof other->v4.sin_addr) == 0;
}

/* Finds the interface that the family's default route leads out of; NULL: none does. To
 * connect a datagram socket sends nothing. */
static const char *route_out(int family, const struct ifaddrs *all) {
    union address far = far_away(family), from = {0};
    socklen_t length = sizeof from;
    int probe = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool known = probe >= 0 && connect(probe, &far.any, length_of(family)) == 0 &&
                 getsockname(probe, &from.any, &length) == 0;
    if (probe >= 0)
        close(probe);
    for (; known && all; all = all->ifa_next)
        if (same_address(all->ifa_addr, &from))
            return all->ifa_name;
    return NULL;
}

/* false for an address that only this machine, or only its own link, can use, and for one
 * without carrier. */
static bool is_reachable(const struct ifaddrs *one, int family) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != family ||
        (one->ifa_flags & IFF_LOOPBACK) || !(one->ifa_flags & IFF_UP) ||
        !(one->ifa_flags & IFF_RUNNING))
        return false;
    if (family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) one->ifa_addr;
        return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *) one->ifa_addr;
    return ntohl(v4->sin_addr.s_addr) >> 16 != 0xa9fe; /* 169.254.0.0/16, RFC 3927 */
}

/* false for a tentative address, which may yet prove to be another machine's: no socket
 * can be bound to that. */
static bool is_final(const struct ifaddrs *one) {
    int probe = socket(one->ifa_addr->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool bound = probe >= 0 &&
                 bind(probe, one->ifa_addr, length_of(one->ifa_addr->sa_family)) == 0;
    if (probe >= 0)
        close(probe);
    return bound;
}

static bool is_bridge(const char *interface) {
    char path[64];
    snprintf(path, sizeof path, "/sys/class/net/%s/bridge", interface);
    return access(path, F_OK) == 0;
}

/* Finds the first address of the interface; for NULL, of any interface that is no bridge:
 * by a bridge this machine reaches machines of its own. */
static const struct ifaddrs *find_on(const struct ifaddrs *all, const char *interface,
                                     int family) {
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        bool wanted =
            interface ? strcmp(one->ifa_name, interface) == 0 : !is_bridge(one->ifa_name);
        if (wanted && is_reachable(one, family) && is_final(one))
            return one;
    }
    return NULL;
}

/* A family without a default route of its own uses the other one's interface. */
static bool find_address(int family, bool without_route, char text[INET6_ADDRSTRLEN]) {
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) < 0)
        return false;
    const char *interface = route_out(family, all);
    if (!interface)
        interface = route_out(family == AF_INET ? AF_INET6 : AF_INET, all);
    const struct ifaddrs *one =
        interface || without_route ? find_on(all, interface, family) : NULL;
    if (one) {
        const void *bytes =
            family == AF_INET6
                ? (const void *) &((const struct sockaddr_in6 *) one->ifa_addr)->sin6_addr
                : (const void *) &((const struct sockaddr_in *) one->ifa_addr)->sin_addr;
        inet_ntop(family, bytes, text, INET6_ADDRSTRLEN);
    }
    freeifaddrs(all);
    return one != NULL;
}

static int wait_address(int family, double seconds, char text[INET6_ADDRSTRLEN],
                        ct_error *error) {
    int events = guest_open_netlink(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_LINK);
    if (events < 0)
        return ct_fail_errno(error, "netlink");
    ct_wait wait = ct_wait_for(seconds, -1), route = ct_wait_for(ROUTE_TIME, -1);
    int code = CT_OK;
    while (code == CT_OK && !find_address(family, ct_wait_left(&route) <= 0, text))
        code = guest_wait_event(events, &wait, error);
    close(events);
    return code;
}

/***
Waits until the instance has an address that other machines can reach: of the interface
that the default route leads out of, which has a carrier, and no link-local or tentative
one. Where no default route comes within 5 seconds, any interface but a bridge will do.
@function address
@tparam string family "inet" or "inet6"
@tparam number seconds the longest wait
@treturn string in the usual notation; or nil and a message
*/
int guest_address(lua_State *L) {
    static const char *const families[] = {"inet", "inet6", NULL};
    bool v6 = luaL_checkoption(L, 1, NULL, families) == 1;
    double seconds = luaL_checknumber(L, 2);
    char text[INET6_ADDRSTRLEN];
    ct_error error;
    if (wait_address(v6 ? AF_INET6 : AF_INET, seconds, text, &error) == CT_OK) {
        lua_pushstring(L, text);
        return 1;
    }
    lua_pushnil(L);
    lua_pushfstring(L, "no %s address after %f s: %s", families[v6], seconds,
                    error.message);
    return 2;
}
