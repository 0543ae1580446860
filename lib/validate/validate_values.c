/* SPDX-License-Identifier: Apache-2.0
 *
 * A value by its data type: length, components and sub-components, how it is written, its code. Types may
 * nest deeper than a message can; below a sub-component a type stands for its first component. */
#include "validator.h"

#include "format.h"
#include "said.h"

#include <string.h>

/* A value and what is said of it. */
struct part {
    struct spot spot;
    const struct hl7_dict_field *said;
    const struct hl7_dict_type *type;
    hl7_slice value;
};

static void tell_part(struct validator *validator, enum hl7_rule rule, const struct part *part,
                      hl7_slice expected, uint32_t number)
{
    tell(validator, rule, &part->spot,
         &(struct telling){.value = part->value,
                           .name = hl7_dict_text(part->said->name),
                           .expected = expected,
                           .number = number});
}

/* ---- Length -------------------------------------------------------------------------------- */

/* Characters: an escape sequence is one, and so is what UTF-8 takes several bytes for. */
static size_t characters(hl7_slice value, char escape)
{
    size_t count = 0;

    for (size_t i = 0; i < value.len; i++) {
        const char *end = value.ptr[i] == escape && escape != '\0'
                              ? memchr(value.ptr + i + 1, escape, value.len - i - 1)
                              : NULL;
        if (end != NULL) {
            i = (size_t)(end - value.ptr);
        }
        count += ((unsigned char)value.ptr[i] & 0xc0) == 0x80 ? 0 : 1;
    }
    return count;
}

static bool has_parts(const struct hl7_dict_type *type)
{
    return type != NULL && type->component_count > 0;
}

/* From 2.7 on a length is what receivers have to take at least. Before, it is a limit; but the one of a
 * value with components is often less than its components may have together. */
static enum hl7_rule length_rule(const struct validator *validator, const struct part *part)
{
    if (validator->version > HL7_V2_6) {
        return HL7_RULE_LENGTH_CONFORMANCE;
    }
    return has_parts(part->type) ? HL7_RULE_LENGTH_WHOLE : HL7_RULE_LENGTH;
}

static void check_length(struct validator *validator, const struct part *part)
{
    uint32_t most = part->said->length;

    if (most != 0 && part->value.len > most &&
        characters(part->value, validator->message->delimiters.escape) > most) {
        tell_part(validator, length_rule(validator, part), part, (hl7_slice){NULL, 0}, most);
    }
}

/* ---- Codes --------------------------------------------------------------------------------- */

/* The structure of the message has this code or event in its name: "ADT_A01". */
static bool is_in_structure(const struct validator *validator, hl7_slice code)
{
    const struct hl7_dict_structure *structure = validator->validity->structure;
    hl7_slice name = structure == NULL ? (hl7_slice){NULL, 0} : hl7_dict_text(structure->name);

    return hl7_slice_starts(name, code) ||
           (name.len > 4 && hl7_slice_equal(hl7_slice_part(name, 4, name.len), code));
}

/* The tables of codes, events, versions and structures may lag behind what the dictionary has of them. */
static bool is_code(const struct validator *validator, const struct hl7_dict_table *table,
                    hl7_slice code)
{
    if (hl7_dict_code(table, code) != NULL) {
        return true;
    }
    switch (table->number) {
    case 3:
    case 76:
        return is_in_structure(validator, code);
    case 104:
        return true; /* another rule is about versions */
    case 354:
        return hl7_dict_structure(validator->version, code) != NULL;
    default:
        return false;
    }
}

/* Codes of a site: those that begin with Z, and coding systems (table 0396), of which a site has its own
 * by any name. */
static bool is_local_code(uint32_t table, hl7_slice code)
{
    return code.ptr[0] == 'Z' || table == 396;
}

static void check_code(struct validator *validator, const struct part *part, bool strict)
{
    struct known_code *last = &validator->codes[part->said->table % KNOWN_CODES];

    if (last->table == part->said->table && hl7_slice_equal(last->code, part->value)) {
        return;
    }
    const struct hl7_dict_table *table = hl7_dict_table(part->said->table);
    if (table == NULL || table->code_count == 0 || is_code(validator, table, part->value)) {
        *last = (struct known_code){.table = part->said->table, .code = part->value};
        return;
    }
    strict = strict && table->kind == HL7_TABLE_HL7 && !is_local_code(table->number, part->value);
    tell_part(validator, strict ? HL7_RULE_CODE : HL7_RULE_CODE_LOCAL, part, (hl7_slice){NULL, 0},
              table->number);
}

/* The table of a coded element is that of its first component, unless it names another coding system. */
static void check_coded(struct validator *validator, const struct part *part, char separator)
{
    struct part code = *part;
    hl7_slice type = hl7_dict_type_name(part->type->number);
    hl7_slice system = hl7_piece(part->value, separator, 3);

    code.value = hl7_piece(part->value, separator, 1);
    if (hl7_state(code.value) != HL7_PRESENT ||
        (system.len > 0 && !hl7_slice_starts(system, HL7_TEXT("HL7")))) {
        return;
    }
    if (hl7_slice_equal(type, HL7_TEXT("CNE"))) {
        check_code(validator, &code, true);
    } else if (hl7_slice_equal(type, HL7_TEXT("CE")) || hl7_slice_equal(type, HL7_TEXT("CWE"))) {
        check_code(validator, &code, false);
    }
}

/* ---- What has no parts --------------------------------------------------------------------- */

/* A separator that is '\0' is none. */
static bool is_separator(char byte, char a, char b)
{
    return (byte == a || byte == b) && byte != '\0';
}

