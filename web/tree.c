/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.c - see tree.h. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/names.h"
#include "base64.h"

enum { PATH_BYTES = 80, SNIFFED = 32 };

/* Where a value stands, and what its type says of what is below it. */
struct place {
    struct hl7_path path;
    const struct hl7_dict_type *type;
    bool is_document; /* a field that holds one */
};

void tree_begin(struct tree *tree, const struct hl7_message *message)
{
    *tree = (struct tree){
        .message = message, .version = hl7_message_version(message), .charset = TEXT_CHARSET_NONE};
    (void)text_charset_for(&tree->charset, message, NULL);
}

void tree_end(struct tree *tree)
{
    text_charset_close(&tree->charset);
}

/* ---- Values ---------------------------------------------------------------------------------- */

json_t *tree_text(struct tree *tree, hl7_slice bytes)
{
    size_t size = bytes.len * TEXT_UTF8_GROWTH + 1;
    char *memory = malloc(size);
    struct hl7_buffer buffer;

    if (memory == NULL) {
        return NULL;
    }
    hl7_buffer_init(&buffer, memory, size);
    text_utf8(&tree->charset, bytes, &buffer);
    json_t *json = json_stringn_nocheck(buffer.ptr, buffer.len);
    free(memory);
    return json;
}

json_t *tree_value(struct tree *tree, hl7_slice raw, size_t max)
{
    hl7_slice shown = max > 0 ? hl7_slice_part(raw, 0, max) : raw;
    char *memory = malloc(shown.len + 1);
    struct hl7_buffer buffer;

    if (memory == NULL) {
        return NULL;
    }
    hl7_buffer_init(&buffer, memory, shown.len + 1);
    hl7_unescape(&tree->message->delimiters, shown, HL7_TEXT_PLAIN, &buffer);
    json_t *json = tree_text(tree, hl7_buffer_slice(&buffer));
    free(memory);
    return json;
}

/* ---- Documents ------------------------------------------------------------------------------- */

/* A component of a value, by its number. */
static hl7_slice component(const struct hl7_message *message, hl7_slice value, size_t number)
{
    return hl7_piece(value, message->delimiters.component, number);
}

/* Encapsulated data: OBX-5 of type ED, whose fourth component says Base64. */
static bool is_document_field(const struct hl7_message *message, size_t segment, size_t field)
{
    return field == 5 && hl7_slice_equal(hl7_segment_name(message, segment), HL7_TEXT("OBX")) &&
           hl7_slice_equal(hl7_segment_field(message, segment, 2), HL7_TEXT("ED"));
}

static hl7_slice document_of(const struct hl7_message *message, hl7_slice value)
{
    hl7_slice encoding = component(message, value, 4);
    hl7_slice data = component(message, value, 5);

    if (encoding.len == 6 && strncasecmp(encoding.ptr, "base64", 6) == 0 && data.len > 0) {
        return data;
    }
    return (hl7_slice){NULL, 0};
}

hl7_slice tree_document(const struct hl7_message *message, size_t number)
{
    const hl7_slice none = {NULL, 0};
    size_t count = 0;

    for (size_t i = 0; i < message->segment_count; i++) {
        hl7_slice rest = is_document_field(message, i, 5) ? hl7_segment_field(message, i, 5) : none;
        hl7_slice value;

        while (rest.ptr != NULL && hl7_piece_next(&rest, message->delimiters.repetition, &value)) {
            hl7_slice data = document_of(message, value);
            count += data.ptr != NULL;
            if (data.ptr != NULL && count == number) {
                return data;
            }
        }
    }
    return none;
}

static void add_document(struct tree *tree, const char *path, hl7_slice data)
{
    char front[BASE64_DECODED(SNIFFED)];
    struct hl7_buffer bytes;

    hl7_buffer_init(&bytes, front, sizeof front);
    (void)base64_decode(hl7_slice_part(data, 0, SNIFFED), &bytes);
    tree->document_count++;
    (void)json_array_append_new(tree->documents,
                                json_pack("{s:I,s:s,s:s,s:I}", "number",
                                          (json_int_t)tree->document_count, "path", path, "type",
                                          document_sniff(hl7_buffer_slice(&bytes))->type, "size",
                                          (json_int_t)data.len / 4 * 3));
}

