/* SPDX-License-Identifier: Apache-2.0 */
#include "door_try.h"

#include "support.h"

#include <stdio.h>

/* Ends loop_run: at a result, or when its time is over. */
struct door_try_limit {
    struct loop_timer timer;
    struct loop *loop;
    bool over;
};

static void on_result(struct door *door, const struct door_result *result)
{
    struct door_try *try = door->owner;

    assert_false(try->in_send);
    assert_true(try->waiting);
    assert_non_null(result->word);
    assert_true(result->answer.len <= sizeof try->answer);
    try->waiting = false;
    try->outcome = result->outcome;
    (void)snprintf(try->word, sizeof try->word, "%s", result->word);
    (void)snprintf(try->reason, sizeof try->reason, "%s", result->reason);
    try->answered = result->answer.ptr != NULL;
    try->answer_len = result->answer.len;
    if (try->answered) {
        memcpy(try->answer, result->answer.ptr, result->answer.len);
    }
    loop_stop(try->loop);
}

void door_try_init(struct door_try *try, struct loop *loop)
{
    *try = (struct door_try){.loop = loop};
    try->to.name = "test";
    try->to.timeout = DOOR_TRY_SECONDS * 1000;
    try->to.max_reply = 1 << 20;
}

void door_try_open(struct door_try *try, const struct door_kind *kind)
{
    try->door = kind->open(try->loop, &try->to);
    assert_non_null(try->door);
    try->door->kind = kind;
    try->door->to = &try->to;
    try->door->loop = try->loop;
    try->door->on_result = on_result;
    try->door->owner = try;
}

void door_try_close(struct door_try *try)
{
    if (try->door != NULL) {
        try->door->kind->close(try->door);
        try->door = NULL;
    }
}

struct door_letter door_try_letter(int64_t id, const char *control_id, hl7_slice bytes)
{
    return (struct door_letter){
        .bytes = bytes,
        .control_id = hl7_slice_of(control_id),
        .id = id,
        .received = INT64_C(1795700000) * 1000000,
        .type = HL7_TEXT("ORM^O01"),
        .listener = HL7_TEXT("orders"),
        .route = HL7_TEXT("orders-to-ris"),
        .asks_application = true,
        .is_hl7 = true,
    };
}

void door_try_send(struct door_try *try, const struct door_letter *letter)
{
    assert_false(try->waiting);
    try->waiting = true;
    try->in_send = true;
    try->door->kind->send(try->door, letter);
    try->in_send = false;
}

static void on_limit(struct loop_timer *timer)
{
    struct door_try_limit *limit = LOOP_OWNER(timer, struct door_try_limit, timer);

    limit->over = true;
    loop_stop(limit->loop);
}

void door_try_wait(struct door_try *try)
{
    struct door_try_limit limit = {.timer = {.on_time = on_limit}, .loop = try->loop};

    assert_true(loop_timer_set(try->loop, &limit.timer, DOOR_TRY_SECONDS * 1000));
    while (try->waiting && !limit.over) {
        assert_true(loop_run(try->loop, NULL, NULL));
    }
    loop_timer_clear(try->loop, &limit.timer);
    assert_false(try->waiting);
}

void door_try_expect(struct door_try *try, const struct door_letter *letter,
                     enum door_outcome outcome, const char *word)
{
    door_try_send(try, letter);
    door_try_wait(try);
    if (try->outcome != outcome || strcmp(try->word, word) != 0) {
        print_error("outcome %d, word \"%s\", reason \"%s\"\n", (int)try->outcome, try->word,
                    try->reason);
    }
    assert_int_equal(try->outcome, outcome);
    assert_string_equal(try->word, word);
}

void door_try_run(struct loop *loop, uint64_t milliseconds)
{
    struct door_try_limit limit = {.timer = {.on_time = on_limit}, .loop = loop};

    assert_true(loop_timer_set(loop, &limit.timer, milliseconds));
    while (!limit.over) {
        assert_true(loop_run(loop, NULL, NULL));
    }
}
