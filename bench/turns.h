/* SPDX-License-Identifier: Apache-2.0
 *
 * turns.h - what the programs share that measure something in memory, in turns: their command line, and
 * the order of their results. */
#ifndef BENCH_TURNS_H
#define BENCH_TURNS_H

#include <getopt.h>

#include "common.h"

enum { ROUNDS_MOST = 99 };

struct settings {
    size_t rounds;
    uint64_t turn; /* nanoseconds */
    bool json;
};

/* For qsort, of doubles. */
static inline int compare_results(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* `name` is the program's, for its usage. */
static inline struct settings read_settings(int argc, char **argv, const char *name)
{
    static const struct option known[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"milliseconds", required_argument, NULL, 'm'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    struct settings settings = {.rounds = 9, .turn = 50000000U};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'r') {
            settings.rounds = (size_t)bench_number("--rounds", optarg, 1, ROUNDS_MOST);
        } else if (option == 'm') {
            settings.turn = bench_number("--milliseconds", optarg, 1, 10000) * 1000000U;
        } else if (option == 'j') {
            settings.json = true;
        } else {
            bench_give_up("usage: %s [--rounds N] [--milliseconds M] [--json]", name);
        }
    }
    return settings;
}

#endif
