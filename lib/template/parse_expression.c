/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions, by recursive descent, one function for each level:
 *
 *     or         a or b
 *     and        a and b
 *     not        not a
 *     compare    a = b, a != b, a < b ..., a in (b, c), a like b
 *     join       a b c
 *     primary    'text', 12.5, PID-5.1, f(a, b), (a)
 *
 * Each leaves one value on the stack. How deep they may call each other is bounded. */
#include "template/parser.h"

#include "template/glob.h"
#include "template/suggest.h"

static const hl7_slice NOTHING = {NULL, 0};

/* ---- Helpers ------------------------------------------------------------------------------- */

static void emit_counted(struct parser *parser, enum opcode op, size_t position, size_t count)
{
    struct instruction instruction = parser_instruction(op, position);

    instruction.count = (uint16_t)count;
    (void)parser_emit(parser, &instruction);
}

/* One level deeper: an expression in parentheses, brackets or a list of arguments. The outermost is
 * within nothing. */
bool parser_enter(struct parser *parser)
{
    if (parser->nesting > TEMPLATE_MAX_NESTING) {
        return parser_fail(parser, parser->token.position,
                           "too many parentheses or brackets within each other", NOTHING, NOTHING);
    }
    parser->nesting++;
    return true;
}

/* ---- Primaries ----------------------------------------------------------------------------- */

/* A name that nothing has. The token behind it is looked at. */
static bool fail_name(struct parser *parser, const struct token *name)
{
    static const hl7_slice known[] = {{"strict", 6}, {"and", 3}, {"not", 3}, {"like", 4}};
    char memory[SUGGEST_PATH_BYTES];
    struct hl7_buffer path;
    hl7_slice near = suggest_word(name->text, known, sizeof known / sizeof *known);
    if (near.ptr == NULL) {
        near = suggest_word(name->text, parser->variables, parser->variable_count);
    }
    hl7_slice rest = hl7_slice_part(parser->lexer.text, name->position, parser->lexer.text.len);

    if (near.ptr != NULL) {
        return parser_fail(parser, name->position, "unknown name '%' (did you mean '%'?)",
                           name->text, near);
    }
    hl7_buffer_init(&path, memory, sizeof memory);
    if (suggest_path(path_word(rest), &path)) {
        bool small =
            name->text.ptr[0] >= 'a' || name->text.ptr[1] >= 'a' || name->text.ptr[2] >= 'a';
        return parser_fail(
            parser, name->position,
            small ? "unknown name '%': segment names are upper case (did you mean '%'?)"
                  : "unknown name '%' (did you mean '%'?)",
            name->text, hl7_buffer_slice(&path));
    }
    return parser_fail(parser, name->position, "unknown name '%' (a brace as text is {'{'})",
                       name->text, NOTHING);
}

/* What a loop knows of itself. */
static bool find_loop_word(hl7_slice name, enum opcode *ret_op)
{
    static const struct {
        hl7_slice name;
        enum opcode op;
    } words[] = {
        {{"index", 5}, OP_PUSH_INDEX},
        {{"first", 5}, OP_PUSH_FIRST},
        {{"last", 4}, OP_PUSH_LAST},
        {{"count", 5}, OP_PUSH_TOTAL},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hl7_slice_equal(words[i].name, name)) {
            *ret_op = words[i].op;
            return true;
        }
    }
    return false;
}

static bool parse_loop_word(struct parser *parser, const struct token *name, enum opcode op)
{
    struct instruction instruction = parser_instruction(op, name->position);

    if (parser->loop_count == 0) {
        return parser_fail(parser, name->position, "'%' is known within a loop only", name->text,
                           NOTHING);
    }
    instruction.cursor = parser->scopes[parser->loop_count - 1].cursor;
    (void)parser_emit(parser, &instruction);
    return true;
}

static bool parse_name(struct parser *parser)
{
    const struct token name = parser->token;
    struct instruction variable = parser_instruction(OP_PUSH_VARIABLE, name.position);
    size_t number = parser_variable(parser, name.text);
    enum opcode op;

    parser_advance(parser);
    if (token_is(&parser->token, "(")) {
        return parse_function(parser, &name);
    }
    if (find_loop_word(name.text, &op)) {
        return parse_loop_word(parser, &name, op);
    }
    if (number == SIZE_MAX) {
        return fail_name(parser, &name);
    }
    variable.target = (uint32_t)number;
    (void)parser_emit(parser, &variable);
    return true;
}

static bool parse_path_value(struct parser *parser)
{
    struct instruction path;

    if (!parse_path(parser, &path)) {
        return false;
    }
    path.op = OP_PUSH_PATH;
    (void)parser_emit(parser, &path);
    return true;
}

static bool parse_json_value(struct parser *parser)
{
    struct instruction path;

    if (!parse_json(parser, &path)) {
        return false;
    }
    (void)parser_emit(parser, &path);
    return true;
}

