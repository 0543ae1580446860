/* SPDX-License-Identifier: Apache-2.0
 *
 * Recursive descent, so far one level deep: a template is lines, a line is pieces, and a piece that
 * opens an expression holds one statement or one value. Statements are a table; a new one is a row
 * and a function. Values are told apart by their first token.
 *
 * After an error the parser goes on behind the next '}' of the line, so one run reports all errors
 * of a template, one for each pair of braces.
 *
 * A line that holds only statements, comments and blanks must leave nothing in the output. That is
 * decided at its beginning by looking ahead: the lexer is copied and reads the line once more. */
#include "template/parser.h"

#include "template/limits.h"
#include "template/suggest.h"

static const hl7_slice NOTHING = {NULL, 0};

/* ---- Statements ---------------------------------------------------------------------------- */

static bool parse_strict(struct parser *parser, const struct token *name);

/* The words that begin a statement. Those without a function belong to the language and are not
 * understood by this version. */
struct statement {
    hl7_slice name;
    bool (*parse)(struct parser *parser, const struct token *name);
};

static const struct statement statements[] = {
    {{"strict", 6}, parse_strict},
    {{"for", 3}, NULL},
    {{"if", 2}, NULL},
    {{"else", 4}, NULL},
    {{"end", 3}, NULL},
    {{"let", 3}, NULL},
    {{"set", 3}, NULL},
    {{"delete", 6}, NULL},
    {{"append", 6}, NULL},
    {{"source", 6}, NULL},
    {{"include", 7}, NULL},
    {{"output", 6}, NULL},
    {{"reject", 6}, NULL},
};

/* The statements and functions that are understood, for suggestions. */
static const hl7_slice known_words[] = {{"strict", 6}};

static const struct statement *find_statement(hl7_slice name)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (hl7_slice_equal(statements[i].name, name)) {
            return &statements[i];
        }
    }
    return NULL;
}

/* ---- Errors -------------------------------------------------------------------------------- */

/* Reports an error and returns false, for the caller to return. */
static bool fail(struct parser *parser, size_t position, const char *pattern, hl7_slice first,
                 hl7_slice second)
{
    report_add(parser->report, position, pattern, first, second);
    return false;
}

static void advance(struct parser *parser)
{
    parser->token = lexer_token(&parser->lexer);
}

/* Goes on behind the next '}' of the line, or at its end. */
static void recover(struct parser *parser)
{
    while (parser->token.kind != TOKEN_CLOSE && parser->token.kind != TOKEN_END) {
        advance(parser);
    }
}

static bool token_is(const struct token *token, const char *mark)
{
    return token->kind == TOKEN_MARK && hl7_slice_equal(token->text, hl7_slice_of(mark));
}

/* ---- Instructions -------------------------------------------------------------------------- */

static void emit(struct parser *parser, const struct instruction *instruction)
{
    size_t index = parser->count++;

    parser->begun = true;
    if (index == TEMPLATE_MAX_INSTRUCTIONS) {
        (void)fail(parser, instruction->position, "the template is too long: too many parts",
                   NOTHING, NOTHING);
    }
    if (parser->code != NULL) {
        parser->code[index] = *instruction;
    }
}

static void emit_text(struct parser *parser, enum opcode op, size_t position, hl7_slice text)
{
    const struct instruction instruction = {
        .op = op, .position = (uint32_t)position, .as.text = text};

    if (!parser->begun && op == OP_TEXT) {
        parser->hl7 = hl7_slice_starts(text, HL7_TEXT("MSH"));
    }
    emit(parser, &instruction);
}

static void emit_original(struct parser *parser, const struct piece *piece)
{
    const struct instruction instruction = {
        .op = OP_ORIGINAL,
        .position = (uint32_t)piece->position,
        .as.original = {.segment = piece->segment, .piece = piece->field}};

    if (parser->originals != NULL) {
        parser->originals[parser->original_count] = (uint32_t)parser->count;
    }
    parser->original_count++;
    emit(parser, &instruction);
}

static void emit_path(struct parser *parser, size_t position, const struct hl7_path *path)
{
    const struct instruction instruction = {
        .op = OP_PATH, .position = (uint32_t)position, .as.path = *path};

    if (!parser->begun) {
        parser->hl7 =
            path->field == 0 && hl7_slice_equal(hl7_slice_of(path->segment), HL7_TEXT("MSH"));
    }
    emit(parser, &instruction);
}

/* ---- Values -------------------------------------------------------------------------------- */

/* A string as it is meant: quotes written twice stand for one. It borrows when it can; the first
 * pass only counts and does not care. */
