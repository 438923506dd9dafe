/* SPDX-License-Identifier: MIT
 *
 * arena.c - memory that is freed all at once. It is for deep copies of the caller's
 * structs, whose parts all live as long as the whole.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/basic.h"

struct ct_arena_block {
    struct ct_arena_block *next;
    max_align_t memory[];
};

void ct_arena_init(ct_arena *arena) {
    *arena = (ct_arena){0};
}

void ct_arena_fini(ct_arena *arena) {
    while (arena->blocks) {
        struct ct_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}

void *ct_arena_alloc(ct_arena *arena, size_t size) {
    struct ct_arena_block *block = calloc(1, sizeof *block + size);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    return block->memory;
}

int ct_arena_check(ct_arena *arena, ct_error *error) {
    bool failed = arena->failed;
    arena->failed = false;
    return failed ? ct_fail_memory(error) : CT_OK;
}

void *ct_arena_copy(ct_arena *arena, const void *data, size_t length) {
    char *copy = data ? ct_arena_alloc(arena, length + 1) : NULL;
    if (copy && length)
        memcpy(copy, data, length);
    return copy;
}

char *ct_arena_string(ct_arena *arena, const char *string) {
    return ct_arena_copy(arena, string, string ? strlen(string) : 0);
}
