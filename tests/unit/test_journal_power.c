/* SPDX-License-Identifier: Apache-2.0
 *
 * Power loss. A scenario runs on a disk that records every write and sync. Then the power goes, after
 * each single operation, and the states a disk may be found in are opened, one after the other, and held
 * against the ledger: nothing that was acknowledged may be missing (J1, J2, J4).
 *
 * ORDERLY_POWER_STATES is how many states are tried. Without it there are 12000, fewer under the
 * sanitizers and valgrind. */
#include "journal_scenario.h"

#include <stdio.h>
#include <stdlib.h>

enum { STATES = 12000, STEPS = 25, SEEDS = 3, LARGEST = 6000 };

/* How likely a part that is in doubt is there: never, always, and between. */
static const size_t odds[] = {0, 1, 2, 8};

static size_t states_wanted(void)
{
    const char *text = getenv("ORDERLY_POWER_STATES");

    if (text != NULL) {
        return (size_t)strtoul(text, NULL, 10);
    }
    return STATES / faulty_slowness();
}

struct outcome {
    size_t states;
    size_t wrong; /* states in which something was missing, or that could not be opened */
};

/* Opens a state and checks it. The disk of the state is the default file layer. */
static void try_state(const struct scenario *scenario, struct desk *desk, size_t step,
                      struct outcome *outcome)
{
    char reason[256] = "";

    outcome->states++;
    if (journal_open(desk->folder, NULL, &desk->journal, reason) != JOURNAL_OK) {
        outcome->wrong++;
        return;
    }
    size_t wrong = scenario_check(scenario, desk, step);
    outcome->wrong += wrong > 0;
    journal_close(&desk->journal);
}

/* Tries about `count` states, spread evenly over the moments of the record. */
static void try_states(const struct scenario *scenario, const struct faulty_disk *disk,
                       struct desk *desk, size_t count, struct outcome *outcome)
{
    static struct faulty_disk state;
    struct faulty_crash crash;
    struct random_state random;
    size_t made = 0;

    random_init(&random, 7);
    faulty_install(&state);
    faulty_crash_begin(&crash, disk);
    while (faulty_crash_step(&crash)) {
        /* So many by now: a moment may have several, or none. */
        while (made < count * crash.at / disk->event_count) {
            size_t likely = odds[made++ % (sizeof odds / sizeof odds[0])];
            faulty_crash_state(&crash, &random, likely, &state);
            try_state(scenario, desk, crash.mark, outcome);
        }
    }
    faulty_crash_end(&crash);
    faulty_remove(&state);
}

/* Runs the scenario, with what `change` makes of the connection, and tries the states it leaves. */
static struct outcome run(uint64_t seed, const char *change, size_t count)
{
    static struct faulty_disk disk;
    static struct scenario scenario;
    struct desk desk = {.journal = NULL};
    struct outcome outcome = {0, 0};

    faulty_install(&disk);
    disk.recording = true;
    desk_make_folder(&desk);
    scenario_begin(&scenario, &disk, seed, LARGEST);
    for (int part = 0; part < 2; part++) {
        /* Opened twice, so that the log is taken over once, and removed. */
        assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, NULL), JOURNAL_OK);
        assert_int_equal(sqlite3_exec(desk.journal->db, change, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(scenario_run(&scenario, desk.journal, STEPS), JOURNAL_OK);
        assert_int_equal(scenario_check(&scenario, &desk, scenario.step), 0);
        journal_close(&desk.journal);
    }
    try_states(&scenario, &disk, &desk, count, &outcome);
    desk_remove_folder(&desk);
    faulty_remove(&disk);
    return outcome;
}

static void nothing_acknowledged_is_lost_when_the_power_goes(void **state)
{
    size_t wanted = states_wanted();
    size_t tried = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct outcome outcome = run(seed, "", wanted / SEEDS);
        assert_int_equal(outcome.wrong, 0);
        tried += outcome.states;
    }
    print_message("%zu states\n", tried);
    assert_true(tried + SEEDS >= wanted);
}

/* The test can see: with one sync fewer, acknowledged messages are missing. */
static void a_commit_that_does_not_sync_is_caught(void **state)
{
    struct outcome outcome = run(1, "PRAGMA synchronous = NORMAL", 200);

    (void)state;
    assert_true(outcome.wrong > 0);
    outcome = run(1, "PRAGMA synchronous = OFF", 200);
    assert_true(outcome.wrong > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost_when_the_power_goes),
        cmocka_unit_test(a_commit_that_does_not_sync_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
