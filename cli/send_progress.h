/* SPDX-License-Identifier: Apache-2.0
 *
 * send_progress.h - one line that shows how far the sending is, on a terminal, when it takes long.
 *
 *     [#########...........]  43 %  4321 messages  1234/s  12 s, 16 s left
 *     [#...................]   5 %  1 message  waiting for an answer, 7 s
 *
 * The line is drawn over itself. Whoever writes to the terminal hides it first; the next tick draws
 * it again.
 */
#ifndef ORDERLY_SEND_PROGRESS_H
#define ORDERLY_SEND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "hl7.h"
#include "../base/text.h"

/* How far it is. */
struct send_state {
    uint64_t messages;    /* ended */
    uint64_t bytes;       /* of the sources, that belong to them */
    uint64_t total_bytes; /* of the sources; 0: not known */
    uint64_t elapsed;     /* microseconds */
    uint64_t waiting;     /* messages that wait for an answer */
    uint64_t quiet;       /* microseconds since the last answer, or since the start */
    const char *doing;    /* instead of waiting: "connecting", "trying again soon"; or NULL */
};

/* Adds the line, at most `width` columns. */
void send_progress_write(const struct send_state *state, size_t width, struct hl7_buffer *buffer);

struct send_progress {
    struct text_terminal terminal;
    bool drawn;
};

void send_progress_open(struct send_progress *progress);
void send_progress_draw(struct send_progress *progress, const struct send_state *state);
void send_progress_hide(struct send_progress *progress);

#endif
