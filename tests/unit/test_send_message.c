/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages made ready to be sent: frames, control ids, which answers are awaited. */
#include "support.h"

#include <stdio.h>

#include "send_message.h"

#define HEAD "MSH|^~\\&|TESTAPP|TESTHOSPITAL|RIS|RADIOLOGY|20230403111111||"

/* A maker and one place, which each case fills anew. */
struct bench {
    struct send_maker maker;
    struct send_message message;
};

static int bench_open(void **state)
{
    static struct bench bench;

    memset(&bench, 0, sizeof bench);
    send_maker_init(&bench.maker, 1700000000000, 4711);
    *state = &bench;
    return 0;
}

static int bench_close(void **state)
{
    struct bench *bench = *state;

    send_maker_release(&bench->maker);
    memory_free(&bench->message.memory);
    return 0;
}

static void make(struct bench *bench, hl7_slice bytes, enum source_kind kind)
{
    struct source_item item = {.kind = kind, .bytes = bytes, .file = "m.hl7", .line = 7};

    assert_true(send_message_make(&bench->maker, &item, &bench->message));
}

static void make_text(struct bench *bench, const char *text)
{
    make(bench, hl7_slice_of(text), SOURCE_MESSAGE);
}

/* ---- Frames --------------------------------------------------------------------------------- */

/* rule 9 */
static void a_frame_holds_segments_ended_by_cr(void **state)
{
    static const char *const texts[] = {
        HEAD "ADT^A01|T1|P|2.4\nPID|1\n", HEAD "ADT^A01|T1|P|2.4\rPID|1\r",
        HEAD "ADT^A01|T1|P|2.4\r\nPID|1\r\n", HEAD "ADT^A01|T1|P|2.4\nPID|1"};
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        make_text(bench, texts[i]);
        assert_slice(bench->message.frame, "\x0b" HEAD "ADT^A01|T1|P|2.4\rPID|1\r\x1c\r");
        assert_slice(send_message_payload(&bench->message), HEAD "ADT^A01|T1|P|2.4\rPID|1\r");
        assert_slice(bench->message.control_id, "T1");
        assert_string_equal(bench->message.file, "m.hl7");
        assert_int_equal(bench->message.line, 7);
        assert_null(bench->message.text);
    }
}

/* rule 4 */
static void frame_bytes_inside_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {{HEAD "ADT^A01|T1\rPID|\x0b\r", "byte 75 is 0B"},
                 {HEAD "ADT^A01|T1\rPID|\x1c\r", "byte 75 is 1C"},
                 {HEAD "ADT^A01|T1\rPID|\x1c\x0b\r", "byte 75 is 1C"},
                 {HEAD "ADT^A01|T1\rPID|\x0b\x1c\r", "byte 75 is 0B"}};
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_text(bench, cases[i].text);
        assert_int_equal(bench->message.kind, SEND_PROBLEM);
        assert_false(bench->message.unread);
        assert_non_null(strstr(bench->message.text, cases[i].says));
    }
}

static void a_message_that_cannot_be_indexed_goes_with_a_remark(void **state)
{
    struct bench *bench = *state;

    make_text(bench, "MSH|^^^^|TESTAPP\rPID|1\r");
    assert_int_equal(bench->message.kind, SEND_MESSAGE);
    assert_non_null(strstr(bench->message.text, "sent as it is"));
    assert_slice(send_message_payload(&bench->message), "MSH|^^^^|TESTAPP\rPID|1\r");
}

static void an_unusable_header_is_refused(void **state)
{
    struct bench *bench = *state;

    make_text(bench, "MSHxx\rPID|1\r");
    assert_int_equal(bench->message.kind, SEND_PROBLEM);
}

static void a_missing_control_id_is_remarked(void **state)
{
    struct bench *bench = *state;

    make_text(bench, HEAD "ADT^A01||P|2.4\r");
    assert_non_null(strstr(bench->message.text, "MSH-10"));
    assert_int_equal(bench->message.control_id.len, 0);
}

static void a_place_is_used_again(void **state)
{
    struct bench *bench = *state;

    make_text(bench, HEAD "ADT^A01|T1|P|2.4\r");
    const void *memory = bench->message.memory.ptr;
    bench->message.sent = true;
    bench->message.attempts = 3;
    make_text(bench, HEAD "ADT^A02|T2|P|2.4\r");
    assert_ptr_equal(bench->message.memory.ptr, memory);
    assert_slice(bench->message.control_id, "T2");
    assert_false(bench->message.sent);
    assert_int_equal(bench->message.attempts, 0);
}

static void a_problem_carries_its_text(void **state)
{
    struct bench *bench = *state;

    assert_true(send_message_problem(&bench->message, "m.hl7:3: not HL7"));
    assert_int_equal(bench->message.kind, SEND_PROBLEM);
    assert_true(bench->message.unread);
    assert_string_equal(bench->message.text, "m.hl7:3: not HL7");
    assert_int_equal(bench->message.messages, 0);
}

/* ---- New control ids ------------------------------------------------------------------------ */

