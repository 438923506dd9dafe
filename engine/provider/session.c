/* SPDX-License-Identifier: MIT
 *
 * session.c - sessions with a provider, whichever it is.
 */
#include "provider/provider.h"

int ct_session_open(ct_provider *provider, ct_session **session, ct_error *error) {
    return provider->type->session_open(provider, session, error);
}

int ct_session_ensure(ct_provider *provider, ct_session **session, ct_error *error) {
    return *session ? CT_OK : ct_session_open(provider, session, error);
}

void ct_session_close(ct_session *session) {
    if (session)
        session->provider->type->session_close(session);
}

int ct_with_session(ct_provider *provider, ct_session_work *work, void *context,
                    const ct_wait *wait, ct_error *error) {
    ct_session *session;
    int code = ct_session_open(provider, &session, error);
    if (code < 0)
        return code;
    code = work(session, context, wait, error);
    ct_session_close(session);
    return code;
}
