/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks: if, else if, else, for and their end, as jumps; and let.
 *
 *     if a  A  else if b  B  else  C  end          for x in P  A  end
 *
 *     a, JUMP_UNLESS 1                             1: FOR x, 2
 *     A, JUMP 3                                       A
 *     1: b, JUMP_UNLESS 2                             NEXT x, behind 1
 *     B, JUMP 3                                    2:
 *     2: C
 *     3:
 *
 * A block is opened even if there is an error in what follows its word, so that its end is no second
 * error. */
#include "template/parser.h"

#include <assert.h>

static const hl7_slice NOTHING = {NULL, 0};

/* ---- Blocks -------------------------------------------------------------------------------- */

static bool open_block(struct parser *parser, const struct token *name, bool loop)
{
    if (parser->block_count == TEMPLATE_MAX_BLOCKS) {
        parser->blocks_over++;
        return parser_fail(parser, name->position, "'%' is too deep within other blocks",
                           name->text, NOTHING);
    }
    parser->blocks[parser->block_count++] = (struct block){
        .position = name->position, .loop = loop, .pending = SIZE_MAX, .ends = SIZE_MAX};
    return true;
}

static struct block *innermost(struct parser *parser)
{
    return parser->block_count == parser->block_floor ? NULL
                                                      : &parser->blocks[parser->block_count - 1];
}

/* What was to jump over a branch jumps to here. */
static void land(struct parser *parser, struct block *block)
{
    if (block->pending != SIZE_MAX) {
        parser_patch(parser, block->pending);
    }
    block->pending = SIZE_MAX;
}

/* The end of a branch that was run: a jump to the end of the block, where they all are patched. */
static void leave_branch(struct parser *parser, struct block *block, size_t position)
{
    struct instruction jump = parser_instruction(OP_JUMP, position);

    jump.target = (uint32_t)block->ends;
    block->ends = parser_emit(parser, &jump);
}

static void land_all(struct parser *parser, struct block *block)
{
    for (size_t at = block->ends; parser->code != NULL && at != SIZE_MAX;) {
        uint32_t before = parser->code[at].target;
        parser_patch(parser, at);
        at = before == UINT32_MAX ? SIZE_MAX : before;
    }
}

/* ---- if ------------------------------------------------------------------------------------ */

static bool parse_test(struct parser *parser, struct block *block)
{
    struct instruction jump = parser_instruction(OP_JUMP_UNLESS, parser->token.position);

    if (!parse_expression(parser)) {
        return false;
    }
    block->pending = parser_emit(parser, &jump);
    return true;
}

bool parse_if(struct parser *parser, const struct token *name)
{
    return open_block(parser, name, false) && parse_test(parser, innermost(parser));
}

bool parse_else(struct parser *parser, const struct token *name)
{
    struct block *block = innermost(parser);

    if (block == NULL || block->loop) {
        return parser_fail(parser, name->position, "'else' without its 'if'", NOTHING, NOTHING);
    }
    if (block->has_else) {
        return parser_fail(parser, name->position, "nothing but {end} can follow {else}", NOTHING,
                           NOTHING);
    }
    leave_branch(parser, block, name->position);
    land(parser, block);
    if (token_is_word(&parser->token, "if")) {
        parser_advance(parser);
        return parse_test(parser, block);
    }
    block->has_else = true;
    return true;
}

/* ---- for ----------------------------------------------------------------------------------- */

static bool is_reserved(hl7_slice name)
{
    static const hl7_slice words[] = {{"index", 5}, {"first", 5}, {"last", 4}, {"count", 5},
                                      {"and", 3},   {"or", 2},    {"not", 3},  {"in", 2},
                                      {"like", 4},  {"where", 5}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hl7_slice_equal(words[i], name)) {
            return true;
        }
    }
    return parser_is_statement(name);
}

