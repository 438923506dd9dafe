/* SPDX-License-Identifier: MIT
 *
 * build.c - building bases. The name under which one is built is the lock, which LXD
 * holds. The instance carries its builder's lease until it is published, so what a dead
 * one has half built is deleted like anything else of its run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prepared/prepared_private.h"

#define TRIES 5 /* at a base that others spoil or delete meanwhile */

/* One base while it is built. */
struct building {
    const ct_base_order *order;
    size_t layer;
    ct_base_look look; /* its names */
    ct_lease lease;    /* of the instance that it is built in, and of no other */
    ct_guest guest;
    ct_wait wait;     /* for all of it */
    const char *ours; /* see give_up() */
};

static const ct_provider_type *provider_of(const struct building *building) {
    return building->order->context->provider->type;
}

/* For one thing that the provider does. */
static ct_wait operation(const struct building *building) {
    return ct_wait_within(&building->wait, building->order->context->provider->timeout);
}

static int create(struct building *building, ct_error *error) {
    const ct_base_order *order = building->order;
    char idle[128];
    ct_base_look parent;
    bool bottom = building->layer == 0;
    ct_guest_idle(building->guest.directory, idle, sizeof idle);
    if (!bottom)
        ct_base_look_init(&parent, order->layers[building->layer - 1].key);
    ct_instance_spec spec = {.name = building->look.build,
                             .source = order->source,
                             .json = order->job->instance_json,
                             .clone_of = bottom ? NULL : parent.base,
                             .base_key = order->layers[building->layer].key,
                             .idle = bottom ? idle : NULL,
                             .lease = &building->lease};
    /* seen to its end even when cancelled: only that tells whether there is one of
     * ours */
    ct_wait wait = operation(building);
    wait.cancel = -1;
    return provider_of(building)->create(order->session, &spec, &wait, error);
}

static int start(struct building *building, ct_error *error) {
    ct_wait wait = operation(building);
    return provider_of(building)->start(building->order->session, building->look.build,
                                        &wait, error);
}

static int stop(struct building *building, bool force, ct_error *error) {
    ct_wait wait = operation(building);
    return provider_of(building)->stop(building->order->session, building->look.build,
                                       force, &wait, error);
}

/* The image alone: LXD shifts its files to the instance's user ids when it is started
 * for the first time, and nothing of its own has ever run in it. */
static int start_once(struct building *building, ct_error *error) {
    ct_wait wait = operation(building);
    int code = ct_guest_install(&building->guest, &wait, error);
    if (code == CT_OK)
        code = start(building, error);
    return code < 0 ? code : stop(building, true, error);
}

static int run_steps(struct building *building, ct_buf *output, ct_error *error) {
    const ct_base_order *order = building->order;
    ct_step_range range = {.from = order->layers[building->layer - 1].steps,
                           .to = order->layers[building->layer].steps};
    building->guest.ready = ct_job_ready(order->job, range);
    building->guest.ready_timeout = order->job->ready_timeout;
    int code = start(building, error);
    if (code == CT_OK)
        code = ct_hooks_run(&building->guest, order->job->start_hooks,
                            order->job->start_hook_count, range, order->job->env, output,
                            &building->wait, error);
    /* what the steps have installed may want to end in good order */
    return code < 0 ? code : stop(building, false, error);
}

/* With nothing of the instance's own running, which would write again what is taken
 * away. */
static int seal(struct building *building, uint64_t *size, ct_error *error) {
    char idle[128];
    ct_guest_idle(building->guest.directory, idle, sizeof idle);
    ct_wait wait = operation(building);
    int code = provider_of(building)->set_init(building->order->session,
                                               building->look.build, idle, &wait, error);
    if (code == CT_OK)
        code = start(building, error);
    building->guest.ready = CT_READY_EXEC;
    if (code == CT_OK)
        code = ct_guest_seal(&building->guest, size, &building->wait, error);
    return code < 0 ? code : stop(building, true, error);
}

/* What was uploaded is what the key says only if it did not change meanwhile. */
static int check_key(const struct building *building, ct_error *error) {
    const ct_base_order *order = building->order;
    ct_arena arena;
    ct_layer *layers;
    size_t count;
    ct_arena_init(&arena);
    int code = ct_layers_compute(&arena, order->job, order->origin, &layers, &count,
                                 &building->wait, error);
    if (code == CT_OK &&
        (count <= building->layer ||
         strcmp(layers[building->layer].key, order->layers[building->layer].key) != 0))
        code = ct_fail(error, CT_E_OPERATION,
                       "a file that is uploaded has changed since it was looked at");
    ct_arena_fini(&arena);
    return code;
}

static int publish(struct building *building, uint64_t size, ct_error *error) {
    const ct_base_order *order = building->order;
    const ct_layer *layer = &order->layers[building->layer];
    char label[CT_BASE_LABEL_MAX];
    ct_base_label(order->job, layer->steps, label);
    ct_base base = {.instance = building->look.base,
                    .key = layer->key,
                    .label = label,
                    .inputs = layer->inputs,
                    .reason = order->reason,
                    .size = size};
    ct_wait wait = operation(building);
    return provider_of(building)->publish_base(order->session, &building->look, &base,
                                               &building->lease, &wait, error);
}

static int look_for_ours(void *context, const char *instance, const ct_lease *lease) {
    struct building *building = context;
    const ct_base_look *look = &building->look;
    if (!ct_lease_same(lease, &building->lease))
        return CT_OK;
    if (strcmp(instance, look->build) == 0)
        building->ours = look->build;
    if (strcmp(instance, look->base) == 0) /* it had its name already */
        building->ours = look->base;
    return CT_OK;
}

