/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a path has led, with numbers for all that the template left open. */
#include "template/run_trace.h"

#include "template/parser.h"

#include "arena.h"
#include "message.h"
#include "path.h"

#include <string.h>

static hl7_slice text_at(const struct run *run, const struct instruction *instruction)
{
    hl7_slice text = run_file_text(run, instruction);

    return hl7_slice_part(text, instruction->position, text.len);
}

/* ---- Paths of a message -------------------------------------------------------------------- */

uint32_t run_trace_occurrence(const struct run *run, const struct hl7_message *message,
                              size_t segment)
{
    hl7_slice name = hl7_segment_name(message, segment);
    uint32_t occurrence = 1;

    if (run->index.message == message) {
        return (uint32_t)index_find(&run->index, name, 0, segment + 1).count;
    }
    for (size_t i = 0; i < segment; i++) {
        occurrence += hl7_slice_equal(hl7_segment_name(message, i), name) ? 1 : 0;
    }
    return occurrence;
}

static bool holds(hl7_slice text, char byte)
{
    return byte != '\0' && text.len > 0 && memchr(text.ptr, byte, text.len) != NULL;
}

static uint32_t count_pieces(hl7_slice value, char separator)
{
    uint32_t count = 1;

    for (size_t i = 0; i < value.len; i++) {
        count += value.ptr[i] == separator ? 1 : 0;
    }
    return count;
}

static const struct hl7_delimiters *delimiters_of(const struct target *target, uint32_t field)
{
    return path_delimiters(&target->message->delimiters,
                           hl7_segment_name(target->message, target->segment), field);
}

static uint32_t last_repetition(const struct target *target, const struct hl7_path *path)
{
    const struct hl7_path field = {.field = path->field};

    return count_pieces(hl7_segment_get(target->message, target->segment, &field),
                        delimiters_of(target, path->field)->repetition);
}

/* Down to the leaf that a value read as text is. */
static void deepen(const struct target *target, struct hl7_path *path)
{
    const struct hl7_delimiters *delimiters = delimiters_of(target, path->field);
    hl7_slice value = target->raw;

    if (path->repetition == 0 && path->component == 0 && holds(value, delimiters->repetition)) {
        path->repetition = 1;
        value = hl7_piece(value, delimiters->repetition, 1);
    }
    if (path->component == 0 && holds(value, delimiters->component)) {
        path->component = 1;
        value = hl7_piece(value, delimiters->component, 1);
    }
    if (path->subcomponent == 0 && holds(value, delimiters->subcomponent)) {
        path->component = path->component == 0 ? 1 : path->component;
        path->subcomponent = 1;
    }
    if (path->component != 0 && path->repetition == 0) {
        path->repetition = 1;
    }
}

static struct hl7_path numbered(const struct run *run, const struct instruction *instruction,
                                const struct target *target)
{
    struct hl7_path path = instruction->as.path;

    path.occurrence = run_trace_occurrence(run, target->message, target->segment);
    if (instruction->root == ROOT_REPETITION) {
        path.repetition = (uint32_t)run->cursors[instruction->slot].turn;
    } else if (path.repetition == HL7_LAST) {
        path.repetition = last_repetition(target, &path);
    } else if (path.component != 0 && path.repetition == 0) {
        path.repetition = 1;
    }
    return path;
}

/* The bytes an instruction took of what its path leads to. */
static hl7_slice taken(const struct instruction *instruction, const struct target *target)
{
    switch (instruction->op) {
    case OP_PUSH_PATH:
        return run_leaf(target, &instruction->as.path);
    case OP_PUSH_SEGMENT:
        return hl7_segment_bytes(target->message, target->segment);
    default:
        return target->raw;
    }
}

/* count(OBX), has(ZPI) ask how many there are, and read none. */
static bool is_about_segments(const struct instruction *instruction)
{
    return (instruction->op == OP_PUSH_COUNT || instruction->op == OP_PUSH_HAS) &&
           instruction->as.path.field == 0;
}

void run_trace_read(struct run *run, const struct instruction *instruction)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_READ);
    struct target target;

    run_resolve(run, instruction, &target);
    event.words = path_word(text_at(run, instruction));
    event.message = target.message;
    event.path = instruction->as.path;
    if (target.segment != HL7_NONE && !is_about_segments(instruction)) {
        event.segment = target.segment;
        event.path = numbered(run, instruction, &target);
        event.raw = taken(instruction, &target);
        if (instruction->op == OP_PUSH_PATH && event.path.field != 0) {
            deepen(&target, &event.path);
        } else if (instruction->op == OP_PUSH_SEGMENT) {
            event.path.field = event.path.repetition = 0;
            event.path.component = event.path.subcomponent = 0;
        }
    }
    run_trace_send(run, &event);
}

/* ---- {0-9} --------------------------------------------------------------------------------- */

