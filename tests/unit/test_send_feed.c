/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that reads ahead: order, rounds, places, and ending it wherever it is. */
#include "support.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "send_feed.h"

#define HEAD "MSH|^~\\&|TESTAPP|TESTHOSPITAL|||20230403||ADT^A01|"

/* A file of our own, and the descriptor that stands in for standard input. */
struct place {
    char path[64];
    char *operands[1];
    int standard_input;
};

static int place_enter(void **state)
{
    static struct place place;

    (void)snprintf(place.path, sizeof place.path, "/tmp/orderly-feed-XXXXXX");
    int file = mkstemp(place.path);
    assert_true(file >= 0);
    (void)close(file);
    place.operands[0] = place.path;
    place.standard_input = dup(STDIN_FILENO);
    *state = &place;
    return 0;
}

static int place_leave(void **state)
{
    struct place *place = *state;

    assert_true(dup2(place->standard_input, STDIN_FILENO) >= 0);
    (void)close(place->standard_input);
    (void)unlink(place->path);
    return 0;
}

/* Writes messages with the ids T0, T1, … */
static void fill(const struct place *place, size_t count, size_t filler)
{
    FILE *file = fopen(place->path, "w");

    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        fprintf(file, HEAD "T%zu|P|2.4\rOBX|1|TX|||%0*d\r", i, (int)filler + 1, 0);
    }
    assert_int_equal(fclose(file), 0);
}

static struct send_feed_settings settings_for(struct place *place, uint64_t repeat)
{
    return (struct send_feed_settings){.operands = place->operands,
                                       .operand_count = 1,
                                       .source = {.max_message = (size_t)16 << 20},
                                       .repeat = repeat,
                                       .keep = (size_t)1 << 20,
                                       .places = 1};
}

/* The next message; waits for it. NULL at the end. */
static struct send_message *next(struct send_feed *feed)
{
    struct send_message *message = NULL;
    enum send_feed_answer answer;

    while ((answer = send_feed_take(feed, &message)) == SEND_FEED_WAIT) {
        struct pollfd wake = {.fd = feed->wake, .events = POLLIN};
        uint64_t count;

        assert_int_equal(poll(&wake, 1, 60000), 1);
        assert_int_equal(read(feed->wake, &count, sizeof count), sizeof count);
    }
    return answer == SEND_FEED_END ? NULL : message;
}

static void check_rounds(struct send_feed *feed, size_t rounds, size_t count)
{
    for (size_t i = 0; i < rounds * count; i++) {
        struct send_message *message = next(feed);
        char id[24];

        assert_non_null(message);
        (void)snprintf(id, sizeof id, "T%zu", i % count);
        assert_slice(message->control_id, id);
        assert_int_equal(message->line, 1 + 2 * (i % count));
        send_feed_return(feed, message);
    }
    assert_null(next(feed));
    assert_null(next(feed));
    assert_true(send_feed_is_over(feed));
}

static void messages_come_in_order_round_after_round(void **state)
{
    struct place *place = *state;

    fill(place, 300, 0);
    for (uint64_t rounds = 1; rounds <= 3; rounds++) {
        struct send_feed_settings settings = settings_for(place, rounds);
        struct send_feed feed;

        assert_true(send_feed_open(&feed, &settings));
        assert_true(feed.total_bytes > 0);
        check_rounds(&feed, rounds, 300);
        send_feed_close(&feed);
    }
}

static void more_than_is_kept_is_read_again_for_each_round(void **state)
{
    struct place *place = *state;
    struct send_feed_settings settings = settings_for(place, 2);
    struct send_feed feed;

    fill(place, 7, (size_t)200 << 10);
    assert_true(send_feed_open(&feed, &settings));
    check_rounds(&feed, 2, 7);
    assert_true(feed.overflowed);
    send_feed_close(&feed);
}

static void no_more_lies_about_than_is_allowed(void **state)
{
    struct place *place = *state;
    struct send_feed_settings settings = settings_for(place, 1);
    struct send_feed feed;

    fill(place, 10, (size_t)1 << 20);
    assert_true(send_feed_open(&feed, &settings));
    for (int i = 0; i < 10; i++) {
        struct send_message *message = next(&feed);

        assert_non_null(message);
        (void)pthread_mutex_lock(&feed.lock);
        assert_true(feed.ready_bytes < (size_t)6 << 20);
        (void)pthread_mutex_unlock(&feed.lock);
        send_feed_return(&feed, message);
    }
    assert_null(next(&feed));
    send_feed_close(&feed);
}

static void what_cannot_be_read_is_a_problem_and_the_end_comes(void **state)
{
    struct place *place = *state;
    struct send_feed_settings settings = settings_for(place, 3);
    struct send_feed feed;

    assert_int_equal(unlink(place->path), 0);
    assert_true(send_feed_open(&feed, &settings));
    struct send_message *message = next(&feed);
    assert_non_null(message);
    assert_int_equal(message->kind, SEND_PROBLEM);
    assert_true(message->unread);
    send_feed_return(&feed, message);
    assert_null(next(&feed));
    assert_false(send_feed_failed(&feed));
    send_feed_close(&feed);
}

static void it_can_be_closed_while_it_waits_for_input(void **state)
{
    char dash[] = "-";
    char *const operands[] = {dash};
    struct send_feed_settings settings = settings_for(*state, 1);
    struct send_feed feed;
    struct send_message *message = NULL;
    int ends[2];

    settings.operands = operands;
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    assert_true(send_feed_open(&feed, &settings));
    assert_true(feed.is_endless);
    assert_int_equal(feed.total_bytes, 0);
    assert_int_equal(send_feed_take(&feed, &message), SEND_FEED_WAIT);
    assert_false(send_feed_is_over(&feed));
    send_feed_close(&feed);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void it_can_be_closed_while_it_waits_for_a_place(void **state)
{
    struct place *place = *state;
    struct send_feed_settings settings = settings_for(place, 1000000000);
    struct send_feed feed;

    fill(place, 10, 0);
    assert_true(send_feed_open(&feed, &settings));
    /* Taken and not returned. */
    for (int i = 0; i < 20; i++) {
        assert_non_null(next(&feed));
    }
    send_feed_close(&feed);
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, place_enter, place_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(messages_come_in_order_round_after_round),
        PLACE_TEST(more_than_is_kept_is_read_again_for_each_round),
        PLACE_TEST(no_more_lies_about_than_is_allowed),
        PLACE_TEST(what_cannot_be_read_is_a_problem_and_the_end_comes),
        PLACE_TEST(it_can_be_closed_while_it_waits_for_input),
        PLACE_TEST(it_can_be_closed_while_it_waits_for_a_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
