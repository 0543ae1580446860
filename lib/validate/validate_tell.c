/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings on their way out: the path is made, what is not grave enough is passed over, and the bound
 * is kept. Counting which segment of its name one is takes a walk; the last answers are kept, by a
 * hash of the name, so that findings in all segments of a name cost one walk. */
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

/* Where the last count of a name is kept. */
static struct counted *slot_of(struct validator *validator, hl7_slice name)
{
    size_t hash = 0;

    for (size_t i = 0; i < name.len && i < 3; i++) {
        hash = hash * 37 + (unsigned char)name.ptr[i];
    }
    return &validator->counted[hash % COUNTED];
}

/* The number of segments of a name up to, not with, this one. */
static uint32_t count_before(struct validator *validator, hl7_slice name, size_t segment)
{
    struct counted *last = slot_of(validator, name);
    size_t from = 0;
    uint32_t count = 0;

    if (last->occurrence > 0 && last->segment < segment &&
        hl7_slice_equal(hl7_segment_name(validator->message, last->segment), name)) {
        from = last->segment + 1;
        count = last->occurrence;
    }
    return count + count_named(validator, name, from, segment);
}

static uint32_t occurrence_of(struct validator *validator, size_t segment)
{
    hl7_slice name = hl7_segment_name(validator->message, segment);
    struct counted *last = slot_of(validator, name);

    if (last->occurrence == 0 || last->segment != segment) {
        *last = (struct counted){.occurrence = 1 + count_before(validator, name, segment),
                                 .segment = segment};
    }
    return last->occurrence;
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
        .path = {.occurrence = 1 + count_before(validator, name, segment)},
        .segment = segment,
        .name = telling->name,
        .expected = telling->expected};

    name_segment(&finding.path, name);
    hand_out(validator, &finding);
}
