/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of rules, and the sentence of a finding. A sentence is made of the table's words and of names
 * that the dictionary has: nothing of a message gets into it. */
#include "hl7.h"

static const struct rule_row {
    const char *name;
    enum hl7_severity severity;
    enum hl7_condition condition;
    const char *sentence;
} rules[] = {
#define RULE(rule, name, severity, condition, sentence)                                            \
    [HL7_RULE_##rule] = {name, HL7_##severity, HL7_##condition, sentence},
#include "validate/rules.tbl"
#undef RULE
};

_Static_assert(sizeof rules / sizeof *rules == HL7_RULE_COUNT, "each rule has a row");

static const struct rule_row *row_of(enum hl7_rule rule)
{
    static const struct rule_row none = {"", HL7_ERROR, HL7_INTERNAL_ERROR, ""};

    return (size_t)rule < HL7_RULE_COUNT ? &rules[rule] : &none;
}

const char *hl7_rule_name(enum hl7_rule rule)
{
    return row_of(rule)->name;
}

bool hl7_rule_find(hl7_slice name, enum hl7_rule *ret_rule)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(rules[i].name))) {
            *ret_rule = (enum hl7_rule)i;
            return true;
        }
    }
    return false;
}

enum hl7_severity hl7_rule_severity(enum hl7_rule rule)
{
    return row_of(rule)->severity;
}

enum hl7_condition hl7_rule_condition(enum hl7_rule rule)
{
    return row_of(rule)->condition;
}

const char *hl7_severity_name(enum hl7_severity severity)
{
    static const char *const names[] = {
        [HL7_ERROR] = "error", [HL7_WARNING] = "warning", [HL7_INFO] = "info"};

    return (size_t)severity < sizeof names / sizeof *names ? names[severity] : "";
}

/* ---- Sentences ----------------------------------------------------------------------------- */

/* Text between two words, when there is any. */
static void add_with(struct hl7_buffer *buffer, hl7_slice before, hl7_slice text, hl7_slice behind)
{
    if (text.len > 0) {
        hl7_buffer_add(buffer, before);
        hl7_buffer_add(buffer, text);
        hl7_buffer_add(buffer, behind);
    }
}

static void add_table(struct hl7_buffer *buffer, uint32_t number)
{
    for (uint32_t unit = 1000; unit > 1 && number < unit; unit /= 10) {
        hl7_buffer_add_byte(buffer, '0');
    }
    hl7_buffer_add_number(buffer, number);
}

/* What a letter behind % stands for. */
static void add_part(struct hl7_buffer *buffer, const struct hl7_finding *finding, char letter)
{
    static const hl7_slice nothing = {NULL, 0};

    switch (letter) {
    case 'n':
        hl7_buffer_add(buffer, finding->name.len > 0 ? finding->name : HL7_TEXT("the value"));
        break;
    case 'e':
        hl7_buffer_add(buffer, finding->expected);
        break;
    case 'd':
        hl7_buffer_add_number(buffer, finding->number);
        break;
    case 's':
        hl7_buffer_add(buffer, finding->number == 1 ? nothing : HL7_TEXT("s"));
        break;
    case 't':
        add_table(buffer, finding->number);
        break;
    case 'a':
        add_with(buffer, HL7_TEXT(" after "), finding->name, nothing);
        break;
    case 'g':
        add_with(buffer, HL7_TEXT(" (group "), finding->expected, HL7_TEXT(")"));
        break;
    default:
        break;
    }
}

void hl7_finding_write(const struct hl7_finding *finding, struct hl7_buffer *buffer)
{
    const char *sentence = row_of(finding->rule)->sentence;

    for (; *sentence != '\0'; sentence++) {
        if (*sentence == '%' && sentence[1] != '\0') {
            sentence++;
            add_part(buffer, finding, *sentence);
        } else {
            hl7_buffer_add_byte(buffer, *sentence);
        }
    }
}
