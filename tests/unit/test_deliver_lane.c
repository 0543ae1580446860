/* SPDX-License-Identifier: Apache-2.0
 *
 * Lanes and the MLLP door, with a real journal, a real loop and a peer that follows a script: what
 * becomes of each answer, in which order messages leave, and that nothing is lost or credited falsely. */
#include "clock.h"
#include "journal_desk.h"
#include "threads.h"
#include "deliver_peer.h"

#include "broker/deliver/deliver.h"

#include <stdio.h>
#include <signal.h>
#include <stdlib.h>

enum { TOO_LONG = 30000 };

/* A broker's half: journal, loop, lanes. */
static struct bench {
    struct desk desk;
    struct loop loop;
    struct store *store;
    struct services services;
    struct deliver deliver;
    struct config_destination to;
    struct config_route route;
    struct deliver_peer peer;
    struct loop_timer late;
    char port[8];
    struct lane *lane;
    size_t results[8]; /* by enum journal_outcome */
    size_t wanted;     /* the loop stops when so many ended */
    char last_word[32];
    char last_answer[400];
    bool stop_on_retry;
} bench;

static struct deliver_template no_template(void *context, const struct config_template *named)
{
    (void)context;
    (void)named;
    fail_msg("no route of this test has a template");
    return (struct deliver_template){.file = NULL, .hash = ""};
}

static const struct config_listener *no_listener(void *context, hl7_slice name)
{
    (void)context;
    (void)name;
    return NULL;
}

static void on_settled(void *context, const struct deliver_result *result)
{
    size_t ended = 0;

    (void)context;
    bench.results[result->outcome]++;
    (void)snprintf(bench.last_word, sizeof bench.last_word, "%s", result->word);
    (void)snprintf(bench.last_answer, sizeof bench.last_answer, "%.*s", (int)result->answer.len,
                   result->answer.len > 0 ? result->answer.ptr : "");
    ended = bench.results[JOURNAL_DELIVERED] + bench.results[JOURNAL_DEAD] +
            bench.results[JOURNAL_HALT];
    if (ended >= bench.wanted || (bench.stop_on_retry && bench.results[JOURNAL_RETRY] > 0)) {
        loop_stop(&bench.loop);
    }
}

static void on_late(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("the lane did not get there in time");
}

static void open_store(void)
{
    char reason[256];

    bench.store = store_open(bench.desk.folder, NULL, &bench.loop, reason);
    if (bench.store == NULL) {
        fail_msg("%s", reason);
    }
    bench.deliver.store = bench.store;
}

static int open_bench(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    desk_make_folder(&bench.desk);
    if (!loop_init(&bench.loop)) {
        return -1;
    }
    open_store();
    services_open(&bench.services, NULL);
    bench.deliver = (struct deliver){
        .loop = &bench.loop,
        .store = bench.store,
        .owner = {"test", 4},
        .hooks = {.template = no_template, .listener = no_listener, .settled = on_settled},
        .convert = {.services = &bench.services, .charset = TEXT_CHARSET_NONE}};
    bench.to = (struct config_destination){
        .name = "ris",
        .mllp = {.host = "127.0.0.1", .port = bench.port, .text = "127.0.0.1"},
        .connect_timeout = 5000,
        .timeout = 400,
        .max_reply = 100000,
        .retry = {.first = 5, .longest = 20},
        .on_error = CONFIG_POLICY_RETRY,
        .on_reject = CONFIG_POLICY_DEAD,
        .on_conversion_error = CONFIG_POLICY_DEAD,
        .pipeline = 1,
        .keep_open = 60000,
    };
    bench.route = (struct config_route){.name = "orders", .lanes = 1};
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench.deliver.draining = true;
    store_close(&bench.store);
    deliver_release(&bench.deliver);
    services_close(&bench.services);
    loop_release(&bench.loop);
    threads_wait(1); /* a name may still be asked for */
    desk_remove_folder(&bench.desk);
    return 0;
}

