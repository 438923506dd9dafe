/* SPDX-License-Identifier: MIT
 *
 * A suite in Lua, run from C: what the cleantest command does, in a program of your own.
 *
 *     cc run_suite.c $(pkg-config --cflags --libs cleantest) -o run_suite
 *     ./run_suite suite.lua
 */
#include <cleantest.h>

int main(int argc, char **argv) {
    const char *arguments[] = {"cleantest", argc > 1 ? argv[1] : "suite.lua", NULL};
    return ct_main(arguments);
}
