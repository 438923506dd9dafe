/* SPDX-License-Identifier: MIT
 *
 * log.c - lines for the caller's log, if there is one. What comes from elsewhere may have
 * any bytes in it, and is made one line.
 */
#include <stdio.h>

#include "basic/basic.h"

void ct_log_write(const ct_logger *logger, ct_log_level level, const char *format, ...) {
    char text[2048];
    va_list args;
    if (!logger->log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *c = text; *c; c++)
        if ((unsigned char) *c < ' ' || *c == 0x7f)
            *c = ' ';
    logger->log(logger->context, level, text);
}
