/* SPDX-License-Identifier: Apache-2.0
 *
 * The alerts that are raised, in a hash table by kind and subject. See alert.h. */
#include "alert.h"

#include "../../base/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kind {
    const char *name;
    const char *over;
};

static const struct kind kinds[ALERT_KINDS] = {
#define ALERT(id, name, subject, over, doc) [ALERT_##id] = {name, over},
#include "kinds.tbl"
#undef ALERT
};

const char *alert_kind_name(enum alert_kind kind)
{
    assert(kind < ALERT_KINDS);
    return kinds[kind].name;
}

enum alert_level alert_level(int64_t value, int64_t limit)
{
    if (limit <= 0) {
        return ALERT_QUIET;
    }
    if (value > limit) {
        return ALERT_BEYOND;
    }
    return value > limit - limit / 4 ? ALERT_NEAR : ALERT_QUIET;
}

/* ---- The table ----------------------------------------------------------------------------- */

/* FNV-1a. */
static struct alert **slot_of(struct alerts *alerts, enum alert_kind kind, const char *subject)
{
    uint32_t hash = 2166136261U ^ (uint32_t)kind;

    for (const char *at = subject; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    }
    return &alerts->slots[hash % ALERT_SLOTS];
}

static struct alert *find(struct alerts *alerts, enum alert_kind kind, const char *subject)
{
    struct alert *at = *slot_of(alerts, kind, subject);

    while (at != NULL && (at->kind != kind || strcmp(at->subject, subject) != 0)) {
        at = at->next;
    }
    return at;
}

static struct alert *add(struct alerts *alerts, enum alert_kind kind, const char *subject)
{
    struct alert **slot = slot_of(alerts, kind, subject);
    size_t len = strlen(subject) + 1;
    struct alert *alert = calloc(1, sizeof *alert + len);

    if (alert == NULL) {
        return NULL; /* the next round tries again */
    }
    memcpy(alert->subject, subject, len);
    alert->kind = kind;
    alert->next = *slot;
    *slot = alert;
    alerts->count++;
    return alert;
}

/* ---- Changes ------------------------------------------------------------------------------- */

static void tell_raised(struct alerts *alerts, struct alert *alert)
{
    alert->told = alerts->loop->now;
    log_warning("alert-raised", "alert=%s subject=%s %s", kinds[alert->kind].name, alert->subject,
                alert->text);
    alert_tell(alerts, alert, true);
}

static void tell_cleared(struct alerts *alerts, struct alert *alert)
{
    (void)snprintf(alert->text, sizeof alert->text, "%s", kinds[alert->kind].over);
    log_info("alert-cleared", "alert=%s subject=%s %s", kinds[alert->kind].name, alert->subject,
             alert->text);
    alert_tell(alerts, alert, false);
}

void alerts_begin(struct alerts *alerts)
{
    alerts->round++;
}

/* The alert of a subject, raised by this if it was not; NULL when it is not raised. */
static struct alert *say(struct alerts *alerts, enum alert_kind kind, const char *subject,
                         enum alert_level level, const char *text, bool *ret_fresh)
{
    struct alert *alert = level == ALERT_QUIET ? NULL : find(alerts, kind, subject);

    *ret_fresh = false;
    if (alert == NULL && level == ALERT_BEYOND) {
        alert = add(alerts, kind, subject);
        *ret_fresh = alert != NULL;
    }
    if (alert != NULL) {
        alert->round = alerts->round;
        (void)snprintf(alert->text, sizeof alert->text, "%s", text);
    }
    return alert;
}

void alerts_say(struct alerts *alerts, enum alert_kind kind, const char *subject,
                enum alert_level level, const char *format, ...)
{
    char text[ALERT_TEXT];
    va_list arguments;
    bool fresh = false;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct alert *alert = say(alerts, kind, subject, level, text, &fresh);
    if (fresh) {
        tell_raised(alerts, alert);
    }
}

void alerts_count(struct alerts *alerts, enum alert_kind kind, const char *subject, int64_t count,
                  const char *format, ...)
{
    char text[ALERT_TEXT];
    va_list arguments;
    bool fresh = false;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct alert *alert =
        say(alerts, kind, subject, count > 0 ? ALERT_BEYOND : ALERT_QUIET, text, &fresh);
    if (alert == NULL) {
        return;
    }
    if (fresh || (count > alert->count && alerts->loop->now - alert->told >= ALERT_AGAIN)) {
        alert->count = count;
        tell_raised(alerts, alert);
    } else if (count < alert->count) {
        alert->count = count; /* some were dealt with: what comes after that is more again */
    }
}

void alerts_end(struct alerts *alerts)
{
    for (size_t i = 0; i < ALERT_SLOTS; i++) {
        struct alert **at = &alerts->slots[i];

        while (*at != NULL) {
            struct alert *alert = *at;

            if (alert->round == alerts->round) {
                at = &alert->next;
                continue;
            }
            *at = alert->next;
            alerts->count--;
            tell_cleared(alerts, alert);
            free(alert);
        }
    }
}

void alerts_each(const struct alerts *alerts,
                 void (*on_alert)(void *context, const struct alert *alert), void *context)
{
    for (size_t i = 0; i < ALERT_SLOTS; i++) {
        for (const struct alert *at = alerts->slots[i]; at != NULL; at = at->next) {
            on_alert(context, at);
        }
    }
}

void alerts_release(struct alerts *alerts)
{
    for (size_t i = 0; i < ALERT_SLOTS; i++) {
        while (alerts->slots[i] != NULL) {
            struct alert *alert = alerts->slots[i];

            alerts->slots[i] = alert->next;
            free(alert);
        }
    }
    alerts->count = 0;
    alert_run_release(alerts);
}
