/* SPDX-License-Identifier: Apache-2.0
 *
 * Listeners of the broker with a real journal and a client in a thread of its own: replies in order
 * however many messages are under way, what a failing hook or a full disk answers, and the end. */
#include "journal_desk.h"

#include "broker/ingest/ingest.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { TOO_LONG = 30000, TEXT_SIZE = 200, REPLIES = 4000 };

static struct bench {
    struct desk desk;
    struct loop loop;
    struct store *store;
    struct services services;
    struct ingest ingest;
    struct config_orderly orderly;
    struct config_listener listener;
    struct loop_timer late;
    struct loop_timer look;
    size_t stored; /* lanes told */
    bool undecided;
    /* The client. */
    pthread_t thread;
    int port;
    size_t messages;
    atomic_bool done;
    size_t replies;
    char codes[REPLIES][3];
    size_t order_kept; /* replies whose id is the one that was due */
} bench;

static bool on_route(void *context, const struct config_listener *listener,
                     const struct hl7_message *message, struct ingest_routing *routing)
{
    (void)context;
    (void)listener;
    (void)message;
    if (bench.undecided) {
        (void)snprintf(routing->problem, sizeof routing->problem, "a condition failed");
        return false;
    }
    routing->deliveries[0] = (struct journal_lane){
        .route = HL7_TEXT("all"), .destination = HL7_TEXT("out"), .number = 0};
    routing->count = 1;
    routing->awaited = 1;
    routing->taken = true;
    return true;
}

static void on_stored(void *context, const struct journal_lane *lanes, size_t count)
{
    (void)context;
    assert_int_equal(count, 1);
    assert_slice(lanes[0].route, "all");
    bench.stored++;
}

static void on_late(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("the client did not get its replies in time");
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
    services_open(&bench.services, NULL);
    bench.ingest.loop = &bench.loop;
    bench.ingest.store = bench.store;
    bench.ingest.services = &bench.services;
    bench.orderly.max_connections = 100;
    bench.orderly.max_memory = 1 << 20;
    bench.ingest.orderly = &bench.orderly;
    bench.ingest.hooks = (struct ingest_hooks){.route = on_route, .stored = on_stored};
    ingest_init(&bench.ingest);
    bench.listener = (struct config_listener){
        .name = "in",
        .address = {.host = "127.0.0.1", .port = "0", .text = "127.0.0.1:0"},
        .max_message = 100000,
        .max_connections = 4,
        .max_per_address = 4,
        .lenient_end = true,
        .ack = CONFIG_ACK_STORED,
        .ack_deadline = 10000,
    };
    return bench.store != NULL ? 0 : -1;
}

static int close_bench(void **state)
{
    (void)state;
    store_close(&bench.store);
    ingest_release(&bench.ingest);
    services_close(&bench.services);
    loop_release(&bench.loop);
    desk_remove_folder(&bench.desk);
    return 0;
}

/* ---- The client ------------------------------------------------------------------------------ */

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Notes the code and the id of one reply. */
static void take_reply(char *reply)
{
    char id[32];
    const char *msa = strstr(reply, "MSA|");

    if (msa == NULL || bench.replies == REPLIES) {
        return;
    }
    (void)snprintf(bench.codes[bench.replies], 3, "%.2s", msa + 4);
    (void)snprintf(id, sizeof id, "|M%zu\r", bench.replies);
    bench.order_kept += strstr(msa, id) != NULL;
    bench.replies++;
}

/* Moves bytes to the front. (Not memmove: valgrind takes its fortified form for memcpy.) */
static void shift(char *bytes, size_t by, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = bytes[i + by];
    }
}

static void *run_client(void *context)
{
    static char held[1 << 20];
    size_t len = 0;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)bench.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 20};

    (void)context;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool good = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    for (size_t i = 0; i < bench.messages && good; i++) {
        char text[TEXT_SIZE];
        int size =
            snprintf(text, sizeof text,
                     "\x0bMSH|^~\\&|S|F|R|G|20260101||ORM^O01|M%zu|P|2.5\rPID|1||7\r\x1c\r", i);

        good = send_all(fd, text, (size_t)size);
    }
    while (good && bench.replies < bench.messages) {
        ssize_t got = recv(fd, held + len, sizeof held - len - 1, 0);
        char *end = NULL;

        good = got > 0;
        len += good ? (size_t)got : 0;
        held[len] = '\0';
        while ((end = memchr(held, '\x1c', len)) != NULL && (size_t)(end - held) + 2 <= len) {
            size_t used = (size_t)(end - held) + 2;

            *end = '\0';
            take_reply(held);
            len -= used;
            shift(held, used, len + 1);
        }
    }
    (void)close(fd);
    atomic_store(&bench.done, true);
    return NULL;
}

