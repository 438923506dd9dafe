/* SPDX-License-Identifier: MIT
 *
 * faults.c - answers that are spoiled on purpose: --fault N:KIND is one, --fault N-M:KIND
 * are several in a row. All that was asked for has been done by then; it is the answer
 * alone that gets lost, or lies.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/basic.h"
#include "simulated.h"

enum kind { GARBAGE, STATUS, RESET, TRUNCATE, CLOSE };

static struct {
    size_t first, last; /* numbers of answers, from 1; 0: none */
    size_t count;       /* of all answers so far */
    enum kind kind;
    int status; /* STATUS: 404, 500 or 503 */
} fault;

bool faults_read(const char *text) {
    static const struct {
        const char *name;
        enum kind kind;
        int status;
    } kinds[] = {{"garbage", GARBAGE, 0}, {"404", STATUS, 404}, {"500", STATUS, 500},
                 {"503", STATUS, 503},    {"reset", RESET, 0},  {"truncate", TRUNCATE, 0},
                 {"close", CLOSE, 0}};
    char *name;
    fault.first = fault.last = strtoull(text, &name, 10);
    if (*name == '-')
        fault.last = strtoull(name + 1, &name, 10);
    if (fault.first == 0 || *name != ':')
        return false;
    for (size_t i = 0; i < CT_COUNT(kinds); i++) {
        if (strcmp(name + 1, kinds[i].name) != 0)
            continue;
        fault.kind = kinds[i].kind;
        fault.status = kinds[i].status;
        return true;
    }
    return false;
}

bool faults_expected(void) {
    return fault.first > 0;
}

bool faults_reset(void) {
    return fault.first > 0 && fault.kind == RESET;
}

size_t faults_answers(void) {
    return fault.count;
}

static void cut(ct_buf *out, size_t length) {
    out->length = length;
    if (out->data)
        out->data[length] = '\0';
}

bool faults_spoil(ct_buf *out, size_t before) {
    static const char garbage[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<garbage>";
    static const char text[] =
        "{\"type\":\"error\",\"error\":\"spoiled\",\"error_code\":0}";
    fault.count++;
    if (fault.count < fault.first || fault.count > fault.last)
        return false;
    size_t half = (out->length - before) / 2;
    cut(out, before + (fault.kind == TRUNCATE ? half : 0));
    if (fault.kind == GARBAGE)
        must(ct_buf_add(out, garbage, sizeof garbage - 1));
    if (fault.kind == STATUS)
        must(ct_buf_format(out, "HTTP/1.1 %d Spoiled\r\nContent-Length: %zu\r\n\r\n%s",
                           fault.status, sizeof text - 1, text));
    return fault.kind != GARBAGE && fault.kind != STATUS;
}
