/* SPDX-License-Identifier: MIT
 *
 * exec.c - a program's streams, and the simulated guest behind them: it reads the request
 * that the real one would get, takes as long as the command "sleep SECONDS" would when
 * that is what it is to run, says hello and exits with 0. What it is sent it takes;
 * whatever file it is asked for has "hello" in it. The protocol is in
 * engine/guest/guest.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulated.h"
#include "tree/tree_private.h"

enum { STDIN, STDOUT, STDERR, CONTROL };

struct exec {
    struct connection *streams[STREAMS]; /* NULL: not there yet, or not any more */
    bool attached[STREAMS];              /* it has been there */
    ct_buf input;                        /* of stdin, from the next frame on */
    enum { AWAITING_REQUEST, TAKING_TREE, RUNNING_TESTLET, OVER } stage;
};

/* ---- the guest ---- */

static void send_frame(struct exec *exec, enum ct_frame_type type, const void *data,
                       size_t length) {
    ct_buf frame;
    ct_buf_init(&frame, CT_FRAME_MAX);
    must(ct_frame_add(&frame, type, data, length));
    websocket_send(exec->streams[STDOUT], WSLAY_BINARY_FRAME, frame.data, frame.length);
    ct_buf_fini(&frame);
}

static void send_file(struct exec *exec) {
    static const ct_tree_entry entry = {
        .path = "", .name = "hello", .type = "file", .attributes.mode = 0644};
    ct_buf frame;
    ct_buf_init(&frame, CT_FRAME_MAX);
    must(ct_tree_entry_add(&frame, &entry));
    websocket_send(exec->streams[STDOUT], WSLAY_BINARY_FRAME, frame.data, frame.length);
    ct_buf_fini(&frame);
    send_frame(exec, CT_FRAME_CHUNK, "hello\n", 6);
    send_frame(exec, CT_FRAME_END, "", 0);
}

static void end_soon(struct operation *operation, double seconds) {
    operation->due = ct_now() + seconds;
}

/* Where the value under a key of the packed table begins; NULL: there is none. */
static const char *find(const char *at, const char *end, const char *key) {
    ct_value table, name;
    if (ct_value_read(&at, end, &table) < 0 || table.type != CT_VALUE_TABLE)
        return NULL;
    for (size_t i = 0; i < table.length; i++) {
        if (ct_value_read(&at, end, &name) < 0)
            return NULL;
        if (name.type == CT_VALUE_STRING && name.length == strlen(key) &&
            memcmp(name.string, key, name.length) == 0)
            return at;
        if (ct_value_skip(&at, end) < 0)
            return NULL;
    }
    return NULL;
}

/* Reads a string at *at; false when something else is there. */
static bool read_is(const char **at, const char *end, const char *text) {
    ct_value value;
    return *at && ct_value_read(at, end, &value) == CT_OK &&
           value.type == CT_VALUE_STRING && value.length == strlen(text) &&
           memcmp(value.string, text, value.length) == 0;
}

static bool field_is(const char *at, const char *end, const char *key, const char *text) {
    const char *value = find(at, end, key);
    return read_is(&value, end, text);
}

/* What the command "sleep SECONDS" asks for; 0 for any other testlet. */
static double sleep_of(const char *at, const char *end) {
    ct_value value;
    char seconds[32];
    const char *words = find(at, end, "argv"); /* a table: 1, "sleep", 2, SECONDS */
    if (!field_is(at, end, "kind", "command") || ct_value_read(&words, end, &value) < 0 ||
        value.type != CT_VALUE_TABLE || value.length != 2 ||
        ct_value_skip(&words, end) < 0 || !read_is(&words, end, "sleep") ||
        ct_value_skip(&words, end) < 0 || ct_value_read(&words, end, &value) < 0 ||
        value.type != CT_VALUE_STRING)
        return 0;
    snprintf(seconds, sizeof seconds, "%.*s", (int) value.length, value.string);
    return strtod(seconds, NULL);
}

static void begin(struct operation *operation, const char *at, const char *end) {
    static const char unknown[] = "simulated: no such op";
    static const char size[] = "1048576"; /* bytes, in a base */
    struct exec *exec = operation->exec;
    send_frame(exec, CT_FRAME_READY, "", 0);
    exec->stage = OVER;
    if (field_is(at, end, "op", "run")) {
        exec->stage = RUNNING_TESTLET;
        end_soon(operation, delays.exec + sleep_of(at, end));
    } else if (field_is(at, end, "op", "unpack")) {
        exec->stage = TAKING_TREE;
    } else if (field_is(at, end, "op", "pack")) {
        send_file(exec);
        end_soon(operation, 0);
    } else if (field_is(at, end, "op", "remove")) {
        send_frame(exec, CT_FRAME_END, "", 0);
        end_soon(operation, 0);
    } else if (field_is(at, end, "op", "seal")) {
        send_frame(exec, CT_FRAME_END, size, sizeof size - 1);
        end_soon(operation, 0);
    } else {
        send_frame(exec, CT_FRAME_FAILED, unknown, sizeof unknown - 1);
        end_soon(operation, 0);
    }
}

