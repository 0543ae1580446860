/* SPDX-License-Identifier: Apache-2.0
 *
 * Recursive descent: a template is lines, a line is pieces, and a piece that opens an expression
 * holds one statement or one value. Statements are a table; a new one is a row and a function.
 *
 * After an error the parser goes on behind the next '}' of the line, so one run reports all errors
 * of a template, one for each pair of braces.
 *
 * A line that holds only statements, comments and blanks must leave nothing in the output. That is
 * decided at its beginning by looking ahead: the lexer is copied and reads the line once more. */
#include "template/parser.h"

static const hl7_slice NOTHING = {NULL, 0};

/* ---- Statements ---------------------------------------------------------------------------- */

static bool parse_strict(struct parser *parser, const struct token *name);
static bool parse_format(struct parser *parser, const struct token *name);

/* The words that begin a statement. */
struct statement {
    hl7_slice name;
    bool (*parse)(struct parser *parser, const struct token *name);
};

static const struct statement statements[] = {
    {{"strict", 6}, parse_strict}, {{"for", 3}, parse_for},         {{"if", 2}, parse_if},
    {{"else", 4}, parse_else},     {{"end", 3}, parse_end},         {{"let", 3}, parse_let},
    {{"set", 3}, parse_set},       {{"delete", 6}, parse_delete},   {{"append", 6}, parse_append},
    {{"source", 6}, parse_source}, {{"include", 7}, parse_include}, {{"output", 6}, parse_format},
    {{"reject", 6}, parse_reject},
};

static const struct statement *find_statement(hl7_slice name)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (hl7_slice_equal(statements[i].name, name)) {
            return &statements[i];
        }
    }
    return NULL;
}

bool parser_is_statement(hl7_slice name)
{
    return find_statement(name) != NULL;
}

/* ---- Tokens and errors --------------------------------------------------------------------- */

bool parser_fail(struct parser *parser, size_t position, const char *pattern, hl7_slice first,
                 hl7_slice second)
{
    report_add(parser->report, position, pattern, first, second);
    return false;
}

void parser_advance(struct parser *parser)
{
    parser->token = lexer_token(&parser->lexer);
}

struct mark parser_mark(const struct parser *parser)
{
    return (struct mark){.lexer = parser->lexer,
                         .token = parser->token,
                         .count = parser->count,
                         .depth = parser->depth};
}

void parser_rewind(struct parser *parser, const struct mark *mark)
{
    parser->lexer = mark->lexer;
    parser->token = mark->token;
    parser->count = mark->count;
    parser->depth = mark->depth;
}

/* Goes on behind the next '}' of the line, or at its end. */
static void recover(struct parser *parser)
{
    while (parser->token.kind != TOKEN_CLOSE && parser->token.kind != TOKEN_END) {
        parser_advance(parser);
    }
}

bool token_is(const struct token *token, const char *mark)
{
    return token->kind == TOKEN_MARK && hl7_slice_equal(token->text, hl7_slice_of(mark));
}

bool token_is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_NAME && hl7_slice_equal(token->text, hl7_slice_of(word));
}

bool parser_unexpected(struct parser *parser)
{
    const struct token *token = &parser->token;

    switch (token->kind) {
    case TOKEN_END:
        if (parser->bare) {
            return parser_fail(parser, token->position, "something is missing at the end", NOTHING,
                               NOTHING);
        }
        return parser_fail(parser, parser->open,
                           "this '{' has no '}' on its line (a brace as text is {'{'})", NOTHING,
                           NOTHING);
    case TOKEN_BAD_STRING:
        return parser_fail(parser, token->position, "this string has no closing quote", NOTHING,
                           NOTHING);
    case TOKEN_BAD_BYTE:
        return parser_fail(parser, token->position, "'%' has no meaning here", token->text,
                           NOTHING);
    case TOKEN_CLOSE:
        if (parser->bare) {
            return parser_fail(parser, token->position, "'}' cannot stand here", NOTHING, NOTHING);
        }
        return parser_fail(parser, token->position, "a value is missing before '}'", NOTHING,
                           NOTHING);
    default:
        return parser_fail(parser, token->position, "'%' cannot stand here", token->text, NOTHING);
    }
}

