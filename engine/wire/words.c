/* SPDX-License-Identifier: MIT
 *
 * words.c - the words that stand for the public enums: in requests to the guest, in the
 * tables that Lua passes, and in messages.
 */
#include "wire/wire.h"

const char *const ct_ready_words[] = {
    [CT_READY_DEFAULT] = "default",       [CT_READY_EXEC] = "exec",
    [CT_READY_SYSTEM] = "system",         [CT_READY_NETWORK] = "network",
    [CT_READY_CLOUD_INIT] = "cloud-init", NULL};

const char *const ct_testlet_words[] = {[CT_TESTLET_COMMAND] = "command",
                                        [CT_TESTLET_SCRIPT] = "script",
                                        [CT_TESTLET_LUA] = "lua",
                                        [CT_TESTLET_CALL] = "call",
                                        NULL};

const char *const ct_step_words[] = {
    [CT_STEP_RUN] = "run", [CT_STEP_PUSH] = "push", [CT_STEP_PULL] = "pull", NULL};

const char *const ct_stream_words[] = {"stdout", "stderr", "value", NULL};

const char *ct_step_label(const ct_step *step) {
    static const char *const labels[] = {
        [CT_STEP_RUN] = "run", [CT_STEP_PUSH] = "upload", [CT_STEP_PULL] = "download"};
    return step->name ? step->name : labels[step->kind];
}

int ct_word_find(const char *const *words, const char *word) {
    for (int i = 0; words[i]; i++)
        if (ct_same_text(words[i], word))
            return i;
    return -1;
}
