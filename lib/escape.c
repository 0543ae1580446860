/* SPDX-License-Identifier: Apache-2.0
 *
 * Escapes: \F\ and its kin stand for the message's own delimiters, \X..\ for bytes, \.br\ and the
 * like for formatting (rules 18 to 20).
 *
 * A backslash opens a sequence only if a known one is closed behind it; else it is a character like
 * any other, and the next backslash may open one. So "C:\temp\T\x" holds one sequence, \T\. */
#include "hl7.h"

#include <string.h>

enum sequence_kind {
    SEQUENCE_NONE,      /* not a sequence: the escape character is data */
    SEQUENCE_DELIMITER, /* one of this message's delimiters */
    SEQUENCE_BYTES,     /* hexadecimal */
    SEQUENCE_FORMAT     /* kept as it is */
};

struct sequence {
    enum sequence_kind kind;
    hl7_slice body; /* between the escape characters */
    char delimiter; /* SEQUENCE_DELIMITER: the character it stands for */
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hex(hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (hex_value(text.ptr[i]) < 0) {
            return false;
        }
    }
    return text.len > 0 && text.len % 2 == 0;
}

/* Letters, digits and signs: the arguments formatting sequences take. */
static bool is_plain(hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '-') {
            return false;
        }
    }
    return text.len > 0;
}

/* The delimiter a letter stands for in this message; '\0' when it has none such. */
static char delimiter_of(const struct hl7_delimiters *delimiters, char letter)
{
    switch (letter) {
    case 'F':
        return delimiters->field;
    case 'S':
        return delimiters->component;
    case 'T':
        return delimiters->subcomponent;
    case 'R':
        return delimiters->repetition;
    case 'E':
        return delimiters->escape;
    case 'P':
        return delimiters->truncation;
    default:
        return '\0';
    }
}

/* The letter of a delimiter; '\0' for a byte that is none. */
static char letter_of(const struct hl7_delimiters *delimiters, char byte)
{
    static const char letters[] = "FSTREP";

    for (size_t i = 0; letters[i] != '\0'; i++) {
        if (delimiter_of(delimiters, letters[i]) == byte) {
            return letters[i];
        }
    }
    return '\0';
}

/* Structure comes first: what a delimiter splits is not one sequence, even if '.' or '+' is it. */
static bool is_split(const struct hl7_delimiters *delimiters, hl7_slice body)
{
    for (size_t i = 0; i < body.len; i++) {
        if (letter_of(delimiters, body.ptr[i]) != '\0') {
            return true;
        }
    }
    return false;
}

static enum sequence_kind classify(hl7_slice body)
{
    hl7_slice argument = hl7_slice_part(body, 1, body.len);

    switch (body.ptr[0]) {
    case 'H':
    case 'N':
        return body.len == 1 ? SEQUENCE_FORMAT : SEQUENCE_NONE;
    case '.':
    case 'Z':
        return is_plain(argument) ? SEQUENCE_FORMAT : SEQUENCE_NONE;
    case 'C':
    case 'M':
        return is_hex(argument) ? SEQUENCE_FORMAT : SEQUENCE_NONE;
    case 'X':
    case 'x':
        return is_hex(argument) ? SEQUENCE_BYTES : SEQUENCE_NONE;
    default:
        return SEQUENCE_NONE;
    }
}

/* The sequence that text, which begins with the escape character, opens. */
static struct sequence read_sequence(const struct hl7_delimiters *delimiters, hl7_slice text)
{
    const char *close = memchr(text.ptr + 1, delimiters->escape, text.len - 1);
    struct sequence sequence = {.kind = SEQUENCE_NONE};

    if (close == NULL || close == text.ptr + 1) {
        return sequence;
    }
    sequence.body = (hl7_slice){text.ptr + 1, (size_t)(close - text.ptr) - 1};
    sequence.delimiter =
        sequence.body.len == 1 ? delimiter_of(delimiters, sequence.body.ptr[0]) : '\0';
    sequence.kind = sequence.delimiter != '\0' ? SEQUENCE_DELIMITER : classify(sequence.body);
    if (sequence.kind == SEQUENCE_FORMAT && is_split(delimiters, sequence.body)) {
        sequence.kind = SEQUENCE_NONE;
    }
    return sequence;
}

