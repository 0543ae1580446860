/* SPDX-License-Identifier: Apache-2.0
 *
 * validation.c - see validation.h.
 */
#include "validation.h"

#include <string.h>

const char *const validation_words[] = {"off", "warn", "reject", NULL};

/* Where the text is made: it may be cut, and ends in NUL. */
struct collector {
    struct validation *validation;
    const struct hl7_message *message;
    struct hl7_buffer text;
};

void validation_path(const struct hl7_finding *finding, const struct hl7_message *message,
                     struct hl7_buffer *buffer)
{
    struct hl7_path path = finding->path;

    if (path.occurrence == 1 &&
        hl7_message_find(message, hl7_slice_of(path.segment), 2) == HL7_NONE) {
        path.occurrence = 0;
    }
    hl7_path_write(&path, buffer);
}

static void add_text(const struct collector *collector, const struct hl7_finding *finding,
                     struct hl7_buffer *text, bool named)
{
    if (text->len > 0) {
        hl7_buffer_add(text, HL7_TEXT(", "));
    }
    if (named) {
        validation_path(finding, collector->message, text);
    } else {
        hl7_buffer_add(text, HL7_TEXT("segment "));
        hl7_buffer_add_number(text, finding->segment + 1);
    }
    hl7_buffer_add_byte(text, ' ');
    hl7_buffer_add(text, hl7_slice_of(hl7_rule_name(finding->rule)));
}

static bool on_finding(void *context, const struct hl7_finding *finding)
{
    struct collector *collector = context;
    struct validation *validation = collector->validation;
    /* What stands where a name should be may be anything, a patient's name too. */
    bool named = hl7_dict_known(hl7_slice_of(finding->path.segment)) != NULL;
    struct hl7_buffer sentence;

    if (validation->count == VALIDATION_TOLD) {
        validation->more = true;
        return false;
    }
    hl7_buffer_init(&sentence, validation->sentences[validation->count], HL7_FINDING_SIZE - 1);
    hl7_finding_write(finding, &sentence);
    sentence.ptr[sentence.len] = '\0';
    validation->problems[validation->count++] =
        (struct hl7_problem){.condition = hl7_rule_condition(finding->rule),
                             .where = named ? finding->path : (struct hl7_path){.occurrence = 0},
                             .rule = hl7_slice_of(hl7_rule_name(finding->rule)),
                             .reason = hl7_buffer_slice(&sentence)};
    add_text(collector, finding, &collector->text, named);
    return true;
}

bool validation_passes(struct validation *validation, const struct hl7_message *message)
{
    struct collector collector = {.validation = validation, .message = message};
    const struct hl7_validating how = {
        .least = HL7_ERROR, .found = on_finding, .context = &collector};
    struct hl7_validity validity;

    validation->count = 0;
    validation->more = false;
    hl7_buffer_init(&collector.text, validation->text, sizeof validation->text - 1);
    hl7_validate(message, &how, &validity);
    if (validation->more) {
        hl7_buffer_add(&collector.text, HL7_TEXT(", more"));
    }
    validation->text[collector.text.len] = '\0';
    return validation->count == 0;
}

const char *validation_text(const struct validation *validation)
{
    return validation->text;
}

struct answer_verdict validation_verdict(const struct validation *validation)
{
    const struct hl7_problem *first = &validation->problems[0];

    return (struct answer_verdict){.outcome = HL7_FAILED,
                                   .condition = first->condition,
                                   .where = first->where,
                                   .reason = first->reason.ptr,
                                   .rule = first->rule,
                                   .more = first + 1,
                                   .more_count = validation->count - 1};
}
