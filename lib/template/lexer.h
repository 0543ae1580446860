/* SPDX-License-Identifier: Apache-2.0
 *
 * The lexer has two levels. Outside of braces a template is a row of pieces: text, line ends,
 * original placeholders, comments, and the '{' that opens an expression. Inside it is a row of
 * tokens, up to '}' or the end of the line. The parser decides which level it reads next; the lexer
 * itself is an offset and can be copied to look ahead. */
#ifndef LIB_TEMPLATE_LEXER_H
#define LIB_TEMPLATE_LEXER_H

#include "hl7.h"

struct lexer {
    hl7_slice text;
    size_t at;
};

enum piece_kind {
    PIECE_END, /* the end of the template */
    PIECE_TEXT,
    PIECE_LINE_END, /* LF, CRLF or CR */
    PIECE_ORIGINAL, /* {0-9} */
    PIECE_COMMENT,  /* whole, over any number of lines */
    PIECE_OPEN      /* the '{' of an expression */
};

struct piece {
    enum piece_kind kind;
    size_t position;
    hl7_slice text;
    /* PIECE_ORIGINAL: both counted from 0; SIZE_MAX for what is too large. */
    size_t segment;
    size_t field;
    bool closed; /* PIECE_COMMENT: it has its end */
};

enum token_kind {
    TOKEN_END,   /* the line or the template ends without '}' */
    TOKEN_CLOSE, /* '}' */
    TOKEN_NAME,
    TOKEN_NUMBER,     /* 12 or 12.5 */
    TOKEN_STRING,     /* text is what stands between the quotes */
    TOKEN_BAD_STRING, /* no closing quote; text is what follows the opening one */
    TOKEN_MARK,       /* operators, brackets, commas: text says which */
    TOKEN_BAD_BYTE    /* a byte that begins no token */
};

struct token {
    enum token_kind kind;
    size_t position;
    hl7_slice text;
    bool doubled; /* TOKEN_STRING: it holds quotes written twice */
};

/* The next piece; behind the last one PIECE_END, again and again. */
struct piece lexer_piece(struct lexer *lexer);

/* The next token. TOKEN_END takes nothing: the line end is the next piece. */
struct token lexer_token(struct lexer *lexer);

/* Nothing but spaces and tabs. */
bool lexer_is_blank(hl7_slice text);

/* ASCII, whatever the locale. */
bool lexer_is_letter(char c);
bool lexer_is_digit(char c);
bool lexer_is_line_end(char c);

#endif
