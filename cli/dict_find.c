/* SPDX-License-Identifier: Apache-2.0
 *
 * dict_find.c - what the dictionary has under a name; see dict_entry.h. */
#include "dict_entry.h"

#include <assert.h>
#include <string.h>

/* ---- Names ----------------------------------------------------------------------------------- */

/* Takes the digits at the front of a text. False when there are none, or too many. */
static bool take_number(hl7_slice *text, size_t *ret_number)
{
    size_t number = 0;
    size_t len = 0;

    while (len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9') {
        number = number * 10 + (size_t)(text->ptr[len++] - '0');
    }
    if (len == 0 || len > 5) {
        return false;
    }
    *text = hl7_slice_part(*text, len, text->len - len);
    *ret_number = number;
    return true;
}

/* Goes down from a field or component along ".1.2". NULL when it does not lead anywhere. */
static const struct hl7_dict_field *go_down(enum hl7_version version,
                                            const struct hl7_dict_field *field, hl7_slice rest)
{
    while (field != NULL && rest.len > 0) {
        size_t number = 0;

        rest = hl7_slice_part(rest, 1, rest.len - 1);
        if (!take_number(&rest, &number) || (rest.len > 0 && rest.ptr[0] != '.')) {
            return NULL;
        }
        field = hl7_dict_component(hl7_dict_type_of(version, field->type), number);
    }
    return field;
}

/* "PID-5", "PID-5.1", "XPN.1". */
static const struct hl7_dict_field *find_field(enum hl7_version version, hl7_slice name, size_t at)
{
    hl7_slice owner = hl7_slice_part(name, 0, at);
    hl7_slice rest = hl7_slice_part(name, at + 1, name.len - at - 1);
    const struct hl7_dict_field *field;
    size_t number = 0;

    if (!take_number(&rest, &number) || (rest.len > 0 && rest.ptr[0] != '.')) {
        return NULL;
    }
    field = name.ptr[at] == '-' ? hl7_dict_field(hl7_dict_segment(version, owner), number)
                                : hl7_dict_component(hl7_dict_type(version, owner), number);
    return go_down(version, field, rest);
}

static const struct hl7_dict_table *find_table(hl7_slice name)
{
    size_t number = 0;

    return take_number(&name, &number) && name.len == 0 ? hl7_dict_table(number) : NULL;
}

/* By its name, or by the code and event of a message: ADT_A04 has the structure ADT_A01. */
static const struct hl7_dict_structure *find_structure(enum hl7_version version, hl7_slice name)
{
    const struct hl7_dict_structure *found = hl7_dict_structure(version, name);
    const char *mark = found == NULL && name.len > 0 ? memchr(name.ptr, '_', name.len) : NULL;
    size_t at;

    if (mark == NULL) {
        return found;
    }
    at = (size_t)(mark - name.ptr);
    return hl7_dict_structure_of(version, hl7_slice_part(name, 0, at),
                                 hl7_slice_part(name, at + 1, name.len - at - 1));
}

size_t dict_find(enum hl7_version version, hl7_slice name, struct dict_entry found[DICT_FOUND_MAX])
{
    struct dict_entry entry = {.version = version, .name = name};
    size_t count = 0;
    size_t at = 0;

    while (at < name.len && name.ptr[at] != '-' && name.ptr[at] != '.') {
        at++;
    }
    if (at < name.len) {
        entry.kind = DICT_FIELD;
        entry.field = find_field(version, name, at);
        found[0] = entry;
        return entry.field != NULL ? 1 : 0;
    }
    const struct dict_entry kinds[DICT_FOUND_MAX] = {
        {.kind = DICT_SEGMENT, .segment = hl7_dict_segment(version, name)},
        {.kind = DICT_TYPE, .type = hl7_dict_type(version, name)},
        {.kind = DICT_STRUCTURE, .structure = find_structure(version, name)},
        {.kind = DICT_TABLE, .table = find_table(name)}};
    for (size_t i = 0; i < DICT_FOUND_MAX; i++) {
        const struct dict_entry *one = &kinds[i];
        if (one->segment != NULL || one->type != NULL || one->structure != NULL ||
            one->table != NULL) {
            found[count] = *one;
            found[count].version = version;
            found[count++].name =
                one->structure != NULL ? hl7_dict_text(one->structure->name) : name;
        }
    }
    return count;
}

