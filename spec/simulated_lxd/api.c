/* SPDX-License-Identifier: MIT
 *
 * api.c - as much of LXD's REST API as there is here: which request does what. Answers
 * have the fields that LXD 5.0.2 gives; refusals have its words.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/basic.h"
#include "simulated.h"

#define FINGERPRINT "5151515151515151515151515151515151515151515151515151515151515151"

static void answer_buffer(struct connection *connection, ct_buf *metadata) {
    answer_sync(connection, metadata->data);
    ct_buf_fini(metadata);
}

static void begin(struct connection *connection, enum effect effect, const char *instance,
                  double seconds, const char *error) {
    answer_operation(connection, operation_new(effect, instance, seconds, error));
}

static bool is(const struct request *request, const char *method) {
    return strcmp(request->method, method) == 0;
}

static bool asks_recursion(const struct request *request) {
    const char *found = strstr(request->query, "recursion=");
    return found && strncmp(found, "recursion=0", 11) != 0;
}

static void answer_unsupported(struct connection *connection) {
    answer_error(connection, 404, "not found, or nothing that is simulated");
}

/* ---- the server and its images ---- */

static void serve_server(struct connection *connection) {
    answer_sync(connection,
                "{\"api_extensions\":[\"instances\",\"operation_wait\",\"projects\","
                "\"container_push\",\"container_exec_user_group_cwd\"],"
                "\"api_status\":\"stable\",\"api_version\":\"1.0\",\"auth\":\"trusted\","
                "\"auth_methods\":[\"tls\"],\"public\":false,\"config\":{},"
                "\"environment\":{\"server\":\"lxd\",\"server_version\":\"5.0.2\","
                "\"server_name\":\"simulated\",\"project\":\"default\","
                "\"server_clustered\":false,\"storage\":\"simulated\"}}");
}

static void serve_images(struct connection *connection, const char *rest) {
    ct_buf out;
    ct_buf_init(&out, TEXT_MAX);
    if (!*rest || strcmp(rest, "/aliases") == 0)
        must(ct_buf_format(&out, "[]"));
    else if (strncmp(rest, "/aliases/", 9) == 0)
        must(ct_buf_format(&out,
                           "{\"name\":\"%s\",\"target\":\"" FINGERPRINT
                           "\",\"type\":\"container\",\"description\":\"\"}",
                           rest + 9));
    else
        must(ct_buf_format(&out, "{\"fingerprint\":\"%s\",\"type\":\"container\"}",
                           rest + 1));
    answer_buffer(connection, &out);
}

/* ---- one instance ---- */

static void create(struct connection *connection, const struct request *request) {
    struct span source = json_get(request->body, "source");
    char *name = json_string(json_get(request->body, "name"));
    char *origin = json_string(json_get(source, "source"));
    bool copy = json_is(json_get(source, "type"), "\"copy\"");
    struct instance *from = copy && origin ? instance_find(origin) : NULL;
    if (!name || !source.at) {
        answer_error(connection, 400, "name and source are needed");
    } else if (instance_find(name)) {
        answer_error(connection, 409, "Instance already exists");
    } else if (copy && !from) {
        answer_error(connection, 404, "Instance not found");
    } else {
        instance_add(name, request->body, from);
        begin(connection, NOTHING, name, delays.create, NULL);
    }
    free(origin);
    free(name);
}

static void change_state(struct connection *connection, const struct instance *instance,
                         const struct request *request) {
    static const struct {
        const char *action;
        enum effect effect;
        unsigned from; /* a bit for each state it may be in */
        const char *refusal;
    } changes[] = {
        {"\"start\"", START, 1u << STOPPED, "The instance is already running"},
        {"\"stop\"", STOP, 1u << RUNNING | 1u << FROZEN,
         "The instance is already stopped"},
        {"\"freeze\"", FREEZE, 1u << RUNNING, "The instance isn't running"},
        {"\"unfreeze\"", UNFREEZE, 1u << FROZEN, "The instance isn't frozen"},
    };
    struct span action = json_get(request->body, "action");
    for (size_t i = 0; i < CT_COUNT(changes); i++) {
        if (!json_is(action, changes[i].action))
            continue;
        enum effect effect = changes[i].effect;
        bool fits = changes[i].from & 1u << instance->state;
        double seconds = effect == START  ? delays.start
                         : effect == STOP ? delays.stop
                                          : 0;
        begin(connection, effect, instance->name, seconds,
              fits ? NULL : changes[i].refusal);
        return;
    }
    answer_error(connection, 400, "Unknown action");
}

static void serve_state(struct connection *connection, const struct instance *instance,
                        const struct request *request) {
    char text[128];
    if (is(request, "PUT")) {
        change_state(connection, instance, request);
        return;
    }
    snprintf(text, sizeof text, "{\"status\":\"%s\",\"pid\":1,\"processes\":1}",
             state_name(instance->state));
    answer_sync(connection, text);
}

static void execute(struct connection *connection, const struct instance *instance,
                    const struct request *request) {
    if (instance->state != RUNNING) {
        answer_error(connection, 400,
                     instance->state == FROZEN ? "Instance is frozen"
                                               : "Instance is not running");
        return;
    }
    bool streams = json_is(json_get(request->body, "wait-for-websocket"), "true");
    struct operation *operation =
        operation_new(EXEC, instance->name, streams ? INFINITY : 0, NULL);
    operation->exec = streams ? exec_new() : NULL;
    answer_operation(connection, operation);
}

