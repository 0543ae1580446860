/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_send.c - `orderly send`: its options, and what is settled before anything is sent: the
 * address and that the options fit together. The sending itself is send_run.c.
 */
#include "option_rows.h"
#include "verb.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "../net/address.h"
#include "send_options.h"
#include "send_run.h"

/* Messages that may be under way at once, over all connections: each takes memory. */
#define SEND_PLACES_MAX 4096

/* --repeat keeps so many bytes of what it read. */
#define SEND_KEEP ((size_t)64 * 1024 * 1024)

static const struct option send_option_table[] = {
    {.name = "timeout",
     .letter = 't',
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "30s",
     .min = 1,
     .max = OPTION_MAX_DURATION,
     .doc = "Wait so long for each answer; then the connection is closed, so that a late answer is "
            "never taken for that of another message",
     OPTION_PLACE(struct send_options, timeout)},
    {.name = "connect-timeout",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "10s",
     .min = 1,
     .max = OPTION_MAX_DURATION,
     .doc = "Wait so long for a connection, at each address the host has",
     OPTION_PLACE(struct send_options, connect_timeout)},
    {.name = "retry",
     .letter = 'r',
     .argument = "N",
     .kind = OPTION_NUMBER,
     .standard = "0",
     .max = 1000000,
     .doc = "Try a message up to N more times, with the same control id, when there is no "
            "connection, no usable answer, or CE; never after AR, CR or CA",
     OPTION_PLACE(struct send_options, retry)},
    {.name = "retry-wait",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "1s",
     .min = 1,
     .max = OPTION_MAX_DURATION,
     .doc = "Wait so long before the second try, and twice as long each time after that; up to "
            "half of it is left out by chance",
     OPTION_PLACE(struct send_options, retry_wait)},
    {.name = "retry-max-wait",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "1m",
     .min = 1,
     .max = OPTION_MAX_DURATION,
     .doc = "Never wait longer than this between tries",
     OPTION_PLACE(struct send_options, retry_max_wait)},
    {.name = "retry-on-error",
     .kind = OPTION_FLAG,
     .doc = "Try again after AE, too",
     OPTION_PLACE(struct send_options, retry_on_error)},
    {.name = "stop-on-error",
     .kind = OPTION_FLAG,
     .doc = "Send nothing more after a message that was not accepted",
     OPTION_PLACE(struct send_options, stop_on_error)},
    {.name = "connections",
     .letter = 'c',
     .argument = "N",
     .kind = OPTION_NUMBER,
     .standard = "1",
     .min = 1,
     .max = 1024,
     .doc = "Use up to N connections at once; with more than one, messages do not stay in order",
     OPTION_PLACE(struct send_options, connections)},
    {.name = "pipeline",
     .letter = 'p',
     .argument = "N",
     .kind = OPTION_NUMBER,
     .standard = "1",
     .min = 1,
     .max = 1024,
     .doc = "Let up to N messages wait for answers on each connection. Few receivers outside of "
            "test benches take more than one. A message that is tried again comes behind those "
            "sent meanwhile",
     OPTION_PLACE(struct send_options, pipeline)},
    {.name = "rate",
     .argument = "N",
     .kind = OPTION_NUMBER,
     .standard = "0",
     .max = 1000000,
     .doc = "Send at most N messages a second, evenly; 0 for no limit",
     OPTION_PLACE(struct send_options, rate)},
    {.name = "repeat",
     .argument = "N",
     .kind = OPTION_NUMBER,
     .standard = "1",
     .min = 1,
     .max = 1000000000,
     .doc = "Send everything N times; standard input up to 64M",
     OPTION_PLACE(struct send_options, repeat)},
    {.name = "new-control-id",
     .letter = 'n',
     .kind = OPTION_FLAG,
     .doc = "Give each message a new MSH-10 that no other run uses; nothing else in it changes",
     OPTION_PLACE(struct send_options, new_control_id)},
    {.name = "batch",
     .kind = OPTION_FLAG,
     .doc = "Send a batch (FHS, BHS) whole, in one frame, and await a batch of acknowledgements, "
            "one for each of its messages. Without this they are sent one by one",
     OPTION_PLACE(struct send_options, batch)},
    {.name = "no-wait",
     .kind = OPTION_FLAG,
     .doc = "Await no answers: for receivers that give none",
     OPTION_PLACE(struct send_options, no_wait)},
    {.name = "keep-open",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "0",
     .max = OPTION_MAX_DURATION,
     .doc = "Stay connected so long after the last answer, and print what still comes",
     OPTION_PLACE(struct send_options, keep_open)},
    {.name = "max-message",
     .argument = "SIZE",
     .kind = OPTION_SIZE,
     .standard = "16M",
     .min = 1024,
     .max = OPTION_MAX_SIZE,
     .doc = "The longest message or batch that is sent",
     OPTION_PLACE(struct send_options, max_message)},
    {.name = "max-reply",
     .argument = "SIZE",
     .kind = OPTION_SIZE,
     .standard = "1M",
     .min = 64,
     .max = OPTION_MAX_SIZE,
     .doc = "The longest answer that is read",
     OPTION_PLACE(struct send_options, max_reply)},
    {.name = "output",
     .letter = 'o',
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "Append each answer to FILE as it came, byte for byte, in an MLLP frame; the other "
            "verbs read such files",
     OPTION_PLACE(struct send_options, output)},
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     .doc = "Print only what was not accepted, and the summary",
     OPTION_PLACE(struct send_options, quiet)},
    {.name = "json",
     .kind = OPTION_FLAG,
     .doc = "Print a JSON object for each message: file, line, control_id, outcome, code, reason, "
            "text, milliseconds, attempts, reply",
     OPTION_PLACE(struct send_options, json)},
    SECURE_OPTION_ROWS(
        struct send_options,
        "Encrypt: on, when the peer has to show a certificate; mutual, when it asks "
        "for ours as well",
        "With --tls mutual: our certificate, in PEM, then those of the CAs between "
        "it and the root",
        "The CAs, in PEM, or the certificate itself, that the peer's certificate has "
        "to come from; without it, the CAs that the system trusts"),
    {.name = "tls-name",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .doc = "The name or address that has to stand in the peer's certificate; without it, HOST",
     OPTION_PLACE(struct send_options, tls.name)},
    OPTION_ROW_COLOR(struct send_options),
    {.name = NULL}};

