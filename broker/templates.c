/* SPDX-License-Identifier: Apache-2.0
 *
 * The templates in force. They outlive configurations: one that both name is not read again by a
 * reload, and one that is broken when it is looked at stays as it was. */
#include "broker.h"

#include <stdlib.h>
#include <string.h>

struct broker_template *broker_template_find(const struct broker *broker, const char *path)
{
    for (size_t i = 0; i < broker->template_count; i++) {
        if (strcmp(broker->templates[i].path, path) == 0) {
            return &broker->templates[i];
        }
    }
    return NULL;
}

static void take_hash(struct broker_template *at)
{
    hl7_template_hash(at->live.current.program, at->hash);
}

/* Templates are looked up while deliveries use them, never across a load: they may move. */
static bool add(struct broker *broker, const char *path)
{
    size_t size = (broker->template_count + 1) * sizeof *broker->templates;
    struct broker_template *grown = realloc(broker->templates, size);

    if (grown == NULL) {
        return false;
    }
    broker->templates = grown;
    struct broker_template *at = &grown[broker->template_count];
    *at = (struct broker_template){.path = strdup(path)};
    if (at->path == NULL || !live_template_load(&at->live, at->path)) {
        live_template_release(&at->live);
        free(at->path);
        return false;
    }
    take_hash(at);
    broker->template_count++;
    broker_audit_template(broker, at, NULL);
    return true;
}

bool broker_templates_load(struct broker *broker, const struct config *config)
{
    bool good = true;

    for (size_t i = 0; i < config->template_count; i++) {
        const char *path = config->templates[i].path;

        if (broker_template_find(broker, path) == NULL) {
            good = add(broker, path) && good;
        }
    }
    return good;
}

bool broker_templates_refresh(struct broker *broker)
{
    bool changed = false;

    for (size_t i = 0; i < broker->template_count; i++) {
        struct broker_template *at = &broker->templates[i];

        if (live_template_refresh(&at->live)) {
            char before[HL7_TEMPLATE_HASH];

            memcpy(before, at->hash, sizeof before);
            take_hash(at);
            broker_audit_template(broker, at, before);
            changed = true;
        }
    }
    return changed;
}

void broker_templates_release(struct broker *broker)
{
    for (size_t i = 0; i < broker->template_count; i++) {
        live_template_release(&broker->templates[i].live);
        free(broker->templates[i].path);
    }
    free(broker->templates);
    broker->templates = NULL;
    broker->template_count = 0;
}
