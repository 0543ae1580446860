/* SPDX-License-Identifier: Apache-2.0
 *
 * Framing, rules 1 to 5: what each stream yields, at every split. Damage to a stream at every
 * position is in test_mllp_damage.c. */
#include "stream.h"

enum { LIMIT = 1000 };

/* ---- What a stream yields ------------------------------------------------------------------ */

struct stream_case {
    const char *name;
    hl7_slice stream;
    const char *lenient; /* the shape of what comes out, a lone FS allowed to end a frame */
    const char *strict;  /* and not allowed */
};

#define STREAM(literal)                                                                            \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* Streams whose events are the same at every split. */
static const struct stream_case whole_streams[] = {
    {"nothing", STREAM(""), "", ""},
    /* rule 1 */
    {"one frame", STREAM("\x0bMSH|a\x1c\r"), "M", "M"},
    {"CR inside is no end", STREAM("\x0bMSH|a\rPID|b\r\x1c\r"), "M", "M"},
    {"CR first and last", STREAM("\x0b\rMSH|a\r\r\x1c\r"), "M", "M"},
    {"an empty frame", STREAM("\x0b\x1c\r"), "M", "M"},
    {"a frame of one byte", STREAM("\x0bx\x1c\r"), "M", "M"},
    {"NUL, LF and high bytes are payload", STREAM("\x0b\0\n\xff\xe4\x1c\r"), "M", "M"},
    /* rule 2 */
    {"two frames", STREAM("\x0bMSH|a\x1c\r\x0bMSH|b\x1c\r"), "MM", "MM"},
    {"a frame and the start of one", STREAM("\x0bMSH|a\x1c\r\x0bMS"), "M+3", "M+3"},
    {"a frame without its end", STREAM("\x0bMSH|a"), "+6", "+6"},
    {"a frame ended by CR alone", STREAM("\x0bMSH|a\r"), "+7", "+7"},
    {"a VT alone", STREAM("\x0b"), "+1", "+1"},
    /* rule 3 */
    {"FS CR LF", STREAM("\x0bMSH|a\x1c\r\n"), "MJ", "MJ"},
    {"FS CR LF between", STREAM("\x0bMSH|a\x1c\r\n\x0bMSH|b\x1c\r\n"), "MJMJ", "MJMJ"},
    {"FS CR CR", STREAM("\x0bMSH|a\x1c\r\r\x0bMSH|b\x1c\r"), "MJM", "MJM"},
    {"NULs between", STREAM("\0\0\x0bMSH|a\x1c\r\0\0\x0bMSH|b\x1c\r\0"), "JMJMJ", "JMJMJ"},
    {"log text before", STREAM("sending...\r\n\x0bMSH|a\x1c\r"), "JM", "JM"},
    {"log text between", STREAM("\x0bMSH|a\x1c\r sent\n\x0bMSH|b\x1c\r"), "MJM", "MJM"},
    {"log text after", STREAM("\x0bMSH|a\x1c\rsent 1 message\r\n"), "MJ", "MJ"},
    {"a telnet session", STREAM("\xff\xfd\x03\xff\xfb\x01hello\r\n"), "J", "J"},
    {"an HTTP request", STREAM("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "J", "J"},
    {"a message without a frame", STREAM("MSH|^~\\&|a\rPID|1\r"), "J", "J"},
    {"a trailer without a frame", STREAM("MSH|a\x1c\r"), "J", "J"},
    {"a frame behind an unframed one", STREAM("MSH|a\x1c\r\x0bMSH|b\x1c\r"), "JM", "JM"},
    /* rule 3: the final CR left out */
    {"FS VT header", STREAM("\x0bMSH|a\x1c\x0bMSH|b\x1c\r"), "MM", "B"},
    {"FS VT file header", STREAM("\x0bMSH|a\x1c\x0b\x46HS|b\x1c\r"), "MM", "B"},
    {"FS VT batch header", STREAM("\x0bMSH|a\x1c\x0b\x42HS|b\x1c\r"), "MM", "B"},
    {"FS VT mark and header", STREAM("\x0bMSH|a\x1c\x0b\xef\xbb\xbfMSH|b\x1c\r"), "MM", "B"},
    {"FS, closed", STREAM("\x0bMSH|a\x1c"), "M", "+7"},
    {"twice FS, closed", STREAM("\x0bMSH|a\x1c\x0bMSH|b\x1c"), "MM", "B"},
    {"an empty frame, FS, closed", STREAM("\x0b\x1c"), "M", "+2"},
    /* What stands behind the VT was cut off: nobody can tell what it would have been. */
    {"FS VT, closed", STREAM("\x0bMSH|a\x1c\x0b"), "+8", "B"},
    {"FS VT M, closed", STREAM("\x0bMSH|a\x1c\x0bM"), "+9", "B"},
    {"FS VT half a mark, closed", STREAM("\x0bMSH|a\x1c\x0b\xef\xbb"), "+10", "B"},
    /* rule 4 */
    {"VT inside", STREAM("\x0bMSH|a\x0bMSH|b\x1c\r"), "B", "B"},
    {"VT VT", STREAM("\x0b\x0bMSH|a\x1c\r"), "B", "B"},
    {"FS inside",
     STREAM("\x0bMSH|\x1c"
            "a\x1c\r"),
     "B", "B"},
    {"FS FS CR", STREAM("\x0bMSH|a\x1c\x1c\r"), "B", "B"},
    {"FS LF", STREAM("\x0bMSH|a\x1c\n"), "B", "B"},
    {"FS NUL", STREAM("\x0bMSH|a\x1c\0"), "B", "B"},
    {"FS VT and no header", STREAM("\x0bMSH|a\x1c\x0bPID|1\x1c\r"), "B", "B"},
    {"FS VT and nearly a header", STREAM("\x0bMSH|a\x1c\x0bMSX|1\x1c\r"), "B", "B"},
    {"FS VT mark and no header", STREAM("\x0bMSH|a\x1c\x0b\xef\xbb.MSH\x1c\r"), "B", "B"},
    {"a good frame, then a broken one", STREAM("\x0bMSH|a\x1c\r\x0bM\x0bH"), "MB", "MB"},
};

/* What is broken says what rule was, and where in the stream. */
static void check_broken(const struct stream_run *run)
{
    const struct stream_event *last = &run->events[run->count - 1];

    assert_int_equal(last->why, HL7_BAD_FRAME);
    assert_true(last->position < run->stream.len);
    assert_true(run->stream.ptr[last->position] == HL7_VT ||
                run->stream.ptr[last->position] == HL7_FS);
}

static void check_case(const struct stream_case *test, const char *expected, bool lenient)
{
    static struct stream_run whole;
    static struct stream_run other;

    stream_one_shot(&whole, test->stream, LIMIT, lenient);
    if (strcmp(stream_shape(&whole), expected) != 0) {
        fail_msg("%s (lenient %d): %s instead of %s", test->name, lenient, stream_shape(&whole),
                 expected);
    }
    if (strchr(expected, 'B') != NULL) {
        check_broken(&whole);
    }
    for (size_t at = 0; at < test->stream.len; at++) {
        stream_split(&other, test->stream, at, LIMIT, lenient);
        if (!stream_equal(&whole, &other)) {
            fail_msg("%s (lenient %d) split at %zu: %s", test->name, lenient, at,
                     stream_shape(&other));
        }
    }
    stream_bytewise(&other, test->stream, LIMIT, lenient);
    if (!stream_equal(&whole, &other)) {
        fail_msg("%s (lenient %d) byte by byte: %s", test->name, lenient, stream_shape(&other));
    }
}

/* rules 1 to 4 */
static void a_stream_yields_the_same_at_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof whole_streams / sizeof *whole_streams; i++) {
        check_case(&whole_streams[i], whole_streams[i].lenient, true);
        check_case(&whole_streams[i], whole_streams[i].strict, false);
    }
}

