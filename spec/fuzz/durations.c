/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for the file of durations: whatever is in it, it is read; a file that is not
 * ours stays as it was, and one that is ours is one of ours afterwards, with what was
 * recorded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schedule/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void remove_file(void) {
    char lock[80];
    snprintf(lock, sizeof lock, "%s.lock", path);
    unlink(lock);
    unlink(path);
}

static void write_file(const uint8_t *data, size_t size) {
    FILE *file = fopen(path, "we");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static bool still(const uint8_t *data, size_t size) {
    static uint8_t bytes[65536];
    FILE *file = fopen(path, "re");
    if (!file)
        abort();
    size_t got = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return got == size && memcmp(bytes, data, size) == 0;
}

static double recorded(void) {
    ct_history *history = ct_history_open(path);
    double seconds = ct_history_seconds(history, "the fuzzer's");
    ct_history_close(history);
    return seconds;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!*path) {
        snprintf(path, sizeof path, "/dev/shm/cleantest-fuzz-durations-%ld",
                 (long) getpid());
        atexit(remove_file);
    }
    write_file(data, size);
    ct_history *history = ct_history_open(path);
    double before = ct_history_seconds(history, "the fuzzer's");
    if (before > 1e9 || ct_history_weight(history, "another") < 0)
        abort();
    ct_history_record(history, "the fuzzer's", 2);
    ct_history_close(history);
    double wanted = before < 0 ? 2 : (before + 2) / 2, after = recorded();
    if (!still(data, size) && (after < wanted - 0.002 || after > wanted + 0.002))
        abort();
    return 0;
}
