/* SPDX-License-Identifier: Apache-2.0
 *
 * log.h - what a verb reports while it runs, on standard error, one line each:
 *
 *     orderly: warning: framing-error: peer=192.0.2.7:40112 byte=118
 *
 * The event name is stable and made of small letters and dashes: people write alerts for it. The
 * rest is key=value pairs, then perhaps a sentence. Four words, used strictly:
 *   info     it is so (ready, closed);
 *   warning  something odd that the program dealt with;
 *   error    a piece of work failed, the program goes on;
 *   fatal    the environment does not let it go on (port taken, disk gone); it ends.
 * A bug of ours is an assertion. Never message content: ids, offsets, sizes, hashes. Control bytes
 * in the text are escaped all the same. Each line is one write.
 *
 * A program that runs for weeks calls log_open() first. From then on a line of text begins with its
 * time, unless the systemd journal reads it: the journal has its own time, and gets the level by the
 * prefix <N> instead. As JSON a line is an object:
 *
 *     {"time":"2026-11-26T15:04:05.123456+01:00","level":"warning","event":"retry",
 *      "lane":"orders/ris/0","text":"lane=orders/ris/0 refused; next in 5.0 s"}
 *
 * The pairs at the front of the text are members of it, as strings; what follows the first word that is
 * no pair is a sentence, and nothing in it becomes a member, whoever wrote it. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "hl7.h"

enum log_format { LOG_AS_TEXT, LOG_AS_JSON };

/* From the most important on. LOG_LEVEL_FATAL cannot be left out. */
enum log_level { LOG_LEVEL_FATAL, LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/* How lines are written from now on, and down to which level. May be called again at any time, by the
 * thread that logs. */
void log_open(enum log_format format, enum log_level least);

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
