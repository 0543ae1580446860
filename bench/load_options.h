/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of the load generator. A mistake ends the program with exit code 2.
 */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include "common.h"
#include "message.h"

#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { CHANNELS_MOST = 4096, DEPTH_MOST = 10000, SIZE_MOST = 64 * 1024 * 1024 };

struct options {
    struct sockaddr_in address;
    size_t channels;
    uint64_t depth;
    size_t size;       /* of a message, without its framing */
    uint64_t duration; /* nanoseconds, or 0 when `messages` rules */
    uint64_t messages;
    uint64_t warm_up;  /* nanoseconds with a duration, messages otherwise */
    uint64_t patience; /* nanoseconds without any answer until the run is given up */
    bool fresh;
    bool json;
};

static const char options_help[] =
    "usage: load HOST:PORT [OPTION...]\n"
    "  --connections N  connections at a time, 1 to 4096 (1)\n"
    "  --depth D        messages outstanding on each connection (1)\n"
    "  --size BYTES     size of a message without its framing, from 160 on (650)\n"
    "  --seconds S      measure for S seconds (2)\n"
    "  --messages M     or measure M messages\n"
    "  --warm-up W      seconds, or with --messages messages, that are not counted before that\n"
    "                   (0.5 seconds, or a tenth of M)\n"
    "  --fresh          a new connection for each message\n"
    "  --patience S     give up after S seconds without an answer (10)\n"
    "  --json           one JSON line\n"
    "Exit code: 0 all acknowledged, 1 some not or wrongly, 2 wrong use or no connection.\n";

/* HOST:PORT as an IPv4 address. */
static inline struct sockaddr_in options_address(const char *text)
{
    const struct addrinfo wish = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(text, ':');
    struct addrinfo *found = NULL;
    struct sockaddr_in address;
    char host[256];

    if (colon == NULL || (size_t)(colon - text) >= sizeof host) {
        bench_give_up("load: '%s' is not HOST:PORT", text);
    }
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    (void)bench_number("PORT", colon + 1, 1, 65535);
    if (getaddrinfo(host, colon + 1, &wish, &found) != 0 || found == NULL) {
        bench_give_up("load: '%s' is no known address", host);
    }
    memcpy(&address, found->ai_addr, sizeof address);
    freeaddrinfo(found);
    return address;
}

static inline void options_set(struct options *options, int option, const char **warm_up)
{
    switch (option) {
    case 'c':
        options->channels = (size_t)bench_number("--connections", optarg, 1, CHANNELS_MOST);
        break;
    case 'd':
        options->depth = bench_number("--depth", optarg, 1, DEPTH_MOST);
        break;
    case 'b':
        options->size = (size_t)bench_number("--size", optarg, MESSAGE_LEAST, SIZE_MOST);
        break;
    case 's':
        options->duration = bench_seconds("--seconds", optarg);
        options->messages = 0;
        break;
    case 'm':
        options->messages = bench_number("--messages", optarg, 1, 1000000000U);
        options->duration = 0;
        break;
    case 'w':
        *warm_up = optarg;
        break;
    case 'f':
        options->fresh = true;
        break;
    case 'p':
        options->patience = bench_seconds("--patience", optarg);
        break;
    case 'j':
        options->json = true;
        break;
    case 'h':
        (void)fputs(options_help, stdout);
        exit(0);
    default:
        bench_give_up("try: load --help");
    }
}

static inline void options_read(struct options *ret_options, int argc, char **argv)
{
    static const struct option known[] = {
        {"connections", required_argument, NULL, 'c'},
        {"depth", required_argument, NULL, 'd'},
        {"size", required_argument, NULL, 'b'},
        {"seconds", required_argument, NULL, 's'},
        {"messages", required_argument, NULL, 'm'},
        {"warm-up", required_argument, NULL, 'w'},
        {"fresh", no_argument, NULL, 'f'},
        {"patience", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {
        .channels = 1, .depth = 1, .size = 650, .duration = 2000000000U, .patience = 10000000000U};
    const char *warm_up = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        options_set(&options, option, &warm_up);
    }
    if (optind + 1 != argc || (options.fresh && options.depth > 1) ||
        (options.duration == 0 && options.messages == 0)) {
        bench_give_up("load: one HOST:PORT, a time or a count, and no --depth with --fresh");
    }
    if (warm_up == NULL) {
        options.warm_up = options.duration > 0 ? 500000000U : options.messages / 10;
    } else if (options.duration > 0) {
        options.warm_up = bench_seconds("--warm-up", warm_up);
    } else {
        options.warm_up = bench_number("--warm-up", warm_up, 0, 1000000000U);
    }
    options.address = options_address(argv[optind]);
    *ret_options = options;
}

#endif
