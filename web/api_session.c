/* SPDX-License-Identifier: Apache-2.0
 *
 * api_session.c - logging in and out.
 *
 * Checking a password takes much time and memory on purpose, so one is checked at a time, and few wait for
 * that: who floods this floods himself. A user that is not there takes as long as one that is. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "api.h"
#include "http.h"

enum { CHECKING_MAX = 3 };

#define SECOND ((int64_t)1000000)

static void put_session(struct exchange *exchange, const struct session *session)
{
    const struct web *web = exchange->web;
    int64_t left = sessions_last(&web->sessions, session) - clock_steady();

    exchange_json(exchange,
                  json_pack("{s:s,s:s,s:s,s:I,s:o}", "user", session->user, "role",
                            role_name(session->role), "token", session->token, "idle_seconds",
                            (json_int_t)(web->setup.web.session_idle / 1000), "expires",
                            time_json(clock_wall() + left)));
}

static void set_cookie(struct exchange *exchange, const char *id, int64_t seconds)
{
    (void)snprintf(exchange->answer.cookie, sizeof exchange->answer.cookie,
                   "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
                   http_cookie_name(exchange->web), id, (long long)seconds,
                   setup_is_secure(&exchange->web->setup) ? "; Secure" : "");
}

/* ---- Having to wait -------------------------------------------------------------------------- */

struct keys {
    char user[GUARD_KEY_MAX + 1];
    char peer[GUARD_KEY_MAX + 1];
    bool has_peer; /* behind a proxy all have the same */
};

static struct keys keys_of(const struct exchange *exchange, const char *name)
{
    struct keys keys = {.has_peer = !exchange->web->setup.is_unix};

    (void)snprintf(keys.user, sizeof keys.user, "user %.70s", name);
    (void)snprintf(keys.peer, sizeof keys.peer, "peer %s", exchange->peer);
    return keys;
}

static bool must_wait(struct exchange *exchange, const struct keys *keys)
{
    struct guard *guard = &exchange->web->guard;
    int64_t now = clock_steady();
    int64_t wait = guard_wait(guard, keys->user, now);
    int64_t other = keys->has_peer ? guard_wait(guard, keys->peer, now) : 0;

    wait = other > wait ? other : wait;
    if (wait == 0) {
        return false;
    }
    (void)exchange_error(exchange, 429, "wait", "too many wrong passwords; try again later");
    exchange->answer.retry_after = (unsigned)((wait + SECOND - 1) / SECOND);
    return true;
}

static void note_failure(struct exchange *exchange, const struct keys *keys)
{
    struct guard *guard = &exchange->web->guard;
    int64_t now = clock_steady();

    guard_failed(guard, keys->user, now);
    if (keys->has_peer) {
        guard_failed(guard, keys->peer, now);
    }
}

/* ---- Logging in ------------------------------------------------------------------------------ */

/* False, and answered, when too many passwords are being checked. */
static bool check_password(struct exchange *exchange, const char *hash, const char *password,
                           bool *ret_good)
{
    struct web_users *users = &exchange->web->users;

    if (atomic_fetch_add(&users->checking, 1) >= CHECKING_MAX) {
        (void)atomic_fetch_sub(&users->checking, 1);
        (void)exchange_error(exchange, 429, "busy", "others are logging in; try again");
        exchange->answer.retry_after = 1;
        return false;
    }
    (void)pthread_mutex_lock(&users->check);
    *ret_good = user_check(hash, password);
    (void)pthread_mutex_unlock(&users->check);
    (void)atomic_fetch_sub(&users->checking, 1);
    return true;
}

/* The broker's audit log has who came and who was not let in. A broker that is not there keeps nobody out:
 * there is nothing to see then but that. */
static void record_login(const struct exchange *exchange, const char *name, bool failed)
{
    const struct setup_web *setup = &exchange->web->setup.web;
    struct control_link link;

    if (!control_link_open(&link, setup->control, (unsigned)setup->broker_timeout)) {
        return;
    }
    control_link_begin(&link, "login");
    control_link_add(&link, "name", name);
    control_link_add(&link, "address", exchange->peer);
    if (failed) {
        control_link_add(&link, "failed", "1");
    }
    while (control_link_next(&link) != NULL) {
    }
    if (link.outcome != CONTROL_ANSWERED) {
        log_warning("web-audit", "a login could not be recorded: %s", link.reason);
    }
    control_link_close(&link);
}

static void log_in(struct exchange *exchange, const struct user *user)
{
    struct session session;

    if (!sessions_begin(&exchange->web->sessions, user, clock_steady(), &session)) {
        (void)exchange_error(exchange, 503, "failed", "no session can be made now");
        return;
    }
    log_info("web-login", "user=%s role=%s peer=%s", user->name, role_name(user->role),
             exchange->peer);
    record_login(exchange, user->name, false);
    put_session(exchange, &session);
    set_cookie(exchange, session.id, (int64_t)exchange->web->setup.web.session_max / 1000);
    explicit_bzero(&session, sizeof session);
}

static void try_password(struct exchange *exchange, const char *name, const char *password)
{
    const struct keys keys = keys_of(exchange, name);
    struct user user = {.role = ROLE_NONE};
    bool good = false;

    web_refresh_users(exchange->web);
    if (must_wait(exchange, &keys)) {
        return;
    }
    bool known = web_find_user(exchange->web, name, &user);
    if (!check_password(exchange, known ? user.hash : exchange->web->users.nobody, password,
                        &good)) {
        return;
    }
    if (known && good) {
        guard_passed(&exchange->web->guard, keys.user);
        guard_passed(&exchange->web->guard, keys.peer);
        log_in(exchange, &user);
        return;
    }
    note_failure(exchange, &keys);
    /* What was typed for a name may be a password. */
    record_login(exchange, known ? user.name : "?", true);
    log_warning("web-login-failed", "user=%s peer=%s", known ? user.name : "?", exchange->peer);
    (void)exchange_error(exchange, 401, "password", "the name or the password is wrong");
}

void api_login(struct exchange *exchange)
{
    const char *name = NULL;
    const char *password = NULL;

    if (exchange_has_only(exchange, "user password") &&
        exchange_text(exchange, "user", true, USER_NAME_MAX, &name, NULL) &&
        exchange_text(exchange, "password", true, USER_PASSWORD_MAX, &password, NULL)) {
        try_password(exchange, name, password);
    }
}

void api_session(struct exchange *exchange)
{
    put_session(exchange, &exchange->session);
}

void api_logout(struct exchange *exchange)
{
    sessions_end(&exchange->web->sessions, hl7_slice_of(exchange->session.id));
    log_info("web-logout", "user=%s peer=%s", exchange->session.user, exchange->peer);
    exchange_nothing(exchange);
    set_cookie(exchange, "", 0);
}
