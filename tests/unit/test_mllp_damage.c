/* SPDX-License-Identifier: Apache-2.0
 *
 * Framing, rule 4: a stream of two messages is damaged at every position with VT, FS, CR and other
 * bytes, one or two of them, put in or written over.
 *
 * What is asked of the framer when it holds the whole damaged stream: each message it gives out is
 * the payload of one of the two frames, with the damage that fell into it if that was neither VT nor
 * FS (any payload may hold such bytes), or without it when it fell on the edge, or it is empty (rule
 * 7: never answered). So no message holds bytes of both, and none is a part of one. Nothing else is
 * tolerated.
 *
 * What no framing can know, and what is therefore left out or weaker:
 *   - FS CR in a payload, and no FS from there to the next VT or the end of the stream, is the end of
 *     a frame and text behind it. It takes two bytes of damage in different places.
 *   - FS CR written over the last byte of a payload and its FS ends the frame one byte earlier.
 *     Where a lone FS may end a frame, FS written over its CR, and another byte over its FS, ends it
 *     one byte later.
 *   - A frame whose VT was overwritten begins at the next VT, wherever that was written. (The parser
 *     refuses what does not begin with a header.)
 *   - The FS of the first frame and the VT of the second both overwritten leave one frame. (The
 *     parser refuses its second MSH.)
 *   - FS CR in a payload, when a read ends exactly behind it: the frame is given out before its
 *     sequel can be seen. Byte by byte, a message may therefore be the beginning of a payload; it
 *     is never joined to anything else. */
#include "stream.h"

#define FIRST "MSH|^~\\&|A|1\rPID|1\r"
#define SECOND "MSH|^~\\&|B|2\rPV1|2\r"

static const char whole[] = "\x0b" FIRST "\x1c\r\x0b" SECOND "\x1c\r";

enum {
    LIMIT = 1000,
    WHOLE = sizeof whole - 1,
    FIRST_START = 1,
    FIRST_END = FIRST_START + sizeof FIRST - 1, /* the offset of its FS */
    SECOND_START = FIRST_END + 3,
    SECOND_END = SECOND_START + sizeof SECOND - 1
};

static const char bytes[] = {HL7_VT, HL7_FS, '\r', '\n', 'x'};

enum { BYTES = sizeof bytes };

/* A damaged stream, and where the payloads of its frames would stand now. */
struct damaged {
    char memory[WHOLE + 2];
    size_t len;
    hl7_slice first;
    hl7_slice second;
};

/* Where an offset of the whole stream is after `added` bytes were put in before offset `at`. Bytes
 * put in at the edge of a payload belong to it. */
static size_t moved(size_t offset, bool is_end, size_t at, size_t added)
{
    return at < offset || (is_end && at == offset) ? offset + added : offset;
}

static void place_payloads(struct damaged *damaged, size_t at, size_t added)
{
    size_t first = moved(FIRST_START, false, at, added);
    size_t second = moved(SECOND_START, false, at, added);

    damaged->len = WHOLE + added;
    damaged->first =
        (hl7_slice){damaged->memory + first, moved(FIRST_END, true, at, added) - first};
    damaged->second =
        (hl7_slice){damaged->memory + second, moved(SECOND_END, true, at, added) - second};
}

static void put_in(struct damaged *damaged, size_t at, hl7_slice put)
{
    memcpy(damaged->memory, whole, at);
    memcpy(damaged->memory + at, put.ptr, put.len);
    memcpy(damaged->memory + at + put.len, whole + at, WHOLE - at);
    place_payloads(damaged, at, put.len);
}

static void write_over(struct damaged *damaged, size_t at, hl7_slice put)
{
    memcpy(damaged->memory, whole, WHOLE);
    memcpy(damaged->memory + at, put.ptr, put.len);
    place_payloads(damaged, WHOLE, 0);
    damaged->len = WHOLE;
}

static bool is_whole_payload(const struct damaged *damaged, hl7_slice message)
{
    return message.len == 0 || hl7_slice_equal(message, damaged->first) ||
           hl7_slice_equal(message, damaged->second) || hl7_slice_equal(message, HL7_TEXT(FIRST)) ||
           hl7_slice_equal(message, HL7_TEXT(SECOND));
}

/* FS CR stands one byte before the place where FS was. */
static bool ends_a_byte_early(hl7_slice payload, hl7_slice message)
{
    return message.len + 1 == payload.len && payload.ptr[message.len] == HL7_FS &&
           payload.ptr[payload.len] == '\r' && hl7_slice_starts(payload, message);
}