static void add_bytes(hl7_slice hex, struct hl7_buffer *buffer)
{
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        int value = hex_value(hex.ptr[i]) * 16 + hex_value(hex.ptr[i + 1]);
        hl7_buffer_add_byte(buffer, (char)(unsigned char)value);
    }
}

/* Writes what a sequence stands for in text. */
static void add_decoded(const struct sequence *sequence, hl7_slice whole, enum hl7_text kind,
                        struct hl7_buffer *buffer)
{
    switch (sequence->kind) {
    case SEQUENCE_DELIMITER:
        hl7_buffer_add_byte(buffer, sequence->delimiter);
        break;
    case SEQUENCE_BYTES:
        add_bytes(hl7_slice_part(sequence->body, 1, sequence->body.len), buffer);
        break;
    case SEQUENCE_FORMAT:
        if (kind == HL7_TEXT_PLAIN && hl7_slice_equal(sequence->body, HL7_TEXT(".br"))) {
            hl7_buffer_add_byte(buffer, '\n');
            break;
        }
        hl7_buffer_add(buffer, whole);
        break;
    case SEQUENCE_NONE:
        hl7_buffer_add(buffer, whole);
        break;
    }
}

/* How many bytes of the text the sequence takes: all of it, or the escape character alone. */
static size_t sequence_length(const struct sequence *sequence)
{
    return sequence->kind == SEQUENCE_NONE ? 1 : sequence->body.len + 2;
}

void hl7_unescape(const struct hl7_delimiters *delimiters, hl7_slice raw, enum hl7_text kind,
                  struct hl7_buffer *buffer)
{
    while (raw.len > 0) {
        const char *escape =
            delimiters->escape == '\0' ? NULL : memchr(raw.ptr, delimiters->escape, raw.len);
        size_t plain = escape == NULL ? raw.len : (size_t)(escape - raw.ptr);
        hl7_buffer_add(buffer, hl7_slice_part(raw, 0, plain));
        raw = hl7_slice_part(raw, plain, raw.len);
        if (raw.len > 0) {
            struct sequence sequence = read_sequence(delimiters, raw);
            size_t length = sequence_length(&sequence);
            add_decoded(&sequence, hl7_slice_part(raw, 0, length), kind, buffer);
            raw = hl7_slice_part(raw, length, raw.len);
        }
    }
}

/* ---- Encoding ------------------------------------------------------------------------------ */

/* The bytes that must not stand in a leaf. All are below 0x80. */
struct special {
    uint64_t bits[2];
};

static void mark(struct special *special, char byte)
{
    unsigned value = (unsigned char)byte;

    if (value != 0) {
        special->bits[value >> 6] |= (uint64_t)1 << (value & 63);
    }
}

static struct special special_bytes(const struct hl7_delimiters *delimiters)
{
    struct special special = {{0, 0}};

    mark(&special, delimiters->field);
    mark(&special, delimiters->component);
    mark(&special, delimiters->repetition);
    mark(&special, delimiters->escape);
    mark(&special, delimiters->subcomponent);
    mark(&special, delimiters->truncation);
    mark(&special, '\r');
    mark(&special, '\n');
    mark(&special, HL7_VT);
    mark(&special, HL7_FS);
    return special;
}

static bool is_special(const struct special *special, char byte)
{
    unsigned value = (unsigned char)byte;

    return value < 0x80 && (special->bits[value >> 6] >> (value & 63) & 1) != 0;
}

/* Writes a special byte as a sequence; false without an escape character. */
static bool add_escaped(const struct hl7_delimiters *delimiters, char byte,
                        struct hl7_buffer *buffer)
{
    static const char hex[] = "0123456789ABCDEF";
    char letter = letter_of(delimiters, byte);

    if (delimiters->escape == '\0') {
        return false;
    }
    hl7_buffer_add_byte(buffer, delimiters->escape);
    if (letter != '\0') {
        hl7_buffer_add_byte(buffer, letter);
    } else {
        hl7_buffer_add_byte(buffer, 'X');
        hl7_buffer_add_byte(buffer, hex[(unsigned char)byte >> 4]);
        hl7_buffer_add_byte(buffer, hex[(unsigned char)byte & 15]);
    }
    hl7_buffer_add_byte(buffer, delimiters->escape);
    return true;
}

