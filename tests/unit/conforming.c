/* SPDX-License-Identifier: Apache-2.0
 *
 * conforming.c - see conforming.h.
 */
#include "conforming.h"

#include <string.h>

/* ---- Text ----------------------------------------------------------------------------------- */

static bool fits(const struct hl7_dict_field *field, hl7_slice text)
{
    return field->length == 0 || text.len <= field->length;
}

/* The first code of a table that is short enough. */
static hl7_slice code_of(const struct hl7_dict_field *field)
{
    const struct hl7_dict_table *table = hl7_dict_table(field->table);

    for (size_t i = 0; table != NULL && i < table->code_count; i++) {
        hl7_slice code = hl7_dict_text(hl7_dict_code_at(table, i)->code);
        if (fits(field, code)) {
            return code;
        }
    }
    return HL7_TEXT("A");
}

bool conforming_can(const struct hl7_dict_field *field)
{
    const struct hl7_dict_table *table = hl7_dict_table(field->table);

    return table == NULL || table->code_count == 0 || hl7_dict_code(table, code_of(field)) != NULL;
}

static hl7_slice time_of(const struct hl7_dict_field *field)
{
    static const hl7_slice times[] = {{"20240229123000", 14}, {"20240229", 8}};

    return fits(field, times[0]) ? times[0] : times[1];
}

/* A value of a type without components. */
static hl7_slice text_of(enum hl7_type_kind kind, const struct hl7_dict_field *field)
{
    switch (kind) {
    case HL7_KIND_NUMBER:
    case HL7_KIND_SEQUENCE:
        return HL7_TEXT("1");
    case HL7_KIND_DATE:
        return HL7_TEXT("20240229");
    case HL7_KIND_TIME:
        return HL7_TEXT("1230");
    case HL7_KIND_DATE_TIME:
        return time_of(field);
    case HL7_KIND_NONE:
    case HL7_KIND_COMPOSITE:
    case HL7_KIND_VARIES:
    case HL7_KIND_TEXT:
    case HL7_KIND_CODED:
        break;
    }
    return field->table != 0 ? code_of(field) : HL7_TEXT("A");
}

static const struct hl7_dict_type *type_of(enum hl7_version version,
                                           const struct hl7_dict_field *field)
{
    return hl7_dict_type_of(version, field->type);
}

/* The text of what stands below a sub-component: the type of the first component, all the way down. */
static void add_leaf(enum hl7_version version, const struct hl7_dict_field *field,
                     struct hl7_buffer *buffer)
{
    const struct hl7_dict_type *type = type_of(version, field);

    for (int depth = 0; depth < 4 && type != NULL && type->component_count > 0; depth++) {
        type = type_of(version, hl7_dict_component(type, 1));
    }
    hl7_buffer_add(buffer,
                   text_of(type == NULL ? HL7_KIND_NONE : (enum hl7_type_kind)type->kind, field));
}

/* ---- Components ----------------------------------------------------------------------------- */

static bool is_wanted(const struct hl7_dict_field *part, enum conforming_extent extent)
{
    char optionality = part->optionality;

    return optionality == HL7_OPT_REQUIRED ||
           (extent == CONFORMING_MOST && optionality != HL7_OPT_WITHDRAWN &&
            optionality != HL7_OPT_NOT_USED);
}

typedef void add_part(enum hl7_version version, const struct hl7_dict_field *field,
                      enum conforming_extent extent, struct hl7_buffer *buffer);

/* The components of a type; the first one when none is required. What would make the value longer than
 * `longest` is left out, unless it is required. */
static void add_parts(enum hl7_version version, const struct hl7_dict_type *type, size_t longest,
                      enum conforming_extent extent, char separator, add_part *add,
                      struct hl7_buffer *buffer)
{
    size_t start = buffer->len;
    size_t last = 1;

