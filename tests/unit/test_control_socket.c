/* SPDX-License-Identifier: Apache-2.0
 *
 * The socket's file: made, taken over from the dead, left to the living. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../broker/control/socket.h"

struct place {
    char folder[64];
    char path[96];
    char reason[256];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    if (place == NULL) {
        return -1;
    }
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/orderly-socket-XXXXXX");
    if (mkdtemp(place->folder) == NULL) {
        free(place);
        return -1;
    }
    (void)snprintf(place->path, sizeof place->path, "%s/run/control.sock", place->folder);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char folder[96];

    (void)snprintf(folder, sizeof folder, "%s/run", place->folder);
    (void)unlink(place->path);
    (void)rmdir(folder);
    int result = rmdir(place->folder);
    free(place);
    return result;
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode & 0777;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void the_folder_is_made_for_the_owner_alone(void **state)
{
    struct place *place = *state;
    char folder[96];
    mode_t mask = umask(0);
    int fd = socket_listen(place->path, place->reason);

    (void)umask(mask);
    assert_true(fd >= 0);
    (void)snprintf(folder, sizeof folder, "%s/run", place->folder);
    assert_int_equal(mode_of(folder), 0700);
    assert_int_equal(mode_of(place->path), 0600);
    (void)close(fd);
}

static void a_dead_brokers_socket_is_replaced(void **state)
{
    struct place *place = *state;
    int dead = socket_listen(place->path, place->reason);

    assert_true(dead >= 0);
    (void)close(dead);
    assert_int_equal(access(place->path, F_OK), 0);
    assert_int_equal(connect_to(place->path), -1);
    int fd = socket_listen(place->path, place->reason);
    assert_true(fd >= 0);
    int peer = connect_to(place->path);
    assert_true(peer >= 0);
    (void)close(peer);
    (void)close(fd);
}

static void a_live_brokers_socket_is_left_alone(void **state)
{
    struct place *place = *state;
    int fd = socket_listen(place->path, place->reason);

    assert_true(fd >= 0);
    assert_int_equal(socket_listen(place->path, place->reason), -1);
    assert_non_null(strstr(place->reason, "control.sock: a running broker listens there"));
    int peer = connect_to(place->path);
    assert_true(peer >= 0);
    (void)close(peer);
    (void)close(fd);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct place *place = *state;

    (void)snprintf(place->path, sizeof place->path, "%s/file", place->folder);
    int file = open(place->path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    (void)close(file);
    assert_int_equal(socket_listen(place->path, place->reason), -1);
    assert_non_null(strstr(place->reason, "file: is there, and no socket"));
    assert_int_equal(access(place->path, F_OK), 0);
}

static void a_path_that_cannot_be_is_told(void **state)
{
    struct place *place = *state;
    char path[256];

    memset(path, 'x', sizeof path);
    path[108] = '\0';
    assert_int_equal(socket_listen(path, place->reason), -1);
    assert_non_null(strstr(place->reason, "the path of a socket has 1 to 107 bytes"));
    assert_int_equal(socket_listen("", place->reason), -1);
    (void)snprintf(path, sizeof path, "%s/a/b/control.sock", place->folder);
    assert_int_equal(socket_listen(path, place->reason), -1);
    assert_non_null(strstr(place->reason, strerror(ENOENT)));
}

static void the_file_is_removed_if_it_is_ours(void **state)
{
    struct place *place = *state;
    int first = socket_listen(place->path, place->reason);

    assert_true(first >= 0);
    socket_remove(first, place->path);
    assert_int_equal(access(place->path, F_OK), -1);
    int second = socket_listen(place->path, place->reason);
    assert_true(second >= 0);
    socket_remove(first, place->path);
    assert_int_equal(access(place->path, F_OK), 0);
    (void)close(first);
    (void)close(second);
}

static void the_system_says_who_is_there(void **state)
{
    struct place *place = *state;
    int fd = socket_listen(place->path, place->reason);
    int peer = connect_to(place->path);
    int taken = accept(fd, NULL, NULL);
    uid_t user = (uid_t)-1;
    pid_t process = 0;

    assert_true(taken >= 0);
    assert_true(socket_peer(taken, &user, &process));
    assert_int_equal(user, geteuid());
    assert_int_equal(process, getpid());
    assert_false(socket_peer(-1, &user, &process));
    (void)close(taken);
    (void)close(peer);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_folder_is_made_for_the_owner_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dead_brokers_socket_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_live_brokers_socket_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_path_that_cannot_be_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_file_is_removed_if_it_is_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_system_says_who_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_socket_is_left_alone, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
