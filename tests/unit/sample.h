/* SPDX-License-Identifier: Apache-2.0
 *
 * sample.h - random delimiters, messages and paths for properties. The same generator state gives
 * the same sample. What is made follows the rules, whatever its shape: any delimiters, any line
 * end, blank lines, a byte order mark, missing encoding characters, bytes of every value.
 */
#ifndef TESTS_UNIT_SAMPLE_H
#define TESTS_UNIT_SAMPLE_H

#include "support.h"

enum { SAMPLE_SIZE = 4096 };

struct sample {
    char memory[SAMPLE_SIZE];
    hl7_slice text;
    struct hl7_delimiters delimiters;
};

/* Delimiters as rule 11 allows them: one field separator, then `count` encoding characters (0 to
 * 5) in the order of MSH-2. */
struct hl7_delimiters sample_delimiters(struct random_state *random, size_t count);

/* The same with 0 to 5 encoding characters, mostly four. */
struct hl7_delimiters sample_any_delimiters(struct random_state *random);

/* Delimiters with an escape character. */
struct hl7_delimiters sample_escaping_delimiters(struct random_state *random);

/* Text of fewer than `size` bytes of any value, many of them special, some like sequences. */
hl7_slice sample_text(struct random_state *random, const struct hl7_delimiters *delimiters,
                      char *memory, size_t size);

/* One of these bytes stands in the text; a '\0' among them means none. */
bool sample_holds_any(hl7_slice text, const char *bytes, size_t count);

/* A message that can be parsed. */
void sample_message(struct random_state *random, struct sample *ret_sample);

/* A path that often, and not always, leads somewhere in such a message. */
struct hl7_path sample_path(struct random_state *random);

/* A raw value for a field: no line end, no field separator, and nothing that splits a piece below
 * the level named by `depth` (0: field, 1: repetition, 2: component, 3: sub-component). */
size_t sample_value(struct random_state *random, const struct hl7_delimiters *delimiters,
                    size_t depth, char *memory, size_t size);

#endif
