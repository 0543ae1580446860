/* SPDX-License-Identifier: Apache-2.0
 *
 * Files beside the template: {include 'header.hl7'} and the tables of map(). A file is asked for
 * once; the second pass goes by what the first one got, so both see the same text.
 *
 * An included file is parsed where its statement stands, with everything the template has defined
 * so far. Only its blocks, and the braces, are its own. What all includes of a template bring is
 * bounded: files that include each other many times would else be a text without an end. */
#include "template/parser.h"

#include "message.h"
#include "template/suggest.h"

static const hl7_slice NOTHING = {NULL, 0};

/* ---- Names --------------------------------------------------------------------------------- */

static bool is_name_byte(char c)
{
    return lexer_is_letter(c) || lexer_is_digit(c) || c == '.' || c == '_' || c == '-';
}

static bool is_name_part(hl7_slice part)
{
    for (size_t i = 0; i < part.len; i++) {
        if (!is_name_byte(part.ptr[i])) {
            return false;
        }
    }
    return part.len > 0 && !hl7_slice_equal(part, HL7_TEXT(".")) &&
           !hl7_slice_equal(part, HL7_TEXT(".."));
}

/* No part of it leads out of the template's folder. */
static bool is_file_name(hl7_slice name)
{
    hl7_slice part;
    bool good = name.len <= TEMPLATE_MAX_FILE_NAME;

    while (good && hl7_piece_next(&name, '/', &part)) {
        good = is_name_part(part);
    }
    return good;
}

static bool check_name(struct parser *parser, const struct token *name)
{
    return is_file_name(name->text) ||
           parser_fail(parser, name->position,
                       "'%' is no file's name: letters, digits, '.', '_', '-', and '/' between "
                       "such; no '..'",
                       name->text, NOTHING);
}

/* ---- Loading ------------------------------------------------------------------------------- */

static bool fail_missing(struct parser *parser, const struct token *token, hl7_slice name)
{
    hl7_slice known[TEMPLATE_MAX_FILES + 1];

    for (size_t i = 1; i < parser->file_count; i++) {
        known[i - 1] = parser->files[i].name;
    }
    hl7_slice near = suggest_word(name, known, parser->file_count - 1);
    return parser_fail(parser, token->position,
                       near.ptr == NULL
                           ? "there is no file '%' beside the template"
                           : "there is no file '%' beside the template (did you mean '%'?)",
                       name, near);
}

/* Says why a file could not be had. */
static bool fail_load(struct parser *parser, const struct token *token, hl7_slice name,
                      enum hl7_code code)
{
    switch (code) {
    case HL7_NOT_FOUND:
        return fail_missing(parser, token, name);
    case HL7_NO_MEMORY:
        parser->report->no_memory = true;
        return false;
    case HL7_TOO_LARGE:
        return parser_fail(parser, token->position, "the file '%' is too long", name, NOTHING);
    default:
        return parser_fail(parser, token->position, "the file '%' cannot be read", name, NOTHING);
    }
}

/* The number of a file, which is loaded when it is met for the first time. The name lasts. */
static bool find_file(struct parser *parser, const struct token *token, hl7_slice name,
                      size_t *ret_number)
{
    const struct hl7_loader *loader = parser->report->loader;
    hl7_slice text = {NULL, 0};
    size_t i = 1;

    while (i < parser->file_count && !hl7_slice_equal(parser->files[i].name, name)) {
        i++;
    }
    *ret_number = i;
    if (i < parser->file_count) {
        return true;
    }
    if (i > TEMPLATE_MAX_FILES) {
        return parser_fail(parser, token->position, "'%' is one file too many", name, NOTHING);
    }
    enum hl7_code code =
        loader == NULL ? HL7_NOT_FOUND : loader->load(loader->context, name, &text);
    if (code != HL7_OK) {
        return fail_load(parser, token, name, code);
    }
    parser->files[parser->file_count++] = (struct template_file){.name = name, .text = text};
    return true;
}

/* ---- Included files ------------------------------------------------------------------------ */

/* What counts of an included file: not its byte order mark, nor its last line end. */
static hl7_slice body_of(hl7_slice text)
{
    hl7_slice body = hl7_slice_part(text, message_bom(text), text.len);

    if (body.len > 0 && body.ptr[body.len - 1] == '\n') {
        body.len--;
    }
    if (body.len > 0 && body.ptr[body.len - 1] == '\r') {
        body.len--;
    }
    return body;
}

static bool check_include(struct parser *parser, const struct token *name, size_t file)
{
    if (parser->files[file].text.len > TEMPLATE_MAX_BYTES) {
        return parser_fail(parser, name->position, "the file '%' is too long: more than 1 MiB",
                           name->text, NOTHING);
    }
    for (size_t i = 1; i <= parser->include_depth; i++) {
        if (parser->including[i] == file) {
            return parser_fail(parser, name->position, "the file '%' includes itself", name->text,
                               NOTHING);
        }
    }
    if (parser->include_depth == TEMPLATE_MAX_INCLUDES) {
        return parser_fail(parser, name->position,
                           "the file '%' is included too deep: by the eighth file within others",
                           name->text, NOTHING);
    }
    return true;
}

/* Counts what is included; false when it is too much, which is said once. */
static bool check_expanded(struct parser *parser, const struct token *name, hl7_slice body)
{
    bool said = parser->expanded > TEMPLATE_MAX_EXPANDED;

    /* An empty file costs something, too. */
    parser->expanded += said ? 0 : body.len + TEMPLATE_INCLUDE_COST;
    if (parser->expanded <= TEMPLATE_MAX_EXPANDED) {
        return true;
    }
    return said ? false
                : parser_fail(parser, name->position,
                              "the included files are too long, each as often as it is included: "
                              "more than 16 MiB",
                              NOTHING, NOTHING);
}

