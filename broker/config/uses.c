/* SPDX-License-Identifier: Apache-2.0
 *
 * uses.c - the paths that a configuration names: those of keys, by the types of their rows, and the files that
 * were read for it. Part of config.h. */
#include "config.h"

#include "key.h"

#include <string.h>

struct teller {
    void (*tell)(void *context, const char *path, enum config_use use);
    void *context;
};

static void tell(const struct teller *teller, const char *path, enum config_use use)
{
    if (path != NULL) {
        teller->tell(teller->context, path, use);
    }
}

static bool is_type(const struct config_key *key, const char *name)
{
    return strcmp(key->type->name, name) == 0;
}

static void tell_key(const struct teller *teller, const struct config_key *key, const void *slot)
{
    if (is_type(key, "FOLDER")) {
        tell(teller, *(const char *const *)slot, CONFIG_USE_WRITE);
    } else if (is_type(key, "FILE")) {
        bool made = key->section == CONFIG_ORDERLY &&
                    (key->place == offsetof(struct config_orderly, control) ||
                     key->place == offsetof(struct config_orderly, audit));
        tell(teller, *(const char *const *)slot, made ? CONFIG_USE_MADE : CONFIG_USE_READ);
    } else if (is_type(key, "FOLDERS")) {
        const struct config_folders *folders = slot;

        for (size_t i = 0; i < folders->count; i++) {
            tell(teller, folders->items[i], CONFIG_USE_WRITE);
        }
    }
}

static void tell_section(const struct teller *teller, enum config_section section,
                         const void *values)
{
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        if (key->section == section) {
            tell_key(teller, key, (const char *)values + key->place);
        }
    }
}

void config_each_path(const struct config *config,
                      void (*tell_path)(void *context, const char *path, enum config_use use),
                      void *context)
{
    const struct teller teller = {tell_path, context};

    tell_section(&teller, CONFIG_ORDERLY, &config->orderly);
    for (size_t i = 0; i < config->listener_count; i++) {
        tell_section(&teller, CONFIG_LISTENER, &config->listeners[i]);
    }
    for (size_t i = 0; i < config->destination_count; i++) {
        tell_section(&teller, CONFIG_DESTINATION, &config->destinations[i]);
    }
    for (size_t i = 0; i < config->route_count; i++) {
        tell_section(&teller, CONFIG_ROUTE, &config->routes[i]);
    }
    for (size_t i = 0; i < config->template_count; i++) {
        tell(&teller, config->templates[i].path, CONFIG_USE_READ);
    }
    for (size_t i = 0; i < config->file_count; i++) {
        tell(&teller, config->files[i].path, CONFIG_USE_READ);
    }
}
