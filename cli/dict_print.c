/* SPDX-License-Identifier: Apache-2.0
 *
 * dict_print.c - an entry of the dictionary for people; see dict_entry.h. */
#include "dict_entry.h"

#include "table.h"

/* ---- Cells ----------------------------------------------------------------------------------- */

static void cell_number(struct table *table, size_t number)
{
    if (number == 0) {
        table_string(table, TEXT_NORMAL, NULL);
    } else {
        table_number(table, TEXT_NORMAL, (int64_t)number);
    }
}

static void cell_table(struct table *table, size_t number)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%04zu", number);
    table_string(table, TEXT_NORMAL, number == 0 ? NULL : text);
}

static void field_row(struct table *table, size_t number, const struct hl7_dict_field *field)
{
    table_number(table, TEXT_NORMAL, (int64_t)number);
    table_text(table, TEXT_NORMAL, hl7_dict_type_name(field->type));
    table_string(table, TEXT_NORMAL, dict_optionality(field->optionality));
    if (field->max > 1) {
        table_number(table, TEXT_NORMAL, field->max);
    } else {
        table_string(table, TEXT_NORMAL, field->max == 1 ? "no" : "yes");
    }
    cell_number(table, field->length);
    cell_table(table, field->table);
    table_text(table, TEXT_BOLD, hl7_dict_text(field->name));
}

/* ---- Entries --------------------------------------------------------------------------------- */

static const struct table_column field_columns[] = {
    {"NUMBER", true}, {"TYPE", false},  {"USE", false}, {"REPEATS", false},
    {"LENGTH", true}, {"TABLE", false}, {"NAME", false}};

enum { FIELD_COLUMNS = sizeof field_columns / sizeof field_columns[0] };

static bool print_fields(const struct text_terminal *terminal,
                         const struct hl7_dict_segment *segment)
{
    struct table table;

    table_open(&table, terminal, field_columns, FIELD_COLUMNS);
    for (size_t number = 1; number <= segment->field_count; number++) {
        field_row(&table, number, hl7_dict_field(segment, number));
    }
    return table_close(&table);
}

static bool print_components(const struct text_terminal *terminal, const struct hl7_dict_type *type)
{
    struct table table;

    table_open(&table, terminal, field_columns, FIELD_COLUMNS);
    for (size_t number = 1; type != NULL && number <= type->component_count; number++) {
        field_row(&table, number, hl7_dict_component(type, number));
    }
    return table_close(&table);
}

static bool print_codes(const struct text_terminal *terminal, const struct hl7_dict_table *codes)
{
    static const struct table_column columns[] = {{"CODE", false}, {"MEANING", false}};
    struct table table;

    table_open(&table, terminal, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; codes != NULL && i < codes->code_count; i++) {
        const struct hl7_dict_code *code = hl7_dict_code_at(codes, i);
        table_text(&table, TEXT_BOLD, hl7_dict_text(code->code));
        table_text(&table, TEXT_NORMAL, hl7_dict_text(code->text));
    }
    return table_close(&table);
}

static void print_text(const struct text_terminal *terminal, const char *before, hl7_slice text)
{
    fprintf(terminal->file, "%s%.*s", before, (int)text.len, text.len > 0 ? text.ptr : "");
}

static bool print_field(const struct text_terminal *terminal, const struct dict_entry *entry)
{
    const struct hl7_dict_field *field = entry->field;
    const struct hl7_dict_type *type = hl7_dict_type_of(entry->version, field->type);
    const struct hl7_dict_table *codes = hl7_dict_table(field->table);
    bool done;

    print_text(terminal, "type         ", hl7_dict_type_name(field->type));
    print_text(terminal, ", ", type != NULL ? hl7_dict_text(type->title) : HL7_TEXT("not known"));
    fprintf(terminal->file, "\nuse          %s\n", dict_optionality(field->optionality));
    fputs("repetitions  ", terminal->file);
    if (field->max == 0) {
        fputs("any number\n", terminal->file);
    } else {
        fprintf(terminal->file, "%u\n", (unsigned)field->max);
    }
    if (field->length > 0) {
        fprintf(terminal->file, "length       %u\n", (unsigned)field->length);
    }
    if (codes != NULL) {
        fprintf(terminal->file, "table        %04u", (unsigned)codes->number);
        print_text(terminal, ", ", hl7_dict_text(codes->title));
        fputc('\n', terminal->file);
    }
    done = print_components(terminal, type);
    return print_codes(terminal, codes) && done;
}

/* A group's members stand below it, two columns further. */
static bool print_nodes(const struct text_terminal *terminal, const struct dict_entry *entry)
{
    static const char *const words[] = {[HL7_NODE_SEGMENT] = "",
                                        [HL7_NODE_GROUP] = "group",
                                        [HL7_NODE_CHOICE] = "one of",
                                        [HL7_NODE_ANY] = "any segment"};
    struct dict_walk walk = {.structure = entry->structure};
    const struct hl7_dict_node *node;

    while ((node = dict_walk_next(&walk)) != NULL) {
        const struct hl7_dict_segment *segment =
            hl7_dict_segment(entry->version, hl7_slice_of(node->segment));
        char most[8] = "*";

        if (node->max > 0) {
            (void)snprintf(most, sizeof most, "%u", (unsigned)node->max);
        }
        fprintf(terminal->file, "%*s%u..%-3s", (int)walk.depth * 2, "", (unsigned)node->min, most);
        text_style(terminal, node->kind == HL7_NODE_SEGMENT ? TEXT_BOLD : TEXT_NORMAL);
        if (node->kind == HL7_NODE_SEGMENT) {
            print_text(terminal, "", hl7_slice_of(node->segment));
        } else {
            print_text(terminal, words[node->kind], HL7_TEXT(" "));
            print_text(terminal, "", hl7_dict_text(node->name));
        }
        text_style(terminal, TEXT_NORMAL);
        print_text(terminal, segment != NULL ? "  " : "",
                   segment != NULL ? hl7_dict_text(segment->title) : HL7_TEXT(""));
        fputc('\n', terminal->file);
    }
    return true;
}

bool dict_print(const struct text_terminal *terminal, const struct dict_entry *entry)
{
    static const char *const owners[] = {[HL7_TABLE_UNKNOWN] = "table",
                                         [HL7_TABLE_HL7] = "table of HL7",
                                         [HL7_TABLE_USER] = "table of codes that are suggested"};

    text_style(terminal, TEXT_BOLD);
    print_text(terminal, "", entry->name);
    text_style(terminal, TEXT_NORMAL);
    print_text(terminal, "  ", dict_title(entry));
    if (entry->kind == DICT_TABLE) {
        fprintf(terminal->file, "  (%s)\n", owners[entry->table->kind]);
        return print_codes(terminal, entry->table);
    }
    fprintf(terminal->file, "  (%s, %s%s)\n", dict_kind_word(entry->kind),
            entry->version == HL7_ANY_VERSION ? "" : "HL7 ",
            entry->version == HL7_ANY_VERSION ? "any version" : hl7_version_name(entry->version));
    switch (entry->kind) {
    case DICT_SEGMENT:
        return print_fields(terminal, entry->segment);
    case DICT_TYPE:
        return print_components(terminal, entry->type);
    case DICT_STRUCTURE:
        return print_nodes(terminal, entry);
    case DICT_TABLE:
    case DICT_FIELD:
    default:
        return print_field(terminal, entry);
    }
}