/* The payload has lost its VT, and the message is what stands behind another VT in it. */
static bool begins_at_a_later_vt(hl7_slice payload, hl7_slice message)
{
    if (payload.ptr[-1] == HL7_VT || message.len >= payload.len) {
        return false;
    }
    hl7_slice tail = hl7_slice_part(payload, payload.len - message.len, message.len);
    return tail.ptr[-1] == HL7_VT && hl7_slice_equal(tail, message) &&
           !hl7_slice_starts(message, HL7_TEXT("MSH"));
}

/* FS stands where CR was, so the byte where FS was belongs to the payload. */
static bool ends_a_byte_late(hl7_slice payload, hl7_slice message)
{
    return message.len == payload.len + 1 && payload.ptr[payload.len + 1] == HL7_FS &&
           hl7_slice_starts(message, payload) &&
           message.ptr[payload.len] == payload.ptr[payload.len];
}

static bool is_tolerated(hl7_slice payload, hl7_slice message)
{
    return ends_a_byte_early(payload, message) || ends_a_byte_late(payload, message) ||
           begins_at_a_later_vt(payload, message);
}

static bool begins_payload(const struct damaged *damaged, hl7_slice message)
{
    return hl7_slice_starts(damaged->first, message) || hl7_slice_starts(damaged->second, message);
}

static void refuse(const struct damaged *damaged, const struct stream_run *run, const char *how)
{
    for (size_t i = 0; i < damaged->len; i++) {
        print_error("%02x ", (unsigned)(unsigned char)damaged->memory[i]);
    }
    fail_msg("%s: %s", how, stream_shape(run));
}

static void check(const struct damaged *damaged, bool lenient)
{
    static struct stream_run run;
    hl7_slice stream = {damaged->memory, damaged->len};

    stream_one_shot(&run, stream, LIMIT, lenient);
    for (size_t n = 1; stream_message(&run, n).ptr != NULL; n++) {
        hl7_slice message = stream_message(&run, n);
        if (!is_whole_payload(damaged, message) && !is_tolerated(damaged->first, message) &&
            !is_tolerated(damaged->second, message)) {
            refuse(damaged, &run, "all at once");
        }
    }
    stream_bytewise(&run, stream, LIMIT, lenient);
    for (size_t n = 1; stream_message(&run, n).ptr != NULL; n++) {
        hl7_slice message = stream_message(&run, n);
        if (!is_whole_payload(damaged, message) && !begins_payload(damaged, message) &&
            !is_tolerated(damaged->first, message) && !is_tolerated(damaged->second, message)) {
            refuse(damaged, &run, "byte by byte");
        }
    }
}

/* The first frame came whole, and nothing between the frames was touched. */
static void check_first_is_intact(const struct damaged *damaged, bool lenient)
{
    static struct stream_run run;

    stream_one_shot(&run, (hl7_slice){damaged->memory, damaged->len}, LIMIT, lenient);
    assert_slice(stream_message(&run, 1), FIRST);
}

static void the_undamaged_stream_is_two_messages(void **state)
{
    static struct stream_run run;

    (void)state;
    stream_one_shot(&run, (hl7_slice){whole, WHOLE}, LIMIT, true);
    assert_string_equal(stream_shape(&run), "MM");
    assert_slice(stream_message(&run, 1), FIRST);
    assert_slice(stream_message(&run, 2), SECOND);
}

/* rule 4 */
static void bytes_put_in_anywhere_never_merge_or_cut_a_message(void **state)
{
    struct damaged damaged;

    (void)state;
    for (size_t at = 0; at <= WHOLE; at++) {
        for (size_t i = 0; i < (size_t)BYTES * BYTES; i++) {
            char pair[] = {bytes[i % BYTES], bytes[i / BYTES]};
            for (size_t count = 1; count <= 2; count++) {
                put_in(&damaged, at, (hl7_slice){pair, count});
                check(&damaged, true);
                check(&damaged, false);
            }
        }
    }
}

/* rule 4 */
static void bytes_written_over_anywhere_never_merge_or_cut_a_message(void **state)
{
    struct damaged damaged;

    (void)state;
    for (size_t at = 0; at < WHOLE; at++) {
        for (size_t i = 0; i < (size_t)BYTES * BYTES; i++) {
            char pair[] = {bytes[i % BYTES], bytes[i / BYTES]};
            for (size_t count = 1; count <= 2 && at + count <= WHOLE; count++) {
                write_over(&damaged, at, (hl7_slice){pair, count});
                check(&damaged, true);
                check(&damaged, false);
            }
        }
    }
}

