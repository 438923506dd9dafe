/* SPDX-License-Identifier: MIT
 *
 * guest_client.c - the host's side of the talk with the guest: one exec for each request,
 * frames both ways. guest/guest.h describes the protocol, wire/wire.h the frames.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_client/guest_client.h"

#define PROGRAM_PATH_MAX 128   /* bytes of the guest's path in the instance */
#define GRACE            30.0  /* seconds the guest has beyond the request's own time */
#define SEAL_TIME        300.0 /* seconds: it looks at every file */
#define DIAGNOSTICS_MAX  4096  /* bytes of the guest's own stderr */
#define PULL_LIMIT       (UINT64_C(4) << 30) /* bytes one download may write here */

/* One request on its way. */
struct guest_call {
    ct_guest *guest;
    ct_buf request;         /* the request's frame */
    ct_tree_reader *reader; /* what follows it on stdin; NULL: nothing */
    ct_tree_writer *writer; /* where ENTRY, CHUNK and END go; NULL: nowhere */
    ct_outcome *outcome;    /* where the other frames go; NULL: nowhere */
    ct_buf inbox;           /* bytes of a frame that is not whole yet */
    ct_wait wait;           /* for the exec; is shortened to `seconds` by READY */
    double seconds;         /* for what is asked */
    bool ready;             /* READY has come */
    bool last;              /* the last frame has come */
    char answer[32];        /* what END said, as text */
    ct_error failure;       /* of taking what came: it was not the exec that failed */
};

static const ct_instance_calls *calls_of(const ct_guest *guest) {
    return guest->session->provider->instances;
}

/* ---- what comes back ---- */

static int keep_bytes(ct_buf *bytes, const char *data, size_t length, ct_error *error) {
    int code = ct_buf_add(bytes, data, length);
    return code < 0
               ? ct_fail(error, code, "the guest sent too much: %s", ct_error_text(code))
               : code;
}

static int take_value(ct_outcome *outcome, const char *data, size_t length,
                      ct_error *error) {
    const char *at = data;
    if (ct_value_skip(&at, data + length) < 0 || at != data + length)
        return ct_fail(error, CT_E_PROTOCOL, "what the testlet returned is no value");
    ct_buf_clear(&outcome->value);
    return keep_bytes(&outcome->value, data, length, error);
}

static int take_ready(struct guest_call *call, const char *identity, size_t length) {
    ct_guest *guest = call->guest;
    if (!guest->identity[0] && length < sizeof guest->identity)
        memcpy(guest->identity, identity, length); /* its NUL is there */
    if (!call->ready)
        call->wait = ct_wait_within(&call->wait, call->seconds);
    if (!call->ready && call->guest->on_ready) {
        call->guest->on_ready(call->guest->context);
        call->guest->on_ready = NULL;
    }
    call->ready = true;
    guest->booted = guest->booted || guest->ready > CT_READY_EXEC;
    guest->ready = CT_READY_EXEC;
    return CT_OK;
}

static int take_frame(struct guest_call *call, enum ct_frame_type type, const char *data,
                      size_t length, ct_error *error) {
    ct_outcome *outcome = call->outcome;
    int more;
    if (type == CT_FRAME_READY)
        return take_ready(call, data, length);
    if (type == CT_FRAME_FAILED)
        return ct_fail(error, CT_E_GUEST, "%.*s", (int) (length < 900 ? length : 900),
                       data);
    if (type == CT_FRAME_ABSENT && call->writer) {
        call->guest->absent = true;
        return ct_fail(error, CT_E_NOT_FOUND, "%.*s", (int) (length < 900 ? length : 900),
                       data);
    }
    if (type == CT_FRAME_END && !call->writer && !outcome) {
        call->last = true;
        snprintf(call->answer, sizeof call->answer, "%.*s",
                 length < sizeof call->answer ? (int) length : 0, data);
        return CT_OK;
    }
    if (call->writer) {
        more = ct_tree_writer_take(call->writer, type, data, length, error);
        call->last = more == 0;
        return more < 0 ? more : CT_OK;
    }
    if (outcome && type == CT_FRAME_STDOUT)
        return keep_bytes(&outcome->stdout_bytes, data, length, error);
    if (outcome && type == CT_FRAME_STDERR)
        return keep_bytes(&outcome->stderr_bytes, data, length, error);
    if (outcome && type == CT_FRAME_VALUE)
        return take_value(outcome, data, length, error);
    if (outcome && type == CT_FRAME_EXIT) {
        call->last = true;
        return ct_outcome_take_exit(outcome, data, length, error);
    }
    return ct_fail(error, CT_E_PROTOCOL, "unexpected frame '%c' from the guest", type);
}

static int on_output(void *context, const char *bytes, size_t count, ct_error *error) {
    struct guest_call *call = context;
    int code = keep_bytes(&call->inbox, bytes, count, error);
    size_t done = 0;
    while (code == CT_OK && !call->last) {
        enum ct_frame_type type;
        const char *data;
        size_t length;
        int taken = ct_frame_parse(call->inbox.data + done, call->inbox.length - done,
                                   &type, &data, &length);
        if (taken < 0)
            code = ct_fail(error, taken, "what the guest sent is no frame");
        if (taken <= 0)
            break;
        done += (size_t) taken;
        code = take_frame(call, type, data, length, error);
    }
    ct_buf_consume(&call->inbox, done);
    if (code < 0)
        call->failure = *error;
    return code < 0 ? code : !call->last;
}

