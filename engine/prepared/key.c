/* SPDX-License-Identifier: MIT
 *
 * key.c - a job's layers: a row of inputs, with a key behind each hook. A key is a digest
 * of the key before and of the next input's digest. So rows that begin with the same
 * inputs have the same keys for as long as they are the same.
 */
#include <stdlib.h>
#include <string.h>

#include "prepared/prepared_private.h"

/* To be changed whenever the same inputs make another base. */
#define FORMAT     "cleantest base 1"
#define INPUTS_MAX CT_MIB /* bytes of all lines */
#define LABEL_MAX  512    /* bytes; longer ones are cut */

/* The row of inputs so far. */
struct row {
    const ct_job *job;
    char key[CT_DIGEST_SIZE];
    ct_buf inputs;
    size_t steps;
    bool has_env;   /* the variables are in it */
    ct_ready ready; /* the level that is in it; CT_READY_DEFAULT: none is */
    ct_error *error;
};

/* ---- inputs ---- */

/* Copies a label for its line, of which it is the first field: control characters, which
 * a hook's name may have, would spoil that. */
static void copy_label(char *out, const char *label) {
    size_t length = strnlen(label, LABEL_MAX - 1);
    for (size_t i = 0; i < length; i++)
        out[i] = (unsigned char) label[i] < ' ' ? '?' : label[i];
    out[length] = '\0';
}

static int add_input(struct row *row, const char *label, const char *hex) {
    char line[LABEL_MAX];
    ct_digest digest;
    copy_label(line, label);
    int code = ct_buf_format(&row->inputs, "%s\t%.16s\n", line, hex);
    if (code < 0)
        return ct_fail(row->error, code, "the steps of the start hooks: %s",
                       ct_error_text(code));
    ct_digest_init(&digest);
    ct_digest_string(&digest, row->key);
    ct_digest_string(&digest, hex);
    return ct_digest_end(&digest, row->key, row->error);
}

static int add_text(struct row *row, const char *label, const char *text) {
    char hex[CT_DIGEST_SIZE];
    ct_digest digest;
    ct_digest_init(&digest);
    ct_digest_string(&digest, label);
    ct_digest_string(&digest, text);
    int code = ct_digest_end(&digest, hex, row->error);
    return code < 0 ? code : add_input(row, label, hex);
}

/* Sorts the keys of the job's JSON, whose order means nothing. */
static int add_instance(struct row *row) {
    const char *text = row->job->instance_json ? row->job->instance_json : "{}";
    ct_buf sorted;
    ct_buf_init(&sorted, 16 * CT_MIB);
    ct_json *json = ct_json_new();
    int code = json ? ct_json_parse(json, text, strlen(text), row->error)
                    : ct_fail_memory(row->error);
    if (code < 0) {
        ct_fail_in(row->error, code, "the instance's description");
        goto out;
    }
    code = ct_json_write_sorted(json, &sorted);
    code = code < 0 ? ct_fail(row->error, code, "the instance's description: %s",
                              ct_error_text(code))
                    : add_text(row, "instance", sorted.data);
out:
    ct_json_free(json);
    ct_buf_fini(&sorted);
    return code;
}

/* By name. Variables of the same name keep their order, since the last of them counts. */
static int compare_variables(const void *a, const void *b) {
    const char *const *first = *(const char *const *const *) a;
    const char *const *second = *(const char *const *const *) b;
    size_t length = strcspn(*first, "="), other = strcspn(*second, "=");
    int order = ct_compare_bytes(*first, length, *second, other);
    return order ? order : (first > second) - (first < second);
}

static int add_env(struct row *row) {
    const char *const *env = row->job->env;
    char hex[CT_DIGEST_SIZE];
    size_t count = 0;
    while (env && env[count])
        count++;
    const char *const **sorted = calloc(count + 1, sizeof *sorted);
    if (!sorted)
        return ct_fail_memory(row->error);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &env[i];
    qsort(sorted, count, sizeof *sorted, compare_variables);
    ct_digest digest;
    ct_digest_init(&digest);
    ct_digest_string(&digest, "environment");
    for (size_t i = 0; i < count; i++)
        ct_digest_string(&digest, *sorted[i]);
    free(sorted);
    int code = ct_digest_end(&digest, hex, row->error);
    return code < 0 ? code : add_input(row, "environment", hex);
}

/* Adds how far the instance has come when the next steps run, where the job says it: else
 * it follows from the steps. */
static int add_ready(struct row *row, size_t steps) {
    ct_step_range range = {.from = row->steps, .to = row->steps + steps};
    ct_job plain = *row->job;
    plain.ready = CT_READY_DEFAULT;
    ct_ready ready = ct_job_ready(row->job, range);
    if (steps == 0 || ready == row->ready || ready == ct_job_ready(&plain, range))
        return CT_OK;
    row->ready = ready;
    return add_text(row, "ready", ct_ready_words[ready]);
}

