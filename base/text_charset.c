/* SPDX-License-Identifier: Apache-2.0
 *
 * text_charset.c - the second half of text.h: UTF-8, and other character sets by iconv.
 *
 * US-ASCII is read as UTF-8: whoever sends other bytes under that name mostly means UTF-8, and what
 * is not comes out as U+FFFD.
 */
#include "text.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

static const hl7_slice charset_unknown_char = {"\xef\xbf\xbd", 3};

size_t text_utf8_char(hl7_slice text, uint32_t *ret_char)
{
    static const struct {
        uint8_t mask;
        uint8_t lead;
        uint32_t least;
    } forms[] = {{0, 0, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    const uint8_t *p = (const uint8_t *)text.ptr;

    if (text.len > 0 && p[0] < 0x80) {
        *ret_char = p[0];
        return 1;
    }
    for (size_t extra = 1; extra < 4 && extra < text.len; extra++) {
        uint32_t c;

        if ((p[0] & forms[extra].mask) != forms[extra].lead) {
            continue;
        }
        c = p[0] & (uint8_t)~forms[extra].mask;
        for (size_t i = 1; i <= extra; i++) {
            if ((p[i] & 0xc0) != 0x80) {
                return 0;
            }
            c = c << 6 | (p[i] & 0x3f);
        }
        if (c < forms[extra].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
            return 0;
        }
        *ret_char = c;
        return extra + 1;
    }
    return 0;
}

static size_t charset_valid_front(hl7_slice text)
{
    size_t at = 0;

    while (at < text.len) {
        uint32_t c;
        size_t len = (uint8_t)text.ptr[at] < 0x80
                         ? 1
                         : text_utf8_char((hl7_slice){text.ptr + at, text.len - at}, &c);

        if (len == 0) {
            break;
        }
        at += len;
    }
    return at;
}

static void charset_add_utf8(hl7_slice bytes, struct hl7_buffer *buffer)
{
    while (bytes.len > 0) {
        size_t valid = charset_valid_front(bytes);

        hl7_buffer_add(buffer, (hl7_slice){bytes.ptr, valid});
        bytes = (hl7_slice){bytes.ptr + valid, bytes.len - valid};
        if (bytes.len > 0) {
            hl7_buffer_add(buffer, charset_unknown_char);
            bytes = (hl7_slice){bytes.ptr + 1, bytes.len - 1};
        }
    }
}

static void charset_add_converted(iconv_t converter, hl7_slice bytes, struct hl7_buffer *buffer)
{
    /* iconv does not write to its input; its prototype is older than const. */
    union {
        const char *borrowed;
        char *asked_for;
    } in = {bytes.ptr};
    size_t in_left = bytes.len;

    (void)iconv(converter, NULL, NULL, NULL, NULL);
    while (in_left > 0 && !buffer->full) {
        char *out = buffer->ptr + buffer->len;
        size_t out_left = buffer->size - buffer->len;
        size_t failed = iconv(converter, &in.asked_for, &in_left, &out, &out_left);

        buffer->len = buffer->size - out_left;
        if (failed != (size_t)-1) {
            break;
        }
        if (errno == E2BIG) {
            buffer->full = true;
        } else {
            hl7_buffer_add(buffer, charset_unknown_char);
            in.borrowed++;
            in_left--;
        }
    }
}

void text_utf8(struct text_charset *charset, hl7_slice bytes, struct hl7_buffer *buffer)
{
    size_t before = buffer->len;

    if (charset->iconv == NULL) {
        charset_add_utf8(bytes, buffer);
    } else {
        charset_add_converted(charset->iconv, bytes, buffer);
    }
    if (buffer->full) {
        buffer->len = before;
    }
}

static bool charset_is_utf8(const char *name)
{
    return strcmp(name, "US-ASCII") == 0 || strcmp(name, "UTF-8") == 0;
}

bool text_charset_named(struct text_charset *charset, const char *name)
{
    iconv_t converter;

    if (charset->name != NULL && strcmp(charset->name, name) == 0) {
        return true;
    }
    text_charset_close(charset);
    if (!charset_is_utf8(name)) {
        converter = iconv_open("UTF-8", name);
        if (converter == (iconv_t)-1) {
            return false;
        }
        charset->iconv = converter;
    }
    charset->name = name;
    return true;
}

bool text_charset_for(struct text_charset *charset, const struct hl7_message *message,
                      const char *fallback)
{
    const char *name = hl7_message_charset(message);

    if (fallback != NULL && hl7_message_at(message, "MSH-18").len == 0) {
        name = fallback;
    }
    if (name == NULL) {
        text_charset_close(charset);
        return false;
    }
    return text_charset_named(charset, name);
}

const char *text_charset_find(const char *name)
{
    const char *iana = hl7_charset(hl7_slice_of(name));
    struct text_charset charset = TEXT_CHARSET_NONE;
    bool known;

    iana = iana == NULL ? name : iana;
    known = text_charset_named(&charset, iana);
    text_charset_close(&charset);
    return known ? iana : NULL;
}

void text_charset_close(struct text_charset *charset)
{
    if (charset->iconv != NULL) {
        (void)iconv_close(charset->iconv);
    }
    *charset = TEXT_CHARSET_NONE;
}