/* ---- All of a version -------------------------------------------------------------------------- */

bool dict_nth(enum hl7_version version, size_t n, struct dict_entry *ret_entry)
{
    struct dict_entry entry = {.version = version};
    size_t types = hl7_dict_type_count();

    if (n < hl7_dict_segment_count(version)) {
        entry.kind = DICT_SEGMENT;
        entry.segment = hl7_dict_segment_at(version, n);
        entry.name = hl7_slice_of(entry.segment->name);
    } else if ((n -= hl7_dict_segment_count(version)) < types) {
        entry.kind = DICT_TYPE;
        entry.type = hl7_dict_type_of(version, (uint16_t)(n + 1));
        entry.name = hl7_dict_type_name((uint16_t)(n + 1));
    } else if ((n -= types) < hl7_dict_structure_count(version)) {
        entry.kind = DICT_STRUCTURE;
        entry.structure = hl7_dict_structure_at(version, n);
        entry.name = hl7_dict_text(entry.structure->name);
    } else if ((n -= hl7_dict_structure_count(version)) < hl7_dict_table_count()) {
        entry.kind = DICT_TABLE;
        entry.table = hl7_dict_table_at(n);
    } else {
        return false;
    }
    *ret_entry = entry;
    return true;
}

/* ---- Words --------------------------------------------------------------------------------------- */

const char *dict_optionality(char optionality)
{
    switch (optionality) {
    case HL7_OPT_REQUIRED:
        return "required";
    case HL7_OPT_CONDITIONAL:
        return "conditional";
    case HL7_OPT_BACKWARD:
        return "for older systems";
    case HL7_OPT_WITHDRAWN:
        return "withdrawn";
    case HL7_OPT_NOT_USED:
        return "not used";
    default:
        return "optional";
    }
}

const char *dict_kind_word(enum dict_kind kind)
{
    static const char *const words[] = {[DICT_SEGMENT] = "segment",
                                        [DICT_FIELD] = "field",
                                        [DICT_TYPE] = "type",
                                        [DICT_TABLE] = "table",
                                        [DICT_STRUCTURE] = "structure"};

    return words[kind];
}

hl7_slice dict_title(const struct dict_entry *entry)
{
    switch (entry->kind) {
    case DICT_SEGMENT:
        return hl7_dict_text(entry->segment->title);
    case DICT_TYPE:
        return hl7_dict_text(entry->type->title);
    case DICT_TABLE:
        return hl7_dict_text(entry->table->title);
    case DICT_STRUCTURE:
        return hl7_dict_text(entry->structure->title);
    case DICT_FIELD:
    default:
        return hl7_dict_text(entry->field->name);
    }
}

/* ---- Nodes ----------------------------------------------------------------------------------------- */

const struct hl7_dict_node *dict_walk_next(struct dict_walk *walk)
{
    const struct hl7_dict_node *node = hl7_dict_node(walk->structure, walk->next);
    size_t depth = 0;

    while (depth < DICT_DEPTH_MAX && walk->ends[depth] > walk->next) {
        depth++;
    }
    walk->depth = depth;
    if (node != NULL && (node->kind == HL7_NODE_GROUP || node->kind == HL7_NODE_CHOICE)) {
        assert(depth + 1 < DICT_DEPTH_MAX);
        walk->ends[depth] = walk->next + node->size;
        walk->ends[depth + 1] = 0;
    }
    walk->next++;
    return node;
}
