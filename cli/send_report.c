/* SPDX-License-Identifier: Apache-2.0
 *
 * send_report.c - printing. Everything here hides the line of progress before it writes.
 */
#include "send_report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/log.h"

/* Room for a sentence with its evidence. */
#define REPORT_SENTENCE 1400

/* ---- Life ----------------------------------------------------------------------------------- */

bool send_report_open(struct send_report *report, const struct send_options *options,
                      const char *peer)
{
    *report = (struct send_report){.options = options, .peer = peer, .output = -1};
    report->charset = TEXT_CHARSET_NONE;
    text_terminal_open(&report->out, stdout, (enum text_when)options->color);
    send_progress_open(&report->progress);
    json_to_file(&report->json, stdout);
    if (options->output != NULL) {
        report->output = open(options->output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        return report->output >= 0;
    }
    return true;
}

void send_report_close(struct send_report *report)
{
    send_progress_hide(&report->progress);
    text_charset_close(&report->charset);
    memory_free(&report->text);
    memory_free(&report->plain);
    if (report->output >= 0) {
        (void)close(report->output);
    }
}

bool send_report_flush(struct send_report *report)
{
    if (!report->printed) {
        return true;
    }
    report->printed = false;
    return fflush(stdout) == 0 && ferror(stdout) == 0;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* The bytes as UTF-8, read in the character set of the message they are from. Borrows until the
 * next call. */
static hl7_slice as_utf8(struct send_report *report, const struct hl7_message *index,
                         hl7_slice bytes)
{
    struct hl7_buffer buffer;

    if (!memory_grow(&report->text, bytes.len * TEXT_UTF8_GROWTH + 1)) {
        return HL7_TEXT("");
    }
    if (index == NULL) {
        (void)text_charset_named(&report->charset, "UTF-8");
    } else {
        (void)text_charset_for(&report->charset, index, NULL);
    }
    hl7_buffer_init(&buffer, report->text.ptr, report->text.size);
    text_utf8(&report->charset, bytes, &buffer);
    return hl7_buffer_slice(&buffer);
}

/* A raw value of the answer as text that people read. */
static hl7_slice as_plain(struct send_report *report, const struct hl7_message *index,
                          hl7_slice raw)
{
    struct hl7_buffer buffer;

    if (index == NULL || !memory_grow(&report->plain, raw.len + 1)) {
        return HL7_TEXT("");
    }
    hl7_buffer_init(&buffer, report->plain.ptr, report->plain.size);
    hl7_unescape(&index->delimiters, raw, HL7_TEXT_PLAIN, &buffer);
    return as_utf8(report, index, hl7_buffer_slice(&buffer));
}

static hl7_slice explain(const struct send_report *report, const struct send_message *message,
                         const struct send_verdict *verdict, char memory[REPORT_SENTENCE])
{
    const struct send_facts facts = {
        .peer = report->peer,
        .control_id = message->control_id,
        .connect_timeout = report->options->connect_timeout,
        .timeout = report->options->timeout,
        .max_reply = report->options->max_reply,
    };
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, REPORT_SENTENCE - 1);
    send_outcome_explain(verdict, &facts, &buffer);
    memory[buffer.len] = '\0';
    return hl7_buffer_slice(&buffer);
}

/* Writes "oru.hl7:1 (T1)" and a NUL. */
static const char *name_message(const struct send_message *message, char memory[400])
{
    char id[4 * 40];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, id, sizeof id);
    send_escape(hl7_slice_part(message->control_id, 0, 40), &buffer);
    (void)snprintf(memory, 400, buffer.len > 0 ? "%.200s:%zu (%.*s)" : "%.200s:%zu", message->file,
                   message->line, (int)buffer.len, id);
    return memory;
}

/* "0.42 ms", "12 ms", "1.5 s". */
static const char *name_time(uint64_t microseconds, char memory[32])
{
    if (microseconds < 10000) {
        (void)snprintf(memory, 32, "%" PRIu64 ".%02" PRIu64 " ms", microseconds / 1000,
                       microseconds % 1000 / 10);
    } else if (microseconds < 1000000) {
        (void)snprintf(memory, 32, "%" PRIu64 " ms", microseconds / 1000);
    } else {
        (void)snprintf(memory, 32, "%" PRIu64 ".%" PRIu64 " s", microseconds / 1000000,
                       microseconds % 1000000 / 100000);
    }
    return memory;
}

