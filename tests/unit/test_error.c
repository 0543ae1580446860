/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors: stable names, and texts that fit, end in NUL and cannot drive a terminal. */
#include "lib/error.h"
#include "support.h"

/* The names are part of the interface: scripts and log readers match them. */
static void every_code_has_its_stable_name(void **state)
{
    static const struct {
        enum hl7_code code;
        const char *name;
    } cases[] = {
        {HL7_OK, "ok"},
        {HL7_NO_MEMORY, "no-memory"},
        {HL7_TOO_LARGE, "too-large"},
        {HL7_NO_HEADER, "no-header"},
        {HL7_BAD_DELIMITERS, "bad-delimiters"},
        {HL7_WIDE_TEXT, "wide-text"},
        {HL7_TWO_HEADERS, "two-headers"},
        {HL7_BAD_FRAME, "bad-frame"},
        {HL7_BAD_PATH, "bad-path"},
        {HL7_BAD_TIME, "bad-time"},
        {HL7_BAD_BATCH, "bad-batch"},
        {HL7_BAD_TEMPLATE, "bad-template"},
        {HL7_NOT_ENCODABLE, "not-encodable"},
        {HL7_NOT_FOUND, "not-found"},
        {HL7_BAD_VALUE, "bad-value"},
        {HL7_REFUSED, "refused"},
    };

    (void)state;
    /* A code added to the header needs a line here. */
    assert_int_equal(sizeof cases / sizeof *cases, HL7_REFUSED + 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(hl7_code_name(cases[i].code), cases[i].name);
    }
}

static void a_code_nobody_knows_has_a_name_too(void **state)
{
    int beyond = HL7_REFUSED + 1;

    (void)state;
    assert_string_equal(hl7_code_name((enum hl7_code)beyond), "unknown");
}

static void an_error_holds_code_position_and_text(void **state)
{
    struct hl7_error error;

    (void)state;
    assert_int_equal(error_set(&error, HL7_BAD_PATH, 7, "not a path"), HL7_BAD_PATH);
    assert_int_equal(error.code, HL7_BAD_PATH);
    assert_int_equal(error.position, 7);
    assert_string_equal(error.text, "not a path");
}

static void without_an_error_to_fill_the_code_is_returned_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, HL7_BAD_TIME, 1, "x"), HL7_BAD_TIME);
    assert_int_equal(error_set_byte(NULL, HL7_BAD_TIME, 1, "%", 'x'), HL7_BAD_TIME);
    assert_int_equal(error_set_numbers(NULL, HL7_BAD_TIME, 1, "%", 1, 2), HL7_BAD_TIME);
}

static void a_long_text_is_cut_and_ends_in_nul(void **state)
{
    struct hl7_error error;
    char text[300];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(&error, HL7_BAD_PATH, 0, text);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    error_set_byte(&error, HL7_BAD_PATH, 0, text, 'x');
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    error_set_numbers(&error, HL7_BAD_PATH, 0, text, 1, 2);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

static void nothing_of_an_earlier_text_is_left(void **state)
{
    struct hl7_error error;

    (void)state;
    error_set(&error, HL7_BAD_PATH, 0, "a longer text");
    error_set(&error, HL7_BAD_PATH, 0, "short");
    for (size_t i = strlen("short"); i < sizeof error.text; i++) {
        assert_int_equal(error.text[i], '\0');
    }
}

static void a_byte_is_shown_so_that_it_cannot_drive_a_terminal(void **state)
{
    static const struct {
        char byte;
        const char *text;
    } cases[] = {
        {'|', "'|' twice"},     {'\'', "''' twice"},    {'~', "'~' twice"},
        {' ', "0x20 twice"},    {'\x1b', "0x1B twice"}, {'\0', "0x00 twice"},
        {'\x7f', "0x7F twice"}, {'\x9b', "0x9B twice"}, {'\xff', "0xFF twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_error error;
        assert_int_equal(error_set_byte(&error, HL7_BAD_DELIMITERS, 3, "% twice", cases[i].byte),
                         HL7_BAD_DELIMITERS);
        assert_string_equal(error.text, cases[i].text);
        assert_int_equal(error.position, 3);
    }
}

static void two_numbers_take_their_places(void **state)
{
    struct hl7_error error;

    (void)state;
    assert_int_equal(error_set_numbers(&error, HL7_BAD_BATCH, 9, "% of %.", 3, UINT64_MAX),
                     HL7_BAD_BATCH);
    assert_string_equal(error.text, "3 of 18446744073709551615.");
    assert_int_equal(error.position, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_stable_name),
        cmocka_unit_test(a_code_nobody_knows_has_a_name_too),
        cmocka_unit_test(an_error_holds_code_position_and_text),
        cmocka_unit_test(without_an_error_to_fill_the_code_is_returned_all_the_same),
        cmocka_unit_test(a_long_text_is_cut_and_ends_in_nul),
        cmocka_unit_test(nothing_of_an_earlier_text_is_left),
        cmocka_unit_test(a_byte_is_shown_so_that_it_cannot_drive_a_terminal),
        cmocka_unit_test(two_numbers_take_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
