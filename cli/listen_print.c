/* SPDX-License-Identifier: Apache-2.0
 *
 * What `orderly listen` shows of a message: a heading and its segments, one a line, numbered from 0
 * as the placeholders {0-9} count them; or one JSON object a line. */
#include "listen.h"

#include <inttypes.h>
#include <string.h>

static hl7_slice at(const struct hl7_message *message, const char *path)
{
    return message == NULL ? (hl7_slice){NULL, 0} : hl7_message_at(message, path);
}

/* The bytes as UTF-8 text, in listen->text_memory. */
static hl7_slice as_utf8(struct listen *listen, const struct hl7_message *message, hl7_slice bytes)
{
    struct hl7_buffer buffer;

    if (!memory_grow(&listen->text_memory, bytes.len * TEXT_UTF8_GROWTH + 1)) {
        return (hl7_slice){NULL, 0};
    }
    if (message == NULL) {
        (void)text_charset_named(&listen->charset, "UTF-8");
    } else {
        (void)text_charset_for(&listen->charset, message, listen->fallback);
    }
    hl7_buffer_init(&buffer, listen->text_memory.ptr, listen->text_memory.size);
    text_utf8(&listen->charset, bytes, &buffer);
    return hl7_buffer_slice(&buffer);
}

/* Walks the lines of a payload: by CR, with an LF behind it, or by LF when it holds no CR. */
static bool next_line(hl7_slice *rest, char end, hl7_slice *ret_line)
{
    while (hl7_piece_next(rest, end, ret_line)) {
        if (end == '\r' && hl7_slice_starts(*ret_line, HL7_TEXT("\n"))) {
            *ret_line = hl7_slice_part(*ret_line, 1, ret_line->len);
        }
        if (ret_line->len > 0) {
            return true;
        }
    }
    return false;
}

static void print_lines(const struct listen *listen, hl7_slice text, char end)
{
    const struct text_terminal *out = &listen->terminal;
    hl7_slice line;
    size_t number = 0;

    while (next_line(&text, end, &line)) {
        text_style(out, TEXT_DIM);
        fprintf(out->file, "%5zu  ", number++);
        text_style(out, TEXT_NORMAL);
        text_style(out, TEXT_CYAN);
        text_write_safe(out->file, hl7_slice_part(line, 0, 3), false);
        text_style(out, TEXT_NORMAL);
        text_write_safe(out->file, hl7_slice_part(line, 3, line.len), false);
        fputc('\n', out->file);
    }
}

static enum text_style style_of(const char *code)
{
    if (strchr(code, 'E') != NULL) {
        return TEXT_YELLOW;
    }
    return strchr(code, 'R') != NULL ? TEXT_RED : TEXT_GREEN;
}

static void print_text(struct listen *listen, const char *peer, hl7_slice payload,
                       const struct hl7_message *message, const char *code, uint64_t number)
{
    const struct text_terminal *out = &listen->terminal;
    char end = memchr(payload.ptr, '\r', payload.len) != NULL ? '\r' : '\n';

    text_style(out, TEXT_BOLD);
    fprintf(out->file, "#%" PRIu64 "  ", listen->counters.messages);
    text_write_safe(out->file, message == NULL ? HL7_TEXT("batch") : at(message, "MSH-9"), false);
    text_style(out, TEXT_NORMAL);
    fprintf(out->file, "  ");
    text_write_safe(out->file, at(message, "MSH-10"), false);
    fprintf(out->file, "  from %s  %zu bytes", peer, payload.len);
    if (number != 0) {
        fprintf(out->file, "  saved as %012" PRIu64 ".hl7", number);
    }
    fprintf(out->file, "  -> ");
    text_styled(out, style_of(code), code[0] == '\0' ? "no answer" : code);
    fputc('\n', out->file);
    print_lines(listen, as_utf8(listen, message, payload), end);
    fputc('\n', out->file);
}

static void print_json(struct listen *listen, const char *peer, hl7_slice payload,
                       const struct hl7_message *message, const char *code, uint64_t number)
{
    static const struct {
        const char *key;
        const char *path;
    } members[] = {{"type", "MSH-9"},
                   {"control_id", "MSH-10"},
                   {"version", "MSH-12.1"},
                   {"sender", "MSH-3"},
                   {"charset", "MSH-18[1]"}};
    char end = memchr(payload.ptr, '\r', payload.len) != NULL ? '\r' : '\n';
    struct json json;
    hl7_slice line;

    json_to_file(&json, listen->terminal.file);
    json_open_object(&json);
    json_key(&json, "number");
    json_number(&json, listen->counters.messages);
    json_key(&json, "time");
    json_text(&json, answers_time(&listen->answers));
    json_key(&json, "peer");
    json_text_of(&json, peer);
    json_key(&json, "bytes");
    json_number(&json, payload.len);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_key(&json, members[i].key);
        hl7_slice value = at(message, members[i].path);
        json_text(&json, value.ptr == NULL ? value : as_utf8(listen, message, value));
    }
    json_key(&json, "answer");
    json_text_of(&json, code[0] == '\0' ? NULL : code);
    json_key(&json, "saved");
    if (number == 0) {
        json_nothing(&json);
    } else {
        json_number(&json, number);
    }
    json_key(&json, "segments");
    json_open_array(&json);
    hl7_slice text = as_utf8(listen, message, payload);
    while (next_line(&text, end, &line)) {
        json_text(&json, line);
    }
    json_end(&json);
    json_end(&json);
    json_line(&json);
}

void listen_print(struct listen *listen, const char *peer, hl7_slice payload,
                  const struct hl7_message *message, const char *code, uint64_t number)
{
    if (listen->options->quiet) {
        return;
    }
    listen->printed = true;
    if (listen->options->json) {
        print_json(listen, peer, payload, message, code, number);
    } else {
        print_text(listen, peer, payload, message, code, number);
    }
}