/* ---- Answers -------------------------------------------------------------------------------- */

/* Writes segments, one a line. For a terminal they are UTF-8 and cannot drive it. */
static void print_segments(struct send_report *report, hl7_slice text, bool safe)
{
    char end = memchr(text.ptr, '\r', text.len) != NULL ? '\r' : '\n';
    hl7_slice line;

    while (hl7_piece_next(&text, end, &line)) {
        if (end == '\r' && hl7_slice_starts(line, HL7_TEXT("\n"))) {
            line = hl7_slice_part(line, 1, line.len);
        }
        if (line.len == 0) {
            continue;
        }
        if (safe) {
            text_write_safe(report->out.file, line, false);
        } else {
            (void)fwrite(line.ptr, 1, line.len, report->out.file);
        }
        fputc('\n', report->out.file);
    }
}

static void print_reply(struct send_report *report, hl7_slice reply,
                        const struct hl7_message *index)
{
    if (reply.len == 0) {
        return;
    }
    if (report->out.is_terminal) {
        print_segments(report, as_utf8(report, index, reply), true);
    } else {
        print_segments(report, reply, false);
    }
}

/* Appends a reply to --output, as a frame, so that it stays what it was, byte for byte. */
static void save_reply(struct send_report *report, hl7_slice reply)
{
    struct hl7_buffer frame;
    const char *at;
    size_t left;

    if (report->output < 0 || reply.len == 0 ||
        !memory_grow(&report->plain, reply.len + HL7_FRAME_OVERHEAD)) {
        return;
    }
    hl7_buffer_init(&frame, report->plain.ptr, report->plain.size);
    hl7_frame_write(reply, &frame);
    for (at = frame.ptr, left = frame.len; left > 0;) {
        ssize_t put = write(report->output, at, left);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            log_error("output", "%s: %s", report->options->output, strerror(errno));
            report->stats.problems++;
            (void)close(report->output);
            report->output = -1;
            return;
        }
        at += put;
        left -= (size_t)put;
    }
}

static enum text_style style_of(const struct send_verdict *verdict)
{
    static const enum text_style styles[] = {
        [SEND_GOOD] = TEXT_GREEN, [SEND_ANSWERED_NO] = TEXT_YELLOW, [SEND_NO_ANSWER] = TEXT_RED};

    return styles[send_outcome_class(verdict->outcome)];
}

/* The only message: its answer, then a sentence. */
static void print_block(struct send_report *report, const struct send_message *message,
                        const struct send_verdict *verdict, uint64_t time)
{
    char memory[REPORT_SENTENCE];

    print_reply(report, verdict->reply, verdict->index);
    text_style(&report->out, style_of(verdict));
    text_write_safe(stdout, explain(report, message, verdict, memory), false);
    text_style(&report->out, TEXT_NORMAL);
    if (verdict->reply.len > 0) {
        char took[32];

        fprintf(stdout, " after %s", name_time(time, took));
    }
    fputc('\n', stdout);
}

/* One of many: a line. */
static void print_line(struct send_report *report, const struct send_message *message,
                       const struct send_verdict *verdict, uint64_t time)
{
    char name[400];
    char took[32];

    text_style(&report->out, style_of(verdict));
    fprintf(stdout, "%-8s %-2s", send_outcome_name(verdict->outcome),
            hl7_ack_code_name(verdict->code));
    text_style(&report->out, TEXT_NORMAL);
    text_style(&report->out, TEXT_DIM);
    fprintf(stdout, " %8s", verdict->reply.len > 0 ? name_time(time, took) : "");
    text_style(&report->out, TEXT_NORMAL);
    fputs("  ", stdout);
    text_write_safe(stdout, hl7_slice_of(name_message(message, name)), false);
    if (verdict->reason.len > 0) {
        fputs("  ", stdout);
        text_write_safe(stdout, as_plain(report, verdict->index, verdict->reason), false);
    }
    fputc('\n', stdout);
}

static void print_number(struct json *json, const char *key, uint64_t number)
{
    json_key(json, key);
    json_number(json, number);
}

