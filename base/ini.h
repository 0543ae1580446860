/* SPDX-License-Identifier: Apache-2.0
 *
 * ini.h - the text of an INI file, cut into sections and keys. It knows no key and keeps nothing: it
 * goes along the text and yields slices of it.
 *
 *     ; a comment, as is a line that begins with #
 *     [listener orders]                a section: a kind and a name
 *     address = 0.0.0.0:2575           a key and its value; blanks around both are not part of it
 *     when = MSH-9.1 = 'ORM' \         a backslash at the end: the value goes on
 *         and PV1-2 != 'a;b'           in the next line; a blank stands for the line end
 *     ack = stored   ; a comment       behind a blank and outside of quotes, ';' begins one
 *
 * A quote, ' or ", that has its partner in the same line encloses text in which ';' is an ordinary
 * byte; one without a partner is an ordinary byte itself. The quotes stay in the value. A line may be
 * indented; that means nothing. Lines end with LF or CR LF; the text is UTF-8, a byte order mark in
 * front is passed over.
 */
#ifndef BASE_INI_H
#define BASE_INI_H

#include "hl7.h"

struct ini {
    hl7_slice text;
    size_t position;
    size_t line; /* the number of the next line */
};

enum ini_kind {
    INI_SECTION,
    INI_KEY,
    INI_WRONG /* a line that is neither; reading goes on behind it */
};

struct ini_item {
    enum ini_kind kind;
    size_t position;    /* offset of the section's '[', of the key, or of what is wrong */
    size_t line;        /* of that, from 1 */
    hl7_slice words[2]; /* of a section; absent when there are fewer */
    hl7_slice more;     /* of a section: what stands behind the second word */
    hl7_slice key;
    hl7_slice value;   /* raw, with its continued lines and comments: for ini_piece_next() */
    const char *wrong; /* what is wrong, and what to do */
};

void ini_init(struct ini *ini, hl7_slice text);

/* The next section, key or mistake; false at the end. */
bool ini_next(struct ini *ini, struct ini_item *ret_item);

/* Walks the pieces of a raw value, one for each line, without what is around them: start with *rest =
 * value. The value is the pieces with a blank between each two. False when none is left. */
bool ini_piece_next(hl7_slice *rest, hl7_slice *ret_piece);

/* A '#' behind a blank and outside of quotes, where somebody may have meant a comment: its offset in
 * the piece, or HL7_NONE. */
size_t ini_hash(hl7_slice piece);

/* Line and column, both from 1, of an offset, and the whole line. */
void ini_locate(hl7_slice text, size_t position, size_t *ret_line, size_t *ret_column,
                hl7_slice *ret_source);

#endif