    for (size_t n = 1; n <= type->component_count; n++) {
        const struct hl7_dict_field *part = hl7_dict_component(type, n);
        size_t before = buffer->len;

        if (!is_wanted(part, extent)) {
            continue;
        }
        for (size_t i = last; i < n; i++) {
            hl7_buffer_add_byte(buffer, separator);
        }
        add(version, part, extent, buffer);
        if (longest != 0 && buffer->len - start > longest &&
            part->optionality != HL7_OPT_REQUIRED) {
            buffer->len = before;
        } else {
            last = n;
        }
    }
    if (buffer->len == start) {
        add(version, hl7_dict_component(type, 1), CONFORMING_LEAST, buffer);
    }
}

static void add_subcomponent(enum hl7_version version, const struct hl7_dict_field *field,
                             enum conforming_extent extent, struct hl7_buffer *buffer)
{
    (void)extent;
    add_leaf(version, field, buffer);
}

static void add_component(enum hl7_version version, const struct hl7_dict_field *field,
                          enum conforming_extent extent, struct hl7_buffer *buffer)
{
    const struct hl7_dict_type *type = type_of(version, field);

    if (type != NULL && type->component_count > 0) {
        add_parts(version, type, field->length, extent, '&', add_subcomponent, buffer);
    } else {
        add_leaf(version, field, buffer);
    }
}

static void add_value(enum hl7_version version, const struct hl7_dict_field *field,
                      const struct hl7_dict_type *type, enum conforming_extent extent,
                      struct hl7_buffer *buffer)
{
    if (type == NULL || type->component_count == 0) {
        hl7_buffer_add(
            buffer, text_of(type == NULL ? HL7_KIND_NONE : (enum hl7_type_kind)type->kind, field));
    } else if (field->table != 0 &&
               hl7_slice_equal(hl7_dict_type_name(type->number), HL7_TEXT("CNE"))) {
        /* The codes are those of the field's table. */
        hl7_buffer_add(buffer, code_of(field));
    } else {
        add_parts(version, type, field->length, extent, '^', add_component, buffer);
    }
}

void conforming_value(enum hl7_version version, const struct hl7_dict_field *field,
                      enum conforming_extent extent, struct hl7_buffer *buffer)
{
    add_value(version, field, type_of(version, field), extent, buffer);
}

void conforming_component(enum hl7_version version, const struct hl7_dict_field *component,
                          struct hl7_buffer *buffer)
{
    add_component(version, component, CONFORMING_LEAST, buffer);
}

/* ---- Segments ------------------------------------------------------------------------------- */

/* The field that says of which type this one is; 0: its own. */
static size_t typed_by(const struct hl7_dict_segment *segment, size_t number)
{
    static const struct {
        const char *segment;
        size_t field;
        size_t by;
    } names[] = {{"MFA", 5, 6}, {"MFE", 4, 5}, {"OBX", 5, 2}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(segment->name, names[i].segment) == 0 && number == names[i].field) {
            return names[i].by;
        }
    }
    return 0;
}

/* The type that a field names: text, where it may. */
static hl7_slice named_type(const struct hl7_dict_field *field)
{
    const struct hl7_dict_table *table = hl7_dict_table(field->table);
    bool text =
        table == NULL || table->code_count == 0 || hl7_dict_code(table, HL7_TEXT("ST")) != NULL;

    return text ? HL7_TEXT("ST") : code_of(field);
}

/* Whether the field names the type of another one. */
static bool names_type(const struct hl7_dict_segment *segment, size_t number)
{
    for (size_t n = 1; n <= segment->field_count; n++) {
        if (typed_by(segment, n) == number) {
            return true;
        }
    }
    return false;
}

static void add_field(enum hl7_version version, const struct hl7_dict_segment *segment,
                      size_t number, enum conforming_extent extent, struct hl7_buffer *buffer)
{
    const struct hl7_dict_field *field = hl7_dict_field(segment, number);
    const struct hl7_dict_field *by = hl7_dict_field(segment, typed_by(segment, number));
    const struct hl7_dict_type *type = type_of(version, field);

    if (names_type(segment, number)) {
        hl7_buffer_add(buffer, named_type(field));
    } else if (by != NULL && type != NULL && type->kind == HL7_KIND_VARIES) {
        add_value(version, field, hl7_dict_type(version, named_type(by)), extent, buffer);
    } else {
        add_value(version, field, type, extent, buffer);
    }
}