static void print_json(struct send_report *report, const struct send_message *message,
                       const struct send_verdict *verdict, uint64_t time)
{
    const hl7_slice nothing = {NULL, 0};
    struct json *json = &report->json;
    char memory[REPORT_SENTENCE];

    json_open_object(json);
    json_key(json, "file");
    json_text_of(json, message->file[0] == '\0' ? NULL : message->file);
    print_number(json, "line", message->line);
    json_key(json, "control_id");
    json_text(json, message->control_id.ptr == NULL ? nothing
                                                    : as_utf8(report, NULL, message->control_id));
    json_key(json, "outcome");
    json_text_of(json, send_outcome_name(verdict->outcome));
    json_key(json, "code");
    json_text(json,
              verdict->code_text.len == 0 ? nothing : as_utf8(report, NULL, verdict->code_text));
    json_key(json, "reason");
    json_text(json, verdict->reason.len == 0 ? nothing
                                             : as_plain(report, verdict->index, verdict->reason));
    json_key(json, "text");
    json_text(json, explain(report, message, verdict, memory));
    if (message->kind == SEND_BATCH) {
        print_number(json, "messages", message->messages);
        print_number(json, "accepted", verdict->accepted);
        print_number(json, "errors", verdict->errors);
        print_number(json, "rejected", verdict->rejected);
    }
    json_key(json, "milliseconds");
    json_thousandths(json, time);
    print_number(json, "attempts", message->attempts);
    json_key(json, "reply");
    json_text(json,
              verdict->reply.len == 0 ? nothing : as_utf8(report, verdict->index, verdict->reply));
    json_end(json);
    json_line(json);
}

/* ---- Messages that have ended --------------------------------------------------------------- */

/* Says on standard error what failed, or what a pipe's reader may not notice. */
static void complain(struct send_report *report, const struct send_message *message,
                     const struct send_verdict *verdict)
{
    const char *event = send_outcome_name(verdict->outcome);
    char sentence[REPORT_SENTENCE];
    char name[400];

    (void)explain(report, message, verdict, sentence);
    if (message->kind == SEND_PROBLEM && message->unread) {
        log_error(event, "%s", sentence);
    } else if (message->attempts > 1) {
        log_error(event, "%s: after %u tries: %s", name_message(message, name), message->attempts,
                  sentence);
    } else {
        log_error(event, "%s: %s", name_message(message, name), sentence);
    }
}

static void print_ended(struct send_report *report, const struct send_message *message,
                        const struct send_verdict *verdict, uint64_t time, bool only)
{
    enum send_class class = send_outcome_class(verdict->outcome);

    if (report->options->quiet && class == SEND_GOOD) {
        return;
    }
    send_progress_hide(&report->progress);
    if (report->options->json) {
        print_json(report, message, verdict, time);
    } else if (class == SEND_NO_ANSWER) {
        complain(report, message, verdict);
        return;
    } else if (!report->out.is_terminal) {
        print_reply(report, verdict->reply, verdict->index);
        if (class == SEND_ANSWERED_NO) {
            complain(report, message, verdict);
        }
    } else if (only) {
        print_block(report, message, verdict, time);
    } else {
        print_line(report, message, verdict, time);
    }
    report->printed = true;
}

void send_report_ended(struct send_report *report, const struct send_message *message,
                       const struct send_verdict *verdict, uint64_t time, bool only)
{
    enum send_class class = send_outcome_class(verdict->outcome);

    send_stats_count(&report->stats, verdict, message->messages);
    report->bytes += message->source_size;
    if (class != SEND_NO_ANSWER && verdict->reply.len > 0) {
        send_stats_time(&report->stats, time);
        save_reply(report, verdict->reply);
    }
    print_ended(report, message, verdict, time, only);
}

void send_report_accept(struct send_report *report, hl7_slice payload,
                        const struct hl7_message *index)
{
    save_reply(report, payload);
    if (!report->options->quiet && !report->options->json && !report->out.is_terminal) {
        print_reply(report, payload, index);
        report->printed = true;
    }
}

/* ---- Other things that happen --------------------------------------------------------------- */

