/* SPDX-License-Identifier: Apache-2.0
 *
 * base64.c - see base64.h. */
#include "base64.h"

#include <string.h>

/* -1: none of the alphabet. */
static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The digits that are left at the end: 2 are one byte, 3 are two, and the bits beyond are 0. */
static bool add_rest(unsigned bits, unsigned count, struct hl7_buffer *buffer)
{
    if (count == 1) {
        return false;
    }
    if (count >= 2) {
        unsigned shift = count == 2 ? 4 : 10;
        hl7_buffer_add_byte(buffer, (char)(bits >> shift & 0xff));
        if (count == 3) {
            hl7_buffer_add_byte(buffer, (char)(bits >> 2 & 0xff));
        }
        return (bits & (count == 2 ? 15U : 3U)) == 0;
    }
    return true;
}

bool base64_decode(hl7_slice text, struct hl7_buffer *buffer)
{
    unsigned bits = 0;
    unsigned count = 0;
    unsigned padding = 0;

    for (size_t i = 0; i < text.len; i++) {
        int value = digit(text.ptr[i]);

        if (is_blank(text.ptr[i])) {
            continue;
        }
        if (text.ptr[i] == '=') {
            padding++;
            continue;
        }
        if (value < 0 || padding > 0) {
            return false;
        }
        bits = bits << 6 | (unsigned)value;
        count++;
        if (count == 4) {
            hl7_buffer_add_byte(buffer, (char)(bits >> 16 & 0xff));
            hl7_buffer_add_byte(buffer, (char)(bits >> 8 & 0xff));
            hl7_buffer_add_byte(buffer, (char)(bits & 0xff));
            bits = 0;
            count = 0;
        }
    }
    return add_rest(bits, count, buffer) && !buffer->full &&
           (padding == 0 || (count + padding == 4 && padding <= 2));
}

const struct document_kind *document_sniff(hl7_slice bytes)
{
    static const struct {
        hl7_slice front;
        struct document_kind kind;
    } rows[] = {{{"%PDF-", 5}, {"application/pdf", "pdf"}},
                {{"\x89PNG\r\n\x1a\n", 8}, {"image/png", "png"}},
                {{"\xff\xd8\xff", 3}, {"image/jpeg", "jpg"}}};
    static const struct document_kind other = {"application/octet-stream", "bin"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (hl7_slice_starts(bytes, rows[i].front)) {
            return &rows[i].kind;
        }
    }
    return &other;
}
