/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding messages: every kind of query gives what a comparison of each message with it gives, in order,
 * whatever the pages. */
#include "journal_desk.h"

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGES = 300, PATIENTS = 7 };

static const char *const types[] = {"ADT^A01", "ORM^O01", "ORU^R01"};
static const char *const listeners[] = {"main", "other"};

/* What message i is made of. Times go back now and then, as a clock does that is set. */
struct fact {
    int64_t id;
    int64_t received;
    char control_id[16];
    char patient[16];
    const char *type;
    const char *listener;
    enum journal_state state;
};

static struct fact facts[MESSAGES];

static void store_all(const struct desk *desk)
{
    struct random_state random;
    const struct journal_lane lane = desk_lane("ris");

    random_init(&random, 11);
    for (size_t i = 0; i < MESSAGES; i++) {
        struct fact *fact = &facts[i];
        fact->received = (int64_t)(i * 10 + random_below(&random, 60) + 1);
        fact->type = types[random_below(&random, 3)];
        fact->listener = listeners[random_below(&random, 2)];
        (void)snprintf(fact->control_id, sizeof fact->control_id, "%04zu",
                       random_below(&random, 40));
        (void)snprintf(fact->patient, sizeof fact->patient, "%05zu",
                       random_below(&random, PATIENTS));
        struct journal_message message = desk_message(fact->control_id, "MSH|1", fact->received);
        const struct journal_key keys[2] = {
            {HL7_TEXT("patient"), hl7_slice_of(fact->patient)},
            {HL7_TEXT("accession"), hl7_slice_of(i % 2 == 0 ? "even" : "odd")}};
        message.type = hl7_slice_of(fact->type);
        message.listener = hl7_slice_of(fact->listener);
        message.keys = keys;
        message.key_count = 2;
        message.deliveries = &lane;
        message.delivery_count = random_below(&random, 2);
        fact->state = message.delivery_count == 0 ? JOURNAL_STATE_SETTLED : JOURNAL_STATE_PENDING;
        fact->id = desk_append(desk, &message);
    }
}

static bool equal(hl7_slice wanted, const char *text)
{
    return wanted.len == 0 || hl7_slice_equal(wanted, hl7_slice_of(text));
}

static bool wanted(const struct journal_query *query, size_t i)
{
    const struct fact *fact = &facts[i];
    bool keys = true;

    for (size_t k = 0; k < query->key_count; k++) {
        bool patient = hl7_slice_equal(query->keys[k].name, HL7_TEXT("patient"));
        keys = keys && hl7_slice_equal(query->keys[k].value, hl7_slice_of(patient ? fact->patient
                                                                          : i % 2 == 0 ? "even"
                                                                                       : "odd"));
    }
    return keys && equal(query->control_id, fact->control_id) && equal(query->type, fact->type) &&
           equal(query->listener, fact->listener) &&
           (query->state == JOURNAL_STATE_ANY || query->state == fact->state) &&
           fact->received + DESK_DAY >= query->from &&
           (query->to == 0 || fact->received + DESK_DAY < query->to);
}

struct found {
    int64_t ids[MESSAGES];
    int64_t received[MESSAGES];
    size_t count;
};

static bool on_message(void *context, const struct journal_summary *summary)
{
    struct found *found = context;

    assert_in_range(found->count, 0, MESSAGES - 1);
    found->ids[found->count] = summary->id;
    found->received[found->count++] = summary->received;
    return true;
}