static void start_peer(const char *script)
{
    assert_true(deliver_peer_start(&bench.peer, script, 0));
    (void)snprintf(bench.port, sizeof bench.port, "%d", bench.peer.port);
}

/* ---- Messages into the journal -------------------------------------------------------------- */

struct append_work {
    struct store_work work;
    size_t first;
    size_t count;
    const char *header_end;
};

static enum journal_code append_run(struct store_work *work, struct journal *journal)
{
    struct append_work *task = LOOP_OWNER(work, struct append_work, work);
    struct journal_lane lane = {
        .route = HL7_TEXT("orders"), .destination = HL7_TEXT("ris"), .number = 0};
    enum journal_code code = JOURNAL_OK;

    for (size_t i = 0; i < task->count && code == JOURNAL_OK; i++) {
        char id[32];
        char text[200];
        struct journal_appended appended;

        (void)snprintf(id, sizeof id, "M%zu", task->first + i);
        (void)snprintf(text, sizeof text,
                       "MSH|^~\\&|S|F|R|G|20260101||ORM^O01|%s|P|2.5%s\rPID|1||7\r", id,
                       task->header_end);
        const struct journal_message message = {.listener = HL7_TEXT("in"),
                                                .received = clock_wall(),
                                                .bytes = hl7_slice_of(text),
                                                .control_id = hl7_slice_of(id),
                                                .type = HL7_TEXT("ORM^O01"),
                                                .deliveries = &lane,
                                                .delivery_count = 1};
        code = journal_append(journal, &message, 1, &appended);
    }
    return code;
}

static void append_done(struct store_work *work, enum journal_code code)
{
    struct append_work *task = LOOP_OWNER(work, struct append_work, work);

    assert_int_equal(code, JOURNAL_OK);
    bench.lane = deliver_lane(&bench.deliver, &bench.route, &bench.to, 0);
    assert_non_null(bench.lane);
    lane_wake(bench.lane);
    free(task);
}

static void store_messages(size_t first, size_t count, const char *header_end)
{
    struct append_work *task = calloc(1, sizeof *task);

    assert_non_null(task);
    task->work = (struct store_work){.run = append_run, .done = append_done};
    task->first = first;
    task->count = count;
    task->header_end = header_end;
    store_submit(bench.store, &task->work);
}

/* Runs the loop until so many deliveries have ended. */
static void run_until(size_t wanted)
{
    bench.wanted = wanted;
    bench.late.on_time = on_late;
    assert_true(loop_timer_set(&bench.loop, &bench.late, TOO_LONG));
    bench.loop.stopped = false;
    assert_true(loop_run(&bench.loop, NULL, NULL));
    loop_timer_clear(&bench.loop, &bench.late);
}

static void on_idle(void *context)
{
    loop_stop(context);
}

/* Runs the loop until the journal has nothing to do, and the lane is where it stays. */
static void run_until_phase(enum lane_phase phase)
{
    bench.wanted = SIZE_MAX;
    store_when_idle(bench.store, on_idle, &bench.loop);
    assert_true(loop_timer_set(&bench.loop, &bench.late, TOO_LONG));
    while (bench.lane->phase != phase || store_pending(bench.store) > 0) {
        bench.loop.stopped = false;
        assert_true(loop_run(&bench.loop, NULL, NULL));
    }
    loop_timer_clear(&bench.loop, &bench.late);
    store_when_idle(bench.store, NULL, NULL);
}

/* ---- Order ---------------------------------------------------------------------------------- */

static void messages_leave_in_the_order_they_were_stored(void **state)
{
    (void)state;
    start_peer("");
    store_messages(0, 100, "");
    store_messages(100, 100, "");
    run_until(200);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 200);
    assert_int_equal(atomic_load(&bench.peer.count), 200);
    assert_int_equal(atomic_load(&bench.peer.connections), 1);
    for (size_t i = 0; i < 200; i++) {
        char id[32];

        (void)snprintf(id, sizeof id, "M%zu", i);
        assert_string_equal(bench.peer.ids[i], id);
    }
    deliver_peer_stop(&bench.peer);
}

