/* SPDX-License-Identifier: Apache-2.0
 *
 * source.h - the messages in a list of operands, one after another.
 *
 * An operand is a file, a directory (its regular files in name order, dot files skipped, not
 * deeper), or `-` for standard input; no operand at all is standard input too. Each may hold one
 * message, many, or batches, with LF, CRLF or CR line ends, with a byte order mark, or as MLLP
 * frames (VT ... FS CR), recognised by a VT at the start.
 *
 * A message begins at a line that begins with MSH and a separator, and ends where the next message
 * or a batch segment (FHS, BHS, BTS, FTS) begins, or the input ends (split.h has the details). So
 * from a pipe, a message that is not framed comes when the next one begins.
 *
 * Memory: one window that holds the longest message at most; what source_next() yields borrows from
 * it until the next call. Nothing is allocated for a message.
 *
 *     struct source source;
 *     struct source_settings settings = {.max_message = 16 << 20};
 *     struct source_item item;
 *     enum source_answer answer;
 *
 *     if (!source_open(&source, call->operands, call->operand_count, &settings)) {
 *         return verb_failed(call->verb, "out of memory");
 *     }
 *     while ((answer = source_next(&source, &item)) != SOURCE_END) {
 *         if (answer == SOURCE_ERROR) {
 *             status = verb_failed(call->verb, "%s", source.error);
 *             continue;                      (the source goes on behind the error)
 *         }
 *         use(item.bytes);
 *     }
 *     source_close(&source);
 */
#ifndef ORDERLY_SOURCE_H
#define ORDERLY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "hl7.h"
#include "../base/memory.h"
#include "operands.h"
#include "split.h"

struct source_settings {
    size_t max_message; /* the longest message (or whole batch) accepted; longer is an error */
    bool whole_batches; /* yield FHS/BHS ... FTS/BTS as one item of kind SOURCE_BATCH */
    bool any_text;      /* a file without any header is yielded whole, as SOURCE_TEXT */
};

enum source_kind {
    SOURCE_MESSAGE, /* begins with MSH */
    SOURCE_BATCH,   /* begins with FHS or BHS */
    SOURCE_TEXT     /* not HL7 */
};

struct source_item {
    enum source_kind kind;
    hl7_slice bytes;  /* as they are in the file; frame bytes and byte order mark taken off */
    const char *file; /* as a person would name it: the path, or "standard input" */
    size_t line;      /* where it begins, from 1; CR, LF and CRLF each end a line */
    size_t number;    /* from 1, in its file */
    size_t ordinal;   /* from 1, over all operands */
};

enum source_answer { SOURCE_ITEM, SOURCE_ERROR, SOURCE_END };

struct source {
    char error[600]; /* after SOURCE_ERROR: "FILE:LINE: what is wrong; what to do" */

    /* The rest is private. */
    struct source_settings settings;
    struct operands operands;
    bool at_end; /* all of the open file is in the window */
    bool begun;  /* its first bytes were looked at */
    bool framed;
    bool whole;       /* not HL7 at its start, and wanted whole (any_text) */
    bool dropping;    /* the part at hand is too long and was complained about */
    size_t text_line; /* text that is no message began here and is being dropped; else 0 */
    size_t found;     /* parts seen in the open file, batch segments counted */
    size_t number;
    size_t ordinal;
    struct memory_block window; /* holds bytes [start, end) of the file */
    size_t start;
    size_t end;
    size_t line; /* number of the line at `start` */
    struct split_state split;
    struct hl7_framer framer;
    size_t frame_end;  /* in a frame: [start, frame_end) is left of its payload */
    size_t frame_next; /* and behind its trailer the file goes on here; 0 when not in a frame */
};

/* False when there is no memory. The operands must outlive the source. */
bool source_open(struct source *source, char *const *operands, size_t operand_count,
                 const struct source_settings *settings);

enum source_answer source_next(struct source *source, struct source_item *ret_item);

void source_close(struct source *source);

/* Adds a message or batch with every segment ended by one CR, as it goes over the wire: an LF that
 * ends a segment becomes CR, one behind CR is dropped, blank lines at the end go, a missing last CR
 * comes. Data is not touched (rule 9). At most one byte longer than `bytes`. */
void source_canonical(hl7_slice bytes, struct hl7_buffer *buffer);

#endif