static hl7_slice unquoted(struct parser *parser, const struct token *token)
{
    if (!token->doubled || parser->arena == NULL) {
        return token->text;
    }
    char *copy = hl7_arena_alloc(parser->arena, token->text.len);
    if (copy == NULL) {
        parser->no_memory = true;
        return token->text;
    }
    size_t len = 0;
    for (size_t i = 0; i < token->text.len; i++) {
        copy[len++] = token->text.ptr[i];
        if (token->text.ptr[i] == '\'') {
            i++;
        }
    }
    return (hl7_slice){copy, len};
}

static bool parse_literal(struct parser *parser)
{
    emit_text(parser, OP_LITERAL, parser->token.position, unquoted(parser, &parser->token));
    advance(parser);
    return true;
}

/* A segment name: a capital, then capitals or digits, three in all. */
static bool is_segment_name(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        /* A name holds letters, digits and '_'; the last and the small ones are behind 'Z'. */
        if (name.ptr[i] > 'Z') {
            return false;
        }
    }
    return name.len == 3;
}

static bool continues_path(char c)
{
    return lexer_is_letter(c) || lexer_is_digit(c) || c == '_' || c == '-' || c == '.' ||
           c == ':' || c == '[' || c == ']' || c == '*';
}

/* All that stands together from a token on and could have been meant as a path. */
static hl7_slice path_word(const struct parser *parser, const struct token *token)
{
    hl7_slice rest = hl7_slice_part(parser->lexer.text, token->position, parser->lexer.text.len);
    size_t len = 0;

    while (len < rest.len && continues_path(rest.ptr[len])) {
        len++;
    }
    return hl7_slice_part(rest, 0, len);
}

/* The parts of the language that look like a path and are not understood by this version. */
static const char *unknown_form(hl7_slice word)
{
    for (size_t i = 3; i < word.len; i++) {
        hl7_slice rest = hl7_slice_part(word, i, word.len);
        if (i == 3 && hl7_slice_starts(rest, HL7_TEXT(".."))) {
            return "unknown: a group ('%')";
        }
        if (hl7_slice_starts(rest, HL7_TEXT("[*]"))) {
            return "unknown: all repetitions or segments ('%')";
        }
        if (rest.len > 1 && rest.ptr[0] == '[' && lexer_is_letter(rest.ptr[1]) &&
            !hl7_slice_starts(rest, HL7_TEXT("[last"))) {
            return "unknown: a condition in brackets ('%')";
        }
    }
    return NULL;
}

/* Says what is wrong with a path, as helpfully as it can. */
static bool fail_path(struct parser *parser, const struct token *name, hl7_slice word)
{
    char memory[SUGGEST_PATH_BYTES];
    struct hl7_buffer suggestion;
    struct hl7_path ignored;
    struct hl7_error error = {.position = 0};

    const char *unknown = unknown_form(word);
    if (unknown != NULL) {
        return fail(parser, name->position, unknown, word, NOTHING);
    }
    hl7_buffer_init(&suggestion, memory, sizeof memory);
    if (suggest_path(word, &suggestion)) {
        return fail(parser, name->position, "unknown path '%' (did you mean '%'?)", word,
                    hl7_buffer_slice(&suggestion));
    }
    (void)hl7_path_parse(word, &ignored, &error);
    return fail(parser, name->position + error.position, "unknown path '%': %", word,
                hl7_slice_of(error.text));
}

static bool parse_path(struct parser *parser)
{
    const struct token name = parser->token;
    hl7_slice word = path_word(parser, &name);
    struct hl7_path path;

    if (hl7_path_parse(word, &path, NULL) != HL7_OK) {
        return fail_path(parser, &name, word);
    }
    emit_path(parser, name.position, &path);
    parser->lexer.at = name.position + word.len;
    advance(parser);
    return true;
}

/* A name that is neither a segment nor a statement. The token behind it is being looked at. */
static bool fail_name(struct parser *parser, const struct token *name)
{
    char memory[SUGGEST_PATH_BYTES];
    struct hl7_buffer path;
    hl7_slice near =
        suggest_word(name->text, known_words, sizeof known_words / sizeof *known_words);

    if (token_is(&parser->token, "(")) {
        return fail(parser, name->position, "unknown function '%'", name->text, NOTHING);
    }
    if (near.ptr != NULL) {
        return fail(parser, name->position, "unknown name '%' (did you mean '%'?)", name->text,
                    near);
    }
    hl7_buffer_init(&path, memory, sizeof memory);
    if (suggest_path(path_word(parser, name), &path)) {
        bool small = !is_segment_name(hl7_slice_part(name->text, 0, 3));
        return fail(parser, name->position,
                    small ? "unknown name '%': segment names are upper case (did you mean '%'?)"
                          : "unknown name '%' (did you mean '%'?)",
                    name->text, hl7_buffer_slice(&path));
    }
    if (token_is(&parser->token, ":")) {
        return fail(parser, name->position, "unknown message '%'", name->text, NOTHING);
    }
    return fail(parser, name->position, "unknown name '%' (a brace as text is {'{'})", name->text,
                NOTHING);
}

