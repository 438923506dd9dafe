/* SPDX-License-Identifier: MIT
 *
 * reserve.c - is enough of this machine left to start another instance? As Linux tells it
 * in proc(5); what it does not tell holds nothing back.
 */
#include <stdio.h>
#include <unistd.h>

#include "schedule/schedule.h"

/* Bytes; -1: not known. */
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

/* Of the last minute; -1: not known. Not read by strtod(): that is the host's
 * locale's. */
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
    /* All of the machine's, not only those this process may use: the load is the
     * machine's. */
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    ct_reserve_sources sources = {.meminfo = "/proc/meminfo",
                                  .loadavg = "/proc/loadavg",
                                  .cpus = cpus > 0 ? (double) cpus : 1};
    return ct_reserve_left(reserve, &sources);
}
