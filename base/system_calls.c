/* SPDX-License-Identifier: Apache-2.0
 *
 * The filter is a program of the kernel's packet filter, made from the table: a call whose number is that of a
 * row is allowed, or looked at further by the row's check. Checks see the arguments as numbers; what
 * pointers point to they cannot see. */
#include "system_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

/* Calls from this number on did not exist when the table was written (Linux 6.12). */
enum { FIRST_UNKNOWN = 463, PROGRAM_SIZE = 512 };

/* The calls of the other kind of x86 programs, which have numbers of their own. */
#define X32_BIT 0x40000000u

#define ARGUMENT(number) ((uint32_t)offsetof(struct seccomp_data, args[number]))

#define ALLOW SECCOMP_RET_ALLOW
#define REFUSE SECCOMP_RET_TRAP
#define NONE (SECCOMP_RET_ERRNO | ENOSYS)

struct program {
    struct sock_filter steps[PROGRAM_SIZE];
    unsigned short count;
    bool full;
};

static void add(struct program *program, struct sock_filter step)
{
    if (program->count == PROGRAM_SIZE) {
        program->full = true;
    } else {
        program->steps[program->count++] = step;
    }
}

static void load(struct program *program, uint32_t place)
{
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place));
}

static void answer(struct program *program, uint32_t what)
{
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

/* The next step is left out unless what was loaded fits. */
static void if_equal(struct program *program, uint32_t value)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
}

static void if_any_bit(struct program *program, uint32_t bits)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
}

static void if_at_least(struct program *program, uint32_t value)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, 0, 1));
}

/* ---- Checks: each ends with an answer ------------------------------------------------------- */

/* The lower half of an argument is one of these values. */
static void one_of(struct program *program, unsigned argument, const uint32_t *values, size_t count)
{
    load(program, ARGUMENT(argument));
    for (size_t i = 0; i < count; i++) {
        if_equal(program, values[i]);
        answer(program, ALLOW);
    }
    answer(program, REFUSE);
}

static void of_known_family(struct program *program)
{
    /* The last one is how the C library learns which addresses this machine has. */
    static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

    one_of(program, 0, families, sizeof families / sizeof families[0]);
}

static void about_streams(struct program *program)
{
    static const uint32_t requests[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, SIOCOUTQ};

    one_of(program, 1, requests, sizeof requests / sizeof requests[0]);
}

static void about_names(struct program *program)
{
    /* Of threads; and, asked by newer C libraries, of pieces of memory (PR_SET_VMA). */
    static const uint32_t options[] = {PR_SET_NAME, PR_GET_NAME, 0x53564d41};

    one_of(program, 0, options, sizeof options / sizeof options[0]);
}

static void as_thread(struct program *program)
{
    load(program, ARGUMENT(0));
    if_any_bit(program, CLONE_THREAD);
    answer(program, ALLOW);
    answer(program, REFUSE);
}

static void not_code(struct program *program)
{
    load(program, ARGUMENT(2));
    if_any_bit(program, PROT_EXEC);
    answer(program, REFUSE);
    answer(program, ALLOW);
}

/* Libraries that are loaded late (of name services, of character sets) are mapped as code, unwritable. */
static void not_writable_code(struct program *program)
{
    load(program, ARGUMENT(2));
    add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC));
    if_equal(program, PROT_WRITE | PROT_EXEC);
    answer(program, REFUSE);
    answer(program, ALLOW);
}

/* prlimit64(pid, resource, NULL, old): both halves of the pointer. */
static void only_asked(struct program *program)
{
    load(program, ARGUMENT(2));
    if_at_least(program, 1);
    answer(program, REFUSE);
    load(program, ARGUMENT(2) + 4);
    if_at_least(program, 1);
    answer(program, REFUSE);
    answer(program, ALLOW);
}

/* ---- The program ---------------------------------------------------------------------------- */

struct call {
    uint32_t number;
    uint32_t what; /* the answer, without a check */
    void (*check)(struct program *program);
};

static const struct call calls[] = {
#define CALL(name) {SYS_##name, ALLOW, NULL},
#define CALL_IF(name, check) {SYS_##name, REFUSE, check},
#define CALL_NONE(name) {SYS_##name, NONE, NULL},
#include "system_calls.tbl"
#undef CALL
#undef CALL_IF
#undef CALL_NONE
};

static void add_call(struct program *program, const struct call *call)
{
    if (call->check == NULL) {
        if_equal(program, call->number);
        answer(program, call->what);
        return;
    }
    unsigned short jump = program->count;
    if_equal(program, call->number);
    call->check(program);
    if (!program->full) { /* over the check, which has an answer on each way */
        program->steps[jump].jf = (uint8_t)(program->count - jump - 1);
    }
    load(program, offsetof(struct seccomp_data, nr));
}

static void make_program(struct program *program)
{
    load(program, offsetof(struct seccomp_data, arch));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
    if_at_least(program, X32_BIT);
    answer(program, SECCOMP_RET_KILL_PROCESS);
    if_at_least(program, FIRST_UNKNOWN);
    answer(program, NONE);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        add_call(program, &calls[i]);
    }
    answer(program, REFUSE);
}

/* ---- What is said --------------------------------------------------------------------------- */

/* The call was not carried out. The rest is for the person who reads the log; only what a signal handler
 * may call. */
_Noreturn static void on_refused(int number, siginfo_t *facts, void *context)
{
    static const char front[] = "orderly: fatal: confinement: system call ";
    static const char back[] = " is not one this program makes; it was not carried out\n";
    char text[sizeof front + sizeof back + 16];
    size_t len = sizeof front - 1;
    unsigned call = (unsigned)facts->si_syscall;
    char digits[10];
    size_t count = 0;

    (void)context;
    for (size_t i = 0; i < len; i++) {
        text[i] = front[i];
    }
    do {
        digits[count++] = (char)('0' + call % 10);
        call /= 10;
    } while (call > 0);
    while (count > 0) {
        text[len++] = digits[--count];
    }
    for (size_t i = 0; i < sizeof back - 1; i++) {
        text[len++] = back[i];
    }
    ssize_t written = write(STDERR_FILENO, text, len);
    (void)written;
    (void)signal(number, SIG_DFL);
    (void)syscall(SYS_tgkill, getpid(), gettid(), number);
    _exit(128 + number);
}

int system_calls_confine(void)
{
    static struct program program; /* half of a page: not for the stack */
    struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigset_t ours;

    program.count = 0;
    make_program(&program);
    struct sock_fprog whole = {.len = program.count, .filter = program.steps};
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGSYS);
    if (program.full) {
        return E2BIG;
    }
    if (sigaction(SIGSYS, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &ours, NULL) != 0) {
        return errno;
    }
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) != 0) {
        return errno == EINVAL ? ENOSYS : errno;
    }
    return 0;
}

#else

int system_calls_confine(void)
{
    return ENOSYS;
}

#endif