static int by_id(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* All pages of a query are in order, and together give what they should. */
static void check_query(const struct desk *desk, struct journal_query query)
{
    static struct found found;
    struct journal_cursor cursor = {0, 0};
    enum journal_code code = JOURNAL_OK;
    size_t expected = 0;

    found.count = 0;
    while (code == JOURNAL_OK) {
        size_t before = found.count;
        query.cursor = cursor;
        code = journal_find(desk->journal, &query, on_message, &found, &cursor);
        assert_true(found.count - before <= query.limit);
    }
    assert_int_equal(code, JOURNAL_NONE);
    for (size_t i = 1; i < found.count; i++) {
        bool later =
            found.received[i] > found.received[i - 1] ||
            (found.received[i] == found.received[i - 1] && found.ids[i] > found.ids[i - 1]);
        assert_true(later == query.oldest_first);
    }
    qsort(found.ids, found.count, sizeof found.ids[0], by_id);
    for (size_t i = 0; i < MESSAGES; i++) {
        if (wanted(&query, i)) {
            assert_in_range(expected, 0, found.count - 1);
            assert_int_equal(found.ids[expected++], facts[i].id);
        }
    }
    assert_int_equal(expected, found.count);
}

static const struct journal_key some_keys[2] = {
    {{"patient", 7}, {"00003", 5}},
    {{"accession", 9}, {"odd", 3}},
};

/* A query with each condition there or not, by chance. */
static struct journal_query any_query(struct random_state *random)
{
    struct journal_query query = {.state = JOURNAL_STATE_ANY, .limit = 1};

    if (random_once_in(random, 4)) {
        query.control_id = hl7_slice_of(facts[random_below(random, MESSAGES)].control_id);
    }
    if (random_once_in(random, 3)) {
        query.keys = some_keys;
        query.key_count = random_below(random, 3);
    }
    if (random_once_in(random, 3)) {
        query.type = hl7_slice_of(types[random_below(random, 3)]);
    }
    if (random_once_in(random, 3)) {
        query.listener = hl7_slice_of(listeners[random_below(random, 2)]);
    }
    if (random_once_in(random, 3)) {
        query.state = random_once_in(random, 2) ? JOURNAL_STATE_PENDING : JOURNAL_STATE_SETTLED;
    }
    if (random_once_in(random, 3)) {
        query.from = DESK_DAY + facts[random_below(random, MESSAGES)].received;
    }
    if (random_once_in(random, 3)) {
        query.to = DESK_DAY + facts[random_below(random, MESSAGES)].received;
    }
    query.oldest_first = random_once_in(random, 2);
    query.limit = random_below(random, 50) + 1;
    return query;
}

static void any_query_gives_what_comparing_gives(void **state)
{
    struct desk desk;
    struct random_state random;

    (void)state;
    random_init(&random, 5);
    desk_open(&desk);
    store_all(&desk);
    for (int i = 0; i < 400; i++) {
        check_query(&desk, any_query(&random));
    }
    desk_close(&desk);
}

static bool stop(void *context, const struct journal_summary *summary)
{
    *(int64_t *)context = summary->id;
    return false;
}

static void a_callback_may_end_the_page(void **state)
{
    struct desk desk;
    struct journal_query query = {.state = JOURNAL_STATE_ANY, .limit = 100};
    struct journal_cursor cursor;
    int64_t id = 0;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    int64_t newest = desk_store(&desk, "2", "MSH|2", "ris");
    assert_int_equal(journal_find(desk.journal, &query, stop, &id, &cursor), JOURNAL_OK);
    assert_int_equal(id, newest);
    query.cursor = cursor;
    assert_int_equal(journal_find(desk.journal, &query, stop, &id, &cursor), JOURNAL_OK);
    assert_int_equal(id, newest - 1);
    desk_close(&desk);
}

/* Nothing fits: the call gives up after so many messages, and says that there is more. */
static void a_call_looks_at_a_bounded_number_of_messages(void **state)
{
    struct desk desk;
    struct journal_query query = {
        .state = JOURNAL_STATE_ANY, .application = HL7_TEXT("nobody"), .limit = 10};
    struct journal_cursor cursor;
    const struct journal_message message = desk_message("1", "M", 0);
    struct journal_appended appended;
    int64_t id = 0;

    (void)state;
    desk_open(&desk);
    desk_begin(&desk);
    for (int i = 0; i < JOURNAL_EXAMINED_MAX + 5; i++) {
        assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_OK);
    }
    desk_commit(&desk);
    assert_int_equal(journal_find(desk.journal, &query, stop, &id, &cursor), JOURNAL_OK);
    assert_int_equal(cursor.id, 6);
    query.cursor = cursor;
    assert_int_equal(journal_find(desk.journal, &query, stop, &id, &cursor), JOURNAL_NONE);
    assert_int_equal(id, 0);
    desk_close(&desk);
}

static void leading_zeros_count(void **state)
{
    struct desk desk;
    struct journal_query query = {
        .state = JOURNAL_STATE_ANY, .control_id = HL7_TEXT("123"), .limit = 10};
    struct journal_cursor cursor;
    int64_t id = 0;

    (void)state;
    desk_open(&desk);
    int64_t stored = desk_store(&desk, "000123", "MSH|1", "ris");
    assert_int_equal(journal_find(desk.journal, &query, stop, &id, &cursor), JOURNAL_NONE);
    query.control_id = HL7_TEXT("000123");
    assert_int_equal(journal_find(desk.journal, &query, stop, &id, &cursor), JOURNAL_OK);
    assert_int_equal(id, stored);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_query_gives_what_comparing_gives),
        cmocka_unit_test(a_callback_may_end_the_page),
        cmocka_unit_test(a_call_looks_at_a_bounded_number_of_messages),
        cmocka_unit_test(leading_zeros_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
