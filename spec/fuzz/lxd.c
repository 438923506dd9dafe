/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for what LXD answers: images, leases, bases, operations, profiles and pools.
 * Each answer is a byte, which says the HTTP status, and what follows up to a NUL. When
 * the input is used up, nobody answers any more, so everything ends.
 */
#include <stdlib.h>
#include <string.h>

#include "lxd/lxd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the linker puts in place of the engine's; see run. */
int __wrap_ct_http_open(const ct_endpoint *endpoint, ct_http **http, ct_error *error);
void __wrap_ct_http_close(ct_http *http);
int __wrap_ct_http_send(ct_http *http, const ct_http_request *request, ct_buf *answer,
                        const ct_wait *wait, ct_error *error);

static const char *at;
static size_t left;

static const char greeting[] =
    "{\"metadata\":{\"auth\":\"trusted\",\"environment\":{\"server\":\"lxd\","
    "\"server_version\":\"5.0.2\"}}}";

int __wrap_ct_http_open(const ct_endpoint *endpoint, ct_http **http, ct_error *error) {
    (void) endpoint;
    (void) error;
    *http = malloc(1);
    return CT_OK;
}

void __wrap_ct_http_close(ct_http *http) {
    free(http);
}

int __wrap_ct_http_send(ct_http *http, const ct_http_request *request, ct_buf *answer,
                        const ct_wait *wait, ct_error *error) {
    static const int statuses[] = {200, 202, 400, 404, 500, 503};
    (void) http;
    (void) wait;
    if (strcmp(request->path, "/1.0") == 0)
        return ct_buf_add(answer, greeting, sizeof greeting - 1) == CT_OK ? 200 : -1;
    if (left == 0)
        return ct_fail(error, CT_E_CONNECT, "nobody answers");
    int status = statuses[(unsigned char) *at % CT_COUNT(statuses)];
    at++;
    left--;
    size_t length = strnlen(at, left);
    if (ct_buf_add(answer, at, length) < 0)
        abort();
    at += length < left ? length + 1 : length;
    left -= length < left ? length + 1 : length;
    return status;
}

static int on_lease(void *context, const char *instance, const ct_lease *lease) {
    size_t *count = context;
    *count += strlen(instance) + strlen(lease->run) + strlen(lease->host) +
              (size_t) ct_lease_dead(lease);
    return CT_OK;
}

static void on_base(void *context, const ct_base *base) {
    size_t *count = context;
    *count += strlen(base->key) + strlen(base->instance);
}

static int ask(ct_session *session, void *context, const ct_wait *wait,
               ct_error *ignored) {
    const ct_instance_calls *instances = session->provider->instances;
    const ct_base_calls *bases = session->provider->bases;
    (void) context, (void) ignored;
    ct_error error = {0};
    size_t count = 0;
    char *source = NULL;
    ct_buf profiles;
    ct_base_place place;
    ct_base_place_init(&place, "0123456789012345678901234567890123456789");
    ct_buf_init(&profiles, CT_MIB);
    int code = instances->visit(session, on_lease, &count, wait, &error);
    if (code < 0 && error.code != code)
        abort();
    bases->visit(session, on_base, &count, wait, &error);
    if (instances->resolve(session, "image", &source, wait, &error) == CT_OK && !source)
        abort();
    free(source);
    source = NULL;
    (void) instances->find_pulled(session, "{\"alias\":\"a\",\"server\":\"s\"}", NULL,
                                  &source, wait, &error);
    free(source);
    (void) bases->find(session, &place, wait, &error);
    (void) instances->check_running(session, "instance", wait, &error);
    (void) instances->why_unreachable(session, "instance", wait);
    (void) bases->clones_cheaply(session, "{\"profiles\":[\"a\",\"b\"]}", &profiles, wait,
                                 &error);
    (void) instances->start(session, "instance", wait, &error);
    (void) instances->await_creations(session, "run", wait, &error);
    ct_buf_fini(&profiles);
    return CT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ct_settings settings = {.endpoint = "https://fuzz"};
    at = (const char *) data;
    left = size;
    ct_provider *provider;
    if (ct_lxd_open(&settings, &provider, NULL) < 0)
        abort();
    ct_wait wait = ct_wait_for(10, -1);
    int ignored = ct_with_session(provider, ask, NULL, &wait, NULL);
    (void) ignored;
    provider->type->close(provider);
    return 0;
}
