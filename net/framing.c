/* SPDX-License-Identifier: Apache-2.0 */
#include "framing.h"

#include "stray.h"

#include <stdio.h>
#include <string.h>

void framing_init(struct framing *framing, size_t max_message, bool lenient_end)
{
    *framing = (struct framing){.frame_began = 0};
    hl7_framer_init(&framing->framer, max_message, lenient_end);
}

enum hl7_frame_kind framing_next(struct framing *framing, hl7_slice held, bool ended,
                                 struct hl7_frame *ret_frame)
{
    enum hl7_frame_kind kind = hl7_framer_next(&framing->framer, held, ret_frame);

    if (kind == HL7_FRAME_MORE && ended) {
        kind = hl7_framer_end(&framing->framer, held, ret_frame);
    }
    if (kind == HL7_FRAME_MESSAGE) {
        framing->junk = 0;
        framing->frame_began = 0;
    }
    return kind;
}

/* ---- Junk ---------------------------------------------------------------------------------- */

enum framing_junk framing_judge(struct framing *framing, hl7_slice bytes, char text[FRAMING_TEXT])
{
    bool first = framing->junk == 0;
    bool blank = stray_is_blank(bytes);
    const char *foreign = first ? stray_protocol(bytes) : NULL;

    framing->junk += bytes.len;
    if (foreign != NULL) {
        (void)snprintf(text, FRAMING_TEXT, "%s instead of MLLP", foreign);
        return FRAMING_FOREIGN;
    }
    if (memchr(bytes.ptr, HL7_FS, bytes.len) != NULL) {
        /* If a message went before, its rest may be this: it was damaged into two, and the front was
         * answered before the rest came. */
        (void)snprintf(text, FRAMING_TEXT, "FS outside a frame");
        return FRAMING_STRAY;
    }
    if (framing->junk > FRAMING_JUNK_MAX) {
        (void)snprintf(text, FRAMING_TEXT, "%llu bytes without a frame",
                       (unsigned long long)framing->junk);
        return FRAMING_FOREIGN;
    }
    if (!first || (blank && framing->blank_told)) {
        return FRAMING_SKIP;
    }
    framing->blank_told = framing->blank_told || blank;
    return FRAMING_TELL;
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

/* How long the frame at hand may take, with so many of its bytes there; 0: for ever. */
static uint64_t frame_time(const struct framing_limits *limits, size_t len)
{
    if (limits->rate == 0) {
        return limits->frame;
    }
    uint64_t slowest = FRAMING_SLOW_START + (uint64_t)len * 1000 / limits->rate;
    return limits->frame != 0 && limits->frame < slowest ? limits->frame : slowest;
}

uint64_t framing_left(struct framing *framing, const struct framing_limits *limits, hl7_slice held,
                      uint64_t now)
{
    uint64_t left = 0;

    if (held.len == 0) {
        framing->frame_began = 0;
        return framing->seen_bytes ? limits->idle : limits->first_byte;
    }
    if (framing->frame_began == 0) {
        framing->frame_began = now;
    }
    uint64_t most = frame_time(limits, held.len);
    if (most != 0) {
        uint64_t due = framing->frame_began + most;

        left = due > now ? due - now : 1;
    }
    if (hl7_framer_in_doubt(&framing->framer, held) && (left == 0 || left > FRAMING_SILENCE)) {
        left = FRAMING_SILENCE;
    }
    return left;
}

bool framing_has_time(const struct framing *framing, uint64_t most, uint64_t now)
{
    return framing->frame_began == 0 || most == 0 || now < framing->frame_began + most;
}

const char *framing_why_late(const struct framing *framing, hl7_slice held, bool stalled)
{
    if (stalled) {
        return "answers that it does not read";
    }
    if (held.len > 0) {
        return "a frame that was not finished in time";
    }
    return framing->seen_bytes ? "idleness" : "no first byte";
}

/* ---- The end ------------------------------------------------------------------------------- */

void framing_linger(struct connection *connection)
{
    bool waiting = connection_waiting(connection) > 0;

    connection_consume(connection, connection->held.len);
    if (!waiting) {
        connection_end_output(connection);
    }
    connection_set_deadline(connection, waiting ? FRAMING_LINGER : FRAMING_SILENCE);
}
