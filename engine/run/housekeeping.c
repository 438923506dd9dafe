/* SPDX-License-Identifier: MIT
 *
 * housekeeping.c - what the public API does about other runs: deletes what dead ones have
 * left, lists and prunes bases. No job runs, so no run is opened.
 */
#include "run/run_private.h"

static int connect(const ct_settings *given, ct_settings *settings, ct_provider **out,
                   ct_error *error) {
    int code = ct_settings_read(settings, given, error);
    return code < 0 ? code : ct_run_connect(settings, out, error);
}

int ct_bases_visit(const ct_settings *given, ct_base_visitor *visitor, void *context,
                   ct_error *error) {
    if (!visitor)
        return ct_fail(error, CT_E_ARGUMENT, "the visitor is NULL");
    ct_settings settings;
    ct_provider *provider;
    int code = connect(given, &settings, &provider, error);
    if (code < 0)
        return code;
    ct_base_list list;
    ct_wait wait = ct_wait_for(provider->timeout, -1);
    code = ct_base_list_read(&list, provider, &wait, error);
    for (size_t i = 0; code == CT_OK && i < list.count; i++)
        visitor(context, &list.bases[i]);
    ct_base_list_fini(&list);
    ct_run_disconnect(provider);
    return code;
}

int ct_bases_prune(const ct_settings *given, bool all, ct_cleaned *cleaned, void *context,
                   ct_error *error) {
    ct_settings settings;
    ct_provider *provider;
    int code = connect(given, &settings, &provider, error);
    if (code < 0)
        return code;
    ct_base_limits limits = ct_settings_limits(&settings);
    ct_cleaned_sink sink = {.cleaned = cleaned, .context = context};
    code = ct_base_prune(provider, all ? NULL : &limits, -1, &sink, error);
    ct_run_disconnect(provider);
    return code;
}

static bool dead(const void *context, const char *instance, const ct_lease *lease) {
    (void) context, (void) instance;
    return ct_lease_dead(lease);
}

int ct_instances_clean(const ct_settings *given, ct_cleaned *cleaned, void *context,
                       ct_error *error) {
    ct_settings settings;
    ct_provider *provider;
    int code = connect(given, &settings, &provider, error);
    if (code < 0)
        return code;
    ct_cleaned_sink sink = {.cleaned = cleaned, .context = context};
    code = ct_sweep(provider, dead, NULL, &sink, error);
    ct_run_disconnect(provider);
    return code;
}
