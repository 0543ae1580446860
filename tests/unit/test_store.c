/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal in its thread: work shares commits, comes back in order, and a part that fails takes
 * nothing else with it. */
#include "journal_desk.h"

#include "broker/store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOO_LONG = 30000 };

static struct {
    struct desk desk;
    struct loop loop;
    struct store *store;
    struct loop_timer late;
    size_t heard;
    size_t last;
} bench;

static void on_late(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("the store did not answer in time");
}

static int open_bench(void **state)
{
    char reason[256];

    (void)state;
    memset(&bench, 0, sizeof bench);
    desk_make_folder(&bench.desk);
    if (!loop_init(&bench.loop)) {
        return -1;
    }
    bench.store = store_open(bench.desk.folder, NULL, &bench.loop, reason);
    return bench.store != NULL ? 0 : -1;
}

static int close_bench(void **state)
{
    (void)state;
    store_close(&bench.store);
    loop_release(&bench.loop);
    desk_remove_folder(&bench.desk);
    return 0;
}

/* ---- A piece of work ------------------------------------------------------------------------- */

struct task {
    struct store_work work;
    size_t number;
    size_t runs;
    enum journal_code says; /* what its run returns; JOURNAL_OK: it appends a message */
    enum journal_code heard;
    pthread_t thread; /* that ran it */
    bool done;
};

static enum journal_code task_run(struct store_work *work, struct journal *journal)
{
    struct task *task = LOOP_OWNER(work, struct task, work);
    char id[32];
    struct journal_appended appended;

    task->runs++;
    task->thread = pthread_self();
    if (task->says != JOURNAL_OK) {
        return task->says;
    }
    (void)snprintf(id, sizeof id, "M%zu", task->number);
    const struct journal_message message = {.listener = HL7_TEXT("in"),
                                            .received = DESK_DAY + (int64_t)task->number,
                                            .bytes = HL7_TEXT("MSH|^~\\&|"),
                                            .control_id = hl7_slice_of(id)};
    return journal_append(journal, &message, 1, &appended);
}

static void task_done(struct store_work *work, enum journal_code code)
{
    struct task *task = LOOP_OWNER(work, struct task, work);

    assert_false(task->done);
    assert_true(task->number == 0 || task->number == bench.last + 1);
    task->done = true;
    task->heard = code;
    bench.last = task->number;
    bench.heard++;
}

static void submit(struct task *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tasks[i].number = i;
        tasks[i].work = (struct store_work){.run = task_run, .done = task_done};
        store_submit(bench.store, &tasks[i].work);
    }
}

static void on_idle(void *context)
{
    loop_stop(context);
}

static void run_until_idle(void)
{
    bench.late.on_time = on_late;
    assert_true(loop_timer_set(&bench.loop, &bench.late, TOO_LONG));
    store_when_idle(bench.store, on_idle, &bench.loop);
    bench.loop.stopped = false;
    assert_true(loop_run(&bench.loop, NULL, NULL));
    loop_timer_clear(&bench.loop, &bench.late);
}

static int64_t count_messages(void)
{
    store_close(&bench.store);
    struct desk desk = bench.desk;
    desk_reopen(&desk);
    int64_t count = desk_query(&desk, "SELECT count(*) FROM messages");
    journal_close(&desk.journal);
    return count;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void work_comes_back_in_order_from_another_thread(void **state)
{
    static struct task tasks[3000];

    (void)state;
    memset(tasks, 0, sizeof tasks);
    submit(tasks, 3000);
    assert_int_equal(store_pending(bench.store), 3000);
    run_until_idle();
    assert_int_equal(bench.heard, 3000);
    for (size_t i = 0; i < 3000; i++) {
        assert_int_equal(tasks[i].heard, JOURNAL_OK);
        assert_int_equal(tasks[i].runs, 1);
        assert_false(pthread_equal(tasks[i].thread, pthread_self()));
    }
    struct metrics_store counters = store_count(bench.store);
    assert_int_equal(counters.work, 3000);
    /* What was handed in while the first commit was under way shares few others. */
    assert_true(counters.commits < 300);
    assert_int_equal(count_messages(), 3000);
}

static void a_part_that_fails_takes_nothing_else_with_it(void **state)
{
    static struct task tasks[9];

    (void)state;
    memset(tasks, 0, sizeof tasks);
    tasks[4].says = JOURNAL_FULL;
    tasks[6].says = JOURNAL_NONE;
    tasks[7].says = JOURNAL_REFUSED;
    submit(tasks, 9);
    run_until_idle();
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(tasks[i].heard, tasks[i].says);
    }
    assert_int_equal(count_messages(), 6);
}