/* rule 1 */
static void the_payload_is_what_stands_between_vt_and_fs(void **state)
{
    static struct stream_run run;

    (void)state;
    stream_one_shot(&run, HL7_TEXT("x\x0bMSH|a\rPID|1\r\x1c\r\n\x0b\x1c\r"), LIMIT, true);
    assert_slice(stream_message(&run, 1), "MSH|a\rPID|1\r");
    assert_int_equal(stream_message(&run, 2).len, 0);
    assert_non_null(stream_message(&run, 2).ptr);
    assert_slice(run.events[0].bytes, "x");
    assert_slice(run.events[2].bytes, "\n");
}

/* ---- A frame in doubt ---------------------------------------------------------------------- */

/* rule 4: text behind a frame may be the rest of a message that was damaged into two. Its own
 * trailer shows it. The first half is never given out as a message when all of it is there. */
static void a_trailer_in_the_text_behind_a_frame_breaks_the_stream(void **state)
{
    static const hl7_slice streams[] = {
        STREAM("\x0bMSH|a\x1c\rPID|1\r\x1c\r"),
        STREAM("\x0bMSH|a\x1c\rPID|1\r\x1c"),
        STREAM("\x0bMSH|a\x1c\r\r\n PID|1\r\x1c\r\x0bMSH|b\x1c\r"),
        STREAM("\x0bMSH|a\x1c\r\x1c\r"),
    };
    static struct stream_run run;

    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        stream_one_shot(&run, streams[i], LIMIT, true);
        assert_string_equal(stream_shape(&run), "B");
        assert_int_equal(run.events[0].why, HL7_BAD_FRAME);
        assert_slices(run.events[0].bytes, streams[i]);
    }
}

