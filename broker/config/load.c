/* SPDX-License-Identifier: Apache-2.0
 *
 * load.c - from sections and keys to a configuration. See config.h.
 *
 * Each section's struct is filled by going along the keys of its kind: a value comes from the section,
 * else from the defaults of its kind, else from the table. A value that is wrong is reported once and
 * the table's default takes its place, so that everything else can be checked as well.
 */
#include "load.h"

#include "../../base/ini.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- Values --------------------------------------------------------------------------------- */

/* Reads a value of a key, given or the default, into its member. */
static bool read_value(struct loading *loading, const struct config_key *key,
                       struct section_key *at, void *item)
{
    struct value value = {
        .pool = loading->pool,
        .report = loading->report,
        .sections = &loading->sections,
        .templates = &loading->templates,
        .key = key,
        .at = at,
        .text = at == NULL ? hl7_slice_of(key->standard) : at->text,
    };

    assert(key->width == key->type->width);
    return key->type->read(&value, (char *)item + key->place);
}

/* Where the value of a key comes from: its section or the defaults; NULL: the table. */
static struct section_key *find_given(const struct loading *loading, const struct section *section,
                                      const struct config_key *key)
{
    struct section_key *given = sections_given(section, key);

    if (given == NULL && !key->own) {
        given = sections_given(loading->sections.defaults[key->section], key);
    }
    return given;
}

static void fill(struct loading *loading, const struct section *section, void *item,
                 enum config_section kind)
{
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        struct section_key *given = find_given(loading, section, key);
        bool is_read = false;

        if (key->section != kind) {
            continue;
        }
        if (given != NULL && given->text.len > 0 && !given->told) {
            is_read = read_value(loading, key, given, item);
        }
        if (!is_read && key->standard[0] != '\0') {
            bool standard_read = read_value(loading, key, NULL, item);
            assert(standard_read || pool_failed(loading->pool));
            (void)standard_read;
        }
    }
}

/* ---- Sections ------------------------------------------------------------------------------- */

static struct config_place place_of(const struct section *section)
{
    return (struct config_place){.file = section->file->as.path, .line = section->line};
}

/* The name and the place of the struct of a section. */
static void put_head(const struct section *section, void *item)
{
    switch (section->section) {
    case CONFIG_ORDERLY:
        ((struct config_orderly *)item)->place = place_of(section);
        break;
    case CONFIG_LISTENER:
        ((struct config_listener *)item)->name = section->name;
        ((struct config_listener *)item)->place = place_of(section);
        break;
    case CONFIG_DESTINATION:
        ((struct config_destination *)item)->name = section->name;
        ((struct config_destination *)item)->place = place_of(section);
        break;
    case CONFIG_ROUTE:
        ((struct config_route *)item)->name = section->name;
        ((struct config_route *)item)->place = place_of(section);
        break;
    }
}

/* Where the struct of a section goes. */
static void *item_of(struct loading *loading, const struct section *section)
{
    switch (section->section) {
    case CONFIG_ORDERLY:
        return &loading->config.orderly;
    case CONFIG_LISTENER:
        return &loading->listeners[section->number];
    case CONFIG_DESTINATION:
        return &loading->destinations[section->number];
    case CONFIG_ROUTE:
        return &loading->routes[section->number];
    }
    return NULL;
}

/* Defaults are read once for themselves, so that a mistake is found though no section uses them. */
static void check_defaults(struct loading *loading, enum config_section kind)
{
    const struct section *section = loading->sections.defaults[kind];
    void *item = pool_alloc(loading->pool, 1, config_section_kinds()[kind].width);

    if (section != NULL && item != NULL) {
        fill(loading, section, item, kind);
    }
}

static bool make_room(struct loading *loading)
{
    const size_t *counts = loading->sections.counts;
    struct config_pool *pool = loading->pool;

    loading->listeners = pool_alloc(pool, counts[CONFIG_LISTENER], sizeof *loading->listeners);
    loading->destinations =
        pool_alloc(pool, counts[CONFIG_DESTINATION], sizeof *loading->destinations);
    loading->routes = pool_alloc(pool, counts[CONFIG_ROUTE], sizeof *loading->routes);
    /* Each listener and each route names one template at most, and so do their defaults. */
    return template_list_init(&loading->templates, pool,
                              counts[CONFIG_LISTENER] + counts[CONFIG_ROUTE] + 2);
}

