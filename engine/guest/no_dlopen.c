/* SPDX-License-Identifier: MIT
 *
 * no_dlopen.c - a static program can load no shared libraries. What Lua's package.loadlib
 * calls says so here; libc's own functions would need the very libc they were built with.
 */
#include <dlfcn.h>
#include <stddef.h>

void *dlopen(const char *path, int flags) {
    (void) path, (void) flags;
    return NULL;
}

void *dlsym(void *restrict library, const char *restrict name) {
    (void) library, (void) name;
    return NULL;
}

int dlclose(void *library) {
    (void) library;
    return 0;
}

char *dlerror(void) {
    static char why[] = "the guest is a static program: it can load no C modules";
    return why;
}
