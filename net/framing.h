/* SPDX-License-Identifier: Apache-2.0
 *
 * framing.h - what comes in on one MLLP connection: frames, what stands between them, and how long each
 * may take. For everything that receives messages; what is done with a message is its owner's.
 *
 * Deadlines, whichever applies: waiting for the first byte; a frame in doubt (half a second of silence
 * decides it); the rest of a frame, counted from its first byte, so that a trickle of bytes does not put
 * it off, and sooner when it is too slow for a rate; idleness between frames. */
#ifndef NET_FRAMING_H
#define NET_FRAMING_H

#include "connection.h"
#include "hl7.h"

enum {
    FRAMING_SLOW_START = 10000,   /* milliseconds in which a frame may be slower than the rate */
    FRAMING_SILENCE = 500,        /* milliseconds that decide a frame in doubt (rule 3) */
    FRAMING_LINGER = 5000,        /* milliseconds for a peer to take the answers that still wait */
    FRAMING_JUNK_MAX = 64 * 1024, /* bytes without a frame that a connection may send */
    FRAMING_TEXT = 80             /* room for a sentence about junk, NUL included */
};

/* Milliseconds, and bytes a second; 0: no limit. */
struct framing_limits {
    uint64_t first_byte;
    uint64_t frame;
    uint64_t idle;
    uint64_t
        rate; /* a frame that is slower, FRAMING_SLOW_START after its first byte, is too slow */
};

struct framing {
    struct hl7_framer framer;
    uint64_t frame_began; /* loop time of the first byte of the frame at hand; 0: none */
    uint64_t junk;        /* bytes since the last frame */
    bool seen_bytes;      /* the owner sets it when bytes come */
    bool blank_told;      /* blanks are told once per connection */
};

/* What is to be done about bytes between frames (rules 3 and 7). */
enum framing_junk {
    FRAMING_SKIP,    /* nothing: it was told before */
    FRAMING_TELL,    /* tell of it, and go on */
    FRAMING_FOREIGN, /* not MLLP: close; the sentence says why */
    FRAMING_STRAY    /* the end of a frame without its start: close and keep the bytes (rule 4) */
};

void framing_init(struct framing *framing, size_t max_message, bool lenient_end);

/* hl7_framer_next() for what is held, and hl7_framer_end() too if `ended`: nothing will follow soon, so
 * doubts are decided. */
enum hl7_frame_kind framing_next(struct framing *framing, hl7_slice held, bool ended,
                                 struct hl7_frame *ret_frame);

/* Judges bytes between frames, and counts them. `text` is filled in when the connection is to close. */
enum framing_junk framing_judge(struct framing *framing, hl7_slice bytes, char text[FRAMING_TEXT]);

/* Milliseconds from `now` (loop time) to the deadline that applies; 0: none. Notes when the frame at hand
 * began. */
uint64_t framing_left(struct framing *framing, const struct framing_limits *limits, hl7_slice held,
                      uint64_t now);

/* False when the time for the frame at hand, which is `most` milliseconds, is over. */
bool framing_has_time(const struct framing *framing, uint64_t most, uint64_t now);

/* What the peer was too slow with, for "closed for ...". `stalled`: it does not read its answers. */
const char *framing_why_late(const struct framing *framing, hl7_slice held, bool stalled);

/* No more is answered, but the peer may still be sending: closing now could cost it the last answer. Our
 * side ends when all answers have left, the rest when the peer ends its own, or at the deadline. To be
 * called again when the answers have left. */
void framing_linger(struct connection *connection);

#endif
