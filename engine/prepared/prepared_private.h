/* SPDX-License-Identifier: MIT
 *
 * prepared_private.h - what the room's files offer one another: keys, names, building.
 */
#ifndef CT_PREPARED_PRIVATE_H
#define CT_PREPARED_PRIVATE_H

#include "prepared/prepared.h"

/* ---- key.c ------------------------------------------------------------------------- */

/* What a base is made from, up to some step of the start hooks. The inputs are all of
 * them, as lines "LABEL\tDIGEST\n" with the first 16 digits of each one's digest:
 * "image", "instance", "guest", "project", "profiles", "ready", "environment", "hook
 * NAME, step 2 (apt)" ... They are for people: the key says it all. */
typedef struct ct_layer {
    char key[CT_DIGEST_SIZE];
    size_t steps;       /* of the start hooks, counted through all of them, are in it */
    const char *inputs; /* in the arena */
} ct_layer;

/* What a job's instance is made from, besides what the job says. Strings may be NULL. */
typedef struct ct_origin {
    const char *fingerprint; /* the image's */
    const char *guest;       /* a digest of the guest program */
    const char *project;     /* NULL is "default" */
    const char *profiles;    /* what they say, or a digest of it */
} ct_origin;

/* The layers of a job, which is one that ct_job_copy() made: the first is the image
 * alone, then comes one for the end of each hook, up to the first step that
 * ct_step_always(): a layer ends right before that one when steps of its hook precede
 * it. A layer's key and inputs go on from those of the layer before. Reads the files
 * that steps upload: what fails names the hook and the step. wait may be NULL. The
 * layers are in the arena. */
CT_CHECK int ct_layers_compute(ct_arena *arena, const ct_job *job,
                               const ct_origin *origin, ct_layer **layers, size_t *count,
                               const ct_wait *wait, ct_error *error);
/* The label of the first of `inputs` (see ct_layer) that `other` does not have, or has
 * differently, or has in another place in the row: in the arena. NULL: other has them
 * all. */
const char *ct_inputs_missing(ct_arena *arena, const char *inputs, const char *other);

/* ---- key_step.c -------------------------------------------------------------------- */

/* true for a step whose work is in no base: one that says so, one that uploads to
 * where a clone leaves nothing, and a download, which does its work here. */
bool ct_step_always(const ct_step *step);
/* The digest of all that decides what a step leaves in the instance. wait may be NULL. */
CT_CHECK int ct_step_digest(const ct_step *step, char hex[CT_DIGEST_SIZE],
                            const ct_wait *wait, ct_error *error);

/* ---- build.c ----------------------------------------------------------------------- */

#define CT_BASE_LABEL_MAX 512 /* bytes, with the NUL */

/* Whose base is wanted, and what it is made from. Borrowed. */
typedef struct ct_base_order {
    const ct_job_context *context;
    void *session;
    const ct_job *job;       /* its start hooks make it */
    const char *source;      /* what the image resolved to */
    const ct_origin *origin; /* what the layers were computed from, besides the job */
    const ct_layer *layers;  /* of the job; see base_key.h */
    const char *reason;      /* why it is built */
} ct_base_order;

/* The names under which the base of this key is looked for. The key is borrowed. */
void ct_base_look_init(ct_base_look *look, const char *key);

/* What a base is, in words: "debian-bookworm-amd64 + tabulate", with the hooks that
 * the first so many steps are of. */
void ct_base_label(const ct_job *job, size_t steps, char label[CT_BASE_LABEL_MAX]);

/* Sees to it that the base of a layer is there: looks for it, waits for whoever builds
 * it, or builds it, on top of the layer's before. *built: it was this call that did.
 * CT_E_STEP: a hook's step failed, and output has the end of what it wrote. */
CT_CHECK int ct_base_ensure(const ct_base_order *order, size_t layer, bool *built,
                            ct_buf *output, ct_error *error);

#endif
