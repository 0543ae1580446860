/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - the program `orderly-web`: reads its configuration, serves the page, and ends at a signal. It
 * touches the broker's control socket, its own configuration, users and templates, and nothing else. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "http.h"
#include "manual.h"
#include "web.h"

#ifndef ORDERLY_VERSION
#define ORDERLY_VERSION "0"
#endif

/* Exit statuses are those of `orderly`. */
enum { DONE = 0, MISUSE = 2, FAILED = 3 };

#define SWEEP_NANOSECONDS (200L * 1000 * 1000)

static const char usage[] =
    "usage: orderly-web [--check] CONFIG\n"
    "Serves the page and the API of a running broker.\n"
    "\n"
    "  --check     say what is wrong with the configuration, and serve nothing\n"
    "  --man       print the manual page\n"
    "  --version   print the version\n"
    "  --help      print this\n";

/* Until a signal comes. Signals are blocked in all threads, so that this one gets them. */
static void wait_for_signal(struct web *web, const sigset_t *signals)
{
    const struct timespec pause = {.tv_nsec = SWEEP_NANOSECONDS};

    while (sigtimedwait(signals, NULL, &pause) < 0) {
        connections_sweep(&web->connections, clock_steady());
    }
}

static int serve(struct web *web)
{
    sigset_t signals;
    int status = FAILED;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    log_open(LOG_AS_TEXT, LOG_LEVEL_INFO);
    if (web_init(web) && http_start(web)) {
        wait_for_signal(web, &signals);
        http_stop(web);
        log_info("web-ended", "by a signal");
        status = DONE;
    }
    web_release(web);
    return status;
}

static int run(const char *path, bool only_check)
{
    struct web *web = calloc(1, sizeof *web);
    int status = MISUSE;

    if (web == NULL) {
        (void)fputs("orderly-web: out of memory\n", stderr);
        return FAILED;
    }
    if (setup_read(&web->setup, path, stderr)) {
        if (only_check) {
            setup_release(&web->setup);
            status = DONE;
        } else {
            status = serve(web);
        }
    }
    free(web);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"check", no_argument, NULL, 'c'},
                                            {"man", no_argument, NULL, 'm'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool only_check = false;
    int option = 0;

    while ((option = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            only_check = true;
            break;
        case 'm':
            manual_print(stdout);
            return fflush(stdout) == 0 ? DONE : FAILED;
        case 'V':
            (void)printf("orderly-web %s\n", ORDERLY_VERSION);
            return DONE;
        case 'h':
            (void)fputs(usage, stdout);
            return DONE;
        default:
            return MISUSE;
        }
    }
    if (optind != argc - 1) {
        (void)fputs(usage, stderr);
        return MISUSE;
    }
    return run(argv[optind], only_check);
}