/* ---- Paths ----------------------------------------------------------------------------------- */

void tree_path(const struct hl7_message *message, struct hl7_path path,
               char ret_text[TREE_PATH_SIZE])
{
    struct hl7_buffer buffer;

    if (path.occurrence == 1 &&
        hl7_message_find(message, hl7_slice_of(path.segment), 2) == HL7_NONE) {
        path.occurrence = 0;
    }
    hl7_buffer_init(&buffer, ret_text, TREE_PATH_SIZE - 1);
    hl7_path_write(&path, &buffer);
    ret_text[buffer.len] = '\0';
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static const char *write_path(const struct hl7_path *path, char text[PATH_BYTES])
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, text, PATH_BYTES - 1);
    hl7_path_write(path, &buffer);
    text[buffer.len] = '\0';
    return text;
}

static void add_name(json_t *node, const char *member, uint32_t text)
{
    hl7_slice name = hl7_dict_text(text);

    if (name.len > 0) {
        (void)json_object_set_new(node, member, json_stringn(name.ptr, name.len));
    }
}

static json_t *make_node(struct tree *tree, const struct hl7_path *path)
{
    char text[PATH_BYTES];

    tree->nodes++;
    tree->cut = tree->cut || tree->nodes > TREE_NODES;
    return json_pack("{s:s}", "path", write_path(path, text));
}

static void add_leaf(struct tree *tree, json_t *node, hl7_slice raw)
{
    if (hl7_state(raw) == HL7_NULL) {
        (void)json_object_set_new(node, "null", json_true());
        return;
    }
    (void)json_object_set_new(node, "value", tree_value(tree, raw, TREE_VALUE_MAX));
    if (raw.len > TREE_VALUE_MAX) {
        (void)json_object_set_new(node, "cut", json_integer((json_int_t)raw.len));
    }
}

/* Whether a value has parts: at the level of a header's encoding characters it never has. */
static bool has(hl7_slice raw, char separator)
{
    return separator != '\0' && raw.len > 0 && memchr(raw.ptr, separator, raw.len) != NULL;
}

static void add_subcomponents(struct tree *tree, json_t *node, hl7_slice raw, struct place place)
{
    json_t *children = json_array();
    hl7_slice piece;

    while (hl7_piece_next(&raw, tree->message->delimiters.subcomponent, &piece) && !tree->cut) {
        place.path.subcomponent++;
        if (piece.len > 0) {
            json_t *child = make_node(tree, &place.path);
            const struct hl7_dict_field *known =
                hl7_dict_component(place.type, place.path.subcomponent);
            add_name(child, "name", known != NULL ? known->name : 0);
            add_leaf(tree, child, piece);
            (void)json_array_append_new(children, child);
        }
    }
    (void)json_object_set_new(node, "children", children);
}

static void add_component(struct tree *tree, json_t *children, hl7_slice raw, struct place place)
{
    json_t *node = make_node(tree, &place.path);
    const struct hl7_dict_field *known = hl7_dict_component(place.type, place.path.component);

    add_name(node, "name", known != NULL ? known->name : 0);
    place.type = known != NULL ? hl7_dict_type_of(tree->version, known->type) : NULL;
    if (place.is_document && place.path.component == 5 && tree->documents != NULL) {
        char text[PATH_BYTES];
        add_document(tree, write_path(&place.path, text), raw);
        (void)json_object_set_new(node, "document", json_integer((json_int_t)tree->document_count));
        (void)json_object_set_new(node, "cut", json_integer((json_int_t)raw.len));
    } else if (has(raw, tree->message->delimiters.subcomponent)) {
        add_subcomponents(tree, node, raw, place);
    } else {
        add_leaf(tree, node, raw);
    }
    (void)json_array_append_new(children, node);
}

/* A field, or one repetition of it. */
static void add_value(struct tree *tree, json_t *node, hl7_slice raw, struct place place)
{
    hl7_slice rest = raw;
    hl7_slice piece;

    place.is_document = place.is_document && document_of(tree->message, raw).ptr != NULL;
    if (!has(raw, tree->message->delimiters.component) &&
        !has(raw, tree->message->delimiters.subcomponent)) {
        add_leaf(tree, node, raw);
        return;
    }
    json_t *children = json_array();
    while (hl7_piece_next(&rest, tree->message->delimiters.component, &piece) && !tree->cut) {
        place.path.component++;
        if (piece.len > 0) {
            add_component(tree, children, piece, place);
        }
    }
    (void)json_object_set_new(node, "children", children);
}

