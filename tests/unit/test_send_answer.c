/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies read against the messages they answer. */
#include "support.h"

#include "send_answer.h"

#define HEAD "MSH|^~\\&|RIS|RADIOLOGY|TESTAPP|TESTHOSPITAL|20230403111112||"
#define ACK HEAD "ACK|A1|P|2.4\r"

static struct send_answer_reader reader;

static int reader_close(void **state)
{
    (void)state;
    send_answer_release(&reader);
    return 0;
}

/* A message that was sent: its frame, with the id it goes by. */
static struct send_message sent(enum send_kind kind, const char *frame, const char *id,
                                size_t messages)
{
    return (struct send_message){.kind = kind,
                                 .frame = hl7_slice_of(frame),
                                 .control_id = hl7_slice_of(id),
                                 .messages = messages,
                                 .awaits_application = true,
                                 .awaits_error = true,
                                 .awaits_application_error = true};
}

static struct send_verdict judge(const char *reply, const struct send_message *message)
{
    struct send_answer answer;
    struct send_verdict verdict;

    assert_true(send_answer_read(&reader, hl7_slice_of(reply), &answer));
    send_answer_judge(&reader, &answer, message, send_answer_names(&reader, &answer, message),
                      &verdict);
    return verdict;
}

/* ---- Single messages ------------------------------------------------------------------------ */

static void codes_become_outcomes(void **state)
{
    static const struct {
        const char *reply;
        enum send_outcome outcome;
    } cases[] = {
        {ACK "MSA|AA|T1\r", SEND_ACCEPTED},
        {ACK "MSA|AE|T1\r", SEND_ERROR},
        {ACK "MSA|AR|T1\r", SEND_REJECTED},
        {ACK "MSA|CA|T1\r", SEND_ACCEPT_ONLY},
        {ACK "MSA|CE|T1\r", SEND_ERROR},
        {ACK "MSA|CR|T1\r", SEND_REJECTED},
        {ACK "MSA|OK|T1\r", SEND_UNKNOWN_CODE},
        {ACK "MSA||T1\r", SEND_UNKNOWN_CODE},
        {ACK "MSA|AA|T2\r", SEND_FOREIGN},
        {ACK "MSA|AA\r", SEND_FOREIGN},
        {ACK "MSA|AA|T1 \r", SEND_FOREIGN},
        {ACK "MSA|AA|t1\r", SEND_FOREIGN},
        {ACK, SEND_NOT_AN_ACK},
        {HEAD "ADT^A01|X|P|2.4\r", SEND_NOT_AN_ACK},
        {"", SEND_NOT_AN_ACK},
        {"OK", SEND_NOT_AN_ACK},
        {"BHS|^~\\&\r" ACK "MSA|AA|T1\rBTS|1\r", SEND_NOT_AN_ACK},
        {HEAD "ACK|A1|P|2.4\nMSA|AA|T1\n", SEND_ACCEPTED},
        {"MSH#*~\\&#RIS\rMSA#AA#T1\r", SEND_ACCEPTED},
    };
    struct send_message message = sent(SEND_MESSAGE, "", "T1", 1);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(judge(cases[i].reply, &message).outcome, cases[i].outcome);
    }
}

/* rule 27 */
static void a_ca_ends_a_message_that_awaits_no_more(void **state)
{
    struct send_message message = sent(SEND_MESSAGE, "", "T1", 1);

    (void)state;
    message.awaits_application = false;
    assert_int_equal(judge(ACK "MSA|CA|T1\r", &message).outcome, SEND_ACCEPT_ONLY);
    message.awaits_application_error = false;
    assert_int_equal(judge(ACK "MSA|CA|T1\r", &message).outcome, SEND_ACCEPTED);
}

static void the_answer_is_described(void **state)
{
    struct send_message message = sent(SEND_MESSAGE, "", "T1", 1);
    struct send_verdict verdict = judge(ACK "MSA|AE|T1|no such patient\r", &message);

    (void)state;
    assert_int_equal(verdict.code, HL7_AE);
    assert_slice(verdict.code_text, "AE");
    assert_slice(verdict.other_id, "T1");
    assert_slice(verdict.reason, "no such patient");
    assert_slice(verdict.reply, ACK "MSA|AE|T1|no such patient\r");
    assert_non_null(strstr(judge(HEAD "ADT^A01|X|P\r", &message).detail, "ADT^A01"));
    assert_non_null(strstr(judge("", &message).detail, "empty"));
    assert_non_null(strstr(judge("hello", &message).detail, "at byte 0"));
}

static void a_message_without_id_is_answered_without_one(void **state)
{
    struct send_message message = sent(SEND_MESSAGE, "", "", 1);

    (void)state;
    assert_int_equal(judge(ACK "MSA|AA|\r", &message).outcome, SEND_ACCEPTED);
    assert_int_equal(judge(ACK "MSA|AA|T1\r", &message).outcome, SEND_FOREIGN);
}

/* ---- Batches (rule 31) ---------------------------------------------------------------------- */

#define SENT(id) "MSH|^~\\&|TESTAPP||||20230403||ADT^A01|" id "|P|2.4\rPID|1\r"
#define BATCH(inside, count) "BHS|^~\\&|RIS||||||||AB1|\r" inside "BTS|" count "\r"

