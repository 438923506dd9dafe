/* SPDX-License-Identifier: MIT
 *
 * reserve.c - tells whether enough of this machine is left to start another instance.
 * Linux says so in proc(5). What it does not say holds nothing back.
 */
#include <stdio.h>
#include <unistd.h>

#include "schedule/schedule.h"

/* In bytes; -1: not known. */
static double available_memory(const char *path) {
    char line[256];
    double bytes = -1;
    FILE *file = fopen(path, "re");
    while (file && bytes < 0 && fgets(line, sizeof line, file)) {
        unsigned long long kib;
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
            bytes = (double) kib * 1024;
    }
    if (file)
        fclose(file);
    return bytes;
}

/* The load of the last minute; -1: not known. Not read by strtod(), which reads as the
 * host's locale says. */
static double load_average(const char *path) {
    unsigned whole, hundredths;
    FILE *file = fopen(path, "re");
    bool known = file && fscanf(file, "%u.%2u", &whole, &hundredths) == 2;
    if (file)
        fclose(file);
    return known ? whole + hundredths / 100.0 : -1;
}

bool ct_reserve_left(const ct_reserve *reserve, const ct_reserve_sources *sources) {
    if (reserve->memory > 0) {
        double memory = available_memory(sources->meminfo);
        if (memory >= 0 && memory < (double) reserve->memory)
            return false;
    }
    if (reserve->cpu > 0) {
        double load = load_average(sources->loadavg);
        if (load >= 0 && sources->cpus - load < reserve->cpu)
            return false;
    }
    return true;
}

bool ct_reserve_allows(const ct_reserve *reserve) {
    /* all of the machine's CPUs, not only those this process may use: the load is the
     * machine's, too */
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    ct_reserve_sources sources = {.meminfo = "/proc/meminfo",
                                  .loadavg = "/proc/loadavg",
                                  .cpus = cpus > 0 ? (double) cpus : 1};
    return ct_reserve_left(reserve, &sources);
}
