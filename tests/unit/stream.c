/* SPDX-License-Identifier: Apache-2.0
 *
 * A byte stream, its chunks and the events that come of them. */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>

void stream_begin(struct stream_run *run, hl7_slice stream, size_t limit, bool lenient_end)
{
    assert_true(stream.len <= sizeof run->pool);
    hl7_framer_init(&run->framer, limit, lenient_end);
    run->stream = stream;
    run->consumed = 0;
    run->count = 0;
    run->used = 0;
}

/* How junk is cut into events depends on the chunks; its bytes do not. */
static bool continues_junk(const struct stream_run *run, enum hl7_frame_kind kind)
{
    return kind == HL7_FRAME_JUNK && run->count > 0 &&
           run->events[run->count - 1].kind == HL7_FRAME_JUNK;
}

static void note(struct stream_run *run, enum hl7_frame_kind kind, const struct hl7_frame *frame)
{
    char *copy = run->pool + run->used;

    assert_true(frame->bytes.len <= sizeof run->pool - run->used);
    memcpy(copy, frame->bytes.ptr, frame->bytes.len);
    run->used += frame->bytes.len;
    if (continues_junk(run, kind)) {
        run->events[run->count - 1].bytes.len += frame->bytes.len;
        return;
    }
    assert_true(run->count < STREAM_EVENTS);
    run->events[run->count] = (struct stream_event){
        .kind = kind,
        .bytes = {copy, frame->bytes.len},
        .why = frame->why,
        .position = kind == HL7_FRAME_BROKEN ? run->consumed + frame->position : 0,
    };
    run->count++;
}

/* One question about a copy of the held bytes. False when the answer was MORE. */
static bool ask(struct stream_run *run, size_t arrived, bool ended)
{
    size_t len = arrived - run->consumed;
    char *held = malloc(len == 0 ? 1 : len);
    struct hl7_frame frame = {.why = HL7_BAD_TIME};

    assert_non_null(held);
    memcpy(held, run->stream.ptr + run->consumed, len);
    enum hl7_frame_kind kind = ended
                                   ? hl7_framer_end(&run->framer, (hl7_slice){held, len}, &frame)
                                   : hl7_framer_next(&run->framer, (hl7_slice){held, len}, &frame);
    assert_true(frame.consumed <= len);
    if (kind == HL7_FRAME_MORE) {
        assert_int_equal(frame.consumed, 0);
    } else {
        assert_true(frame.consumed > 0);
        note(run, kind, &frame);
        run->consumed += frame.consumed;
    }
    free(held);
    return kind != HL7_FRAME_MORE;
}

static bool is_broken(const struct stream_run *run)
{
    return run->count > 0 && run->events[run->count - 1].kind == HL7_FRAME_BROKEN;
}

void stream_offer(struct stream_run *run, size_t arrived)
{
    bool more = !is_broken(run);

    while (more) {
        more = ask(run, arrived, false) && !is_broken(run);
    }
}

void stream_end(struct stream_run *run)
{
    while (!is_broken(run) && ask(run, run->stream.len, true)) {
        stream_offer(run, run->stream.len);
    }
}

void stream_one_shot(struct stream_run *run, hl7_slice stream, size_t limit, bool lenient_end)
{
    stream_split(run, stream, stream.len, limit, lenient_end);
}

void stream_split(struct stream_run *run, hl7_slice stream, size_t at, size_t limit,
                  bool lenient_end)
{
    stream_begin(run, stream, limit, lenient_end);
    stream_offer(run, at);
    stream_offer(run, stream.len);
    stream_end(run);
}

void stream_bytewise(struct stream_run *run, hl7_slice stream, size_t limit, bool lenient_end)
{
    stream_begin(run, stream, limit, lenient_end);
    for (size_t arrived = 0; arrived <= stream.len; arrived++) {
        stream_offer(run, arrived);
    }
    stream_end(run);
}

bool stream_equal(const struct stream_run *a, const struct stream_run *b)
{
    /* What a broken stream still held depends on the chunks; where and why it broke does not. */
    if (a->count != b->count || (!is_broken(a) && a->consumed != b->consumed)) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct stream_event *one = &a->events[i];
        const struct stream_event *other = &b->events[i];
        if (one->kind != other->kind || one->position != other->position ||
            (one->kind == HL7_FRAME_BROKEN ? one->why != other->why
                                           : !hl7_slice_equal(one->bytes, other->bytes))) {
            return false;
        }
    }
    return true;
}

hl7_slice stream_message(const struct stream_run *run, size_t n)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->events[i].kind == HL7_FRAME_MESSAGE && --n == 0) {
            return run->events[i].bytes;
        }
    }
    return (hl7_slice){NULL, 0};
}

const char *stream_shape(const struct stream_run *run)
{
    static const char letters[] = {[HL7_FRAME_MORE] = '?',
                                   [HL7_FRAME_MESSAGE] = 'M',
                                   [HL7_FRAME_JUNK] = 'J',
                                   [HL7_FRAME_BROKEN] = 'B'};
    static char shape[STREAM_EVENTS + 32];
    size_t left = run->stream.len - run->consumed;

    for (size_t i = 0; i < run->count; i++) {
        shape[i] = letters[run->events[i].kind];
    }
    shape[run->count] = '\0';
    if (left > 0 && !is_broken(run)) {
        (void)snprintf(shape + run->count, 32, "+%zu", left);
    }
    return shape;
}
