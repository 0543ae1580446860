/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader goes once through the text, without recursion. While an array or object is open, its
 * node's `next` holds the node around it; when it closes, `next` becomes what the header says. The
 * nodes grow into the free end of the arena, and what they did not need is given back. */
#include "json_tree.h"

#include "arena.h"
#include "error.h"
#include "utf8.h"

#include <stdalign.h>
#include <string.h>

#define NO_PARENT UINT32_MAX

struct reader {
    hl7_slice text;
    size_t at;
    struct hl7_error *error;
    struct json_node *nodes;
    size_t count;
    size_t room;   /* nodes that fit the arena */
    uint32_t open; /* the innermost array or object that is open */
    unsigned depth;
};

static enum hl7_code refuse(const struct reader *reader, size_t position, const char *why)
{
    return error_set(reader->error, JSON_BAD, position, why);
}

static bool meets(const struct reader *reader, char byte)
{
    return reader->at < reader->text.len && reader->text.ptr[reader->at] == byte;
}

static bool takes(struct reader *reader, char byte)
{
    bool found = meets(reader, byte);

    reader->at += found ? 1 : 0;
    return found;
}

static void skip_blanks(struct reader *reader)
{
    while (takes(reader, ' ') || takes(reader, '\n') || takes(reader, '\r') ||
           takes(reader, '\t')) {
    }
}

static hl7_slice rest_of(const struct reader *reader)
{
    return hl7_slice_part(reader->text, reader->at, reader->text.len);
}

/* What is missing, or that the text ends. */
static enum hl7_code refuse_here(const struct reader *reader, const char *why)
{
    return refuse(reader, reader->at,
                  reader->at == reader->text.len ? "the JSON text ends too early" : why);
}

/* ---- Nodes --------------------------------------------------------------------------------- */

static enum hl7_code add_node(struct reader *reader, enum json_kind kind, size_t start,
                              bool escaped)
{
    if (reader->count == reader->room) {
        return error_set(reader->error, HL7_NO_MEMORY, start, "the arena is too small");
    }
    reader->nodes[reader->count] = (struct json_node){.start = (uint32_t)start,
                                                      .end = (uint32_t)reader->at,
                                                      .next = (uint32_t)reader->count + 1,
                                                      .kind = (uint8_t)kind,
                                                      .escaped = escaped};
    reader->count++;
    return HL7_OK;
}

static enum hl7_code open_node(struct reader *reader, enum json_kind kind)
{
    if (reader->depth == JSON_MAX_DEPTH) {
        return refuse(reader, reader->at, "arrays and objects are nested too deeply");
    }
    enum hl7_code code = add_node(reader, kind, reader->at, false);
    if (code == HL7_OK) {
        reader->nodes[reader->count - 1].next = reader->open;
        reader->open = (uint32_t)reader->count - 1;
        reader->depth++;
        reader->at++;
    }
    return code;
}

static void close_node(struct reader *reader)
{
    struct json_node *node = &reader->nodes[reader->open];

    reader->at++;
    reader->depth--;
    reader->open = node->next;
    node->next = (uint32_t)reader->count;
    node->end = (uint32_t)reader->at;
}

/* ---- Values -------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number of "uXXXX" at the front of the text, or -1. */
static int32_t hex_number(hl7_slice text)
{
    int32_t number = 0;

    if (text.len < 5 || text.ptr[0] != 'u') {
        return -1;
    }
    for (size_t i = 1; i <= 4; i++) {
        int value = hex_value(text.ptr[i]);
        if (value < 0) {
            return -1;
        }
        number = number * 16 + value;
    }
    return number;
}

static bool is_in(int32_t number, int32_t first, int32_t last)
{
    return number >= first && number <= last;
}

/* The character that an escape of a string stands for; `text` begins with its '\'. *ret_len is its
 * length. Or -1, when it is none, or half of a pair. */
