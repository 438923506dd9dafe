/* SPDX-License-Identifier: MIT
 *
 * settings.c - the settings of the caller, read and checked.
 */
#include "run/run_private.h"

static int check(const ct_settings *settings, ct_error *error) {
    if (!(settings->timeout >= 0))
        return ct_fail(error, CT_E_ARGUMENT, "timeout %g is negative", settings->timeout);
    if (!settings->client_cert != !settings->client_key)
        return ct_fail(error, CT_E_ARGUMENT,
                       "client_cert and client_key go together: one is missing");
    const char *project = settings->project;
    if (project && !ct_name_fits_path(project))
        return ct_fail(error, CT_E_ARGUMENT, "\"%s\" can't be a project's name", project);
    if (!(settings->base_age >= 0))
        return ct_fail(error, CT_E_ARGUMENT, "base_age %g is negative",
                       settings->base_age);
    return CT_OK;
}

int ct_settings_read(ct_settings *to, const ct_settings *from, ct_error *error) {
    static const ct_sized type = {"ct_settings", "CT_SETTINGS_INIT", sizeof *to};
    *to = (ct_settings) CT_SETTINGS_INIT;
    int code = from ? ct_sized_read(to, from, &type, error) : CT_OK;
    return code < 0 ? code : check(to, error);
}

ct_base_limits ct_settings_limits(const ct_settings *settings) {
    return (ct_base_limits){.age = settings->base_age,
                            .count = settings->base_count,
                            .size = settings->base_size};
}
