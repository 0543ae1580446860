/* SPDX-License-Identifier: Apache-2.0
 *
 * Each encoder is a walk over the text that writes every byte, or character, in its own form. What
 * stays as it is goes over in runs. */
#include "template/encode.h"

#include "template/lexer.h"
#include "utf8.h"

#include <string.h>

/* ---- JSON and XML -------------------------------------------------------------------------- */

/* What a character becomes; without a length it stays as it is. */
struct form {
    char text[8];
    size_t len;
};

static const struct form unchanged = {"", 0};
static const struct form replacement = {"\xef\xbf\xbd", 3}; /* U+FFFD */

static void encode_characters(hl7_slice text, struct form (*form_of)(uint32_t),
                              struct hl7_buffer *buffer)
{
    size_t run = 0;

    for (size_t at = 0, len = 0; at < text.len; at += len) {
        const struct form form = form_of(utf8_first(hl7_slice_part(text, at, text.len), &len));
        if (form.len > 0) {
            hl7_buffer_add(buffer, hl7_slice_part(text, run, at - run));
            hl7_buffer_add(buffer, (hl7_slice){form.text, form.len});
            run = at + len;
        }
    }
    hl7_buffer_add(buffer, hl7_slice_part(text, run, text.len));
}

static const char hex_digits[] = "0123456789abcdef";

static struct form json_form(uint32_t character)
{
    static const char letters[] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
                                   ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\'};

    if (character >= UTF8_NOT_A_CHARACTER) {
        return replacement;
    }
    if (character < sizeof letters && letters[character] != '\0') {
        return (struct form){{'\\', letters[character]}, 2};
    }
    if (character < 0x20) {
        return (struct form){
            {'\\', 'u', '0', '0', hex_digits[character >> 4], hex_digits[character & 15]}, 6};
    }
    return unchanged;
}

void encode_json(hl7_slice text, struct hl7_buffer *buffer)
{
    encode_characters(text, json_form, buffer);
}

static struct form xml_form(uint32_t character)
{
    static const struct form entities[] = {
        ['\t'] = {"&#9;", 4}, ['\n'] = {"&#10;", 5}, ['\r'] = {"&#13;", 5}, ['"'] = {"&quot;", 6},
        ['&'] = {"&amp;", 5}, ['\''] = {"&#39;", 5}, ['<'] = {"&lt;", 4},   ['>'] = {"&gt;", 4},
    };

    if (character < sizeof entities / sizeof *entities && entities[character].len > 0) {
        return entities[character];
    }
    bool held = character >= 0x20 && character < UTF8_NOT_A_CHARACTER && character != 0xfffe &&
                character != 0xffff;
    return held ? unchanged : replacement;
}

void encode_xml(hl7_slice text, struct hl7_buffer *buffer)
{
    encode_characters(text, xml_form, buffer);
}

/* ---- CSV, URL, hex ------------------------------------------------------------------------- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool needs_quotes(hl7_slice text)
{
    static const char marks[] = {'"', ',', ';', '\t', '\r', '\n'};

    if (text.len == 0) {
        return false;
    }
    if (is_blank(text.ptr[0]) || is_blank(text.ptr[text.len - 1])) {
        return true;
    }
    for (size_t i = 0; i < sizeof marks; i++) {
        if (memchr(text.ptr, marks[i], text.len) != NULL) {
            return true;
        }
    }
    return false;
}

void encode_csv(hl7_slice text, struct hl7_buffer *buffer)
{
    if (!needs_quotes(text)) {
        hl7_buffer_add(buffer, text);
        return;
    }
    hl7_buffer_add_byte(buffer, '"');
    encode_csv_quoted(text, buffer);
    hl7_buffer_add_byte(buffer, '"');
}

void encode_csv_quoted(hl7_slice text, struct hl7_buffer *buffer)
{
    hl7_slice rest = text;
    const char *quote;

    while (rest.len > 0 && (quote = memchr(rest.ptr, '"', rest.len)) != NULL) {
        size_t len = (size_t)(quote - rest.ptr) + 1;
        hl7_buffer_add(buffer, hl7_slice_part(rest, 0, len));
        hl7_buffer_add_byte(buffer, '"');
        rest = hl7_slice_part(rest, len, rest.len);
    }
    hl7_buffer_add(buffer, rest);
}

static void add_hex(char byte, const char *digits, struct hl7_buffer *buffer)
{
    unsigned value = (unsigned char)byte;

    hl7_buffer_add_byte(buffer, digits[value >> 4]);
    hl7_buffer_add_byte(buffer, digits[value & 15]);
}

static bool is_unreserved(char byte)
{
    return lexer_is_letter(byte) || lexer_is_digit(byte) || byte == '-' || byte == '.' ||
           byte == '_' || byte == '~';
}

void encode_url(hl7_slice text, struct hl7_buffer *buffer)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i])) {
            hl7_buffer_add_byte(buffer, text.ptr[i]);
        } else {
            hl7_buffer_add_byte(buffer, '%');
            add_hex(text.ptr[i], "0123456789ABCDEF", buffer);
        }
    }
}

void encode_hex(hl7_slice bytes, struct hl7_buffer *buffer)
{
    for (size_t i = 0; i < bytes.len; i++) {
        add_hex(bytes.ptr[i], hex_digits, buffer);
    }
}

/* ---- base64 -------------------------------------------------------------------------------- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void encode_base64(hl7_slice bytes, struct hl7_buffer *buffer)
{
    for (size_t at = 0; at < bytes.len; at += 3) {
        char digits[4] = {'=', '=', '=', '='};
        size_t left = bytes.len - at;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++) {
            bits = bits << 8 | (i < left ? (unsigned char)bytes.ptr[at + i] : 0);
        }
        for (size_t i = 0; i < 4 && i <= left; i++) {
            digits[i] = base64_digits[bits >> (18 - 6 * i) & 63];
        }
        hl7_buffer_add(buffer, (hl7_slice){digits, sizeof digits});
    }
}

static uint32_t base64_value(char digit)
{
    const char *found = memchr(base64_digits, digit, sizeof base64_digits - 1);

    return found == NULL ? 64 : (uint32_t)(found - base64_digits);
}

static bool is_space(char byte)
{
    return is_blank(byte) || byte == '\r' || byte == '\n';
}

/* Four characters, `padding` of them at the end '='. False when bits are set that mean nothing. */
static bool add_group(uint32_t bits, unsigned padding, struct hl7_buffer *buffer)
{
    if (padding > 2 || (bits & (padding == 0 ? 0 : (1U << 8 * padding) - 1)) != 0) {
        return false;
    }
    for (unsigned i = 0; i < 3 - padding; i++) {
        hl7_buffer_add_byte(buffer, (char)(unsigned char)(bits >> (16 - 8 * i) & 0xff));
    }
    return true;
}

bool encode_base64_decode(hl7_slice text, struct hl7_buffer *buffer)
{
    uint32_t bits = 0;
    unsigned digits = 0;
    unsigned padding = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (is_space(text.ptr[i])) {
            continue;
        }
        uint32_t value = base64_value(text.ptr[i]);
        bool pad = text.ptr[i] == '=';
        /* Behind a '=' only a '=' may stand, in the same group. */
        if ((value > 63 && !pad) || (padding > 0 && (!pad || digits == 0))) {
            return false;
        }
        padding += pad ? 1 : 0;
        bits = bits << 6 | (pad ? 0 : value);
        digits++;
        if (digits == 4) {
            if (!add_group(bits, padding, buffer)) {
                return false;
            }
            bits = 0;
            digits = 0;
        }
    }
    return digits == 0;
}
