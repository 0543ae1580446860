/* SPDX-License-Identifier: Apache-2.0
 *
 * MLLP framing: VT payload FS CR. The framer looks at bytes the caller holds and keeps offsets
 * only, so that a split anywhere changes nothing and every byte is scanned once.
 *
 * The danger here is a damaged stream that two systems read as two different messages. So:
 *   - VT inside a frame, and FS before any byte but CR, break the stream (rule 4).
 *   - With lenient_end, FS before VT ends the frame, but only if a header follows that VT: bytes
 *     damaged in the middle of a message do not begin with one (rule 3).
 *   - FS CR followed by neither VT nor blanks leaves the frame in doubt. Log text between frames
 *     looks so, and so does the rest of a message that was damaged into two. The rest of a message
 *     ends in a trailer of its own; log text holds none. The framer waits to see which.
 *
 * A frame in doubt is decided by the next VT or FS, or by hl7_framer_end() after silence.
 *
 *   state          held bytes                        answer
 *   between        (nothing) | x… | VT               MORE | JUNK | in frame
 *   in frame       VT payload                        MORE; BROKEN at a VT; past the limit BROKEN
 *   at trailer     VT payload FS                     MORE until one byte more
 *   in doubt       VT payload FS CR text             MORE until VT (MESSAGE) or FS (BROKEN) */
#include "hl7.h"

#include <string.h>

/* The longest header start looked at behind FS VT: BOM and "MSH". */
enum { HEADER_START = 6 };

void hl7_framer_init(struct hl7_framer *framer, size_t limit, bool lenient_end)
{
    *framer = (struct hl7_framer){.limit = limit, .lenient_end = lenient_end};
}

static enum hl7_frame_kind answer_message(struct hl7_framer *framer, hl7_slice held,
                                          size_t payload_end, size_t consumed,
                                          struct hl7_frame *ret_frame)
{
    framer->scanned = 0;
    framer->ended = 0;
    *ret_frame = (struct hl7_frame){.bytes = {held.ptr + 1, payload_end - 1}, .consumed = consumed};
    return HL7_FRAME_MESSAGE;
}

static enum hl7_frame_kind answer_broken(struct hl7_framer *framer, hl7_slice held,
                                         enum hl7_code why, size_t position,
                                         struct hl7_frame *ret_frame)
{
    framer->scanned = 0;
    framer->ended = 0;
    *ret_frame =
        (struct hl7_frame){.bytes = held, .consumed = held.len, .why = why, .position = position};
    return HL7_FRAME_BROKEN;
}

static enum hl7_frame_kind answer_more(struct hl7_frame *ret_frame)
{
    *ret_frame = (struct hl7_frame){0};
    return HL7_FRAME_MORE;
}

static enum hl7_frame_kind answer_junk(hl7_slice held, struct hl7_frame *ret_frame)
{
    const char *start = memchr(held.ptr, HL7_VT, held.len);
    size_t len = start == NULL ? held.len : (size_t)(start - held.ptr);

    *ret_frame = (struct hl7_frame){.bytes = {held.ptr, len}, .consumed = len};
    return HL7_FRAME_JUNK;
}

/* Offset of the first `byte` in held[from..to), or `to`. */
static size_t find_byte(hl7_slice held, size_t from, size_t to, char byte)
{
    const char *found = to > from ? memchr(held.ptr + from, byte, to - from) : NULL;

    return found == NULL ? to : (size_t)(found - held.ptr);
}

enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_MORE };

/* Does a header, after an optional BOM, begin here? */
static enum verdict begins_with_header(hl7_slice text)
{
    static const char *const starts[] = {"MSH", "FHS", "BHS", "\xef\xbb\xbf"};
    hl7_slice seen = hl7_slice_part(text, 0, HEADER_START);
    bool possible = false;

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        hl7_slice start = hl7_slice_of(starts[i]);
        if (hl7_slice_starts(seen, start)) {
            return VERDICT_YES;
        }
        possible = possible || hl7_slice_starts(start, seen);
    }
    return possible ? VERDICT_MORE : VERDICT_NO;
}

static bool is_blank(char byte)
{
    return byte == '\r' || byte == '\n' || byte == '\0' || byte == ' ' || byte == '\t';
}

/* A whole frame ends before held[end]: is what follows a reason to doubt it? */
static enum hl7_frame_kind judge_sequel(struct hl7_framer *framer, hl7_slice held, size_t end,
                                        struct hl7_frame *ret_frame)
{
    size_t at = framer->ended == 0 ? end : framer->scanned;

