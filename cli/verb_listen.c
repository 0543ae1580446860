/* SPDX-License-Identifier: Apache-2.0
 *
 * `orderly listen`: the options, the start, the signals, the end. See listen.h for the parts. */
#include "listen.h"

#include "../base/descriptors.h"
#include "../base/log.h"
#include "option_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for answers beyond what two of them can repeat of the longest message: generated text, and
 * what collects. */
enum { REPLY_ROOM = 1024 * 1024 };

/* ---- The command line ---------------------------------------------------------------------- */

static const char *const answer_words[] = {"accept", "error", "reject", "none", NULL};

#define PLACE(member) OPTION_PLACE(struct listen_options, member)

static const struct option listen_option_table[] = {
    {.name = "save",
     .letter = 's',
     .argument = "DIR",
     .kind = OPTION_DIRECTORY,
     .doc = "Save each message to a file of its own in DIR, synced to disk before it is answered; "
            "the names are numbers",
     PLACE(save)},
    SECURE_OPTION_ROWS(struct listen_options,
                       "Encrypt: on, when senders can be sure of this machine; mutual, when each "
                       "has to show a certificate as well",
                       "The certificate of this machine, in PEM, then those of the CAs between it "
                       "and the root; read again when it changes",
                       "With --tls mutual: the CAs, in PEM, whose certificates senders may show"),
    {.name = "tls-client",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .many = true,
     .doc = "With --tls mutual: let in who has this name in a certificate, and nobody else",
     PLACE(tls.clients)},
    {.name = "ack-template",
     .letter = 't',
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "Answer with what this template makes of the message; the file is read again when it "
            "changes",
     PLACE(ack_template)},
    {.name = "exec",
     .argument = "PROGRAM",
     .kind = OPTION_FILE,
     .doc = "Answer with the output of this program: it is started for each message, without a "
            "shell, with the message on its standard input",
     PLACE(exec)},
    {.name = "exec-argument",
     .argument = "TEXT",
     .kind = OPTION_TEXT,
     .many = true,
     .doc = "An argument for the program",
     PLACE(exec_arguments)},
    {.name = "exec-timeout",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "30s",
     .min = 1,
     .doc = "End a program that takes longer and answer with an error",
     PLACE(exec_time)},
    {.name = "exec-parallel",
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .standard = "8",
     .min = 1,
     .max = 1024,
     .doc = "Run at most this many programs at a time",
     PLACE(exec_max)},
    {.name = "answer",
     .argument = "HOW",
     .kind = OPTION_CHOICE,
     .choices = answer_words,
     .standard = "accept",
     .doc = "What to answer: accept, or error, reject or none to try out a sender",
     PLACE(answer)},
    {.name = "validate",
     .argument = "HOW",
     .kind = OPTION_CHOICE,
     .choices = validation_words,
     .standard = "off",
     .doc =
         "Compare messages with the HL7 standard, by the version they name: off, warn (a line of the "
         "log for one that has errors) or reject (it is answered with the errors, and not saved)",
     PLACE(validate)},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .doc = "Print each message as one line of JSON",
     PLACE(json)},
    {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .doc = "Print no messages", PLACE(quiet)},
    OPTION_ROW_COLOR(struct listen_options),
    {.name = "charset",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .doc = "The character set, for printing, of messages whose MSH-18 is empty; as iconv names "
            "it, UTF-8 when not given",
     PLACE(charset)},
    {.name = "count",
     .letter = 'n',
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .doc = "End after this many messages",
     PLACE(count)},
    {.name = "max-message",
     .argument = "SIZE",
     .kind = OPTION_SIZE,
     .standard = "16M",
     .min = 64,
     .max = (uint64_t)1 << 30,
     .doc = "Refuse a longer message: the connection is closed",
     PLACE(max_message)},
    {.name = "max-connections",
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .standard = "4096",
     .min = 1,
     .max = 1000000,
     .doc = "Connections open at a time",
     PLACE(max_connections)},
    {.name = "max-per-address",
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .standard = "1024",
     .min = 1,
     .max = 1000000,
     .doc = "Connections open at a time from one address",
     PLACE(max_per_address)},
    {.name = "first-byte-timeout",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "2m",
     .doc = "Close a connection that has sent nothing at all for this long; 0 for never",
     PLACE(first_byte)},
    {.name = "frame-timeout",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "1m",
     .doc = "Close a connection whose message is not complete this long after its first byte; 0 "
            "for never",
     PLACE(frame)},
    {.name = "idle-timeout",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "1h",
     .doc = "Close a connection that is silent between messages for this long; 0 for never",
     PLACE(idle)},
    {.name = "drain-timeout",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .standard = "5s",
     .min = 1,
     .doc = "When ending, wait this long for messages that are half received",
     PLACE(drain)},
    {.name = "strict-end",
     .kind = OPTION_FLAG,
     .doc = "Take only FS CR for the end of a message; without this a lone FS will do when "
            "silence, a new message or the peer's close follows",
     PLACE(strict_end)},
    {.name = "quarantine",
     .argument = "DIR",
     .kind = OPTION_DIRECTORY,
     .doc = "Keep the bytes of damaged messages here; DIR/quarantine of --save when not given",
     PLACE(quarantine)},
    {.name = NULL}};

