/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON reader and its paths. The input is a JSON text, perhaps with a NUL and a path behind it.
 *
 * What must hold: an error stands inside the text and gives the arena back; an index fits the memory
 * that was foretold; every node's place is inside of its parent's; a walk meets every node once; a
 * string's text is UTF-8 and, encoded and read again, the same. */
#include "json_tree.h"
#include "template/encode.h"
#include "utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_utf8(hl7_slice text)
{
    for (size_t at = 0, len = 0; at < text.len; at += len) {
        assert(utf8_first(hl7_slice_part(text, at, text.len), &len) < UTF8_NOT_A_CHARACTER);
    }
}

/* The text of a string, written as JSON and read again. */
static void check_string(hl7_slice text)
{
    static char memory[TEXT_BYTES];
    static char nodes[256];
    static char decoded[TEXT_BYTES];
    struct hl7_buffer buffer;
    struct hl7_arena arena;
    struct json_tree tree;
    hl7_slice again;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_buffer_add_byte(&buffer, '"');
    encode_json(text, &buffer);
    hl7_buffer_add_byte(&buffer, '"');
    if (buffer.full) {
        return;
    }
    hl7_arena_init(&arena, nodes, sizeof nodes);
    enum hl7_code code = json_tree_parse(hl7_buffer_slice(&buffer), &arena, &tree, NULL);
    assert(code == HL7_OK && tree.count == 1 && json_tree_kind(&tree, 0) == JSON_STRING);
    hl7_arena_init(&arena, decoded, sizeof decoded);
    code = json_tree_text(&tree, 0, &arena, &again);
    assert(code == HL7_OK && hl7_slice_equal(again, text));
}

static hl7_slice check_text(const struct json_tree *tree, size_t node)
{
    static char memory[TEXT_BYTES];
    struct hl7_arena arena;
    hl7_slice text = {NULL, 0};

    hl7_arena_init(&arena, memory, sizeof memory);
    if (json_tree_text(tree, node, &arena, &text) == HL7_OK) {
        check_utf8(text);
        if (json_tree_kind(tree, node) == JSON_STRING) {
            check_string(text);
        }
    }
    return text;
}

/* Returns how many nodes the parent's values and keys are, without what is in them. */
static size_t check_children(const struct json_tree *tree, size_t parent)
{
    bool object = json_tree_kind(tree, parent) == JSON_OBJECT;
    size_t count = 0;

    for (size_t at = json_tree_first(tree, parent); at != HL7_NONE;
         at = json_tree_next(tree, parent, at)) {
        const struct json_node *node = &tree->nodes[at];
        assert(node->start >= tree->nodes[parent].start && node->end <= tree->nodes[parent].end);
        assert(node->start <= node->end && node->next <= tree->nodes[parent].next);
        count++;
        /* The last of that name is found, which is this one or a later one. Long objects would take
         * time in proportion to the square of their length. */
        if (object && tree->count < 500) {
            hl7_slice name = check_text(tree, at - 1);
            size_t found = json_tree_member(tree, parent, name, &(size_t){0});
            assert(found != HL7_NONE && found >= at);
        }
    }
    assert(json_tree_count(tree, parent) == count);
    return object ? 2 * count : count;
}

static void check_tree(const struct json_tree *tree)
{
    size_t reached = 1;

    assert(tree->nodes[0].next == tree->count);
    for (size_t node = 0; node < tree->count; node++) {
        reached += check_children(tree, node);
        if (tree->count < 500) {
            (void)check_text(tree, node);
        }
    }
    assert(reached == tree->count);
}

static void check_path(const struct json_tree *tree, hl7_slice text)
{
    static char memory[TEXT_BYTES];
    struct hl7_arena arena;
    struct hl7_error error = {0};
    struct json_path path;
    size_t used = 0;

    hl7_arena_init(&arena, memory, sizeof memory);
    if (json_path_read(text, &arena, &path, &used, &error) == HL7_OK) {
        assert(used <= text.len);
        size_t node = tree == NULL ? HL7_NONE : json_tree_find(tree, 0, &path, &(size_t){0});
        assert(node == HL7_NONE || node < tree->count);
    } else {
        assert(error.position <= text.len && error.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl7_slice text = {(const char *)data, size};
    hl7_slice path = {NULL, 0};
    const char *nul = size == 0 ? NULL : memchr(data, '\0', size);
    struct hl7_error error = {0};
    struct hl7_arena arena;
    struct json_tree tree;

    if (nul != NULL) {
        text.len = (size_t)(nul - text.ptr);
        path = (hl7_slice){nul + 1, size - text.len - 1};
    }
    size_t bytes = json_tree_memory(text);
    char *memory = malloc(bytes);
    assert(memory != NULL);
    hl7_arena_init(&arena, memory, bytes);
    enum hl7_code code = json_tree_parse(text, &arena, &tree, &error);
    if (code == HL7_OK) {
        check_tree(&tree);
    } else {
        assert(code == JSON_BAD && error.position <= text.len && arena.used == 0);
    }
    check_path(code == HL7_OK ? &tree : NULL, path);
    free(memory);
    return 0;
}