    if (framer->ended == 0) {
        while (at < held.len && is_blank(held.ptr[at])) {
            at++;
        }
        if (at == held.len || held.ptr[at] == HL7_VT) {
            return answer_message(framer, held, end - 2, end, ret_frame);
        }
    }
    size_t next_vt = find_byte(held, at, held.len, HL7_VT);
    size_t next_fs = find_byte(held, at, next_vt, HL7_FS);
    if (next_fs < next_vt) {
        return answer_broken(framer, held, HL7_BAD_FRAME, end, ret_frame);
    }
    /* The rest of a damaged message is no longer than a message. */
    if (next_vt < held.len || held.len - end > framer->limit) {
        return answer_message(framer, held, end - 2, end, ret_frame);
    }
    framer->ended = end;
    framer->scanned = held.len;
    return answer_more(ret_frame);
}

/* held[fs] is the first FS of the frame: what does it mean? */
static enum hl7_frame_kind judge_trailer(struct hl7_framer *framer, hl7_slice held, size_t fs,
                                         struct hl7_frame *ret_frame)
{
    if (held.len - fs == 1) {
        framer->scanned = fs;
        return answer_more(ret_frame);
    }
    if (held.ptr[fs + 1] == '\r') {
        return judge_sequel(framer, held, fs + 2, ret_frame);
    }
    if (held.ptr[fs + 1] == HL7_VT && framer->lenient_end) {
        switch (begins_with_header(hl7_slice_part(held, fs + 2, HEADER_START))) {
        case VERDICT_YES:
            return answer_message(framer, held, fs, fs + 1, ret_frame);
        case VERDICT_MORE:
            framer->scanned = fs;
            return answer_more(ret_frame);
        case VERDICT_NO:
            break;
        }
    }
    return answer_broken(framer, held, HL7_BAD_FRAME, fs, ret_frame);
}

enum hl7_frame_kind hl7_framer_next(struct hl7_framer *framer, hl7_slice held,
                                    struct hl7_frame *ret_frame)
{
    if (held.len == 0) {
        return answer_more(ret_frame);
    }
    if (held.ptr[0] != HL7_VT) {
        return answer_junk(held, ret_frame);
    }
    if (framer->ended != 0) {
        return judge_sequel(framer, held, framer->ended, ret_frame);
    }
    size_t from = framer->scanned == 0 ? 1 : framer->scanned;
    size_t fs = find_byte(held, from, held.len, HL7_FS);
    size_t vt = find_byte(held, from, fs, HL7_VT);
    if (vt < fs) {
        return answer_broken(framer, held, HL7_BAD_FRAME, vt, ret_frame);
    }
    if (fs - 1 > framer->limit) {
        return answer_broken(framer, held, HL7_TOO_LARGE, framer->limit + 1, ret_frame);
    }
    if (fs < held.len) {
        return judge_trailer(framer, held, fs, ret_frame);
    }
    framer->scanned = held.len;
    return answer_more(ret_frame);
}

bool hl7_framer_in_doubt(const struct hl7_framer *framer, hl7_slice held)
{
    if (framer->ended != 0) {
        return true;
    }
    return framer->lenient_end && held.len > 1 && held.ptr[0] == HL7_VT &&
           held.ptr[held.len - 1] == HL7_FS;
}

enum hl7_frame_kind hl7_framer_end(struct hl7_framer *framer, hl7_slice held,
                                   struct hl7_frame *ret_frame)
{
    if (!hl7_framer_in_doubt(framer, held)) {
        return answer_more(ret_frame);
    }
    if (framer->ended != 0) {
        return answer_message(framer, held, framer->ended - 2, framer->ended, ret_frame);
    }
    return answer_message(framer, held, held.len - 1, held.len, ret_frame);
}

void hl7_frame_write(hl7_slice payload, struct hl7_buffer *buffer)
{
    if (payload.len > SIZE_MAX - HL7_FRAME_OVERHEAD ||
        payload.len + HL7_FRAME_OVERHEAD > buffer->size - buffer->len) {
        buffer->full = true;
        return;
    }
    hl7_buffer_add_byte(buffer, HL7_VT);
    hl7_buffer_add(buffer, payload);
    hl7_buffer_add_byte(buffer, HL7_FS);
    hl7_buffer_add_byte(buffer, '\r');
}
