/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes framing (rules 1 to 4). The first byte of the input says whether a lone FS may end a frame,
 * and the limit; the rest is a stream.
 *
 * What must hold, beside not crashing:
 *   - events and what is left over cover the stream, in order, and every answer makes progress;
 *   - a message holds no VT and no FS, and is not over the limit;
 *   - byte by byte the same events come out as all at once, up to the point where the stream was
 *     found broken: what came later may have arrived too late to cast doubt on a message;
 *   - a message framed anew is read back. */
#include "hl7.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 4096, STREAM = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct event {
    enum hl7_frame_kind kind;
    size_t start; /* in the stream */
    size_t end;
};

struct run {
    struct hl7_framer framer;
    hl7_slice stream;
    size_t consumed;
    struct event events[EVENTS];
    size_t count;
};

static bool is_broken(const struct run *run)
{
    return run->count > 0 && run->events[run->count - 1].kind == HL7_FRAME_BROKEN;
}

static void note(struct run *run, enum hl7_frame_kind kind, size_t start, size_t end)
{
    /* How junk is cut depends on the chunks. */
    if (kind == HL7_FRAME_JUNK && run->count > 0 &&
        run->events[run->count - 1].kind == HL7_FRAME_JUNK) {
        assert(run->events[run->count - 1].end == start);
        run->events[run->count - 1].end = end;
        return;
    }
    assert(run->count < EVENTS);
    run->events[run->count++] = (struct event){.kind = kind, .start = start, .end = end};
}

static bool holds(hl7_slice text, char byte)
{
    return text.len > 0 && memchr(text.ptr, byte, text.len) != NULL;
}

static void check_answer(const struct run *run, enum hl7_frame_kind kind,
                         const struct hl7_frame *frame, hl7_slice held)
{
    assert(frame->consumed > 0 && frame->consumed <= held.len);
    assert(frame->bytes.ptr >= held.ptr && frame->bytes.len <= held.len);
    if (kind == HL7_FRAME_MESSAGE) {
        assert(held.ptr[0] == HL7_VT && frame->bytes.len <= run->framer.limit);
        assert(!holds(frame->bytes, HL7_VT) && !holds(frame->bytes, HL7_FS));
    } else if (kind == HL7_FRAME_JUNK) {
        assert(frame->bytes.len == frame->consumed && !holds(frame->bytes, HL7_VT));
    } else {
        assert(frame->consumed == held.len && frame->position < held.len);
        assert(frame->why == HL7_BAD_FRAME || frame->why == HL7_TOO_LARGE);
    }
}

/* One question about a copy of the bytes held: nothing but offsets may be kept. */
static bool ask(struct run *run, size_t arrived, bool ended)
{
    size_t len = arrived - run->consumed;
    char *copy = malloc(len + 1);
    struct hl7_frame frame;

    assert(copy != NULL);
    memcpy(copy, run->stream.ptr + run->consumed, len);
    hl7_slice held = {copy, len};
    bool in_doubt = hl7_framer_in_doubt(&run->framer, held);
    enum hl7_frame_kind kind = ended ? hl7_framer_end(&run->framer, held, &frame)
                                     : hl7_framer_next(&run->framer, held, &frame);
    assert(!ended || kind == (in_doubt ? HL7_FRAME_MESSAGE : HL7_FRAME_MORE));
    if (kind != HL7_FRAME_MORE) {
        check_answer(run, kind, &frame, held);
        size_t start = run->consumed + (size_t)(frame.bytes.ptr - copy);
        note(run, kind, start, start + frame.bytes.len);
        run->consumed += frame.consumed;
    }
    free(copy);
    return kind != HL7_FRAME_MORE && kind != HL7_FRAME_BROKEN;
}

static void offer(struct run *run, size_t arrived)
{
    while (!is_broken(run) && ask(run, arrived, false)) {
    }
}

static void run_stream(struct run *run, hl7_slice stream, size_t limit, bool lenient_end,
                       size_t step)
{
    hl7_framer_init(&run->framer, limit, lenient_end);
    run->stream = stream;
    run->consumed = 0;
    run->count = 0;
    for (size_t arrived = step; arrived < stream.len; arrived += step) {
        offer(run, arrived);
    }
    offer(run, stream.len);
    while (!is_broken(run) && ask(run, stream.len, true)) {
        offer(run, stream.len);
    }
}

static void compare(const struct run *whole, const struct run *bytewise)
{
    size_t same = is_broken(whole) ? whole->count - 1 : whole->count;

    assert(bytewise->count >= same);
    for (size_t i = 0; i < same; i++) {
        assert(whole->events[i].kind == bytewise->events[i].kind);
        assert(whole->events[i].start == bytewise->events[i].start);
        /* Junk at the point where the stream breaks may go on where it was not seen to break. */
        assert(whole->events[i].end == bytewise->events[i].end || i + 1 == same);
    }
    assert(is_broken(whole) || (bytewise->count == same && bytewise->consumed == whole->consumed));
}

static void check_framing(const struct run *run)
{
    static char memory[STREAM + HL7_FRAME_OVERHEAD];

    for (size_t i = 0; i < run->count; i++) {
        struct hl7_buffer buffer;
        struct hl7_framer framer;
        struct hl7_frame frame;
        if (run->events[i].kind != HL7_FRAME_MESSAGE) {
            continue;
        }
        hl7_slice payload = hl7_slice_part(run->stream, run->events[i].start,
                                           run->events[i].end - run->events[i].start);
        hl7_buffer_init(&buffer, memory, sizeof memory);
        hl7_frame_write(payload, &buffer);
        hl7_framer_init(&framer, payload.len, false);
        assert(hl7_framer_next(&framer, hl7_buffer_slice(&buffer), &frame) == HL7_FRAME_MESSAGE);
        assert(hl7_slice_equal(frame.bytes, payload) && frame.consumed == buffer.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run whole;
    static struct run bytewise;

    if (size < 1 || size > STREAM) {
        return 0;
    }
    bool lenient_end = (data[0] & 1) != 0;
    size_t limit = (data[0] & 2) != 0 ? STREAM : (size_t)(data[0] >> 2);
    hl7_slice stream = {(const char *)data + 1, size - 1};
    run_stream(&whole, stream, limit, lenient_end, SIZE_MAX / 2);
    run_stream(&bytewise, stream, limit, lenient_end, 1);
    compare(&whole, &bytewise);
    check_framing(&whole);
    return 0;
}