static void add_repetitions(struct tree *tree, json_t *node, hl7_slice raw, struct place place)
{
    json_t *children = json_array();
    hl7_slice piece;

    while (hl7_piece_next(&raw, tree->message->delimiters.repetition, &piece) && !tree->cut) {
        place.path.repetition++;
        if (piece.len > 0) {
            json_t *child = make_node(tree, &place.path);
            add_value(tree, child, piece, place);
            (void)json_array_append_new(children, child);
        }
    }
    (void)json_object_set_new(node, "children", children);
}

/* ---- Segments -------------------------------------------------------------------------------- */

/* The type of a field; of OBX-5 it is what OBX-2 says. */
static const struct hl7_dict_type *type_of(const struct tree *tree, size_t segment, size_t number,
                                           const struct hl7_dict_field *field)
{
    const struct hl7_dict_type *type =
        field != NULL ? hl7_dict_type_of(tree->version, field->type) : NULL;

    if (number == 5 && hl7_slice_equal(hl7_segment_name(tree->message, segment), HL7_TEXT("OBX"))) {
        type = hl7_dict_type(tree->version, hl7_segment_field(tree->message, segment, 2));
    }
    return type;
}

static void add_field(struct tree *tree, json_t *fields, size_t segment, struct hl7_path path,
                      const struct hl7_dict_segment *known)
{
    hl7_slice raw = hl7_segment_field(tree->message, segment, path.field);
    const struct hl7_dict_field *field = hl7_dict_field(known, path.field);
    const struct place place = {.path = path,
                                .type = type_of(tree, segment, path.field, field),
                                .is_document =
                                    is_document_field(tree->message, segment, path.field)};
    bool header =
        path.field <= 2 && hl7_segment_is_header(hl7_segment_name(tree->message, segment));

    json_t *node = make_node(tree, &path);
    add_name(node, "name", field != NULL ? field->name : 0);
    if (header) {
        (void)json_object_set_new(node, "value", tree_text(tree, raw));
    } else if (has(raw, tree->message->delimiters.repetition)) {
        add_repetitions(tree, node, raw, place);
    } else {
        add_value(tree, node, raw, place);
    }
    (void)json_array_append_new(fields, node);
}

/* How often a name came up to this segment; 0 when it comes once in all of the message. */
static uint32_t occurrence_of(const struct hl7_message *message, size_t segment)
{
    hl7_slice name = hl7_segment_name(message, segment);
    uint32_t count = 1;

    if (hl7_message_find(message, name, 2) == HL7_NONE) {
        return 0;
    }
    for (size_t i = 0; i < segment; i++) {
        count += hl7_slice_equal(hl7_segment_name(message, i), name);
    }
    return count;
}

static json_t *segment_json(struct tree *tree, size_t segment)
{
    hl7_slice name = hl7_segment_name(tree->message, segment);
    const struct hl7_dict_segment *known = names_segment(tree->version, name);
    struct hl7_path path = {.occurrence = occurrence_of(tree->message, segment)};
    json_t *fields = json_array();

    memcpy(path.segment, name.ptr, name.len < 3 ? name.len : 3);
    for (path.field = 1; path.field < tree->message->segments[segment].count && !tree->cut;
         path.field++) {
        if (hl7_segment_field(tree->message, segment, path.field).len > 0) {
            add_field(tree, fields, segment, path, known);
        }
    }
    json_t *json = json_pack("{s:I,s:o,s:o}", "number", (json_int_t)segment + 1, "name",
                             tree_text(tree, name), "fields", fields);
    add_name(json, "title", known != NULL ? known->title : 0);
    return json;
}

json_t *tree_segments(struct tree *tree, json_t *documents)
{
    json_t *segments = json_array();

    tree->documents = documents;
    for (size_t i = 0; i < tree->message->segment_count && !tree->cut; i++) {
        if (json_array_append_new(segments, segment_json(tree, i)) != 0) {
            json_decref(segments);
            return NULL;
        }
    }
    return segments;
}
