/* SPDX-License-Identifier: MIT
 *
 * preload_once.c - preloaded beside a sanitizer's runtime: both are for one program, and
 * not for those it starts. Shells don't survive ThreadSanitizer, and what mktemp leaks is
 * not ours.
 */
#include <stdlib.h>

__attribute__((constructor)) static void forget(void) {
    unsetenv("LD_PRELOAD");
}
