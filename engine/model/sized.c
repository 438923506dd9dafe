/* SPDX-License-Identifier: MIT
 *
 * sized.c - structs that the caller fills, of which an older program has fewer fields,
 * and a newer one more. Each begins with its size; the caller's is read that far and no
 * further, and what is not there is zero.
 */
#include <stdalign.h>
#include <string.h>

#include "model/model.h"

/* Bytes; no struct of ours will come near it. What says that it is larger was not
 * initialised. */
#define SIZE_MOST 4096

/* What a newer header has more, and the caller uses, can't be done. */
static bool all_zero(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (bytes[i])
            return false;
    return true;
}

static int check(const void *from, size_t size, const ct_sized *type, ct_error *error) {
    if (size < sizeof size || size > SIZE_MOST || size % alignof(size_t) != 0)
        return ct_fail(error, CT_E_ARGUMENT,
                       "%s.size is %zu, which is no size of one: initialise it with %s",
                       type->name, size, type->init);
    if (size > type->size &&
        !all_zero((const char *) from + type->size, size - type->size))
        return ct_fail(error, CT_E_ARGUMENT,
                       "%s.size is %zu, and what is set behind byte %zu this version of "
                       "cleantest, %s, does not know",
                       type->name, size, type->size, CT_VERSION);
    return CT_OK;
}

static size_t size_of(const void *from) {
    size_t size;
    memcpy(&size, from, sizeof size);
    return size;
}

int ct_sized_read(void *to, const void *from, const ct_sized *type, ct_error *error) {
    size_t size = size_of(from);
    int code = check(from, size, type, error);
    if (code < 0)
        return code;
    memset(to, 0, type->size);
    memcpy(to, from, size < type->size ? size : type->size);
    memcpy(to, &type->size, sizeof type->size);
    return CT_OK;
}

int ct_sized_read_list(ct_arena *arena, void *out, const void *from, size_t count,
                       const ct_sized *type, ct_error *error) {
    const char *at = from;
    size_t size = size_of(from);
    if (count > SIZE_MAX / 2 / type->size)
        return ct_fail(error, CT_E_ARGUMENT, "a list of %zu %s", count, type->name);
    char *list = ct_arena_alloc(arena, count * type->size);
    if (!list)
        return ct_arena_check(arena, error);
    memcpy(out, &list, sizeof list);
    for (size_t i = 0; i < count; i++, at += size, list += type->size) {
        if (size_of(at) != size)
            return ct_fail(error, CT_E_ARGUMENT,
                           "%s.size is %zu in the first of a list, and %zu in another",
                           type->name, size, size_of(at));
        int code = ct_sized_read(list, at, type, error);
        if (code < 0)
            return code;
    }
    return CT_OK;
}
