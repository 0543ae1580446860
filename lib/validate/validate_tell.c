/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings on their way out: the path is made, what is not grave enough is passed over, and the bound
 * is kept. Counting which segment of its name one is takes a walk; the last answer is kept, so
 * that findings in all segments of one name cost one walk. */
#include "validator.h"

#include "../message.h"

/* How many segments of this name there are from `from` up to, not with, `to`. */
static uint32_t count_named(const struct validator *validator, hl7_slice name, size_t from,
                            size_t to)
{
    uint32_t count = 0;

    for (size_t i = from; i < to; i++) {
        count += hl7_slice_equal(hl7_segment_name(validator->message, i), name) ? 1 : 0;
    }
    return count;
}

static uint32_t occurrence_of(struct validator *validator, size_t segment)
{
    hl7_slice name = hl7_segment_name(validator->message, segment);
    size_t from = validator->counted;

    if (validator->occurrence > 0 && from <= segment &&
        hl7_slice_equal(hl7_segment_name(validator->message, from), name)) {
        validator->occurrence += count_named(validator, name, from + 1, segment + 1);
    } else {
        validator->occurrence = count_named(validator, name, 0, segment + 1);
    }
    validator->counted = segment;
    return validator->occurrence;
}

static void name_segment(struct hl7_path *path, hl7_slice name)
{
    for (size_t i = 0; i < name.len && i < sizeof path->segment - 1; i++) {
        path->segment[i] = name.ptr[i];
    }
}

static bool is_wanted(const struct validator *validator, enum hl7_rule rule)
{
    return !validator->stopped && hl7_rule_severity(rule) <= validator->how->least;
}

static void hand_out(struct validator *validator, const struct hl7_finding *finding)
{
    const struct hl7_validating *how = validator->how;

    if (validator->left == 0) {
        validator->stopped = true;
        return;
    }
    validator->left--;
    validator->validity->counts[finding->severity]++;
    if (how->found != NULL && !how->found(how->context, finding)) {
        validator->stopped = true;
    }
}

void tell(struct validator *validator, enum hl7_rule rule, const struct spot *spot,
          const struct telling *telling)
{
    if (!is_wanted(validator, rule)) {
        return;
    }
    struct hl7_finding finding = {.rule = rule,
                                  .severity = hl7_rule_severity(rule),
                                  .path = {.occurrence = occurrence_of(validator, spot->segment),
                                           .field = spot->field,
                                           .repetition = spot->repetition,
                                           .component = spot->component,
                                           .subcomponent = spot->subcomponent},
                                  .segment = spot->segment,
                                  .value = telling->value,
                                  .name = telling->name,
                                  .expected = telling->expected,
                                  .number = telling->number};

    name_segment(&finding.path, hl7_segment_name(validator->message, spot->segment));
    hand_out(validator, &finding);
}

void tell_missing_segment(struct validator *validator, hl7_slice name, size_t segment,
                          const struct telling *telling)
{
    const enum hl7_rule rule = HL7_RULE_SEGMENT_MISSING;

    if (!is_wanted(validator, rule)) {
        return;
    }
    struct hl7_finding finding = {
        .rule = rule,
        .severity = hl7_rule_severity(rule),
        .path = {.occurrence = 1 + count_named(validator, name, 0, segment)},
        .segment = segment,
        .name = telling->name,
        .expected = telling->expected};

    name_segment(&finding.path, name);
    hand_out(validator, &finding);
}
