/* SPDX-License-Identifier: Apache-2.0
 *
 * The line of progress. */
#include "support.h"

#include "send_progress.h"

#define SECOND UINT64_C(1000000)

static void check(const struct send_state *state, size_t width, const char *expected)
{
    char memory[300];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    send_progress_write(state, width, &buffer);
    assert_slice(hl7_buffer_slice(&buffer), expected);
}

static void a_known_size_gives_a_bar_and_the_time_left(void **unused)
{
    const struct send_state state = {.messages = 4321,
                                     .bytes = 430000,
                                     .total_bytes = 1000000,
                                     .elapsed = 12 * SECOND,
                                     .waiting = 1};

    (void)unused;
    check(&state, 100, "[########............]  43 %  4321 messages  360/s  12 s, 15 s left");
}

static void an_unknown_size_gives_counts_and_pace(void **unused)
{
    const struct send_state state = {.messages = 10, .elapsed = 2 * SECOND};

    (void)unused;
    check(&state, 100, "10 messages  4/s  2 s");
}

static void a_long_silence_is_named(void **unused)
{
    const struct send_state state = {
        .messages = 1, .elapsed = 75 * SECOND, .waiting = 1, .quiet = 70 * SECOND};

    (void)unused;
    check(&state, 100, "1 message  waiting for an answer, 1 min 10 s");
}

static void what_it_does_instead_is_named(void **unused)
{
    const struct send_state state = {
        .elapsed = SECOND, .quiet = SECOND, .waiting = 1, .doing = "connecting"};

    (void)unused;
    check(&state, 100, "0 messages  connecting, 1 s");
}

static void the_end_is_a_hundred_percent_and_no_more(void **unused)
{
    const struct send_state all = {
        .messages = 2, .bytes = 500, .total_bytes = 500, .elapsed = SECOND};
    const struct send_state over = {
        .messages = 2, .bytes = 600, .total_bytes = 500, .elapsed = SECOND};

    (void)unused;
    check(&all, 33, "[####################] 100 %  2 m");
    check(&over, 33, "[####################] 100 %  2 m");
}

static void huge_numbers_do_no_harm(void **unused)
{
    const struct send_state state = {.messages = UINT64_MAX / 2000000,
                                     .bytes = UINT64_MAX,
                                     .total_bytes = UINT64_MAX,
                                     .elapsed = UINT64_MAX - 1,
                                     .quiet = UINT64_MAX,
                                     .waiting = UINT64_MAX};

    (void)unused;
    check(&state, 8, "[#######");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_size_gives_a_bar_and_the_time_left),
        cmocka_unit_test(an_unknown_size_gives_counts_and_pace),
        cmocka_unit_test(a_long_silence_is_named),
        cmocka_unit_test(what_it_does_instead_is_named),
        cmocka_unit_test(the_end_is_a_hundred_percent_and_no_more),
        cmocka_unit_test(huge_numbers_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
