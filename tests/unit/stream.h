/* SPDX-License-Identifier: Apache-2.0
 *
 * stream.h - runs a byte stream through the framer in given chunks and notes what comes out. Each
 * call gets the held bytes as a block of their own, so that nothing but offsets can be kept and a
 * read past them is found by the sanitizer.
 */
#ifndef TESTS_UNIT_STREAM_H
#define TESTS_UNIT_STREAM_H

#include "support.h"

enum { STREAM_EVENTS = 256, STREAM_SIZE = 8192 };

struct stream_event {
    enum hl7_frame_kind kind;
    hl7_slice bytes;
    enum hl7_code why;
    size_t position; /* BROKEN: offset in the whole stream */
};

struct stream_run {
    struct hl7_framer framer;
    hl7_slice stream;
    size_t consumed;
    struct stream_event events[STREAM_EVENTS];
    size_t count;
    char pool[STREAM_SIZE]; /* copies of the bytes of events */
    size_t used;
};

void stream_begin(struct stream_run *run, hl7_slice stream, size_t limit, bool lenient_end);

/* The first `arrived` bytes of the stream are there: asks until the framer wants more. */
void stream_offer(struct stream_run *run, size_t arrived);

/* The stream ended, or was silent: decides what is in doubt and what follows it. */
void stream_end(struct stream_run *run);

/* All at once, in two parts, and byte by byte; each with the end. */
void stream_one_shot(struct stream_run *run, hl7_slice stream, size_t limit, bool lenient_end);
void stream_split(struct stream_run *run, hl7_slice stream, size_t at, size_t limit,
                  bool lenient_end);
void stream_bytewise(struct stream_run *run, hl7_slice stream, size_t limit, bool lenient_end);

/* The same events in the same order, and as many bytes left over. */
bool stream_equal(const struct stream_run *a, const struct stream_run *b);

/* The n-th message, from 1; absent when there are fewer. */
hl7_slice stream_message(const struct stream_run *run, size_t n);

/* Events in short: M for a message, J for junk, B for broken, then the bytes left over
 * unless broken: "MJM+3". */
const char *stream_shape(const struct stream_run *run);

#endif
