/* SPDX-License-Identifier: MIT
 *
 * build.c - builds bases. The name under which a base is built is the lock, and LXD holds
 * it. The instance carries its builder's lease until it is published, so that what a dead
 * builder has half built is deleted like anything else of its run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prepared/prepared_private.h"

#define TRIES 5 /* while others spoil or delete the base again */

/* One base while it is built. */
struct building {
    const ct_base_order *order;
    size_t layer;
    ct_base_place place; /* its names */
    ct_lease lease;      /* of the instance that it is built in, and of no other */
    ct_guest guest;
    ct_wait wait; /* for the whole build */
    const char
        *ours; /* what the instance with the lease is called; see look_for_ours() */
};

static const ct_instance_calls *calls_of(const struct building *building) {
    return building->order->session->provider->instances;
}

/* A wait for one thing that the provider does. */
static ct_wait wait_once(const struct building *building) {
    return ct_wait_within(&building->wait, building->order->session->provider->timeout);
}

/* Is seen to its end even when cancelled: only that tells whether an instance was
 * made. */
static int create_build(struct building *building, ct_error *error) {
    const ct_base_order *order = building->order;
    char idle[128];
    ct_base_place parent;
    bool bottom = building->layer == 0;
    ct_guest_idle(building->guest.directory, idle, sizeof idle);
    if (!bottom)
        ct_base_place_init(&parent, order->layers[building->layer - 1].key);
    ct_instance_spec spec = {.name = building->place.build,
                             .source = order->source,
                             .json = order->job->instance_json,
                             .clone_of = bottom ? NULL : parent.base,
                             .base_key = order->layers[building->layer].key,
                             .idle = bottom ? idle : NULL,
                             .lease = &building->lease};
    ct_wait wait = wait_once(building);
    wait.cancel = -1;
    return calls_of(building)->create(order->session, &spec, &wait, error);
}

static int start_build(struct building *building, ct_error *error) {
    ct_wait wait = wait_once(building);
    return calls_of(building)->start(building->order->session, building->place.build,
                                     &wait, error);
}

static int stop_build(struct building *building, bool force, ct_error *error) {
    ct_wait wait = wait_once(building);
    return calls_of(building)->stop(building->order->session, building->place.build,
                                    force, &wait, error);
}

/* The bottom layer is the image alone, in which nothing of its own has ever run. But it
 * is started once: LXD shifts the files to the instance's user ids then, for all
 * clones. */
static int start_once(struct building *building, ct_error *error) {
    ct_wait wait = wait_once(building);
    int code = ct_guest_install(&building->guest, &wait, error);
    if (code == CT_OK)
        code = start_build(building, error);
    return code < 0 ? code : stop_build(building, true, error);
}

static int run_steps(struct building *building, ct_buf *output, ct_error *error) {
    const ct_base_order *order = building->order;
    ct_step_range range = {.from = order->layers[building->layer - 1].steps,
                           .to = order->layers[building->layer].steps};
    building->guest.ready = ct_job_ready(order->job, range);
    building->guest.ready_timeout = order->job->ready_timeout;
    int code = start_build(building, error);
    ct_hook_steps steps = {.hooks = order->job->start_hooks,
                           .count = order->job->start_hook_count,
                           .range = range,
                           .env = order->job->env};
    if (code == CT_OK)
        code = ct_hooks_run(&building->guest, &steps, output, &building->wait, error);
    /* not by force: what the steps have installed may want to end in good order */
    return code < 0 ? code : stop_build(building, false, error);
}

/* Strips the instance of its identity; see guest/seal.c. Its own init does not run for
 * that: it would write again what is taken away. */
static int seal_build(struct building *building, uint64_t *size, ct_error *error) {
    char idle[128];
    ct_guest_idle(building->guest.directory, idle, sizeof idle);
    ct_wait wait = wait_once(building);
    int code = calls_of(building)->set_init(building->order->session,
                                            building->place.build, idle, &wait, error);
    if (code == CT_OK)
        code = start_build(building, error);
    building->guest.ready = CT_READY_EXEC;
    if (code == CT_OK)
        code = ct_guest_seal(&building->guest, size, &building->wait, error);
    return code < 0 ? code : stop_build(building, true, error);
}

