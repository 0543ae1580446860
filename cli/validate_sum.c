/* SPDX-License-Identifier: Apache-2.0
 *
 * validate_sum.c - findings counted by kind. See validate_report.h.
 */
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "validate_report.h"

enum { SLOTS = 2 * VALIDATE_KINDS_MAX };

/* ---- Counting ------------------------------------------------------------------------------- */

/* Without what tells findings of one kind apart. */
static struct hl7_finding kind_of(const struct hl7_finding *finding)
{
    struct hl7_finding kind = *finding;

    kind.path.occurrence = 0;
    kind.path.repetition = 0;
    kind.value = (hl7_slice){NULL, 0};
    return kind;
}

static bool is_same(const struct hl7_finding *a, const struct hl7_finding *b)
{
    return a->rule == b->rule && a->number == b->number &&
           strcmp(a->path.segment, b->path.segment) == 0 && a->path.field == b->path.field &&
           a->path.component == b->path.component && a->path.subcomponent == b->path.subcomponent &&
           hl7_slice_equal(a->expected, b->expected) && hl7_slice_equal(a->name, b->name);
}

static size_t slot_of(const struct hl7_finding *kind)
{
    const uint32_t numbers[] = {(uint32_t)kind->rule, kind->path.field, kind->path.component,
                                kind->path.subcomponent};
    size_t hash = 0;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        hash = hash * 31 + numbers[i];
    }
    for (size_t i = 0; i < sizeof kind->path.segment; i++) {
        hash = hash * 31 + (unsigned char)kind->path.segment[i];
    }
    return hash % SLOTS;
}

bool validate_sum_add(struct validate_sum *sum, const struct hl7_finding *finding)
{
    const struct hl7_finding kind = kind_of(finding);

    if (!memory_grow(&sum->slots, SLOTS * sizeof(struct validate_kind))) {
        return false;
    }
    struct validate_kind *slots = sum->slots.ptr;
    size_t slot = slot_of(&kind);
    while (slots[slot].count > 0 && !is_same(&slots[slot].finding, &kind)) {
        slot = (slot + 1) % SLOTS;
    }
    if (slots[slot].count == 0) {
        if (sum->kinds == VALIDATE_KINDS_MAX) {
            sum->others++;
            return true;
        }
        slots[slot].finding = kind;
        sum->kinds++;
    }
    slots[slot].count++;
    return true;
}

void validate_sum_free(struct validate_sum *sum)
{
    memory_free(&sum->slots);
}

/* ---- Printing ------------------------------------------------------------------------------- */

/* The graver first, then the more frequent, then by path. */
static int compare(const void *a, const void *b)
{
    const struct validate_kind *one = *(const struct validate_kind *const *)a;
    const struct validate_kind *other = *(const struct validate_kind *const *)b;

    if (one->finding.severity != other->finding.severity) {
        return one->finding.severity < other->finding.severity ? -1 : 1;
    }
    if (one->count != other->count) {
        return one->count > other->count ? -1 : 1;
    }
    int order = strcmp(one->finding.path.segment, other->finding.path.segment);
    if (order == 0 && one->finding.path.field != other->finding.path.field) {
        order = one->finding.path.field < other->finding.path.field ? -1 : 1;
    }
    return order;
}

static void print_kind(struct table *table, const struct validate_kind *kind)
{
    static const enum text_style styles[] = {TEXT_RED, TEXT_YELLOW, TEXT_DIM};
    char memory[HL7_FINDING_SIZE];
    struct hl7_buffer text;

    table_number(table, TEXT_NORMAL, (int64_t)kind->count);
    hl7_buffer_init(&text, memory, sizeof memory);
    hl7_path_write(&kind->finding.path, &text);
    table_text(table, TEXT_BOLD, hl7_buffer_slice(&text));
    table_string(table, styles[kind->finding.severity], hl7_severity_name(kind->finding.severity));
    table_string(table, TEXT_NORMAL, hl7_rule_name(kind->finding.rule));
    hl7_buffer_init(&text, memory, sizeof memory);
    hl7_finding_write(&kind->finding, &text);
    table_text(table, TEXT_NORMAL, hl7_buffer_slice(&text));
}

bool validate_sum_print(const struct validate_sum *sum, const struct text_terminal *terminal)
{
    static const struct table_column columns[] = {
        {"COUNT", true}, {"PATH", false}, {"SEVERITY", false}, {"RULE", false}, {"FINDING", false}};
    const struct validate_kind *slots = sum->slots.ptr;
    const struct validate_kind **kinds = calloc(sum->kinds + 1, sizeof *kinds);
    struct table table;
    size_t count = 0;

    if (kinds == NULL) {
        return false;
    }
    for (size_t i = 0; slots != NULL && i < SLOTS; i++) {
        if (slots[i].count > 0) {
            kinds[count++] = &slots[i];
        }
    }
    qsort(kinds, count, sizeof *kinds, compare);
    table_open(&table, terminal, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < count; i++) {
        print_kind(&table, kinds[i]);
    }
    free(kinds);
    return table_close(&table);
}
