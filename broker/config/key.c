/* SPDX-License-Identifier: Apache-2.0
 *
 * key.c - see key.h. Nothing but the tables, and how to find something in them.
 */
#include "key.h"

#include <stdio.h>
#include <string.h>

#include "../../base/nearest.h"
#include "../../base/validation.h"
#include "diff.h"
#include "value.h"

#define MILLISECOND 1
#define SECOND ((uint64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* ---- Types ---------------------------------------------------------------------------------- */

static const char *const flag_words[] = {"no", "yes", NULL};
static const char *const ack_words[] = {"received", "stored", "delivered", "none", NULL};
static const char *const unrouted_words[] = {"keep", "refuse", NULL};
static const char *const policy_words[] = {"retry", "dead", "halt", NULL};
static const char *const command_mode_words[] = {"each", "stream", NULL};
static const char *const log_format_words[] = {"text", "json", NULL};
static const char *const tls_words[] = {"off", "on", "mutual", NULL};
static const char *const tls_min_words[] = {"1.2", "1.3", NULL};
static const char *const log_level_words[] = {"error", "warning", "info", "debug", NULL};

#define TYPE(p_name, p_member, p_read, p_same, p_words, p_literal, p_what)                         \
    static const struct config_type type_##p_name = {                                              \
        .name = #p_name,                                                                           \
        .what = (p_what),                                                                          \
        .words = (p_words),                                                                        \
        .literal = (p_literal),                                                                    \
        .width = sizeof(p_member),                                                                 \
        .read = value_read_##p_read,                                                               \
        .same = same_##p_same,                                                                     \
    };
#include "types.tbl"
#undef TYPE

/* ---- Sections and keys ---------------------------------------------------------------------- */

#define KEY(p_section, p_name, p_type, p_member, p_standard, p_zero, p_min, p_max, p_effect,       \
            p_where, p_doc)

static const struct config_section_kind section_kinds[] = {
#define SECTION(p_section, p_word, p_struct, p_doc)                                                \
    [CONFIG_##p_section] = {.section = CONFIG_##p_section,                                         \
                            .word = (p_word),                                                      \
                            .width = sizeof(struct p_struct),                                      \
                            .doc = (p_doc)},
#include "keys.tbl"
#undef SECTION
};
#undef KEY

#define STRUCT_ORDERLY struct config_orderly
#define STRUCT_LISTENER struct config_listener
#define STRUCT_DESTINATION struct config_destination
#define STRUCT_ROUTE struct config_route

#define OWN true, NULL
#define ANY false, NULL
#define DOOR(key) false, key

static const struct config_key keys[] = {
#define SECTION(p_section, p_word, p_struct, p_doc)
#define KEY(p_section, p_name, p_type, p_member, p_standard, p_zero, p_min, p_max, p_effect,       \
            p_where, p_doc)                                                                        \
    {CONFIG_##p_section,                                                                           \
     p_name,                                                                                       \
     &type_##p_type,                                                                               \
     offsetof(STRUCT_##p_section, p_member),                                                       \
     sizeof(((STRUCT_##p_section *)NULL)->p_member),                                               \
     p_standard,                                                                                   \
     p_zero,                                                                                       \
     p_min,                                                                                        \
     p_max,                                                                                        \
     CONFIG_##p_effect,                                                                            \
     p_where,                                                                                      \
     p_doc},
#include "keys.tbl"
    {.name = NULL}
#undef KEY
#undef SECTION
};

const struct config_section_kind *config_section_kinds(void)
{
    return section_kinds;
}

const struct config_key *config_keys(void)
{
    return keys;
}

/* ---- Finding -------------------------------------------------------------------------------- */

const struct config_key *config_key_find(enum config_section section, hl7_slice name)
{
    const struct config_key *key = keys;

    while (key->name != NULL &&
           (key->section != section || !hl7_slice_equal(hl7_slice_of(key->name), name))) {
        key++;
    }
    return key->name == NULL ? NULL : key;
}

/* A word as nearest_word() takes it, in small letters; "" when it is longer than any of ours. */
static const char *small_word(hl7_slice word, char text[CONFIG_NAME_MAX])
{
    size_t len = word.len < CONFIG_NAME_MAX ? word.len : 0;

    for (size_t i = 0; i < len; i++) {
        char c = word.ptr[i];
        text[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        text[i] = (char)(text[i] == '_' ? '-' : text[i]);
    }
    text[len] = '\0';
    return text;
}

const char *config_key_nearest(enum config_section section, hl7_slice name)
{
    const char *names[sizeof keys / sizeof keys[0] + 1];
    char text[CONFIG_NAME_MAX];
    size_t count = 0;

    for (const struct config_key *key = keys; key->name != NULL; key++) {
        if (key->section == section) {
            names[count++] = key->name;
        }
    }
    names[count] = NULL;
    return nearest_word(small_word(name, text), names);
}

const struct config_section_kind *config_section_find(hl7_slice word)
{
    for (size_t i = 0; i < CONFIG_SECTION_KINDS; i++) {
        if (hl7_slice_equal(hl7_slice_of(section_kinds[i].word), word)) {
            return &section_kinds[i];
        }
    }
    return NULL;
}

const char *config_section_nearest(hl7_slice word)
{
    const char *words[CONFIG_SECTION_KINDS + 2];
    char text[CONFIG_NAME_MAX];

    for (size_t i = 0; i < CONFIG_SECTION_KINDS; i++) {
        words[i] = section_kinds[i].word;
    }
    words[CONFIG_SECTION_KINDS] = "defaults";
    words[CONFIG_SECTION_KINDS + 1] = NULL;
    return nearest_word(small_word(word, text), words);
}
