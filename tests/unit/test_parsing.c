/* SPDX-License-Identifier: Apache-2.0
 *
 * The index of the message at hand: its memory grows, and what is no message is told apart. */
#include "support.h"

#include "parsing.h"

#include <stdlib.h>

static void memory_grows_with_the_message(void **state)
{
    struct parsing parsing = {.memory = {NULL, 0}};
    struct hl7_message message;
    size_t len = 200000;
    char *text = malloc(len);

    (void)state;
    assert_non_null(text);
    memcpy(text, "MSH|^~\\&|", 9);
    memset(text + 9, '|', len - 9);
    assert_true(parsing_message(&parsing, HL7_TEXT("MSH|^~\\&|A"), &message, NULL));
    assert_slice(hl7_message_at(&message, "MSH-3"), "A");
    assert_true(parsing_message(&parsing, (hl7_slice){text, len}, &message, NULL));
    assert_int_equal(message.segments[0].count, len - 9 + 4);
    assert_true(parsing_message(&parsing, HL7_TEXT("MSH|^~\\&|B"), &message, NULL));
    assert_slice(hl7_message_at(&message, "MSH-3"), "B");
    parsing_free(&parsing);
    free(text);
}

static void a_damaged_message_gives_its_header(void **state)
{
    struct parsing parsing = {.memory = {NULL, 0}};
    struct hl7_message message;
    struct hl7_error error = {.code = HL7_OK};
    hl7_slice bytes = HL7_TEXT("MSH|^~\\&|A||||||ADT|7\rPID|1\rMSH|^~\\&|B");

    (void)state;
    assert_false(parsing_message(&parsing, bytes, &message, &error));
    assert_int_equal(error.code, HL7_TWO_HEADERS);
    assert_true(parsing_header(&parsing, bytes, &message));
    assert_slice(hl7_message_at(&message, "MSH-10"), "7");
    assert_int_equal(message.segment_count, 1);
    assert_false(parsing_header(&parsing, HL7_TEXT("PID|1"), &message));
    parsing_free(&parsing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_grows_with_the_message),
        cmocka_unit_test(a_damaged_message_gives_its_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
