/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of a JSON source: $.result.items[0], and x.name where x goes along the items of an array. */
#include "template/parser.h"

static const struct scope *json_loop(const struct parser *parser)
{
    const struct scope *loop = parser_loop(parser, parser->token.text);

    return loop != NULL && loop->kind == ROOT_JSON ? loop : NULL;
}

bool parser_at_json(const struct parser *parser)
{
    return token_is(&parser->token, "$") ||
           (parser->token.kind == TOKEN_NAME && json_loop(parser) != NULL);
}

/* The first pass only looks; the steps it read are forgotten. */
static enum hl7_code read_steps(struct parser *parser, hl7_slice text, struct json_path *ret_path,
                                size_t *ret_used, struct hl7_error *error)
{
    struct hl7_arena *arena = parser->report->arena;
    size_t used = arena->used;

    enum hl7_code code = json_path_read(text, arena, ret_path, ret_used, error);
    if (parser->arena == NULL) {
        arena->used = used;
    }
    if (code == HL7_NO_MEMORY) {
        parser->report->no_memory = true;
        parser->no_memory = true;
    }
    return code;
}

/* A path ends on its line, as all within braces does. */
static hl7_slice line_rest(hl7_slice text, size_t start)
{
    size_t end = start;

    while (end < text.len && !lexer_is_line_end(text.ptr[end])) {
        end++;
    }
    return hl7_slice_part(text, start, end - start);
}

bool parse_json(struct parser *parser, struct instruction *ret_path)
{
    struct instruction path = parser_instruction(OP_PUSH_JSON, parser->token.position);
    size_t behind = parser->token.position + parser->token.text.len;
    hl7_slice rest = line_rest(parser->lexer.text, behind);
    const struct scope *loop = token_is(&parser->token, "$") ? NULL : json_loop(parser);
    struct hl7_error error = {.position = 0};
    size_t used = 0;

    /* "[*]" is what 'for' reads behind a path. */
    path.root = ROOT_JSON;
    path.slot = loop == NULL ? 0 : (uint8_t)(loop->cursor + 1);
    enum hl7_code code = read_steps(parser, rest, &path.as.json, &used, &error);
    if (code != HL7_OK && code != HL7_NO_MEMORY) {
        return parser_fail(parser, behind + error.position, "%", hl7_slice_of(error.text),
                           (hl7_slice){NULL, 0});
    }
    parser->json = true;
    parser->lexer.at = behind + used;
    parser_advance(parser);
    *ret_path = path;
    return true;
}