/* Deletes what this build has made, however far it came: the instance with its lease,
 * whatever name that has by now. Not cancelled, since it is clean-up, and bounded by the
 * provider's timeout. What can't be deleted now is the run's to delete when it is closed,
 * or its reaper's. CT_OK, or CT_E_NOT_FOUND: it has none. Else it is left behind, or
 * nobody can say. */
static int take_away(struct building *building, ct_error *error) {
    const ct_job_context *context = building->order->context;
    const ct_provider_type *provider = provider_of(building);
    void *session = building->order->session;
    ct_wait wait = ct_wait_for(context->provider->timeout, -1);
    building->ours = NULL;
    /* one whose creation was not answered may come to be at any time */
    int code = provider->settle_instance(session, building->look.build, &wait, error);
    if (code >= 0)
        code = provider->visit(session, look_for_ours, building, &wait, error);
    if (code >= 0 && !building->ours)
        return CT_E_NOT_FOUND;
    if (code >= 0)
        code = provider->destroy(session, building->ours, &wait, error);
    if (code < 0)
        ct_leftovers_add(context->provider->leftovers, &building->lease);
    return code;
}

/* The build has failed. CT_E_CONFLICT: not for a reason of its own. Somebody has deleted
 * its instance, and the name may be another's by now. */
static int give_up(struct building *building, int code, ct_error *error) {
    ct_error failure = {0};
    int gone = take_away(building, &failure);
    if (gone == CT_E_NOT_FOUND)
        return code == CT_E_CANCELLED ? code : CT_E_CONFLICT;
    if (gone < 0)
        ct_fail_in(error, code, "%s is left behind (%s)", building->look.build,
                   failure.message);
    return code;
}

/* Another's base, complete or not, is what a creation fails for. Asked only when it has
 * made none of its own: a builder that took its own instance for another's would wait for
 * itself. */
static bool somebody_else_does(const struct building *building) {
    ct_base_look look = building->look;
    ct_wait wait = operation(building);
    int code =
        provider_of(building)->find_base(building->order->session, &look, &wait, NULL);
    return code == CT_OK && look.state != CT_BASE_ABSENT;
}

/* There may be an instance all the same. */
static int fail_create(struct building *building, int code, ct_error *error) {
    ct_error failure = {0};
    int gone = code == CT_E_CONFLICT ? CT_E_NOT_FOUND : take_away(building, &failure);
    if (gone == CT_E_NOT_FOUND)
        return somebody_else_does(building) ? CT_E_CONFLICT : code;
    if (gone < 0)
        ct_fail_in(error, code, "%s may be left behind (%s)", building->look.build,
                   failure.message);
    return code;
}

/* CT_E_CONFLICT: somebody else has begun to build it, or has deleted it meanwhile. */
static int build(const ct_base_order *order, size_t layer, ct_buf *output,
                 ct_error *error) {
    const ct_job_context *context = order->context;
    struct building building = {.order = order, .layer = layer};
    ct_base_look_init(&building.look, order->layers[layer].key);
    building.wait = ct_wait_for(ct_job_longest(order->job, context->provider->timeout),
                                context->cancel);
    building.guest = (ct_guest){.provider = context->provider->type,
                                .session = order->session,
                                .instance = building.look.build,
                                .directory = CT_GUEST_DIRECTORY,
                                .ready = CT_READY_EXEC};
    ct_lease_init(&building.lease, context->run_id, ct_wait_left(&building.wait));
    uint64_t size = 0;
    int code = create(&building, error);
    if (code < 0)
        return fail_create(&building, code, error);
    code =
        layer == 0 ? start_once(&building, error) : run_steps(&building, output, error);
    if (code == CT_OK && layer > 0)
        code = seal(&building, &size, error);
    if (code == CT_OK && layer > 0)
        code = check_key(&building, error);
    if (code == CT_OK)
        code = publish(&building, size, error);
    return code < 0 ? give_up(&building, code, error) : code;
}

static int discard(const ct_base_order *order, const char *name, ct_error *error) {
    ct_provider *provider = order->context->provider;
    ct_wait wait = ct_wait_for(provider->timeout, order->context->cancel);
    return provider->type->destroy(order->session, name, &wait, error);
}

/* One look, and what follows from it. 1: look again. */
static int advance(const ct_base_order *order, size_t layer, bool *built, ct_buf *output,
                   ct_error *error) {
    const ct_provider_type *provider = order->context->provider->type;
    ct_base_look look;
    ct_base_look_init(&look, order->layers[layer].key);
    ct_wait wait =
        ct_wait_for(ct_job_longest(order->job, order->context->provider->timeout),
                    order->context->cancel);
    int code = provider->find_base(order->session, &look, &wait, error);
    if (code == CT_OK &&
        (look.state == CT_BASE_BUILDING || look.state == CT_BASE_SPOILED))
        code = provider->await_base(order->session, &look, &wait, error);
    if (code < 0 || look.state == CT_BASE_READY)
        return code;
    if (look.state == CT_BASE_SPOILED) {
        code = discard(order, look.instance, error);
        return code < 0 ? code : 1;
    }
    bool parent_built;
    if (layer > 0)
        code = ct_base_ensure(order, layer - 1, &parent_built, output, error);
    if (code == CT_OK)
        code = build(order, layer, output, error);
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