/* The text may come in any number of pieces, as long as some of it came with the frame's end. */
static void a_frame_stays_in_doubt_while_text_arrives(void **state)
{
    hl7_slice stream = HL7_TEXT("\x0bMSH|a\x1c\rPID|1\rPV1|1\r\x1c\r");
    static struct stream_run run;

    (void)state;
    stream_begin(&run, stream, LIMIT, true);
    for (size_t arrived = 9; arrived + 2 <= stream.len; arrived++) {
        stream_offer(&run, arrived);
        assert_int_equal(run.count, 0);
        assert_true(hl7_framer_in_doubt(&run.framer, hl7_slice_part(stream, 0, arrived)));
    }
    stream_offer(&run, stream.len);
    assert_string_equal(stream_shape(&run), "B");
}

static void a_frame_in_doubt_is_a_message_when_a_frame_follows(void **state)
{
    hl7_slice stream = HL7_TEXT("\x0bMSH|a\x1c\rlog text\x0bMSH|b\x1c\r");
    static struct stream_run run;

    (void)state;
    stream_begin(&run, stream, LIMIT, true);
    stream_offer(&run, 10);
    assert_int_equal(run.count, 0);
    stream_offer(&run, stream.len);
    assert_string_equal(stream_shape(&run), "MJM");
    assert_slice(stream_message(&run, 1), "MSH|a");
}

/* rule 3: blanks are no text: an acknowledgement does not wait for silence because of FS CR LF. */
static void blanks_behind_a_frame_cast_no_doubt(void **state)
{
    static const char blanks[] = {'\r', '\n', '\0', ' ', '\t'};
    static struct stream_run run;
    char memory[] = "\x0bMSH|a\x1c\r..";

    (void)state;
    for (size_t i = 0; i < sizeof blanks * sizeof blanks; i++) {
        memory[8] = blanks[i % sizeof blanks];
        memory[9] = blanks[i / sizeof blanks];
        stream_begin(&run, (hl7_slice){memory, 10}, LIMIT, false);
        stream_offer(&run, 10);
        assert_string_equal(stream_shape(&run), "MJ");
    }
}