/* A new name: small letters first, so that it cannot be a segment's. */
static bool check_new_name(struct parser *parser, const struct token *name)
{
    if (name->kind != TOKEN_NAME) {
        return parser_unexpected(parser);
    }
    if (name->text.ptr[0] < 'a') {
        return parser_fail(parser, name->position,
                           "the name '%' does not begin with a small letter", name->text, NOTHING);
    }
    if (is_reserved(name->text)) {
        return parser_fail(parser, name->position, "'%' is a word of the language", name->text,
                           NOTHING);
    }
    if (parser_loop(parser, name->text) != NULL) {
        return parser_fail(parser, name->position, "'%' is a loop's name already", name->text,
                           NOTHING);
    }
    return true;
}

/* The "[*]" or ".." behind a path. */
static bool parse_all(struct parser *parser, struct instruction *loop)
{
    if (token_is(&parser->token, "..")) {
        loop->count = ROOT_GROUP;
        parser_advance(parser);
        return true;
    }
    if (!token_is(&parser->token, "[")) {
        return true;
    }
    parser_advance(parser);
    return parser_expect(parser, "*") && parser_expect(parser, "]");
}

/* What a path in 'for' may be: segments, groups, or the repetitions of a field. */
static bool check_loop_path(struct parser *parser, const struct instruction *loop)
{
    const struct hl7_path *path = &loop->as.path;
    bool one = path->field == 0 ? path->occurrence != 0 || loop->root == ROOT_SEGMENT
                                : path->repetition != 0 || loop->root == ROOT_REPETITION;

    if (loop->count == ROOT_GROUP && path->field != 0) {
        return parser_fail(parser, loop->position, "a group begins with a segment, as in ORC..",
                           NOTHING, NOTHING);
    }
    if (one || path->component != 0) {
        return parser_fail(
            parser, loop->position,
            "'for' goes along segments (OBX), groups (ORC..) or the repetitions of a "
            "field (PID-3)",
            NOTHING, NOTHING);
    }
    return true;
}

static bool parse_loop_source(struct parser *parser, struct instruction *ret_loop)
{
    struct instruction loop = parser_instruction(OP_FOR, parser->token.position);

    if (parser_at_json(parser)) {
        bool read = parse_json(parser, ret_loop);
        ret_loop->count = ROOT_JSON;
        return read && parse_all(parser, ret_loop);
    }
    if (!parser_at_path(parser)) {
        return parser_unexpected(parser);
    }
    parser->looping = true;
    bool good = parse_path(parser, &loop);
    parser->looping = false;
    if (!good) {
        return false;
    }
    loop.count = loop.as.path.field == 0 ? ROOT_SEGMENT : ROOT_REPETITION;
    if (!parse_all(parser, &loop) || !check_loop_path(parser, &loop)) {
        return false;
    }
    *ret_loop = loop;
    return true;
}

static bool open_loop(struct parser *parser, const struct token *variable, struct instruction *loop)
{
    loop->op = OP_FOR;
    loop->cursor = (uint8_t)parser->scope_count;
    struct scope scope = {.name = variable->text,
                          .kind = (enum root)loop->count,
                          .cursor = loop->cursor,
                          .root = loop->root,
                          .slot = loop->slot};
    if (loop->count != ROOT_JSON) {
        scope.path = loop->as.path;
    }
    if (!parser_open_scope(parser, variable->position, &scope)) {
        return false;
    }
    parser->loop_count++;
    assert(parser->block_count > 0);
    parser->blocks[parser->block_count - 1].pending = parser_emit(parser, loop);
    return true;
}

/* Names the loop of a 'for' with an error in it, so that its body brings no more errors. */
static bool fail_loop(struct parser *parser, const struct token *variable, size_t depth)
{
    struct instruction loop = parser_instruction(OP_FOR, variable->position);

    parser->scope_count = parser->loop_count;
    loop.count = ROOT_SEGMENT;
    if (variable->kind == TOKEN_NAME && parser->block_count == depth) {
        (void)open_loop(parser, variable, &loop);
    }
    return false;
}