bool conforming_is_tied(const struct hl7_dict_segment *segment, size_t number)
{
    return names_type(segment, number) || typed_by(segment, number) != 0;
}

/* A segment with all fields that are wanted, but with this in one of them, if it is not 0. */
static void add_segment(enum hl7_version version, const struct hl7_dict_segment *segment,
                        enum conforming_extent extent, size_t but, hl7_slice value,
                        struct hl7_buffer *buffer)
{
    size_t last = 0;

    hl7_buffer_add(buffer, hl7_slice_of(segment->name));
    for (size_t n = 1; n <= segment->field_count; n++) {
        if (n != but && !is_wanted(hl7_dict_field(segment, n), extent) && !names_type(segment, n)) {
            continue;
        }
        for (; last < n; last++) {
            hl7_buffer_add_byte(buffer, '|');
        }
        if (n == but) {
            hl7_buffer_add(buffer, value);
        } else {
            add_field(version, segment, n, extent, buffer);
        }
    }
    hl7_buffer_add_byte(buffer, '\r');
}

void conforming_segment(enum hl7_version version, const struct hl7_dict_segment *segment,
                        enum conforming_extent extent, struct hl7_buffer *buffer)
{
    add_segment(version, segment, extent, 0, (hl7_slice){NULL, 0}, buffer);
}

void conforming_segment_but(enum hl7_version version, const struct hl7_dict_segment *segment,
                            size_t number, hl7_slice value, struct hl7_buffer *buffer)
{
    add_segment(version, segment, CONFORMING_LEAST, number, value, buffer);
}

void conforming_header(enum hl7_version version, hl7_slice structure, struct hl7_buffer *buffer)
{
    const struct hl7_dict_segment *header = hl7_dict_segment(version, HL7_TEXT("MSH"));
    const struct hl7_dict_type *type = type_of(version, hl7_dict_field(header, 9));

    hl7_buffer_add(buffer, HL7_TEXT("MSH|^~\\&|A|A|A|A|20240229123000||"));
    hl7_buffer_add(buffer, hl7_slice_part(structure, 0, 3));
    if (structure.len > 4) {
        hl7_buffer_add_byte(buffer, '^');
        hl7_buffer_add(buffer, hl7_slice_part(structure, 4, structure.len));
    }
    if (type != NULL && type->component_count >= 3) {
        hl7_buffer_add(buffer, structure.len > 4 ? HL7_TEXT("^") : HL7_TEXT("^A01^"));
        hl7_buffer_add(buffer, structure);
    }
    hl7_buffer_add(buffer, HL7_TEXT("|1|P|"));
    hl7_buffer_add(buffer, hl7_slice_of(hl7_version_name(version)));
    hl7_buffer_add_byte(buffer, '\r');
}

void conforming_body(enum hl7_version version, const struct hl7_dict_structure *structure,
                     enum conforming_extent extent, struct hl7_buffer *buffer)
{
    size_t skip_to = 0; /* behind the member of a choice that was taken */
    size_t choice_end = 0;

    for (size_t n = 0; n < structure->node_count;) {
        const struct hl7_dict_node *node = hl7_dict_node(structure, n);

        if (skip_to != 0 && n == skip_to) {
            n = choice_end;
            skip_to = 0;
            continue;
        }
        if (node->min == 0 && extent == CONFORMING_LEAST) {
            n += node->size;
            continue;
        }
        if (node->kind == HL7_NODE_CHOICE && node->size > 1) {
            choice_end = n + node->size;
            skip_to = n + 1 + hl7_dict_node(structure, n + 1)->size;
        } else if (node->kind == HL7_NODE_SEGMENT && strcmp(node->segment, "MSH") != 0) {
            const struct hl7_dict_segment *segment =
                hl7_dict_segment(version, hl7_slice_of(node->segment));
            if (segment != NULL) {
                conforming_segment(version, segment, extent, buffer);
            } else {
                /* Some structures have a segment of which their version says nothing. */
                hl7_buffer_add(buffer, hl7_slice_of(node->segment));
                hl7_buffer_add(buffer, HL7_TEXT("|1\r"));
            }
        }
        n++;
    }
}
