/* SPDX-License-Identifier: MIT
 *
 * A fuzzer for what the host reads from a guest: a testlet is run by a provider whose
 * programs write the fuzzer's bytes, in pieces, and end with an exit code of its choice.
 * Only what is within its limits reaches an outcome, and none is made without proof.
 */
#include <stdlib.h>
#include <string.h>

#include "guest_client/guest_client.h"

#define OUTPUT_LIMIT 64 /* bytes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A session whose program writes the fuzzer's bytes. */
struct program {
    ct_session session;
    const char *at, *end; /* what it writes */
    size_t piece;         /* bytes at a time, at most */
    int exit_code;
};

static int take_input(const ct_exec *exec, ct_error *error) {
    ct_buf input;
    ct_buf_init(&input, CT_FRAME_MAX * 2);
    int more = exec->input(exec->context, &input, error);
    ct_buf_fini(&input);
    return more;
}

static int run_program(ct_session *session, const char *instance, const ct_exec *exec,
                       int *exit_code, const ct_wait *wait, ct_error *error) {
    struct program *program = (struct program *) session;
    (void) instance, (void) wait;
    *exit_code = -1;
    int code = take_input(exec, error), more = 1;
    while (code >= 0 && more > 0 && program->at < program->end) {
        size_t left = (size_t) (program->end - program->at);
        size_t length = left < program->piece ? left : program->piece;
        more = exec->output(exec->context, program->at, length, error);
        program->at += length;
    }
    if (code < 0 || more < 0)
        return code < 0 ? code : more;
    if (more > 0)
        *exit_code = program->exit_code;
    return CT_OK;
}

static int all_is_well(ct_session *session, const char *instance, const ct_wait *wait,
                       ct_error *error) {
    (void) session, (void) instance, (void) wait, (void) error;
    return CT_OK;
}

static void check(const ct_outcome *outcome, int code, const ct_error *error) {
    if (code < 0 && error->code != code)
        abort();
    if (outcome->exit_code < -1 || outcome->exit_code > 255 || outcome->signal < 0 ||
        outcome->signal > 127 || outcome->stdout_bytes.length > OUTPUT_LIMIT ||
        outcome->stderr_bytes.length > OUTPUT_LIMIT)
        abort();
    if (code == CT_OK && outcome->lost && outcome->signal == 0)
        abort();
    if (outcome->value.length == 0)
        return;
    const char *at = outcome->value.data, *end = at + outcome->value.length;
    if (ct_value_skip(&at, end) < 0 || at != end)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const ct_instance_calls calls = {.exec = run_program,
                                            .check_alive = all_is_well,
                                            .check_undisturbed = all_is_well};
    static ct_provider provider = {.instances = &calls};
    static const char *const argv[] = {"true", NULL};
    if (size < 2)
        return 0;
    struct program program = {.session = {&provider},
                              .at = (const char *) data + 2,
                              .end = (const char *) data + size,
                              .piece = (size_t) data[0] + 1,
                              .exit_code = data[1]};
    ct_guest guest = {
        .session = &program.session, .instance = "i", .directory = "/.cleantest"};
    ct_testlet testlet = {.kind = CT_TESTLET_COMMAND, .argv = argv};
    ct_run_options options = {.timeout = 1, .output_limit = OUTPUT_LIMIT};
    ct_wait wait = ct_wait_for(60, -1);
    ct_outcome outcome;
    ct_error error = {0};
    ct_outcome_init(&outcome, OUTPUT_LIMIT);
    int code = ct_guest_run(&guest, &testlet, &options, &outcome, &wait, &error);
    check(&outcome, code, &error);
    ct_outcome_fini(&outcome);
    return 0;
}
