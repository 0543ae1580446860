/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers: which frames a message asks for, batches of them, and what happens when there is no room. */
#include "support.h"

#include "answers.h"

static struct services services;
static struct answers answers = {.services = &services};

static int open_services(void **state)
{
    (void)state;
    services_open(&services, NULL);
    return 0;
}

static int close_services(void **state)
{
    (void)state;
    answers_free(&answers);
    services_close(&services);
    return 0;
}

/* Writes the answers to a message whose MSH ends with `rest` (from MSH-11 on). */
static bool answer(const char *rest, enum hl7_outcome outcome, struct hl7_buffer *out,
                   char code[ANSWER_CODE])
{
    static char text[200];
    static struct parsing parsing;
    struct hl7_message message;
    struct hl7_buffer buffer;
    struct answer_verdict verdict = {
        .outcome = outcome, .condition = HL7_INTERNAL_ERROR, .reason = "no"};

    hl7_buffer_init(&buffer, text, sizeof text);
    hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&|S|F|R|G|20260101||ADT^A01|ID7"));
    hl7_buffer_add(&buffer, hl7_slice_of(rest));
    assert_true(parsing_message(&parsing, hl7_buffer_slice(&buffer), &message, NULL));
    bool good = answers_message(&answers, &message, &verdict, out, code);
    parsing_free(&parsing);
    return good;
}

/* How many frames the buffer holds; each must begin and end as one and name the message. */
static size_t count_frames(const struct hl7_buffer *out)
{
    struct hl7_framer framer;
    struct hl7_frame frame;
    hl7_slice rest = hl7_buffer_slice(out);
    size_t count = 0;

    hl7_framer_init(&framer, 10000, false);
    while (rest.len > 0) {
        assert_int_equal(hl7_framer_next(&framer, rest, &frame), HL7_FRAME_MESSAGE);
        rest = hl7_slice_part(rest, frame.consumed, rest.len);
        assert_non_null(memmem(frame.bytes.ptr, frame.bytes.len, "|ID7", 4));
        count++;
    }
    return count;
}

static void the_header_decides_which_answers_there_are(void **state)
{
    static const struct {
        const char *rest;
        enum hl7_outcome outcome;
        const char *code;
        size_t frames;
    } cases[] = {
        {"|P|2.5", HL7_ACCEPTED, "AA", 1},
        {"|P|2.5", HL7_FAILED, "AE", 1},
        {"|P|2.5", HL7_REJECTED, "AR", 1},
        {"|P|2.5|||AL|NE", HL7_ACCEPTED, "CA", 1},
        {"|P|2.5|||AL|AL", HL7_ACCEPTED, "CA+AA", 2},
        {"|P|2.5|||NE|NE", HL7_ACCEPTED, "", 0},
        {"|P|2.5|||ER|NE", HL7_ACCEPTED, "", 0},
        {"|P|2.5|||ER|NE", HL7_REJECTED, "CR", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[2000];
        char code[ANSWER_CODE];
        struct hl7_buffer out;

        hl7_buffer_init(&out, memory, sizeof memory);
        assert_true(answer(cases[i].rest, cases[i].outcome, &out, code));
        assert_string_equal(code, cases[i].code);
        assert_int_equal(count_frames(&out), cases[i].frames);
    }
}

static void an_answer_without_room_leaves_the_buffer_as_it_was(void **state)
{
    char memory[2000];
    char code[ANSWER_CODE];
    struct hl7_buffer out;
    size_t whole = 0;

    (void)state;
    hl7_buffer_init(&out, memory, sizeof memory);
    assert_true(answer("|P|2.5|||AL|AL", HL7_ACCEPTED, &out, code));
    whole = out.len;
    for (size_t size = 3; size < whole; size++) {
        hl7_buffer_init(&out, memory, size);
        hl7_buffer_add(&out, HL7_TEXT("abc"));
        assert_false(answer("|P|2.5|||AL|AL", HL7_ACCEPTED, &out, code));
        assert_slice(hl7_buffer_slice(&out), "abc");
        assert_false(out.full);
    }
}

static void a_batch_is_answered_by_one_batch(void **state)
{
    hl7_slice batch = HL7_TEXT("FHS|^~\\&|S\rBHS|^~\\&|S\rMSH|^~\\&|S||||||ADT^A01|1|P|2.5\r"
                               "MSH|^~\\&|S||||||ADT^A01|2|P|2.5\rBTS|2\rFTS|1\r");
    struct answer_verdict verdict = {.outcome = HL7_ACCEPTED};
    char memory[4000];
    char code[ANSWER_CODE];
    struct hl7_buffer out;
    size_t messages = 0;

    (void)state;
    hl7_buffer_init(&out, memory, sizeof memory);
    assert_true(answers_batch(&answers, batch, &verdict, &out, code));
    assert_string_equal(code, "batch");
    assert_int_equal(memory[0], HL7_VT);
    hl7_slice payload = hl7_slice_part(hl7_buffer_slice(&out), 1, out.len - HL7_FRAME_OVERHEAD);
    assert_int_equal(hl7_batch_check(payload, &messages, NULL), HL7_OK);
    assert_int_equal(messages, 2);
    assert_non_null(memmem(payload.ptr, payload.len, "MSA|AA|1\r", 9));
    assert_non_null(memmem(payload.ptr, payload.len, "MSA|AA|2\r", 9));
}

static void bytes_of_others_are_framed_and_named(void **state)
{
    char memory[100];
    char code[ANSWER_CODE];
    struct hl7_buffer out;

    (void)state;
    hl7_buffer_init(&out, memory, sizeof memory);
    assert_true(answers_bytes(HL7_TEXT("MSH|^~\\&\rMSA|AR|9\r"), &out, code));
    assert_string_equal(code, "AR");
    assert_slice(hl7_buffer_slice(&out), "\x0bMSH|^~\\&\rMSA|AR|9\r\x1c\r");
    assert_true(answers_bytes(HL7_TEXT("hello"), &out, code));
    assert_string_equal(code, "reply");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_decides_which_answers_there_are),
        cmocka_unit_test(an_answer_without_room_leaves_the_buffer_as_it_was),
        cmocka_unit_test(a_batch_is_answered_by_one_batch),
        cmocka_unit_test(bytes_of_others_are_framed_and_named),
    };

    return cmocka_run_group_tests(tests, open_services, close_services);
}
