/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors: the table of codes, and the filling of struct hl7_error. The texts are written with a
 * buffer over the struct itself: no stdio in the library. A text never holds message content, but
 * for a single delimiter byte, shown so that it cannot drive a terminal. */
#include "error.h"

#include <string.h>

static const char *const code_names[] = {
    [HL7_OK] = "ok",
    [HL7_NO_MEMORY] = "no-memory",
    [HL7_TOO_LARGE] = "too-large",
    [HL7_NO_HEADER] = "no-header",
    [HL7_BAD_DELIMITERS] = "bad-delimiters",
    [HL7_WIDE_TEXT] = "wide-text",
    [HL7_TWO_HEADERS] = "two-headers",
    [HL7_BAD_FRAME] = "bad-frame",
    [HL7_BAD_PATH] = "bad-path",
    [HL7_BAD_TIME] = "bad-time",
    [HL7_BAD_BATCH] = "bad-batch",
    [HL7_BAD_TEMPLATE] = "bad-template",
    [HL7_NOT_ENCODABLE] = "not-encodable",
    [HL7_NOT_FOUND] = "not-found",
    [HL7_BAD_VALUE] = "bad-value",
    [HL7_REFUSED] = "refused",
};

const char *hl7_code_name(enum hl7_code code)
{
    size_t index = (size_t)code;

    return index < sizeof code_names / sizeof *code_names ? code_names[index] : "unknown";
}

static void begin(struct hl7_error *error, enum hl7_code code, size_t position,
                  struct hl7_buffer *ret_text)
{
    error->code = code;
    error->position = position;
    memset(error->text, 0, sizeof error->text);
    hl7_buffer_init(ret_text, error->text, sizeof error->text - 1);
}

enum hl7_code error_set(struct hl7_error *error, enum hl7_code code, size_t position,
                        const char *text)
{
    if (error != NULL) {
        struct hl7_buffer buffer;
        begin(error, code, position, &buffer);
        hl7_buffer_add(&buffer, hl7_slice_part(hl7_slice_of(text), 0, buffer.size));
    }
    return code;
}

static void add_byte_name(struct hl7_buffer *buffer, char byte)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned value = (unsigned char)byte;

    if (value > 0x20 && value < 0x7f) {
        hl7_buffer_add_byte(buffer, '\'');
        hl7_buffer_add_byte(buffer, byte);
        hl7_buffer_add_byte(buffer, '\'');
    } else {
        hl7_buffer_add(buffer, HL7_TEXT("0x"));
        hl7_buffer_add_byte(buffer, hex[value >> 4]);
        hl7_buffer_add_byte(buffer, hex[value & 15]);
    }
}

enum hl7_code error_set_byte(struct hl7_error *error, enum hl7_code code, size_t position,
                             const char *text, char byte)
{
    if (error != NULL) {
        struct hl7_buffer buffer;
        begin(error, code, position, &buffer);
        for (const char *p = text; *p != '\0'; p++) {
            if (*p == '%') {
                add_byte_name(&buffer, byte);
            } else {
                hl7_buffer_add_byte(&buffer, *p);
            }
        }
    }
    return code;
}

enum hl7_code error_set_numbers(struct hl7_error *error, enum hl7_code code, size_t position,
                                const char *text, uint64_t first, uint64_t second)
{
    if (error != NULL) {
        struct hl7_buffer buffer;
        uint64_t number = first;
        begin(error, code, position, &buffer);
        for (const char *p = text; *p != '\0'; p++) {
            if (*p == '%') {
                hl7_buffer_add_number(&buffer, number);
                number = second;
            } else {
                hl7_buffer_add_byte(&buffer, *p);
            }
        }
    }
    return code;
}