/* Whatever the peer does, the order of first deliveries is the order of storing, and what was not
 * accepted is repeated before anything that was stored behind it. */
static void a_bad_peer_does_not_change_the_order(void **state)
{
    static const char script[] = "AEAXGATAZWANEEEAXXAGGAWTABZE";
    size_t next = 0;

    (void)state;
    start_peer(script);
    bench.to.timeout = 60;
    store_messages(0, 20, "");
    run_until(20);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 20);
    for (size_t i = 0; i < atomic_load(&bench.peer.count); i++) {
        size_t number = strtoul(bench.peer.ids[i] + 1, NULL, 10);

        assert_true(number == next || (next > 0 && number == next - 1));
        next = number == next ? next + 1 : next;
    }
    assert_int_equal(next, 20);
    deliver_peer_stop(&bench.peer);
}

/* ---- Several under way at once ---------------------------------------------------------------- */

/* The first time each message comes is in the order of storing, whatever comes again. */
static void check_first_deliveries(size_t count)
{
    size_t next = 0;

    for (size_t i = 0; i < atomic_load(&bench.peer.count) && i < PEER_MESSAGES; i++) {
        size_t number = strtoul(bench.peer.ids[i] + 1, NULL, 10);

        assert_true(number <= next);
        next += number == next;
    }
    assert_int_equal(next, count);
}

static void pipelined_messages_leave_in_order_too(void **state)
{
    (void)state;
    start_peer("");
    bench.to.pipeline = 8;
    store_messages(0, 300, "");
    run_until(300);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 300);
    assert_int_equal(atomic_load(&bench.peer.count), 300);
    assert_int_equal(atomic_load(&bench.peer.connections), 1);
    check_first_deliveries(300);
    deliver_peer_stop(&bench.peer);
}

static void a_bad_peer_does_not_lose_or_credit_what_is_pipelined(void **state)
{
    (void)state;
    start_peer("AAEAXGATAZWANEEEAXXAGGAWTABZEAAAAXAAAAAAEAAAAAAG");
    bench.to.timeout = 80;
    bench.to.pipeline = 4;
    store_messages(0, 40, "");
    run_until(40);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 40);
    assert_int_equal(bench.results[JOURNAL_DEAD], 0);
    check_first_deliveries(40);
    deliver_peer_stop(&bench.peer);
}

static void what_is_rejected_in_a_pipeline_is_that_message_alone(void **state)
{
    (void)state;
    start_peer("AARAAR");
    bench.to.pipeline = 6;
    store_messages(0, 20, "");
    run_until(20);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 18);
    assert_int_equal(bench.results[JOURNAL_DEAD], 2);
    assert_int_equal(atomic_load(&bench.peer.count), 20);
    deliver_peer_stop(&bench.peer);
}

static void pipelined_messages_that_ask_for_no_answer_are_done_when_sent(void **state)
{
    (void)state;
    start_peer("TTTTTTTTTTTTTTTTTTTT");
    bench.to.pipeline = 4;
    store_messages(0, 20, "|||NE|NE");
    run_until(20);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 20);
    deliver_peer_stop(&bench.peer);
}

/* ---- Answers and policies ------------------------------------------------------------------- */