static const char *const listen_description[] = {
    "Receives HL7 v2 messages over MLLP/TCP, prints or saves them, and answers each with an "
    "acknowledgement. Any number of connections, each for any number of messages.",
    "Without HOST it listens on this machine only (127.0.0.1); 0.0.0.0:PORT or [::]:PORT makes it "
    "reachable from others. The traffic is not encrypted unless --tls says so. Port 0 lets the system choose; the port "
    "is printed on standard error.",
    "The acknowledgement follows MSH-15 and MSH-16: AA, or CA, or both, or none. A message that "
    "cannot be read but has an MSH segment is answered AR with the reason. A frame with a VT or FS "
    "out of place is not answered, because two systems could read two messages there: its bytes "
    "are kept, and the connection is closed.",
    "What AA promises: with --save, that the message is on disk; without, that it was received and "
    "printed. Segments are printed with the numbers that {0-9} in a template counts.",
    "SIGTERM and SIGINT end it: messages already received are answered first.",
    NULL};

static const struct verb_status listen_statuses[] = {
    {VERB_DONE, "ended by --count or a signal"},
    {VERB_MISUSE, "wrong use, or a template with errors"},
    {VERB_FAILED, "the address, a directory or standard output could not be used"},
    {0, NULL}};

static const struct verb_example listen_examples[] = {
    {"orderly listen 2575", "Print what this machine sends to port 2575"},
    {"orderly listen 0.0.0.0:2575 --save inbox --quiet", "Save what anyone sends"},
    {"orderly listen 2575 --ack-template ack.hl7", "Answer with a template of your own"},
    {"orderly listen 2575 --json | jq .control_id", "Feed messages to another program"},
    {NULL, NULL}};

/* ---- The end ------------------------------------------------------------------------------- */

void listen_end_if_drained(struct listen *listen)
{
    if (listen->draining && listen->sessions == NULL) {
        loop_stop(&listen->loop);
    }
}

static void on_drain_time(struct loop_timer *timer)
{
    struct listen *listen = LOOP_OWNER(timer, struct listen, drain_timer);

    if (listen->session_count > 0) {
        log_warning("drain", "%" PRIu64 " connections closed in the middle of a message",
                    listen->session_count);
    }
    loop_stop(&listen->loop);
}

/* Stops accepting. The sessions are seen to when the round is over: answers that are due leave first. */
static void begin_drain(struct listen *listen)
{
    listen->draining = true;
    listener_close(&listen->listener);
    if (!loop_timer_set(&listen->loop, &listen->drain_timer, listen->options->drain)) {
        loop_stop(&listen->loop);
    }
}

