/* SPDX-License-Identifier: Apache-2.0
 *
 * The listening socket: what it accepts, an address that is taken, closing from within. */
#include "support.h"

#include "../net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { GUARD = 10 * 1000 };

struct fixture {
    struct loop loop;
    struct listener listener;
    struct loop_timer guard;
    struct sockaddr_in address;
    int accepted;
    int wanted;
    int troubles;
    int fds[16];
    bool close_when_done;
    bool late;
};

static void on_guard(struct loop_timer *timer)
{
    struct fixture *fixture = LOOP_OWNER(timer, struct fixture, guard);

    fixture->late = true;
    loop_stop(&fixture->loop);
}

static void on_accept(struct listener *listener, int fd, const struct sockaddr *peer, socklen_t len)
{
    struct fixture *fixture = LOOP_OWNER(listener, struct fixture, listener);

    assert_int_equal(peer->sa_family, AF_INET);
    assert_int_equal(len, sizeof(struct sockaddr_in));
    fixture->fds[fixture->accepted++] = fd;
    if (fixture->accepted == fixture->wanted) {
        if (fixture->close_when_done) {
            listener_close(listener);
        }
        loop_stop(&fixture->loop);
    }
}

static void on_trouble(struct listener *listener, int error)
{
    struct fixture *fixture = LOOP_OWNER(listener, struct fixture, listener);

    assert_int_equal(error, EMFILE);
    fixture->troubles++;
    loop_stop(&fixture->loop);
}

static bool open_at(struct fixture *fixture, struct listener *listener, in_port_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    listener->on_accept = on_accept;
    listener->on_trouble = on_trouble;
    return listener_open(listener, &fixture->loop, (struct sockaddr *)&address, sizeof address);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct sockaddr_storage bound;
    socklen_t len = 0;

    if (fixture == NULL || !loop_init(&fixture->loop) || !open_at(fixture, &fixture->listener, 0)) {
        return -1;
    }
    listener_address(&fixture->listener, &bound, &len);
    memcpy(&fixture->address, &bound, sizeof fixture->address);
    fixture->guard.on_time = on_guard;
    *state = fixture;
    return loop_timer_set(&fixture->loop, &fixture->guard, GUARD) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < fixture->accepted; i++) {
        (void)close(fixture->fds[i]);
    }
    listener_close(&fixture->listener);
    listener_close(&fixture->listener);
    loop_release(&fixture->loop);
    free(fixture);
    return 0;
}

static int connect_to(const struct fixture *fixture)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&fixture->address, sizeof fixture->address), 0);
    return fd;
}

static void run(struct fixture *fixture)
{
    assert_true(loop_run(&fixture->loop, NULL, NULL));
    assert_false(fixture->late);
}

static void connections_are_handed_over_non_blocking_and_not_inherited(void **state)
{
    struct fixture *fixture = *state;
    int peers[3];

    for (int i = 0; i < 3; i++) {
        peers[i] = connect_to(fixture);
    }
    fixture->wanted = 3;
    run(fixture);
    for (int i = 0; i < 3; i++) {
        assert_true((fcntl(fixture->fds[i], F_GETFL) & O_NONBLOCK) != 0);
        assert_true((fcntl(fixture->fds[i], F_GETFD) & FD_CLOEXEC) != 0);
        (void)close(peers[i]);
    }
}

static void the_address_says_which_port_the_system_chose(void **state)
{
    const struct fixture *fixture = *state;

    assert_true(fixture->address.sin_port != 0);
    assert_int_equal(fixture->address.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
}

static void a_port_that_is_taken_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct listener second = {.source = {.fd = -1}};

    assert_false(open_at(fixture, &second, fixture->address.sin_port));
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(second.source.fd, -1);
}

static void closing_from_within_ends_the_accepting(void **state)
{
    struct fixture *fixture = *state;
    int first = connect_to(fixture);
    int second = connect_to(fixture);

    fixture->wanted = 1;
    fixture->close_when_done = true;
    run(fixture);
    assert_int_equal(fixture->accepted, 1);
    assert_int_equal(fixture->listener.source.fd, -1);
    (void)close(first);
    (void)close(second);
}

static void without_descriptors_it_rests_and_goes_on_by_itself(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit before;
    const char *build = getenv("ORDERLY_BUILD");

    if (build != NULL && strcmp(build, "valgrind") == 0) {
        skip(); /* valgrind keeps the limit itself: it accepts, and then closes */
    }
    int peer = connect_to(fixture);

    fixture->wanted = 1;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool ran = loop_run(&fixture->loop, NULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(ran);
    assert_int_equal(fixture->troubles, 1);
    assert_int_equal(fixture->listener.source.events, 0);
    run(fixture);
    assert_int_equal(fixture->accepted, 1);
    (void)close(peer);
}

static void an_address_says_whether_others_can_reach_it(void **state)
{
    static const struct {
        const char *host;
        bool local;
    } cases[] = {{"127.0.0.1", true}, {"127.1.2.3", true}, {"0.0.0.0", false}};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        struct listener listener = {.on_accept = on_accept, .on_trouble = on_trouble};

        assert_int_equal(inet_pton(AF_INET, cases[i].host, &address.sin_addr), 1);
        assert_true(listener_open(&listener, &fixture->loop, (const struct sockaddr *)&address,
                                  sizeof address));
        assert_int_equal(listener_is_local(&listener), cases[i].local);
        listener_close(&listener);
    }
}

#define LISTENER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LISTENER_TEST(connections_are_handed_over_non_blocking_and_not_inherited),
        LISTENER_TEST(the_address_says_which_port_the_system_chose),
        LISTENER_TEST(a_port_that_is_taken_is_refused),
        LISTENER_TEST(an_address_says_whether_others_can_reach_it),
        LISTENER_TEST(closing_from_within_ends_the_accepting),
        LISTENER_TEST(without_descriptors_it_rests_and_goes_on_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