static void each_answer_follows_its_policy(void **state)
{
    /* The policy of the answer is set to DEAD: the word tells which answer it was taken for. */
    static const struct {
        const char *script;
        const char *word;
        size_t place; /* of the policy */
    } cases[] = {
        {"E", "AE", offsetof(struct config_destination, on_error)},
        {"R", "AR", offsetof(struct config_destination, on_reject)},
        {"T", "timeout", offsetof(struct config_destination, on_timeout)},
        {"X", "closed", offsetof(struct config_destination, on_closed)},
        {"G", "not-an-answer", offsetof(struct config_destination, on_unframed)},
        {"N", "not-an-answer", offsetof(struct config_destination, on_unframed)},
        {"W", "not-an-answer", offsetof(struct config_destination, on_unframed)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int dead = CONFIG_POLICY_DEAD;

        bench.to.on_reject = CONFIG_POLICY_RETRY;
        memcpy((char *)&bench.to + cases[i].place, &dead, sizeof dead);
        start_peer(cases[i].script);
        if (bench.lane != NULL) {
            lane_adopt(bench.lane, &bench.route, &bench.to, true);
        }
        memset(bench.results, 0, sizeof bench.results);
        store_messages(i, 1, "");
        run_until(1);
        assert_int_equal(bench.results[JOURNAL_DEAD], 1);
        assert_string_equal(bench.last_word, cases[i].word);
        deliver_peer_stop(&bench.peer);
        memset((char *)&bench.to + cases[i].place, 0, sizeof dead); /* RETRY */
    }
}

static void an_error_is_tried_again_until_it_is_accepted(void **state)
{
    (void)state;
    start_peer("EEEEE");
    store_messages(0, 1, "");
    run_until(1);
    assert_int_equal(bench.results[JOURNAL_RETRY], 5);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 1);
    assert_int_equal(atomic_load(&bench.peer.count), 6);
    deliver_peer_stop(&bench.peer);
}

static void tries_have_a_limit_when_one_is_set(void **state)
{
    (void)state;
    start_peer("EEEEEEEE");
    bench.to.retry_limit.attempts = 3;
    store_messages(0, 1, "");
    run_until(1);
    assert_int_equal(bench.results[JOURNAL_RETRY], 2);
    assert_int_equal(bench.results[JOURNAL_DEAD], 1);
    assert_int_equal(atomic_load(&bench.peer.count), 3);
    deliver_peer_stop(&bench.peer);
}

static void a_halted_lane_waits_for_a_person(void **state)
{
    (void)state;
    start_peer("AR");
    bench.to.on_reject = CONFIG_POLICY_HALT;
    store_messages(0, 3, "");
    run_until(2);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 1);
    assert_int_equal(bench.results[JOURNAL_HALT], 1);
    store_messages(3, 1, "");
    run_until_phase(LANE_STOPPED);
    assert_int_equal(atomic_load(&bench.peer.count), 2);
    deliver_peer_stop(&bench.peer);
}

/* ---- Enhanced mode (rules 21 and 27) -------------------------------------------------------- */

static void an_accept_acknowledgement_alone_will_do_when_it_is_all_that_was_asked_for(void **state)
{
    (void)state;
    start_peer("C");
    store_messages(0, 1, "|||AL|NE");
    run_until(1);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 1);
    assert_string_equal(bench.last_word, "CA");
    deliver_peer_stop(&bench.peer);
}

static void both_acknowledgements_are_waited_for(void **state)
{
    (void)state;
    start_peer("BC");
    store_messages(0, 1, "|||AL|AL");
    run_until(1);
    assert_string_equal(bench.last_word, "AA");
    store_messages(1, 1, "|||AL|AL");
    run_until(2); /* the second never comes: the first has said that it is stored */
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 2);
    assert_string_equal(bench.last_word, "CA");
    deliver_peer_stop(&bench.peer);
}

static void who_asks_for_no_answer_gets_none(void **state)
{
    (void)state;
    start_peer("TTT");
    store_messages(0, 3, "|||NE|NE");
    run_until(3);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 3);
    assert_string_equal(bench.last_word, "sent");
    deliver_peer_stop(&bench.peer);
}

/* ---- Peers that come and go ----------------------------------------------------------------- */