void send_report_retry(struct send_report *report, const struct send_message *message,
                       const struct send_verdict *verdict, uint64_t wait)
{
    char sentence[REPORT_SENTENCE];
    char name[400];
    char memory[32];
    struct hl7_buffer duration;

    hl7_buffer_init(&duration, memory, sizeof memory);
    send_duration(wait < 10000 ? wait : wait - wait % 1000, &duration);
    send_progress_hide(&report->progress);
    log_warning("retry", "%s: %.*s, try %u of %" PRIu64 ": %.*s", name_message(message, name),
                (int)duration.len, memory, message->attempts + 1, report->options->retry + 1,
                (int)explain(report, message, verdict, sentence).len, sentence);
}

void send_report_remark(struct send_report *report, const struct send_message *message)
{
    char name[400];

    send_progress_hide(&report->progress);
    log_warning("message", "%s: %s", name_message(message, name), message->text);
}

void send_report_extra(struct send_report *report, hl7_slice payload,
                       const struct hl7_message *index, bool expected)
{
    report->extra++;
    save_reply(report, payload);
    if (!expected) {
        send_progress_hide(&report->progress);
        log_warning("extra-answer",
                    "%s: an answer that nothing waited for; it is credited to no "
                    "message",
                    report->peer);
    }
    if (report->options->quiet) {
        return;
    }
    send_progress_hide(&report->progress);
    report->printed = true;
    if (report->options->json) {
        json_open_object(&report->json);
        json_key(&report->json, "outcome");
        json_text_of(&report->json, "extra-answer");
        json_key(&report->json, "reply");
        json_text(&report->json, as_utf8(report, index, payload));
        json_end(&report->json);
        json_line(&report->json);
    } else {
        print_reply(report, payload, index);
    }
}

void send_report_junk(struct send_report *report, hl7_slice front, uint64_t size)
{
    char memory[4 * SEND_EVIDENCE];
    struct hl7_buffer shown;

    hl7_buffer_init(&shown, memory, sizeof memory);
    send_escape(hl7_slice_part(front, 0, SEND_EVIDENCE), &shown);
    send_progress_hide(&report->progress);
    log_warning("junk", "%s: skipped %" PRIu64 " bytes outside a frame: \"%.*s\"", report->peer,
                size, (int)shown.len, memory);
}

/* ---- The summary ---------------------------------------------------------------------------- */

static void add_count(const char *before, uint64_t count, const char *what)
{
    if (count > 0) {
        fprintf(stderr, "%s%" PRIu64 " %s", before, count, what);
    }
}

void send_report_summary(struct send_report *report, uint64_t elapsed, const char *rest)
{
    const struct send_stats *stats = &report->stats;
    uint64_t good = stats->accepted + stats->sent;
    char time[32];

    send_progress_hide(&report->progress);
    /* One message has said all there is to say. */
    if (stats->messages + stats->not_sent + stats->problems <= 1 && rest == NULL) {
        return;
    }
    fprintf(stderr, "orderly send: %" PRIu64 " message%s", stats->messages,
            stats->messages == 1 ? "" : "s");
    add_count(": ", stats->sent > 0 ? stats->sent : good, stats->sent > 0 ? "sent" : "accepted");
    add_count(stats->sent > 0 ? ", " : ": ", stats->sent > 0 ? stats->accepted : 0, "accepted");
    add_count(good > 0 ? ", " : ": ", stats->errors, "answered with an error");
    add_count(good + stats->errors > 0 ? ", " : ": ", stats->rejected, "rejected");
    add_count(good + stats->errors + stats->rejected > 0 ? ", " : ": ", stats->failed, "failed");
    add_count("; ", stats->not_sent, "not sent");
    if (rest != NULL) {
        fprintf(stderr, "; %s", rest);
    }
    fprintf(stderr, "; %s", name_time(elapsed, time));
    if (stats->answers + stats->sent > 0) {
        fprintf(stderr, ", %" PRIu64 "/s", stats->messages * 1000000 / (elapsed + 1));
    }
    if (stats->answers > 0) {
        fprintf(stderr, "; answers: half within %s, ",
                name_time(send_stats_percentile(stats, 50), time));
        fprintf(stderr, "99 %% within %s", name_time(send_stats_percentile(stats, 99), time));
    }
    fputc('\n', stderr);
}
