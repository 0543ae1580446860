/* SPDX-License-Identifier: Apache-2.0
 *
 * sections.c - sections and keys, as the lines of the files come. See sections.h. A section that is not
 * known takes its keys with it: they are passed over, since nobody can say what they should be.
 */
#include "sections.h"

#include "../../base/ini.h"
#include "value.h"

/* Where reading stands in one file. */
struct reading {
    struct sections *sections;
    struct section_file *file;
    struct section *section; /* NULL: none yet, or one that is passed over */
    bool skips;
};

static void read_file(struct sections *sections, struct section_file *file);

#define WRONG(reading, position, ...)                                                              \
    findings_error((reading)->sections->report, &(reading)->file->as, position, __VA_ARGS__)

/* ---- Looking up ----------------------------------------------------------------------------- */

const struct section *sections_find(const struct sections *sections, enum config_section section,
                                    hl7_slice name)
{
    for (const struct section *at = sections->first; at != NULL; at = at->next) {
        if (at->section == section && !at->defaults &&
            hl7_slice_equal(hl7_slice_of(at->name), name)) {
            return at;
        }
    }
    return NULL;
}

struct section_key *sections_given(const struct section *section, const struct config_key *key)
{
    struct section_key *at = section == NULL ? NULL : section->keys;

    while (at != NULL && at->key != key) {
        at = at->next;
    }
    return at;
}

/* ---- Sections ------------------------------------------------------------------------------- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static size_t offset_of(const struct reading *reading, hl7_slice part)
{
    return (size_t)(part.ptr - reading->file->as.text.ptr);
}

/* The name of a section that has one. */
static bool check_name(const struct reading *reading, const struct ini_item *item,
                       const struct config_section_kind *kind)
{
    hl7_slice name = item->words[1];

    if (name.ptr == NULL) {
        WRONG(reading, item->position, "this section needs a name: [%s NAME]", kind->word);
        return false;
    }
    if (item->more.len > 0) {
        WRONG(reading, offset_of(reading, item->more), "a name has no blanks; write '-' for them");
        return false;
    }
    if (name.len > CONFIG_NAME_MAX) {
        WRONG(reading, offset_of(reading, name), "a name has at most %d bytes", CONFIG_NAME_MAX);
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_byte(name.ptr[i])) {
            WRONG(reading, offset_of(reading, name) + i,
                  "a name is made of a to z, 0 to 9, '-', '_' and '.'");
            return false;
        }
    }
    if (hl7_slice_equal(name, HL7_TEXT("none"))) {
        WRONG(reading, offset_of(reading, name),
              "'none' cannot be a name: it means that there is none");
        return false;
    }
    return true;
}

/* [defaults KIND]: yields the kind, or NULL, and reported. */
static const struct config_section_kind *defaults_kind(const struct reading *reading,
                                                       const struct ini_item *item)
{
    const struct config_section_kind *kind = config_section_find(item->words[1]);

    if (kind == NULL || kind->section == CONFIG_ORDERLY || item->more.len > 0) {
        WRONG(reading, item->position,
              "defaults are for one kind: [defaults listener], [defaults destination] or [defaults "
              "route]");
        return NULL;
    }
    return kind;
}

/* What a section is, if it is right in itself; else NULL, and reported. */
static const struct config_section_kind *check_section(const struct reading *reading,
                                                       const struct ini_item *item,
                                                       bool *ret_defaults)
{
    const struct config_section_kind *kind = config_section_find(item->words[0]);

    *ret_defaults = hl7_slice_equal(item->words[0], HL7_TEXT("defaults"));
    if (*ret_defaults) {
        return defaults_kind(reading, item);
    }
    if (kind == NULL) {
        WRONG(reading,
              item->words[0].ptr == NULL ? item->position : offset_of(reading, item->words[0]),
              "unknown section%s; there are [orderly], [listener NAME], [destination NAME], [route "
              "NAME] and [defaults KIND]",
              value_hint(config_section_nearest(item->words[0])).text);
        return NULL;
    }
    if (kind->section == CONFIG_ORDERLY) {
        if (item->words[1].ptr != NULL) {
            WRONG(reading, offset_of(reading, item->words[1]), "[orderly] has no name");
            return NULL;
        }
        return kind;
    }
    return check_name(reading, item, kind) ? kind : NULL;
}