static void new_control_ids_count_up_and_change_nothing_else(void **state)
{
    struct bench *bench = *state;
    char first[SEND_ID_SIZE];

    bench->maker.new_control_id = true;
    make_text(bench, HEAD "ADT^A01|T1|P|2.4\rPID|1||\\.br\\~~|||\r");
    assert_int_equal(bench->message.control_id.len, SEND_ID_SIZE);
    memcpy(first, bench->message.control_id.ptr, SEND_ID_SIZE);
    assert_memory_equal(first + SEND_ID_SIZE - 7, "0000000", 7);
    hl7_slice payload = send_message_payload(&bench->message);
    size_t before = sizeof HEAD "ADT^A01|" - 1;
    assert_slice(hl7_slice_part(payload, 0, before), HEAD "ADT^A01|");
    assert_slice(hl7_slice_part(payload, before + SEND_ID_SIZE, payload.len),
                 "|P|2.4\rPID|1||\\.br\\~~|||\r");
    for (int i = 0; i < 36; i++) {
        make_text(bench, HEAD "ADT^A01|T1|P|2.4\r");
    }
    assert_memory_equal(bench->message.control_id.ptr, first, SEND_ID_SIZE - 7);
    assert_memory_equal(bench->message.control_id.ptr + SEND_ID_SIZE - 7, "0000010", 7);
}

static void runs_that_differ_in_time_or_process_have_other_ids(void **state)
{
    static const uint64_t runs[][2] = {{1700000000000, 4711},
                                       {1700000000001, 4711},
                                       {1700000000000, 4712},
                                       {1700000000036, 4711},
                                       {1700000000000, 4194304}};
    struct send_maker makers[sizeof runs / sizeof runs[0]];

    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        send_maker_init(&makers[i], runs[i][0], runs[i][1]);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(makers[i].prefix, makers[j].prefix, sizeof makers[i].prefix);
        }
    }
}

static void a_new_control_id_brings_the_fields_before_it(void **state)
{
    struct bench *bench = *state;

    bench->maker.new_control_id = true;
    make_text(bench, "MSH|^~\\&|TESTAPP\rPID|1\r");
    assert_slice(hl7_slice_part(send_message_payload(&bench->message), 0, 23),
                 "MSH|^~\\&|TESTAPP|||||||");
    assert_int_equal(bench->message.control_id.len, SEND_ID_SIZE);
}

static void a_message_that_cannot_be_edited_is_refused(void **state)
{
    struct bench *bench = *state;

    bench->maker.new_control_id = true;
    make_text(bench, "MSH|^^^^|TESTAPP\rPID|1\r");
    assert_int_equal(bench->message.kind, SEND_PROBLEM);
    assert_non_null(strstr(bench->message.text, "new control id"));
}

static void many_short_segments_can_be_given_a_new_control_id(void **state)
{
    enum { SEGMENTS = 50000 };
    struct bench *bench = *state;
    size_t head = sizeof HEAD "ADT^A01|T1\r" - 1;
    size_t size = head + (size_t)SEGMENTS * 4;
    struct memory_block block = {NULL, 0};

    assert_true(memory_grow(&block, size));
    char *text = block.ptr;
    memcpy(text, HEAD "ADT^A01|T1\r", head);
    for (size_t i = 0; i < SEGMENTS; i++) {
        memcpy(text + head + i * 4, "ZZZ\r", 4);
    }
    bench->maker.new_control_id = true;
    make(bench, (hl7_slice){text, size}, SOURCE_MESSAGE);
    assert_int_equal(bench->message.kind, SEND_MESSAGE);
    assert_int_equal(send_message_payload(&bench->message).len, size + SEND_ID_SIZE - 2);
    memory_free(&block);
}

/* ---- Batches -------------------------------------------------------------------------------- */

#define BATCH_HEAD "BHS|^~\\&|TESTAPP|TESTHOSPITAL|RIS|RADIOLOGY|20230403||||B1\r"

/* rule 31 */
static void a_batch_knows_its_id_and_its_messages(void **state)
{
    struct bench *bench = *state;

    make(bench,
         HL7_TEXT(BATCH_HEAD HEAD "ADT^A01|T1|P|2.4\r" HEAD "ADT^A01|T2|P|2.4\rPID|1\r"
                                  "BTS|2\r"),
         SOURCE_BATCH);
    assert_int_equal(bench->message.kind, SEND_BATCH);
    assert_slice(bench->message.control_id, "B1");
    assert_int_equal(bench->message.messages, 2);
    assert_null(bench->message.text);
    assert_true(bench->message.awaits_application);
}

static void a_batch_with_a_false_count_goes_with_a_remark(void **state)
{
    struct bench *bench = *state;

    make(bench, HL7_TEXT(BATCH_HEAD HEAD "ADT^A01|T1|P|2.4\rBTS|5\r"), SOURCE_BATCH);
    assert_int_equal(bench->message.kind, SEND_BATCH);
    assert_non_null(strstr(bench->message.text, "sent as it is"));
}

