/* SPDX-License-Identifier: Apache-2.0
 *
 * From inside the filter: what an attacker would do next is not carried out, what the program does is. */
#include "support.h"

#include "../base/privilege.h"
#include "../base/system_calls.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { TRIED = 0, CARRIED_OUT = 1, NOT_CONFINED = 77 };

/* In a process of its own, confined: what `attempt` gives is its exit status. The first 400 bytes of what it
 * says come back. */
static int run_confined(int (*attempt)(void), char ret_said[400])
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        if (privilege_no_new() != 0 || system_calls_confine() != 0) {
            _exit(NOT_CONFINED);
        }
        _exit(attempt());
    }
    (void)close(ends[1]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    ssize_t len = read(ends[0], ret_said, 399);
    ret_said[len > 0 ? len : 0] = '\0';
    (void)close(ends[0]);
    return status;
}

static bool filters_are_there(void)
{
#ifdef ORDERLY_UNCONFINED
    return false; /* sanitizers make calls of their own */
#else
    return access("/proc/sys/kernel/seccomp", F_OK) == 0;
#endif
}

/* ---- Attempts ------------------------------------------------------------------------------- */

static int run_a_shell(void)
{
    char shell[] = "/bin/sh";
    char *const words[] = {shell, NULL};
    char *const none[] = {NULL};

    (void)execve(shell, words, none);
    return TRIED;
}

static int fork_a_process(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0 ? CARRIED_OUT : TRIED;
}

static int look_into_a_process(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? CARRIED_OUT : TRIED;
}

static int read_a_process(void)
{
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) == 0 ? CARRIED_OUT : TRIED;
}

static int end_a_process(void)
{
    return kill(getppid(), SIGCONT) == 0 ? CARRIED_OUT : TRIED;
}

static int open_a_packet_socket(void)
{
    return socket(17, SOCK_RAW, 0) >= 0 ? CARRIED_OUT : TRIED;
}

static int make_code(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED ? CARRIED_OUT : TRIED;
}

static int turn_data_into_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 ? CARRIED_OUT : TRIED;
}

static int become_root(void)
{
    return setuid(0) == 0 ? CARRIED_OUT : TRIED;
}

static int raise_a_limit(void)
{
    const uint64_t limit[2] = {1 << 20, 1 << 20};

    return syscall(SYS_prlimit64, 0, 7, limit, NULL) == 0 ? CARRIED_OUT : TRIED;
}

static int make_a_ring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL) >= 0 ? CARRIED_OUT : TRIED;
}

static int load_a_kernel_program(void)
{
    return syscall(SYS_bpf, 0, NULL, 0) >= 0 ? CARRIED_OUT : TRIED;
}

static const struct {
    const char *name;
    int (*attempt)(void);
} attempts[] = {
    {"run a shell", run_a_shell},
    {"fork a process", fork_a_process},
    {"look into a process", look_into_a_process},
    {"read a process", read_a_process},
    {"signal another process", end_a_process},
    {"open a packet socket", open_a_packet_socket},
    {"make code", make_code},
    {"turn data into code", turn_data_into_code},
    {"become root", become_root},
    {"raise a limit", raise_a_limit},
    {"make a ring", make_a_ring},
    {"load a kernel program", load_a_kernel_program},
};

static void what_an_attacker_does_next_ends_the_process_and_says_so(void **state)
{
    char said[400];

    (void)state;
    if (!filters_are_there()) {
        skip();
    }
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        int status = run_confined(attempts[i].attempt, said);

        print_message("%s: %s", attempts[i].name, said);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
        assert_non_null(strstr(said, "orderly: fatal: confinement: system call "));
        assert_non_null(strstr(said, "was not carried out\n"));
    }
}

static void *add_one(void *number)
{
    ++*(int *)number;
    return NULL;
}

static int do_what_the_program_does(void)
{
    struct addrinfo *list = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const struct timespec moment = {.tv_nsec = 1000};
    pthread_t thread = 0;
    int number = 0;
    time_t now = time(NULL);
    struct tm local;

    if (pthread_create(&thread, NULL, add_one, &number) != 0 || pthread_join(thread, NULL) != 0 ||
        number != 1 || nanosleep(&moment, NULL) != 0 || localtime_r(&now, &local) == NULL) {
        return CARRIED_OUT;
    }
    /* Whether the name is known here does not matter: asking has to be possible. */
    if (getaddrinfo("localhost", "2575", &hints, &list) == 0) {
        freeaddrinfo(list);
    }
    (void)getaddrinfo("no.such.host.invalid", "2575", &hints, &list);
    FILE *file = tmpfile();
    return file != NULL && fputs("letter", file) >= 0 && fflush(file) == 0 &&
                   fsync(fileno(file)) == 0 && fclose(file) == 0
               ? TRIED
               : CARRIED_OUT;
}

static void threads_names_files_and_clocks_work(void **state)
{
    char said[400];

    (void)state;
    if (!filters_are_there()) {
        skip();
    }
    int status = run_confined(do_what_the_program_does, said);
    assert_string_equal(said, "");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), TRIED);
}

static int ask_for_the_future(void)
{
    errno = 0;
    return syscall(100000) == -1 && errno == ENOSYS ? TRIED : CARRIED_OUT;
}

static void a_call_that_is_newer_than_the_table_is_one_the_kernel_does_not_have(void **state)
{
    char said[400];

    (void)state;
    if (!filters_are_there()) {
        skip();
    }
    int status = run_confined(ask_for_the_future, said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), TRIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_attacker_does_next_ends_the_process_and_says_so),
        cmocka_unit_test(threads_names_files_and_clocks_work),
        cmocka_unit_test(a_call_that_is_newer_than_the_table_is_one_the_kernel_does_not_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
