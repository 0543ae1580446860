/* SPDX-License-Identifier: Apache-2.0
 *
 * text.h - what is written for people: terminals, colours, bytes shown safely, UTF-8.
 *
 * Message content is foreign. On a terminal it must not move the cursor, change colours or set a
 * title, so it is written through text_safe() or text_write_safe(). Character sets are read with
 * iconv; a byte that is not valid in its character set becomes U+FFFD.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "hl7.h"

/* The answers to --color, in the order of text_when_words: "auto", "always", "never". */
enum text_when { TEXT_AUTO, TEXT_ALWAYS, TEXT_NEVER };
extern const char *const text_when_words[];

/* Where text goes and what it can show there. */
struct text_terminal {
    FILE *file;
    bool is_terminal;
    bool color;   /* --color, else: a terminal, NO_COLOR not set, TERM not "dumb" */
    size_t width; /* columns: of the terminal (or COLUMNS), 80 when unknown */
};

void text_terminal_open(struct text_terminal *ret_terminal, FILE *file, enum text_when color);

enum text_style {
    TEXT_NORMAL,
    TEXT_BOLD,
    TEXT_DIM,
    TEXT_RED,
    TEXT_GREEN,
    TEXT_YELLOW,
    TEXT_BLUE,
    TEXT_MAGENTA,
    TEXT_CYAN
};

/* Switches the style; writes nothing where there is no colour. TEXT_NORMAL ends a style. */
void text_style(const struct text_terminal *terminal, enum text_style style);

/* Writes a word in a style and returns to normal. */
void text_styled(const struct text_terminal *terminal, enum text_style style, const char *word);

/* Adds UTF-8 text in a form that cannot drive a terminal: control characters become \n, \r, \t or
 * \x1b; characters that reorder or hide text become \u202e; a byte that is not UTF-8 becomes U+FFFD.
 * A backslash stays as it is. With `keep_lines` an LF stays an LF. At most TEXT_SAFE_GROWTH bytes
 * for each byte of the text. */
#define TEXT_SAFE_GROWTH 4
void text_safe(hl7_slice text, bool keep_lines, struct hl7_buffer *buffer);

/* The same, straight to a file. */
void text_write_safe(FILE *file, hl7_slice text, bool keep_lines);

/* Columns that UTF-8 text takes on a terminal. */
size_t text_columns(hl7_slice text);

/* The longest front of UTF-8 text that takes at most `columns` columns; whole characters only. */
hl7_slice text_front(hl7_slice text, size_t columns);

/* Writes text wrapped at `width` columns; lines after the first begin with `indent` blanks. The
 * first line begins at column `at`. Ends with LF. */
void text_wrap(FILE *file, const char *text, size_t at, size_t indent, size_t width);

/* ---- Character sets ------------------------------------------------------------------------ */

/* Reads one character set at a time; keeps its table while messages keep the same one.
 *
 *     struct text_charset charset = TEXT_CHARSET_NONE;
 *     text_charset_for(&charset, &message, NULL);
 *     text_utf8(&charset, raw, &buffer);
 *     text_charset_close(&charset);
 */
struct text_charset {
    const char *name; /* as hl7_charset() gives it; NULL before the first use */
    void *iconv;      /* NULL: the bytes are read as UTF-8 */
};

#define TEXT_CHARSET_NONE ((struct text_charset){NULL, NULL})

/* Chooses by the message's MSH-18. When that is empty: by `fallback`, an IANA name, or UTF-8 when
 * that is NULL. False when the set is unknown here; the bytes are then read as UTF-8. */
bool text_charset_for(struct text_charset *charset, const struct hl7_message *message,
                      const char *fallback);

/* Chooses by name ("ISO-8859-1"). */
bool text_charset_named(struct text_charset *charset, const char *name);

/* The name iconv knows for what a person calls a character set ("8859/1", "latin1"): an HL7 name or
 * an IANA name. NULL when it is unknown here. */
const char *text_charset_find(const char *name);

void text_charset_close(struct text_charset *charset);

/* Adds bytes of the chosen character set as valid UTF-8. At most TEXT_UTF8_GROWTH bytes for each. */
#define TEXT_UTF8_GROWTH 4
void text_utf8(struct text_charset *charset, hl7_slice bytes, struct hl7_buffer *buffer);

/* Length of the valid UTF-8 character at the front of the text (1 to 4), 0 when it is not one. */
size_t text_utf8_char(hl7_slice text, uint32_t *ret_char);

#endif
