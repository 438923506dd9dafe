/* SPDX-License-Identifier: MIT
 *
 * log.c - what the engine says of its work, as lines on stderr: where somebody has asked
 * for it, who wants it at once, and also from threads that may not touch Lua.
 */
#include <stdio.h>
#include <unistd.h>

#include "binding/binding.h"

/* What the contexts point to: the most that is shown. */
static const ct_log_level levels[] = {
#define CT_X(name, word) CT_LOG_##name,
    CT_LOG_LEVELS(CT_X)
#undef CT_X
};

static const char *const words[] = {
#define CT_X(name, word) word,
    CT_LOG_LEVELS(CT_X)
#undef CT_X
        NULL};

/* A ct_log. One write for a line, so that those of several threads do not mix. */
static void write_line(void *context, ct_log_level level, const char *text) {
    const ct_log_level *most = context;
    char line[2176];
    if (level > *most)
        return;
    int length = snprintf(line, sizeof line, "%s: %s\n", words[level], text);
    ssize_t written = write(STDERR_FILENO, line, (size_t) length);
    (void) written; /* whom should it be told? */
}

void lct_log_read(lua_State *L, int index, ct_settings *settings) {
    int level = -1;
    lct_field_choice(L, index, "log", words, &level);
    if (level < 0)
        return;
    settings->log = write_line;
    settings->log_context = (void *) &levels[level];
}
