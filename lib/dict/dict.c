/* SPDX-License-Identifier: Apache-2.0
 *
 * The look-ups of the dictionary. Its tables (dict/tables.h) are made by tools/dict/generate.js; they
 * are constants without addresses, so nothing has to be set up and every process shares them.
 *
 * Rows that several versions have are there once. A version has lists of numbers of rows, in the
 * order of their names, in which it is searched. Without the dictionary the tables are there and
 * empty: no look-up has to ask. */
#include "hl7.h"

#include <assert.h>
#include <string.h>

#ifdef ORDERLY_WITH_DICT
#include "dict/tables.h"
#else
#include "dict/no_tables.h"
#endif

/* ---- Texts --------------------------------------------------------------------------------- */

/* A text is its length in a byte, and its bytes. */
hl7_slice hl7_dict_text(uint32_t number)
{
    const char *pool = (const char *)&texts;

    assert(number < sizeof texts);
    const char *text = pool + number;
    return (hl7_slice){text + 1, (unsigned char)*text};
}

/* As memcmp orders them; a text before the longer ones that begin with it. */
static int compare(hl7_slice a, hl7_slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);

    return order != 0 || a.len == b.len ? order : a.len < b.len ? -1 : 1;
}

/* Finds a name among `count` ones, which `name_of` gives in their order; HL7_NONE without it. */
static size_t find(hl7_slice name, size_t count,
                   hl7_slice (*name_of)(const void *context, size_t n), const void *context)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, name_of(context, middle));
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return HL7_NONE;
}

bool hl7_dict_available(void)
{
    return table_count > 0;
}

/* ---- Segments ------------------------------------------------------------------------------ */

size_t hl7_dict_segment_count(enum hl7_version version)
{
    return version_segments[version].count;
}

const struct hl7_dict_segment *hl7_dict_segment_at(enum hl7_version version, size_t n)
{
    const struct list *list = &version_segments[version];

    return n < list->count ? &segments[segment_lists[list->first + n]] : NULL;
}

static hl7_slice segment_name(const void *context, size_t n)
{
    const struct list *list = context;

    return (hl7_slice){segments[segment_lists[list->first + n]].name, 3};
}

const struct hl7_dict_segment *hl7_dict_segment(enum hl7_version version, hl7_slice name)
{
    const struct list *list = &version_segments[version];

    return hl7_dict_segment_at(version, find(name, list->count, segment_name, list));
}

const struct hl7_dict_field *hl7_dict_field(const struct hl7_dict_segment *segment, size_t number)
{
    if (segment == NULL || number == 0 || number > segment->field_count) {
        return NULL;
    }
    return &fields[field_lists[segment->first + number - 1]];
}

/* ---- Data types ---------------------------------------------------------------------------- */

hl7_slice hl7_dict_type_name(uint16_t number)
{
    return hl7_dict_text(number <= type_count ? type_names[number] : 0);
}

size_t hl7_dict_type_count(void)
{
    return type_count;
}

const struct hl7_dict_type *hl7_dict_type_of(enum hl7_version version, uint16_t number)
{
    size_t row = number <= type_count ? version_types[version][number] : 0;

    return row == 0 ? NULL : &types[row];
}

static hl7_slice type_name(const void *context, size_t n)
{
    (void)context;
    return hl7_dict_text(type_names[n + 1]);
}

const struct hl7_dict_type *hl7_dict_type(enum hl7_version version, hl7_slice name)
{
    size_t found = find(name, type_count, type_name, NULL);

    return found == HL7_NONE ? NULL : hl7_dict_type_of(version, (uint16_t)(found + 1));
}

const struct hl7_dict_field *hl7_dict_component(const struct hl7_dict_type *type, size_t number)
{
    if (type == NULL || number == 0 || number > type->component_count) {
        return NULL;
    }
    return &fields[field_lists[type->first + number - 1]];
}

/* ---- Tables -------------------------------------------------------------------------------- */

size_t hl7_dict_table_count(void)
{
    return table_count;
}

const struct hl7_dict_table *hl7_dict_table_at(size_t n)
{
    return n < table_count ? &tables[n] : NULL;
}

const struct hl7_dict_table *hl7_dict_table(size_t number)
{
    size_t low = 0;
    size_t high = table_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tables[middle].number == number) {
            return &tables[middle];
        }
        if (number < tables[middle].number) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const struct hl7_dict_code *hl7_dict_code_at(const struct hl7_dict_table *table, size_t n)
{
    return table != NULL && n < table->code_count ? &codes[table->first + n] : NULL;
}

static hl7_slice code_name(const void *context, size_t n)
{
    const struct hl7_dict_table *table = context;

    return hl7_dict_text(codes[table->first + n].code);
}

const struct hl7_dict_code *hl7_dict_code(const struct hl7_dict_table *table, hl7_slice code)
{
    return table == NULL ? NULL
                         : hl7_dict_code_at(table, find(code, table->code_count, code_name, table));
}

/* ---- Message structures -------------------------------------------------------------------- */

size_t hl7_dict_structure_count(enum hl7_version version)
{
    return version_structures[version].count;
}

const struct hl7_dict_structure *hl7_dict_structure_at(enum hl7_version version, size_t n)
{
    const struct list *list = &version_structures[version];

    return n < list->count ? &structures[structure_lists[list->first + n]] : NULL;
}

static hl7_slice structure_name(const void *context, size_t n)
{
    const struct list *list = context;

    return hl7_dict_text(structures[structure_lists[list->first + n]].name);
}

const struct hl7_dict_structure *hl7_dict_structure(enum hl7_version version, hl7_slice name)
{
    const struct list *list = &version_structures[version];

    return hl7_dict_structure_at(version, find(name, list->count, structure_name, list));
}

static hl7_slice event_name(const void *context, size_t n)
{
    const struct list *list = context;

    return hl7_dict_text(events[event_lists[list->first + n]].name);
}

/* Events that share another one's structure are in a list of their own; the others have a structure of
 * their name. */
const struct hl7_dict_structure *hl7_dict_structure_of(enum hl7_version version, hl7_slice code,
                                                       hl7_slice event)
{
    const struct list *list = &version_events[version];
    char memory[16];
    struct hl7_buffer name;

    hl7_buffer_init(&name, memory, sizeof memory);
    hl7_buffer_add(&name, code);
    if (event.len > 0) {
        hl7_buffer_add_byte(&name, '_');
        hl7_buffer_add(&name, event);
    }
    if (name.full) {
        return NULL;
    }
    size_t found = find(hl7_buffer_slice(&name), list->count, event_name, list);
    return found == HL7_NONE ? hl7_dict_structure(version, hl7_buffer_slice(&name))
                             : &structures[events[event_lists[list->first + found]].structure];
}

/* A component of MSH-9, its first sub-component. */
static hl7_slice type_part(const struct hl7_message *message, uint32_t component)
{
    const struct hl7_path path = {
        .segment = "MSH", .field = 9, .repetition = 1, .component = component, .subcomponent = 1};

    return hl7_message_get(message, &path);
}

const struct hl7_dict_structure *hl7_dict_message_structure(enum hl7_version version,
                                                            const struct hl7_message *message)
{
    const struct hl7_dict_structure *named = hl7_dict_structure(version, type_part(message, 3));

    return named != NULL
               ? named
               : hl7_dict_structure_of(version, type_part(message, 1), type_part(message, 2));
}

const struct hl7_dict_node *hl7_dict_node(const struct hl7_dict_structure *structure, size_t n)
{
    if (structure == NULL || n >= structure->node_count) {
        return NULL;
    }
    return &nodes[node_lists[structure->first + n]];
}