static int32_t escaped_character(hl7_slice text, size_t *ret_len)
{
    static const char marks[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *mark = text.len < 2 ? NULL : memchr(marks, text.ptr[1], sizeof marks - 1);

    *ret_len = 2;
    if (mark != NULL) {
        return meanings[mark - marks];
    }
    int32_t first = hex_number(hl7_slice_part(text, 1, text.len));
    *ret_len = 6;
    if (!is_in(first, 0xd800, 0xdfff)) {
        return first;
    }
    int32_t second = -1;
    if (text.len > 7 && text.ptr[6] == '\\') {
        second = hex_number(hl7_slice_part(text, 7, text.len));
    }
    *ret_len = 12;
    if (first > 0xdbff || !is_in(second, 0xdc00, 0xdfff)) {
        return -1;
    }
    return 0x10000 + (first - 0xd800) * 0x400 + (second - 0xdc00);
}

/* Takes one character of a string. */
static enum hl7_code take_character(struct reader *reader)
{
    hl7_slice rest = rest_of(reader);
    size_t len = 0;

    if (rest.len == 0) {
        return refuse(reader, reader->at, "the JSON text ends within a string");
    }
    if (rest.ptr[0] == '\\') {
        if (escaped_character(rest, &len) < 0) {
            return refuse(reader, reader->at, "this is no escape of a JSON string");
        }
    } else {
        uint32_t character = utf8_first(rest, &len);
        if (character >= UTF8_NOT_A_CHARACTER) {
            return refuse(reader, reader->at, "this byte is not UTF-8");
        }
        if (character < 0x20) {
            return refuse(reader, reader->at, "a control character in a JSON string");
        }
    }
    reader->at += len;
    return HL7_OK;
}

static enum hl7_code take_string(struct reader *reader)
{
    size_t start = ++reader->at;
    bool escaped = false;

    while (!meets(reader, '"')) {
        escaped = escaped || meets(reader, '\\');
        enum hl7_code code = take_character(reader);
        if (code != HL7_OK) {
            return code;
        }
    }
    enum hl7_code code = add_node(reader, JSON_STRING, start, escaped);
    reader->at++;
    return code;
}

/* Takes digits; false when there is none. */
static bool take_digits(struct reader *reader)
{
    size_t start = reader->at;

    while (reader->at < reader->text.len && reader->text.ptr[reader->at] >= '0' &&
           reader->text.ptr[reader->at] <= '9') {
        reader->at++;
    }
    return reader->at > start;
}

static enum hl7_code take_number(struct reader *reader)
{
    size_t start = reader->at;

    (void)takes(reader, '-');
    if (!takes(reader, '0') && !take_digits(reader)) {
        return refuse_here(reader, "expected a digit");
    }
    if (takes(reader, '.') && !take_digits(reader)) {
        return refuse_here(reader, "expected a digit behind the point");
    }
    if (takes(reader, 'e') || takes(reader, 'E')) {
        (void)(takes(reader, '+') || takes(reader, '-'));
        if (!take_digits(reader)) {
            return refuse_here(reader, "expected the digits of an exponent");
        }
    }
    return add_node(reader, JSON_NUMBER, start, false);
}

static enum hl7_code take_word(struct reader *reader)
{
    static const struct {
        hl7_slice word;
        enum json_kind kind;
    } words[] = {{{"null", 4}, JSON_NULL}, {{"true", 4}, JSON_TRUE}, {{"false", 5}, JSON_FALSE}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (hl7_slice_starts(rest_of(reader), words[i].word)) {
            size_t start = reader->at;
            reader->at += words[i].word.len;
            return add_node(reader, words[i].kind, start, false);
        }
    }
    return refuse_here(reader, "expected a JSON value");
}

/* A value, or the opening of one. */
static enum hl7_code take_value(struct reader *reader)
{
    char first = reader->at < reader->text.len ? reader->text.ptr[reader->at] : '\0';

    if (first == '{' || first == '[') {
        return open_node(reader, first == '{' ? JSON_OBJECT : JSON_ARRAY);
    }
    if (first == '"') {
        return take_string(reader);
    }
    return first == '-' || (first >= '0' && first <= '9') ? take_number(reader) : take_word(reader);
}

/* ---- Structure ----------------------------------------------------------------------------- */

static bool is_object(const struct reader *reader)
{
    return reader->nodes[reader->open].kind == JSON_OBJECT;
}

static enum hl7_code take_key(struct reader *reader)
{
    skip_blanks(reader);
    if (!meets(reader, '"')) {
        return refuse_here(reader, "expected a member's name in quotes");
    }
    enum hl7_code code = take_string(reader);
    if (code == HL7_OK) {
        skip_blanks(reader);
        if (!takes(reader, ':')) {
            code = refuse_here(reader, "expected ':' behind a member's name");
        }
    }
    return code;
}

/* Behind a value: closes what ends here, and goes up to the next value. */
static enum hl7_code go_on(struct reader *reader)
{
    while (reader->open != NO_PARENT) {
        skip_blanks(reader);
        if (takes(reader, ',')) {
            return is_object(reader) ? take_key(reader) : HL7_OK;
        }
        if (!meets(reader, is_object(reader) ? '}' : ']')) {
            return refuse_here(reader,
                               is_object(reader) ? "expected ',' or '}'" : "expected ',' or ']'");
        }
        close_node(reader);
    }
    return HL7_OK;
}

/* Behind the opening of an array or object: up to its first value, or past it when it is empty. */
static enum hl7_code enter(struct reader *reader)
{
    skip_blanks(reader);
    if (meets(reader, is_object(reader) ? '}' : ']')) {
        close_node(reader);
        return go_on(reader);
    }
    return is_object(reader) ? take_key(reader) : HL7_OK;
}

static enum hl7_code read_all(struct reader *reader)
{
    enum hl7_code code;

    do {
        unsigned depth = reader->depth;
        skip_blanks(reader);
        code = take_value(reader);
        if (code == HL7_OK) {
            code = reader->depth > depth ? enter(reader) : go_on(reader);
        }
    } while (code == HL7_OK && reader->open != NO_PARENT);
    if (code != HL7_OK) {
        return code;
    }
    skip_blanks(reader);
    return reader->at == reader->text.len
               ? HL7_OK
               : refuse(reader, reader->at, "more text behind the JSON value");
}

/* Before every value but the first, and every key, one of these bytes stands. */
size_t json_tree_memory(hl7_slice text)
{
    size_t nodes = 1;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        nodes += c == ',' || c == ':' || c == '[' || c == '{' ? 1 : 0;
    }
    return nodes * sizeof(struct json_node) + alignof(max_align_t);
}

