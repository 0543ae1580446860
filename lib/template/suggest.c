/* SPDX-License-Identifier: Apache-2.0
 *
 * Suggestions are made only when an error is reported, from short words, so they may take their
 * time; tables are of a fixed size. */
#include "template/suggest.h"

#include "template/lexer.h"

enum { LONGEST_WORD = 24 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* How many letters must be put in, taken out or changed to turn one word into the other. Both are at
 * most LONGEST_WORD long. Row i holds the distances of a's first i letters to b's beginnings. */
static size_t distance(hl7_slice a, hl7_slice b)
{
    size_t row[LONGEST_WORD + 1];

    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t changed = diagonal + (a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = smallest(row[j] + 1, row[j - 1] + 1, changed);
        }
    }
    return row[b.len];
}

hl7_slice suggest_word(hl7_slice word, const hl7_slice *words, size_t count)
{
    hl7_slice nearest = {NULL, 0};
    size_t least = 3;

    if (word.len > LONGEST_WORD) {
        return nearest;
    }
    for (size_t i = 0; i < count; i++) {
        size_t found = words[i].len > LONGEST_WORD ? least : distance(word, words[i]);
        if (found < least && found * 2 < word.len) {
            least = found;
            nearest = words[i];
        }
    }
    return nearest;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_separator(char c)
{
    return c == '-' || c == '.' || c == '_' || c == ':';
}

/* Writes the word as a path is written: capitals, '-' before the field, '.' behind it. */
static void rewrite(hl7_slice word, struct hl7_buffer *buffer)
{
    hl7_slice name = hl7_slice_part(word, 0, 3);
    char mark = '-';

    for (size_t i = 0; i < name.len; i++) {
        hl7_buffer_add_byte(buffer, upper(name.ptr[i]));
    }
    if (word.len > 3 && lexer_is_digit(word.ptr[3])) {
        hl7_buffer_add_byte(buffer, mark);
        mark = '.';
    }
    for (size_t i = 3; i < word.len; i++) {
        char c = word.ptr[i];
        if (is_separator(c)) {
            hl7_buffer_add_byte(buffer, mark);
            mark = '.';
        } else {
            hl7_buffer_add_byte(buffer, c);
        }
    }
}

bool suggest_path(hl7_slice word, struct hl7_buffer *buffer)
{
    size_t before = buffer->len;
    struct hl7_path path;

    if (word.len >= SUGGEST_PATH_BYTES) {
        return false;
    }
    rewrite(word, buffer);
    hl7_slice made = hl7_slice_part(hl7_buffer_slice(buffer), before, buffer->len);
    if (hl7_path_parse(made, &path, NULL) != HL7_OK || hl7_slice_equal(made, word)) {
        buffer->len = before;
        return false;
    }
    return true;
}
