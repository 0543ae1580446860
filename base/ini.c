/* SPDX-License-Identifier: Apache-2.0
 *
 * ini.c - see ini.h.
 *
 * There is a library for this, inih, and a library beats code of our own. As Debian 12 ships it
 * (libinih 55), it cannot do what this file is for:
 *   - its callback gets neither line nor column, and of several bad lines only the first is told;
 *   - a section without keys is not reported, so that `[listener x]` alone would mean nothing;
 *   - it cuts lines at 199 bytes without a word, and conditions are longer;
 *   - it takes an indented `ack = none` for more of the value above it;
 *   - ';' behind a blank ends a value within quotes, too: when = PV1-2 = 'a ;b'.
 * The switches for some of that are global variables of the library.
 */
#include "ini.h"

#include <string.h>

#include "text.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static hl7_slice trim(hl7_slice text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Takes a line off the front, without its end. */
static hl7_slice take_line(hl7_slice *rest)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    hl7_slice line = {rest->ptr, end == NULL ? rest->len : (size_t)(end - rest->ptr)};
    size_t taken = end == NULL ? line.len : line.len + 1;

    *rest = (hl7_slice){rest->ptr + taken, rest->len - taken};
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* ---- Values --------------------------------------------------------------------------------- */

/* The offset of a byte behind a blank, or in front, outside of quotes; the length when there is none. */
static size_t find_mark(hl7_slice text, char mark)
{
    size_t i = 0;

    while (i < text.len && (text.ptr[i] != mark || (i > 0 && !is_blank(text.ptr[i - 1])))) {
        const char *partner = NULL;
        if (text.ptr[i] == '\'' || text.ptr[i] == '"') {
            partner = memchr(text.ptr + i + 1, text.ptr[i], text.len - i - 1);
        }
        i = partner == NULL ? i + 1 : (size_t)(partner - text.ptr) + 1;
    }
    return i < text.len ? i : text.len;
}

/* One line of a value without its comment; *ret_continues when the next line belongs to it. */
static hl7_slice cut_piece(hl7_slice line, bool *ret_continues)
{
    hl7_slice piece = trim(line);

    piece.len = find_mark(piece, ';');
    piece = trim(piece);
    *ret_continues = piece.len > 0 && piece.ptr[piece.len - 1] == '\\';
    if (*ret_continues) {
        piece.len--;
    }
    return trim(piece);
}

bool ini_piece_next(hl7_slice *rest, hl7_slice *ret_piece)
{
    bool continues = false;

    if (rest->ptr == NULL) {
        return false;
    }
    *ret_piece = cut_piece(take_line(rest), &continues);
    if (!continues || rest->len == 0) {
        *rest = (hl7_slice){NULL, 0};
    }
    return true;
}

