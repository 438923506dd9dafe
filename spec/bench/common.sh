# SPDX-License-Identifier: MIT
#
# What the parts of the benchmark share. Sourced by them; `run` has made the project that
# BENCH_PROJECT names, and takes it away. Not for measuring anything.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/spec/bench
BUILD=${BUILD:-$root/build}
rounds=${ROUNDS:-3}
arch=$(dpkg --print-architecture)
. "$BUILD/env"
export LUA_PATH="$root/?.lua;$LUA_PATH"

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

of() { printf '%s\n' "$@" | median; }

# The arguments are numbers, called a, b, c, ... in an awk program, which is the first.
report() {
    local program=$1 names=(a b c d e f g) given=() value i=0
    shift
    for value; do given+=(-v "${names[i++]}=$value"); done
    awk "${given[@]}" "BEGIN { $program }"
}

# Sets `simulated` to the directory where a simulated LXD listens, until the script ends.
start_simulated() {
    simulated=$(mktemp -d)
    : >"$simulated/said"
    "$BUILD/test/simulated_lxd" "$simulated/unix.socket" >"$simulated/said" &
    peer=$!
    trap 'kill "$peer"; wait "$peer" || true; rm -r "$simulated"' EXIT
    trap 'exit 1' INT TERM
    until grep -q ready "$simulated/said"; do
        kill -0 "$peer"
        sleep 0.1
    done
    unset BENCH_PROJECT
    export LXD_DIR=$simulated
}