static bool add_data(const struct hl7_delimiters *delimiters, const struct special *special,
                     hl7_slice text, struct hl7_buffer *buffer)
{
    size_t plain = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (!is_special(special, text.ptr[i])) {
            continue;
        }
        hl7_buffer_add(buffer, (hl7_slice){text.ptr + plain, i - plain});
        if (!add_escaped(delimiters, text.ptr[i], buffer)) {
            return false;
        }
        plain = i + 1;
    }
    hl7_buffer_add(buffer, hl7_slice_part(text, plain, text.len));
    return true;
}

/* A failure leaves nothing in the buffer; that it was too small is remembered as of any append. */
static enum hl7_code finish(struct hl7_buffer *buffer, const struct hl7_buffer *before,
                            bool encodable)
{
    if (!encodable) {
        *buffer = *before;
        return HL7_NOT_ENCODABLE;
    }
    if (buffer->full) {
        buffer->len = before->len;
        return HL7_NO_MEMORY;
    }
    return HL7_OK;
}

enum hl7_code hl7_escape(const struct hl7_delimiters *delimiters, hl7_slice text,
                         struct hl7_buffer *buffer)
{
    struct special special = special_bytes(delimiters);
    const struct hl7_buffer before = *buffer;
    bool encodable = add_data(delimiters, &special, text, buffer);

    return finish(buffer, &before, encodable);
}

/* ---- From one set of delimiters to another ------------------------------------------------- */

/* The counterpart of a structural byte; '\0' when the byte is data, or has no counterpart. */
static char counterpart(const struct hl7_delimiters *from, const struct hl7_delimiters *to,
                        char byte)
{
    char letter = letter_of(from, byte);

    return letter == '\0' || letter == 'E' ? '\0' : delimiter_of(to, letter);
}

static bool recode_sequence(const struct hl7_delimiters *to, const struct special *special,
                            const struct sequence *sequence, hl7_slice whole,
                            struct hl7_buffer *buffer)
{
    if (sequence->kind == SEQUENCE_DELIMITER) {
        return add_data(to, special, (hl7_slice){&sequence->delimiter, 1}, buffer);
    }
    if (sequence->kind == SEQUENCE_NONE) {
        return add_data(to, special, whole, buffer);
    }
    /* The body is letters, digits, '.', '+', '-': only odd delimiters make it unfit. */
    for (size_t i = 0; i < sequence->body.len; i++) {
        if (is_special(special, sequence->body.ptr[i])) {
            return add_data(to, special, whole, buffer);
        }
    }
    if (to->escape == '\0') {
        return false;
    }
    hl7_buffer_add_byte(buffer, to->escape);
    hl7_buffer_add(buffer, sequence->body);
    hl7_buffer_add_byte(buffer, to->escape);
    return true;
}

static bool recode_all(const struct hl7_delimiters *from, const struct hl7_delimiters *to,
                       hl7_slice raw, struct hl7_buffer *buffer)
{
    struct special from_special = special_bytes(from);
    struct special to_special = special_bytes(to);
    bool done = true;

    while (raw.len > 0 && done) {
        char byte = raw.ptr[0];
        size_t length = 1;
        char same = is_special(&from_special, byte) ? counterpart(from, to, byte) : '\0';
        if (same != '\0') {
            hl7_buffer_add_byte(buffer, same);
        } else if (from->escape != '\0' && byte == from->escape) {
            struct sequence sequence = read_sequence(from, raw);
            length = sequence_length(&sequence);
            done =
                recode_sequence(to, &to_special, &sequence, hl7_slice_part(raw, 0, length), buffer);
        } else {
            while (length < raw.len && !is_special(&from_special, raw.ptr[length])) {
                length++;
            }
            done = add_data(to, &to_special, hl7_slice_part(raw, 0, length), buffer);
        }
        raw = hl7_slice_part(raw, length, raw.len);
    }
    return done;
}

enum hl7_code hl7_recode(const struct hl7_delimiters *from, const struct hl7_delimiters *to,
                         hl7_slice raw, struct hl7_buffer *buffer)
{
    const struct hl7_buffer before = *buffer;
    bool encodable = recode_all(from, to, raw, buffer);

    return finish(buffer, &before, encodable);
}