enum hl7_code json_tree_parse(hl7_slice text, struct hl7_arena *arena, struct json_tree *ret_tree,
                              struct hl7_error *error)
{
    size_t used = arena->used;
    struct reader reader = {.text = text, .error = error, .open = NO_PARENT};

    if (text.len >= UINT32_MAX) {
        return error_set(error, HL7_TOO_LARGE, 0, "a JSON text of 4 GiB or more");
    }
    reader.nodes = hl7_arena_alloc(arena, 0);
    if (reader.nodes == NULL) {
        return error_set(error, HL7_NO_MEMORY, 0, "the arena is too small");
    }
    reader.room = (arena->size - arena->used) / sizeof *reader.nodes;
    if (hl7_slice_starts(text, HL7_TEXT("\xef\xbb\xbf"))) {
        reader.at = 3;
    }
    enum hl7_code code = read_all(&reader);
    if (code != HL7_OK) {
        arena->used = used;
        return code;
    }
    arena->used += reader.count * sizeof *reader.nodes;
    *ret_tree = (struct json_tree){.text = text, .nodes = reader.nodes, .count = reader.count};
    return HL7_OK;
}

/* ---- Looking up ---------------------------------------------------------------------------- */

enum json_kind json_tree_kind(const struct json_tree *tree, size_t node)
{
    return (enum json_kind)tree->nodes[node].kind;
}

size_t json_tree_first(const struct json_tree *tree, size_t parent)
{
    enum json_kind kind = json_tree_kind(tree, parent);

    if (kind < JSON_ARRAY || tree->nodes[parent].next == parent + 1) {
        return HL7_NONE;
    }
    return kind == JSON_OBJECT ? parent + 2 : parent + 1;
}

