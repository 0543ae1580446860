/* SPDX-License-Identifier: Apache-2.0
 *
 * diff.c - what differs between two configurations, key by key along keys.tbl. See config.h. Values are
 * compared, not what was written; templates and tables by their text.
 */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "key.h"

/* ---- Values --------------------------------------------------------------------------------- */

/* Two texts; NULL is a text of its own. */
static bool same_string(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Most kinds mean the same in every configuration. */
#define IGNORE_CONFIGS ((void)a, (void)b)

bool same_text(const struct config *a, const void *slot_a, const struct config *b,
               const void *slot_b)
{
    IGNORE_CONFIGS;
    return same_string(*(const char *const *)slot_a, *(const char *const *)slot_b);
}

/* Where an include stands is no difference. */
bool same_place(const struct config *a, const void *slot_a, const struct config *b,
                const void *slot_b)
{
    IGNORE_CONFIGS;
    (void)slot_a;
    (void)slot_b;
    return true;
}

bool same_number(const struct config *a, const void *slot_a, const struct config *b,
                 const void *slot_b)
{
    IGNORE_CONFIGS;
    return *(const int64_t *)slot_a == *(const int64_t *)slot_b;
}

bool same_flag(const struct config *a, const void *slot_a, const struct config *b,
               const void *slot_b)
{
    IGNORE_CONFIGS;
    return *(const bool *)slot_a == *(const bool *)slot_b;
}

bool same_choice(const struct config *a, const void *slot_a, const struct config *b,
                 const void *slot_b)
{
    IGNORE_CONFIGS;
    return *(const int *)slot_a == *(const int *)slot_b;
}

bool same_address(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b)
{
    const struct config_address *x = slot_a;
    const struct config_address *y = slot_b;

    IGNORE_CONFIGS;
    return same_string(x->host, y->host) && same_string(x->port, y->port);
}

bool same_folders(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b)
{
    const struct config_folders *x = slot_a;
    const struct config_folders *y = slot_b;
    bool same = x->count == y->count;

    IGNORE_CONFIGS;
    for (size_t i = 0; same && i < x->count; i++) {
        same = same_string(x->items[i], y->items[i]);
    }
    return same;
}

bool same_names(const struct config *a, const void *slot_a, const struct config *b,
                const void *slot_b)
{
    const struct config_names *x = slot_a;
    const struct config_names *y = slot_b;
    bool same = x->count == y->count;

    IGNORE_CONFIGS;
    for (size_t i = 0; same && i < x->count; i++) {
        same = same_string(x->items[i], y->items[i]);
    }
    return same;
}

bool same_networks(const struct config *a, const void *slot_a, const struct config *b,
                   const void *slot_b)
{
    const struct config_networks *x = slot_a;
    const struct config_networks *y = slot_b;
    bool same = x->count == y->count;

    IGNORE_CONFIGS;
    for (size_t i = 0; same && i < x->count; i++) {
        same = x->items[i].family == y->items[i].family && x->items[i].bits == y->items[i].bits &&
               memcmp(x->items[i].address, y->items[i].address, sizeof x->items[i].address) == 0;
    }
    return same;
}

bool same_backoff(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b)
{
    const struct config_backoff *x = slot_a;
    const struct config_backoff *y = slot_b;

    IGNORE_CONFIGS;
    return x->first == y->first && x->longest == y->longest;
}

bool same_limit(const struct config *a, const void *slot_a, const struct config *b,
                const void *slot_b)
{
    const struct config_limit *x = slot_a;
    const struct config_limit *y = slot_b;

    IGNORE_CONFIGS;
    return x->attempts == y->attempts && x->age == y->age;
}

bool same_free_space(const struct config *a, const void *slot_a, const struct config *b,
                     const void *slot_b)
{
    const struct config_free_space *x = slot_a;
    const struct config_free_space *y = slot_b;

    IGNORE_CONFIGS;
    return x->bytes == y->bytes && x->percent == y->percent;
}

static bool is_same_path(const struct hl7_path *x, const struct hl7_path *y)
{
    return strcmp(x->segment, y->segment) == 0 && x->occurrence == y->occurrence &&
           x->field == y->field && x->repetition == y->repetition && x->component == y->component &&
           x->subcomponent == y->subcomponent;
}

bool same_hl7_path(const struct config *a, const void *slot_a, const struct config *b,
                   const void *slot_b)
{
    IGNORE_CONFIGS;
    return is_same_path(slot_a, slot_b);
}

bool same_hl7_paths(const struct config *a, const void *slot_a, const struct config *b,
                    const void *slot_b)
{
    const struct config_paths *x = slot_a;
    const struct config_paths *y = slot_b;
    bool same = x->count == y->count;

    IGNORE_CONFIGS;
    for (size_t i = 0; same && i < x->count; i++) {
        same = is_same_path(&x->items[i], &y->items[i]);
    }
    return same;
}

bool same_indexes(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b)
{
    const struct config_indexes *x = slot_a;
    const struct config_indexes *y = slot_b;
    bool same = x->count == y->count;

    IGNORE_CONFIGS;
    for (size_t i = 0; same && i < x->count; i++) {
        same = same_string(x->items[i].name, y->items[i].name) &&
               is_same_path(&x->items[i].path, &y->items[i].path);
    }
    return same;
}

/* Word by word: where blanks and quotes stand does not matter. */
bool same_command(const struct config *a, const void *slot_a, const struct config *b,
                  const void *slot_b)
{
    char *const *x = ((const struct config_command *)slot_a)->words;
    char *const *y = ((const struct config_command *)slot_b)->words;

    IGNORE_CONFIGS;
    if (x == NULL || y == NULL) {
        return x == y;
    }
    while (*x != NULL && *y != NULL && strcmp(*x, *y) == 0) {
        x++;
        y++;
    }
    return *x == NULL && *y == NULL;
}

bool same_file_name(const struct config *a, const void *slot_a, const struct config *b,
                    const void *slot_b)
{
    const struct config_file_name *x = slot_a;
    const struct config_file_name *y = slot_b;
    bool same = x->count == y->count;

    IGNORE_CONFIGS;
    for (size_t i = 0; same && i < x->count; i++) {
        same =
            x->parts[i].kind == y->parts[i].kind && same_string(x->parts[i].text, y->parts[i].text);
    }
    return same;
}

/* Numbers stand for names, which are what counts. */
bool same_listeners(const struct config *a, const void *slot_a, const struct config *b,
                    const void *slot_b)
{
    const struct config_numbers *x = slot_a;
    const struct config_numbers *y = slot_b;
    bool same = x->count == y->count;

    for (size_t i = 0; same && i < x->count; i++) {
        same = same_string(a->listeners[x->items[i]].name, b->listeners[y->items[i]].name);
    }
    return same;
}

bool same_destinations(const struct config *a, const void *slot_a, const struct config *b,
                       const void *slot_b)
{
    const struct config_numbers *x = slot_a;
    const struct config_numbers *y = slot_b;
    bool same = x->count == y->count;

    for (size_t i = 0; same && i < x->count; i++) {
        same = same_string(a->destinations[x->items[i]].name, b->destinations[y->items[i]].name);
    }
    return same;
}

/* The same text, and the same texts of all files it was made of. */
static bool same_program(const struct hl7_template *x, const struct hl7_template *y)
{
    hl7_slice name_x;
    hl7_slice name_y;
    hl7_slice text_x;
    hl7_slice text_y;
    size_t number = 0;

    while (hl7_template_file(x, number, &name_x, &text_x)) {
        if (!hl7_template_file(y, number, &name_y, &text_y) || !hl7_slice_equal(name_x, name_y) ||
            !hl7_slice_equal(text_x, text_y)) {
            return false;
        }
        number++;
    }
    return !hl7_template_file(y, number, &name_y, &text_y);
}

bool same_condition(const struct config *a, const void *slot_a, const struct config *b,
                    const void *slot_b)
{
    const struct config_condition *x = slot_a;
    const struct config_condition *y = slot_b;

    IGNORE_CONFIGS;
    if (x->program == NULL || y->program == NULL) {
        return x->program == y->program;
    }
    return same_program(x->program, y->program);
}

bool same_template(const struct config *a, const void *slot_a, const struct config *b,
                   const void *slot_b)
{
    const struct config_template *x = *(const struct config_template *const *)slot_a;
    const struct config_template *y = *(const struct config_template *const *)slot_b;

    IGNORE_CONFIGS;
    if (x == NULL || y == NULL) {
        return x == y;
    }
    return same_string(x->path, y->path) && same_program(x->file->program, y->file->program);
}

/* ---- Sections ------------------------------------------------------------------------------- */

/* How many sections of a kind there are, and where one of them is. */
static size_t count_of(const struct config *config, enum config_section section)
{
    switch (section) {
    case CONFIG_ORDERLY:
        return 1;
    case CONFIG_LISTENER:
        return config->listener_count;
    case CONFIG_DESTINATION:
        return config->destination_count;
    case CONFIG_ROUTE:
        return config->route_count;
    }
    return 0;
}

static const void *item_of(const struct config *config, enum config_section section, size_t number)
{
    switch (section) {
    case CONFIG_ORDERLY:
        return &config->orderly;
    case CONFIG_LISTENER:
        return &config->listeners[number];
    case CONFIG_DESTINATION:
        return &config->destinations[number];
    case CONFIG_ROUTE:
        return &config->routes[number];
    }
    return NULL;
}

static const char *name_of(const struct config *config, enum config_section section, size_t number)
{
    switch (section) {
    case CONFIG_ORDERLY:
        return "";
    case CONFIG_LISTENER:
        return config->listeners[number].name;
    case CONFIG_DESTINATION:
        return config->destinations[number].name;
    case CONFIG_ROUTE:
        return config->routes[number].name;
    }
    return "";
}

static size_t find(const struct config *config, enum config_section section, const char *name)
{
    size_t count = count_of(config, section);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(name_of(config, section, i), name) == 0) {
            return i;
        }
    }
    return HL7_NONE;
}

