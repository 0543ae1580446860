/* SPDX-License-Identifier: Apache-2.0
 *
 * What the service manager is told. */
#include "support.h"

#include "../base/notify.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A manager that listens at an abstract address. */
static int open_manager(char ret_name[64])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)snprintf(ret_name, 64, "@orderly-notify-%ld", (long)getpid());
    size_t len = strlen(ret_name);
    memcpy(address.sun_path, ret_name, len);
    address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    return fd;
}

static void the_manager_hears_and_programs_do_not_know_of_it(void **state)
{
    struct notify notify;
    char name[64];
    char text[100];
    int manager = open_manager(name);

    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    notify_open(&notify);
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_int_equal(notify.watchdog, 30000);
    notify_say(&notify, "READY=1");
    assert_int_equal(recv(manager, text, sizeof text, 0), 7);
    assert_memory_equal(text, "READY=1", 7);
    notify_reloading(&notify);
    ssize_t len = recv(manager, text, sizeof text - 1, 0);
    assert_true(len > 0);
    text[len] = '\0';
    assert_ptr_equal(strstr(text, "RELOADING=1\nMONOTONIC_USEC="), text);
    notify_close(&notify);
    (void)close(manager);
    notify_say(&notify, "READY=1");
}

static void without_a_manager_nothing_is_told(void **state)
{
    struct notify notify;

    (void)state;
    (void)unsetenv("NOTIFY_SOCKET");
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    notify_open(&notify);
    assert_int_equal(notify.fd, -1);
    assert_int_equal(notify.watchdog, 0);
    notify_say(&notify, "READY=1");
}

static void a_watchdog_of_another_process_is_not_ours(void **state)
{
    struct notify notify;
    char name[64];
    int manager = open_manager(name);

    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    notify_open(&notify);
    assert_int_equal(notify.watchdog, 0);
    notify_close(&notify);
    (void)close(manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manager_hears_and_programs_do_not_know_of_it),
        cmocka_unit_test(without_a_manager_nothing_is_told),
        cmocka_unit_test(a_watchdog_of_another_process_is_not_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