/* rule 3: what is in doubt, and what silence or the peer's close make of it. */
static void silence_decides_what_is_in_doubt(void **state)
{
    static const struct {
        hl7_slice held;
        bool lenient;
        bool in_doubt;
    } cases[] = {
        {STREAM("\x0bMSH|a\x1c\rlog"), true, true},
        {STREAM("\x0bMSH|a\x1c\rlog"), false, true},
        {STREAM("\x0bMSH|a\x1c\r\n\n log"), true, true},
        {STREAM("\x0bMSH|a\x1c"), true, true},
        {STREAM("\x0bMSH|a\x1c"), false, false},
        {STREAM("\x0b\x1c"), true, true},
        {STREAM("\x0bMSH|a"), true, false},
        {STREAM("\x0bMSH|a\x1c\x0bMS"), true, false},
        {STREAM("\x0b"), true, false},
        {STREAM(""), true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_framer framer;
        struct hl7_frame frame = {.consumed = 99};
        hl7_framer_init(&framer, LIMIT, cases[i].lenient);
        assert_int_equal(hl7_framer_next(&framer, cases[i].held, &frame), HL7_FRAME_MORE);
        assert_int_equal(hl7_framer_in_doubt(&framer, cases[i].held), cases[i].in_doubt);
        enum hl7_frame_kind kind = hl7_framer_end(&framer, cases[i].held, &frame);
        assert_int_equal(kind, cases[i].in_doubt ? HL7_FRAME_MESSAGE : HL7_FRAME_MORE);
        assert_false(hl7_framer_in_doubt(&framer, HL7_TEXT("")));
    }
}

static void bytes_between_frames_are_never_in_doubt(void **state)
{
    struct hl7_framer framer;

    (void)state;
    hl7_framer_init(&framer, LIMIT, true);
    assert_false(hl7_framer_in_doubt(&framer, HL7_TEXT("log\x1c")));
    assert_false(hl7_framer_in_doubt(&framer, HL7_TEXT("\x1c")));
}

/* After silence decided for a message the framer is ready for the next one. */
static void a_framer_goes_on_after_silence(void **state)
{
    hl7_slice first = HL7_TEXT("\x0bMSH|a\x1c");
    hl7_slice second = HL7_TEXT("\r\x0bMSH|b\x1c\r");
    struct hl7_framer framer;
    struct hl7_frame frame;

    (void)state;
    hl7_framer_init(&framer, LIMIT, true);
    assert_int_equal(hl7_framer_next(&framer, first, &frame), HL7_FRAME_MORE);
    assert_int_equal(hl7_framer_end(&framer, first, &frame), HL7_FRAME_MESSAGE);
    assert_slice(frame.bytes, "MSH|a");
    assert_int_equal(frame.consumed, first.len);
    /* The late CR is junk. */
    assert_int_equal(hl7_framer_next(&framer, second, &frame), HL7_FRAME_JUNK);
    second = hl7_slice_part(second, frame.consumed, second.len);
    assert_int_equal(hl7_framer_next(&framer, second, &frame), HL7_FRAME_MESSAGE);
    assert_slice(frame.bytes, "MSH|b");
}

/* ---- Limits -------------------------------------------------------------------------------- */

/* A frame with a payload of `len` bytes; the memory has room for HL7_FRAME_OVERHEAD more. */
static hl7_slice frame_of(char *memory, size_t len)
{
    memset(memory, 'x', len + 1);
    memory[0] = HL7_VT;
    memory[len + 1] = HL7_FS;
    memory[len + 2] = '\r';
    return (hl7_slice){memory, len + HL7_FRAME_OVERHEAD};
}

static void a_payload_as_long_as_the_limit_is_a_message(void **state)
{
    static struct stream_run run;
    char memory[LIMIT + HL7_FRAME_OVERHEAD];
    hl7_slice stream = frame_of(memory, LIMIT);

    (void)state;
    for (size_t at = LIMIT - 2; at <= stream.len; at++) {
        stream_split(&run, stream, at, LIMIT, true);
        assert_string_equal(stream_shape(&run), "M");
        assert_int_equal(stream_message(&run, 1).len, LIMIT);
    }
}

static void a_payload_of_one_byte_more_is_too_large(void **state)
{
    static struct stream_run run;
    char memory[LIMIT + 1 + HL7_FRAME_OVERHEAD];
    hl7_slice stream = frame_of(memory, LIMIT + 1);

    (void)state;
    for (size_t at = 0; at <= stream.len; at++) {
        stream_split(&run, stream, at, LIMIT, true);
        assert_string_equal(stream_shape(&run), "B");
        assert_int_equal(run.events[0].why, HL7_TOO_LARGE);
        assert_int_equal(run.events[0].position, LIMIT + 1);
    }
}

/* It need not end before it is refused: the memory held has a bound. */
static void a_payload_that_never_ends_is_refused_at_the_first_byte_too_many(void **state)
{
    static struct stream_run run;
    char memory[LIMIT + 2 + HL7_FRAME_OVERHEAD];
    hl7_slice stream = frame_of(memory, LIMIT + 2);

    (void)state;
    stream_begin(&run, stream, LIMIT, true);
    stream_offer(&run, 1 + LIMIT);
    assert_int_equal(run.count, 0);
    stream_offer(&run, 1 + LIMIT + 1);
    assert_int_equal(run.count, 1);
    assert_int_equal(run.events[0].why, HL7_TOO_LARGE);
}

/* Neither does the text behind a frame in doubt. */
static void text_behind_a_frame_is_waited_through_for_no_longer_than_a_message(void **state)
{
    static struct stream_run run;
    char memory[3 * LIMIT];
    hl7_slice stream = {memory, sizeof memory};

    (void)state;
    memset(memory, 'x', sizeof memory);
    memcpy(memory, "\x0bMSH\x1c\r", 6);
    stream_begin(&run, stream, LIMIT, true);
    for (size_t arrived = 7; arrived <= 6 + LIMIT; arrived++) {
        stream_offer(&run, arrived);
        assert_int_equal(run.count, 0);
    }
    stream_offer(&run, 6 + LIMIT + 1);
    assert_string_equal(stream_shape(&run), "MJ+1993");
    stream_offer(&run, stream.len);
    assert_string_equal(stream_shape(&run), "MJ");
}

static void a_limit_of_nothing_lets_empty_frames_through(void **state)
{
    static struct stream_run run;

    (void)state;
    stream_one_shot(&run, HL7_TEXT("\x0b\x1c\r\x0bx\x1c\r"), 0, true);
    assert_string_equal(stream_shape(&run), "MB");
    assert_int_equal(run.events[1].why, HL7_TOO_LARGE);
}

static void the_largest_limit_is_no_limit(void **state)
{
    static struct stream_run run;

    (void)state;
    stream_one_shot(&run, HL7_TEXT("\x0bMSH|a\x1c\r\x0bMSH|b"), SIZE_MAX, true);
    assert_string_equal(stream_shape(&run), "M+6");
}

/* rule 17: 16 MB in steps of 4 KB. Were the held bytes scanned anew at each step, this would read
 * 32 GB and meet the time limit of the test. */
static void a_large_frame_is_scanned_once_however_it_arrives(void **state)
{
    const size_t len = (size_t)16 << 20;
    char *memory = test_malloc(len + HL7_FRAME_OVERHEAD);
    hl7_slice stream = frame_of(memory, len);
    struct hl7_framer framer;
    struct hl7_frame frame;

    (void)state;
    hl7_framer_init(&framer, len, true);
    for (size_t arrived = 4096; arrived < stream.len; arrived += 4096) {
        assert_int_equal(hl7_framer_next(&framer, hl7_slice_part(stream, 0, arrived), &frame),
                         HL7_FRAME_MORE);
    }
    assert_int_equal(hl7_framer_next(&framer, stream, &frame), HL7_FRAME_MESSAGE);
    assert_int_equal(frame.bytes.len, len);
    test_free(memory);
}

/* ---- Properties ---------------------------------------------------------------------------- */

/* Text without VT and FS; it may be empty. */
static void add_text(struct random_state *random, struct hl7_buffer *buffer)
{
    size_t len = random_below(random, 30);

    for (size_t i = 0; i < len; i++) {
        char byte = random_once_in(random, 3) ? "\r\n |M\0"[random_below(random, 6)]
                                              : (char)(unsigned char)random_below(random, 256);
        hl7_buffer_add_byte(buffer, byte == HL7_VT || byte == HL7_FS ? 'x' : byte);
    }
}

/* A stream of whole frames with text between them, perhaps a piece of a frame behind. Some leave
 * the final CR out where a header follows. */
static void random_stream(struct random_state *random, bool lenient, struct hl7_buffer *buffer)
{
    size_t frames = random_below(random, 6);

    if (random_once_in(random, 4)) {
        add_text(random, buffer);
    }
    for (size_t i = 0; i < frames; i++) {
        bool no_cr = lenient && random_once_in(random, 3);
        hl7_buffer_add(buffer, HL7_TEXT("\x0bMSH"));
        add_text(random, buffer);
        hl7_buffer_add_byte(buffer, HL7_FS);
        if (no_cr) {
            continue;
        }
        hl7_buffer_add_byte(buffer, '\r');
        if (random_once_in(random, 3)) {
            add_text(random, buffer);
        }
    }
    if (random_once_in(random, 3)) {
        hl7_buffer_add(buffer, HL7_TEXT("\x0bMSH"));
        add_text(random, buffer);
    }
}

/* rule 2 */
static void random_streams_yield_the_same_whatever_the_chunking(void **state)
{
    static struct stream_run whole;
    static struct stream_run other;
    struct random_state random;
    char memory[2000];

    (void)state;
    random_init(&random, 3);
    for (int round = 0; round < 1000; round++) {
        bool lenient = random_once_in(&random, 2);
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, sizeof memory);
        random_stream(&random, lenient, &buffer);
        hl7_slice stream = hl7_buffer_slice(&buffer);
        stream_one_shot(&whole, stream, LIMIT, lenient);
        assert_null(strchr(stream_shape(&whole), 'B'));
        stream_bytewise(&other, stream, LIMIT, lenient);
        assert_true(stream_equal(&whole, &other));
        stream_begin(&other, stream, LIMIT, lenient);
        for (size_t at = 0; at < stream.len; at += 1 + random_below(&random, 9)) {
            stream_offer(&other, at);
        }
        stream_offer(&other, stream.len);
        stream_end(&other);
        assert_true(stream_equal(&whole, &other));
    }
}

