/* SPDX-License-Identifier: Apache-2.0
 *
 * names.c - see names.h. */
#include "names.h"

/* What is known of a place on the way down from a field to its sub-component. */
struct known {
    enum hl7_version version;
    const struct hl7_dict_field *said; /* NULL: nothing */
    const struct hl7_dict_type *type;  /* NULL: none, or not known */
    size_t table;
};

const struct hl7_dict_segment *names_segment(enum hl7_version version, hl7_slice name)
{
    const struct hl7_dict_segment *known = hl7_dict_segment(version, name);

    return known != NULL ? known : hl7_dict_segment(HL7_ANY_VERSION, name);
}

size_t names_varies_by(hl7_slice segment, size_t field)
{
    static const struct {
        const char *segment;
        size_t field;
        size_t by;
    } rows[] = {{"OBX", 5, 2}, {"MFE", 4, 5}, {"MFA", 5, 6}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].field == field && hl7_slice_equal(segment, hl7_slice_of(rows[i].segment))) {
            return rows[i].by;
        }
    }
    return 0;
}

/* A segment of another version may have types that this one lacks. */
static const struct hl7_dict_type *type_of(const struct known *known)
{
    const struct hl7_dict_type *type = hl7_dict_type_of(known->version, known->said->type);

    return type != NULL ? type : hl7_dict_type_of(HL7_ANY_VERSION, known->said->type);
}

/* The table of a coded element is that of its first component. */
static bool is_coded(const struct hl7_dict_type *type)
{
    static const char *const coded[] = {"CE", "CWE", "CNE", "CF"};
    hl7_slice name = hl7_dict_type_name(type->number);

    for (size_t i = 0; i < sizeof coded / sizeof coded[0]; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(coded[i]))) {
            return true;
        }
    }
    return false;
}

/* Goes from a field to a component, or from that to a sub-component. A value without parts is its own
 * first part. */
static void go_down(struct known *known, size_t number)
{
    bool inherits = number == 1 && known->type != NULL && is_coded(known->type);

    if (known->said == NULL ||
        (number == 1 && known->type != NULL && known->type->component_count == 0)) {
        return;
    }
    known->said = hl7_dict_component(known->type, number);
    if (known->said == NULL) {
        known->type = NULL;
        known->table = 0;
        return;
    }
    known->type = type_of(known);
    if (known->said->table != 0 || !inherits) {
        known->table = known->said->table;
    }
}

static hl7_slice meaning_of(struct known known, const struct names_place *place)
{
    const struct hl7_dict_code *code;

    if (place->value.len == 0 ||
        (place->system.len > 0 && !hl7_slice_starts(place->system, HL7_TEXT("HL7")))) {
        return (hl7_slice){NULL, 0};
    }
    while (known.type != NULL && known.type->component_count > 0) {
        go_down(&known, 1);
    }
    code = hl7_dict_code(hl7_dict_table(known.table), place->value);
    return code != NULL ? hl7_dict_text(code->text) : (hl7_slice){NULL, 0};
}

void names_find(enum hl7_version version, const struct names_place *place, struct names *ret_names)
{
    struct known known = {.version = version,
                          .said =
                              hl7_dict_field(names_segment(version, place->segment), place->field)};

    *ret_names = (struct names){{NULL, 0}, {NULL, 0}, {NULL, 0}};
    if (known.said == NULL) {
        return;
    }
    known.table = known.said->table;
    known.type = type_of(&known);
    if (place->varies.len > 0 && names_varies_by(place->segment, place->field) > 0) {
        known.type = hl7_dict_type(version, place->varies);
    }
    if (place->component > 0) {
        go_down(&known, place->component);
    }
    if (place->subcomponent > 0) {
        go_down(&known, place->subcomponent);
    }
    if (known.said != NULL) {
        ret_names->name = hl7_dict_text(known.said->name);
        ret_names->type =
            hl7_dict_type_name(known.type != NULL ? known.type->number : known.said->type);
        ret_names->meaning = meaning_of(known, place);
    }
}
