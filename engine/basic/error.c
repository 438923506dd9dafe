/* SPDX-License-Identifier: MIT
 *
 * error.c - names and texts of the error codes, and how a ct_error is filled. CT_ERRORS
 * in cleantest.h is the list of errors.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/basic.h"

static const struct {
    const char *name;
    const char *text;
} errors[] = {{"OK", "no error"},
#define CT_X(name, text) {#name, text},
              CT_ERRORS(CT_X)
#undef CT_X
};

const char *ct_error_name(int code) {
    size_t index = (size_t) - (long) code;
    return code <= 0 && index < CT_COUNT(errors) ? errors[index].name : "UNKNOWN";
}

const char *ct_error_text(int code) {
    size_t index = (size_t) - (long) code;
    return code <= 0 && index < CT_COUNT(errors) ? errors[index].text : "unknown error";
}

const char *ct_version(void) {
    return CT_VERSION;
}

unsigned ct_version_number(void) {
    return CT_VERSION_NUMBER;
}

int ct_fail(ct_error *error, int code, const char *format, ...) {
    if (error) {
        va_list args;
        va_start(args, format);
        error->code = code;
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
    }
    return code;
}

int ct_fail_memory(ct_error *error) {
    return ct_fail(error, CT_E_NO_MEMORY, "out of memory");
}

int ct_fail_errno(ct_error *error, const char *format, ...) {
    int number = errno;
    if (error) {
        va_list args;
        va_start(args, format);
        error->code = CT_E_SYSTEM;
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
        size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, ": %s",
                 strerror(number));
    }
    return CT_E_SYSTEM;
}

/* The message where there is no memory for one; it is never freed. */
static char no_memory[] = "out of memory, so that there is no message";

char *ct_message(const char *format, ...) {
    char *message = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&message, format, args);
    va_end(args);
    return length < 0 ? no_memory : message;
}

void ct_message_free(char *message) {
    if (message != no_memory)
        free(message);
}

int ct_fail_in(ct_error *error, int code, const char *format, ...) {
    if (error) {
        error->code = code;
        char why[sizeof error->message];
        memcpy(why, error->message, sizeof why);
        va_list args;
        va_start(args, format);
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
        size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, ": %s", why);
    }
    return code;
}