/* Events and what is left over, joined, are the stream: no byte is lost or seen twice. */
static void every_byte_of_any_stream_is_accounted_for(void **state)
{
    static struct stream_run run;
    struct random_state random;
    char memory[60];

    (void)state;
    random_init(&random, 4);
    for (int round = 0; round < 20000; round++) {
        size_t len = random_below(&random, sizeof memory);
        bool broken = false;
        size_t bytes = 0;
        random_fill_from(&random, memory, len, HL7_TEXT("\x0b\x0b\x1c\r\x1c\rMSH\nx"));
        hl7_slice stream = {memory, len};
        stream_one_shot(&run, stream, 20, random_once_in(&random, 2));
        for (size_t i = 0; i < run.count; i++) {
            broken = broken || run.events[i].kind == HL7_FRAME_BROKEN;
            bytes += run.events[i].bytes.len;
            /* A message leaves out its VT, FS and CR. */
            bytes += run.events[i].kind == HL7_FRAME_MESSAGE ? 2 : 0;
        }
        assert_true(run.consumed <= len);
        assert_true(bytes <= run.consumed && run.consumed - bytes <= run.count);
        assert_true(!broken || run.consumed == len);
    }
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* rule 6: one piece, to be sent as one. */
static void a_frame_is_written_as_vt_payload_fs_cr(void **state)
{
    char memory[16];
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_frame_write(HL7_TEXT("MSH|a"), &buffer);
    hl7_frame_write((hl7_slice){NULL, 0}, &buffer);
    assert_slices(hl7_buffer_slice(&buffer), HL7_TEXT("\x0bMSH|a\x1c\r\x0b\x1c\r"));
    assert_false(buffer.full);
}

static void a_frame_that_does_not_fit_is_not_begun(void **state)
{
    static const size_t sizes[] = {0, 1, 6, 7};
    char memory[8];
    struct hl7_buffer buffer;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        hl7_buffer_init(&buffer, memory, sizes[i]);
        hl7_frame_write(HL7_TEXT("MSH|a"), &buffer);
        assert_int_equal(buffer.len, 0);
        assert_true(buffer.full);
    }
    hl7_buffer_init(&buffer, memory, 8);
    hl7_frame_write(HL7_TEXT("MSH|a"), &buffer);
    assert_int_equal(buffer.len, 8);
    assert_false(buffer.full);
    hl7_buffer_init(&buffer, memory, 8);
    hl7_frame_write((hl7_slice){memory, SIZE_MAX}, &buffer);
    assert_true(buffer.full);
}