static void on_look(struct loop_timer *timer)
{
    if (atomic_load(&bench.done)) {
        loop_stop(&bench.loop);
    } else {
        assert_true(loop_timer_set(&bench.loop, timer, 2));
    }
}

static void after_wake(void *context)
{
    (void)context;
    ingest_flush(&bench.ingest);
}

/* Opens the listener, lets the client send so many messages, and runs until it has its replies. */
static void exchange(size_t messages)
{
    char reason[256];
    const struct ingest_listener *listener = NULL;

    assert_true(ingest_open(&bench.ingest, &bench.listener, reason));
    listener = ingest_find(&bench.ingest, "in");
    assert_non_null(listener);
    bench.port = (int)strtol(strrchr(listener->address, ':') + 1, NULL, 10);
    bench.messages = messages;
    bench.late.on_time = on_late;
    bench.look.on_time = on_look;
    assert_true(loop_timer_set(&bench.loop, &bench.late, TOO_LONG));
    assert_true(loop_timer_set(&bench.loop, &bench.look, 1));
    assert_int_equal(pthread_create(&bench.thread, NULL, run_client, NULL), 0);
    assert_true(loop_run(&bench.loop, after_wake, NULL));
    assert_int_equal(pthread_join(bench.thread, NULL), 0);
    loop_timer_clear(&bench.loop, &bench.late);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

/* More than a connection may have under way: it is not read from meanwhile, and nothing is lost. */
static void replies_are_in_order_however_many_messages_come(void **state)
{
    (void)state;
    exchange(3000);
    assert_int_equal(bench.replies, 3000);
    assert_int_equal(bench.order_kept, 3000);
    assert_int_equal(bench.stored, 3000);
    assert_string_equal(bench.codes[2999], "AA");
    assert_int_equal(bench.ingest.items, 0);
    assert_int_equal(bench.ingest.item_bytes, 0);
}

static void a_route_that_cannot_be_decided_is_an_error_and_nothing_is_stored(void **state)
{
    (void)state;
    bench.undecided = true;
    exchange(5);
    assert_int_equal(bench.replies, 5);
    assert_string_equal(bench.codes[0], "AE");
    assert_int_equal(bench.stored, 0);
}

static void while_nothing_can_be_stored_messages_are_answered_with_an_error(void **state)
{
    (void)state;
    bench.ingest.refusing = "the disk is full; send again later";
    exchange(5);
    assert_int_equal(bench.replies, 5);
    assert_string_equal(bench.codes[4], "AE");
    assert_int_equal(bench.stored, 0);
}

static void a_reply_that_waits_for_the_destination_leaves_when_it_has_answered(void **state)
{
    (void)state;
    bench.listener.ack = CONFIG_ACK_DELIVERED;
    bench.listener.ack_deadline = 100; /* nobody delivers here: the deadline answers */
    exchange(3);
    assert_int_equal(bench.replies, 3);
    assert_int_equal(bench.order_kept, 3);
    assert_string_equal(bench.codes[0], "AE");
    for (size_t i = 0; i < INGEST_WAITING_SLOTS; i++) {
        assert_null(bench.ingest.waiting[i]);
    }
}

static void a_retired_listener_goes_when_its_connections_have_gone(void **state)
{
    (void)state;
    exchange(2);
    assert_false(ingest_has_retired(&bench.ingest));
    ingest_retire(ingest_find(&bench.ingest, "in"));
    assert_null(ingest_find(&bench.ingest, "in"));
    bench.late.on_time = on_late;
    assert_true(loop_timer_set(&bench.loop, &bench.late, TOO_LONG));
    while (ingest_has_retired(&bench.ingest)) {
        bench.loop.stopped = false;
        bench.look.on_time = on_look;
        assert_true(loop_timer_set(&bench.loop, &bench.look, 1));
        assert_true(loop_run(&bench.loop, after_wake, NULL));
    }
    assert_null(bench.ingest.listeners);
    assert_true(ingest_is_idle(&bench.ingest));
}

static void an_address_that_cannot_be_used_is_said_so(void **state)
{
    char reason[256] = "";

    (void)state;
    bench.listener.address =
        (struct config_address){.host = "192.0.2.1", .port = "2575", .text = "192.0.2.1:2575"};
    assert_false(ingest_open(&bench.ingest, &bench.listener, reason));
    assert_non_null(strstr(reason, "192.0.2.1:2575"));
    assert_null(bench.ingest.listeners);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(replies_are_in_order_however_many_messages_come),
        BENCH_TEST(a_route_that_cannot_be_decided_is_an_error_and_nothing_is_stored),
        BENCH_TEST(while_nothing_can_be_stored_messages_are_answered_with_an_error),
        BENCH_TEST(a_reply_that_waits_for_the_destination_leaves_when_it_has_answered),
        BENCH_TEST(a_retired_listener_goes_when_its_connections_have_gone),
        BENCH_TEST(an_address_that_cannot_be_used_is_said_so),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