size_t ini_hash(hl7_slice piece)
{
    size_t found = find_mark(piece, '#');

    return found == piece.len || found == 0 ? HL7_NONE : found;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

/* The first byte that is no text: a control byte, or not UTF-8. HL7_NONE: all of it is. */
static size_t find_bad_byte(hl7_slice line)
{
    size_t i = 0;

    while (i < line.len) {
        unsigned char c = (unsigned char)line.ptr[i];
        uint32_t character = 0;
        size_t len =
            c < 0x80 ? 1 : text_utf8_char(hl7_slice_part(line, i, line.len - i), &character);
        if (len == 0 || (c < ' ' && c != '\t') || c == 0x7f) {
            return i;
        }
        i += len;
    }
    return HL7_NONE;
}

static void set_wrong(struct ini_item *item, size_t position, const char *wrong)
{
    *item = (struct ini_item){.kind = INI_WRONG, .position = position, .wrong = wrong};
}

static hl7_slice take_word(hl7_slice *rest)
{
    size_t len = 0;

    *rest = trim(*rest);
    while (len < rest->len && !is_blank(rest->ptr[len])) {
        len++;
    }
    hl7_slice word = {len == 0 ? NULL : rest->ptr, len};
    *rest = trim((hl7_slice){rest->ptr + len, rest->len - len});
    return word;
}

/* [KIND NAME], perhaps with a comment behind it. `position` is the offset of the line in the text. */
static void read_section(hl7_slice line, size_t position, struct ini_item *ret_item)
{
    const char *close = memchr(line.ptr, ']', line.len);

    if (close == NULL) {
        set_wrong(ret_item, position + line.len, "the ']' of this section is missing");
        return;
    }
    hl7_slice behind = {close + 1, line.len - (size_t)(close + 1 - line.ptr)};
    behind = trim(behind);
    if (behind.len > 0 && behind.ptr[0] != ';' && behind.ptr[0] != '#') {
        set_wrong(ret_item, position + (size_t)(behind.ptr - line.ptr),
                  "nothing but a comment may stand behind a section; begin a new line");
        return;
    }
    hl7_slice inside = {line.ptr + 1, (size_t)(close - line.ptr) - 1};
    *ret_item = (struct ini_item){.kind = INI_SECTION, .position = position};
    ret_item->words[0] = take_word(&inside);
    ret_item->words[1] = take_word(&inside);
    ret_item->more = inside;
}

/* KEY = VALUE. The value goes to the end of its last line. */
static void read_key(struct ini *ini, hl7_slice line, size_t position, struct ini_item *ret_item)
{
    const char *equals = memchr(line.ptr, '=', line.len);
    hl7_slice key = {line.ptr, equals == NULL ? 0 : (size_t)(equals - line.ptr)};
    hl7_slice rest = {ini->text.ptr + ini->position, ini->text.len - ini->position};
    bool continues = false;

    key = trim(key);
    if (equals == NULL) {
        set_wrong(ret_item, position,
                  memchr(line.ptr, ':', line.len) == NULL
                      ? "there is no '=' in this line; write KEY = VALUE, or ';' before a comment"
                      : "there is no '=' in this line; write '=' between a key and its value");
        return;
    }
    if (key.len == 0) {
        set_wrong(ret_item, position, "there is no key before the '='");
        return;
    }
    hl7_slice value = {equals + 1, line.len - (size_t)(equals + 1 - line.ptr)};
    (void)cut_piece(value, &continues);
    while (continues && rest.len > 0) {
        hl7_slice next = take_line(&rest);
        if (find_bad_byte(next) != HL7_NONE) {
            break; /* is reported when it is read for itself */
        }
        (void)cut_piece(next, &continues);
        value.len = (size_t)(next.ptr + next.len - value.ptr);
        ini->position = ini->text.len - rest.len;
        ini->line++;
    }
    *ret_item =
        (struct ini_item){.kind = INI_KEY, .position = position, .key = key, .value = value};
}

void ini_init(struct ini *ini, hl7_slice text)
{
    *ini = (struct ini){.text = text, .line = 1};
    if (hl7_slice_starts(text, HL7_TEXT("\xef\xbb\xbf"))) {
        ini->position = 3;
    }
}

bool ini_next(struct ini *ini, struct ini_item *ret_item)
{
    while (ini->position < ini->text.len) {
        hl7_slice rest = {ini->text.ptr + ini->position, ini->text.len - ini->position};
        hl7_slice whole = take_line(&rest);
        hl7_slice line = trim(whole);
        size_t bad = find_bad_byte(whole);
        size_t position = ini->position + (size_t)(line.ptr - whole.ptr);
        size_t number = ini->line++;

        ini->position = ini->text.len - rest.len;
        if (line.len == 0 || ((line.ptr[0] == ';' || line.ptr[0] == '#') && bad == HL7_NONE)) {
            continue;
        }
        if (bad != HL7_NONE) {
            set_wrong(ret_item, (size_t)(whole.ptr - ini->text.ptr) + bad,
                      "this byte is no text; the file has to be UTF-8, without control characters");
        } else if (line.ptr[0] == '[') {
            read_section(line, position, ret_item);
        } else {
            read_key(ini, line, position, ret_item);
        }
        ret_item->line = number;
        return true;
    }
    return false;
}

void ini_locate(hl7_slice text, size_t position, size_t *ret_line, size_t *ret_column,
                hl7_slice *ret_source)
{
    hl7_slice rest = text;
    hl7_slice line = take_line(&rest);
    size_t number = 1;

    while (rest.len > 0 && position >= (size_t)(rest.ptr - text.ptr)) {
        line = take_line(&rest);
        number++;
    }
    size_t start = (size_t)(line.ptr - text.ptr);
    *ret_line = number;
    *ret_column = position - start + 1;
    *ret_source = line;
}
