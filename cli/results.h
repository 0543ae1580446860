/* SPDX-License-Identifier: Apache-2.0
 *
 * results.h - where `orderly convert` puts what it made: one stream (standard output, or a file that
 * appears whole or not at all), or a directory with a file for each result.
 */
#ifndef ORDERLY_RESULTS_H
#define ORDERLY_RESULTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "hl7.h"
#include "source.h"
#include "verb.h"

struct results {
    const struct verb *verb;
    const char *path;      /* --output, or NULL */
    const char *directory; /* --output-dir, or NULL */
    FILE *file;
    char temporary[PATH_MAX]; /* what `path` is called until it is complete; "" when it is direct */
    enum hl7_format format;   /* of all results; HL7_FORMAT_TEXT may still be HL7 */
    bool is_terminal;
    bool last_hl7;
    bool last_ended; /* the result written last ended its line */
    size_t count;
    int status; /* the worst that happened */
};

/* `path` and `directory`: at most one is not NULL. False when it cannot be; it is complained about. */
bool results_open(struct results *results, const struct verb *verb, const char *path,
                  const char *directory, enum hl7_format format);

/* Puts one result where it belongs; `item` is the message it was made from. */
void results_put(struct results *results, const struct source_item *item, hl7_slice result);

/* Completes the stream. Returns the worst status. */
int results_close(struct results *results);

#endif
