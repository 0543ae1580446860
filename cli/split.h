/* SPDX-License-Identifier: Apache-2.0
 *
 * split.h - finds where messages begin and end in text that holds many. Pure: no input, no memory.
 *
 * The text is a row of parts. A part begins at the start of a line. A message runs from a line that
 * begins with MSH and a separator to the next line that begins with MSH, FHS, BHS, BTS or FTS and a
 * separator. CR, LF and CRLF each end a line - with one exception: in a message that has a CR, a
 * lone LF is data (rule 9). If such an LF is followed by a header, nobody can tell whether that
 * header is data or a second message; taking it for either could merge two patients or forge a
 * message. Such a part is marked ambiguous, and runs on to the next header that is beyond doubt.
 *
 * The caller holds the bytes. On SPLIT_MORE it offers the same bytes again with more behind them;
 * bytes known to hold no boundary are not looked at twice.
 */
#ifndef ORDERLY_SPLIT_H
#define ORDERLY_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "hl7.h"

enum split_kind {
    SPLIT_MORE,    /* the part does not end in these bytes, and they are not the last */
    SPLIT_BLANK,   /* blanks and line ends between parts */
    SPLIT_MESSAGE, /* MSH ... */
    SPLIT_BATCH,   /* FHS or BHS ... with all its messages: in whole-batch mode */
    SPLIT_MARK,    /* one line FHS, BHS, BTS or FTS */
    SPLIT_TEXT     /* anything else, up to the next header */
};

/* What is known about the part being looked at. Cleared: nothing yet. */
struct split_state {
    enum split_kind kind; /* SPLIT_MORE: not known yet */
    bool file_header;     /* the batch began with FHS */
    bool closing;         /* the trailer began: the next line end ends the part */
    bool has_cr;
    bool lf_header; /* a header stood behind a lone LF before any CR was seen */
    bool ambiguous;
    size_t scanned;
    size_t lines; /* line ends in the bytes scanned */
};

struct split_part {
    size_t len;   /* bytes, from the front of what was held */
    size_t lines; /* line ends in them */
    bool ambiguous;
};

/* Looks for the part at the front of `held`, which is not empty. `final`: nothing follows these
 * bytes. When the answer is not SPLIT_MORE, the state is cleared for the next part. */
enum split_kind split_next(struct split_state *state, hl7_slice held, bool final,
                           bool whole_batches, struct split_part *ret_part);

/* True when this line begins with MSH, FHS, BHS, BTS or FTS and a separator. */
bool split_is_header(hl7_slice line);

/* Line ends in these bytes. */
size_t split_lines(hl7_slice bytes);

/* Blanks and line ends at the front of these bytes. */
size_t split_blanks(hl7_slice bytes);

/* The caller drops the bytes scanned so far, because it does not want this part; only after
 * SPLIT_MORE. Returns how many to drop; *ret_lines is the number of line ends in them. */
size_t split_drop(struct split_state *state, size_t *ret_lines);

#endif
