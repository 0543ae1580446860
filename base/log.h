/* SPDX-License-Identifier: Apache-2.0
 *
 * log.h - what a verb reports while it runs, on standard error, one line each:
 *
 *     orderly: warning: framing-error: peer=192.0.2.7:40112 byte=118
 *
 * The event name is stable and made of small letters and dashes: people write alerts for it. The
 * rest is key=value pairs or a sentence. Four words, used strictly:
 *   info     it is so (ready, closed);
 *   warning  something odd that the program dealt with;
 *   error    a piece of work failed, the program goes on;
 *   fatal    the environment does not let it go on (port taken, disk gone); it ends.
 * A bug of ours is an assertion. Never message content: ids, offsets, sizes, hashes. Control bytes
 * in the text are escaped all the same. Each line is one write.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "hl7.h"

void log_info(const char *event, const char *format, ...) HL7_FORMAT(2, 3);
void log_warning(const char *event, const char *format, ...) HL7_FORMAT(2, 3);
void log_error(const char *event, const char *format, ...) HL7_FORMAT(2, 3);
void log_fatal(const char *event, const char *format, ...) HL7_FORMAT(2, 3);

/* A kind of event that may come in floods: ten lines a second, then a count. Begin with {0}. */
struct log_limit {
    uint64_t second;
    uint64_t lines;
    uint64_t dropped;
};

/* Whether another line of this event may be written; `now` is in milliseconds. When a new second
 * begins it says how many lines the last one dropped. */
bool log_may(struct log_limit *limit, const char *event, uint64_t now);

/* A line about a command line instead of an event: "orderly VERB: text". verb_misuse() and
 * verb_failed() are made of it. */
void log_plain(const char *verb, const char *format, va_list arguments) HL7_FORMAT(2, 0);

#endif