/* Lets go of sessions that have answered what they hold; the last one ends the loop. */
static void drain_sessions(struct listen *listen)
{
    struct listen_session *next = NULL;

    for (struct listen_session *s = listen->sessions; s != NULL; s = next) {
        next = s->next;
        listen_session_drain(s);
    }
    listen_end_if_drained(listen);
}

/* After every round of events: answers, output to standard output, and the way to the end. */
static void after_wake(void *context)
{
    struct listen *listen = context;

    listen_flush_due(listen);
    if (listen->printed) {
        listen->printed = false;
        if (fflush(stdout) != 0) {
            log_fatal("output", "standard output: %s", strerror(errno));
            listen->status = VERB_FAILED;
            listen->ending = true;
        }
    }
    if (listen->ending && !listen->draining) {
        begin_drain(listen);
    }
    if (listen->draining) {
        drain_sessions(listen);
    }
}

static void on_signal(struct signals *signals, uint32_t number)
{
    struct listen *listen = LOOP_OWNER(signals, struct listen, signals);

    if (number == SIGCHLD) {
        listen_exec_reap(listen);
    } else if (listen->draining) {
        loop_stop(&listen->loop);
    } else {
        begin_drain(listen);
    }
}

/* ---- The start ----------------------------------------------------------------------------- */

static void on_accept(struct listener *listener, int fd, const struct sockaddr *peer, socklen_t len)
{
    listen_session_open(LOOP_OWNER(listener, struct listen, listener), fd, peer, len);
}

static void on_trouble(struct listener *listener, int error)
{
    struct listen *listen = LOOP_OWNER(listener, struct listen, listener);

    listen_note(listen, LISTEN_REFUSED, "%s; trying again in a second", strerror(error));
}

static int open_listener(struct listen *listen, const char *address)
{
    char host[256];
    char port[8];
    const char *reason = NULL;
    struct sockaddr_storage bound;
    socklen_t len = 0;
    char text[ADDRESS_TEXT];

    if (!address_split(address, host, sizeof host, port, sizeof port, &reason)) {
        return verb_misuse(listen->verb, "%s: %s", address, reason);
    }
    struct addrinfo *list = address_resolve(host, port, true, &reason);
    if (list == NULL) {
        return verb_failed(listen->verb, "%s: %s", address, reason);
    }
    listen->listener.on_accept = on_accept;
    listen->listener.on_trouble = on_trouble;
    bool done = listener_open_first(&listen->listener, &listen->loop, list);
    int error = errno;
    freeaddrinfo(list);
    if (!done) {
        return verb_failed(listen->verb, "%s: cannot listen: %s", address, strerror(error));
    }
    listener_address(&listen->listener, &bound, &len);
    address_write((const struct sockaddr *)&bound, len, text);
    fprintf(stderr, "listening on %s%s\n", text,
            host[0] == '\0' ? " (this machine only; give HOST:PORT to be reachable)" : "");
    if (!listener_is_local(&listen->listener)) {
        fputs(
            "WARNING: not encrypted: whoever is on the network between can read and change what is "
            "sent here\n",
            stderr);
    }
    return VERB_DONE;
}

static int open_stores(struct listen *listen)
{
    const struct listen_options *options = listen->options;
    char inside[4096];
    const char *quarantine = options->quarantine;

    if (options->save != NULL && !listen_store_open(&listen->messages, options->save)) {
        return verb_failed(listen->verb, "--save %s: %s", options->save, strerror(errno));
    }
    if (options->save != NULL && quarantine == NULL) {
        (void)snprintf(inside, sizeof inside, "%s/quarantine", options->save);
        quarantine = inside;
    }
    if (quarantine != NULL && !listen_store_open(&listen->quarantine, quarantine)) {
        return verb_failed(listen->verb, "--quarantine %s: %s", quarantine, strerror(errno));
    }
    return VERB_DONE;
}