/* Where there are parts all the same: what stands behind the first is not known. */
static hl7_slice first_part(struct validator *validator, const struct part *part)
{
    const struct hl7_delimiters *delimiters = &validator->message->delimiters;
    char component = part->spot.component == 0 ? delimiters->component : '\0';
    char subcomponent = part->spot.subcomponent == 0 ? delimiters->subcomponent : '\0';
    hl7_slice first = {part->value.ptr, 0};

    while (first.len < part->value.len &&
           !is_separator(part->value.ptr[first.len], component, subcomponent)) {
        first.len++;
    }
    if (first.len < part->value.len &&
        !is_blank(delimiters, hl7_slice_part(part->value, first.len, part->value.len))) {
        tell_part(validator, HL7_RULE_COMPONENT_UNKNOWN, part,
                  hl7_dict_type_name(part->type->number), 1);
    }
    return first;
}

/* The type of the text itself: of a type with components, that of the first one. */
static const struct hl7_dict_type *innermost(const struct validator *validator,
                                             const struct hl7_dict_type *type)
{
    for (int depth = 0; depth < 4 && type != NULL && type->component_count > 0; depth++) {
        const struct hl7_dict_field *first = said_of_component(validator, type, 1);
        type = first == NULL ? NULL : said_of_type(validator, first);
    }
    return type;
}

static void check_text(struct validator *validator, struct part part)
{
    const struct hl7_dict_type *type = innermost(validator, part.type);

    if (part.type != NULL) {
        part.value = first_part(validator, &part);
    }
    check_length(validator, &part);
    if (type == NULL) {
        return;
    }
    if (part.value.len == 0 || is_null(part.value)) {
        return;
    }
    enum hl7_type_kind kind = (enum hl7_type_kind)type->kind;
    if (!format_fits(kind, validator->version, part.value)) {
        tell_part(validator, HL7_RULE_TYPE, &part,
                  hl7_slice_of(format_pattern(kind, validator->version)), 0);
    } else if (part.said->table != 0) {
        check_code(validator, &part, true);
    }
}

/* ---- What has parts ------------------------------------------------------------------------ */

typedef void check_part(struct validator *validator, struct part part);

/* Where the number of a component is written: below a component it is a sub-component. */
static uint32_t *number_of(struct spot *spot, bool below)
{
    return below ? &spot->subcomponent : &spot->component;
}

/* Required components behind the last one that is there. */
static void check_absent(struct validator *validator, struct part part, uint32_t from, bool below)
{
    const struct hl7_dict_type *type = part.type;

    part.value = (hl7_slice){NULL, 0};
    for (uint32_t n = from; n <= type->component_count; n++) {
        part.said = said_of_component(validator, type, n);
        if (part.said->optionality == HL7_OPT_REQUIRED) {
            *number_of(&part.spot, below) = n;
            tell_part(validator, HL7_RULE_COMPONENT_MISSING, &part, (hl7_slice){NULL, 0}, 0);
        }
    }
}

/* Whether a component has a value that is to be looked at. */
static bool is_there(struct validator *validator, const struct part *part)
{
    static const hl7_slice none = {NULL, 0};
    char optionality = part->said->optionality;

    if (part->value.len == 0 || is_blank(&validator->message->delimiters, part->value)) {
        if (optionality == HL7_OPT_REQUIRED) {
            tell_part(validator, HL7_RULE_COMPONENT_MISSING, part, none, 0);
        }
        return false;
    }
    if (optionality == HL7_OPT_WITHDRAWN || optionality == HL7_OPT_NOT_USED) {
        tell_part(validator, HL7_RULE_COMPONENT_WITHDRAWN, part,
                  hl7_slice_of(hl7_version_name(validator->version)), 0);
        return false;
    }
    return !is_null(part->value);
}

static void check_parts(struct validator *validator, const struct part *whole, bool below,
                        check_part *check)
{
    const struct hl7_delimiters *delimiters = &validator->message->delimiters;
    char separator = below ? delimiters->subcomponent : delimiters->component;
    struct part part = *whole;
    hl7_slice rest = whole->value;
    uint32_t n = 0;

    while (!validator->stopped && next_piece(&rest, separator, &part.value)) {
        n++;
        *number_of(&part.spot, below) = n;
        part.said = said_of_component(validator, whole->type, n);
        if (part.said == NULL) {
            if (is_blank(delimiters, part.value)) {
                continue;
            }
            part.said = whole->said;
            tell_part(validator, HL7_RULE_COMPONENT_UNKNOWN, &part,
                      hl7_dict_type_name(whole->type->number), whole->type->component_count);
            return;
        }
        if (is_there(validator, &part)) {
            part.type = said_of_type(validator, part.said);
            check(validator, part);
        }
    }
    check_absent(validator, *whole, n + 1, below);
}

static void check_component(struct validator *validator, struct part part)
{
    if (has_parts(part.type)) {
        check_length(validator, &part);
        if (part.said->table != 0) {
            check_coded(validator, &part, validator->message->delimiters.subcomponent);
        }
        check_parts(validator, &part, true, check_text);
    } else {
        check_text(validator, part);
    }
}

void check_value(struct validator *validator, struct spot spot, const struct hl7_dict_field *said,
                 const struct hl7_dict_type *type, hl7_slice value)
{
    const struct part part = {.spot = spot, .said = said, .type = type, .value = value};

    if (has_parts(type)) {
        check_length(validator, &part);
        if (said->table != 0) {
            check_coded(validator, &part, validator->message->delimiters.component);
        }
        check_parts(validator, &part, false, check_component);
    } else {
        check_text(validator, part);
    }
}