static void change_name(struct connection *connection, struct instance *instance,
                        const struct request *request) {
    char *name = json_string(json_get(request->body, "name"));
    if (!name)
        answer_error(connection, 400, "name is needed");
    else if (instance->state != STOPPED)
        answer_error(connection, 400, "Renaming of running instance not allowed");
    else if (instance_find(name))
        answer_error(connection, 409, "Name already in use");
    else
        begin(connection, NOTHING, instance_rename(instance, name)->name, 0, NULL);
    free(name);
}

static void serve_instance(struct connection *connection, struct instance *instance,
                           const struct request *request) {
    ct_buf out;
    if (is(request, "DELETE")) {
        if (instance->state == STOPPED)
            begin(connection, DELETE, instance->name, 0, NULL);
        else
            answer_error(connection, 400, "Instance is running");
    } else if (is(request, "POST")) {
        change_name(connection, instance, request);
    } else if (is(request, "PATCH")) {
        instance_change(instance, request->body, false);
        answer_sync(connection, "{}");
    } else if (is(request, "PUT")) {
        instance_change(instance, request->body, true);
        begin(connection, NOTHING, instance->name, 0, NULL);
    } else {
        ct_buf_init(&out, TEXT_MAX);
        instance_write(instance, &out);
        answer_buffer(connection, &out);
    }
}

static void serve_instances(struct connection *connection, char *rest,
                            const struct request *request) {
    ct_buf out;
    if (!*rest && is(request, "POST")) {
        create(connection, request);
        return;
    }
    if (!*rest) {
        ct_buf_init(&out, TEXT_MAX);
        instance_list(&out, asks_recursion(request));
        answer_buffer(connection, &out);
        return;
    }
    char *name = rest + 1, *what = strchr(name, '/');
    if (what)
        *what++ = '\0';
    struct instance *instance = instance_find(name);
    if (!instance)
        answer_error(connection, 404, "Instance not found");
    else if (!what)
        serve_instance(connection, instance, request);
    else if (strcmp(what, "state") == 0)
        serve_state(connection, instance, request);
    else if (strcmp(what, "exec") == 0)
        execute(connection, instance, request);
    else if (strcmp(what, "files") == 0 && is(request, "POST"))
        answer_sync(connection, "{}");
    else
        answer_unsupported(connection);
}

/* ---- operations ---- */

static void wait_for(struct connection *connection, struct operation *operation) {
    connection->waiting = operation;
    if (operation->ended > 0)
        connections_tell(operation);
}

static void serve_operations(struct connection *connection, char *rest,
                             const struct request *request) {
    ct_buf out;
    ct_buf_init(&out, TEXT_MAX);
    if (!*rest && asks_recursion(request)) { /* see engine/lxd/operations.c */
        answer_error(connection, 500, "LXD 5.0.2 may crash when it is asked for this");
        return;
    }
    if (!*rest) {
        operation_list(&out);
        answer_buffer(connection, &out);
        return;
    }
    char *id = rest + 1, *what = strchr(id, '/');
    if (what)
        *what++ = '\0';
    const char *secret = strstr(request->query, "secret=");
    struct operation *operation = operation_find(id);
    if (!operation || (forgets && operation->ended > 0)) {
        answer_error(connection, 404, "Operation not found");
    } else if (!what) {
        operation_write(operation, &out);
        answer_buffer(connection, &out);
    } else if (strcmp(what, "wait") == 0) {
        wait_for(connection, operation);
    } else if (!operation->exec || operation->ended > 0 || !secret || !request->key ||
               !exec_attach(operation, connection, secret + 7, request->key)) {
        answer_error(connection, 403, "not authorized");
    }
}

/* ---- pools and events ---- */

static void serve_pools(struct connection *connection) {
    answer_sync(connection, "[{\"name\":\"default\",\"driver\":\"btrfs\",\"config\":{},"
                            "\"description\":\"\",\"status\":\"Created\",\"locations\":["
                            "\"none\"],\"used_by\":[\"/1.0/profiles/default\"]}]");
}

static void serve_profile(struct connection *connection) {
    answer_sync(connection,
                "{\"name\":\"default\",\"config\":{},\"description\":\"\",\"used_by\":[],"
                "\"devices\":{\"root\":{\"type\":\"disk\",\"path\":\"/\",\"pool\":"
                "\"default\"}}}");
}

/* Of all types that a client may want there are only lifecycle's. */
static void serve_events(struct connection *connection, const struct request *request) {
    if (!request->key) {
        answer_error(connection, 400, "websocket: request is missing the upgrade");
        return;
    }
    websocket_accept(connection, request->key);
    connection->events = true;
    cut_count(connection, "events");
}

void api_answer(struct connection *connection, const struct request *request) {
    static const char version[] = "/1.0";
    char *rest = request->path + sizeof version - 1;
    if (strncmp(request->path, version, sizeof version - 1) != 0)
        answer_unsupported(connection);
    else if (!*rest)
        serve_server(connection);
    else if (strncmp(rest, "/images", 7) == 0)
        serve_images(connection, rest + 7);
    else if (strncmp(rest, "/instances", 10) == 0)
        serve_instances(connection, rest + 10, request);
    else if (strncmp(rest, "/operations", 11) == 0)
        serve_operations(connection, rest + 11, request);
    else if (strcmp(rest, "/storage-pools") == 0)
        serve_pools(connection);
    else if (strcmp(rest, "/profiles/default") == 0)
        serve_profile(connection);
    else if (strcmp(rest, "/events") == 0)
        serve_events(connection, request);
    else if (strncmp(rest, "/projects/", 10) == 0)
        answer_sync(connection, "{\"config\":{}}");
    else
        answer_unsupported(connection);
}
