/* SPDX-License-Identifier: MIT
 *
 * events.c - events on their way from the workers to the one who waits. The queue has all
 * its room from the start. Waiting is a poll() on an eventfd, so that a signal ends it
 * which the waiting thread catches: a condition variable would wait on.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "schedule/schedule.h"

struct ct_queue {
    pthread_mutex_t lock; /* guards taken and put */
    size_t taken;
    size_t put;
    size_t capacity;
    int ready; /* a semaphore that counts the events to take */
    ct_event events[];
};

ct_queue *ct_queue_new(size_t capacity) {
    ct_queue *queue = calloc(1, sizeof *queue + capacity * sizeof queue->events[0]);
    if (!queue)
        return NULL;
    queue->capacity = capacity;
    queue->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    if (queue->ready < 0) {
        free(queue);
        return NULL;
    }
    pthread_mutex_init(&queue->lock, NULL);
    return queue;
}

void ct_queue_free(ct_queue *queue) {
    if (!queue)
        return;
    for (size_t i = queue->taken; i < queue->put; i++)
        ct_event_fini(&queue->events[i]);
    pthread_mutex_destroy(&queue->lock);
    close(queue->ready);
    free(queue);
}

void ct_queue_put(ct_queue *queue, const ct_event *event) {
    pthread_mutex_lock(&queue->lock);
    bool room = queue->put < queue->capacity;
    assert(room);
    if (room) {
        ct_event *last = &queue->events[queue->put++];
        *last = *event;
        last->time = ct_now();
    }
    pthread_mutex_unlock(&queue->lock);
    if (room) {
        ct_cancel_set(queue->ready);
        return;
    }
    ct_event lost = *event;
    ct_event_fini(&lost);
}

int ct_queue_descriptor(const ct_queue *queue) {
    return queue->ready;
}

int ct_queue_take(ct_queue *queue, const ct_wait *wait, ct_event *event) {
    uint64_t one;
    while (read(queue->ready, &one, sizeof one) < 0) {
        struct pollfd ready = {.fd = queue->ready, .events = POLLIN};
        if (ct_wait_left(wait) <= 0)
            return CT_E_TIMEOUT;
        if (poll(&ready, 1, ct_wait_milliseconds(wait)) < 0 && errno == EINTR)
            return CT_E_INTERRUPTED;
    }
    pthread_mutex_lock(&queue->lock);
    *event = queue->events[queue->taken++];
    pthread_mutex_unlock(&queue->lock);
    return 1;
}