/* LXD starts the program without its control socket, too. */
static bool connected(const struct exec *exec) {
    for (int i = STDIN; i <= STDERR; i++)
        if (!exec->attached[i])
            return false;
    return true;
}

/* Takes the frames that are there; the program starts when all its streams do. */
static void step(struct operation *operation) {
    struct exec *exec = operation->exec;
    while (connected(exec) && exec->stage <= TAKING_TREE) {
        enum ct_frame_type type;
        const char *data;
        size_t length;
        int taken =
            ct_frame_parse(exec->input.data, exec->input.length, &type, &data, &length);
        if (taken <= 0)
            return;
        if (exec->stage == AWAITING_REQUEST) {
            begin(operation, data, data + length);
        } else if (type == CT_FRAME_END) {
            send_frame(exec, CT_FRAME_END, "", 0);
            exec->stage = OVER;
            end_soon(operation, 0);
        }
        ct_buf_consume(&exec->input, (size_t) taken);
    }
}

void exec_take(struct connection *connection, const uint8_t *data, size_t length) {
    struct operation *operation = connection->exec;
    if (!operation || connection->stream != STDIN)
        return;
    must(ct_buf_add(&operation->exec->input, data, length));
    step(operation);
}

static void send_exit(struct exec *exec) {
    ct_buf out;
    ct_buf_init(&out, 4096);
    must(ct_value_table(&out, 4));
    must(ct_value_string(&out, "exit_code"));
    must(ct_value_integer(&out, 0));
    must(ct_value_string(&out, "cpu_user"));
    must(ct_value_number(&out, 0));
    must(ct_value_string(&out, "cpu_system"));
    must(ct_value_number(&out, 0));
    must(ct_value_string(&out, "max_rss"));
    must(ct_value_number(&out, 0));
    send_frame(exec, CT_FRAME_EXIT, out.data, out.length);
    ct_buf_fini(&out);
}

/* ---- its life ---- */

struct exec *exec_new(void) {
    struct exec *exec = got(calloc(1, sizeof *exec));
    ct_buf_init(&exec->input, TEXT_MAX);
    return exec;
}

void exec_free(struct exec *exec) {
    if (!exec)
        return;
    ct_buf_fini(&exec->input);
    free(exec);
}

void exec_secret(const struct operation *operation, int stream, char secret[64]) {
    snprintf(secret, 64, "%llx-%d", (unsigned long long) operation->number, stream);
}

static int stream_of(const struct operation *operation, const char *secret) {
    for (int i = 0; i < STREAMS; i++) {
        char known[64];
        exec_secret(operation, i, known);
        if (strlen(known) == strcspn(secret, "&") &&
            strncmp(known, secret, strlen(known)) == 0)
            return i;
    }
    return -1;
}

bool exec_attach(struct operation *operation, struct connection *connection,
                 const char *secret, const char *key) {
    static const char *const names[STREAMS] = {"stdin", "stdout", "stderr", "control"};
    struct exec *exec = operation->exec;
    int stream = stream_of(operation, secret);
    if (stream < 0 || exec->attached[stream])
        return false;
    websocket_accept(connection, key);
    connection->exec = operation;
    connection->stream = stream;
    exec->streams[stream] = connection;
    exec->attached[stream] = true;
    cut_count(connection, names[stream]);
    step(operation);
    return true;
}

void exec_hung_up(struct connection *connection) {
    struct operation *operation = connection->exec;
    if (!operation)
        return;
    operation->exec->streams[connection->stream] = NULL;
    if (connection->stream == STDERR || operation->ended > 0)
        return;
    operation->exec->stage = OVER;
    /* the guest ends with its stdin; without the others LXD kills it */
    operation->exit_code = connection->stream == STDIN ? CT_GUEST_BROKEN : STOPPED_RUN;
    end_soon(operation, 0);
}

void exec_end(struct operation *operation, bool killed) {
    struct exec *exec = operation->exec;
    if (exec->stage == RUNNING_TESTLET && !killed) {
        send_frame(exec, CT_FRAME_STDOUT, "hello\n", 6);
        send_exit(exec);
    }
    exec->stage = OVER;
    for (int i = STDOUT; i <= STDERR; i++) /* an empty message: that was all */
        websocket_send(exec->streams[i], WSLAY_BINARY_FRAME, "", 0);
}