/* The section that was there before, if a second one like it may not be. */
static const struct section *find_same(const struct sections *sections,
                                       const struct config_section_kind *kind, bool defaults,
                                       hl7_slice name)
{
    if (defaults) {
        return sections->defaults[kind->section];
    }
    return sections_find(sections, kind->section, name);
}

static bool may_add(const struct reading *reading, const struct ini_item *item,
                    const struct config_section_kind *kind, bool defaults, hl7_slice name)
{
    const struct section *same = find_same(reading->sections, kind, defaults, name);
    size_t count = 0;

    if (same != NULL) {
        WRONG(reading, item->position, "this section is there already, in line %zu of %.80s",
              same->line, same->file->as.path);
        return false;
    }
    for (size_t i = 0; i < CONFIG_SECTION_KINDS; i++) {
        count += reading->sections->counts[i];
    }
    if (count == CONFIG_SECTIONS_MAX) {
        WRONG(reading, item->position, "there are more than %d sections", CONFIG_SECTIONS_MAX);
        return false;
    }
    return true;
}

static void add_section(struct reading *reading, const struct ini_item *item,
                        const struct config_section_kind *kind, bool defaults, hl7_slice name)
{
    struct sections *sections = reading->sections;
    struct section *section = pool_alloc(sections->pool, 1, sizeof *section);
    const char *copy = pool_text(sections->pool, name);

    if (section == NULL || copy == NULL) {
        return;
    }
    *section = (struct section){.section = kind->section,
                                .defaults = defaults,
                                .name = copy,
                                .file = reading->file,
                                .position = item->position,
                                .line = item->line};
    if (defaults) {
        sections->defaults[kind->section] = section;
    } else {
        section->number = sections->counts[kind->section]++;
    }
    if (sections->last == NULL) {
        sections->first = section;
    } else {
        sections->last->next = section;
    }
    sections->last = section;
    reading->section = section;
    reading->skips = false;
}

static void read_section(struct reading *reading, const struct ini_item *item)
{
    bool defaults = false;
    const struct config_section_kind *kind = check_section(reading, item, &defaults);
    hl7_slice name = {"", 0};

    reading->section = NULL;
    reading->skips = true;
    if (kind == NULL) {
        return;
    }
    if (!defaults && kind->section != CONFIG_ORDERLY) {
        name = item->words[1];
    }
    if (may_add(reading, item, kind, defaults, name)) {
        add_section(reading, item, kind, defaults, name);
    }
}

/* ---- Keys ----------------------------------------------------------------------------------- */

/* Notes the key that was probably meant, so that it is not said to be missing as well. */
static void add_key(struct reading *reading, const struct section_key *key)
{
    struct section_key *added = pool_alloc(reading->sections->pool, 1, sizeof *added);

    if (added != NULL && reading->section != NULL) {
        *added = *key;
        added->next = reading->section->keys;
        reading->section->keys = added;
    }
}

static void unknown_key(struct reading *reading, const struct ini_item *item,
                        enum config_section kind)
{
    const char *nearest = config_key_nearest(kind, item->key);
    const struct config_section_kind *kinds = config_section_kinds();
    size_t other = 0;

