/* SPDX-License-Identifier: Apache-2.0
 *
 * Outcomes: names, classes, what is tried again, and sentences. */
#include "support.h"

#include <errno.h>
#include <stdio.h>

#include "send_outcome.h"

static const struct send_facts facts = {.peer = "ris.example:2575",
                                        .control_id = {"T1", 2},
                                        .connect_timeout = 10000,
                                        .timeout = 30000,
                                        .max_reply = 1048576};

/* The sentence of a verdict, until the next call. */
static const char *sentence(const struct send_verdict *verdict)
{
    static char memory[2000];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory - 1);
    send_outcome_explain(verdict, &facts, &buffer);
    assert_false(buffer.full);
    memory[buffer.len] = '\0';
    return memory;
}

static void each_outcome_has_a_name_and_a_sentence_of_its_own(void **state)
{
    char sentences[SEND_OUTCOMES][200];

    (void)state;
    for (int i = 0; i < SEND_OUTCOMES; i++) {
        const struct send_verdict verdict = {.outcome = (enum send_outcome)i,
                                             .detail = i == SEND_UNREADABLE ? "a" : "b",
                                             .error = EHOSTUNREACH};

        (void)snprintf(sentences[i], sizeof sentences[i], "%s", sentence(&verdict));
        assert_true(strlen(sentences[i]) > 0);
        assert_null(strchr(sentences[i], '{'));
        assert_null(strchr(sentences[i], '}'));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(send_outcome_name((enum send_outcome)i),
                                    send_outcome_name((enum send_outcome)j));
            assert_string_not_equal(sentences[i], sentences[j]);
        }
    }
}

