/* SPDX-License-Identifier: Apache-2.0
 *
 * split.c - see split.h.
 */
#include "split.h"

#include <stdint.h>
#include <string.h>

#define HEADER_BYTES 4 /* a name and a separator */

/* What a line begins with. */
enum split_header { HEADER_NONE, HEADER_MSH, HEADER_FHS, HEADER_BHS, HEADER_BTS, HEADER_FTS };

static bool split_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\x1a';
}

/* A byte that can separate fields (rule 11), or that shows the segment ends here. */
static bool split_is_separator(char c)
{
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    bool digit = c >= '0' && c <= '9';

    return c > ' ' && c < '\x7f' && !letter && !digit;
}

static enum split_header split_header(hl7_slice line)
{
    static const struct {
        char name[4];
        enum split_header header;
    } headers[] = {{"MSH", HEADER_MSH},
                   {"FHS", HEADER_FHS},
                   {"BHS", HEADER_BHS},
                   {"BTS", HEADER_BTS},
                   {"FTS", HEADER_FTS}};

    if (line.len < 3) {
        return HEADER_NONE;
    }
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (memcmp(line.ptr, headers[i].name, 3) == 0) {
            bool bare_trailer = headers[i].header >= HEADER_BTS &&
                                (line.len == 3 || line.ptr[3] == '\r' || line.ptr[3] == '\n');

            return bare_trailer || (line.len > 3 && split_is_separator(line.ptr[3]))
                       ? headers[i].header
                       : HEADER_NONE;
        }
    }
    return HEADER_NONE;
}

bool split_is_header(hl7_slice line)
{
    return split_header(line) != HEADER_NONE;
}

size_t split_lines(hl7_slice bytes)
{
    size_t lines = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        bool crlf = bytes.ptr[i] == '\r' && i + 1 < bytes.len && bytes.ptr[i + 1] == '\n';

        lines += !crlf && (bytes.ptr[i] == '\r' || bytes.ptr[i] == '\n');
    }
    return lines;
}

size_t split_blanks(hl7_slice bytes)
{
    size_t blanks = 0;

    while (blanks < bytes.len && split_is_blank(bytes.ptr[blanks])) {
        blanks++;
    }
    return blanks;
}

/* A run of blanks. A CR at the very end waits for the LF that may follow. */
static enum split_kind split_blank(hl7_slice held, bool final, struct split_part *ret_part)
{
    struct split_part part = {0, 0, false};

    while (part.len < held.len && split_is_blank(held.ptr[part.len])) {
        bool cr = held.ptr[part.len] == '\r';

        if (cr && part.len + 1 == held.len && !final) {
            break;
        }
        if (cr && part.len + 1 < held.len && held.ptr[part.len + 1] == '\n') {
            part.len++;
        }
        part.lines += cr || held.ptr[part.len] == '\n';
        part.len++;
    }
    if (part.len == 0) {
        return SPLIT_MORE;
    }
    *ret_part = part;
    return SPLIT_BLANK;
}

/* Decides what kind of part begins with this header. */
static void split_begin(struct split_state *state, enum split_header header, bool whole_batches)
{
    if (header == HEADER_NONE) {
        state->kind = SPLIT_TEXT;
    } else if (header == HEADER_MSH) {
        state->kind = SPLIT_MESSAGE;
    } else if (whole_batches && (header == HEADER_FHS || header == HEADER_BHS)) {
        state->kind = SPLIT_BATCH;
        state->file_header = header == HEADER_FHS;
    } else {
        state->kind = SPLIT_MARK;
        state->closing = true;
    }
}

/* True when a line with this header, or any line, ends the part before it. */
static bool split_ends(struct split_state *state, enum split_header header)
{
    if (state->closing) {
        return true;
    }
    if (state->kind != SPLIT_BATCH) {
        return header != HEADER_NONE;
    }
    state->closing = header == (state->file_header ? HEADER_FTS : HEADER_BTS);
    return header == HEADER_FHS ||
           (!state->file_header && (header == HEADER_BHS || header == HEADER_FTS));
}

/* Takes account of a line end, behind which `line` begins. True when the part ends here. */
static bool split_line(struct split_state *state, bool is_lf, hl7_slice line)
{
    enum split_header header = split_header(line);

    state->lines++;
    if (state->kind == SPLIT_TEXT) {
        return header != HEADER_NONE;
    }
    if (is_lf && state->has_cr && !state->closing) {
        state->ambiguous = state->ambiguous || header != HEADER_NONE;
        return false;
    }
    state->has_cr = state->has_cr || !is_lf;
    if (split_ends(state, header)) {
        return true;
    }
    state->lf_header = state->lf_header || (is_lf && header != HEADER_NONE);
    state->ambiguous = state->ambiguous || (state->lf_header && state->has_cr);
    return false;
}

/* The offset of the first CR or LF from `at` on, or the length. Eight bytes at a time are passed over
 * when none of them is below 0x0e. */
static size_t split_line_end(hl7_slice held, size_t at)
{
    const uint64_t ones = UINT64_MAX / 255;

    while (at < held.len && held.ptr[at] != '\r' && held.ptr[at] != '\n') {
        uint64_t word;

        at++;
        while (held.len - at >= sizeof word) {
            memcpy(&word, held.ptr + at, sizeof word);
            if (((word - ones * 0x0e) & ~word & ones * 0x80) != 0) {
                break;
            }
            at += sizeof word;
        }
    }
    return at;
}

/* Walks the lines. Returns the offset where the part ends, or HL7_NONE. */
static size_t split_scan(struct split_state *state, hl7_slice held, bool final)
{
    size_t at = state->scanned;

    while (at < held.len) {
        size_t next;

        at = split_line_end(held, at);
        if (at == held.len) {
            break;
        }
        next = at + 1;
        next += held.ptr[at] == '\r' && next < held.len && held.ptr[next] == '\n';
        if (held.len - next < HEADER_BYTES && !final) {
            break;
        }
        if (split_line(state, held.ptr[at] == '\n',
                       (hl7_slice){held.ptr + next, held.len - next})) {
            return next;
        }
        at = next;
    }
    state->scanned = at;
    return final ? held.len : HL7_NONE;
}

enum split_kind split_next(struct split_state *state, hl7_slice held, bool final,
                           bool whole_batches, struct split_part *ret_part)
{
    enum split_kind kind;
    size_t len;

    if (state->kind == SPLIT_MORE) {
        if (split_is_blank(held.ptr[0])) {
            return split_blank(held, final, ret_part);
        }
        if (held.len < HEADER_BYTES && !final) {
            return SPLIT_MORE;
        }
        split_begin(state, split_header(held), whole_batches);
    }
    len = split_scan(state, held, final);
    if (len == HL7_NONE) {
        return SPLIT_MORE;
    }
    kind = state->kind;
    *ret_part = (struct split_part){len, state->lines, state->ambiguous};
    memset(state, 0, sizeof *state);
    return kind;
}

size_t split_drop(struct split_state *state, size_t *ret_lines)
{
    size_t scanned = state->scanned;

    *ret_lines = state->lines;
    state->scanned = 0;
    state->lines = 0;
    return scanned;
}