/* rule 4: once the second frame has begun, nothing in it or behind it unsettles the first. */
static void damage_to_the_second_frame_leaves_the_first_intact(void **state)
{
    struct damaged damaged;

    (void)state;
    for (size_t at = SECOND_START; at <= WHOLE; at++) {
        for (size_t i = 0; i < (size_t)BYTES * BYTES; i++) {
            char pair[] = {bytes[i % BYTES], bytes[i / BYTES]};
            for (size_t count = 1; count <= 2; count++) {
                put_in(&damaged, at, (hl7_slice){pair, count});
                check_first_is_intact(&damaged, true);
                check_first_is_intact(&damaged, false);
                if (at + count <= WHOLE) {
                    write_over(&damaged, at, (hl7_slice){pair, count});
                    check_first_is_intact(&damaged, true);
                    check_first_is_intact(&damaged, false);
                }
            }
        }
    }
}

static bool is_trailer(const struct damaged *damaged, size_t at)
{
    return at + 1 < damaged->len && damaged->memory[at] == HL7_FS &&
           damaged->memory[at + 1] == '\r';
}

/* The next VT or FS from an offset on is a VT, or there is none. */
static bool is_text_from(const struct damaged *damaged, size_t at)
{
    while (at < damaged->len && damaged->memory[at] != HL7_VT && damaged->memory[at] != HL7_FS) {
        at++;
    }
    return at == damaged->len || damaged->memory[at] == HL7_VT;
}

/* What the head comment names: no framing can know better. */
static bool looks_whole(const struct damaged *damaged, size_t a, size_t b)
{
    bool joined = a == FIRST_END && b == SECOND_START - 1;
    bool cut = false;

    for (size_t i = 0; i < damaged->len; i++) {
        cut = cut || (i != FIRST_END && i != SECOND_END && is_trailer(damaged, i) &&
                      is_text_from(damaged, i + 2));
    }
    return joined || cut;
}

/* rule 4: two bytes at two places. */
static void two_bytes_written_over_apart_never_merge_or_cut_a_message(void **state)
{
    struct damaged damaged;

    (void)state;
    for (size_t a = 0; a < WHOLE; a++) {
        for (size_t b = a + 2; b < WHOLE; b++) {
            for (size_t i = 0; i < (size_t)BYTES * BYTES; i++) {
                write_over(&damaged, a, (hl7_slice){&bytes[i % BYTES], 1});
                damaged.memory[b] = bytes[i / BYTES];
                if (!looks_whole(&damaged, a, b)) {
                    check(&damaged, true);
                }
            }
        }
    }
}

/* A damaged frame is never taken for a whole one: of the frame that was hit by VT or FS nothing is
 * given out, and what was held is kept for a person to look at. */
static void a_vt_or_fs_inside_a_payload_breaks_the_stream_there(void **state)
{
    static struct stream_run run;
    struct damaged damaged;

    (void)state;
    for (size_t at = FIRST_START; at < FIRST_END; at++) {
        for (size_t i = 0; i < 2; i++) {
            /* FS on the byte before a CR makes a trailer; test_mllp.c has that. */
            if (bytes[i] == HL7_FS && whole[at + 1] == '\r') {
                continue;
            }
            write_over(&damaged, at, (hl7_slice){&bytes[i], 1});
            stream_one_shot(&run, (hl7_slice){damaged.memory, damaged.len}, LIMIT, true);
            assert_string_equal(stream_shape(&run), "B");
            assert_int_equal(run.events[0].why, HL7_BAD_FRAME);
            assert_int_equal(run.events[0].position, at);
            assert_int_equal(run.events[0].bytes.len, damaged.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_undamaged_stream_is_two_messages),
        cmocka_unit_test(bytes_put_in_anywhere_never_merge_or_cut_a_message),
        cmocka_unit_test(bytes_written_over_anywhere_never_merge_or_cut_a_message),
        cmocka_unit_test(damage_to_the_second_frame_leaves_the_first_intact),
        cmocka_unit_test(two_bytes_written_over_apart_never_merge_or_cut_a_message),
        cmocka_unit_test(a_vt_or_fs_inside_a_payload_breaks_the_stream_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