static void sentences_name_what_a_person_needs(void **state)
{
    static const struct {
        struct send_verdict verdict;
        const char *says;
    } cases[] = {
        {{.outcome = SEND_FOREIGN, .other_id = {"T9", 2}}, "MSA-2 is 'T9', our MSH-10 is 'T1'"},
        {{.outcome = SEND_REFUSED, .error = ECONNREFUSED}, "nobody listens at ris.example:2575"},
        {{.outcome = SEND_CONNECT_TIMEOUT}, "no connection to ris.example:2575 within 10s"},
        {{.outcome = SEND_TIMEOUT}, "within 30s, not one byte"},
        {{.outcome = SEND_TOO_LARGE}, "longer than 1048576 bytes"},
        {{.outcome = SEND_UNREACHABLE, .error = EHOSTUNREACH}, "No route to host"},
        {{.outcome = SEND_UNKNOWN_CODE, .code_text = {"OK", 2}}, "'OK'"},
        {{.outcome = SEND_ERROR, .code_text = {"CE", 2}}, "answered CE"},
        {{.outcome = SEND_UNREADABLE, .detail = "m.hl7: gone"}, "m.hl7: gone"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_non_null(strstr(sentence(&cases[i].verdict), cases[i].says));
    }
}

static void long_ids_are_cut(void **state)
{
    char id[500];
    const struct send_verdict verdict = {.outcome = SEND_FOREIGN, .other_id = {id, sizeof id}};

    (void)state;
    memset(id, 'x', sizeof id);
    assert_non_null(strstr(sentence(&verdict), "xxx...'"));
    assert_true(strlen(sentence(&verdict)) < 400);
}

/* rule 7 */
static void bytes_in_place_of_an_answer_are_shown_escaped(void **state)
{
    static const struct {
        hl7_slice bytes;
        size_t size;
        const char *says;
    } cases[] = {
        {{"MSH|^~\\&|A\rMSA|AA|T1\r", 21}, 21, "its frame is not"},
        {{"MSH|^~\\&|A\r", 11}, 11, "; 11 bytes: \"MSH|^~\\\\&|A\\r\""},
        {{"\x15\x03\x03", 3}, 3, "the peer speaks TLS"},
        {{"HTTP/1.1 400", 12}, 12, "a web server"},
        {{"SSH-2.0", 7}, 7, "an SSH server"},
        {{"<html>", 6}, 6, "XML or HTML"},
        {{"hello\n", 6}, 6, "plain text"},
        {{"\x00\xff", 2}, 2, "no text"},
        {{"\x00\xff", 2}, 2, "; 2 bytes: \"\\x00\\xff\""},
        {{"x", 1}, 1, "; 1 byte: \"x\""},
        {{"abc", 3}, 5000, "the first 3 of 5000 bytes: \"abc\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct send_verdict verdict = {
            .outcome = SEND_UNFRAMED, .reply = cases[i].bytes, .reply_size = cases[i].size};
        assert_non_null(strstr(sentence(&verdict), cases[i].says));
    }
}

static void what_can_become_no_frame_is_clear(void **state)
{
    (void)state;
    assert_true(send_evidence_is_clear(HL7_TEXT("MSH|")));
    assert_true(send_evidence_is_clear(HL7_TEXT("HTTP/1.0 ")));
    assert_true(send_evidence_is_clear(HL7_TEXT("\x15\x03\x01")));
    assert_false(send_evidence_is_clear(HL7_TEXT("Welcome\r\n")));
    assert_false(send_evidence_is_clear(HL7_TEXT("MS")));
    assert_false(send_evidence_is_clear((hl7_slice){NULL, 0}));
}

/* rules 22 and 27 */
static void only_what_may_be_is_tried_again(void **state)
{
    static const struct {
        struct send_verdict verdict;
        bool always;
        bool on_error;
    } cases[] = {
        {{.outcome = SEND_ERROR, .code = HL7_CE}, true, true},
        {{.outcome = SEND_ERROR, .code = HL7_AE}, false, true},
        {{.outcome = SEND_REJECTED, .code = HL7_AR}, false, false},
        {{.outcome = SEND_REJECTED, .code = HL7_CR}, false, false},
        {{.outcome = SEND_ACCEPT_ONLY, .code = HL7_CA}, false, false},
        {{.outcome = SEND_ACCEPTED, .code = HL7_AA}, false, false},
        {{.outcome = SEND_UNREADABLE}, false, false},
        {{.outcome = SEND_INTERRUPTED}, false, false},
        {{.outcome = SEND_TIMEOUT}, true, true},
        {{.outcome = SEND_REFUSED}, true, true},
        {{.outcome = SEND_FOREIGN}, true, true},
        {{.outcome = SEND_UNFRAMED}, true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(send_outcome_retries(&cases[i].verdict, false), cases[i].always);
        assert_int_equal(send_outcome_retries(&cases[i].verdict, true), cases[i].on_error);
    }
}

static void reasons_for_no_connection_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(send_outcome_of_connect(ECONNREFUSED), SEND_REFUSED);
    assert_int_equal(send_outcome_of_connect(ETIMEDOUT), SEND_CONNECT_TIMEOUT);
    assert_int_equal(send_outcome_of_connect(ENETUNREACH), SEND_UNREACHABLE);
}

static void durations_are_written_as_options_read_them(void **state)
{
    static const struct {
        uint64_t milliseconds;
        const char *text;
    } cases[] = {{0, "0ms"},      {1, "1ms"},       {250, "250ms"},  {1000, "1s"},
                 {1500, "1.5s"},  {1234, "1234ms"}, {30000, "30s"},  {60000, "1m"},
                 {90000, "1.5m"}, {61000, "61s"},   {3600000, "1h"}, {5400000, "1.5h"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char memory[32];
        struct hl7_buffer buffer;

        hl7_buffer_init(&buffer, memory, sizeof memory);
        send_duration(cases[i].milliseconds, &buffer);
        assert_slice(hl7_buffer_slice(&buffer), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_outcome_has_a_name_and_a_sentence_of_its_own),
        cmocka_unit_test(sentences_name_what_a_person_needs),
        cmocka_unit_test(long_ids_are_cut),
        cmocka_unit_test(bytes_in_place_of_an_answer_are_shown_escaped),
        cmocka_unit_test(what_can_become_no_frame_is_clear),
        cmocka_unit_test(only_what_may_be_is_tried_again),
        cmocka_unit_test(reasons_for_no_connection_are_told_apart),
        cmocka_unit_test(durations_are_written_as_options_read_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
