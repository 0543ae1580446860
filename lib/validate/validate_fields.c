/* SPDX-License-Identifier: Apache-2.0
 *
 * The fields of a segment: which must be there, which may not, how often they repeat, and of which data
 * type each repetition is. */
#include "validator.h"

#include "said.h"

#include <string.h>

/* ---- The type of a value that another field names ------------------------------------------- */

static const struct typed_elsewhere {
    char segment[4];
    uint32_t field;
    uint32_t by; /* the field that names the type */
} typed_elsewhere[] = {{"MFA", 5, 6}, {"MFE", 4, 5}, {"OBX", 5, 2}};

static const struct typed_elsewhere *find_typed(const struct hl7_dict_segment *known,
                                                uint32_t field)
{
    for (size_t i = 0; i < sizeof typed_elsewhere / sizeof *typed_elsewhere; i++) {
        if (typed_elsewhere[i].field == field &&
            memcmp(typed_elsewhere[i].segment, known->name, 3) == 0) {
            return &typed_elsewhere[i];
        }
    }
    return NULL;
}

/* The n-th repetition of the field that names the type, or its only one. */
static const struct hl7_dict_type *named_type(struct validator *validator, const struct spot *spot,
                                              uint32_t by, uint32_t repetition)
{
    char separator = validator->message->delimiters.repetition;
    hl7_slice names = hl7_segment_field(validator->message, spot->segment, by);
    hl7_slice name = hl7_piece(names, separator, repetition);

    if (name.len == 0) {
        name = hl7_piece(names, separator, 1);
    }
    if (name.len == 0 || is_null(name)) {
        if (by == 2) {
            tell(validator, HL7_RULE_TYPE_MISSING, spot, &(struct telling){.number = 0});
        }
        return NULL;
    }
    if (!hl7_slice_equal(name, validator->type_name)) {
        validator->type = hl7_dict_type(validator->version, name);
        validator->type_name = name;
    }
    return validator->type;
}

/* ---- One field ----------------------------------------------------------------------------- */

struct field {
    const struct hl7_dict_segment *known;
    const struct hl7_dict_field *said;
    struct spot spot;
    hl7_slice value; /* with all its repetitions */
};

static void tell_field(struct validator *validator, enum hl7_rule rule, const struct field *field,
                       uint32_t number)
{
    tell(validator, rule, &field->spot,
         &(struct telling){.value = field->value,
                           .name = hl7_dict_text(field->said->name),
                           .expected = hl7_slice_of(hl7_version_name(validator->version)),
                           .number = number});
}

static void check_repetitions(struct validator *validator, const struct field *field)
{
    const struct hl7_dict_type *type = said_of_type(validator, field->said);
    const struct typed_elsewhere *elsewhere = NULL;
    struct spot spot = field->spot;
    hl7_slice rest = field->value;
    hl7_slice piece;

    if (type != NULL && type->kind == HL7_KIND_VARIES) {
        elsewhere = find_typed(field->known, spot.field);
    }
    const char separator = validator->message->delimiters.repetition;
    const bool several =
        separator != '\0' && memchr(field->value.ptr, separator, field->value.len) != NULL;
    for (uint32_t n = 1; next_piece(&rest, separator, &piece); n++) {
        if (is_null(piece) || is_blank(&validator->message->delimiters, piece)) {
            continue;
        }
        spot.repetition = several ? n : 0;
        if (field->said->max != 0 && n == (uint32_t)field->said->max + 1) {
            struct field extra = *field;
            extra.spot.repetition = n;
            tell_field(validator, HL7_RULE_FIELD_REPEATS, &extra, field->said->max);
        }
        if (elsewhere != NULL) {
            type = named_type(validator, &field->spot, elsewhere->by, n);
        }
        check_value(validator, spot, field->said, type, piece);
    }
}

static void check_field(struct validator *validator, const struct field *field)
{
    char optionality = field->said->optionality;
    bool blank = field->value.len == 0 || is_blank(&validator->message->delimiters, field->value);

    if (blank) {
        if (optionality == HL7_OPT_REQUIRED) {
            tell_field(validator, HL7_RULE_FIELD_MISSING, field, 0);
        }
        return;
    }
    if (optionality == HL7_OPT_WITHDRAWN || optionality == HL7_OPT_NOT_USED) {
        tell_field(validator, HL7_RULE_FIELD_WITHDRAWN, field, 0);
        return;
    }
    if (!is_null(field->value)) {
        check_repetitions(validator, field);
    }
}

/* ---- All fields ---------------------------------------------------------------------------- */

/* Fields behind the last one the version knows. */
static void check_further(struct validator *validator, struct field *field, size_t last)
{
    for (size_t n = (size_t)field->known->field_count + 1; n <= last; n++) {
        hl7_slice value = hl7_segment_field(validator->message, field->spot.segment, n);
        if (!is_blank(&validator->message->delimiters, value)) {
            field->spot.field = (uint32_t)n;
            tell(validator, HL7_RULE_FIELD_UNKNOWN, &field->spot,
                 &(struct telling){.value = value,
                                   .expected = hl7_slice_of(hl7_version_name(validator->version)),
                                   .number = field->known->field_count});
            return;
        }
    }
}

/* Field n of those that are there; not the first two of a header. */
static hl7_slice field_at(const struct hl7_message *message, const struct hl7_segment *index,
                          size_t n)
{
    const uint32_t *starts = message->fields + index->first;
    size_t end = n + 1 < index->count ? starts[n + 1] - 1 : index->end;

    return (hl7_slice){message->bytes.ptr + starts[n], end - starts[n]};
}

void check_fields(struct validator *validator, size_t segment, const struct hl7_dict_segment *known)
{
    const struct hl7_message *message = validator->message;
    const struct hl7_segment *index = &message->segments[segment];
    size_t last = index->count - 1;
    struct field field = {.known = known, .spot = {.segment = segment}};
    /* MSH-1 and MSH-2 are no values: they say how values are written. */
    size_t first = hl7_segment_is_header(hl7_segment_name(message, segment)) ? 3 : 1;

    for (size_t n = first; n <= known->field_count && !validator->stopped; n++) {
        field.said = said_of_field(validator, known, n);
        field.value = n > last ? (hl7_slice){NULL, 0} : field_at(message, index, n);
        if (field.value.len == 0 && field.said->optionality != HL7_OPT_REQUIRED) {
            continue;
        }
        field.spot.field = (uint32_t)n;
        check_field(validator, &field);
    }
    if (last > known->field_count && !known->open) {
        check_further(validator, &field, last);
    }
}
