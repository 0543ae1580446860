/* SPDX-License-Identifier: Apache-2.0
 *
 * api_content.c - the bytes of messages: as a tree, as differences, as hexadecimal digits, as files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/parsing.h"
#include "api.h"
#include "base64.h"
#include "content.h"
#include "tree.h"

enum { TEXT_MAX = 1024 * 1024, HEX_PAGE = 4096, HEX_LINE = 16, DIFFERENCES_MAX = 2000 };

/* ---- The tree -------------------------------------------------------------------------------- */

static void add_tree(json_t *whole, const struct hl7_message *message)
{
    struct tree tree;
    const char *charset = hl7_message_charset(message);
    json_t *documents = json_array();

    tree_begin(&tree, message);
    (void)json_object_set_new(whole, "segments", tree_segments(&tree, documents));
    (void)json_object_set_new(whole, "text",
                              tree_text(&tree, hl7_slice_part(message->bytes, 0, TEXT_MAX)));
    (void)json_object_set_new(whole, "cut",
                              json_boolean(tree.cut || message->bytes.len > TEXT_MAX));
    (void)json_object_set_new(whole, "documents", documents);
    if (charset != NULL) {
        (void)json_object_set_new(whole, "charset", json_string(charset));
    }
    tree_end(&tree);
}

/* What cannot be read as HL7 is shown as text. */
static void add_text(json_t *whole, hl7_slice bytes, const char *problem)
{
    (void)json_object_set_new(whole, "segments", json_array());
    (void)json_object_set_new(whole, "documents", json_array());
    (void)json_object_set_new(whole, "text", text_json(hl7_slice_part(bytes, 0, TEXT_MAX)));
    (void)json_object_set_new(whole, "cut", json_boolean(bytes.len > TEXT_MAX));
    (void)json_object_set_new(whole, "problem", text_json(hl7_slice_of(problem)));
}

void api_content(struct exchange *exchange)
{
    const char *of = content_of(exchange);
    struct content content;
    struct parsing parsing = {.memory = {NULL, 0}};
    struct hl7_message message;
    struct hl7_error error;

    if (of == NULL || !content_fetch(exchange, of, &content)) {
        return;
    }
    json_t *whole = json_pack("{s:s,s:I}", "of", of, "total", (json_int_t)content.len);
    if (parsing_message(&parsing, content_slice(&content), &message, &error)) {
        add_tree(whole, &message);
    } else {
        add_text(whole, content_slice(&content), error.text);
    }
    exchange_json(exchange, whole);
    parsing_free(&parsing);
    content_release(&content);
}

/* ---- Differences ----------------------------------------------------------------------------- */

struct comparison {
    json_t *list;
    struct tree before;
    struct tree after;
    bool more;
};

static void add_side(json_t *item, const char *name, struct tree *tree, hl7_slice raw)
{
    if (raw.ptr != NULL) {
        (void)json_object_set_new(item, name,
                                  tree_text(tree, hl7_slice_part(raw, 0, TREE_VALUE_MAX)));
    }
}

static bool on_difference(void *context, const struct hl7_difference *difference)
{
    static const char *const kinds[] = {[HL7_CHANGED] = "changed",
                                        [HL7_MISSING] = "removed",
                                        [HL7_EXTRA] = "added",
                                        [HL7_SEGMENT_MISSING] = "removed",
                                        [HL7_SEGMENT_EXTRA] = "added"};
    struct comparison *comparison = context;
    const struct hl7_message *message = difference->kind == HL7_SEGMENT_EXTRA
                                            ? comparison->after.message
                                            : comparison->before.message;
    char path[TREE_PATH_SIZE];

    if (json_array_size(comparison->list) == DIFFERENCES_MAX) {
        comparison->more = true;
        return false;
    }
    tree_path(message, difference->path, path);
    json_t *item = json_pack("{s:s,s:o}", "kind", kinds[difference->kind], "path",
                             text_json(hl7_slice_of(path)));
    add_side(item, "before", &comparison->before, difference->expected);
    add_side(item, "after", &comparison->after, difference->actual);
    return json_array_append_new(comparison->list, item) == 0;
}

static void compare(struct exchange *exchange, const struct hl7_message *before,
                    const struct hl7_message *after)
{
    struct comparison comparison = {.list = json_array()};
    const struct hl7_comparison how = {
        .loose = true, .difference = on_difference, .context = &comparison};
    size_t size = hl7_diff_memory(before, after);
    void *memory = malloc(size + 1);
    struct hl7_arena arena;
    size_t count = 0;

    if (memory == NULL) {
        json_decref(comparison.list);
        (void)exchange_no_memory(exchange);
        return;
    }
    hl7_arena_init(&arena, memory, size + 1);
    tree_begin(&comparison.before, before);
    tree_begin(&comparison.after, after);
    enum hl7_code code = hl7_diff(before, after, &how, &arena, &count);
    tree_end(&comparison.before);
    tree_end(&comparison.after);
    free(memory);
    if (code != HL7_OK) {
        json_decref(comparison.list);
        (void)exchange_no_memory(exchange);
        return;
    }
    exchange_json(exchange,
                  json_pack("{s:o,s:b}", "differences", comparison.list, "more", comparison.more));
}