static void batches_are_matched_message_by_message(void **state)
{
    static const struct {
        const char *reply;
        enum send_outcome outcome;
        size_t accepted;
    } cases[] = {
        {BATCH(ACK "MSA|AA|T1\r" ACK "MSA|AA|T2\r" ACK "MSA|AA|T3\r", "3"), SEND_ACCEPTED, 3},
        {BATCH(ACK "MSA|AA|T3\r" ACK "MSA|AA|T1\r" ACK "MSA|AA|T2\r", "3"), SEND_ACCEPTED, 3},
        {BATCH(ACK "MSA|AA|T1\r" ACK "MSA|AE|T2\r" ACK "MSA|AA|T3\r", ""), SEND_ERROR, 2},
        {BATCH(ACK "MSA|AR|T1\r" ACK "MSA|AE|T2\r" ACK "MSA|AA|T3\r", ""), SEND_REJECTED, 1},
        {BATCH(ACK "MSA|CA|T1\r" ACK "MSA|CA|T2\r" ACK "MSA|CA|T3\r", "3"), SEND_ACCEPTED, 3},
        {BATCH(ACK "MSA|AA|T1\r" ACK "MSA|AA|T2\r", "2"), SEND_BATCH_MISMATCH, 2},
        {BATCH(ACK "MSA|AA|T1\r" ACK "MSA|AA|T1\r" ACK "MSA|AA|T2\r", "3"), SEND_BATCH_MISMATCH, 1},
        {BATCH(ACK "MSA|AA|T1\r" ACK "MSA|AA|T2\r" ACK "MSA|AA|T9\r", "3"), SEND_BATCH_MISMATCH, 2},
        {BATCH(ACK "MSA|AA|T1\r" ACK ACK "MSA|AA|T3\r", "3"), SEND_BATCH_MISMATCH, 1},
        {BATCH(ACK "MSA|AA|T1\r" ACK "MSA|AA|T2\r" ACK "MSA|AA|T3\r", "4"), SEND_BATCH_MISMATCH, 0},
        {BATCH("", "0"), SEND_BATCH_MISMATCH, 0},
        {ACK "MSA|AA|B1\r", SEND_ACCEPTED, 0},
        {ACK "MSA|CA|B1\r", SEND_ACCEPTED, 0},
        {ACK "MSA|AR|B1\r", SEND_REJECTED, 0},
        {ACK "MSA|AA|T2\r", SEND_BATCH_MISMATCH, 0},
        {ACK "MSA|AA|XX\r", SEND_FOREIGN, 0},
        {ACK, SEND_NOT_AN_ACK, 0},
    };
    struct send_message message =
        sent(SEND_BATCH, "\x0b" BATCH(SENT("T1") SENT("T2") SENT("T3"), "3") "\x1c\r", "B1", 3);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct send_verdict verdict = judge(cases[i].reply, &message);

        assert_int_equal(verdict.outcome, cases[i].outcome);
        assert_int_equal(verdict.accepted, cases[i].accepted);
    }
}

static void two_messages_with_one_id_need_two_acknowledgements(void **state)
{
    struct send_message message =
        sent(SEND_BATCH, "\x0b" BATCH(SENT("T1") SENT("T1"), "2") "\x1c\r", "B1", 2);

    (void)state;
    assert_int_equal(judge(BATCH(ACK "MSA|AA|T1\r" ACK "MSA|AA|T1\r", "2"), &message).outcome,
                     SEND_ACCEPTED);
    assert_int_equal(judge(BATCH(ACK "MSA|AA|T1\r", "1"), &message).outcome, SEND_BATCH_MISMATCH);
}

static void a_batch_of_one_may_be_answered_by_one(void **state)
{
    struct send_message message = sent(SEND_BATCH, "\x0b" BATCH(SENT("T1"), "1") "\x1c\r", "B1", 1);

    (void)state;
    assert_int_equal(judge(ACK "MSA|AA|T1\r", &message).outcome, SEND_ACCEPTED);
}

static void a_batch_names_the_message_of_its_first_acknowledgement(void **state)
{
    struct send_message message =
        sent(SEND_BATCH, "\x0b" BATCH(SENT("T1") SENT("T2"), "2") "\x1c\r", "B1", 2);
    struct send_answer answer;

    (void)state;
    assert_true(send_answer_read(&reader, HL7_TEXT(BATCH(ACK "MSA|AA|T2\r", "1")), &answer));
    assert_true(send_answer_names(&reader, &answer, &message));
    assert_true(send_answer_read(&reader, HL7_TEXT(BATCH(ACK "MSA|AA|T9\r", "1")), &answer));
    assert_false(send_answer_names(&reader, &answer, &message));
    assert_true(send_answer_read(&reader, HL7_TEXT(BATCH("", "0")), &answer));
    assert_false(send_answer_names(&reader, &answer, &message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_become_outcomes),
        cmocka_unit_test(a_ca_ends_a_message_that_awaits_no_more),
        cmocka_unit_test(the_answer_is_described),
        cmocka_unit_test(a_message_without_id_is_answered_without_one),
        cmocka_unit_test(batches_are_matched_message_by_message),
        cmocka_unit_test(two_messages_with_one_id_need_two_acknowledgements),
        cmocka_unit_test(a_batch_of_one_may_be_answered_by_one),
        cmocka_unit_test(a_batch_names_the_message_of_its_first_acknowledgement),
    };

    return cmocka_run_group_tests(tests, NULL, reader_close);
}