/* Compares the keys of a section that is in both. */
static void compare(const struct config *before, const struct config *after,
                    struct config_difference *difference)
{
    const char *x = item_of(before, difference->section, difference->before);
    const char *y = item_of(after, difference->section, difference->after);

    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        if (key->section != difference->section ||
            key->type->same(before, x + key->place, after, y + key->place)) {
            continue;
        }
        if (difference->change == CONFIG_SAME || key->effect > difference->effect) {
            difference->effect = key->effect;
            difference->key = key->name;
        }
        difference->change = CONFIG_CHANGED;
    }
}

static size_t diff_kind(const struct config *before, const struct config *after,
                        enum config_section section, struct config_difference *ret_differences)
{
    size_t count = 0;
    size_t old = count_of(before, section);
    size_t new = count_of(after, section);

    for (size_t i = 0; i < new; i++) {
        struct config_difference *difference = &ret_differences[count++];
        *difference = (struct config_difference){
            .section = section, .name = name_of(after, section, i), .after = i};
        difference->before = find(before, section, difference->name);
        if (difference->before == HL7_NONE) {
            difference->change = CONFIG_ADDED;
        } else {
            compare(before, after, difference);
        }
    }
    for (size_t i = 0; i < old; i++) {
        const char *name = name_of(before, section, i);
        if (find(after, section, name) == HL7_NONE) {
            ret_differences[count++] = (struct config_difference){.section = section,
                                                                  .name = name,
                                                                  .change = CONFIG_REMOVED,
                                                                  .before = i,
                                                                  .after = HL7_NONE};
        }
    }
    return count;
}

struct config_difference *config_diff(const struct config *before, const struct config *after,
                                      size_t *ret_count)
{
    size_t room = 1;
    size_t count = 0;

    for (int kind = 0; kind < CONFIG_SECTION_KINDS; kind++) {
        room += count_of(before, (enum config_section)kind);
        room += count_of(after, (enum config_section)kind);
    }
    struct config_difference *differences = calloc(room, sizeof *differences);
    if (differences == NULL) {
        return NULL;
    }
    for (int kind = 0; kind < CONFIG_SECTION_KINDS; kind++) {
        count += diff_kind(before, after, (enum config_section)kind, differences + count);
    }
    *ret_count = count;
    return differences;
}

void config_keep(struct config *fresh, const struct config *before)
{
    /* The array is the configuration's own and nobody has seen it yet. */
    struct config_route *routes = (struct config_route *)(uintptr_t)fresh->routes;

    for (size_t i = 0; i < fresh->route_count; i++) {
        size_t was = config_find_route(before, routes[i].name);

        if (was != HL7_NONE) {
            routes[i].key = before->routes[was].key;
            routes[i].lanes = before->routes[was].lanes;
        }
    }
}
