/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_ready(struct loop_source *source, uint32_t events)
{
    struct signals *signals = LOOP_OWNER(source, struct signals, source);
    struct signalfd_siginfo info;

    (void)events;
    while (read(source->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        signals->on_signal(signals, info.ssi_signo);
    }
}

bool signals_watch(struct signals *signals, struct loop *loop, const int *numbers)
{
    sigset_t set;

    signals->source = (struct loop_source){.fd = -1, .events = EPOLLIN, .on_ready = on_ready};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file over the limit is a failed write */
    (void)sigemptyset(&set);
    for (const int *number = numbers; *number != 0; number++) {
        (void)sigaddset(&set, *number);
    }
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return false;
    }
    signals->source.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return signals->source.fd >= 0 && loop_add(loop, &signals->source);
}

void signals_close(struct signals *signals)
{
    if (signals->source.fd >= 0) {
        (void)close(signals->source.fd);
        signals->source.fd = -1;
    }
}