bool parser_expect(struct parser *parser, const char *mark)
{
    if (token_is(&parser->token, mark)) {
        parser_advance(parser);
        return true;
    }
    if (parser->token.kind == TOKEN_CLOSE) {
        return parser_fail(parser, parser->token.position, "'%' is missing before '}'",
                           hl7_slice_of(mark), NOTHING);
    }
    return parser_unexpected(parser);
}

/* ---- Statements, again --------------------------------------------------------------------- */

/* What is said of all of the output is said in the template itself. */
static bool check_own(struct parser *parser, const struct token *name)
{
    return parser->include_depth == 0 ||
           parser_fail(parser, name->position,
                       "'%' belongs into the template itself, not into an included file",
                       name->text, NOTHING);
}

static bool parse_strict(struct parser *parser, const struct token *name)
{
    if (!check_own(parser, name)) {
        return false;
    }
    if (parser->begun) {
        return parser_fail(parser, name->position, "'%' belongs at the top, before all text",
                           name->text, NOTHING);
    }
    parser->strict = true;
    return true;
}

static bool find_format(hl7_slice name, enum hl7_format *ret_format)
{
    static const char *const names[] = {
        [HL7_FORMAT_TEXT] = "text", [HL7_FORMAT_HL7] = "hl7", [HL7_FORMAT_JSON] = "json",
        [HL7_FORMAT_XML] = "xml",   [HL7_FORMAT_CSV] = "csv",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(names[i]))) {
            *ret_format = (enum hl7_format)i;
            return true;
        }
    }
    return false;
}

/* {output csv ';'}: the separator of the cells. */
static bool parse_separator(struct parser *parser)
{
    hl7_slice text = parser->token.text;

    parser->separator = ',';
    if (parser->format != HL7_FORMAT_CSV || parser->token.kind != TOKEN_STRING) {
        return true;
    }
    if (text.len != 1 || text.ptr[0] == '"' || text.ptr[0] == '\'') {
        return parser_fail(parser, parser->token.position, "a separator is one character", NOTHING,
                           NOTHING);
    }
    parser->separator = text.ptr[0];
    parser_advance(parser);
    return true;
}

static bool parse_format(struct parser *parser, const struct token *name)
{
    enum hl7_format format;

    if (!check_own(parser, name)) {
        return false;
    }
    if (parser->begun || parser->format_given) {
        return parser_fail(parser, name->position,
                           "'%' belongs at the top, once and before all text", name->text, NOTHING);
    }
    if (parser->token.kind != TOKEN_NAME || !find_format(parser->token.text, &format)) {
        return parser_fail(parser, parser->token.position,
                           "'output' is followed by hl7, json, xml, csv or text", NOTHING, NOTHING);
    }
    parser->format = format;
    parser->format_given = true;
    parser->hl7 = format == HL7_FORMAT_HL7;
    parser_advance(parser);
    return parse_separator(parser);
}

/* ---- Braces -------------------------------------------------------------------------------- */

static bool parse_statement(struct parser *parser, const struct statement *statement)
{
    const struct token name = parser->token;

    parser->has_statement = parser->has_statement || statement->parse != parse_strict;
    parser_advance(parser);
    return statement->parse(parser, &name);
}

/* A statement or a value; the token being looked at begins it. */
static bool parse_content(struct parser *parser)
{
    const struct statement *statement =
        parser->token.kind == TOKEN_NAME ? find_statement(parser->token.text) : NULL;

    if (statement != NULL && !parser_at_path(parser)) {
        return parse_statement(parser, statement);
    }
    return parse_output(parser);
}

static void parse_braces(struct parser *parser, size_t open)
{
    parser->open = open;
    parser_advance(parser);
    if (!parse_content(parser) ||
        (parser->token.kind != TOKEN_CLOSE && !parser_unexpected(parser))) {
        recover(parser);
        parser->scope_count = parser->loop_count;
        parser->nesting = 0;
        parser->depth = 0;
    }
}

/* ---- Lines --------------------------------------------------------------------------------- */

/* Goes over a statement; false when it is not one, or has no end. */
static bool skip_statement(struct lexer *lexer)
{
    struct token token = lexer_token(lexer);

    if (token.kind != TOKEN_NAME || !parser_is_statement(token.text)) {
        return false;
    }
    token = lexer_token(lexer);
    if (token_is(&token, ":")) {
        return false;
    }
    while (token.kind != TOKEN_CLOSE && token.kind != TOKEN_END) {
        token = lexer_token(lexer);
    }
    return token.kind == TOKEN_CLOSE;
}

