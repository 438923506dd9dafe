/* SPDX-License-Identifier: MIT
 *
 * dbus.h - messages of the D-Bus protocol, as far as systemd.c needs them: a call with
 * two strings is written, and of what comes a few fields are read. Nothing is sent here.
 * The names are those of the D-Bus specification.
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
    /* the serial number of the call that it answers; 0: it answers none */
    uint32_t reply_to;
    /* of a signal; "": it has none. Borrowed from the bytes, as is text */
    const char *member;
    /* of a body that is a variant with a string; "": it is not */
    const char *text;
} dbus_message;

/* Adds the call to out. */
CT_CHECK int dbus_call(ct_buf *out, uint32_t serial, const dbus_method *method);

/* Reads the message that begins at data. Returns how many bytes it has; 0: not all of
 * them are there yet; CT_E_PROTOCOL: this is no message, or one of another byte order. */
CT_CHECK int dbus_parse(const char *data, size_t length, dbus_message *message);

#endif
