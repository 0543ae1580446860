/* SPDX-License-Identifier: Apache-2.0
 *
 * text.c - terminals and what is shown on them: styles, safe text, widths, wrapped lines. Character
 * sets are in text_charset.c.
 */
#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define TEXT_WIDTH_USUAL 80
#define TEXT_WIDTH_LEAST 20
#define TEXT_WIDTH_MOST 1000

const char *const text_when_words[] = {"auto", "always", "never", NULL};

/* ---- Terminals ------------------------------------------------------------------------------ */

static bool text_wants_color(bool is_terminal, enum text_when when)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (when != TEXT_AUTO) {
        return when == TEXT_ALWAYS;
    }
    if (no_color != NULL && no_color[0] != '\0') {
        return false;
    }
    return is_terminal && term != NULL && strcmp(term, "dumb") != 0;
}

static size_t text_terminal_width(FILE *file)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    unsigned long width = 0;

    if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        width = size.ws_col;
    } else if (columns != NULL) {
        width = strtoul(columns, NULL, 10);
    }
    return width < TEXT_WIDTH_LEAST || width > TEXT_WIDTH_MOST ? TEXT_WIDTH_USUAL : width;
}

void text_terminal_open(struct text_terminal *ret_terminal, FILE *file, enum text_when color)
{
    ret_terminal->file = file;
    ret_terminal->is_terminal = isatty(fileno(file)) == 1;
    ret_terminal->color = text_wants_color(ret_terminal->is_terminal, color);
    ret_terminal->width = text_terminal_width(file);
}

void text_style(const struct text_terminal *terminal, enum text_style style)
{
    static const char *const codes[] = {
        [TEXT_NORMAL] = "\x1b[0m", [TEXT_BOLD] = "\x1b[1m",     [TEXT_DIM] = "\x1b[2m",
        [TEXT_RED] = "\x1b[31m",   [TEXT_GREEN] = "\x1b[32m",   [TEXT_YELLOW] = "\x1b[33m",
        [TEXT_BLUE] = "\x1b[34m",  [TEXT_MAGENTA] = "\x1b[35m", [TEXT_CYAN] = "\x1b[36m"};

    if (terminal->color) {
        fputs(codes[style], terminal->file);
    }
}

void text_styled(const struct text_terminal *terminal, enum text_style style, const char *word)
{
    if (word[0] != '\0') {
        text_style(terminal, style);
        fputs(word, terminal->file);
        text_style(terminal, TEXT_NORMAL);
    }
}

/* ---- Safe text ------------------------------------------------------------------------------ */

/* Characters that change what a person sees of the others: control characters, marks of writing
 * direction, line separators, invisible tags. */
static bool text_is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } hidden[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
                  {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
                  {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

    if (c >= 0x20 && c < 0x7f) {
        return false;
    }
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        if (c >= hidden[i].first && c <= hidden[i].last) {
            return true;
        }
    }
    return false;
}

/* Writes the stand-in of a hidden character and returns its length. */
static size_t text_stand_in(uint32_t c, char *text, size_t size)
{
    static const char named[] = "\n\r\t";
    const char *name = c != 0 && c < 0x80 ? strchr(named, (int)c) : NULL;
    int len;

    if (name != NULL) {
        len = snprintf(text, size, "\\%c", "nrt"[name - named]);
    } else if (c < 0x80) {
        len = snprintf(text, size, "\\x%02x", (unsigned)c);
    } else {
        len = snprintf(text, size, c > 0xffff ? "\\u{%x}" : "\\u%04x", (unsigned)c);
    }
    return (size_t)len;
}

/* Takes the next piece off the front of the text: either a run that can be shown as it is, or a
 * stand-in for one character, written into `spare`. */
static hl7_slice text_safe_step(hl7_slice *text, bool keep_lines, char spare[16])
{
    hl7_slice piece = {text->ptr, 0};
    uint32_t c = 0;
    size_t len = 0;

    while (piece.len < text->len) {
        if (text->ptr[piece.len] >= ' ' && text->ptr[piece.len] < '\x7f') {
            piece.len++;
            continue;
        }
        len = text_utf8_char((hl7_slice){text->ptr + piece.len, text->len - piece.len}, &c);
        if (len == 0 || (text_is_hidden(c) && !(keep_lines && c == '\n'))) {
            break;
        }
        piece.len += len;
    }
    if (piece.len > 0) {
        len = piece.len;
    } else if (len > 0) {
        piece = (hl7_slice){spare, text_stand_in(c, spare, 16)};
    } else {
        piece = HL7_TEXT("\xef\xbf\xbd");
        len = 1;
    }
    *text = (hl7_slice){text->ptr + len, text->len - len};
    return piece;
}

void text_safe(hl7_slice text, bool keep_lines, struct hl7_buffer *buffer)
{
    char spare[16];

    while (text.len > 0) {
        hl7_buffer_add(buffer, text_safe_step(&text, keep_lines, spare));
    }
}

void text_write_safe(FILE *file, hl7_slice text, bool keep_lines)
{
    char spare[16];

    while (text.len > 0) {
        hl7_slice piece = text_safe_step(&text, keep_lines, spare);

        fwrite(piece.ptr, 1, piece.len, file);
    }
}

/* ---- Widths --------------------------------------------------------------------------------- */

/* The columns of one character. Without a UTF-8 locale the C library knows no widths: one each. */
static size_t text_char_columns(uint32_t c)
{
    int width = c < 0x80 ? 1 : wcwidth((wchar_t)c);

    return width < 0 ? 1 : (size_t)width;
}

hl7_slice text_front(hl7_slice text, size_t columns)
{
    size_t at = 0;
    size_t used = 0;

    while (at < text.len) {
        hl7_slice rest = {text.ptr + at, text.len - at};
        uint32_t c = 0xfffd;
        size_t len = text_utf8_char(rest, &c);
        size_t width = text_char_columns(c);

        if (width > columns - used) {
            break;
        }
        used += width;
        at += len == 0 ? 1 : len;
    }
    return (hl7_slice){text.ptr, at};
}

size_t text_columns(hl7_slice text)
{
    size_t columns = 0;

    while (text.len > 0) {
        uint32_t c = 0xfffd;
        size_t len = text_utf8_char(text, &c);

        columns += text_char_columns(c);
        len = len == 0 ? 1 : len;
        text = (hl7_slice){text.ptr + len, text.len - len};
    }
    return columns;
}

void text_wrap(FILE *file, const char *text, size_t at, size_t indent, size_t width)
{
    bool first = true;

    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        size_t columns = text_columns((hl7_slice){text, len});

        if (!first && at + 1 + columns > width) {
            fprintf(file, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first && at > indent) {
            fputc(' ', file);
            at++;
        }
        fwrite(text, 1, len, file);
        at += columns;
        first = false;
        text += len;
        if (*text == '\n') {
            fprintf(file, "\n%*s", (int)indent, "");
            at = indent;
        }
        text += *text != '\0';
    }
    fputc('\n', file);
}
