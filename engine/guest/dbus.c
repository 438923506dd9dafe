/* SPDX-License-Identifier: MIT
 *
 * dbus.c - the bytes of D-Bus messages. Numbers are in this machine's byte order, as all
 * others that run on it have it. Everything begins at a multiple of its own size.
 */
#include <stdint.h>
#include <string.h>

#include "basic/basic.h"
#include "guest/dbus.h"

#define HEADER      16 /* bytes before the header's fields, with their length */
#define MESSAGE_MAX (128 * CT_MIB)
#define VERSION     1

enum field { PATH = 1, INTERFACE, MEMBER, REPLY_SERIAL = 5, DESTINATION, SIGNATURE = 8 };

static char byte_order(void) {
    const uint16_t one = 1;
    return *(const char *) &one ? 'l' : 'B';
}

/* ---- writing; the first failure is kept ---- */

struct writer {
    ct_buf *out;
    size_t start; /* of the message, in out */
    int code;
};

static void put(struct writer *writer, const void *data, size_t length) {
    if (writer->code == CT_OK)
        writer->code = ct_buf_add(writer->out, data, length);
}

static void align(struct writer *writer, size_t size) {
    size_t over = (writer->out->length - writer->start) % size;
    if (over > 0)
        put(writer, "\0\0\0\0\0\0\0", size - over);
}

static void put_number(struct writer *writer, uint32_t number) {
    align(writer, 4);
    put(writer, &number, 4);
}

static void put_string(struct writer *writer, const char *text) {
    put_number(writer, (uint32_t) strlen(text));
    put(writer, text, strlen(text) + 1);
}

/* A type is one character: "s" a string, "o" an object's path, "g" a signature. */
static void put_field(struct writer *writer, enum field field, char type,
                      const char *text) {
    const char head[] = {(char) field, 1, type, '\0'};
    const char length = (char) strlen(text);
    align(writer, 8);
    put(writer, head, sizeof head);
    if (type == 'g') {
        put(writer, &length, 1);
        put(writer, text, strlen(text) + 1);
    } else {
        put_string(writer, text);
    }
}

/* Replaces a number that was not known when it was put. */
static void patch_number(struct writer *writer, size_t at, size_t number) {
    const uint32_t value = (uint32_t) number;
    if (writer->code == CT_OK)
        memcpy(writer->out->data + writer->start + at, &value, 4);
}

int dbus_call(ct_buf *out, uint32_t serial, const dbus_method *method) {
    const char head[] = {byte_order(), DBUS_CALL, 0, VERSION};
    struct writer writer = {.out = out, .start = out->length};
    put(&writer, head, sizeof head);
    put_number(&writer, 0); /* the body's length */
    put_number(&writer, serial);
    put_number(&writer, 0); /* the fields' length */
    put_field(&writer, PATH, 'o', method->path);
    put_field(&writer, INTERFACE, 's', method->interface);
    put_field(&writer, MEMBER, 's', method->member);
    put_field(&writer, DESTINATION, 's', method->destination);
    put_field(&writer, SIGNATURE, 'g', "ss");
    patch_number(&writer, 12, out->length - writer.start - HEADER);
    align(&writer, 8);
    size_t body = out->length;
    put_string(&writer, method->arguments[0]);
    put_string(&writer, method->arguments[1]);
    patch_number(&writer, 4, out->length - body);
    return writer.code;
}

/* ---- reading; past the end everything is 0 or "", and `broken` is set ---- */

struct reader {
    const char *data;
    size_t at, end;
    bool broken;
};

/* Takes the next bytes, from a multiple of size on. NULL: there are not so many. */
static const char *take(struct reader *reader, size_t size, size_t length) {
    size_t at = (reader->at + size - 1) / size * size;
    if (reader->broken || at > reader->end || length > reader->end - at) {
        reader->broken = true;
        return NULL;
    }
    reader->at = at + length;
    return reader->data + at;
}

static uint32_t take_number(struct reader *reader) {
    uint32_t number = 0;
    const char *bytes = take(reader, 4, 4);
    if (bytes)
        memcpy(&number, bytes, 4);
    return number;
}

static uint8_t take_byte(struct reader *reader) {
    const char *byte = take(reader, 1, 1);
    return byte ? (uint8_t) *byte : 0;
}

/* Takes text of so many bytes, and the NUL behind it. */
static const char *take_text(struct reader *reader, size_t length) {
    const char *text = take(reader, 1, length + 1);
    if (text && text[length] == '\0')
        return text;
    reader->broken = true;
    return "";
}

static const char *take_string(struct reader *reader) {
    return take_text(reader, take_number(reader));
}

static const char *take_signature(struct reader *reader) {
    return take_text(reader, take_byte(reader));
}

static void read_field(struct reader *reader, dbus_message *message) {
    if (!take(reader, 8, 0))
        return;
    uint8_t field = take_byte(reader);
    const char *type = take_signature(reader), *text = "";
    uint32_t number = 0;
    if (strcmp(type, "s") == 0 || strcmp(type, "o") == 0)
        text = take_string(reader);
    else if (strcmp(type, "g") == 0)
        text = take_signature(reader);
    else if (strcmp(type, "u") == 0)
        number = take_number(reader);
    else
        reader->broken = true; /* no field of a header has another type */
    if (field == MEMBER)
        message->member = text;
    if (field == REPLY_SERIAL)
        message->reply_to = number;
}

/* Returns the variant's string; "" for one of another type. */
static const char *read_variant(struct reader *reader) {
    const char *text =
        strcmp(take_signature(reader), "s") == 0 ? take_string(reader) : "";
    return reader->broken ? "" : text;
}

int dbus_parse(const char *data, size_t length, dbus_message *message) {
    *message = (dbus_message){.member = "", .text = ""};
    if (length < HEADER)
        return 0;
    struct reader head = {.data = data, .at = 4, .end = HEADER};
    size_t body = take_number(&head);
    take_number(&head); /* its serial number */
    size_t fields = take_number(&head);
    if (data[0] != byte_order() || data[3] != VERSION || body > MESSAGE_MAX ||
        fields > MESSAGE_MAX)
        return CT_E_PROTOCOL;
    size_t start = HEADER + (fields + 7) / 8 * 8;
    if (length < start + body)
        return 0;
    message->type = (enum dbus_type) data[1];
    struct reader reader = {.data = data, .at = HEADER, .end = HEADER + fields};
    while (!reader.broken && reader.at < reader.end)
        read_field(&reader, message);
    if (reader.broken)
        return CT_E_PROTOCOL;
    reader = (struct reader){.data = data, .at = start, .end = start + body};
    if (message->type == DBUS_RETURN)
        message->text = read_variant(&reader);
    return (int) (start + body);
}
