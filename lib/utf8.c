/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 as the Unicode standard defines it (table 3-7, well-formed byte sequences): no overlong
 * forms, no surrogates, nothing above U+10FFFF. */
#include "utf8.h"

/* First bytes and what may follow them. The bytes behind the second are always 80 to BF. */
static const struct form {
    unsigned char first;
    unsigned char last;
    unsigned char second_low;
    unsigned char second_high;
    unsigned char len;
} forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static unsigned byte_at(hl7_slice text, size_t at)
{
    return (unsigned char)text.ptr[at];
}

static const struct form *form_of(unsigned first)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (first >= forms[i].first && first <= forms[i].last) {
            return &forms[i];
        }
    }
    return NULL;
}

static bool is_well_formed(hl7_slice text, const struct form *form)
{
    if (form == NULL || text.len < form->len || byte_at(text, 1) < form->second_low ||
        byte_at(text, 1) > form->second_high) {
        return false;
    }
    for (size_t i = 2; i < form->len; i++) {
        if ((byte_at(text, i) & 0xc0) != 0x80) {
            return false;
        }
    }
    return true;
}

uint32_t utf8_first(hl7_slice text, size_t *ret_len)
{
    unsigned first = byte_at(text, 0);

    *ret_len = 1;
    if (first < 0x80) {
        return first;
    }
    const struct form *form = form_of(first);
    if (!is_well_formed(text, form)) {
        return UTF8_NOT_A_CHARACTER + first;
    }
    uint32_t character = first & (0xffU >> (form->len + 1U));
    for (size_t i = 1; i < form->len; i++) {
        character = character << 6 | (byte_at(text, i) & 0x3fU);
    }
    *ret_len = form->len;
    return character;
}

size_t utf8_count(hl7_slice text)
{
    size_t count = 0;

    for (size_t at = 0, len = 0; at < text.len; at += len) {
        (void)utf8_first(hl7_slice_part(text, at, text.len), &len);
        count++;
    }
    return count;
}

size_t utf8_offset(hl7_slice text, size_t count)
{
    size_t at = 0;

    for (size_t len = 0; count > 0 && at < text.len; count--) {
        (void)utf8_first(hl7_slice_part(text, at, text.len), &len);
        at += len;
    }
    return at;
}

void utf8_write(uint32_t character, struct hl7_buffer *buffer)
{
    char bytes[4];
    size_t len = 0;

    if (character < 0x80) {
        bytes[len++] = (char)character;
    } else if (character < 0x800) {
        bytes[len++] = (char)(0xc0 | character >> 6);
    } else if (character < 0x10000) {
        bytes[len++] = (char)(0xe0 | character >> 12);
        bytes[len++] = (char)(0x80 | (character >> 6 & 0x3f));
    } else {
        bytes[len++] = (char)(0xf0 | character >> 18);
        bytes[len++] = (char)(0x80 | (character >> 12 & 0x3f));
        bytes[len++] = (char)(0x80 | (character >> 6 & 0x3f));
    }
    if (character >= 0x80) {
        bytes[len++] = (char)(0x80 | (character & 0x3f));
    }
    hl7_buffer_add(buffer, (hl7_slice){bytes, len});
}
