/* SPDX-License-Identifier: Apache-2.0
 *
 * validated.c - see validated.h.
 */
#include "validated.h"

#include "support.h"

struct listener {
    struct validated *validated;
    struct hl7_buffer text;
};

static bool on_finding(void *context, const struct hl7_finding *finding)
{
    struct listener *listener = context;
    struct hl7_path path = finding->path;

    listener->validated->count++;
    path.occurrence = path.occurrence == 1 ? 0 : path.occurrence;
    if (listener->text.len > 0) {
        hl7_buffer_add(&listener->text, HL7_TEXT("; "));
    }
    hl7_path_write(&path, &listener->text);
    hl7_buffer_add_byte(&listener->text, ' ');
    hl7_buffer_add(&listener->text, hl7_slice_of(hl7_rule_name(finding->rule)));
    return true;
}

void validate_text(hl7_slice text, enum hl7_severity least, struct validated *ret_validated)
{
    struct listener listener = {.validated = ret_validated};
    const struct hl7_validating how = {.least = least, .found = on_finding, .context = &listener};
    struct hl7_message message;
    struct hl7_arena arena;

    ret_validated->count = 0;
    hl7_buffer_init(&listener.text, ret_validated->text, sizeof ret_validated->text - 1);
    hl7_arena_init(&arena, ret_validated->memory, sizeof ret_validated->memory);
    assert_int_equal(hl7_message_parse(text, &arena, &message, NULL), HL7_OK);
    hl7_validate(&message, &how, &ret_validated->validity);
    ret_validated->text[listener.text.len] = '\0';
}

bool is_clean(const struct validated *validated)
{
    static const char *const unavoidable[] = {"", "CER-6.3 code", "NST-1 code"};

    for (size_t i = 0; i < sizeof unavoidable / sizeof *unavoidable; i++) {
        if (strcmp(validated->text, unavoidable[i]) == 0) {
            return true;
        }
    }
    return false;
}
