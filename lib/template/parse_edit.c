/* SPDX-License-Identifier: Apache-2.0
 *
 * The statements of the working copy: set, delete, append and source; and reject. A value on its
 * way into the copy is encoded for it: a path alone keeps its structure, all else is text. */
#include "template/parser.h"

static const hl7_slice NOTHING = {NULL, 0};

/* ---- set ----------------------------------------------------------------------------------- */

/* What may be set: a field or a part of it, of the source, but not the delimiters. */
static bool check_target(struct parser *parser, const struct instruction *target)
{
    const struct hl7_path *path = &target->as.path;

    if (target->root == ROOT_NAMED) {
        return parser_fail(parser, target->position, "only the source can be edited", NOTHING,
                           NOTHING);
    }
    if (path->field == 0) {
        return parser_fail(parser, target->position, "only a field or a part of it can be set",
                           NOTHING, NOTHING);
    }
    if (path->field <= 2 && hl7_segment_is_header(hl7_slice_of(path->segment))) {
        return parser_fail(parser, target->position, "the delimiters cannot be set", NOTHING,
                           NOTHING);
    }
    return true;
}

/* A path alone: its bytes. False when it is only a part of an expression. */
static bool parse_path_to_set(struct parser *parser, bool *ret_good)
{
    const struct mark before = parser_mark(parser);
    struct instruction path;

    *ret_good = parse_path(parser, &path);
    if (*ret_good && parser->token.kind != TOKEN_CLOSE) {
        parser_rewind(parser, &before);
        return false;
    }
    path.op = OP_PUSH_ENCODED;
    if (*ret_good) {
        (void)parser_emit(parser, &path);
    }
    return true;
}

static bool parse_value_to_set(struct parser *parser)
{
    size_t position = parser->token.position;
    bool raw = parser_is_raw_alone(parser);
    bool good = true;

    if (parser_at_path(parser) && parse_path_to_set(parser, &good)) {
        return good;
    }
    if (!parse_expression(parser)) {
        return false;
    }
    if (!raw) {
        parser_emit_plain(parser, OP_ENCODE, position);
    }
    return true;
}

/* The cursor of the target's condition must not be moved by the value's. */
static bool parse_value_beside(struct parser *parser, const struct instruction *target)
{
    const struct scope held = {.name = HL7_TEXT(" "), .kind = ROOT_MESSAGE};
    size_t scopes = parser->scope_count;

    if (!parser_open_scope(parser, target->position, &held)) {
        return false;
    }
    bool good = parse_value_to_set(parser);
    parser->scope_count = scopes;
    return good;
}

bool parse_set(struct parser *parser, const struct token *name)
{
    struct instruction target;

    (void)name;
    if (!parser_at_path(parser)) {
        return parser_unexpected(parser);
    }
    if (!parse_path(parser, &target) || !check_target(parser, &target) ||
        !parser_expect(parser, "=") || !parse_value_beside(parser, &target)) {
        return false;
    }
    target.op = OP_SET;
    (void)parser_emit(parser, &target);
    return true;
}

/* ---- delete -------------------------------------------------------------------------------- */

/* All segments of a name, or those for which a condition holds, as a loop. */
static bool parse_delete_all(struct parser *parser, const struct instruction *path)
{
    struct instruction loop = *path;
    struct instruction take = *path;
    struct instruction next = parser_instruction(OP_NEXT, path->position);
    struct instruction jump = parser_instruction(OP_JUMP_UNLESS, path->position);
    size_t skip = SIZE_MAX;
    const struct scope scope = {.kind = ROOT_SEGMENT,
                                .cursor = (uint8_t)parser->scope_count,
                                .path = path->as.path,
                                .root = path->root,
                                .slot = path->slot};

    if (!parser_open_scope(parser, path->position, &scope)) {
        return false;
    }
    loop.op = OP_FOR;
    loop.count = next.count = ROOT_SEGMENT;
    loop.cursor = next.cursor = take.slot = scope.cursor;
    size_t first = parser_emit(parser, &loop);
    if (token_is_word(&parser->token, "where")) {
        parser_advance(parser);
        if (!parse_expression(parser)) {
            return false;
        }
        skip = parser_emit(parser, &jump);
    }
    take.op = OP_DELETE;
    take.root = ROOT_SEGMENT;
    (void)parser_emit(parser, &take);
    if (skip != SIZE_MAX) {
        parser_patch(parser, skip);
    }
    next.target = (uint32_t)(first + 1);
    (void)parser_emit(parser, &next);
    parser_patch(parser, first);
    parser->scope_count--;
    return true;
}

