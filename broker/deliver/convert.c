/* SPDX-License-Identifier: Apache-2.0 */
#include "convert.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

/* Control ids one conversion may ask for without meeting those of the next delivery. */
enum { IDS_PER_DELIVERY = 32 };

/* ---- Character sets ------------------------------------------------------------------------ */

/* The message in UTF-8. False when memory is short. */
static bool decode(struct convert *convert, const struct convert_input *input,
                   const struct hl7_message *message, hl7_slice *bytes)
{
    struct hl7_buffer text;

    (void)text_charset_for(&convert->charset, message, input->source_charset);
    if (convert->charset.iconv == NULL) {
        return true;
    }
    if (!memory_grow(&convert->utf8, bytes->len * TEXT_UTF8_GROWTH + 1)) {
        return false;
    }
    hl7_buffer_init(&text, convert->utf8.ptr, convert->utf8.size);
    text_utf8(&convert->charset, *bytes, &text);
    *bytes = hl7_buffer_slice(&text);
    return true;
}

/* UTF-8 to another set. A character that has no place there is an error, not a question mark. */
static enum convert_outcome encode(struct convert *convert, const char *name, hl7_slice *bytes,
                                   char reason[256])
{
    union {
        const char *borrowed;
        char *asked_for;
    } in = {bytes->ptr};
    size_t in_left = bytes->len;

    if (strcmp(name, "UTF-8") == 0) {
        return CONVERT_DONE;
    }
    iconv_t converter = iconv_open(name, "UTF-8");
    if (converter == (iconv_t)-1 || !memory_grow(&convert->coded, bytes->len * 4 + 16)) {
        (void)snprintf(reason, 256, "the character set %s: %s", name, strerror(errno));
        if (converter != (iconv_t)-1) {
            (void)iconv_close(converter);
        }
        return CONVERT_FAILED;
    }
    char *out = convert->coded.ptr;
    size_t out_left = convert->coded.size;
    size_t failed = iconv(converter, &in.asked_for, &in_left, &out, &out_left);
    if (failed == 0 && in_left == 0) {
        failed = iconv(converter, NULL, NULL, &out, &out_left);
    }
    (void)iconv_close(converter);
    if (failed != 0 || in_left != 0) {
        (void)snprintf(reason, 256, "the character at byte %zu of the result has no place in %s",
                       bytes->len - in_left, name);
        return CONVERT_FAILED;
    }
    *bytes = (hl7_slice){convert->coded.ptr, convert->coded.size - out_left};
    return CONVERT_DONE;
}

/* ---- Templates ----------------------------------------------------------------------------- */

static enum convert_outcome run_template(struct convert *convert, const struct convert_input *input,
                                         const struct hl7_message *message, hl7_slice source,
                                         hl7_slice *ret_bytes, char reason[256])
{
    struct hl7_refusal refusal = {.code = HL7_ACK_NONE};
    struct hl7_conversion conversion = {.source = source, .message = message, .refusal = &refusal};
    struct hl7_diagnostic diagnostic = {.line = 0};
    char name[200];

    const struct services_pin before = services_pin(convert->services, input->received,
                                                    (uint64_t)input->delivery * IDS_PER_DELIVERY);
    enum hl7_code code = template_run(input->file, &conversion, convert->services, &convert->output,
                                      ret_bytes, &diagnostic);
    services_unpin(convert->services, &before);
    if (code == HL7_REFUSED) {
        (void)snprintf(reason, 256, "%s", refusal.reason);
        return CONVERT_REFUSED;
    }
    if (code != HL7_OK) {
        template_finding_file(input->file->path, &diagnostic, name, sizeof name);
        (void)snprintf(reason, 256, "%.60s:%zu:%zu: %.140s", name, diagnostic.line,
                       diagnostic.column,
                       diagnostic.text[0] != '\0' ? diagnostic.text : hl7_code_name(code));
        return CONVERT_FAILED;
    }
    if (ret_bytes->len == 0) {
        (void)snprintf(reason, 256, "the template makes nothing of this message");
        return CONVERT_FILTERED;
    }
    return CONVERT_DONE;
}

enum convert_outcome convert_message(struct convert *convert, const struct convert_input *input,
                                     hl7_slice *ret_bytes, char reason[256])
{
    bool transcodes = input->target_charset != NULL;
    hl7_slice source = input->bytes;
    struct hl7_message message;
    struct hl7_error error;
    enum convert_outcome outcome = CONVERT_DONE;

    reason[0] = '\0';
    *ret_bytes = source;
    if (input->file == NULL && !transcodes) {
        return CONVERT_DONE;
    }
    if (!parsing_message(&convert->parsing, source, &message, &error)) {
        (void)snprintf(reason, 256, "%s (byte %zu)", error.text, error.position);
        return CONVERT_FAILED;
    }
    if (transcodes || template_needs_utf8(input->file)) {
        if (!decode(convert, input, &message, &source) ||
            !parsing_message(&convert->parsing, source, &message, &error)) {
            (void)snprintf(reason, 256, "the message cannot be read as UTF-8");
            return CONVERT_FAILED;
        }
        *ret_bytes = source;
    }
    if (input->file != NULL) {
        outcome = run_template(convert, input, &message, source, ret_bytes, reason);
    }
    if (outcome == CONVERT_DONE && transcodes) {
        outcome = encode(convert, input->target_charset, ret_bytes, reason);
    }
    return outcome;
}

void convert_free(struct convert *convert)
{
    parsing_free(&convert->parsing);
    template_output_free(&convert->output);
    text_charset_close(&convert->charset);
    memory_free(&convert->utf8);
    memory_free(&convert->coded);
}
