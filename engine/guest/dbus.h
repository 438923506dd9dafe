/* SPDX-License-Identifier: MIT
 *
 * dbus.h - messages of the D-Bus protocol, as far as systemd.c needs them. It writes a
 * call with two strings, and reads a few fields of what comes; it sends nothing. The
 * names are those of the D-Bus specification.
 */
#ifndef CT_DBUS_H
#define CT_DBUS_H

#include "basic/basic.h"

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN, DBUS_ERROR, DBUS_SIGNAL };

typedef struct dbus_method {
    const char *destination, *path, *interface, *member;
    const char *arguments[2]; /* strings */
} dbus_method;

typedef struct dbus_message {
    enum dbus_type type;
    uint32_t reply_to;  /* the serial number of the call that it answers; 0: none */
    const char *member; /* a signal's name; "": it has none. Borrowed from the bytes */
    const char
        *text; /* the body, if that is a variant with a string; else "". Borrowed */
} dbus_message;

/* Adds the call to out. */
CT_CHECK int dbus_call(ct_buf *out, uint32_t serial, const dbus_method *method);

/* Reads the message that begins at data. Returns how many bytes it has; 0: not all of
 * them are there yet; CT_E_PROTOCOL: this is no message, or one of another byte order. */
CT_CHECK int dbus_parse(const char *data, size_t length, dbus_message *message);

#endif
