/* SPDX-License-Identifier: Apache-2.0
 *
 * value.h - reads the values of keys, one function for each row of types.tbl. Each reads the whole
 * text into the member, or says at which byte of it what is wrong and leaves the member alone.
 */
#ifndef BROKER_CONFIG_VALUE_H
#define BROKER_CONFIG_VALUE_H

#include "key.h"
#include "pool.h"
#include "sections.h"

struct value {
    struct config_pool *pool;
    struct config_report *report;
    const struct sections *sections; /* whose sections names refer to */
    struct template_list *templates;
    const struct config_key *key;
    struct section_key *at; /* NULL: the text is the key's default */
    hl7_slice text;         /* ends in NUL */
};

bool value_read_read(struct value *value, void *slot);
bool value_read_text(struct value *value, void *slot);
bool value_read_path(struct value *value, void *slot);
bool value_read_folders(struct value *value, void *slot);
bool value_read_include(struct value *value, void *slot);
bool value_read_number(struct value *value, void *slot);
bool value_read_size(struct value *value, void *slot);
bool value_read_duration(struct value *value, void *slot);
bool value_read_flag(struct value *value, void *slot);
bool value_read_choice(struct value *value, void *slot);
bool value_read_address(struct value *value, void *slot);
bool value_read_names(struct value *value, void *slot);
bool value_read_networks(struct value *value, void *slot);
bool value_read_backoff(struct value *value, void *slot);
bool value_read_limit(struct value *value, void *slot);
bool value_read_free_space(struct value *value, void *slot);
bool value_read_hl7_path(struct value *value, void *slot);
bool value_read_hl7_paths(struct value *value, void *slot);
bool value_read_indexes(struct value *value, void *slot);
bool value_read_command(struct value *value, void *slot);
bool value_read_file_name(struct value *value, void *slot);
bool value_read_charset(struct value *value, void *slot);
bool value_read_listeners(struct value *value, void *slot);
bool value_read_destinations(struct value *value, void *slot);
bool value_read_condition(struct value *value, void *slot);
bool value_read_template(struct value *value, void *slot);

/* Reports a mistake at a byte of the text; returns false. Of one key only the first is told. What a
 * value quotes must be given as text of the value: when it came from a file it is not shown. */
bool value_wrong(struct value *value, size_t offset, const char *format, ...) HL7_FORMAT(3, 4);

/* The same that does not make the value wrong. */
void value_doubt(struct value *value, size_t offset, const char *format, ...) HL7_FORMAT(3, 4);

/* Walks the items of a list: *offset and *item are where one begins, and what it is. Start with *offset
 * = 0 and *item = {NULL, 0}. False at the end. */
bool value_next(const struct value *value, size_t *offset, hl7_slice *item);

/* How many items it has. When it has none, an empty one or too many, says so; then 0. */
size_t value_count(struct value *value);

/* Text for a suggestion: " (did you mean 'x'?)", or "". */
struct value_hint {
    char text[CONFIG_NAME_MAX + 32];
};
struct value_hint value_hint(const char *nearest);

#endif