static bool parse_string(struct parser *parser)
{
    parser_emit_text(parser, OP_PUSH_TEXT, parser->token.position,
                     parser_unquoted(parser, &parser->token));
    parser_advance(parser);
    return true;
}

static bool parse_number(struct parser *parser, size_t start)
{
    size_t end = parser->token.position + parser->token.text.len;

    parser_emit_text(parser, OP_PUSH_TEXT, start,
                     hl7_slice_part(parser->lexer.text, start, end - start));
    parser_advance(parser);
    return true;
}

/* '-' and the number right behind it. */
static bool parse_negative(struct parser *parser)
{
    const struct token minus = parser->token;

    parser_advance(parser);
    if (parser->token.kind != TOKEN_NUMBER || parser->token.position != minus.position + 1) {
        return parser_fail(parser, minus.position, "unknown operator '%'", minus.text, NOTHING);
    }
    return parse_number(parser, minus.position);
}

static bool parse_parentheses(struct parser *parser)
{
    parser_advance(parser);
    return parse_expression(parser) && parser_expect(parser, ")");
}

/* Words that join or compare; no value begins with one. */
static bool is_operator(const struct token *token)
{
    static const char *const words[] = {"and", "or", "in", "like", "where"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (token_is_word(token, words[i])) {
            return true;
        }
    }
    return false;
}

static bool begins_value(const struct token *token)
{
    return token->kind == TOKEN_STRING || token->kind == TOKEN_NUMBER || token_is(token, "(") ||
           token_is(token, "$") || (token->kind == TOKEN_NAME && !is_operator(token));
}

bool parse_primary(struct parser *parser)
{
    if (token_is(&parser->token, "-")) {
        return parse_negative(parser);
    }
    if (!begins_value(&parser->token)) {
        return parser_unexpected(parser);
    }
    if (parser_at_json(parser)) {
        return parse_json_value(parser);
    }
    switch (parser->token.kind) {
    case TOKEN_STRING:
        return parse_string(parser);
    case TOKEN_NUMBER:
        return parse_number(parser, parser->token.position);
    case TOKEN_MARK:
        return parse_parentheses(parser);
    default:
        return parser_at_path(parser) ? parse_path_value(parser) : parse_name(parser);
    }
}

/* ---- Levels -------------------------------------------------------------------------------- */

static bool parse_join(struct parser *parser)
{
    size_t position = parser->token.position;
    size_t count = 1;

    if (!parse_primary(parser)) {
        return false;
    }
    for (; begins_value(&parser->token) && !token_is_word(&parser->token, "not"); count++) {
        if (!parse_primary(parser)) {
            return false;
        }
    }
    if (count > 1) {
        emit_counted(parser, OP_JOIN, position, count);
    }
    return true;
}

/* A pattern that is written out is checked here. */
static bool check_pattern(struct parser *parser)
{
    size_t ignored = 0;

    if (parser->token.kind == TOKEN_STRING && !glob_valid(parser->token.text, &ignored)) {
        return parser_fail(parser, parser->token.position, "a '[' without its ']' in the pattern",
                           NOTHING, NOTHING);
    }
    return true;
}

static bool parse_like(struct parser *parser, size_t position)
{
    if (!check_pattern(parser) || !parse_join(parser)) {
        return false;
    }
    parser_emit_plain(parser, OP_LIKE, position);
    return true;
}

static bool parse_in(struct parser *parser, size_t position)
{
    size_t count = 0;

    if (!token_is(&parser->token, "(")) {
        return parser_fail(parser, position, "'in' is followed by a list: in ('A', 'B')", NOTHING,
                           NOTHING);
    }
    parser_advance(parser);
    if (!parse_list(parser, &count)) {
        return false;
    }
    emit_counted(parser, OP_IN, position, count);
    return true;
}

static bool find_comparison(const struct token *token, enum comparison *ret_comparison)
{
    static const char *const marks[] = {
        [COMPARE_EQUAL] = "=",       [COMPARE_NOT] = "!=",    [COMPARE_LESS] = "<",
        [COMPARE_LESS_EQUAL] = "<=", [COMPARE_GREATER] = ">", [COMPARE_GREATER_EQUAL] = ">=",
    };

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (token_is(token, marks[i])) {
            *ret_comparison = (enum comparison)i;
            return true;
        }
    }
    return false;
}

static bool parse_compare(struct parser *parser)
{
    struct instruction compare;

    if (!parse_join(parser)) {
        return false;
    }
    const struct token token = parser->token;
    compare = parser_instruction(OP_COMPARE, token.position);
    if (find_comparison(&token, &compare.as.comparison)) {
        parser_advance(parser);
        if (!parse_join(parser)) {
            return false;
        }
        (void)parser_emit(parser, &compare);
    } else if (token_is_word(&token, "like")) {
        parser_advance(parser);
        return parse_like(parser, token.position);
    } else if (token_is_word(&token, "in")) {
        parser_advance(parser);
        return parse_in(parser, token.position);
    }
    return true;
}

