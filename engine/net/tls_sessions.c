/* SPDX-License-Identifier: MIT
 *
 * tls_sessions.c - the TLS sessions of one endpoint, which its connections resume: one
 * exec needs several connections, and only the first pays for a whole handshake. Each
 * endpoint has sessions of its own. A resumed session is not verified again, so nobody
 * may resume what was verified by other rules.
 */
#include <pthread.h>
#include <stdlib.h>

#include "net/net_private.h"

struct ct_tls_sessions {
    CURLSH *shared;
    pthread_mutex_t locks[CURL_LOCK_DATA_LAST]; /* one for each kind of data */
};

/* libcurl calls these two around each look at what is shared, from whichever thread uses
 * a handle. While it holds a lock it calls nothing of ours and does not block. */
static void lock(CURL *easy, curl_lock_data kind, curl_lock_access access,
                 void *context) {
    ct_tls_sessions *sessions = context;
    (void) easy, (void) access;
    pthread_mutex_lock(&sessions->locks[kind]);
}

static void unlock(CURL *easy, curl_lock_data kind, void *context) {
    ct_tls_sessions *sessions = context;
    (void) easy;
    pthread_mutex_unlock(&sessions->locks[kind]);
}

static bool set_up(ct_tls_sessions *sessions) {
    CURLSH *shared = sessions->shared;
    return shared && curl_share_setopt(shared, CURLSHOPT_LOCKFUNC, lock) == CURLSHE_OK &&
           curl_share_setopt(shared, CURLSHOPT_UNLOCKFUNC, unlock) == CURLSHE_OK &&
           curl_share_setopt(shared, CURLSHOPT_USERDATA, sessions) == CURLSHE_OK &&
           curl_share_setopt(shared, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ==
               CURLSHE_OK;
}

int ct_tls_sessions_open(ct_tls_sessions **out, ct_error *error) {
    *out = NULL;
    ct_tls_sessions *sessions = calloc(1, sizeof *sessions);
    if (sessions) {
        for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
            pthread_mutex_init(&sessions->locks[i], NULL);
        sessions->shared = curl_share_init();
    }
    if (!sessions || !set_up(sessions)) {
        ct_tls_sessions_close(sessions);
        return ct_fail_memory(error);
    }
    *out = sessions;
    return CT_OK;
}

void ct_tls_sessions_close(ct_tls_sessions *sessions) {
    if (!sessions)
        return;
    curl_share_cleanup(sessions->shared);
    for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
        pthread_mutex_destroy(&sessions->locks[i]);
    free(sessions);
}

CURLSH *ct_tls_sessions_handle(const ct_tls_sessions *sessions) {
    return sessions->shared;
}
