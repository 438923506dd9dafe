/* SPDX-License-Identifier: MIT
 *
 * json.c - JSON text, read where it is: finds values by their keys and never builds
 * anything. For what an LXD client sends, which is trusted to be JSON; it is no
 * validator.
 */
#include <string.h>

#include "basic/basic.h"
#include "simulated.h"

static const char *skip_space(const char *at, const char *end) {
    while (at < end && strchr(" \t\r\n,:", *at))
        at++;
    return at;
}

static const char *skip_string(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

static const char *skip_value(const char *at, const char *end) {
    size_t depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
        } else if (strchr("{[", *at)) {
            depth++;
            at++;
        } else if (strchr("}]", *at)) {
            if (depth > 0)
                depth--;
            at++;
        } else {
            at += strcspn(at, depth ? "\"{}[]" : ",}] \t\r\n");
        }
        if (depth == 0)
            break;
    }
    return at < end ? at : end;
}

/* The pair at *at, which moves behind it; false at the object's end. */
static bool next_pair(const char **at, const char *end, struct span *key,
                      struct span *value) {
    *at = skip_space(*at, end);
    if (*at >= end || **at != '"')
        return false;
    key->at = *at;
    *at = skip_string(*at, end);
    key->length = (size_t) (*at - key->at);
    *at = value->at = skip_space(*at, end);
    *at = skip_value(*at, end);
    value->length = (size_t) (*at - value->at);
    return value->length > 0;
}

/* Behind the opening brace; end when it is no object. */
static const char *enter(struct span object) {
    const char *end = object.at + object.length;
    const char *at = skip_space(object.at, end);
    return at < end && *at == '{' ? at + 1 : end;
}

bool json_is(struct span value, const char *text) {
    size_t length = strlen(text);
    return value.at && value.length == length && memcmp(value.at, text, length) == 0;
}

static struct span get_quoted(struct span object, struct span wanted) {
    struct span key, value;
    if (!object.at)
        return (struct span){0};
    const char *at = enter(object);
    while (next_pair(&at, object.at + object.length, &key, &value))
        if (key.length == wanted.length && memcmp(key.at, wanted.at, key.length) == 0)
            return value;
    return (struct span){0};
}

struct span json_get(struct span object, const char *key) {
    ct_buf quoted;
    ct_buf_init(&quoted, 256);
    must(ct_buf_format(&quoted, "\"%s\"", key));
    struct span value = get_quoted(object, (struct span){quoted.data, quoted.length});
    ct_buf_fini(&quoted);
    return value;
}

char *json_string(struct span value) {
    if (!value.at || value.length < 2 || *value.at != '"')
        return NULL;
    return got(strndup(value.at + 1, value.length - 2));
}

static void add_pair(ct_buf *out, struct span key, struct span value) {
    must(ct_buf_format(out, "%s%.*s:%.*s", out->data[out->length - 1] == '{' ? "" : ",",
                       (int) key.length, key.at, (int) value.length, value.at));
}

void json_merge(ct_buf *out, struct span base, struct span over) {
    struct span key, value;
    must(ct_buf_add(out, "{", 1));
    if (base.at) {
        const char *at = enter(base);
        while (next_pair(&at, base.at + base.length, &key, &value))
            if (!get_quoted(over, key).at)
                add_pair(out, key, value);
    }
    if (over.at) {
        const char *at = enter(over);
        while (next_pair(&at, over.at + over.length, &key, &value))
            if (!json_is(value, "\"\""))
                add_pair(out, key, value);
    }
    must(ct_buf_add(out, "}", 1));
}