/* The segment that bytes of the source are in. */
static size_t segment_around(const struct hl7_message *message, hl7_slice raw)
{
    if (message == NULL || raw.ptr == NULL || raw.ptr < message->bytes.ptr ||
        raw.ptr >= message->bytes.ptr + message->bytes.len) {
        return HL7_NONE;
    }
    size_t offset = (size_t)(raw.ptr - message->bytes.ptr);
    for (size_t i = 0; i < message->segment_count; i++) {
        if (offset >= message->segments[i].start && offset <= message->segments[i].end) {
            return i;
        }
    }
    return HL7_NONE;
}

/* A piece is a field only where '|' separates fields; the name of a segment is none. */
static uint32_t field_of(const struct hl7_message *message, size_t segment, size_t piece)
{
    hl7_slice name = hl7_segment_name(message, segment);
    size_t field = piece + (hl7_segment_is_header(name) ? 1 : 0);

    return message->delimiters.field == '|' && piece > 0 && field < UINT32_MAX ? (uint32_t)field
                                                                               : 0;
}

void run_trace_read_original(struct run *run, const struct instruction *instruction)
{
    const struct hl7_message *message = run->conversion->message;
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_READ);
    hl7_slice text = text_at(run, instruction);
    const char *end = memchr(text.ptr, '}', text.len);

    event.words = hl7_slice_part(text, 0, (size_t)(end - text.ptr) + 1);
    event.message = message;
    event.raw = run->values[instruction->as.original.slot];
    size_t segment = segment_around(message, event.raw);
    if (segment != HL7_NONE) {
        hl7_slice name = hl7_segment_name(message, segment);
        uint32_t field = field_of(message, segment, instruction->as.original.piece);

        event.segment = segment;
        if (field != 0 && name.len == sizeof event.path.segment - 1) {
            memcpy(event.path.segment, name.ptr, name.len);
            event.path.occurrence = run_trace_occurrence(run, message, segment);
            event.path.field = field;
        }
    }
    run_trace_send(run, &event);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static bool is_plain_name(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!lexer_is_letter(c) && !lexer_is_digit(c) && c != '_' && c != '-') {
            return false;
        }
    }
    return name.len > 0;
}

/* A member's name stands before its value; it is shown as it is written there. */
static void write_member(const struct json_tree *tree, size_t value, struct hl7_buffer *buffer)
{
    const struct json_node *key = &tree->nodes[value - 1];
    hl7_slice name = hl7_slice_part(tree->text, key->start, key->end - key->start);

    if (is_plain_name(name)) {
        hl7_buffer_add_byte(buffer, '.');
        hl7_buffer_add(buffer, name);
        return;
    }
    hl7_buffer_add(buffer, HL7_TEXT("['"));
    for (size_t i = 0; i < name.len; i++) {
        hl7_buffer_add(buffer, name.ptr[i] == '\'' ? HL7_TEXT("''") : hl7_slice_part(name, i, 1));
    }
    hl7_buffer_add(buffer, HL7_TEXT("']"));
}

static void write_json_path(const struct json_tree *tree, size_t node, struct hl7_buffer *buffer)
{
    size_t at = 0;

    hl7_buffer_add_byte(buffer, '$');
    while (at != node) {
        size_t child = json_tree_first(tree, at);
        size_t number = 0;

        for (; tree->nodes[child].next <= node; number++) {
            child = json_tree_next(tree, at, child);
        }
        if (json_tree_kind(tree, at) == JSON_OBJECT) {
            write_member(tree, child, buffer);
        } else {
            hl7_buffer_add_byte(buffer, '[');
            hl7_buffer_add_number(buffer, number);
            hl7_buffer_add_byte(buffer, ']');
        }
        at = child;
    }
}

/* "$.items[0].name", "x.name" */
static hl7_slice json_word(struct run *run, const struct instruction *instruction)
{
    hl7_slice text = text_at(run, instruction);
    size_t used = run->arena->used;
    size_t root = text.len > 0 && text.ptr[0] == '$' ? 1 : run_leading_name(text).len;
    struct json_path ignored;
    size_t len = 0;

    (void)json_path_read(hl7_slice_part(text, root, text.len), run->arena, &ignored, &len, NULL);
    run->arena->used = used;
    return hl7_slice_part(text, 0, root + len);
}

void run_trace_read_json(struct run *run, const struct instruction *instruction)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_READ);
    size_t used = run->arena->used;
    size_t kept = run->kept;
    size_t node = run_json(run, instruction);
    struct hl7_buffer path;

    event.words = json_word(run, instruction);
    if (node != HL7_NONE) {
        const struct json_node *found = &run->json.nodes[node];

        arena_open(run->arena, &path);
        write_json_path(&run->json, node, &path);
        event.json = arena_keep(run->arena, &path);
        run->trace->no_memory = run->trace->no_memory || path.full;
        if (instruction->op != OP_PUSH_COUNT) {
            event.raw = hl7_slice_part(run->json.text, found->start, found->end - found->start);
        }
    }
    run_trace_send(run, &event);
    if (run->kept == kept) {
        run->arena->used = used;
    }
}
