/* SPDX-License-Identifier: MIT
 *
 * prepared_private.h - what the room's files offer one another: keys, labels, building.
 */
#ifndef CT_PREPARED_PRIVATE_H
#define CT_PREPARED_PRIVATE_H

#include "prepared/prepared.h"

/* ---- key.c ------------------------------------------------------------------------- */

/* What a base is made from, up to some step of the start hooks. */
typedef struct ct_layer {
    char key[CT_DIGEST_SIZE];
    size_t steps; /* how many of the start hooks' steps are in it, counted through all */
    /* All inputs as lines "LABEL\tDIGEST\n", with the first 16 digits of each digest:
     * "image", "instance", "guest", "project", "profiles", "ready", "environment", "hook
     * NAME, step 2 (apt)" ... They are there for people: the key alone tells what is the
     * same. In the arena. */
    const char *inputs;
} ct_layer;

/* The layers of a job, from the bottom up. */
typedef struct ct_layers {
    ct_layer *list; /* in the arena */
    size_t count;
} ct_layers;

/* What a job's instance is made from besides what the job says. Strings may be NULL. */
typedef struct ct_origin {
    const char *fingerprint; /* the image's */
    const char *guest;       /* a digest of the guest program */
    const char *project;     /* NULL is "default" */
    const char *profiles;    /* what they say, or a digest of it */
} ct_origin;

/* Computes the layers of a job that ct_job_copy() made. The first layer is the image
 * alone. Then there is one for the end of each hook, up to the first step that is always
 * done (see ct_step_always()); steps of its hook that precede it have a layer, too. A
 * layer's key and inputs continue those of the layer below. Reads the files that steps
 * upload: a failure names the hook and the step. wait may be NULL. */
CT_CHECK int ct_layers_compute(ct_layers *layers, ct_arena *arena, const ct_job *job,
                               const ct_origin *origin, const ct_wait *wait,
                               ct_error *error);
/* The label of the first of `inputs` (see ct_layer) that is not in `other`, or not with
 * the same digest, or not in the same order. It is in the arena. NULL: all are in
 * other. */
const char *ct_inputs_missing(ct_arena *arena, const char *inputs, const char *other);

/* ---- key_step.c -------------------------------------------------------------------- */

/* true for a step that is done in every instance, and whose work is in no base: one that
 * says so, an upload to where clones have nothing of their base, and a download. */
bool ct_step_always(const ct_step *step);
/* The digest of all that decides what a step leaves in the instance. wait may be NULL. */
CT_CHECK int ct_step_digest(const ct_step *step, char hex[CT_DIGEST_SIZE],
                            const ct_wait *wait, ct_error *error);

/* ---- label.c ----------------------------------------------------------------------- */

#define CT_BASE_LABEL_MAX 512 /* bytes, with the NUL */

/* Writes what a base is, in words: "debian-bookworm-amd64 + tabulate". It names the hooks
 * that the first `steps` steps belong to. */
void ct_base_label(const ct_job *job, size_t steps, char label[CT_BASE_LABEL_MAX]);

/* ---- build.c ----------------------------------------------------------------------- */

/* Whose base is wanted, and what it is made from. Borrowed. */
typedef struct ct_base_order {
    const ct_job_context *context;
    ct_session *session;
    const ct_job *job;       /* its start hooks make the base */
    const char *source;      /* what the job's image resolved to */
    const ct_origin *origin; /* what the layers were computed from besides the job */
    const ct_layer *layers;  /* the job's */
    const char *reason;      /* why the base is built */
} ct_base_order;

/* Sees to it that the base of a layer exists: looks for it, waits for whoever builds it,
 * or builds it on top of the layer below. *built: this call has built it. CT_E_STEP: a
 * hook's step failed, and output has the end of what it wrote. */
CT_CHECK int ct_base_ensure(const ct_base_order *order, size_t layer, bool *built,
                            ct_buf *output, ct_error *error);

#endif
