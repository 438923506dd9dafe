/* SPDX-License-Identifier: MIT
 *
 * key_step.c - a hook's step as an input of a base. What a step leaves in an instance
 * must depend on what is digested here, and on nothing else that a job says. The times of
 * files are left out, or no fresh checkout would ever find a base.
 */
#include <string.h>

#include "prepared/prepared_private.h"

/* ---- what is always done ---- */

static bool goes_up(const char *path) {
    for (size_t length; *path; path += length) {
        path += strspn(path, "/");
        length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0)
            return true;
    }
    return false;
}

/* true for a path at which a clone has nothing of what was there in its base. A path that
 * goes up may lead anywhere: to count it costs time, and no more. */
static bool is_gone_in_clones(const char *dest) {
    static const char *const places[] = {
        /* new at each start */
        "/run", "/var/run", "/var/lock", "/dev",
        /* written anew for each clone, by most images' templates */
        "/etc/hosts", "/etc/hostname",
        /* a random seed's folder, of which sealing takes the seed */
        "/var/lib/urandom",
        /* taken away when a base is sealed */
        CT_SEAL_EMPTIES, CT_SEAL_REMOVES, CT_SEAL_CLEARS, NULL};
    for (size_t i = 0; places[i]; i++)
        if (ct_path_lies_in(dest, places[i]))
            return true;
    return goes_up(dest);
}

bool ct_step_always(const ct_step *step) {
    return step->always || step->kind == CT_STEP_PULL ||
           (step->kind == CT_STEP_PUSH && is_gone_in_clones(step->dest));
}

/* ---- uploads ---- */

/* A tree of files on its way into a digest, frame by frame. */
struct tree_digest {
    ct_digest *whole;
    ct_digest content; /* of the last entry */
    bool entered;      /* there is a last entry, and its content has not ended */
    bool owners;       /* owners are kept, and so belong to the key */
    ct_error *error;
};

/* Each file's content has a digest of its own, since how it is cut into frames means
 * nothing. */
static int end_content(struct tree_digest *tree) {
    char hex[CT_DIGEST_SIZE];
    if (!tree->entered)
        return CT_OK;
    tree->entered = false;
    int code = ct_digest_end(&tree->content, hex, tree->error);
    ct_digest_string(tree->whole, hex);
    return code;
}

static bool is_text(const ct_value *value, const char *text) {
    return value->type == CT_VALUE_STRING && value->length == strlen(text) &&
           memcmp(value->string, text, value->length) == 0;
}

static bool field_is(const char *data, const char *end, const char *key,
                     const char *text) {
    ct_value value;
    return ct_value_field(data, end, key, &value) && is_text(&value, text);
}

/* true for a lone file: its own name decides where it goes when dest is a folder. */
static bool is_lone_file(const char *data, const char *end) {
    return field_is(data, end, "path", "") && field_is(data, end, "type", "file");
}

static bool is_time(const ct_value *key) {
    return is_text(key, "mtime") || is_text(key, "mtime_nanoseconds");
}

/* Adds an entry, which is a table. Fields that are not known here are added as they
 * are. */
static int add_entry(struct tree_digest *tree, const char *data, size_t length) {
    const char *at = data, *end = data + length;
    bool with_name = is_lone_file(data, end);
    ct_value table, key;
    int code = ct_value_read(&at, end, &table);
    if (code == CT_OK)
        ct_digest_number(tree->whole, table.length);
    for (size_t i = 0; code == CT_OK && i < table.length; i++) {
        code = ct_value_read(&at, end, &key);
        const char *value = at;
        if (code == CT_OK)
            code = ct_value_skip(&at, end);
        if (code < 0 || is_time(&key) || (is_text(&key, "name") && !with_name))
            continue;
        if (!tree->owners && (is_text(&key, "uid") || is_text(&key, "gid")))
            continue;
        ct_digest_field(tree->whole, key.string, key.length);
        ct_digest_field(tree->whole, value, (size_t) (at - value));
    }
    return code;
}