size_t json_tree_next(const struct json_tree *tree, size_t parent, size_t node)
{
    size_t next = tree->nodes[node].next;

    if (next >= tree->nodes[parent].next) {
        return HL7_NONE;
    }
    return json_tree_kind(tree, parent) == JSON_OBJECT ? next + 1 : next;
}

size_t json_tree_count(const struct json_tree *tree, size_t parent)
{
    size_t count = 0;

    for (size_t at = json_tree_first(tree, parent); at != HL7_NONE;
         at = json_tree_next(tree, parent, at)) {
        count++;
    }
    return count;
}

static hl7_slice raw_of(const struct json_tree *tree, size_t node)
{
    const struct json_node *found = &tree->nodes[node];

    return hl7_slice_part(tree->text, found->start, found->end - found->start);
}

/* Writes the next character, or run of plain ones, of a string. Returns what it took. */
static size_t decode_some(hl7_slice raw, struct hl7_buffer *buffer)
{
    const char *mark = memchr(raw.ptr, '\\', raw.len);
    size_t len = mark == NULL ? raw.len : (size_t)(mark - raw.ptr);

    if (len > 0) {
        hl7_buffer_add(buffer, hl7_slice_part(raw, 0, len));
        return len;
    }
    utf8_write((uint32_t)escaped_character(raw, &len), buffer);
    return len;
}

/* A string with escapes against text. */
static bool equals_decoded(hl7_slice raw, hl7_slice text)
{
    while (raw.len > 0) {
        char memory[4];
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, sizeof memory);
        size_t len = raw.ptr[0] == '\\' ? raw.len : 1;
        len = decode_some(hl7_slice_part(raw, 0, len), &buffer);
        if (!hl7_slice_starts(text, hl7_buffer_slice(&buffer))) {
            return false;
        }
        raw = hl7_slice_part(raw, len, raw.len);
        text = hl7_slice_part(text, buffer.len, text.len);
    }
    return text.len == 0;
}

size_t json_tree_member(const struct json_tree *tree, size_t object, hl7_slice name, size_t *work)
{
    size_t found = HL7_NONE;

    if (json_tree_kind(tree, object) != JSON_OBJECT) {
        return HL7_NONE;
    }
    for (size_t at = json_tree_first(tree, object); at != HL7_NONE;
         at = json_tree_next(tree, object, at)) {
        hl7_slice key = raw_of(tree, at - 1);
        *work += 1 + key.len;
        if (tree->nodes[at - 1].escaped ? equals_decoded(key, name) : hl7_slice_equal(key, name)) {
            found = at;
        }
    }
    return found;
}

enum hl7_code json_tree_text(const struct json_tree *tree, size_t node, struct hl7_arena *arena,
                             hl7_slice *ret_text)
{
    hl7_slice raw = raw_of(tree, node);
    struct hl7_buffer buffer;

    if (json_tree_kind(tree, node) == JSON_NULL) {
        *ret_text = (hl7_slice){NULL, 0};
        return HL7_OK;
    }
    if (!tree->nodes[node].escaped) {
        *ret_text = raw;
        return HL7_OK;
    }
    arena_open(arena, &buffer);
    while (raw.len > 0) {
        size_t len = decode_some(raw, &buffer);
        raw = hl7_slice_part(raw, len, raw.len);
    }
    if (buffer.full) {
        return HL7_NO_MEMORY;
    }
    *ret_text = arena_keep(arena, &buffer);
    return HL7_OK;
}

size_t json_tree_find(const struct json_tree *tree, size_t node, const struct json_path *path,
                      size_t *work)
{
    for (size_t i = 0; i < path->count && node != HL7_NONE; i++) {
        const struct json_step *step = &path->steps[i];
        if (step->name.ptr != NULL) {
            node = json_tree_member(tree, node, step->name, work);
            continue;
        }
        size_t array = node;
        size_t last = HL7_NONE;
        node = json_tree_kind(tree, array) == JSON_ARRAY ? json_tree_first(tree, array) : HL7_NONE;
        for (uint32_t k = 0; k < step->index && node != HL7_NONE; k++) {
            last = node;
            ++*work;
            node = json_tree_next(tree, array, node);
        }
        node = step->index == HL7_LAST ? last : node;
    }
    return node;
}
