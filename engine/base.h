/* SPDX-License-Identifier: MIT
 *
 * base.h - prepared environments: the state of an instance after its start hooks, or some of
 * them, kept as a stopped instance (a base) that jobs' instances are cloned from.
 */
#ifndef CT_BASE_H
#define CT_BASE_H

#include "base_key.h"
#include "job.h"

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

/* What a base is, in words: "debian-bookworm-amd64 + tabulate", with the hooks that the first so
 * many steps are of. */
void ct_base_label(const ct_job *job, size_t steps, char label[CT_BASE_LABEL_MAX]);

/* Sees to it that the base of a layer is there: looks for it, waits for whoever builds it, or
 * builds it, on top of the layer's before. *built: it was this call that did. CT_E_STEP: a
 * hook's step failed, and output has the end of what it wrote. */
CT_CHECK int ct_base_ensure(const ct_base_order *order, size_t layer, bool *built,
                            ct_buf *output, ct_error *error);

#endif
