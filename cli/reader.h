/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.h - the messages of a list of operands, parsed: a source and an index that grows with the
 * largest message. What cannot be read is complained about, and reading goes on.
 */
#ifndef ORDERLY_READER_H
#define ORDERLY_READER_H

#include <stdbool.h>

#include "hl7.h"
#include "../base/memory.h"
#include "source.h"
#include "../base/text.h"
#include "verb.h"

struct reader {
    const struct verb *verb;
    struct source source;
    struct source_item item;    /* the message yielded last */
    struct hl7_message message; /* its index */
    bool parsed;                /* false: it is no HL7 message that can be read */
    struct hl7_error error;     /* why not, when it begins with MSH */
    bool charset_told;
    struct text_charset charset; /* of the message that was made UTF-8 last */
    struct memory_block utf8;
    int status; /* VERB_FAILED once something could not be read */
    struct memory_block memory;
    struct hl7_arena arena; /* holds the index; free behind it until the next call */
};

/* False, and complained about, when there is no memory. */
bool reader_open(struct reader *reader, const struct verb_call *call, char *const *operands,
                 size_t operand_count, const struct source_settings *settings);

/* The next item, parsed or not. False at the end. */
bool reader_next(struct reader *reader);

/* The next message; one that cannot be parsed is complained about and passed over. */
bool reader_next_message(struct reader *reader);

/* Chooses the character set of the message; when it is unknown here, says so once. `fallback`: for
 * messages that name none. */
void reader_charset(struct reader *reader, struct text_charset *charset, const char *fallback);

/* Makes the message UTF-8, if it is not, as outputs want it that know nothing else (rule 29): from here
 * on `item` and `message` are the new text. What is no character becomes U+FFFD. MSH-18 stays as it is.
 * False, and complained about, when there is no memory. */
bool reader_make_utf8(struct reader *reader, const char *fallback);

void reader_close(struct reader *reader);

#endif
