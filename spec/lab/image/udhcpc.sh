#!/bin/sh
# SPDX-License-Identifier: MIT
# What the images do with a DHCP lease: address, default route, name servers. Goes into every
# image as /etc/udhcpc.sh; called by udhcpc, which sets the variables; not for the host.
# shellcheck disable=SC2154

name_servers() {
    [ -z "$domain" ] || echo "search $domain"
    for server in $dns; do echo "nameserver $server"; done
}

case $1 in
    deconfig)
        ip addr flush dev "$interface" scope global
        ip link set "$interface" up
        ;;
    bound | renew)
        name_servers >/etc/resolv.conf
        ip addr replace "$ip/$mask" dev "$interface"
        for gateway in $router; do
            ip route replace default via "$gateway" dev "$interface"
            break
        done
        ;;
esac
