/* SPDX-License-Identifier: MIT
 *
 * address.c - the address at which other machines reach this one: waited for by netlink, read
 * with getifaddrs(3).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lauxlib.h>

#include "guest.h"

/* Leaves out what only this machine, or only its own link, can use. */
static bool reachable(const struct ifaddrs *one, int family) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != family ||
        (one->ifa_flags & IFF_LOOPBACK) || !(one->ifa_flags & IFF_UP))
        return false;
    if (family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) one->ifa_addr;
        return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *) one->ifa_addr;
    return ntohl(v4->sin_addr.s_addr) >> 16 != 0xa9fe; /* 169.254.0.0/16, RFC 3927 */
}

static bool find(int family, char text[INET6_ADDRSTRLEN]) {
    struct ifaddrs *all = NULL;
    if (getifaddrs(&all) < 0)
        return false;
    const struct ifaddrs *one = all;
    while (one && !reachable(one, family))
        one = one->ifa_next;
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
    int events = guest_open_netlink(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    if (events < 0)
        return ct_fail_errno(error, "netlink");
    ct_wait wait = ct_wait_for(seconds, -1);
    int code = CT_OK;
    while (code == CT_OK && !find(family, text))
        code = guest_wait_event(events, &wait, error);
    close(events);
    return code;
}

/***
Waits until the instance has an address that other machines can reach: not a loopback or
link-local one.
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
