/* SPDX-License-Identifier: MIT
 *
 * operations.c - what goes on in the background. The row is ordered by number, and what
 * is in it is known for some seconds after its end, as LXD has it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/basic.h"
#include "simulated.h"

#define KEPT      5.0 /* seconds for which an operation that has ended is known */
#define ID_FORMAT "00000000-0000-4000-8000-%012llx"

static struct {
    struct operation **items;
    size_t count, room;
    uint64_t first; /* the number of items[0] */
    struct operation *running;
} row;

static void apply(struct operation *operation) {
    struct instance *instance = instance_find(operation->instance);
    if (!instance || operation->error)
        return;
    if (operation->effect == START)
        instance_enter(instance, RUNNING, "started");
    if (operation->effect == UNFREEZE)
        instance_enter(instance, RUNNING, "resumed");
    if (operation->effect == FREEZE)
        instance_enter(instance, FROZEN, "paused");
    if (operation->effect != STOP && operation->effect != DELETE)
        return;
    operations_stop(instance->name);
    if (operation->effect == STOP)
        instance_enter(instance, STOPPED, "stopped");
    if (operation->effect == DELETE || instance->ephemeral)
        instance_remove(instance);
}

static void end(struct operation *operation, bool killed) {
    struct operation **at = &row.running;
    if (operation->ended > 0) /* it went with its instance */
        return;
    while (*at && *at != operation)
        at = &(*at)->up;
    if (*at)
        *at = operation->up;
    operation->ended = ct_now();
    if (killed)
        operation->exit_code = STOPPED_RUN;
    if (operation->effect == EXEC && operation->exec)
        exec_end(operation, killed);
    else if (operation->effect != EXEC)
        apply(operation);
    connections_tell(operation);
}

static void append(struct operation *operation) {
    if (row.count == row.room) {
        row.room = row.room ? 2 * row.room : 1024;
        row.items = got(realloc(row.items, row.room * sizeof *row.items));
    }
    operation->number = row.first + row.count;
    row.items[row.count++] = operation;
}

struct operation *operation_new(enum effect effect, const char *instance, double seconds,
                                const char *error) {
    struct operation *operation = got(calloc(1, sizeof *operation));
    operation->effect = effect;
    operation->instance = got(strdup(instance));
    operation->error = error ? got(strdup(error)) : NULL;
    operation->due = ct_now() + (error ? 0 : seconds);
    append(operation);
    if (seconds <= 0 || error) {
        end(operation, false);
    } else {
        operation->up = row.running;
        row.running = operation;
    }
    return operation;
}

struct operation *operation_find(const char *id) {
    unsigned long long number = 0;
    if (sscanf(id, ID_FORMAT, &number) != 1 || number < row.first ||
        number - row.first >= row.count)
        return NULL;
    return row.items[number - row.first];
}

void operations_stop(const char *instance) {
    struct operation *next;
    for (struct operation *at = row.running; at; at = next) {
        next = at->up;
        if (at->effect == EXEC && strcmp(at->instance, instance) == 0)
            end(at, true);
    }
}

static void write_metadata(const struct operation *operation, ct_buf *out) {
    if (operation->effect != EXEC) {
        must(ct_buf_format(out, "null"));
    } else if (operation->ended > 0) {
        must(ct_buf_format(out, "{\"return\":%d}", operation->exit_code));
    } else {
        static const char *const names[STREAMS] = {"0", "1", "2", "control"};
        must(ct_buf_format(out, "{\"fds\":{"));
        for (int i = 0; i < STREAMS; i++) {
            char secret[64];
            exec_secret(operation, i, secret);
            must(ct_buf_format(out, "%s\"%s\":\"%s\"", i ? "," : "", names[i], secret));
        }
        must(ct_buf_format(out, "},\"interactive\":false}"));
    }
}

void operation_write(const struct operation *operation, ct_buf *out) {
    bool running = operation->ended <= 0;
    const char *status = running ? "Running" : operation->error ? "Failure" : "Success";
    must(ct_buf_format(out, "{\"id\":\"" ID_FORMAT "\",\"class\":\"%s\",",
                       (unsigned long long) operation->number,
                       operation->exec ? "websocket" : "task"));
    must(ct_buf_format(
        out,
        "\"description\":\"simulated\",\"status\":\"%s\",\"status_code\":%d,"
        "\"resources\":{\"instances\":[\"/1.0/instances/%s\"]},\"may_cancel\":false,"
        "\"err\":\"%s\",\"location\":\"none\",\"metadata\":",
        status,
        running            ? 103
        : operation->error ? 400
                           : 200,
        operation->instance, operation->error ? operation->error : ""));
    write_metadata(operation, out);
    must(ct_buf_add(out, "}", 1));
}

void operation_list(ct_buf *out) {
    if (row.running)
        must(ct_buf_format(out, "{\"running\":["));
    else
        must(ct_buf_format(out, "{"));
    for (const struct operation *at = row.running; at; at = at->up) {
        must(ct_buf_format(out, "\"/1.0/operations/" ID_FORMAT "\"%s",
                           (unsigned long long) at->number, at->up ? "," : ""));
    }
    must(ct_buf_format(out, "%s", row.running ? "]}" : "}"));
}

/* The oldest first; one that still runs keeps those behind it. */
static void forget(double now) {
    size_t gone = 0;
    while (gone < row.count && row.items[gone]->ended > 0 &&
           row.items[gone]->ended + KEPT < now) {
        struct operation *operation = row.items[gone++];
        connections_forget(operation);
        exec_free(operation->exec);
        free(operation->instance);
        free(operation->error);
        free(operation);
    }
    memmove(row.items, row.items + gone, (row.count - gone) * sizeof *row.items);
    row.count -= gone;
    row.first += gone;
}

int operations_run(void) {
    static double swept;
    double now = ct_now(), due = INFINITY;
    struct operation *next;
    for (struct operation *at = row.running; at; at = next) {
        next = at->up;
        if (at->due <= now)
            end(at, false);
        else if (at->ended <= 0 && at->due < due)
            due = at->due;
    }
    if (row.count > 0 && now - swept > KEPT) {
        swept = now;
        forget(now);
    }
    double left = ceil((due - now) * 1000);
    return isinf(due) ? -1 : left < 60000 ? (int) left : 60000;
}
