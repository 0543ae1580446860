/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters, percentiles and the exit status. */
#include "support.h"

#include "send_stats.h"
#include "verb.h"

static int stats_open(void **state)
{
    static struct send_stats stats;

    memset(&stats, 0, sizeof stats);
    *state = &stats;
    return 0;
}

static void count(struct send_stats *stats, enum send_outcome outcome, size_t messages)
{
    const struct send_verdict verdict = {.outcome = outcome};

    send_stats_count(stats, &verdict, messages);
}

static void the_worst_outcome_makes_the_status(void **state)
{
    struct send_stats *stats = *state;

    assert_int_equal(send_stats_status(stats), VERB_DONE);
    count(stats, SEND_ACCEPTED, 1);
    count(stats, SEND_SENT, 1);
    count(stats, SEND_SILENCE, 1);
    assert_int_equal(send_stats_status(stats), VERB_DONE);
    count(stats, SEND_REJECTED, 1);
    assert_int_equal(send_stats_status(stats), VERB_NO);
    count(stats, SEND_ERROR, 1);
    assert_int_equal(send_stats_status(stats), VERB_NO);
    count(stats, SEND_TIMEOUT, 1);
    assert_int_equal(send_stats_status(stats), VERB_FAILED);
    assert_int_equal(stats->messages, 6);
    assert_int_equal(stats->accepted, 2);
    assert_int_equal(stats->sent, 1);
}

static void what_cannot_be_read_counts_no_message_but_fails(void **state)
{
    struct send_stats *stats = *state;

    count(stats, SEND_UNREADABLE, 0);
    assert_int_equal(stats->messages, 0);
    assert_int_equal(stats->problems, 1);
    assert_int_equal(send_stats_status(stats), VERB_FAILED);
}

static void the_messages_of_a_batch_count_each(void **state)
{
    struct send_stats *stats = *state;
    const struct send_verdict mixed = {
        .outcome = SEND_REJECTED, .accepted = 3, .errors = 2, .rejected = 1};

    send_stats_count(stats, &mixed, 6);
    count(stats, SEND_ACCEPTED, 4);
    count(stats, SEND_CLOSED, 5);
    assert_int_equal(stats->messages, 15);
    assert_int_equal(stats->accepted, 7);
    assert_int_equal(stats->errors, 2);
    assert_int_equal(stats->rejected, 1);
    assert_int_equal(stats->failed, 5);
}

static void no_times_have_no_percentile(void **state)
{
    assert_int_equal(send_stats_percentile(*state, 50), 0);
}

static void percentiles_are_near_the_truth(void **state)
{
    struct send_stats *stats = *state;

    for (uint64_t time = 1; time <= 100000; time++) {
        send_stats_time(stats, time);
    }
    for (unsigned percent = 1; percent <= 100; percent++) {
        uint64_t truth = (uint64_t)percent * 1000;
        uint64_t said = send_stats_percentile(stats, percent);

        assert_true(said >= truth && said - truth <= truth / 32 + 1);
    }
}

static void any_time_has_a_place(void **state)
{
    struct send_stats *stats = *state;

    for (unsigned power = 0; power < 64; power++) {
        send_stats_time(stats, (UINT64_C(1) << power) - 1);
        send_stats_time(stats, UINT64_C(1) << power);
    }
    send_stats_time(stats, UINT64_MAX);
    assert_int_equal(stats->answers, 129);
    assert_true(send_stats_percentile(stats, 100) > UINT64_C(1) << 40);
}

static void small_times_are_exact(void **state)
{
    for (uint64_t time = 0; time < 64; time++) {
        struct send_stats *stats = *state;

        memset(stats, 0, sizeof *stats);
        send_stats_time(stats, time);
        assert_int_equal(send_stats_percentile(stats, 99), time);
    }
}

#define STATS_TEST(name) cmocka_unit_test_setup(name, stats_open)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATS_TEST(the_worst_outcome_makes_the_status),
        STATS_TEST(what_cannot_be_read_counts_no_message_but_fails),
        STATS_TEST(the_messages_of_a_batch_count_each),
        STATS_TEST(no_times_have_no_percentile),
        STATS_TEST(percentiles_are_near_the_truth),
        STATS_TEST(any_time_has_a_place),
        STATS_TEST(small_times_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