static bool parse_name(struct parser *parser)
{
    const struct token name = parser->token;
    const struct statement *statement = find_statement(name.text);

    if (is_segment_name(name.text)) {
        return parse_path(parser);
    }
    advance(parser);
    if (statement == NULL) {
        return fail_name(parser, &name);
    }
    if (statement->parse == NULL) {
        return fail(parser, name.position, "unknown statement '%'", name.text, NOTHING);
    }
    return statement->parse(parser, &name);
}

/* ---- Statements, again --------------------------------------------------------------------- */

static bool parse_strict(struct parser *parser, const struct token *name)
{
    if (parser->begun) {
        return fail(parser, name->position, "'%' belongs at the top, before all text", name->text,
                    NOTHING);
    }
    parser->strict = true;
    return true;
}

/* ---- Braces -------------------------------------------------------------------------------- */

/* Operators that are words. */
static bool is_word_operator(const struct token *token)
{
    static const hl7_slice words[] = {{"and", 3}, {"or", 2}, {"not", 3}, {"in", 2}, {"like", 4}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (token->kind == TOKEN_NAME && hl7_slice_equal(token->text, words[i])) {
            return true;
        }
    }
    return false;
}

/* The end of an expression, or what stands there instead. */
static bool expect_close(struct parser *parser, size_t open)
{
    const struct token *token = &parser->token;

    if (token->kind == TOKEN_CLOSE) {
        return true;
    }
    if (token->kind == TOKEN_END) {
        return fail(parser, open, "this '{' has no '}' on its line (a brace as text is {'{'})",
                    NOTHING, NOTHING);
    }
    if (token->kind == TOKEN_MARK || is_word_operator(token)) {
        return fail(parser, token->position, "unknown operator '%'", token->text, NOTHING);
    }
    if (token->kind == TOKEN_BAD_STRING) {
        return fail(parser, token->position, "this string has no closing quote", NOTHING, NOTHING);
    }
    if (token->kind == TOKEN_BAD_BYTE) {
        return fail(parser, token->position, "'%' has no meaning here", token->text, NOTHING);
    }
    return fail(parser, token->position, "unknown: a second value ('%') within the same braces",
                token->text, NOTHING);
}

/* A statement or a value; the token being looked at begins it. */
static bool parse_expression(struct parser *parser, size_t open)
{
    const struct token *token = &parser->token;

    if (token->kind == TOKEN_STRING) {
        return parse_literal(parser);
    }
    if (token->kind == TOKEN_NAME) {
        return parse_name(parser);
    }
    if (token_is(token, "$")) {
        return fail(parser, token->position, "unknown: a JSON path ('%')", token->text, NOTHING);
    }
    return expect_close(parser, open);
}

static void parse_braces(struct parser *parser, size_t open)
{
    advance(parser);
    if (!parse_expression(parser, open) || !expect_close(parser, open)) {
        recover(parser);
    }
}

/* ---- Lines --------------------------------------------------------------------------------- */

/* Goes over a statement; false when it is not one, or has no end. */
static bool skip_statement(struct lexer *lexer)
{
    struct token token = lexer_token(lexer);

    if (token.kind != TOKEN_NAME || find_statement(token.text) == NULL) {
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

static void begin_line(struct parser *parser)
{
    parser->silent = line_is_silent(parser->lexer);
}

static void parse_line_end(struct parser *parser, const struct piece *piece)
{
    if (!parser->silent) {
        emit_text(parser, OP_TEXT, piece->position, parser->hl7 ? HL7_TEXT("\r") : HL7_TEXT("\n"));
    }
    begin_line(parser);
}

void parser_init(struct parser *parser, hl7_slice text, struct report *report)
{
    *parser = (struct parser){.lexer = {.text = text}, .report = report};
}

void parser_run(struct parser *parser)
{
    struct piece piece;

    begin_line(parser);
    do {
        piece = lexer_piece(&parser->lexer);
        switch (piece.kind) {
        case PIECE_END:
            break;
        case PIECE_TEXT:
            if (!parser->silent) {
                emit_text(parser, OP_TEXT, piece.position, piece.text);
            }
            break;
        case PIECE_LINE_END:
            parse_line_end(parser, &piece);
            break;
        case PIECE_ORIGINAL:
            emit_original(parser, &piece);
            break;
        case PIECE_COMMENT:
            if (!piece.closed) {
                (void)fail(parser, piece.position, "this comment has no end ('#}')", NOTHING,
                           NOTHING);
            }
            break;
        case PIECE_OPEN:
            parse_braces(parser, piece.position);
            break;
        }
    } while (piece.kind != PIECE_END);
}
