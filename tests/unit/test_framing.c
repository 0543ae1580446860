/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes in on one connection: frames, junk between them (rules 3, 4 and 7), and which deadline
 * applies. */
#include "support.h"

#include "../net/framing.h"

enum { FIRST_BYTE = 10000, FRAME = 20000, IDLE = 30000, NOW = 5000 };

static const struct framing_limits limits = {FIRST_BYTE, FRAME, IDLE, 0};

static struct framing fresh(void)
{
    struct framing framing;

    framing_init(&framing, 1000, true);
    return framing;
}

static void junk_is_told_once_until_a_message_comes(void **state)
{
    struct framing framing = fresh();
    struct hl7_frame frame;
    char text[FRAMING_TEXT];

    (void)state;
    assert_int_equal(framing_judge(&framing, HL7_TEXT("login: "), text), FRAMING_TELL);
    assert_int_equal(framing_judge(&framing, HL7_TEXT("again"), text), FRAMING_SKIP);
    assert_int_equal(framing_next(&framing, HL7_TEXT("\vMSH|^~\\&|\x1c\r"), false, &frame),
                     HL7_FRAME_MESSAGE);
    assert_int_equal(framing_judge(&framing, HL7_TEXT("more"), text), FRAMING_TELL);
}

static void blanks_are_told_once_for_a_connection(void **state)
{
    struct framing framing = fresh();
    struct hl7_frame frame;
    char text[FRAMING_TEXT];

    (void)state;
    assert_int_equal(framing_judge(&framing, HL7_TEXT("\r\n"), text), FRAMING_TELL);
    (void)framing_next(&framing, HL7_TEXT("\vMSH|^~\\&|\x1c\r"), false, &frame);
    assert_int_equal(framing_judge(&framing, HL7_TEXT("\n"), text), FRAMING_SKIP);
}

static void another_protocol_is_named(void **state)
{
    struct framing framing = fresh();
    char text[FRAMING_TEXT];

    (void)state;
    assert_int_equal(framing_judge(&framing, HL7_TEXT("GET / HTTP/1.1\r\n"), text),
                     FRAMING_FOREIGN);
    assert_string_equal(text, "an HTTP request instead of MLLP");
}

static void the_end_of_a_frame_without_its_start_is_a_stray(void **state)
{
    struct framing framing = fresh();
    char text[FRAMING_TEXT];

    (void)state;
    assert_int_equal(framing_judge(&framing, HL7_TEXT("PID|1\r\x1c\r"), text), FRAMING_STRAY);
    assert_string_equal(text, "FS outside a frame");
}

static void junk_has_a_bound(void **state)
{
    static char many[FRAMING_JUNK_MAX];
    struct framing framing = fresh();
    char text[FRAMING_TEXT];

    (void)state;
    memset(many, '.', sizeof many);
    assert_int_equal(framing_judge(&framing, (hl7_slice){many, sizeof many}, text), FRAMING_TELL);
    assert_int_equal(framing_judge(&framing, HL7_TEXT("."), text), FRAMING_FOREIGN);
    assert_string_equal(text, "65537 bytes without a frame");
}

static void before_a_frame_the_first_byte_or_idleness_is_waited_for(void **state)
{
    struct framing framing = fresh();

    (void)state;
    assert_int_equal(framing_left(&framing, &limits, HL7_TEXT(""), NOW), FIRST_BYTE);
    assert_string_equal(framing_why_late(&framing, HL7_TEXT(""), false), "no first byte");
    framing.seen_bytes = true;
    assert_int_equal(framing_left(&framing, &limits, HL7_TEXT(""), NOW), IDLE);
    assert_string_equal(framing_why_late(&framing, HL7_TEXT(""), false), "idleness");
}

static void a_frame_has_its_time_from_its_first_byte_on(void **state)
{
    struct framing framing = fresh();
    hl7_slice held = HL7_TEXT("\vMSH");

    (void)state;
    assert_int_equal(framing_left(&framing, &limits, held, NOW), FRAME);
    assert_int_equal(framing_left(&framing, &limits, held, NOW + 100), FRAME - 100);
    assert_true(framing_has_time(&framing, FRAME, NOW + FRAME - 1));
    assert_false(framing_has_time(&framing, FRAME, NOW + FRAME));
    assert_int_equal(framing_left(&framing, &limits, held, NOW + FRAME + 7), 1);
    assert_string_equal(framing_why_late(&framing, held, false),
                        "a frame that was not finished in time");
}

static void a_frame_that_is_too_slow_for_the_rate_has_less_time(void **state)
{
    const struct framing_limits slow = {.frame = 60000, .rate = 100};
    struct framing framing = fresh();
    hl7_slice held = HL7_TEXT("\vMSH|^~\\&");

    (void)state;
    assert_int_equal(held.len, 9);
    assert_int_equal(framing_left(&framing, &slow, held, NOW), FRAMING_SLOW_START + 90);
    assert_int_equal(framing_left(&framing, &slow, held, NOW + 20000), 1);
    /* What has come earns time, up to that of the frame. */
    static const char many[10000] = "\v";
    assert_int_equal(framing_left(&framing, &slow, (hl7_slice){many, 3000}, NOW + 20000), 20000);
    assert_int_equal(framing_left(&framing, &slow, (hl7_slice){many, 10000}, NOW + 20000), 40000);
}

static void silence_decides_a_frame_in_doubt(void **state)
{
    struct framing framing = fresh();
    hl7_slice held = HL7_TEXT("\vMSH|^~\\&|\x1c\rlog");
    struct hl7_frame frame;

    (void)state;
    assert_int_equal(framing_next(&framing, held, false, &frame), HL7_FRAME_MORE);
    assert_int_equal(framing_left(&framing, &limits, held, NOW), FRAMING_SILENCE);
    assert_int_equal(framing_next(&framing, held, true, &frame), HL7_FRAME_MESSAGE);
}

static void without_a_limit_a_frame_has_all_time(void **state)
{
    const struct framing_limits none = {0, 0, 0, 0};
    struct framing framing = fresh();

    (void)state;
    assert_int_equal(framing_left(&framing, &none, HL7_TEXT("\vMSH"), NOW), 0);
    assert_true(framing_has_time(&framing, 0, UINT64_MAX));
}

static void a_peer_that_does_not_read_is_late_for_that(void **state)
{
    struct framing framing = fresh();

    (void)state;
    assert_string_equal(framing_why_late(&framing, HL7_TEXT("\v"), true),
                        "answers that it does not read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(junk_is_told_once_until_a_message_comes),
        cmocka_unit_test(blanks_are_told_once_for_a_connection),
        cmocka_unit_test(another_protocol_is_named),
        cmocka_unit_test(the_end_of_a_frame_without_its_start_is_a_stray),
        cmocka_unit_test(junk_has_a_bound),
        cmocka_unit_test(before_a_frame_the_first_byte_or_idleness_is_waited_for),
        cmocka_unit_test(a_frame_has_its_time_from_its_first_byte_on),
        cmocka_unit_test(a_frame_that_is_too_slow_for_the_rate_has_less_time),
        cmocka_unit_test(silence_decides_a_frame_in_doubt),
        cmocka_unit_test(without_a_limit_a_frame_has_all_time),
        cmocka_unit_test(a_peer_that_does_not_read_is_late_for_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
