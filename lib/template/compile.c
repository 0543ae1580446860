/* SPDX-License-Identifier: Apache-2.0
 *
 * From text to program. Two passes of the parser: the first reports and counts, the second fills
 * what was counted; then the original placeholders are sorted. On success the arena holds the
 * program and nothing else; when the template is wrong, its findings; when the arena is too small,
 * what it held before. */
#include "template/compile.h"

#include "message.h"
#include "template/limits.h"
#include "template/original.h"
#include "template/parser.h"

#include <assert.h>

/* The arrays of a program, of exactly the size that was counted. */
static bool take_arrays(struct parser *parser, const struct parser *counted,
                        struct hl7_arena *arena)
{
    parser->code = hl7_arena_alloc(arena, counted->count * sizeof *parser->code);
    parser->originals = hl7_arena_alloc(arena, counted->original_count * sizeof *parser->originals);
    parser->arena = arena;
    return parser->code != NULL && parser->originals != NULL;
}

/* The names of other messages, out of the parser. */
static bool keep_messages(const struct parser *parser, struct hl7_template *program)
{
    hl7_slice *names = hl7_arena_alloc(parser->arena, parser->message_count * sizeof *names);

    if (names == NULL) {
        return false;
    }
    for (size_t i = 0; i < parser->message_count; i++) {
        names[i] = parser->messages[i];
    }
    program->messages = names;
    program->message_count = parser->message_count;
    return true;
}

static bool keep_tables(const struct parser *parser, struct hl7_template *program)
{
    struct table *tables = hl7_arena_alloc(parser->arena, parser->table_count * sizeof *tables);

    if (tables == NULL) {
        return false;
    }
    for (size_t i = 0; i < parser->table_count; i++) {
        tables[i] = parser->tables[i];
    }
    program->tables = tables;
    return true;
}

static bool keep_files(const struct parser *parser, struct hl7_template *program)
{
    struct template_file *files =
        hl7_arena_alloc(parser->arena, parser->file_count * sizeof *files);

    if (files == NULL) {
        return false;
    }
    for (size_t i = 0; i < parser->file_count; i++) {
        files[i] = parser->files[i];
    }
    program->files = files;
    program->file_count = parser->file_count;
    return true;
}

/* The second pass. */
static enum hl7_code fill(hl7_slice text, bool bare, struct report *report,
                          const struct parser *counted, const struct hl7_template **ret_template)
{
    struct hl7_template *made = hl7_arena_alloc(report->arena, sizeof *made);
    struct parser parser;

    parser_init(&parser, text, report);
    if (made == NULL || !take_arrays(&parser, counted, report->arena)) {
        return HL7_NO_MEMORY;
    }
    parser_reuse_files(&parser, counted);
    parser_run(&parser, bare);
    if (parser.no_memory) {
        return HL7_NO_MEMORY;
    }
    assert(parser.count == counted->count && report->count == 0);
    *made = (struct hl7_template){.code = parser.code,
                                  .count = parser.count,
                                  .originals = parser.originals,
                                  .original_count = parser.original_count,
                                  .stack_size = parser.stack_size,
                                  .cursor_count = parser.cursor_count,
                                  .variable_count = parser.variable_count,
                                  .loops = parser.loops,
                                  .format = parser.format,
                                  .separator = parser.separator,
                                  .hl7 = parser.hl7,
                                  .strict = parser.strict};
    if (!keep_messages(&parser, made) || !keep_tables(&parser, made) ||
        !keep_files(&parser, made)) {
        return HL7_NO_MEMORY;
    }
    original_sort(parser.code, parser.originals, parser.original_count);
    *ret_template = made;
    return HL7_OK;
}

/* The first pass. */
static void check(hl7_slice text, bool bare, bool warn, struct report *report,
                  struct parser *ret_parser)
{
    parser_init(ret_parser, text, report);
    ret_parser->check.report = warn ? report : NULL;
    if (text.len > TEMPLATE_MAX_BYTES) {
        report_add(report, 0, "the template is too long: more than 1 MiB", (hl7_slice){NULL, 0},
                   (hl7_slice){NULL, 0});
        return;
    }
    parser_run(ret_parser, bare);
    check_end(&ret_parser->check, ret_parser->variables, ret_parser->variable_count);
}

enum hl7_code compile_text(hl7_slice text, bool bare, const struct hl7_compiling *how,
                           struct hl7_arena *arena, const struct hl7_template **ret_template,
                           struct hl7_diagnostic **ret_diagnostics)
{
    hl7_slice body = hl7_slice_part(text, message_bom(text), text.len);
    size_t used = arena->used;
    struct report report;
    struct parser counted;
    enum hl7_code code = HL7_BAD_TEMPLATE;

    report_init(&report, body, arena);
    report.loader = how == NULL ? NULL : how->loader;
    check(body, bare, how != NULL && how->warn, &report, &counted);
    counted.files[0].text = text;
    if (report.no_memory) {
        code = HL7_NO_MEMORY;
    } else if (report.count == 0) {
        code = fill(body, bare, &report, &counted, ret_template);
    }
    if (code == HL7_NO_MEMORY) {
        arena->used = used;
    } else {
        report_unique(&report);
        *ret_diagnostics = report.first;
    }
    return code;
}

enum hl7_code hl7_template_compile(hl7_slice text, const struct hl7_compiling *how,
                                   struct hl7_arena *arena,
                                   const struct hl7_template **ret_template,
                                   struct hl7_diagnostic **ret_diagnostics)
{
    return compile_text(text, false, how, arena, ret_template, ret_diagnostics);
}

bool hl7_template_file(const struct hl7_template *program, size_t number, hl7_slice *ret_name,
                       hl7_slice *ret_text)
{
    if (number >= program->file_count) {
        return false;
    }
    *ret_name = program->files[number].name;
    *ret_text = program->files[number].text;
    return true;
}

enum hl7_format hl7_template_format(const struct hl7_template *program)
{
    return program->format;
}