static void a_failure_is_heard_and_the_journal_opened_again(void **state)
{
    static struct task tasks[3];
    static struct task later[1];

    (void)state;
    memset(tasks, 0, sizeof tasks);
    memset(later, 0, sizeof later);
    tasks[1].says = JOURNAL_FAILED;
    submit(tasks, 3);
    run_until_idle();
    /* Those that shared its transaction hear it too; whatever was committed before does not. */
    assert_int_equal(tasks[1].heard, JOURNAL_FAILED);
    submit(later, 1);
    run_until_idle();
    assert_int_equal(later[0].heard, JOURNAL_OK);
    assert_int_equal(store_count(bench.store).reopened, 1);
    int64_t stored = 1;
    for (size_t i = 0; i < 3; i++) {
        stored += tasks[i].heard == JOURNAL_OK;
    }
    assert_int_equal(count_messages(), stored);
}

static void closing_waits_for_the_work_and_tells_its_owners(void **state)
{
    static struct task tasks[50];

    (void)state;
    memset(tasks, 0, sizeof tasks);
    submit(tasks, 50);
    store_close(&bench.store);
    assert_int_equal(bench.heard, 50);
    bench.store = NULL;
}

/* Its run begins and commits a transaction of its own, which it could not within another. */
static enum journal_code apart_run(struct store_work *work, struct journal *journal)
{
    enum journal_code code = journal_begin(journal);

    if (code == JOURNAL_OK) {
        code = task_run(work, journal);
    }
    return code == JOURNAL_OK ? journal_commit(journal) : code;
}

static void work_apart_is_run_between_transactions(void **state)
{
    struct task tasks[9] = {0};

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        bool apart = i % 3 == 1;

        tasks[i].number = i;
        tasks[i].work = (struct store_work){
            .run = apart ? apart_run : task_run, .done = task_done, .apart = apart};
        store_submit(bench.store, &tasks[i].work);
    }
    run_until_idle();
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(tasks[i].heard, JOURNAL_OK);
        assert_int_equal(tasks[i].runs, 1);
    }
}

static void after_round(void *context)
{
    store_go(context);
}

/* A timer of 1 ms stands for an event that brings much. */
static struct loop_timer event;
static struct task round_tasks[500];

static void on_event(struct loop_timer *timer)
{
    (void)timer;
    submit(round_tasks, 500);
}

static void what_a_round_of_events_brings_is_one_transaction(void **state)
{
    (void)state;
    bench.late.on_time = on_late;
    event.on_time = on_event;
    store_gather(bench.store);
    assert_true(loop_timer_set(&bench.loop, &bench.late, TOO_LONG));
    assert_true(loop_timer_set(&bench.loop, &event, 1));
    store_when_idle(bench.store, on_idle, &bench.loop);
    assert_true(loop_run(&bench.loop, after_round, bench.store));
    loop_timer_clear(&bench.loop, &bench.late);
    assert_int_equal(bench.heard, 500);
    assert_int_equal(store_count(bench.store).commits, 1);
    assert_int_equal(store_count(bench.store).work, 500);
    assert_int_equal(count_messages(), 500);
}

static void what_was_gathered_is_done_before_the_store_closes(void **state)
{
    static struct task tasks[20];

    (void)state;
    store_gather(bench.store);
    submit(tasks, 20);
    assert_int_equal(store_pending(bench.store), 20);
    store_close(&bench.store);
    assert_int_equal(bench.heard, 20);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(tasks[i].heard, JOURNAL_OK);
    }
}

static void a_folder_that_cannot_be_one_is_said_so(void **state)
{
    char reason[256] = "";

    (void)state;
    assert_null(store_open("/proc/no/such/place", NULL, &bench.loop, reason));
    assert_true(strlen(reason) > 10);
    assert_null(store_open(bench.desk.folder, NULL, &bench.loop, reason)); /* it is ours already */
    assert_true(strlen(reason) > 10);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(work_comes_back_in_order_from_another_thread),
        BENCH_TEST(a_part_that_fails_takes_nothing_else_with_it),
        BENCH_TEST(a_failure_is_heard_and_the_journal_opened_again),
        BENCH_TEST(closing_waits_for_the_work_and_tells_its_owners),
        BENCH_TEST(work_apart_is_run_between_transactions),
        BENCH_TEST(what_a_round_of_events_brings_is_one_transaction),
        BENCH_TEST(what_was_gathered_is_done_before_the_store_closes),
        BENCH_TEST(a_folder_that_cannot_be_one_is_said_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
