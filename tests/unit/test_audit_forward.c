/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies of audit records by UDP: one datagram each, and who does not listen harms nobody. */
#include "audit_desk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "broker/audit/forward.h"

static int receiver(char port[8])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(port, 8, "%u", (unsigned)ntohs(address.sin_port));
    return fd;
}

static size_t waiting(int fd)
{
    char text[4096];
    size_t count = 0;

    while (recv(fd, text, sizeof text, MSG_DONTWAIT) > 0) {
        count++;
    }
    return count;
}

static void each_record_is_a_datagram(void **state)
{
    struct audit_desk desk;
    char reason[256];
    char port[8];
    int fd = receiver(port);

    (void)state;
    audit_desk_open(&desk, 0);
    desk.file->forward = forward_open("127.0.0.1", port, reason);
    assert_non_null(desk.file->forward);
    assert_true(audit_desk_add(&desk, AUDIT_VIEW, 3));
    assert_int_equal(waiting(fd), 3);
    audit_desk_close(&desk);
    (void)close(fd);
}

static void a_server_that_is_not_there_harms_nobody(void **state)
{
    struct audit_desk desk;
    char reason[256];
    char port[8];
    int fd = receiver(port);

    (void)state;
    (void)close(fd);
    audit_desk_open(&desk, 0);
    desk.file->forward = forward_open("127.0.0.1", port, reason);
    assert_non_null(desk.file->forward);
    assert_true(audit_desk_add(&desk, AUDIT_VIEW, 20));
    assert_int_equal(audit_desk_read(&desk).faults, 0);
    audit_desk_close(&desk);
}

static void a_host_that_is_none_is_told(void **state)
{
    char reason[256] = "";

    (void)state;
    assert_null(forward_open("host.invalid", "514", reason));
    assert_non_null(strstr(reason, "host.invalid"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_is_a_datagram),
        cmocka_unit_test(a_server_that_is_not_there_harms_nobody),
        cmocka_unit_test(a_host_that_is_none_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