/* Long enough for any name DNS has. */
enum { SEND_HOST = 256, SEND_PORT = 8 };

/* "localhost:2575" of the parts of an address. */
static void name_peer(const char *host, const char *port, char *name, size_t size)
{
    bool bracketed = strchr(host, ':') != NULL;

    (void)snprintf(name, size, "%s%s%s:%s", bracketed ? "[" : "",
                   host[0] == '\0' ? "127.0.0.1" : host, bracketed ? "]" : "", port);
}

static int check(const struct verb_call *call)
{
    const struct send_options *options = call->options;

    if (options->connections * options->pipeline > SEND_PLACES_MAX) {
        return verb_misuse(call->verb,
                           "--connections times --pipeline is more than %d messages at once",
                           SEND_PLACES_MAX);
    }
    if (options->no_wait && (options->retry > 0 || options->pipeline > 1)) {
        return verb_misuse(call->verb, "--no-wait awaits no answer, so --%s has no meaning with it",
                           options->retry > 0 ? "retry" : "pipeline");
    }
    return VERB_DONE;
}

static int send_to(const struct verb_call *call, const struct addrinfo *addresses, const char *peer,
                   const char *host)
{
    const struct send_options *options = call->options;
    struct tls_live tls = {.context = NULL};
    const struct send_feed_settings feed = {
        .operands = call->operands + 1,
        .operand_count = call->operand_count - 1,
        .source = {.max_message = (size_t)options->max_message, .whole_batches = options->batch},
        .repeat = options->repeat,
        .keep = SEND_KEEP,
        .new_control_id = options->new_control_id,
        .no_wait = options->no_wait,
        .places = (size_t)(options->connections * options->pipeline),
    };

    int status = secure_options_load(call->verb, &options->tls, false, &tls);
    if (status == VERB_DONE) {
        const struct send_peer to = {
            .addresses = addresses,
            .text = peer,
            .tls = tls.context,
            .name = options->tls.name != NULL ? options->tls.name
                    : host[0] != '\0'         ? host
                                              : "localhost",
        };
        status = send_run(call->verb, options, &feed, &to);
    }
    tls_live_release(&tls);
    return status;
}

