/* SPDX-License-Identifier: Apache-2.0
 *
 * What a process gives away: in processes of their own. */
#include "support.h"

#include "../base/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void run(int (*attempt)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        _exit(attempt());
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int close_what_was_inherited(void)
{
    int fd = dup(STDIN_FILENO);
    struct rlimit limit;

    privilege_close();
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF || fcntl(STDERR_FILENO, F_GETFD) == -1) {
        return 1;
    }
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0) {
        return 2;
    }
    return (umask(0) & 0027) == 0027 ? 0 : 3;
}

static void descriptors_core_dumps_and_open_files_are_given_away(void **state)
{
    (void)state;
    run(close_what_was_inherited);
}

static int become_nobody(void)
{
    char reason[200] = "";

    bool is_root = geteuid() == 0;

    if (privilege_drop("nobody", reason, sizeof reason) != is_root) {
        return 1;
    }
    return !is_root || (getuid() != 0 && geteuid() != 0 && getgid() != 0 && setuid(0) != 0 &&
                        seteuid(0) != 0)
               ? 0
               : 2;
}

static void root_becomes_another_and_nobody_else_does(void **state)
{
    (void)state;
    run(become_nobody);
}

/* Root's files are root's, and nothing else is. */
static int stay_without_capabilities(void)
{
    char reason[200] = "";
    struct stat status;

    if (!privilege_drop(NULL, reason, sizeof reason)) {
        return 1;
    }
    if (chown("/dev/null", 1, 1) == 0 || setuid(geteuid() + 1) == 0) {
        return 2;
    }
    return stat("/", &status) == 0 ? 0 : 3;
}

static void without_an_account_its_capabilities_go(void **state)
{
    (void)state;
    run(stay_without_capabilities);
}

static int name_nobody_there(void)
{
    char reason[200] = "";

    return !privilege_drop("no-such-account", reason, sizeof reason) &&
                   strcmp(reason, "user = no-such-account: there is no such account") == 0
               ? 0
               : 1;
}

static void an_account_that_is_not_there_is_told(void **state)
{
    (void)state;
    run(name_nobody_there);
}

static int hide(void)
{
    privilege_hide();
    return prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1;
}

static void nobody_looks_into_it(void **state)
{
    (void)state;
    run(hide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_core_dumps_and_open_files_are_given_away),
        cmocka_unit_test(root_becomes_another_and_nobody_else_does),
        cmocka_unit_test(without_an_account_its_capabilities_go),
        cmocka_unit_test(an_account_that_is_not_there_is_told),
        cmocka_unit_test(nobody_looks_into_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
