/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of functions: name(argument, ...). Most are in the table of function.h and take values; a
 * few need the message itself and take a path; required(...) is an instruction of its own. */
#include "template/parser.h"

#include "template/function.h"
#include "template/suggest.h"

static const hl7_slice NOTHING = {NULL, 0};

/* ---- Functions that need the message ------------------------------------------------------- */

/* Those that take a path, not its text; the others are in function.h. */
struct path_function {
    hl7_slice name;
    enum opcode op;
};

static const struct path_function path_functions[] = {
    {{"count", 5}, OP_PUSH_COUNT},
    {{"has", 3}, OP_PUSH_HAS},
    {{"raw", 3}, OP_PUSH_RAW},
    {{"segment", 7}, OP_PUSH_SEGMENT},
};

enum { PATH_FUNCTIONS = sizeof path_functions / sizeof *path_functions };

static const struct path_function *find_path_function(hl7_slice name)
{
    for (size_t i = 0; i < PATH_FUNCTIONS; i++) {
        if (hl7_slice_equal(path_functions[i].name, name)) {
            return &path_functions[i];
        }
    }
    return NULL;
}

/* The argument of raw may be any expression; of the others only a path has what they tell. */
static bool parse_path_argument(struct parser *parser, const struct token *name,
                                const struct path_function *function)
{
    const struct mark before = parser_mark(parser);
    struct instruction path;

    if (parser_at_json(parser) && (function->op == OP_PUSH_COUNT || function->op == OP_PUSH_HAS)) {
        if (!parse_json(parser, &path)) {
            return false;
        }
        path.op = function->op;
        (void)parser_emit(parser, &path);
        return true;
    }
    if (!parser_at_path(parser)) {
        return function->op == OP_PUSH_RAW
                   ? parse_expression(parser)
                   : parser_fail(parser, parser->token.position, "%(...) takes a path", name->text,
                                 NOTHING);
    }
    if (!parse_path(parser, &path)) {
        return false;
    }
    if (function->op == OP_PUSH_RAW && !token_is(&parser->token, ")")) {
        parser_rewind(parser, &before);
        return parse_expression(parser);
    }
    path.op = function->op;
    (void)parser_emit(parser, &path);
    return true;
}

/* A level by itself: what stands in raw(...) is read twice, so those within each other cost twice
 * as much with each. */
static bool parse_path_function(struct parser *parser, const struct token *name,
                                const struct path_function *function)
{
    if (!parser_enter(parser)) {
        return false;
    }
    parser_advance(parser);
    bool good = parse_path_argument(parser, name, function) && parser_expect(parser, ")");
    parser->nesting--;
    return good;
}

/* ---- Functions ----------------------------------------------------------------------------- */

/* Expressions between commas up to ')'. */
bool parse_list(struct parser *parser, size_t *ret_count)
{
    size_t count = 0;

    if (token_is(&parser->token, ")")) {
        parser_advance(parser);
        *ret_count = 0;
        return true;
    }
    for (;;) {
        if (!parse_expression(parser)) {
            return false;
        }
        count++;
        if (!token_is(&parser->token, ",")) {
            *ret_count = count;
            return parser_expect(parser, ")");
        }
        parser_advance(parser);
    }
}

static bool fail_function(struct parser *parser, const struct token *name)
{
    hl7_slice names[128];
    size_t count = 0;
    size_t total = 0;
    const struct function *table = function_table(&total);

    for (; count < total && count < 100; count++) {
        names[count] = table[count].name;
    }
    for (size_t i = 0; i < PATH_FUNCTIONS; i++) {
        names[count++] = path_functions[i].name;
    }
    names[count++] = HL7_TEXT("required");
    names[count++] = HL7_TEXT("map");
    hl7_slice near = suggest_word(name->text, names, count);
    if (near.ptr != NULL) {
        return parser_fail(parser, name->position, "unknown function '%' (did you mean '%'?)",
                           name->text, near);
    }
    return parser_fail(parser, name->position, "unknown function '%'", name->text, NOTHING);
}

static bool check_count(struct parser *parser, const struct token *name, size_t count, size_t min,
                        size_t max, const char *usage)
{
    if (count < min) {
        return parser_fail(parser, name->position, "too few arguments: %", hl7_slice_of(usage),
                           NOTHING);
    }
    if (max != FUNCTION_ANY && count > max) {
        return parser_fail(parser, name->position, "too many arguments: %", hl7_slice_of(usage),
                           NOTHING);
    }
    return true;
}

static bool parse_required(struct parser *parser, const struct token *name)
{
    size_t count = 0;

    if (!parse_list(parser, &count) || !check_count(parser, name, count, 1, 1, "required(value)")) {
        return false;
    }
    parser_emit_plain(parser, OP_REQUIRED, name->position);
    return true;
}

/* ---- map ----------------------------------------------------------------------------------- */

/* map('table', key) or map('table', key, default): the table is known when it is compiled. */
static bool parse_map(struct parser *parser, const struct token *name)
{
    const struct token table = parser->token;
    struct instruction map = parser_instruction(OP_MAP, name->position);
    size_t count = 0;

    if (table.kind != TOKEN_STRING) {
        return parser_fail(parser, table.position,
                           "the first argument is the name of a table: map('table', key, default)",
                           NOTHING, NOTHING);
    }
    parser_advance(parser);
    if (!parse_table(parser, &table, &map.target) || !parser_expect(parser, ",") ||
        !parse_list(parser, &count) ||
        !check_count(parser, name, count, 1, 2, "map('table', key, default)")) {
        return false;
    }
    map.count = (uint16_t)count;
    (void)parser_emit(parser, &map);
    return true;
}

static bool parse_call(struct parser *parser, const struct token *name)
{
    const struct function *function = function_find(name->text);
    struct instruction call = parser_instruction(OP_CALL, name->position);
    size_t count = 0;

    if (function == NULL) {
        return fail_function(parser, name);
    }
    if (!parse_list(parser, &count) ||
        !check_count(parser, name, count, function->min, function->max, function->usage)) {
        return false;
    }
    call.count = (uint16_t)count;
    call.as.function = function;
    (void)parser_emit(parser, &call);
    return true;
}

/* The token is the '(' behind the name. */
bool parse_function(struct parser *parser, const struct token *name)
{
    const struct path_function *function = find_path_function(name->text);

    if (function != NULL) {
        return parse_path_function(parser, name, function);
    }
    parser_advance(parser);
    if (hl7_slice_equal(name->text, HL7_TEXT("map"))) {
        return parse_map(parser, name);
    }
    return hl7_slice_equal(name->text, HL7_TEXT("required")) ? parse_required(parser, name)
                                                             : parse_call(parser, name);
}
