# SPDX-License-Identifier: MIT
# What the lab's scripts share: how they speak, where the lab lives, how they reach LXD.
# Sourced by install, lxd and images; it does nothing by itself.
# shellcheck shell=sh disable=SC2034

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin
export PATH

lab=${CLEANTEST_LAB:-/var/lib/cleantest}
here=$(cd "$(dirname "$0")" && pwd)
me=lab/${0##*/}

say() { echo "$me: $*" >&2; }
die() { say "$*"; exit 1; }

# need_root DOING: what the lab makes, root must make.
need_root() {
    [ "$(id -u)" -eq 0 ] || die "$1: needs root; run it again as root"
}

# need_command NAME GROUP: GROUP is what install calls the packages it comes with.
need_command() {
    command -v "$1" >/dev/null 2>&1 ||
        die "the program '$1' is missing; run: $here/install $2"
}

# hold FILE SECONDS: only one at a time from here on. The lock is on descriptor 9, which a
# daemon started under it must close (9>&-); it goes when this process does.
hold() {
    mkdir -p "$(dirname "$1")" || die "cannot make the directory $(dirname "$1")"
    exec 9>"$1" || die "cannot open the lock file $1"
    if flock -n 9; then return; fi
    say "waiting for another $me to finish"
    flock -w "$2" 9 ||
        die "another $me has been at work for $2 s; wait for it, or find it with: fuser $1"
}

# client DIR ARGS...: the command line client, speaking to the daemon that lives in DIR.
# Its stdin is empty, or it would read a script's.
client() (
    dir_of_daemon=$1
    shift
    case $dir_of_daemon in
        */incus) INCUS_DIR=$dir_of_daemon exec timeout 120 incus "$@" </dev/null 9>&- ;;
        *) LXD_DIR=$dir_of_daemon exec timeout 120 lxc "$@" </dev/null 9>&- ;;
    esac
)

# usable DIR: a daemon answers there, trusts us, and its default profile can make an
# instance: it has a root disk and a network card.
usable() {
    [ -S "$1/unix.socket" ] || return 1
    client "$1" query /1.0 2>/dev/null | grep -q '"auth": "trusted"' || return 1
    profile=$(client "$1" query /1.0/profiles/default 2>/dev/null) || return 1
    case $profile in *'"path": "/"'*) ;; *) return 1 ;; esac
    case $profile in *'"type": "nic"'*) ;; *) return 1 ;; esac
}

# Prints the directory of the daemon in use: the one asked for, the lab's, the machine's.
daemon_in_use() {
    for candidate in "${LXD_DIR:-}" "$lab/lxd" /var/lib/lxd /var/snap/lxd/common/lxd \
        /var/lib/incus; do
        if [ -n "$candidate" ] && usable "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}