/* Computes the key again: a file that was uploaded may have changed meanwhile, and then
 * the base is not what its key says. */
static int check_key(const struct building *building, ct_error *error) {
    const ct_base_order *order = building->order;
    ct_arena arena;
    ct_layers layers;
    ct_arena_init(&arena);
    int code = ct_layers_compute(&layers, &arena, order->job, order->origin,
                                 &building->wait, error);
    if (code == CT_OK && (layers.count <= building->layer ||
                          strcmp(layers.list[building->layer].key,
                                 order->layers[building->layer].key) != 0))
        code = ct_fail(error, CT_E_OPERATION,
                       "a file that is uploaded has changed since it was looked at");
    ct_arena_fini(&arena);
    return code;
}

static int publish_build(struct building *building, uint64_t size, ct_error *error) {
    const ct_base_order *order = building->order;
    const ct_layer *layer = &order->layers[building->layer];
    char label[CT_BASE_LABEL_MAX];
    ct_base_label(order->job, layer->steps, label);
    ct_base base = {.instance = building->place.base,
                    .key = layer->key,
                    .label = label,
                    .inputs = layer->inputs,
                    .reason = order->reason,
                    .size = size};
    ct_wait wait = wait_once(building);
    return order->session->provider->bases->publish(
        order->session, &building->place, &base, &building->lease, &wait, error);
}

/* Finds the instance with the build's lease, under either name: it may have been renamed
 * before the build failed. */
static int look_for_ours(void *context, const char *instance, const ct_lease *lease) {
    struct building *building = context;
    const ct_base_place *place = &building->place;
    if (!ct_lease_same(lease, &building->lease))
        return CT_OK;
    if (strcmp(instance, place->build) == 0)
        building->ours = place->build;
    if (strcmp(instance, place->base) == 0)
        building->ours = place->base;
    return CT_OK;
}

/* Deletes what this build has made, however far it came. This is clean-up, so it is not
 * cancelled; the provider's timeout bounds it. What can't be deleted now is left to the
 * end of the run, or to its reaper. CT_E_NOT_FOUND: the build has no instance. Any other
 * failure: an instance is left behind, or nobody can say. */
static int take_away(struct building *building, ct_error *error) {
    ct_session *session = building->order->session;
    const ct_instance_calls *calls = calls_of(building);
    ct_wait wait = ct_wait_for(session->provider->timeout, -1);
    building->ours = NULL;
    /* an instance whose creation was not answered may come to be at any time */
    int code = calls->await_creation(session, building->place.build, &wait, error);
    if (code >= 0)
        code = calls->visit(session, look_for_ours, building, &wait, error);
    if (code >= 0 && !building->ours)
        return CT_E_NOT_FOUND;
    if (code >= 0)
        code = calls->destroy(session, building->ours, &wait, error);
    if (code < 0)
        ct_leftovers_add(session->provider->leftovers, &building->lease);
    return code;
}

/* Cleans up after a build that has failed, and returns why it has. CT_E_CONFLICT: for no
 * reason of its own. Somebody has deleted its instance, and the name may be another's by
 * now. */
static int give_up_build(struct building *building, int code, ct_error *error) {
    ct_error failure = {0};
    int gone = take_away(building, &failure);
    if (gone == CT_E_NOT_FOUND)
        return code == CT_E_CANCELLED ? code : CT_E_CONFLICT;
    if (gone < 0)
        ct_fail_in(error, code, "%s is left behind (%s)", building->place.build,
                   failure.message);
    return code;
}

/* true when somebody else's base, complete or not, is why a creation has failed. To be
 * asked only when the creation has made no instance: a builder that took its own instance
 * for somebody else's would wait for itself. */