static void what_is_written_is_read_back(void **state)
{
    static struct stream_run run;
    struct random_state random;
    char payload[200];
    char memory[200 + HL7_FRAME_OVERHEAD];

    (void)state;
    random_init(&random, 5);
    for (int round = 0; round < 200; round++) {
        struct hl7_buffer text;
        struct hl7_buffer buffer;
        hl7_buffer_init(&text, payload, sizeof payload);
        add_text(&random, &text);
        hl7_buffer_init(&buffer, memory, sizeof memory);
        hl7_frame_write(hl7_buffer_slice(&text), &buffer);
        stream_bytewise(&run, hl7_buffer_slice(&buffer), sizeof payload, false);
        assert_string_equal(stream_shape(&run), "M");
        assert_slices(stream_message(&run, 1), hl7_buffer_slice(&text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_yields_the_same_at_every_split),
        cmocka_unit_test(the_payload_is_what_stands_between_vt_and_fs),
        cmocka_unit_test(a_trailer_in_the_text_behind_a_frame_breaks_the_stream),
        cmocka_unit_test(a_frame_stays_in_doubt_while_text_arrives),
        cmocka_unit_test(a_frame_in_doubt_is_a_message_when_a_frame_follows),
        cmocka_unit_test(blanks_behind_a_frame_cast_no_doubt),
        cmocka_unit_test(silence_decides_what_is_in_doubt),
        cmocka_unit_test(bytes_between_frames_are_never_in_doubt),
        cmocka_unit_test(a_framer_goes_on_after_silence),
        cmocka_unit_test(a_payload_as_long_as_the_limit_is_a_message),
        cmocka_unit_test(a_payload_of_one_byte_more_is_too_large),
        cmocka_unit_test(a_payload_that_never_ends_is_refused_at_the_first_byte_too_many),
        cmocka_unit_test(text_behind_a_frame_is_waited_through_for_no_longer_than_a_message),
        cmocka_unit_test(a_limit_of_nothing_lets_empty_frames_through),
        cmocka_unit_test(the_largest_limit_is_no_limit),
        cmocka_unit_test(a_large_frame_is_scanned_once_however_it_arrives),
        cmocka_unit_test(random_streams_yield_the_same_whatever_the_chunking),
        cmocka_unit_test(every_byte_of_any_stream_is_accounted_for),
        cmocka_unit_test(a_frame_is_written_as_vt_payload_fs_cr),
        cmocka_unit_test(a_frame_that_does_not_fit_is_not_begun),
        cmocka_unit_test(what_is_written_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