/* True when the line that begins here holds statements or comments, and only blanks beside them. */
static bool line_is_silent(struct lexer ahead)
{
    bool found = false;

    for (;;) {
        struct piece piece = lexer_piece(&ahead);
        switch (piece.kind) {
        case PIECE_END:
        case PIECE_LINE_END:
            return found;
        case PIECE_TEXT:
            if (!lexer_is_blank(piece.text)) {
                return false;
            }
            break;
        case PIECE_COMMENT:
            found = true;
            break;
        case PIECE_OPEN:
            if (!skip_statement(&ahead)) {
                return false;
            }
            found = true;
            break;
        case PIECE_ORIGINAL:
            return false;
        }
    }
}

/* The first and the last line of a file that is included amid others are a part of that line. */
static bool is_amid(const struct parser *parser)
{
    hl7_slice rest = hl7_slice_part(parser->lexer.text, parser->lexer.at, parser->lexer.text.len);
    size_t len = 0;

    while (len < rest.len && !lexer_is_line_end(rest.ptr[len])) {
        len++;
    }
    return parser->amid && (parser->lexer.at == 0 || len == rest.len);
}

static void begin_line(struct parser *parser)
{
    parser->silent = !is_amid(parser) && line_is_silent(parser->lexer);
    parser->has_statement = false;
    parser->included = false;
}

/* What is included may have left something on a line of statements only. */
static void parse_line_end(struct parser *parser, const struct piece *piece)
{
    if (!parser->silent || (parser->included && parser->begun)) {
        parser_emit_text(parser, parser->has_statement ? OP_LINE_END : OP_TEXT, piece->position,
                         parser->hl7 ? HL7_TEXT("\r") : HL7_TEXT("\n"));
    }
    begin_line(parser);
}

void parser_init(struct parser *parser, hl7_slice text, struct report *report)
{
    *parser = (struct parser){.lexer = {.text = text}, .report = report, .file_count = 1};
    parser->files[0].text = text;
}

/* {if TEXT}1{end} */
static void parse_bare(struct parser *parser)
{
    struct instruction jump = parser_instruction(OP_JUMP_UNLESS, 0);

    parser->bare = true;
    parser_advance(parser);
    if (!parse_expression(parser)) {
        return;
    }
    if (parser->token.kind != TOKEN_END || parser->lexer.at < parser->lexer.text.len) {
        (void)parser_unexpected(parser);
        return;
    }
    size_t skip = parser_emit(parser, &jump);
    parser_emit_text(parser, OP_TEXT, 0, HL7_TEXT("1"));
    parser_patch(parser, skip);
}

void parser_run(struct parser *parser, bool bare)
{
    if (bare) {
        parse_bare(parser);
    } else {
        parser_lines(parser);
    }
}

void parser_reuse_files(struct parser *parser, const struct parser *counted)
{
    for (size_t i = 0; i < counted->file_count; i++) {
        parser->files[i] = counted->files[i];
    }
    parser->file_count = counted->file_count;
}

void parser_lines(struct parser *parser)
{
    struct piece piece;

    begin_line(parser);
    do {
        piece = lexer_piece(&parser->lexer);
        switch (piece.kind) {
        case PIECE_END:
            break;
        case PIECE_TEXT:
            check_text(&parser->check, &piece, &parser->lexer);
            if (!parser->silent) {
                parser_emit_text(parser, OP_TEXT, piece.position, piece.text);
            }
            break;
        case PIECE_LINE_END:
            parse_line_end(parser, &piece);
            break;
        case PIECE_ORIGINAL:
            parser_emit_original(parser, &piece);
            break;
        case PIECE_COMMENT:
            if (!piece.closed) {
                (void)parser_fail(parser, piece.position, "this comment has no end ('#}')", NOTHING,
                                  NOTHING);
            }
            break;
        case PIECE_OPEN:
            parse_braces(parser, piece.position);
            break;
        }
    } while (piece.kind != PIECE_END);
    parse_blocks_end(parser);
}
