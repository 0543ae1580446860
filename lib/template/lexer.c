/* SPDX-License-Identifier: Apache-2.0
 *
 * What a '{' means is decided here, by the bytes behind it alone:
 *   {#                        a comment, up to #}
 *   { and a letter $ @ '      an expression
 *   {digits-digits}           the original placeholder, exactly this
 *   anything else             text
 * so that a template of the original converter means here what it means there, and JSON or a style
 * sheet needs hardly any quoting. Each byte is looked at a bounded number of times. */
#include "template/lexer.h"

#include <string.h>

/* Longer marks stand before those they begin with. */
static const hl7_slice marks[] = {
    {"!=", 2}, {"<=", 2}, {">=", 2}, {"..", 2}, {"=", 1}, {"<", 1}, {">", 1}, {"(", 1}, {")", 1},
    {"[", 1},  {"]", 1},  {",", 1},  {".", 1},  {":", 1}, {"-", 1}, {"*", 1}, {"$", 1}, {"@", 1},
};

bool lexer_is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool lexer_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool lexer_is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool lexer_is_blank(hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_blank(text.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* What is left from an offset on. */
static hl7_slice rest_from(const struct lexer *lexer, size_t at)
{
    return hl7_slice_part(lexer->text, at, lexer->text.len);
}

/* ---- Pieces -------------------------------------------------------------------------------- */

/* A number at the front of the text; returns its length. Too large becomes SIZE_MAX, which no
 * message reaches. */
static size_t read_digits(hl7_slice text, size_t *ret_number)
{
    size_t number = 0;
    size_t len = 0;

    for (; len < text.len && lexer_is_digit(text.ptr[len]); len++) {
        size_t digit = (size_t)(text.ptr[len] - '0');
        number = number > (SIZE_MAX - digit) / 10 ? SIZE_MAX : number * 10 + digit;
    }
    *ret_number = number;
    return len;
}

/* Reads {digits-digits} at the front of the text; false when it is something else. */
static bool read_original(hl7_slice text, struct piece *piece)
{
    size_t first = read_digits(hl7_slice_part(text, 1, text.len), &piece->segment);
    size_t dash = 1 + first;
    if (first == 0 || dash >= text.len || text.ptr[dash] != '-') {
        return false;
    }
    size_t second = read_digits(hl7_slice_part(text, dash + 1, text.len), &piece->field);
    size_t close = dash + 1 + second;
    if (second == 0 || close >= text.len || text.ptr[close] != '}') {
        return false;
    }
    piece->kind = PIECE_ORIGINAL;
    piece->text = hl7_slice_part(text, 0, close + 1);
    return true;
}

static void read_comment(hl7_slice text, struct piece *piece)
{
    size_t at = 2;

    while (at < text.len && !hl7_slice_starts(hl7_slice_part(text, at, 2), HL7_TEXT("#}"))) {
        at++;
    }
    piece->kind = PIECE_COMMENT;
    piece->closed = at < text.len;
    piece->text = hl7_slice_part(text, 0, piece->closed ? at + 2 : at);
}

/* True when the '{' at the front of the text means something: then *piece is what it opens. */
static bool read_brace(hl7_slice text, struct piece *piece)
{
    char next = text.len > 1 ? text.ptr[1] : '\0';

    if (next == '#') {
        read_comment(text, piece);
        return true;
    }
    if (lexer_is_letter(next) || next == '$' || next == '@' || next == '\'') {
        piece->kind = PIECE_OPEN;
        piece->text = hl7_slice_part(text, 0, 1);
        return true;
    }
    return read_original(text, piece);
}

static void read_line_end(hl7_slice text, struct piece *piece)
{
    bool crlf = hl7_slice_starts(text, HL7_TEXT("\r\n"));

    piece->kind = PIECE_LINE_END;
    piece->text = hl7_slice_part(text, 0, crlf ? 2 : 1);
}

/* Text up to the next line end or meaningful brace; its first byte is known to be text. */
static void read_text(hl7_slice text, struct piece *piece)
{
    struct piece ignored = {.kind = PIECE_TEXT};
    size_t at = 1;

    while (at < text.len && !lexer_is_line_end(text.ptr[at]) &&
           (text.ptr[at] != '{' || !read_brace(hl7_slice_part(text, at, text.len), &ignored))) {
        at++;
    }
    piece->kind = PIECE_TEXT;
    piece->text = hl7_slice_part(text, 0, at);
}

struct piece lexer_piece(struct lexer *lexer)
{
    hl7_slice rest = rest_from(lexer, lexer->at);
    struct piece piece = {.kind = PIECE_END, .position = lexer->at, .text = {rest.ptr, 0}};

    if (rest.len == 0) {
        return piece;
    }
    if (lexer_is_line_end(rest.ptr[0])) {
        read_line_end(rest, &piece);
    } else if (rest.ptr[0] != '{' || !read_brace(rest, &piece)) {
        read_text(rest, &piece);
    }
    lexer->at += piece.text.len;
    return piece;
}

/* ---- Tokens -------------------------------------------------------------------------------- */

static size_t name_length(hl7_slice text)
{
    size_t len = 0;

    while (len < text.len && (lexer_is_letter(text.ptr[len]) || lexer_is_digit(text.ptr[len]) ||
                              text.ptr[len] == '_')) {
        len++;
    }
    return len;
}

/* Digits, and a fraction if a digit follows the point. */
static size_t number_length(hl7_slice text)
{
    size_t number = 0;
    size_t len = read_digits(text, &number);

    if (len + 1 < text.len && text.ptr[len] == '.' && lexer_is_digit(text.ptr[len + 1])) {
        len += 1 + read_digits(hl7_slice_part(text, len + 1, text.len), &number);
    }
    return len;
}

static size_t mark_length(hl7_slice text)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (hl7_slice_starts(text, marks[i])) {
            return marks[i].len;
        }
    }
    return 0;
}

