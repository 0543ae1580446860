/* SPDX-License-Identifier: Apache-2.0
 *
 * setup_reading.h - what the two files share that read a configuration: setup.c its text, setup_check.c what
 * it says as a whole. */
#ifndef WEB_SETUP_READING_H
#define WEB_SETUP_READING_H

#include "hl7.h"
#include "setup.h"

/* Reading one file. */
struct setup_reading {
    struct setup *setup;
    FILE *complain;
    hl7_slice text;
    enum setup_part part;
    size_t section; /* of `lines` */
    bool skips;     /* behind a section with a mistake */
    bool started;
    bool wrong;
};

/* Tells a mistake; line 0: of the whole. */
void setup_wrong(struct setup_reading *reading, size_t line, const char *format, ...)
    HL7_FORMAT(3, 4);

/* The key of a part with this name, or NULL. */
const struct setup_key *setup_find_key(enum setup_part part, hl7_slice name);

void setup_check(struct setup_reading *reading);

#endif