static void fill_all(struct loading *loading)
{
    const struct sections *sections = &loading->sections;

    fill(loading, NULL, &loading->config.orderly, CONFIG_ORDERLY);
    loading->config.orderly.place = (struct config_place){.file = loading->config.path, .line = 1};
    for (size_t kind = 0; kind < CONFIG_SECTION_KINDS; kind++) {
        check_defaults(loading, (enum config_section)kind);
    }
    for (const struct section *at = sections->first; at != NULL; at = at->next) {
        if (!at->defaults) {
            fill(loading, at, item_of(loading, at), at->section);
            put_head(at, item_of(loading, at));
        }
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void put_lists(struct loading *loading)
{
    const struct sections *sections = &loading->sections;
    struct config *config = &loading->config;
    struct config_file *files = pool_alloc(loading->pool, sections->file_count, sizeof *files);

    for (size_t i = 0; files != NULL && i < sections->file_count; i++) {
        files[i] = (struct config_file){.path = sections->files[i]->as.path,
                                        .beside = sections->files[i]->beside};
    }
    config->listeners = loading->listeners;
    config->listener_count = sections->counts[CONFIG_LISTENER];
    config->destinations = loading->destinations;
    config->destination_count = sections->counts[CONFIG_DESTINATION];
    config->routes = loading->routes;
    config->route_count = sections->counts[CONFIG_ROUTE];
    config->templates = loading->templates.items;
    config->template_count = loading->templates.count;
    config->files = files;
    config->file_count = sections->file_count;
}

static void load(struct loading *loading, const char *path)
{
    sections_read(&loading->sections, path, loading->pool, loading->report);
    loading->config.path = pool_text(loading->pool, hl7_slice_of(path));
    if (!pool_failed(loading->pool) && loading->sections.file_count > 0 && make_room(loading)) {
        fill_all(loading);
        put_lists(loading);
        if (!pool_failed(loading->pool)) {
            load_check(loading);
        }
    }
    findings_finish(loading->report);
}

enum config_answer config_load(const char *path, struct config **ret_config,
                               struct config_report *report)
{
    struct config_pool *pool = pool_new();
    struct loading *loading = pool == NULL ? NULL : pool_alloc(pool, 1, sizeof *loading);
    enum config_answer answer = CONFIG_LOADED;

    if (loading == NULL) {
        if (pool != NULL) {
            pool_free(&pool);
        }
        report->failed = true;
        return CONFIG_NO_MEMORY;
    }
    loading->pool = pool;
    loading->report = report;
    load(loading, path);
    if (report->failed || pool_failed(pool)) {
        report->failed = true;
        answer = CONFIG_NO_MEMORY;
    } else if (report->errors > 0) {
        answer = CONFIG_WRONG;
    }
    struct config *config = &loading->config;
    config->pool = pool;
    loading->report = NULL; /* is the caller's */
    loading->sections.report = NULL;
    if (answer == CONFIG_LOADED) {
        *ret_config = config;
    } else {
        config_free(&config);
    }
    return answer;
}

void config_free(struct config **config)
{
    if (config != NULL && *config != NULL) {
        /* The configuration is the first member of what it was loaded with. */
        struct loading *loading = (struct loading *)*config;
        struct config_pool *pool = loading->pool;

        template_list_close(&loading->templates);
        sections_close(&loading->sections);
        pool_free(&pool);
        *config = NULL;
    }
}

/* ---- For people ------------------------------------------------------------------------------ */

struct telling {
    void (*each)(void *context, const struct config_given *given);
    void *context;
};

static struct config_given given_of(enum config_section kind, bool defaults, const char *name)
{
    const char *word = config_section_kinds()[kind].word;

    return (struct config_given){.section = defaults ? "defaults" : word,
                                 .name = defaults ? word : name};
}

static void tell_given(const struct telling *telling, const struct section *section)
{
    for (const struct section_key *at = section->keys; at != NULL; at = at->next) {
        struct config_given given = given_of(section->section, section->defaults, section->name);

        given.key = at->key->name;
        given.text = at->text;
        if (at->from_file) {
            hl7_slice rest = at->raw;
            (void)ini_piece_next(&rest, &given.text);
        }
        given.file = at->file->as.path;
        given.line = at->line;
        telling->each(telling->context, &given);
    }
}

/* A key that goes with another, which was not given, says nothing. */
static bool says_something(const struct section *section, const struct config_key *key)
{
    const struct config_key *door =
        key->door != NULL ? config_key_find(key->section, hl7_slice_of(key->door)) : NULL;

    return key->standard[0] != '\0' && (door == NULL || sections_given(section, door) != NULL);
}

static void tell_standards(const struct telling *telling, const struct section *section,
                           const struct section *defaults, enum config_section kind)
{
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        struct config_given given = given_of(kind, false, section != NULL ? section->name : "");

        if (key->section == kind && says_something(section, key) &&
            sections_given(section, key) == NULL && sections_given(defaults, key) == NULL) {
            given.key = key->name;
            given.text = hl7_slice_of(key->standard);
            telling->each(telling->context, &given);
        }
    }
}

void config_each(const struct config *config,
                 void (*each)(void *context, const struct config_given *given), void *context)
{
    /* The configuration is the first member of what it was loaded with. */
    const struct loading *loading = (const struct loading *)config;
    const struct sections *sections = &loading->sections;
    const struct telling telling = {.each = each, .context = context};
    bool orderly = false;

    for (size_t i = 0; i < CONFIG_SECTION_KINDS; i++) {
        if (sections->defaults[i] != NULL) {
            tell_given(&telling, sections->defaults[i]);
        }
    }
    for (const struct section *at = sections->first; at != NULL; at = at->next) {
        if (!at->defaults) {
            tell_given(&telling, at);
            tell_standards(&telling, at, sections->defaults[at->section], at->section);
            orderly = orderly || at->section == CONFIG_ORDERLY;
        }
    }
    if (!orderly) {
        tell_standards(&telling, NULL, NULL, CONFIG_ORDERLY);
    }
}