/* The text begins with a quote. A quote written twice stands for one. Returns the length with the
 * quotes. A string ends on its line; without its end it stops before the first '}', so that what
 * follows is still read as it was meant. */
static size_t read_string(hl7_slice text, struct token *token)
{
    size_t at = 1;

    for (; at < text.len && !lexer_is_line_end(text.ptr[at]); at++) {
        if (text.ptr[at] != '\'') {
            continue;
        }
        if (at + 1 == text.len || text.ptr[at + 1] != '\'') {
            token->kind = TOKEN_STRING;
            token->text = hl7_slice_part(text, 1, at - 1);
            return at + 1;
        }
        token->doubled = true;
        at++;
    }
    const char *brace = memchr(text.ptr, '}', at);
    size_t len = brace == NULL ? at : (size_t)(brace - text.ptr);
    token->kind = TOKEN_BAD_STRING;
    token->text = hl7_slice_part(text, 1, len - 1);
    return len;
}

static void skip_blanks(struct lexer *lexer)
{
    while (lexer->at < lexer->text.len && is_blank(lexer->text.ptr[lexer->at])) {
        lexer->at++;
    }
}

/* A token that is nothing but its bytes; returns its length. */
static size_t read_plain(hl7_slice text, enum token_kind kind, size_t len, struct token *token)
{
    token->kind = kind;
    token->text = hl7_slice_part(text, 0, len);
    return len;
}

struct token lexer_token(struct lexer *lexer)
{
    skip_blanks(lexer);

    hl7_slice rest = rest_from(lexer, lexer->at);
    struct token token = {.kind = TOKEN_END, .position = lexer->at, .text = {rest.ptr, 0}};
    if (rest.len == 0 || lexer_is_line_end(rest.ptr[0])) {
        return token;
    }
    size_t len = mark_length(rest);
    if (rest.ptr[0] == '}') {
        len = read_plain(rest, TOKEN_CLOSE, 1, &token);
    } else if (rest.ptr[0] == '\'') {
        len = read_string(rest, &token);
    } else if (lexer_is_letter(rest.ptr[0])) {
        len = read_plain(rest, TOKEN_NAME, name_length(rest), &token);
    } else if (lexer_is_digit(rest.ptr[0])) {
        len = read_plain(rest, TOKEN_NUMBER, number_length(rest), &token);
    } else if (len > 0) {
        len = read_plain(rest, TOKEN_MARK, len, &token);
    } else {
        len = read_plain(rest, TOKEN_BAD_BYTE, 1, &token);
    }
    lexer->at += len;
    return token;
}