static int add_step(struct row *row, const ct_hook *hook, size_t number,
                    const ct_wait *wait) {
    const ct_step *step = &hook->steps[number];
    const char *name = ct_step_label(step);
    char hex[CT_DIGEST_SIZE];
    ct_buf label;
    int code = CT_OK;
    /* the variables come right before the first step that gets them */
    if (step->kind == CT_STEP_RUN && !row->has_env) {
        row->has_env = true;
        code = add_env(row);
    }
    if (code == CT_OK)
        code = ct_step_digest(step, hex, wait, row->error);
    if (code < 0)
        return ct_fail_in(row->error, code, "hook %s: %s", hook->name, name);
    ct_buf_init(&label, CT_MIB);
    code = ct_buf_format(&label, "hook %s, step %zu (%s)", hook->name, number + 1, name);
    code = code < 0 ? ct_fail(row->error, code, "hook %s: %s", hook->name, name)
                    : add_input(row, label.data, hex);
    ct_buf_fini(&label);
    row->steps++;
    return code;
}

/* ---- layers ---- */

static void keep_layer(const struct row *row, ct_arena *arena, ct_layers *layers) {
    ct_layer *layer = &layers->list[layers->count++];
    memcpy(layer->key, row->key, sizeof layer->key);
    layer->steps = row->steps;
    layer->inputs = ct_arena_string(arena, row->inputs.data);
}

static int add_origin(struct row *row, const ct_origin *origin) {
    int code = add_text(row, "image", origin->fingerprint);
    if (code == CT_OK)
        code = add_instance(row);
    if (code == CT_OK)
        code = add_text(row, "guest", origin->guest);
    if (code == CT_OK)
        code = add_text(row, "project", origin->project ? origin->project : "default");
    if (code == CT_OK && origin->profiles)
        code = add_text(row, "profiles", origin->profiles);
    return code;
}

/* Adds the hook's steps. 1: all of them; 0: up to one that is always done, as are all
 * behind it. */
static int add_hook(struct row *row, const ct_hook *hook, const ct_wait *wait) {
    size_t count = 0;
    while (count < hook->step_count && !ct_step_always(&hook->steps[count]))
        count++;
    int code = add_ready(row, count);
    for (size_t i = 0; code == CT_OK && i < count; i++)
        code = add_step(row, hook, i, wait);
    return code < 0 ? code : count == hook->step_count;
}

static int add_layers(struct row *row, ct_arena *arena, const ct_origin *origin,
                      ct_layers *layers, const ct_wait *wait) {
    int code = add_origin(row, origin);
    if (code < 0)
        return code;
    keep_layer(row, arena, layers);
    code = 1;
    for (size_t i = 0; code > 0 && i < row->job->start_hook_count; i++) {
        code = add_hook(row, &row->job->start_hooks[i], wait);
        if (code >= 0 && row->steps > layers->list[layers->count - 1].steps)
            keep_layer(row, arena, layers);
    }
    return code < 0 ? code : CT_OK;
}

int ct_layers_compute(ct_layers *layers, ct_arena *arena, const ct_job *job,
                      const ct_origin *origin, const ct_wait *wait, ct_error *error) {
    struct row row = {.job = job, .key = FORMAT, .error = error};
    layers->count = 0;
    layers->list =
        ct_arena_alloc(arena, (job->start_hook_count + 1) * sizeof *layers->list);
    if (!layers->list)
        return ct_fail_memory(error);
    ct_buf_init(&row.inputs, INPUTS_MAX);
    int code = add_layers(&row, arena, origin, layers, wait);
    ct_buf_fini(&row.inputs);
    if (code == CT_OK && arena->failed)
        code = ct_fail_memory(error);
    return code;
}

/* ---- why not ---- */

/* Looks for a line, whose length includes its end, in lines. Returns what is behind it,
 * or NULL. */
static const char *find_line(const char *lines, const char *line, size_t length) {
    while (*lines) {
        size_t next = strcspn(lines, "\n") + 1;
        if (next == length && strncmp(lines, line, length) == 0)
            return lines + next;
        if (!lines[next - 1])
            break;
        lines += next;
    }
    return NULL;
}

const char *ct_inputs_missing(ct_arena *arena, const char *inputs, const char *other) {
    while (*inputs) {
        size_t length = strcspn(inputs, "\n");
        length += inputs[length] == '\n';
        const char *behind = find_line(other, inputs, length);
        if (!behind)
            return ct_arena_copy(arena, inputs, strcspn(inputs, "\t\n"));
        other = behind;
        inputs += length;
    }
    return NULL;
}