static void each_message_of_a_batch_gets_an_id_of_its_own(void **state)
{
    struct bench *bench = *state;
    struct hl7_batch batch;
    struct hl7_batch_part part;
    size_t messages = 0;

    bench->maker.new_control_id = true;
    make(bench, HL7_TEXT(BATCH_HEAD HEAD "ADT^A01|T1|P|2.4\r" HEAD "ADT^A01|T2|P|2.4\rBTS|2\r"),
         SOURCE_BATCH);
    hl7_batch_init(&batch, send_message_payload(&bench->message));
    while (hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        if (part.kind == HL7_BATCH_MESSAGE) {
            hl7_slice id = hl7_piece(part.bytes, '|', 10);
            assert_int_equal(id.len, SEND_ID_SIZE);
            assert_int_equal(id.ptr[SEND_ID_SIZE - 1], '0' + (int)messages);
            messages++;
        }
    }
    assert_int_equal(messages, 2);
    assert_int_equal(bench->maker.counter, 2);
}

/* ---- What is awaited ------------------------------------------------------------------------ */

/* rules 21 and 23 */
static void msh_15_and_16_decide_what_is_awaited(void **state)
{
    static const struct {
        const char *tail; /* behind MSH-8 */
        bool accept;
        bool application;
        bool silent;
        bool goes_on; /* after CA */
        bool done;
    } cases[] = {
        {"ADT^A01|T1|P|2.4", false, true, false, true, false},
        {"ADT^A01|T1|P|2.4|||AL|NE", true, false, false, false, false},
        {"ADT^A01|T1|P|2.4|||AL|", true, false, false, false, false},
        {"ADT^A01|T1|P|2.4|||AL|AL", true, true, false, true, false},
        {"ADT^A01|T1|P|2.4|||AL|ER", true, false, false, true, false},
        {"ADT^A01|T1|P|2.4|||NE|AL", false, true, false, true, false},
        {"ADT^A01|T1|P|2.4|||ER|NE", false, false, true, false, false},
        {"ADT^A01|T1|P|2.4|||ER|ER", false, false, true, true, false},
        {"ADT^A01|T1|P|2.4|||SU|NE", true, false, false, false, false},
        {"ADT^A01|T1|P|2.4|||NE|NE", false, false, false, false, true},
        {"ACK|T1|P|2.4", false, false, false, false, true},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];

        (void)snprintf(text, sizeof text, HEAD "%s\r", cases[i].tail);
        make_text(bench, text);
        assert_int_equal(bench->message.awaits_accept, cases[i].accept);
        assert_int_equal(bench->message.awaits_application, cases[i].application);
        assert_int_equal(send_message_succeeds_silently(&bench->message), cases[i].silent);
        assert_int_equal(send_message_goes_on_after_accept(&bench->message), cases[i].goes_on);
        assert_int_equal(send_message_is_done_when_sent(&bench->message), cases[i].done);
    }
}

static void without_waiting_sent_is_done(void **state)
{
    struct bench *bench = *state;

    bench->maker.no_wait = true;
    make_text(bench, HEAD "ADT^A01|T1|P|2.4|||AL|AL\r");
    assert_true(send_message_is_done_when_sent(&bench->message));
    make(bench, HL7_TEXT(BATCH_HEAD HEAD "ADT^A01|T1|P|2.4\rBTS|1\r"), SOURCE_BATCH);
    assert_true(send_message_is_done_when_sent(&bench->message));
}

static void large_memory_is_given_back_and_small_kept(void **state)
{
    struct bench *bench = *state;

    make_text(bench, HEAD "ADT^A01|T1|P|2.4\r");
    send_message_trim(&bench->message);
    assert_non_null(bench->message.memory.ptr);
    assert_true(memory_grow(&bench->message.memory, (size_t)4 << 20));
    send_message_trim(&bench->message);
    assert_null(bench->message.memory.ptr);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_frame_holds_segments_ended_by_cr),
        BENCH_TEST(frame_bytes_inside_are_refused),
        BENCH_TEST(a_message_that_cannot_be_indexed_goes_with_a_remark),
        BENCH_TEST(an_unusable_header_is_refused),
        BENCH_TEST(a_missing_control_id_is_remarked),
        BENCH_TEST(a_place_is_used_again),
        BENCH_TEST(a_problem_carries_its_text),
        BENCH_TEST(new_control_ids_count_up_and_change_nothing_else),
        BENCH_TEST(runs_that_differ_in_time_or_process_have_other_ids),
        BENCH_TEST(a_new_control_id_brings_the_fields_before_it),
        BENCH_TEST(a_message_that_cannot_be_edited_is_refused),
        BENCH_TEST(many_short_segments_can_be_given_a_new_control_id),
        BENCH_TEST(a_batch_knows_its_id_and_its_messages),
        BENCH_TEST(a_batch_with_a_false_count_goes_with_a_remark),
        BENCH_TEST(each_message_of_a_batch_gets_an_id_of_its_own),
        BENCH_TEST(msh_15_and_16_decide_what_is_awaited),
        BENCH_TEST(without_waiting_sent_is_done),
        BENCH_TEST(large_memory_is_given_back_and_small_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
