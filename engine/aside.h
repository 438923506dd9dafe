/* SPDX-License-Identifier: MIT
 *
 * aside.h - work that is done aside, so that the thread which waits for it hears signals.
 */
#ifndef CT_ASIDE_H
#define CT_ASIDE_H

#include "engine.h"

typedef struct ct_aside ct_aside;

/* What is done; returns CT_OK or more, or a negative code with the error filled. */
typedef int ct_aside_work(void *context, ct_error *error);

/* The context is borrowed until ct_aside_close(). */
CT_CHECK int ct_aside_start(ct_aside_work *work, void *context, ct_aside **out,
                            ct_error *error);
/* Waits for its end, and returns what it returned, with its error. CT_E_INTERRUPTED: a
 * signal was caught by this thread; the work goes on, and may be waited for again. */
CT_CHECK int ct_aside_wait(ct_aside *aside, ct_error *error);
/* Waits for its end whatever signals there are, and frees. To end it early is the
 * context's business. NULL is fine. */
void ct_aside_close(ct_aside *aside);

#endif
