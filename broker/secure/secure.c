/* SPDX-License-Identifier: Apache-2.0 */
#include "secure.h"

#include "../../base/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *kind_of(const struct secure_door *door)
{
    return door->section == CONFIG_LISTENER ? "listener" : "destination";
}

static void tell_problem(const struct secure_door *door, const struct tls_problem *problem)
{
    const char *file = problem->file == TLS_FILES ? NULL : door->live.settings.files[problem->file];

    log_error("certificate", "%s=%s %s%s%s%s", kind_of(door), door->name, file != NULL ? file : "",
              file != NULL ? ": " : "", problem->text,
              door->live.context != NULL ? "; the last good one stays in force" : "");
}

static void tell_fresh(const struct secure_door *door)
{
    const char *cert = door->live.settings.files[TLS_CERT];

    log_info("certificate", "%s=%s changed files are in force%s%s", kind_of(door), door->name,
             cert != NULL ? ": " : "", cert != NULL ? cert : "");
}

/* ---- Following the configuration ----------------------------------------------------------- */

static struct secure_door *find(const struct secure *secure, enum config_section section,
                                const char *name)
{
    for (size_t i = 0; i < secure->count; i++) {
        if (secure->doors[i].section == section && strcmp(secure->doors[i].name, name) == 0) {
            return &secure->doors[i];
        }
    }
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_settings(const struct tls_settings *a, const struct tls_settings *b)
{
    bool same = a->mutual == b->mutual && a->min == b->min && a->client_count == b->client_count;

    for (int i = 0; same && i < TLS_FILES; i++) {
        same = same_text(a->files[i], b->files[i]);
    }
    for (size_t i = 0; same && i < a->client_count; i++) {
        same = strcmp(a->clients[i], b->clients[i]) == 0;
    }
    return same;
}

static struct secure_door *add(struct secure *secure, enum config_section section)
{
    struct secure_door *grown = realloc(secure->doors, (secure->count + 1) * sizeof *secure->doors);

    if (grown == NULL) {
        return NULL;
    }
    secure->doors = grown;
    grown[secure->count] = (struct secure_door){.section = section};
    return &grown[secure->count++];
}

static bool adopt(struct secure *secure, enum config_section section, const char *name,
                  const struct config_tls *tls)
{
    const struct tls_settings settings = config_tls_settings(tls, section == CONFIG_LISTENER);
    struct secure_door *door = NULL;
    struct tls_problem problem;

    if (tls->mode == CONFIG_TLS_OFF) {
        return true;
    }
    door = find(secure, section, name);
    if (door == NULL) {
        door = add(secure, section);
    }
    if (door == NULL) {
        log_error("out-of-memory", "no memory for the certificates of %s", name);
        return false;
    }
    bool same = door->live.context != NULL && same_settings(&door->live.settings, &settings);
    door->name = name;
    door->kept = true;
    if (same) {
        door->live.settings = settings; /* the same words at another place */
        return true;
    }
    if (!tls_live_load(&door->live, &settings, &problem)) {
        tell_problem(door, &problem);
    }
    return door->live.context != NULL;
}

/* Doors that the configuration does not have any more. */
static void sweep(struct secure *secure)
{
    size_t kept = 0;

    for (size_t i = 0; i < secure->count; i++) {
        struct secure_door *door = &secure->doors[i];

        if (door->kept) {
            door->kept = false;
            secure->doors[kept++] = *door;
        } else {
            tls_live_release(&door->live);
        }
    }
    secure->count = kept;
}

bool secure_adopt(struct secure *secure, const struct config *config)
{
    bool good = true;

    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        good = (listener->address.host == NULL ||
                adopt(secure, CONFIG_LISTENER, listener->name, &listener->tls)) &&
               good;
    }
    for (size_t i = 0; i < config->destination_count; i++) {
        const struct config_destination *to = &config->destinations[i];
        good = (to->mllp.host == NULL || adopt(secure, CONFIG_DESTINATION, to->name, &to->tls)) &&
               good;
    }
    sweep(secure);
    secure_look(secure);
    return good;
}

void secure_look(struct secure *secure)
{
    struct tls_problem problem;

    for (size_t i = 0; i < secure->count; i++) {
        struct secure_door *door = &secure->doors[i];

        switch (tls_live_look(&door->live, &problem)) {
        case TLS_SAME:
            break;
        case TLS_FRESH:
            tell_fresh(door);
            break;
        case TLS_BAD:
            tell_problem(door, &problem);
            break;
        }
    }
}

/* ---- For connections ----------------------------------------------------------------------- */

struct stream *secure_stream(const struct secure *secure, enum config_section section,
                             const char *door, const char *name)
{
    const struct secure_door *at = secure == NULL ? NULL : find(secure, section, door);

    return at == NULL || at->live.context == NULL ? NULL : tls_stream_new(at->live.context, name);
}

void secure_ending(const struct secure *secure, int64_t within,
                   void (*on_ending)(void *context, const struct secure_door *door,
                                     enum tls_file file, int64_t left),
                   void *context)
{
    int64_t now = (int64_t)time(NULL);

    for (size_t i = 0; i < secure->count; i++) {
        const struct secure_door *door = &secure->doors[i];

        for (int file = 0; file < TLS_FILES && door->live.context != NULL; file++) {
            int64_t left = tls_context_expires(door->live.context, (enum tls_file)file);
            /* A revocation list lasts for days only: its end counts when it has come. */
            if (left != INT64_MAX && left - now < (file == TLS_CRL ? 0 : within)) {
                on_ending(context, door, (enum tls_file)file, left - now);
            }
        }
    }
}

void secure_release(struct secure *secure)
{
    for (size_t i = 0; i < secure->count; i++) {
        tls_live_release(&secure->doors[i].live);
    }
    free(secure->doors);
    *secure = (struct secure){.count = 0};
}