static bool parse_delete_path(struct parser *parser, struct instruction *path)
{
    bool header = hl7_segment_is_header(hl7_slice_of(path->as.path.segment));

    if (path->as.path.field != 0) {
        parser_emit_text(parser, OP_PUSH_TEXT, path->position, HL7_TEXT(""));
        path->op = OP_SET;
        path->count = 1;
        if (!check_target(parser, path)) {
            return false;
        }
        (void)parser_emit(parser, path);
        return true;
    }
    if (header || path->root == ROOT_NAMED) {
        return parser_fail(parser, path->position,
                           header ? "the header cannot be deleted"
                                  : "only the source can be edited",
                           NOTHING, NOTHING);
    }
    if (path->as.path.occurrence == 0 && path->root != ROOT_SEGMENT) {
        return parse_delete_all(parser, path);
    }
    path->op = OP_DELETE;
    (void)parser_emit(parser, path);
    return true;
}

bool parse_delete(struct parser *parser, const struct token *name)
{
    struct instruction path;

    (void)name;
    if (!parser_at_path(parser)) {
        return parser_unexpected(parser);
    }
    return parse_path(parser, &path) && parse_delete_path(parser, &path);
}

/* ---- append -------------------------------------------------------------------------------- */

/* A string is the template's own text, in the standard delimiters; all else is a value. */
static bool parse_part(struct parser *parser)
{
    enum opcode op = parser->token.kind == TOKEN_STRING ? OP_RECODE : OP_ENCODE;
    size_t position = parser->token.position;
    struct instruction path;

    if (parser_at_path(parser)) {
        if (!parse_path(parser, &path)) {
            return false;
        }
        path.op = OP_PUSH_ENCODED;
        (void)parser_emit(parser, &path);
        return true;
    }
    if (!parse_primary(parser)) {
        return false;
    }
    parser_emit_plain(parser, op, position);
    return true;
}

bool parse_append(struct parser *parser, const struct token *name)
{
    struct instruction append = parser_instruction(OP_APPEND, parser->token.position);
    struct instruction join = parser_instruction(OP_JOIN, name->position);

    if (parser->token.kind != TOKEN_NAME || parser->token.text.len != 3 ||
        parser->token.text.ptr[0] > 'Z') {
        return parser_fail(parser, parser->token.position,
                           "'append' is followed by the new segment's name and its text", NOTHING,
                           NOTHING);
    }
    append.as.text = parser->token.text;
    parser_advance(parser);
    do {
        if (!parse_part(parser)) {
            return false;
        }
        join.count++;
    } while (parser->token.kind != TOKEN_CLOSE && parser->token.kind != TOKEN_END);
    (void)parser_emit(parser, &join);
    (void)parser_emit(parser, &append);
    return true;
}

/* ---- source, reject ------------------------------------------------------------------------ */

bool parse_source(struct parser *parser, const struct token *name)
{
    parser_settle(parser, true);
    if (parser->hl7 && !parser->silent) {
        return parser_fail(parser, name->position, "{source} stands on a line of its own", NOTHING,
                           NOTHING);
    }
    parser_emit_plain(parser, OP_SOURCE, name->position);
    return true;
}

bool parse_reject(struct parser *parser, const struct token *name)
{
    struct instruction reject = parser_instruction(OP_REJECT, name->position);
    const struct token code = parser->token;
    enum hl7_ack_code ack =
        code.kind == TOKEN_STRING ? hl7_ack_code_parse(code.text) : HL7_ACK_NONE;

    if (ack != HL7_AE && ack != HL7_AR && ack != HL7_CE && ack != HL7_CR) {
        return parser_fail(parser, code.position,
                           "'reject' is followed by 'AE', 'AR', 'CE' or 'CR' and the reason",
                           NOTHING, NOTHING);
    }
    parser_advance(parser);
    if (!parse_expression(parser)) {
        return false;
    }
    reject.target = (uint32_t)ack;
    (void)parser_emit(parser, &reject);
    return true;
}
