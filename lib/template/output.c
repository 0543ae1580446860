/* SPDX-License-Identifier: Apache-2.0
 *
 * In a text output values are copied as they are. In an HL7 output no value may end a segment, a
 * field or a frame, and its structure must be read as it was meant. For that the delimiters of the
 * output are needed; they are what the output itself says in its MSH-1 and MSH-2, read once these
 * are written. So it does not matter whether the template spells them out, copies them with
 * {MSH-1}{MSH-2}, or copies the whole header with {MSH}.
 *
 * Until then a value lands among the delimiters themselves, where nothing can be escaped: it is
 * copied if it can be a part of them and refused if not. */
#include "template/output.h"

#include "message.h"

#include <string.h>

/* Bytes that end a segment or a frame. */
static const char ends[] = {'\r', '\n', HL7_VT, HL7_FS};

void output_init(struct output *output, struct hl7_buffer *buffer, bool hl7,
                 const struct hl7_message *message)
{
    *output = (struct output){.buffer = buffer, .start = buffer->len, .hl7 = hl7};
    output->source = message == NULL ? hl7_standard_delimiters : message->delimiters;
}

hl7_slice output_written(const struct output *output)
{
    return hl7_slice_part(hl7_buffer_slice(output->buffer), output->start, output->buffer->len);
}

void output_set_format(struct output *output, enum hl7_format format, char separator)
{
    output->hl7 = format == HL7_FORMAT_HL7;
    output->structured = format != HL7_FORMAT_HL7 && format != HL7_FORMAT_TEXT;
    output->state = (struct format_state){
        .format = format, .separator = separator, .start = output->start, .cell = output->start};
}

void output_template(struct output *output, hl7_slice text)
{
    if (output->structured) {
        format_template(&output->state, text, output->buffer);
    } else {
        hl7_buffer_add(output->buffer, text);
    }
}

void output_end(struct output *output)
{
    if (output->structured) {
        format_end(&output->state, output->buffer);
    }
}

static bool holds(hl7_slice text, char byte)
{
    return text.len > 0 && memchr(text.ptr, byte, text.len) != NULL;
}

bool output_holds_an_end(hl7_slice text)
{
    for (size_t i = 0; i < sizeof ends; i++) {
        if (holds(text, ends[i])) {
            return true;
        }
    }
    return false;
}

/* Learns the delimiters of the output, if they are written. *ret_in_header: they are being written,
 * and the next byte is one of them. */
static enum hl7_code learn(struct output *output, bool *ret_in_header)
{
    hl7_slice text = output_written(output);

    if (output->known) {
        *ret_in_header = false;
        return HL7_OK;
    }
    if (text.len == 3 && hl7_segment_is_header(text)) {
        *ret_in_header = true;
        return HL7_OK;
    }
    output->delimiters = output->source;
    if (text.len < 3 || !hl7_segment_is_header(hl7_slice_part(text, 0, 3))) {
        *ret_in_header = false;
        return HL7_OK;
    }
    enum hl7_code code = message_delimiters(text, &output->delimiters, NULL);
    if (code != HL7_OK) {
        return code;
    }
    hl7_slice behind = hl7_slice_part(text, 4, text.len);
    output->known = holds(behind, text.ptr[3]) || holds(behind, '\r');
    *ret_in_header = !output->known;
    return HL7_OK;
}

/* A value that lands in MSH-1 or MSH-2. */
static enum hl7_code add_delimiters(const struct output *output, hl7_slice value)
{
    hl7_slice text = output_written(output);
    bool fits = text.len == 3 ? value.len <= 1 : !holds(value, text.ptr[3]);

    if (!fits || output_holds_an_end(value)) {
        return HL7_BAD_DELIMITERS;
    }
    hl7_buffer_add(output->buffer, value);
    return HL7_OK;
}

/* Structure stays structure. Bytes are touched only where they must be. */
static enum hl7_code add_value(const struct output *output, const struct hl7_delimiters *from,
                               hl7_slice raw)
{
    if (memcmp(from, &output->delimiters, sizeof *from) == 0 && !output_holds_an_end(raw)) {
        hl7_buffer_add(output->buffer, raw);
        return HL7_OK;
    }
    return hl7_recode(from, &output->delimiters, raw, output->buffer);
}

/* The name, MSH-1 and MSH-2 of a header segment; empty for other segments. */
static hl7_slice declaration(hl7_slice segment)
{
    if (segment.len < 4 || !hl7_segment_is_header(hl7_slice_part(segment, 0, 3))) {
        return hl7_slice_part(segment, 0, 0);
    }
    const char *end = memchr(segment.ptr + 4, segment.ptr[3], segment.len - 4);
    return end == NULL ? segment : hl7_slice_part(segment, 0, (size_t)(end - segment.ptr));
}

/* MSH-1 and MSH-2 as the output has them. */
static void add_own_delimiters(const struct output *output)
{
    const struct hl7_delimiters *own = &output->delimiters;
    const char bytes[] = {own->field,  own->component,    own->repetition,
                          own->escape, own->subcomponent, own->truncation};

    for (size_t i = 0; i < sizeof bytes && bytes[i] != '\0'; i++) {
        hl7_buffer_add_byte(output->buffer, bytes[i]);
    }
}

/* A whole segment. The first header's delimiters are copied, and become the output's. A later one
 * that had others is re-encoded like every segment, so it declares what it is written with. */
static enum hl7_code add_segment(const struct output *output, const struct hl7_delimiters *from,
                                 hl7_slice raw)
{
    hl7_slice plain = declaration(raw);

    if (plain.len > 0 && output->known && memcmp(from, &output->delimiters, sizeof *from) != 0) {
        hl7_buffer_add(output->buffer, hl7_slice_part(raw, 0, 3));
        add_own_delimiters(output);
        return add_value(output, from, hl7_slice_part(raw, plain.len, raw.len));
    }
    if (output_holds_an_end(plain)) {
        plain.len = 0;
    }
    hl7_buffer_add(output->buffer, plain);
    return add_value(output, from, hl7_slice_part(raw, plain.len, raw.len));
}

/* MSH-1 and MSH-2: not structure but text that consists of delimiters (rule 8). */
static bool is_delimiter_field(const struct hl7_path *path)
{
    return (path->field == 1 || path->field == 2) &&
           hl7_segment_is_header(hl7_slice_of(path->segment));
}

enum hl7_code output_text(struct output *output, hl7_slice text)
{
    bool in_header = false;

    if (output->structured) {
        return format_value(&output->state, text, output->buffer, &output->problem);
    }
    if (!output->hl7) {
        hl7_buffer_add(output->buffer, text);
        return HL7_OK;
    }
    enum hl7_code code = learn(output, &in_header);
    if (code != HL7_OK) {
        return code;
    }
    return in_header ? add_delimiters(output, text)
                     : hl7_escape(&output->delimiters, text, output->buffer);
}

enum hl7_code output_raw(struct output *output, const struct hl7_delimiters *from,
                         const struct hl7_path *path, hl7_slice raw)
{
    bool in_header = false;

    if (!output->hl7) {
        hl7_buffer_add(output->buffer, raw);
        return HL7_OK;
    }
    enum hl7_code code = learn(output, &in_header);
    if (code != HL7_OK) {
        return code;
    }
    if (in_header) {
        return add_delimiters(output, raw);
    }
    if (is_delimiter_field(path)) {
        return hl7_escape(&output->delimiters, raw, output->buffer);
    }
    return path->field == 0 ? add_segment(output, from, raw) : add_value(output, from, raw);
}