static int check_options(const struct verb *verb, const struct listen_options *options)
{
    if (options->exec != NULL && options->ack_template != NULL) {
        return verb_misuse(verb, "--exec and --ack-template both make the answer; give one");
    }
    if (options->exec_arguments.count > 0 && options->exec == NULL) {
        return verb_misuse(verb, "--exec-argument needs --exec");
    }
    if (options->charset != NULL && text_charset_find(options->charset) == NULL) {
        return verb_misuse(verb, "--charset: '%.60s' is no character set known here",
                           options->charset);
    }
    if (options->json && options->quiet) {
        return verb_misuse(verb, "--json prints and --quiet does not; give one");
    }
    return VERB_DONE;
}

static int open_template(struct listen *listen)
{
    const char *path = listen->options->ack_template;

    return path == NULL || live_template_load(&listen->template, path) ? VERB_DONE : VERB_MISUSE;
}

/* Everything that can fail, in order; the caller releases. */
static int start(struct listen *listen, const char *address)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD, 0};
    size_t replies = 2 * (size_t)listen->options->max_message + REPLY_ROOM;

    void *memory = memory_reserve(replies);
    if (memory == NULL || !loop_init(&listen->loop) ||
        !signals_watch(&listen->signals, &listen->loop, numbers)) {
        return verb_failed(listen->verb, "cannot start: %s", strerror(errno));
    }
    hl7_buffer_init(&listen->replies, memory, replies);
    listen->drain_timer = (struct loop_timer){.on_time = on_drain_time};
    listen->fallback =
        listen->options->charset == NULL ? NULL : text_charset_find(listen->options->charset);
    text_terminal_open(&listen->terminal, stdout, (enum text_when)listen->options->color);
    descriptors_raise(listen->options->max_connections + 64);
    int status = secure_options_load(listen->verb, &listen->options->tls, true, &listen->tls);
    status = status == VERB_DONE ? open_template(listen) : status;
    status = status == VERB_DONE ? open_stores(listen) : status;
    return status == VERB_DONE ? open_listener(listen, address) : status;
}

static void release(struct listen *listen)
{
    struct listen_session *next = NULL;

    for (struct listen_session *s = listen->sessions; s != NULL; s = next) {
        next = s->next;
        connection_close(&s->connection);
    }
    listen_exec_release(listen);
    listener_close(&listen->listener);
    signals_close(&listen->signals);
    listen_store_close(&listen->messages);
    listen_store_close(&listen->quarantine);
    live_template_release(&listen->template);
    tls_live_release(&listen->tls);
    services_close(&listen->services);
    parsing_free(&listen->parsing);
    answers_free(&listen->answers);
    memory_free(&listen->text_memory);
    memory_release(listen->replies.ptr, listen->replies.size);
    text_charset_close(&listen->charset);
    loop_release(&listen->loop);
}

static int run(const struct verb_call *call)
{
    struct listen listen = {.verb = call->verb,
                            .options = call->options,
                            .messages = {.directory = -1},
                            .quarantine = {.directory = -1},
                            .charset = TEXT_CHARSET_NONE,
                            .signals = {.source = {.fd = -1}, .on_signal = on_signal},
                            .listener = {.source = {.fd = -1}},
                            .loop = {.epoll = -1}};
    int status = check_options(call->verb, call->options);

    services_open(&listen.services, NULL);
    listen.answers.services = &listen.services;
    if (status == VERB_DONE) {
        status = start(&listen, call->operands[0]);
        if (status == VERB_DONE) {
            if (!loop_run(&listen.loop, after_wake, &listen)) {
                status = verb_failed(call->verb, "cannot wait for events: %s", strerror(errno));
            }
            listen_summary(&listen);
        }
        release(&listen);
    }
    return verb_worst(status, listen.status);
}

const struct verb verb_listen = {
    .name = "listen",
    .summary = "Receive messages and answer them",
    .usage = "[HOST:]PORT",
    .description = listen_description,
    .options = listen_option_table,
    .options_size = sizeof(struct listen_options),
    .operands = VERB_TAKES_ADDRESS,
    .operands_min = 1,
    .operands_max = 1,
    .statuses = listen_statuses,
    .examples = listen_examples,
    .run = run,
};
