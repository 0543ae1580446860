/* SPDX-License-Identifier: Apache-2.0
 *
 * Validation of a message: the header, then the structure, then each segment by itself. What the parts do
 * stands at the head of validator.h. */
#include "validator.h"

#include "match.h"
#include "said.h"

static const struct telling NOTHING = {.number = 0};

/* ---- The header ---------------------------------------------------------------------------- */

static hl7_slice version_text(enum hl7_version version)
{
    return hl7_slice_of(hl7_version_name(version));
}

static hl7_slice header_part(const struct hl7_message *message, uint32_t field, uint32_t component)
{
    const struct hl7_path path = {
        .segment = "MSH", .field = field, .component = component, .subcomponent = 1};

    return hl7_segment_get(message, 0, &path);
}

static void check_version(struct validator *validator)
{
    hl7_slice name = header_part(validator->message, 12, 1);
    enum hl7_version exact;

    if (hl7_state(name) == HL7_PRESENT && !hl7_version_parse(name, &exact)) {
        tell(validator, HL7_RULE_VERSION, &(struct spot){.field = 12},
             &(struct telling){.value = name, .expected = version_text(validator->version)});
    }
}

static void check_encoding(struct validator *validator)
{
    const struct hl7_delimiters *delimiters = &validator->message->delimiters;

    if (delimiters->component == '\0' || delimiters->repetition == '\0' ||
        delimiters->escape == '\0' || delimiters->subcomponent == '\0') {
        tell(validator, HL7_RULE_ENCODING, &(struct spot){.field = 2}, &NOTHING);
    }
}

/* What MSH-9 says against the structure that was chosen. */
static void check_type(struct validator *validator, const struct hl7_dict_structure *structure)
{
    const struct hl7_message *message = validator->message;
    const struct spot spot = {.field = 9};
    hl7_slice named = header_part(message, 9, 3);

    if (structure == NULL) {
        if (hl7_state(header_part(message, 9, 1)) == HL7_PRESENT) {
            tell(validator, HL7_RULE_STRUCTURE_UNKNOWN, &spot,
                 &(struct telling){.expected = version_text(validator->version)});
        }
        return;
    }
    const struct hl7_dict_structure *usual = hl7_dict_structure_of(
        validator->version, header_part(message, 9, 1), header_part(message, 9, 2));
    if (usual != NULL && hl7_state(named) == HL7_PRESENT &&
        !hl7_slice_equal(named, hl7_dict_text(usual->name))) {
        tell(validator, HL7_RULE_STRUCTURE_OTHER, &(struct spot){.field = 9, .component = 3},
             &(struct telling){.value = named, .expected = hl7_dict_text(usual->name)});
    }
}

/* ---- The structure ------------------------------------------------------------------------- */

struct structure_check {
    struct validator *validator;
    const struct hl7_dict_structure *structure;
};

static hl7_slice node_text(const struct structure_check *check, size_t node)
{
    const struct hl7_dict_node *found =
        node == HL7_NONE ? NULL : hl7_dict_node(check->structure, node);

    if (found == NULL) {
        return (hl7_slice){NULL, 0};
    }
    return found->kind == HL7_NODE_SEGMENT ? hl7_slice_of(found->segment)
                                           : hl7_dict_text(found->name);
}

static bool is_name(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        bool letter = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z';
        if (!letter && (i == 0 || name.ptr[i] < '0' || name.ptr[i] > '9')) {
            return false;
        }
    }
    return name.len == 3;
}

/* A segment that the structure does not have: because nobody has it? */
static void tell_foreign(struct validator *validator, size_t segment, hl7_slice structure)
{
    hl7_slice name = hl7_segment_name(validator->message, segment);
    const struct spot spot = {.segment = segment};

    if (!is_name(name)) {
        tell(validator, HL7_RULE_SEGMENT_NAME, &spot, &NOTHING);
    } else if (said_of_segment(validator, name) == NULL) {
        tell(validator, HL7_RULE_SEGMENT_UNKNOWN, &spot,
             &(struct telling){.expected = version_text(validator->version)});
    } else if (structure.len > 0) {
        tell(validator, HL7_RULE_SEGMENT_FOREIGN, &spot, &(struct telling){.expected = structure});
    }
}

static bool on_match(void *context, const struct match_finding *finding)
{
    const struct structure_check *check = context;
    struct validator *validator = check->validator;
    const struct spot spot = {.segment = finding->segment};
    struct telling telling = {.name = node_text(check, finding->after)};

    switch (finding->kind) {
    case MATCH_MISSING:
        if (finding->leaf != finding->element) {
            telling.expected = node_text(check, finding->element);
        }
        tell_missing_segment(validator, node_text(check, finding->leaf), finding->segment,
                             &telling);
        break;
    case MATCH_MISPLACED:
        tell(validator, HL7_RULE_SEGMENT_ORDER, &spot, &telling);
        break;
    case MATCH_REPEATED:
        tell(validator, HL7_RULE_SEGMENT_REPEATS, &spot, &telling);
        break;
    case MATCH_FOREIGN:
        /* A structure whose tree leaves out the header has it all the same. */
        if (finding->segment > 0) {
            tell_foreign(validator, finding->segment, hl7_dict_text(check->structure->name));
        }
        break;
    }
    return !validator->stopped;
}

static void check_structure(struct validator *validator)
{
    struct structure_check check = {
        .validator = validator,
        .structure = hl7_dict_message_structure(validator->version, validator->message)};

    validator->validity->structure = check.structure;
    check_type(validator, check.structure);
    if (check.structure == NULL || validator->stopped) {
        return;
    }
    struct match_tree tree;
    tree.count = 0;
    for (size_t n = 0; n < check.structure->node_count; n++) {
        if (!match_add(&tree, hl7_dict_node(check.structure, n))) {
            return;
        }
    }
    const struct match_listener listener = {.found = on_match, .context = &check};
    (void)match(&tree, validator->message, &listener);
}

/* ---- Segment by segment -------------------------------------------------------------------- */

static void check_segments(struct validator *validator)
{
    bool structured = validator->validity->structure != NULL;

    for (size_t i = 0; i < validator->message->segment_count && !validator->stopped; i++) {
        hl7_slice name = hl7_segment_name(validator->message, i);
        const struct hl7_dict_segment *known = validator->known;

        if (known == NULL || !hl7_slice_equal(name, hl7_slice_of(known->name))) {
            known = said_of_segment(validator, name);
            validator->known = known;
        }
        if (known != NULL) {
            check_fields(validator, i, known);
        } else if (!structured && (name.len != 3 || name.ptr[0] != 'Z')) {
            tell_foreign(validator, i, (hl7_slice){NULL, 0});
        }
    }
}

void hl7_validate(const struct hl7_message *message, const struct hl7_validating *how,
                  struct hl7_validity *ret_validity)
{
    struct hl7_validity validity = {.version = how->versioned ? how->version
                                                              : hl7_message_version(message)};
    struct validator validator = {.message = message,
                                  .how = how,
                                  .version = validity.version,
                                  .left =
                                      how->max_findings == 0 ? HL7_FINDINGS_MAX : how->max_findings,
                                  .validity = &validity};

    if (hl7_dict_available()) {
        check_version(&validator);
        check_encoding(&validator);
        if (hl7_slice_equal(hl7_segment_name(message, 0), HL7_TEXT("MSH"))) {
            check_structure(&validator);
        }
        check_segments(&validator);
    }
    validity.complete = !validator.stopped;
    *ret_validity = validity;
}