static bool parse_not(struct parser *parser)
{
    size_t position = parser->token.position;
    bool negated = false;
    bool once = false;

    for (; token_is_word(&parser->token, "not"); once = true) {
        parser_advance(parser);
        negated = !negated;
    }
    if (!parse_compare(parser)) {
        return false;
    }
    if (once) {
        parser_emit_plain(parser, negated ? OP_NOT : OP_TRUTH, position);
    }
    return true;
}

/* a and b and c: a false one jumps behind the last. */
static bool parse_chain(struct parser *parser, const char *word, enum opcode op,
                        bool (*parse_part)(struct parser *))
{
    size_t position = parser->token.position;
    size_t previous = SIZE_MAX;

    if (!parse_part(parser)) {
        return false;
    }
    while (token_is_word(&parser->token, word)) {
        struct instruction jump = parser_instruction(op, parser->token.position);
        /* Jumps go to the jump behind, which finds the same value and jumps on. */
        if (previous != SIZE_MAX) {
            parser_patch(parser, previous);
        }
        previous = parser_emit(parser, &jump);
        parser_advance(parser);
        if (!parse_part(parser)) {
            return false;
        }
    }
    if (previous != SIZE_MAX) {
        parser_patch(parser, previous);
        parser_emit_plain(parser, OP_TRUTH, position);
    }
    return true;
}

static bool parse_and(struct parser *parser)
{
    return parse_chain(parser, "and", OP_AND, parse_not);
}

bool parse_expression(struct parser *parser)
{
    size_t depth = parser->nesting;

    if (!parser_enter(parser)) {
        return false;
    }
    bool good = parse_chain(parser, "or", OP_OR, parse_and);
    parser->nesting = depth;
    return good;
}

/* ---- Placeholders -------------------------------------------------------------------------- */

/* A path alone is copied raw. Anything else is read again as an expression. */
static bool parse_path_alone(struct parser *parser, bool *ret_good)
{
    const struct mark before = parser_mark(parser);
    struct instruction path;

    *ret_good = parse_path(parser, &path);
    if (!*ret_good) {
        return true;
    }
    if (parser->token.kind != TOKEN_CLOSE && parser->token.kind != TOKEN_END) {
        parser_rewind(parser, &before);
        return false;
    }
    path.op = OP_PATH;
    parser_settle(parser, path.as.path.field == 0 &&
                              hl7_slice_equal(hl7_slice_of(path.as.path.segment), HL7_TEXT("MSH")));
    (void)parser_emit(parser, &path);
    return true;
}

/* In strict mode a JSON path alone must lead somewhere, as any other. */
static bool parse_json_alone(struct parser *parser, bool *ret_good)
{
    const struct mark before = parser_mark(parser);
    struct instruction path;

    *ret_good = parse_json(parser, &path);
    if (*ret_good && parser->token.kind != TOKEN_CLOSE) {
        parser_rewind(parser, &before);
        return false;
    }
    if (*ret_good) {
        path.count = 1;
        (void)parser_emit(parser, &path);
        parser_emit_plain(parser, OP_WRITE, path.position);
    }
    return true;
}

/* A string alone needs no stack. */
static bool parse_string_alone(struct parser *parser)
{
    struct lexer ahead = parser->lexer;

    if (parser->token.kind != TOKEN_STRING || lexer_token(&ahead).kind != TOKEN_CLOSE) {
        return false;
    }
    parser_emit_text(parser, OP_LITERAL, parser->token.position,
                     parser_unquoted(parser, &parser->token));
    parser_advance(parser);
    return true;
}

/* raw(...) and nothing behind it is not escaped. */
bool parser_is_raw_alone(const struct parser *parser)
{
    struct lexer ahead = parser->lexer;
    size_t open = 0;

    if (!token_is_word(&parser->token, "raw")) {
        return false;
    }
    for (;;) {
        struct token token = lexer_token(&ahead);
        open += token_is(&token, "(") ? 1 : 0;
        if (token.kind == TOKEN_CLOSE || token.kind == TOKEN_END || open == 0) {
            return false;
        }
        open -= token_is(&token, ")") ? 1 : 0;
        if (open == 0) {
            return lexer_token(&ahead).kind == TOKEN_CLOSE;
        }
    }
}

bool parse_output(struct parser *parser)
{
    size_t position = parser->token.position;
    bool good = true;

    if (parse_string_alone(parser)) {
        return true;
    }
    if (parser_at_path(parser) && parse_path_alone(parser, &good)) {
        return good;
    }
    if (parser_at_json(parser) && parse_json_alone(parser, &good)) {
        return good;
    }
    enum opcode op = parser_is_raw_alone(parser) ? OP_WRITE_RAW : OP_WRITE;
    if (!parse_expression(parser)) {
        return false;
    }
    parser_emit_plain(parser, op, position);
    return true;
}
