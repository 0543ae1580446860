/* SPDX-License-Identifier: Apache-2.0
 *
 * Capabilities are counted and set by the system's own calls, which glibc has no names for. Whoever is root and
 * has no capabilities owns files of root and is nothing else: the securebits see to it that this holds
 * for programs that are started, too. */
#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hl7.h"

enum { CAPABILITIES = 64, CAPABILITY_WORDS = 2 };

void privilege_close(void)
{
    const struct rlimit none = {0, 0};

    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    (void)umask(umask(0) | S_IRWXO | S_IWGRP);
    (void)setrlimit(RLIMIT_CORE, &none);
}

void privilege_hide(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0L);
}

static bool failed(char *reason, size_t size, const char *format, ...) HL7_FORMAT(3, 4);

static bool failed(char *reason, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, size, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- Users ---------------------------------------------------------------------------------- */

static bool become(const char *user, char *reason, size_t size)
{
    errno = 0;
    const struct passwd *account = getpwnam(user);
    if (account == NULL) {
        return failed(reason, size, "user = %s: %s", user,
                      errno != 0 ? strerror(errno) : "there is no such account");
    }
    if (account->pw_uid == geteuid() && account->pw_uid == getuid()) {
        return true;
    }
    /* What is kept of capabilities is sorted out afterwards. */
    if (prctl(PR_SET_KEEPCAPS, 1L) != 0 || initgroups(user, account->pw_gid) != 0 ||
        setresgid(account->pw_gid, account->pw_gid, account->pw_gid) != 0 ||
        setresuid(account->pw_uid, account->pw_uid, account->pw_uid) != 0) {
        return failed(reason, size, "cannot become %s: %s", user, strerror(errno));
    }
    if (account->pw_uid != 0 && setuid(0) == 0) {
        return failed(reason, size, "the way back from %s to root is open", user);
    }
    return true;
}

/* ---- Capabilities --------------------------------------------------------------------------- */

/* Needs the capability to do so; without it there is nothing to bound. */
static void bound(void)
{
    for (unsigned long i = 0; i < CAPABILITIES; i++) {
        if (prctl(PR_CAPBSET_READ, i) == 1) {
            (void)prctl(PR_CAPBSET_DROP, i);
        }
    }
    (void)prctl(PR_SET_SECUREBITS,
                (unsigned long)(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                                SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED));
}

static bool drop_capabilities(void)
{
    const uint32_t kept = (uint32_t)1 << CAP_NET_BIND_SERVICE; /* in the first of the words */
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct words[CAPABILITY_WORDS];

    (void)prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L);
    if (syscall(SYS_capget, &head, words) != 0) {
        return false;
    }
    bool some = false;
    for (size_t i = 0; i < CAPABILITY_WORDS; i++) {
        uint32_t mask = i == 0 ? kept : 0;

        some = some || (words[i].permitted & ~mask) != 0 || words[i].inheritable != 0;
        words[i].permitted &= mask;
        words[i].effective = words[i].permitted;
        words[i].inheritable = 0;
    }
    return !some || syscall(SYS_capset, &head, words) == 0;
}

bool privilege_drop(const char *user, char *ret_reason, size_t size)
{
    bound();
    if (user != NULL && !become(user, ret_reason, size)) {
        return false;
    }
    if (!drop_capabilities()) {
        return failed(ret_reason, size, "cannot drop capabilities: %s", strerror(errno));
    }
    return true;
}

int privilege_no_new(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 ? 0 : errno;
}