bool parse_for(struct parser *parser, const struct token *name)
{
    struct token variable;
    struct instruction loop = parser_instruction(OP_FOR, parser->token.position);

    if (!open_block(parser, name, true)) {
        return false;
    }
    variable = parser->token;
    parser->loops = true;
    if (!check_new_name(parser, &variable)) {
        return false;
    }
    parser_advance(parser);
    if (!token_is_word(&parser->token, "in")) {
        (void)parser_fail(parser, parser->token.position, "'for' is written {for name in PATH}",
                          NOTHING, NOTHING);
        return fail_loop(parser, &variable, parser->block_count);
    }
    parser_advance(parser);
    if (!parse_loop_source(parser, &loop)) {
        return fail_loop(parser, &variable, parser->block_count);
    }
    return open_loop(parser, &variable, &loop);
}

/* ---- end ----------------------------------------------------------------------------------- */

static void close_loop(struct parser *parser, struct block *block, size_t position)
{
    const struct scope *scope = &parser->scopes[parser->loop_count - 1];
    struct instruction next = parser_instruction(OP_NEXT, position);

    next.cursor = scope->cursor;
    next.count = (uint16_t)scope->kind;
    next.target = (uint32_t)(block->pending + 1);
    (void)parser_emit(parser, &next);
    parser->loop_count--;
    parser->scope_count = parser->loop_count;
}

bool parse_end(struct parser *parser, const struct token *name)
{
    struct block *block = innermost(parser);

    if (parser->blocks_over > 0) {
        parser->blocks_over--;
        return true;
    }
    if (block == NULL) {
        return parser_fail(parser, name->position, "'end' without its 'if' or 'for'", NOTHING,
                           NOTHING);
    }
    if (block->loop && block->pending != SIZE_MAX) {
        close_loop(parser, block, name->position);
    }
    land(parser, block);
    land_all(parser, block);
    parser->block_count--;
    return true;
}

void parse_blocks_end(struct parser *parser)
{
    for (size_t i = parser->block_count; i > parser->block_floor; i--) {
        const struct block *block = &parser->blocks[i - 1];
        char memory[24];
        struct hl7_buffer line;
        hl7_buffer_init(&line, memory, sizeof memory);
        hl7_buffer_add_number(&line, report_line(parser->report, block->position));
        (void)parser_fail(parser, parser->lexer.text.len, "the '%' of line % has no {end}",
                          block->loop ? HL7_TEXT("for") : HL7_TEXT("if"), hl7_buffer_slice(&line));
        parser->loop_count -= block->loop && block->pending != SIZE_MAX ? 1 : 0;
    }
    parser->block_count = parser->block_floor;
    parser->scope_count = parser->loop_count;
}

/* ---- let ----------------------------------------------------------------------------------- */

size_t parser_variable(const struct parser *parser, hl7_slice name)
{
    for (size_t i = 0; i < parser->variable_count; i++) {
        if (hl7_slice_equal(parser->variables[i], name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* A name is known behind the 'let' that gives it, whether that was run or not. */
static bool add_variable(struct parser *parser, const struct token *name, struct instruction *let)
{
    size_t number = parser_variable(parser, name->text);

    if (number == SIZE_MAX) {
        number = parser->variable_count;
        if (number == TEMPLATE_MAX_VARIABLES) {
            return parser_fail(parser, name->position, "'%' is one name too many", name->text,
                               NOTHING);
        }
        parser->variables[parser->variable_count++] = name->text;
    }
    let->target = (uint32_t)number;
    return true;
}

bool parse_let(struct parser *parser, const struct token *name)
{
    const struct token variable = parser->token;
    struct instruction let = parser_instruction(OP_LET, name->position);

    if (!check_new_name(parser, &variable)) {
        return false;
    }
    parser_advance(parser);
    bool good = parser_expect(parser, "=") && parse_expression(parser);
    if (!add_variable(parser, &variable, &let) || !good) {
        return false;
    }
    (void)parser_emit(parser, &let);
    return true;
}