static void a_peer_that_is_down_gets_everything_when_it_is_back(void **state)
{
    int port = deliver_peer_free_port();

    (void)state;
    (void)snprintf(bench.port, sizeof bench.port, "%d", port);
    bench.stop_on_retry = true;
    store_messages(0, 5, "");
    run_until(5);
    assert_string_equal(bench.last_word, "refused");
    assert_true(deliver_peer_start(&bench.peer, "", port));
    bench.stop_on_retry = false;
    run_until(5);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 5);
    assert_int_equal(atomic_load(&bench.peer.count), 5);
    deliver_peer_stop(&bench.peer);
}

static void a_corrected_address_applies_to_what_is_queued(void **state)
{
    struct config_destination corrected;
    char port[8];

    (void)state;
    (void)snprintf(bench.port, sizeof bench.port, "%d", deliver_peer_free_port());
    bench.to.retry = (struct config_backoff){.first = 60000, .longest = 60000};
    bench.stop_on_retry = true;
    store_messages(0, 2, "");
    run_until(2);
    assert_true(deliver_peer_start(&bench.peer, "", 0));
    (void)snprintf(port, sizeof port, "%d", bench.peer.port);
    corrected = bench.to;
    corrected.mllp.port = port;
    bench.stop_on_retry = false;
    run_until_phase(LANE_WAITING); /* a minute, until the reload comes */
    lane_adopt(bench.lane, &bench.route, &corrected, true);
    run_until(2);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 2);
    deliver_peer_stop(&bench.peer);
}

static void a_name_that_is_none_is_said_so_and_tried_again(void **state)
{
    (void)state;
    bench.to.mllp.host = "no-such-host.invalid";
    (void)snprintf(bench.port, sizeof bench.port, "2575");
    bench.stop_on_retry = true;
    store_messages(0, 1, "");
    run_until(1);
    assert_string_equal(bench.last_word, "unknown-host");
}

static void what_was_queued_when_it_ended_is_delivered_at_the_next_start(void **state)
{
    (void)state;
    (void)snprintf(bench.port, sizeof bench.port, "%d", deliver_peer_free_port());
    bench.stop_on_retry = true;
    store_messages(0, 3, "");
    run_until(3);
    bench.deliver.draining = true;
    store_close(&bench.store);
    deliver_release(&bench.deliver);
    bench.deliver.draining = false;
    bench.deliver.convert =
        (struct convert){.services = &bench.services, .charset = TEXT_CHARSET_NONE};
    bench.stop_on_retry = false;
    start_peer("");
    open_store();
    bench.lane = deliver_lane(&bench.deliver, &bench.route, &bench.to, 0);
    run_until(3);
    assert_int_equal(bench.results[JOURNAL_DELIVERED], 3);
    assert_string_equal(bench.peer.ids[0], "M0");
    deliver_peer_stop(&bench.peer);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(messages_leave_in_the_order_they_were_stored),
        BENCH_TEST(a_bad_peer_does_not_change_the_order),
        BENCH_TEST(pipelined_messages_leave_in_order_too),
        BENCH_TEST(a_bad_peer_does_not_lose_or_credit_what_is_pipelined),
        BENCH_TEST(what_is_rejected_in_a_pipeline_is_that_message_alone),
        BENCH_TEST(pipelined_messages_that_ask_for_no_answer_are_done_when_sent),
        BENCH_TEST(each_answer_follows_its_policy),
        BENCH_TEST(an_error_is_tried_again_until_it_is_accepted),
        BENCH_TEST(tries_have_a_limit_when_one_is_set),
        BENCH_TEST(a_halted_lane_waits_for_a_person),
        BENCH_TEST(an_accept_acknowledgement_alone_will_do_when_it_is_all_that_was_asked_for),
        BENCH_TEST(both_acknowledgements_are_waited_for),
        BENCH_TEST(who_asks_for_no_answer_gets_none),
        BENCH_TEST(a_peer_that_is_down_gets_everything_when_it_is_back),
        BENCH_TEST(a_corrected_address_applies_to_what_is_queued),
        BENCH_TEST(a_name_that_is_none_is_said_so_and_tried_again),
        BENCH_TEST(what_was_queued_when_it_ended_is_delivered_at_the_next_start),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