static int run(const struct verb_call *call)
{
    char host[SEND_HOST];
    char port[SEND_PORT];
    char peer[SEND_HOST + SEND_PORT + 4];
    const char *reason = "";
    struct addrinfo *addresses = NULL;
    int status = check(call);

    if (status != VERB_DONE) {
        return status;
    }
    if (!address_split(call->operands[0], host, sizeof host, port, sizeof port, &reason)) {
        return verb_misuse(call->verb, "'%.80s' is no address: %s", call->operands[0], reason);
    }
    name_peer(host, port, peer, sizeof peer);
    addresses = address_resolve(host, port, false, &reason);
    if (addresses == NULL) {
        return verb_failed(call->verb,
                           "unknown-host: cannot find the host '%s': %s; nothing was sent. Is the "
                           "name right, and does this machine know it?",
                           host, reason);
    }
    status = send_to(call, addresses, peer, host);
    freeaddrinfo(addresses);
    return status;
}

static const char *const send_description[] = {
    "Sends HL7 v2 messages over MLLP/TCP, waits for the answer to each, checks that it names the "
    "message (MSA-2 against MSH-10), and prints it. The exit status tells the worst answer.",
    "Messages come from files, from the files of directories in the order of their names, or from "
    "standard input: one or many in each, or batches, with lines ended by CR, LF or CRLF, or in "
    "MLLP frames. On the wire every segment ends in CR; nothing else is changed. A message without "
    "MSH-10 is sent with a warning: its answer has nothing to name.",
    "How long a message waits is up to its MSH-15 and MSH-16. Both empty: one answer, AA, AE or "
    "AR; a CA is not enough. MSH-15 AL: CA, CE or CR, and then, with MSH-16 AL, the application's "
    "answer, too. Where only an error is to be answered (ER), silence until --timeout, or a "
    "connection closed in order, counts as accepted: give a short --timeout. SU asks for an answer "
    "when all is well, so silence is a failure there. NE in both: sent is done.",
    "On a terminal each message gets a line, a single one its whole answer. Into a pipe or file go "
    "the answers, each segment on a line; with --json an object for each message. What fails is "
    "told on standard error, with the bytes that came in place of an answer. If the host cannot be "
    "reached, the remaining messages are counted and not tried.",
    "SIGINT and SIGTERM stop the sending: answers that are awaited are waited for; a second signal "
    "ends at once.",
    NULL};

static const struct verb_status send_statuses[] = {
    {VERB_DONE, "Every message was accepted"},
    {VERB_NO, "At least one was answered with AE, AR, CE or CR"},
    {VERB_MISUSE, "Wrong use; nothing was sent"},
    {VERB_FAILED, "At least one could not be read or sent, or got no usable answer"},
    {0, NULL}};

static const struct verb_example send_examples[] = {
    {"orderly send localhost:2575 oru.hl7", "One message; prints the acknowledgement"},
    {"orderly send --retry 5 ris.example:2575 outbox/", "A directory, with patience"},
    {"orderly send -qn --repeat 10000 --connections 8 localhost:2575 adt.hl7",
     "Load for a receiver: ten thousand copies, each with its own control id"},
    {"orderly convert -t orm.hl7 order.hl7 | orderly send --json localhost:2575",
     "From another program, for another program"},
    {NULL, NULL}};

const struct verb verb_send = {
    .name = "send",
    .summary = "Send messages and check the answers",
    .usage = "HOST:PORT [FILE|DIR|-]...",
    .description = send_description,
    .options = send_option_table,
    .options_size = sizeof(struct send_options),
    .operands = VERB_TAKES_ADDRESS_AND_FILES,
    .operands_min = 1,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = send_statuses,
    .examples = send_examples,
    .run = run,
};