static int on_input(void *context, ct_buf *out, ct_error *error) {
    struct guest_call *call = context;
    if (call->request.length > 0) {
        int code = ct_buf_add(out, call->request.data, call->request.length);
        ct_buf_fini(&call->request);
        if (code < 0)
            return ct_fail(error, code, "%s", ct_error_text(code));
        return call->reader ? 1 : 0;
    }
    return call->reader ? ct_tree_reader_next(call->reader, out, error) : 0;
}

/* ---- calls ---- */

static void init_call(struct guest_call *call, ct_guest *guest) {
    *call = (struct guest_call){.guest = guest};
    ct_buf_init(&call->request, CT_FRAME_MAX + CT_FRAME_HEADER);
    ct_buf_init(&call->inbox, CT_FRAME_MAX + CT_MIB);
}

static void fini_call(struct guest_call *call) {
    ct_buf_fini(&call->request);
    ct_buf_fini(&call->inbox);
    ct_tree_reader_close(call->reader);
    ct_tree_writer_close(call->writer);
}

/* Asks whether somebody else has ended what the guest ran: then it is no doing of the
 * testlet's. */
static int check_undisturbed(ct_guest *guest, const ct_wait *wait, ct_error *error) {
    int code =
        calls_of(guest)->check_undisturbed(guest->session, guest->instance, wait, error);
    guest->disturbed = guest->lost = code == CT_E_OPERATION;
    return code;
}

/* Something has killed the guest while a testlet ran. That is the testlet's doing, unless
 * the provider goes down and takes its instances with it. */
static int blame_testlet(struct guest_call *call, int signal, const ct_wait *wait,
                         ct_error *error) {
    ct_guest *guest = call->guest;
    int code = calls_of(guest)->check_alive(guest->session, guest->instance, wait, error);
    if (code < 0)
        return ct_fail_in(error, code, "the guest in %s was lost", guest->instance);
    code = check_undisturbed(guest, wait, error);
    if (code < 0)
        return code;
    call->outcome->lost = guest->lost = true;
    call->outcome->exit_code = -1;
    call->outcome->signal = signal;
    return CT_OK;
}

/* The guest ended without its last frame. A signal proves that it was killed. An exit
 * code is the guest's own, and never the testlet's doing. */
static int explain_loss(struct guest_call *call, int exit_code, const ct_buf *diagnostics,
                        const ct_wait *wait, ct_error *error) {
    if (call->ready && call->outcome && exit_code > 128)
        return blame_testlet(call, exit_code - 128, wait, error);
    if (exit_code == CT_GUEST_BROKEN)
        return ct_fail(error, CT_E_CONNECT,
                       "the guest in %s lost its connection and gave up",
                       call->guest->instance);
    return ct_fail(error, CT_E_GUEST, "the guest ended early, with exit code %d%s%s",
                   exit_code, diagnostics->length ? ": " : "",
                   diagnostics->length ? diagnostics->data : "");
}

static void program_path(const ct_guest *guest, char path[PROGRAM_PATH_MAX]) {
    snprintf(path, PROGRAM_PATH_MAX, "%s/%s", guest->directory,
             guest->program ? guest->program : "guest");
}

/* seconds: for what is asked. Waiting until the instance is ready comes on top. */
static int perform_call(struct guest_call *call, double seconds, const ct_wait *outer,
                        ct_error *error) {
    ct_guest *guest = call->guest;
    char path[PROGRAM_PATH_MAX];
    program_path(guest, path);
    const char *const argv[] = {path, NULL};
    ct_buf diagnostics;
    ct_buf_init(&diagnostics, DIAGNOSTICS_MAX);
    double ready = guest->ready == CT_READY_EXEC ? 0 : guest->ready_timeout + GRACE;
    call->seconds = seconds;
    call->wait = ct_wait_within(outer, seconds + ready);
    ct_exec exec = {.argv = argv,
                    .input = on_input,
                    .output = on_output,
                    .context = call,
                    .diagnostics = &diagnostics};
    int exit_code = -1;
    int code = calls_of(guest)->exec(guest->session, guest->instance, &exec, &exit_code,
                                     &call->wait, error);
    if (code < 0 && call->failure.code == code)
        ct_fail(error, code, "%s", call->failure.message);
    if (code == CT_OK && !call->last)
        code = explain_loss(call, exit_code, &diagnostics, &call->wait, error);
    else if (code == CT_OK && call->outcome && call->outcome->signal)
        code = check_undisturbed(guest, &call->wait, error);
    ct_buf_fini(&diagnostics);
    return code;
}

static int make_directory(ct_guest *guest, const ct_wait *wait, ct_error *error) {
    guest->partial = true;
    return calls_of(guest)->make_directory(guest->session, guest->instance,
                                           guest->directory, wait, error);
}

