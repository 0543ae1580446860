/* SPDX-License-Identifier: Apache-2.0
 *
 * Instructions. In the first pass they are counted, in the second written down; both know how deep
 * the stack is, for the run takes it once, as large as it ever gets. */
#include "template/parser.h"

#include <assert.h>

/* How many values an instruction takes from the stack and how many it puts there. AND and OR jump
 * with a value and go on without. */
static int effect(const struct instruction *instruction)
{
    switch (instruction->op) {
    case OP_PUSH_TEXT:
    case OP_PUSH_PATH:
    case OP_PUSH_JSON:
    case OP_PUSH_RAW:
    case OP_PUSH_ENCODED:
    case OP_PUSH_SEGMENT:
    case OP_PUSH_COUNT:
    case OP_PUSH_HAS:
    case OP_PUSH_VARIABLE:
    case OP_PUSH_INDEX:
    case OP_PUSH_FIRST:
    case OP_PUSH_LAST:
    case OP_PUSH_TOTAL:
        return 1;
    case OP_WRITE:
    case OP_WRITE_RAW:
    case OP_COMPARE:
    case OP_LIKE:
    case OP_AND:
    case OP_OR:
    case OP_FIND_NEXT:
    case OP_JUMP_UNLESS:
    case OP_LET:
    case OP_SET:
    case OP_APPEND:
    case OP_REJECT:
        return -1;
    case OP_JOIN:
    case OP_CALL:
    case OP_MAP:
        return 1 - (int)instruction->count;
    case OP_IN:
        return -(int)instruction->count;
    case OP_TEXT:
    case OP_LITERAL:
    case OP_ORIGINAL:
    case OP_PATH:
    case OP_NOT:
    case OP_TRUTH:
    case OP_REQUIRED:
    case OP_FIND:
    case OP_LINE_END:
    case OP_JUMP:
    case OP_FOR:
    case OP_NEXT:
    case OP_SOURCE:
    case OP_ENCODE:
    case OP_RECODE:
    case OP_DELETE:
        break;
    }
    return 0;
}

static bool is_output(enum opcode op)
{
    return op == OP_SOURCE || op == OP_TEXT || op == OP_LITERAL || op == OP_ORIGINAL ||
           op == OP_PATH || op == OP_WRITE || op == OP_WRITE_RAW || op == OP_LINE_END;
}

static void follow_stack(struct parser *parser, const struct instruction *instruction)
{
    int change = effect(instruction);

    assert(change >= 0 || parser->depth >= (size_t)-change);
    parser->depth = change < 0 ? parser->depth - (size_t)-change : parser->depth + (size_t)change;
    if (parser->depth > parser->stack_size) {
        parser->stack_size = parser->depth;
        if (parser->stack_size == TEMPLATE_MAX_STACK + 1) {
            (void)parser_fail(parser, instruction->position, "the expression has too many parts",
                              (hl7_slice){NULL, 0}, (hl7_slice){NULL, 0});
        }
    }
}

void parser_settle(struct parser *parser, bool hl7)
{
    if (!parser->begun && !parser->format_given) {
        parser->hl7 = hl7;
        parser->format = hl7 ? HL7_FORMAT_HL7 : HL7_FORMAT_TEXT;
    }
}

struct instruction parser_instruction(enum opcode op, size_t position)
{
    return (struct instruction){.op = op, .position = (uint32_t)position};
}

size_t parser_emit(struct parser *parser, const struct instruction *instruction)
{
    size_t index = parser->count++;

    parser->begun = parser->begun || is_output(instruction->op);
    if (index == TEMPLATE_MAX_INSTRUCTIONS) {
        (void)parser_fail(parser, instruction->position, "the template is too long: too many parts",
                          (hl7_slice){NULL, 0}, (hl7_slice){NULL, 0});
    }
    if (parser->code != NULL) {
        parser->code[index] = *instruction;
        parser->code[index].file = (uint8_t)parser->file;
    }
    follow_stack(parser, instruction);
    check_instruction(&parser->check, instruction, parser->strict);
    return index;
}

void parser_emit_plain(struct parser *parser, enum opcode op, size_t position)
{
    const struct instruction instruction = parser_instruction(op, position);

    (void)parser_emit(parser, &instruction);
}

void parser_emit_text(struct parser *parser, enum opcode op, size_t position, hl7_slice text)
{
    struct instruction instruction = parser_instruction(op, position);

    if (!parser->begun && (op == OP_TEXT || op == OP_LINE_END)) {
        parser_settle(parser, hl7_slice_starts(text, HL7_TEXT("MSH")));
    }
    instruction.as.text = text;
    (void)parser_emit(parser, &instruction);
}

void parser_emit_original(struct parser *parser, const struct piece *piece)
{
    struct instruction instruction = parser_instruction(OP_ORIGINAL, piece->position);

    instruction.as.original = (struct original){.segment = piece->segment, .piece = piece->field};
    if (parser->originals != NULL) {
        parser->originals[parser->original_count] = (uint32_t)parser->count;
    }
    parser->original_count++;
    (void)parser_emit(parser, &instruction);
}

void parser_patch(struct parser *parser, size_t jump)
{
    if (parser->code != NULL) {
        parser->code[jump].target = (uint32_t)parser->count;
    }
}

/* Quotes written twice stand for one. The text borrows when it can; the first pass only counts and
 * does not care. */
hl7_slice parser_unquoted(struct parser *parser, const struct token *token)
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
