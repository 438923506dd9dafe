/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for frames and the tree writer: whatever an instance sends as a download,
 * nothing is written outside of the destination. Beside it lies a file that must stay as
 * it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/tree.h"

#define FOLDER "/tmp/cleantest-fuzz"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_frames(ct_tree_writer *writer, const char *at, size_t left) {
    for (;;) {
        enum ct_frame_type type;
        const char *bytes;
        size_t length;
        int taken = ct_frame_parse(at, left, &type, &bytes, &length);
        if (taken <= 0 || ct_tree_writer_take(writer, type, bytes, length, NULL) <= 0)
            return;
        at += taken;
        left -= (size_t) taken;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (system("rm -rf " FOLDER " && mkdir -p " FOLDER "/dest && ln -s .. " FOLDER
               "/dest/up && echo same >" FOLDER "/beside") != 0)
        return 0;
    struct stat before, after;
    ct_tree_options options = {
        .directory = true, .limit = CT_MIB, .keep_owners = size % 2 == 0};
    ct_tree_writer *writer;
    if (ct_tree_writer_open(FOLDER "/dest", &options, &writer, NULL) < 0)
        return 0;
    stat(FOLDER, &before);
    write_frames(writer, (const char *) data, size);
    ct_tree_writer_close(writer);
    if (stat(FOLDER, &after) != 0 || after.st_mtime != before.st_mtime ||
        after.st_nlink != before.st_nlink || after.st_uid != before.st_uid ||
        stat(FOLDER "/beside", &after) != 0 || after.st_size != 5 ||
        after.st_uid != before.st_uid)
        abort();
    return 0;
}