static int digest_frame(struct tree_digest *tree, enum ct_frame_type type,
                        const char *data, size_t length) {
    if (type == CT_FRAME_CHUNK) {
        ct_digest_bytes(&tree->content, data, length);
        return CT_OK;
    }
    int code = end_content(tree);
    if (code < 0 || type != CT_FRAME_ENTRY)
        return code;
    code = add_entry(tree, data, length);
    ct_digest_init(&tree->content);
    tree->entered = true;
    return code;
}

static int digest_frames(struct tree_digest *tree, ct_buf *frames) {
    const char *data, *at = frames->data, *end = frames->data + frames->length;
    enum ct_frame_type type;
    size_t length;
    int code = CT_OK;
    while (code == CT_OK && at < end) {
        int taken = ct_frame_parse(at, (size_t) (end - at), &type, &data, &length);
        if (taken <= 0)
            return ct_fail(tree->error, CT_E_PROTOCOL, "no whole frame");
        code = digest_frame(tree, type, data, length);
        at += taken;
    }
    ct_buf_clear(frames);
    return code;
}

static int digest_tree(ct_digest *digest, const ct_step *step, const ct_wait *wait,
                       ct_error *error) {
    struct tree_digest tree = {
        .whole = digest, .owners = step->keep_owners, .error = error};
    ct_buf frames;
    ct_tree_reader *reader;
    int more =
        step->source
            ? ct_tree_reader_open(step->source, step->directory, &reader, error)
            : ct_tree_reader_open_data(step->data, step->data_length, &reader, error);
    if (more < 0)
        return more;
    more = 1;
    ct_buf_init(&frames, CT_FRAME_MAX);
    while (more > 0) {
        int code = wait ? ct_wait_check(wait, error) : CT_OK;
        if (code == CT_OK)
            code = more = ct_tree_reader_next(reader, &frames, error);
        if (code >= 0)
            code = digest_frames(&tree, &frames);
        if (code < 0)
            more = code;
    }
    if (tree.entered)
        ct_digest_fini(&tree.content);
    ct_buf_fini(&frames);
    ct_tree_reader_close(reader);
    return more;
}

/* ---- steps ---- */

static void add_testlet(ct_digest *digest, const ct_testlet *run) {
    size_t count = 0;
    while (run->argv && run->argv[count])
        count++;
    ct_digest_number(digest, run->kind);
    /* a script becomes a file of its name, whose ending may choose what runs it; else
     * names are for messages only */
    ct_digest_string(digest, run->kind == CT_TESTLET_SCRIPT ? run->name : NULL);
    if (run->identity)
        ct_digest_field(digest, run->identity, run->identity_length);
    else
        ct_digest_field(digest, run->code, run->code_length);
    ct_digest_field(digest, run->args, run->args_length);
    ct_digest_number(digest, count);
    for (size_t i = 0; i < count; i++)
        ct_digest_string(digest, run->argv[i]);
}

/* Adds every field of ct_step that decides what an upload leaves behind. */
static void add_upload(ct_digest *digest, const ct_step *step) {
    ct_digest_string(digest, step->dest);
    ct_digest_number(digest, step->directory);
    ct_digest_number(digest, step->no_overwrite);
    ct_digest_number(digest, step->keep_owners);
    ct_digest_string(digest, step->user);
    ct_digest_string(digest, step->group);
    ct_digest_number(digest, step->mode);
    ct_digest_number(digest, step->limit);
}

int ct_step_digest(const ct_step *step, char hex[CT_DIGEST_SIZE], const ct_wait *wait,
                   ct_error *error) {
    ct_digest digest;
    int code = CT_OK;
    ct_digest_init(&digest);
    ct_digest_string(&digest, "step");
    ct_digest_number(&digest, step->kind);
    if (step->kind == CT_STEP_RUN) {
        add_testlet(&digest, step->run);
    } else {
        add_upload(&digest, step);
        code = digest_tree(&digest, step, wait, error);
    }
    if (code < 0) {
        ct_digest_fini(&digest);
        return code;
    }
    return ct_digest_end(&digest, hex, error);
}