/* What is of the file a statement stands in, while another one is read in its place. */
struct outer {
    struct lexer lexer;
    struct token token;
    size_t open;
    size_t block_floor;
    size_t blocks_over;
    size_t file;
    bool silent;
    bool amid;
};

static struct outer leave(const struct parser *parser)
{
    return (struct outer){.lexer = parser->lexer,
                          .token = parser->token,
                          .open = parser->open,
                          .block_floor = parser->block_floor,
                          .blocks_over = parser->blocks_over,
                          .file = parser->file,
                          .silent = parser->silent,
                          .amid = parser->amid};
}

static void come_back(struct parser *parser, const struct outer *outer)
{
    parser->lexer = outer->lexer;
    parser->token = outer->token;
    parser->open = outer->open;
    parser->block_floor = outer->block_floor;
    parser->blocks_over = outer->blocks_over;
    parser->file = outer->file;
    parser->silent = outer->silent;
    parser->amid = outer->amid;
    parser->has_statement = true;
    parser->included = true;
}

static void parse_included(struct parser *parser, size_t file, hl7_slice body)
{
    const struct outer outer = leave(parser);
    const hl7_slice text = parser->report->text;
    const hl7_slice name = parser->report->file;

    parser->lexer = (struct lexer){.text = body};
    parser->block_floor = parser->block_count;
    parser->blocks_over = 0;
    parser->file = file;
    parser->amid = parser->amid || !parser->silent;
    parser->report->text = body;
    parser->report->file = parser->files[file].name;
    parser->including[++parser->include_depth] = file;
    parser_lines(parser);
    parser->include_depth--;
    parser->report->text = text;
    parser->report->file = name;
    come_back(parser, &outer);
}

/* {include 'header.hl7'} */
bool parse_include(struct parser *parser, const struct token *name)
{
    const struct token file = parser->token;
    size_t number = 0;

    if (file.kind != TOKEN_STRING) {
        return parser_fail(parser, name->position,
                           "'include' is followed by a file's name: {include 'header.hl7'}",
                           NOTHING, NOTHING);
    }
    if (!check_name(parser, &file)) {
        return false;
    }
    parser_advance(parser);
    if (parser->token.kind != TOKEN_CLOSE) {
        return parser_unexpected(parser);
    }
    if (!find_file(parser, &file, file.text, &number) || !check_include(parser, &file, number)) {
        return false;
    }
    hl7_slice body = body_of(parser->files[number].text);
    if (!check_expanded(parser, &file, body)) {
        return false;
    }
    parse_included(parser, number, body);
    return true;
}

/* ---- Tables -------------------------------------------------------------------------------- */

/* "sex.csv", in the arena; a file that is known has its name already. */
static bool table_file_name(struct parser *parser, hl7_slice table, hl7_slice *ret_name)
{
    char memory[TEMPLATE_MAX_FILE_NAME + 4];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_buffer_add(&buffer, table);
    hl7_buffer_add(&buffer, HL7_TEXT(".csv"));
    for (size_t i = 1; i < parser->file_count; i++) {
        if (hl7_slice_equal(parser->files[i].name, hl7_buffer_slice(&buffer))) {
            *ret_name = parser->files[i].name;
            return true;
        }
    }
    char *copy = hl7_arena_alloc(parser->report->arena, buffer.len);
    if (copy == NULL) {
        parser->report->no_memory = true;
        return false;
    }
    struct hl7_buffer kept;
    hl7_buffer_init(&kept, copy, buffer.len);
    hl7_buffer_add(&kept, hl7_buffer_slice(&buffer));
    *ret_name = hl7_buffer_slice(&kept);
    return true;
}

/* Compiles a table; the first pass forgets it again. One with an error stays known, so that the
 * error is reported once. */
static bool add_table(struct parser *parser, const struct token *name, size_t file)
{
    struct hl7_arena *arena = parser->report->arena;
    size_t used = arena->used;
    struct hl7_diagnostic problem = {.line = 0};
    struct table table = {.rows = 0};

    enum hl7_code code = table_compile(parser->files[file].text, arena, &table, &problem);
    if (parser->arena == NULL || code != HL7_OK) {
        arena->used = used;
    }
    if (code == HL7_NO_MEMORY) {
        parser->report->no_memory = true;
        parser->no_memory = true;
        return false;
    }
    if (code == HL7_TOO_LARGE) {
        return parser_fail(parser, name->position, "the table '%' is too long: more than 64 MiB",
                           name->text, NOTHING);
    }
    if (code != HL7_OK) {
        problem.file = parser->files[file].name;
        report_take(parser->report, &problem);
    }
    parser->table_files[parser->table_count] = file;
    parser->tables[parser->table_count++] = table;
    return true;
}

bool parse_table(struct parser *parser, const struct token *name, uint32_t *ret_number)
{
    hl7_slice file_name = NOTHING;
    size_t file = 0;
    size_t i = 0;

    if (!check_name(parser, name) || !table_file_name(parser, name->text, &file_name) ||
        !find_file(parser, name, file_name, &file)) {
        return false;
    }
    while (i < parser->table_count && parser->table_files[i] != file) {
        i++;
    }
    *ret_number = (uint32_t)i;
    return i < parser->table_count || add_table(parser, name, file);
}