static int push_program(ct_guest *guest, const ct_wait *wait, ct_error *error) {
    char path[PROGRAM_PATH_MAX];
    program_path(guest, path);
    int code = calls_of(guest)->push_program(guest->session, guest->instance, path,
                                             &ct_embedded_guest[0], wait, error);
    guest->partial = code < 0;
    return code;
}

int ct_guest_install(ct_guest *guest, const ct_wait *wait, ct_error *error) {
    int code = make_directory(guest, wait, error);
    return code < 0 ? code : push_program(guest, wait, error);
}

int ct_guest_run(ct_guest *guest, const ct_testlet *testlet,
                 const ct_run_options *options, ct_outcome *outcome, const ct_wait *wait,
                 ct_error *error) {
    struct guest_call call;
    init_call(&call, guest);
    call.outcome = outcome;
    int code = ct_request_run(&call.request, guest, testlet, options, error);
    if (code == CT_OK)
        code = perform_call(&call, options->timeout + GRACE, wait, error);
    fini_call(&call);
    return code;
}

/* Puts the guest into place again, under another name. When its installation was cut
 * short, LXD may still be writing the file, which can't be executed meanwhile. LXD may be
 * making the directory, too, and refuses to make it twice then: whether it exists is seen
 * when something is put into it. */
static int install_again(ct_guest *guest, const ct_wait *wait, ct_error *error) {
    ct_error failure = {0};
    guest->program = "guest-again";
    int code = make_directory(guest, wait, &failure);
    if (code < 0 && code != CT_E_OPERATION)
        return ct_fail(error, code, "%s", failure.message);
    return push_program(guest, wait, error);
}

int ct_guest_remove(ct_guest *guest, const ct_wait *wait, ct_error *error) {
    struct guest_call call;
    init_call(&call, guest);
    /* This may be the guest's first call, and the job's result is given already. */
    guest->ready = CT_READY_EXEC;
    guest->on_ready = NULL;
    int code = guest->partial ? install_again(guest, wait, error) : CT_OK;
    if (code == CT_OK)
        code = ct_request_remove(&call.request, guest, error);
    if (code == CT_OK)
        code = perform_call(&call, GRACE, wait, error);
    fini_call(&call);
    return code;
}

int ct_guest_seal(ct_guest *guest, uint64_t *size, const ct_wait *wait, ct_error *error) {
    struct guest_call call;
    init_call(&call, guest);
    int code = ct_request_seal(&call.request, guest, error);
    if (code == CT_OK)
        code = perform_call(&call, SEAL_TIME, wait, error);
    *size = strtoull(call.answer, NULL, 10);
    fini_call(&call);
    return code;
}

int ct_guest_digest(char hex[CT_DIGEST_SIZE], ct_error *error) {
    ct_digest digest;
    ct_digest_init(&digest);
    ct_digest_field(&digest, ct_embedded_guest[0].data, ct_embedded_guest[0].length);
    return ct_digest_end(&digest, hex, error);
}

void ct_guest_idle(const char *directory, char *command, size_t size) {
    snprintf(command, size, "%s/guest idle", directory);
}

int ct_guest_push(ct_guest *guest, const ct_step *step, const ct_wait *wait,
                  ct_error *error) {
    struct guest_call call;
    init_call(&call, guest);
    if (guest->ready == CT_READY_EXEC && !guest->booted && ct_step_needs_boot(step))
        guest->ready = CT_READY_SYSTEM;
    int code = step->source ? ct_tree_reader_open(step->source, step->directory,
                                                  &call.reader, error)
                            : ct_tree_reader_open_data(step->data, step->data_length,
                                                       &call.reader, error);
    if (code == CT_OK)
        code = ct_request_push(&call.request, guest, step, error);
    if (code == CT_OK)
        code = perform_call(&call, step->timeout, wait, error);
    fini_call(&call);
    return code;
}

int ct_guest_pull(ct_guest *guest, const ct_step *step, const char *const *untrusted,
                  const ct_wait *wait, ct_error *error) {
    const char *slash = strrchr(step->source, '/');
    ct_ids owner;
    ct_tree_options options = {.directory = step->directory,
                               .no_overwrite = step->no_overwrite,
                               .foreign = true,
                               .name = slash ? slash + 1 : step->source,
                               .limit = step->limit ? step->limit : PULL_LIMIT,
                               .keep_owners = step->keep_owners,
                               .owner = &owner,
                               .mode = step->mode,
                               .untrusted = untrusted};
    guest->absent = false;
    int code = ct_ids_find(&owner, step->user, step->group, ct_host_find_id, error);
    if (code < 0)
        return ct_fail_in(error, code, "writing %s", step->dest);
    struct guest_call call;
    init_call(&call, guest);
    code = ct_tree_writer_open(step->dest, &options, &call.writer, error);
    if (code == CT_OK)
        code = ct_request_pull(&call.request, guest, step, error);
    if (code == CT_OK)
        code = perform_call(&call, step->timeout, wait, error);
    fini_call(&call);
    return code;
}
