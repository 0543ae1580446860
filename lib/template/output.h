/* SPDX-License-Identifier: Apache-2.0
 *
 * What a conversion writes, and how values are encoded for the place where they land. */
#ifndef LIB_TEMPLATE_OUTPUT_H
#define LIB_TEMPLATE_OUTPUT_H

#include "template/output_format.h"

struct output {
    struct hl7_buffer *buffer;
    size_t start;                     /* where in the buffer the output begins */
    bool hl7;                         /* else text: values are copied as they are */
    struct hl7_delimiters source;     /* of the message values come from */
    struct hl7_delimiters delimiters; /* of the output, once known */
    bool known;
    bool structured; /* JSON, XML, CSV: what follows is used */
    struct format_state state;
    const char *problem; /* HL7_BAD_VALUE: why */
};

/* Begins behind what the buffer holds. `message` is NULL when the source is not HL7. */
void output_init(struct output *output, struct hl7_buffer *buffer, bool hl7,
                 const struct hl7_message *message);

/* Makes it an output of this format, before anything is written. */
void output_set_format(struct output *output, enum hl7_format format, char separator);

/* Writes text of the template. */
void output_template(struct output *output, hl7_slice text);

/* The output is complete. */
void output_end(struct output *output);

/* What was written so far. */
hl7_slice output_written(const struct output *output);

/* Does the text hold a byte that ends a segment or a frame: CR, LF, VT, FS? */
bool output_holds_an_end(hl7_slice text);

/* Writes decoded text as one value. HL7_BAD_DELIMITERS when the header that was written has none to
 * encode with; HL7_NOT_ENCODABLE when they do not do for this text. */
enum hl7_code output_text(struct output *output, hl7_slice text);

/* Writes a raw value that came from `path` of a message with these delimiters; the codes are the
 * same. */
enum hl7_code output_raw(struct output *output, const struct hl7_delimiters *from,
                         const struct hl7_path *path, hl7_slice raw);

#endif
