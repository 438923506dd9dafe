/* SPDX-License-Identifier: MIT
 *
 * lxd.h - the provider contract over the REST API of LXD and Incus.
 */
#ifndef CT_LXD_H
#define CT_LXD_H

#include "provider/provider.h"

/* Finds and probes LXD (or Incus). See ct_run_open() for the errors. */
CT_CHECK int ct_lxd_open(const ct_settings *settings, ct_provider **provider,
                         ct_error *error);

#endif