static bool somebody_else_does(const struct building *building) {
    ct_base_place place = building->place;
    ct_session *session = building->order->session;
    ct_wait wait = wait_once(building);
    int code = session->provider->bases->find(session, &place, &wait, NULL);
    return code == CT_OK && place.state != CT_BASE_ABSENT;
}

/* A creation has failed, but there may be an instance all the same. */
static int fail_create(struct building *building, int code, ct_error *error) {
    ct_error failure = {0};
    int gone = code == CT_E_CONFLICT ? CT_E_NOT_FOUND : take_away(building, &failure);
    if (gone == CT_E_NOT_FOUND)
        return somebody_else_does(building) ? CT_E_CONFLICT : code;
    if (gone < 0)
        ct_fail_in(error, code, "%s may be left behind (%s)", building->place.build,
                   failure.message);
    return code;
}

/* CT_E_CONFLICT: somebody else has begun to build it, or has deleted it meanwhile. */
static int build_base(const ct_base_order *order, size_t layer, ct_buf *output,
                      ct_error *error) {
    const ct_job_context *context = order->context;
    struct building building = {.order = order, .layer = layer};
    ct_base_place_init(&building.place, order->layers[layer].key);
    building.wait = ct_wait_for(ct_job_longest(order->job, context->provider->timeout),
                                context->cancel);
    building.guest = (ct_guest){.session = order->session,
                                .instance = building.place.build,
                                .directory = CT_GUEST_DIRECTORY,
                                .ready = CT_READY_EXEC};
    ct_lease_init(&building.lease, context->run_id, ct_wait_left(&building.wait));
    uint64_t size = 0;
    int code = create_build(&building, error);
    if (code < 0)
        return fail_create(&building, code, error);
    code =
        layer == 0 ? start_once(&building, error) : run_steps(&building, output, error);
    if (code == CT_OK && layer > 0)
        code = seal_build(&building, &size, error);
    if (code == CT_OK && layer > 0)
        code = check_key(&building, error);
    if (code == CT_OK)
        code = publish_build(&building, size, error);
    return code < 0 ? give_up_build(&building, code, error) : code;
}

static int delete_spoiled(const ct_base_order *order, const char *name, ct_error *error) {
    ct_provider *provider = order->session->provider;
    ct_wait wait = ct_wait_for(provider->timeout, order->context->cancel);
    return provider->instances->destroy(order->session, name, &wait, error);
}

/* Looks once, and does what follows from that. 1: look again. */
static int advance(const ct_base_order *order, size_t layer, bool *built, ct_buf *output,
                   ct_error *error) {
    const ct_provider *provider = order->session->provider;
    ct_base_place place;
    ct_base_place_init(&place, order->layers[layer].key);
    ct_wait wait = ct_wait_for(ct_job_longest(order->job, provider->timeout),
                               order->context->cancel);
    int code = provider->bases->find(order->session, &place, &wait, error);
    if (code == CT_OK &&
        (place.state == CT_BASE_BUILDING || place.state == CT_BASE_SPOILED))
        code = provider->bases->await(order->session, &place, &wait, error);
    if (code < 0 || place.state == CT_BASE_READY)
        return code;
    if (place.state == CT_BASE_SPOILED) {
        code = delete_spoiled(order, place.instance, error);
        return code < 0 ? code : 1;
    }
    bool parent_built;
    if (layer > 0)
        code = ct_base_ensure(order, layer - 1, &parent_built, output, error);
    if (code == CT_OK)
        code = build_base(order, layer, output, error);
    *built = code == CT_OK;
    return code == CT_E_CONFLICT || code == CT_E_NOT_FOUND ? 1 : code;
}

int ct_base_ensure(const ct_base_order *order, size_t layer, bool *built, ct_buf *output,
                   ct_error *error) {
    int code = 1;
    *built = false;
    for (int i = 0; code == 1 && i < TRIES; i++)
        code = advance(order, layer, built, output, error);
    if (code == 1)
        return ct_fail(error, CT_E_CONFLICT,
                       "the base of %s is taken away again and again", order->job->image);
    return code;
}
