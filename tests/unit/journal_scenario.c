/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_scenario.h"

#include <stdio.h>
#include <string.h>

enum { LANES = 2, BATCH = 4 };

static const char *const destinations[LANES] = {"ris", "pacs"};

void scenario_begin(struct scenario *scenario, struct faulty_disk *disk, uint64_t seed,
                    size_t largest)
{
    *scenario = (struct scenario){.disk = disk, .largest = largest};
    random_init(&scenario->random, seed);
}

/* The bytes of a message follow from its number. */
static hl7_slice bytes_of(const struct scenario *scenario, size_t number, char *memory)
{
    struct random_state random;
    int head = snprintf(memory, 64, "MSH|^~\\&|%zu|", number);

    random_init(&random, number * 977 + 5);
    size_t most = random_once_in(&random, 6) ? scenario->largest : scenario->largest / 20 + 1;
    size_t len = (size_t)head + random_below(&random, most);
    random_fill(&random, memory + head, len - (size_t)head);
    return (hl7_slice){memory, len};
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static enum journal_code append(struct scenario *scenario, struct journal *journal, size_t count)
{
    static char memory[BATCH][SCENARIO_BYTES + 64];
    char ids[BATCH][24];
    struct journal_message messages[BATCH];
    struct journal_appended appended[BATCH];
    const struct journal_lane lanes[LANES] = {desk_lane(destinations[0]),
                                              desk_lane(destinations[1])};

    for (size_t i = 0; i < count; i++) {
        size_t number = scenario->message_count + i;
        (void)snprintf(ids[i], sizeof ids[i], "%zu", number);
        messages[i] = desk_message(ids[i], "", (int64_t)number);
        messages[i].bytes = bytes_of(scenario, number, memory[i]);
        messages[i].reply = HL7_TEXT("MSA|AA");
        messages[i].deliveries = lanes;
        messages[i].delivery_count = random_below(&scenario->random, LANES + 1);
        messages[i].duplicate_window = 1000;
    }
    enum journal_code code = journal_append(journal, messages, count, appended);
    for (size_t i = 0; i < count && code == JOURNAL_OK; i++) {
        scenario->messages[scenario->message_count++] = (struct scenario_message){
            appended[i].message, scenario->step + 1, messages[i].delivery_count, 0,
            messages[i].delivery_count == 0 ? scenario->step + 1 : 0};
    }
    return code;
}

static size_t number_of(hl7_slice control_id)
{
    size_t number = 0;

    for (size_t i = 0; i < control_id.len; i++) {
        number = number * 10 + (size_t)(control_id.ptr[i] - '0');
    }
    return number;
}

/* Settles the head of a lane, mostly for good. */
static enum journal_code settle(struct scenario *scenario, struct journal *journal, int64_t lane)
{
    struct journal_delivery delivery;
    struct journal_wait wait;
    enum journal_settled settled;
    bool retry = random_once_in(&scenario->random, 4);
    enum journal_code code = journal_next(journal, lane, 0, INT64_MAX, &delivery, &wait);

    if (code != JOURNAL_OK) {
        return code == JOURNAL_NONE ? JOURNAL_OK : code;
    }
    size_t number = number_of(delivery.control_id);
    struct journal_settlement settlement =
        desk_settlement(&delivery, retry ? JOURNAL_RETRY : JOURNAL_DELIVERED);
    settlement.sent =
        random_once_in(&scenario->random, 2) ? HL7_TEXT("MSH|converted") : (hl7_slice){NULL, 0};
    settlement.answer = HL7_TEXT("MSA|AA");
    code = journal_settle(journal, &settlement, &settled);
    if (code == JOURNAL_OK && !retry) {
        struct scenario_message *message = &scenario->messages[number];
        scenario->settled[scenario->settled_count++] =
            (struct scenario_settled){settlement.delivery, number, scenario->step + 1};
        message->settled++;
        message->settled_step = message->settled == message->deliveries ? scenario->step + 1 : 0;
    }
    return code;
}

static enum journal_code prune(struct scenario *scenario, struct journal *journal)
{
    size_t before = scenario->message_count / 3;
    struct journal_policy policy = {DESK_DAY + (int64_t)before, 0, 0, 3};
    struct journal_pruned pruned;

    for (size_t i = scenario->step + 1; i < SCENARIO_STEPS + 2; i++) {
        scenario->prune_before[i] = before;
    }
    return before == 0 ? JOURNAL_OK : journal_prune(journal, &policy, &pruned);
}

static enum journal_code lease(struct scenario *scenario, struct journal *journal)
{
    enum journal_code code = JOURNAL_OK;

    for (size_t i = 0; i < LANES && code == JOURNAL_OK; i++) {
        const struct journal_lane lane = desk_lane(destinations[i]);
        code = journal_lease(journal, &lane, HL7_TEXT("test"), DESK_DAY, INT64_MAX,
                             &scenario->lanes[i]);
    }
    return code;
}

static enum journal_code act(struct scenario *scenario, struct journal *journal)
{
    char step[24];
    enum journal_code code = lease(scenario, journal);

    (void)snprintf(step, sizeof step, "%zu", scenario->step + 1);
    if (code == JOURNAL_OK) {
        code = journal_lane_set(journal, scenario->lanes[0], JOURNAL_LANE_RUNNING,
                                hl7_slice_of(step), DESK_DAY);
    }
    if (code == JOURNAL_OK && !random_once_in(&scenario->random, 5)) {
        code = append(scenario, journal, random_below(&scenario->random, BATCH) + 1);
    }
    for (size_t i = random_below(&scenario->random, 4); i > 0 && code == JOURNAL_OK; i--) {
        code = settle(scenario, journal, scenario->lanes[random_below(&scenario->random, LANES)]);
    }
    if (code == JOURNAL_OK && random_once_in(&scenario->random, 4)) {
        code = prune(scenario, journal);
    }
    return code;
}

/* Takes back what the step that failed has entered. */
static void take_back(struct scenario *scenario)
{
    while (scenario->message_count > 0 &&
           scenario->messages[scenario->message_count - 1].step > scenario->step) {
        scenario->message_count--;
    }
    while (scenario->settled_count > 0 &&
           scenario->settled[scenario->settled_count - 1].step > scenario->step) {
        size_t message = scenario->settled[--scenario->settled_count].message;
        scenario->messages[message].settled--;
        scenario->messages[message].settled_step = 0;
    }
}

enum journal_code scenario_run(struct scenario *scenario, struct journal *journal, size_t steps)
{
    for (size_t i = 0; i < steps; i++) {
        assert_in_range(scenario->message_count, 0, SCENARIO_MESSAGES - BATCH);
        assert_in_range(scenario->step, 0, SCENARIO_STEPS - 1);
        (void)journal_begin(journal);
        (void)act(scenario, journal);
        enum journal_code code = journal_commit(journal);
        if (code == JOURNAL_FAILED) {
            return code; /* whether the step holds, the journal says when it is opened again */
        }
        if (code != JOURNAL_OK) {
            take_back(scenario);
            return code;
        }
        faulty_mark(scenario->disk, ++scenario->step);
        /* Sooner than the broker would, so that it happens among few steps. */
        if (random_once_in(&scenario->random, 6)) {
            code = journal_checkpoint(journal, 1);
        }
        if (code != JOURNAL_OK) {
            return code;
        }
    }
    return JOURNAL_OK;
}

/* ---- Checking -------------------------------------------------------------------------------- */

static bool on_first_lane(void *context, const struct journal_lane_status *status)
{
    size_t *last = context;

    *last = number_of(status->why);
    return false;
}

/* The last step the journal knows of: each one writes its number with the first lane. */
static size_t last_step(const struct desk *desk)
{
    size_t last = 0;

    (void)journal_lanes(desk->journal, on_first_lane, &last);
    return last;
}

void scenario_resume(struct scenario *scenario, const struct desk *desk)
{
    if (last_step(desk) > scenario->step) {
        scenario->step = last_step(desk);
    } else {
        take_back(scenario);
    }
}

static bool may_be_gone(const struct scenario *scenario, size_t number, size_t step)
{
    const struct scenario_message *message = &scenario->messages[number];

    return number < scenario->prune_before[step] && message->settled_step > 0 &&
           message->settled_step <= step;
}

static size_t check_messages(const struct scenario *scenario, struct journal *journal, size_t step)
{
    static char memory[SCENARIO_BYTES + 64];
    size_t wrong = 0;

    for (size_t i = 0; i < scenario->message_count; i++) {
        hl7_slice stored = {NULL, 0};
        const struct scenario_message *message = &scenario->messages[i];
        enum journal_code code = journal_bytes(journal, message->id, &stored);
        bool there = code == JOURNAL_OK;
        if (message->step > step) {
            wrong += there;
        } else if (code != JOURNAL_NONE || !may_be_gone(scenario, i, step)) {
            wrong += !there;
        }
        wrong += there && !hl7_slice_equal(stored, bytes_of(scenario, i, memory));
    }
    return wrong;
}

static size_t check_settled(const struct scenario *scenario, const struct desk *desk, size_t step)
{
    size_t wrong = 0;
    sqlite3_stmt *row = NULL;

    assert_int_equal(sqlite3_prepare_v2(desk->journal->db,
                                        "SELECT state FROM deliveries WHERE id = ?1", -1, &row,
                                        NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < scenario->settled_count; i++) {
        (void)sqlite3_bind_int64(row, 1, scenario->settled[i].delivery);
        if (sqlite3_step(row) == SQLITE_ROW) {
            bool delivered = sqlite3_column_int(row, 0) == JOURNAL_DELIVERY_DELIVERED;
            wrong += delivered != (scenario->settled[i].step <= step);
        }
        (void)sqlite3_reset(row);
    }
    (void)sqlite3_finalize(row);
    return wrong;
}

/* A lane gives its messages in the order they were stored, each once. */
static size_t check_order(const struct scenario *scenario, struct journal *journal)
{
    size_t wrong = 0;

    for (size_t i = 0; i < LANES; i++) {
        struct journal_delivery delivery = {.id = 0};
        struct journal_wait wait;
        int64_t before = 0;
        while (journal_next(journal, scenario->lanes[i], delivery.id, INT64_MAX, &delivery,
                            &wait) == JOURNAL_OK) {
            wrong += delivery.message <= before;
            before = delivery.message;
        }
    }
    return wrong;
}

size_t scenario_check(const struct scenario *scenario, const struct desk *desk, size_t step)
{
    size_t last = last_step(desk);
    size_t wrong = (last < step || last > step + 1) +
                   check_messages(scenario, desk->journal, last) +
                   check_settled(scenario, desk, last) + check_order(scenario, desk->journal) +
                   desk_wrong_counters(desk);
    int64_t orphans = 1;

    (void)desk_ask(desk,
                   "SELECT count(*) FROM deliveries WHERE message NOT IN"
                   " (SELECT id FROM messages)",
                   &orphans);
    return wrong + (size_t)orphans;
}