void api_differences(struct exchange *exchange)
{
    struct content received;
    struct content sent;
    struct parsing parsings[2] = {{.memory = {NULL, 0}}, {.memory = {NULL, 0}}};
    struct hl7_message before;
    struct hl7_message after;

    if (!content_fetch(exchange, "received", &received)) {
        return;
    }
    if (content_fetch(exchange, "sent", &sent)) {
        if (parsing_message(&parsings[0], content_slice(&received), &before, NULL) &&
            parsing_message(&parsings[1], content_slice(&sent), &after, NULL)) {
            compare(exchange, &before, &after);
        } else {
            (void)exchange_error(exchange, 409, "refused", "one of the two is no HL7 v2 message");
        }
        content_release(&sent);
    }
    parsing_free(&parsings[0]);
    parsing_free(&parsings[1]);
    content_release(&received);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

static json_t *hex_line(hl7_slice bytes, size_t offset)
{
    char hex[3 * HEX_LINE + 1] = "";
    char text[HEX_LINE + 1] = "";

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        (void)snprintf(hex + 3 * i, 4, "%02x%s", byte, i + 1 < bytes.len ? " " : "");
        text[i] = '.';
        if (byte >= ' ' && byte <= '~') {
            text[i] = (char)byte;
        }
    }
    return json_pack("{s:I,s:s,s:s}", "offset", (json_int_t)offset, "hex", hex, "text", text);
}

void api_hex(struct exchange *exchange)
{
    const char *of = content_of(exchange);
    struct content content;
    int64_t offset = 0;

    if (of == NULL || !exchange_query_number(exchange, "offset", 0, INT64_MAX, 0, &offset) ||
        !content_fetch(exchange, of, &content)) {
        return;
    }
    size_t from = (size_t)offset / HEX_LINE * HEX_LINE;
    json_t *lines = json_array();
    for (size_t at = from; at < content.len && at - from < HEX_PAGE; at += HEX_LINE) {
        (void)json_array_append_new(
            lines, hex_line(hl7_slice_part(content_slice(&content), at, HEX_LINE), at));
    }
    exchange_json(exchange, json_pack("{s:I,s:I,s:o}", "total", (json_int_t)content.len, "offset",
                                      (json_int_t)from, "lines", lines));
    content_release(&content);
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* The name says nothing of the message but its number. */
static void set_file_name(struct exchange *exchange, const char *what, const char *ending)
{
    struct answer *answer = &exchange->answer;

    (void)snprintf(answer->disposition, sizeof answer->disposition,
                   "attachment; filename=\"message-%lld-%s.%s\"",
                   (long long)exchange_part_number(exchange, 0), what, ending);
}

void api_raw(struct exchange *exchange)
{
    const char *of = content_of(exchange);
    struct content content;

    if (of == NULL || !content_fetch(exchange, of, &content)) {
        return;
    }
    exchange_bytes(exchange, "application/octet-stream", content.bytes, content.len);
    set_file_name(exchange, of, "hl7");
}

static void put_document(struct exchange *exchange, hl7_slice text)
{
    struct hl7_buffer bytes;
    char *memory = malloc(BASE64_DECODED(text.len));
    char name[40];

    if (memory == NULL) {
        (void)exchange_no_memory(exchange);
        return;
    }
    hl7_buffer_init(&bytes, memory, BASE64_DECODED(text.len));
    if (!base64_decode(text, &bytes)) {
        free(memory);
        (void)exchange_error(exchange, 409, "refused", "the document is not base64");
        return;
    }
    const struct document_kind *kind = document_sniff(hl7_buffer_slice(&bytes));
    exchange_bytes(exchange, kind->type, memory, bytes.len);
    (void)snprintf(name, sizeof name, "document-%lld",
                   (long long)exchange_part_number(exchange, 1));
    set_file_name(exchange, name, kind->ending);
}

void api_document(struct exchange *exchange)
{
    const char *of = content_of(exchange);
    struct content content;
    struct parsing parsing = {.memory = {NULL, 0}};
    struct hl7_message message;

    if (of == NULL || !content_fetch(exchange, of, &content)) {
        return;
    }
    hl7_slice text = {NULL, 0};
    if (parsing_message(&parsing, content_slice(&content), &message, NULL)) {
        text = tree_document(&message, (size_t)exchange_part_number(exchange, 1));
    }
    if (text.ptr == NULL) {
        (void)exchange_error(exchange, 404, "nothing", "there is no such document in the message");
    } else {
        put_document(exchange, text);
    }
    parsing_free(&parsing);
    content_release(&content);
}