    while (other < CONFIG_SECTION_KINDS &&
           config_key_find(kinds[other].section, item->key) == NULL) {
        other++;
    }
    if (nearest == NULL && other < CONFIG_SECTION_KINDS) {
        WRONG(reading, item->position, "'%.*s' is a key of [%s], not of [%s]", (int)item->key.len,
              item->key.ptr, kinds[other].word, kinds[kind].word);
        return;
    }
    WRONG(reading, item->position, "unknown key '%.*s'%s",
          item->key.len < 40 ? (int)item->key.len : 40, item->key.ptr, value_hint(nearest).text);
    if (nearest != NULL) {
        const struct section_key meant = {.key = config_key_find(kind, hl7_slice_of(nearest)),
                                          .file = reading->file,
                                          .position = item->position,
                                          .line = item->line,
                                          .text = HL7_TEXT(""),
                                          .told = true,
                                          .misspelt = true};
        add_key(reading, &meant);
    }
}

/* The key by its name; NULL, and reported, when the section has none of that name. */
static const struct config_key *check_key(struct reading *reading, const struct ini_item *item)
{
    enum config_section kind =
        reading->section == NULL ? CONFIG_ORDERLY : reading->section->section;
    const struct config_key *key = config_key_find(kind, item->key);

    if (key == NULL) {
        unknown_key(reading, item, kind);
    }
    return key;
}

static bool may_give(const struct reading *reading, const struct ini_item *item,
                     const struct config_key *key)
{
    const struct section *section = reading->section;
    bool is_include = key->type->read == value_read_include;
    const struct section_key *before = sections_given(section, key);

    if (section == NULL && !is_include) {
        WRONG(reading, item->position,
              "'%s' stands before the first section; write [orderly] above it", key->name);
        return false;
    }
    if (section != NULL && section->defaults && key->own) {
        WRONG(reading, item->position, "'%s' is for each section to say, and cannot be a default",
              key->name);
        return false;
    }
    if (before != NULL && !before->misspelt && !is_include) {
        WRONG(reading, item->position, "'%s' is given already, in line %zu", key->name,
              before->line);
        return false;
    }
    return true;
}

static void include(struct sections *sections, struct section_key *key)
{
    struct value value = {.pool = sections->pool,
                          .report = sections->report,
                          .key = key->key,
                          .at = key,
                          .text = key->text};
    hl7_slice item = {NULL, 0};
    size_t offset = 0;

    if (key->told || key->text.len == 0 || value_count(&value) == 0) {
        return;
    }
    while (value_next(&value, &offset, &item)) {
        sections_include(sections, key, offset, item, read_file);
    }
}

static void read_key(struct reading *reading, const struct ini_item *item)
{
    struct sections *sections = reading->sections;
    const struct config_key *key = reading->skips ? NULL : check_key(reading, item);

    if (key == NULL || !may_give(reading, item, key)) {
        return;
    }
    struct section_key given = {.key = key,
                                .file = reading->file,
                                .position = item->position,
                                .line = item->line,
                                .raw = item->value};
    sections_make_text(sections, &given);
    add_key(reading, &given);
    if (key->type->read == value_read_include) {
        include(sections, &given);
    }
}

/* ---- Files ---------------------------------------------------------------------------------- */

static void read_file(struct sections *sections, struct section_file *file)
{
    struct reading reading = {.sections = sections, .file = file};
    struct ini ini;
    struct ini_item item;

    ini_init(&ini, file->as.text);
    while (!pool_failed(sections->pool) && ini_next(&ini, &item)) {
        switch (item.kind) {
        case INI_SECTION:
            read_section(&reading, &item);
            break;
        case INI_KEY:
            read_key(&reading, &item);
            break;
        case INI_WRONG:
            WRONG(&reading, item.position, "%s", item.wrong);
            break;
        }
    }
}

void sections_read(struct sections *sections, const char *path, struct config_pool *pool,
                   struct config_report *report)
{
    *sections = (struct sections){.pool = pool, .report = report};

    const char *copy = pool_text(pool, hl7_slice_of(path));
    struct section_file *file = copy == NULL ? NULL : sections_open(sections, copy);
    if (file != NULL) {
        read_file(sections, file);
    }
}
