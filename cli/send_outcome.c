/* SPDX-License-Identifier: Apache-2.0
 *
 * send_outcome.c - the table of outcomes, and the sentences made from it.
 *
 * A sentence holds placeholders in braces for what the verdict and the facts know:
 *   {peer} {id} {other} {code} {timeout} {connect-timeout} {max-reply} {system} {detail} {hint}
 */
#include "send_outcome.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    enum send_class class;
    bool retries;
    bool shows_bytes;
    const char *sentence;
} outcomes[SEND_OUTCOMES] = {
    [SEND_ACCEPTED] = {"accepted", SEND_GOOD, false, false, "accepted ({code})"},
    [SEND_SILENCE] = {"silence", SEND_GOOD, false, false,
                      "no answer within {timeout}, and the message asks for one only if something "
                      "is wrong: taken as accepted"},
    [SEND_SENT] = {"sent", SEND_GOOD, false, false, "sent; no answer is awaited"},
    [SEND_ERROR] = {"error", SEND_ANSWERED_NO, false, false,
                    "the peer answered {code}: an error, and the message was not taken; the answer "
                    "says why"},
    [SEND_REJECTED] = {"rejected", SEND_ANSWERED_NO, false, false,
                       "the peer answered {code}: it refuses a message like this one; the answer "
                       "says why"},
    [SEND_FOREIGN] = {"foreign", SEND_NO_ANSWER, true, false,
                      "the answer names another message: its MSA-2 is '{other}', our MSH-10 is "
                      "'{id}'; it is a late answer, or the peer does not copy the control id"},
    [SEND_UNFRAMED] = {"unframed", SEND_NO_ANSWER, true, true,
                       "the answer is not in an MLLP frame (0B ... 1C 0D): {hint}"},
    [SEND_TRUNCATED] = {"truncated", SEND_NO_ANSWER, true, true,
                        "the peer closed the connection in the middle of its answer, before the "
                        "end of the frame (1C 0D); it may have crashed: look into its log"},
    [SEND_BROKEN] = {"broken", SEND_NO_ANSWER, true, true,
                     "the frame of the answer is damaged ({detail}), so it cannot be trusted; the "
                     "peer mixes two answers, or puts a frame byte into its text"},
    [SEND_TOO_LARGE] = {"too-large", SEND_NO_ANSWER, true, false,
                        "the answer is longer than {max-reply} bytes; --max-reply allows more"},
    [SEND_NOT_AN_ACK] = {"not-an-ack", SEND_NO_ANSWER, true, true,
                         "the answer is no acknowledgement: {detail}; is this the port that "
                         "receives?"},
    [SEND_UNKNOWN_CODE] = {"unknown-code", SEND_NO_ANSWER, true, false,
                           "the answer's MSA-1 is '{code}', and that is none of AA, AE, AR, CA, CE "
                           "and CR; the peer's settings are wrong"},
    [SEND_BATCH_MISMATCH] = {"batch-mismatch", SEND_NO_ANSWER, true, false,
                             "the answer does not acknowledge each message of the batch once: "
                             "{detail}; without --batch they are sent one by one"},
    [SEND_CLOSED] = {"closed", SEND_NO_ANSWER, true, false,
                     "the peer closed the connection without an answer; it may not know this "
                     "sender or this kind of message: look into its log"},
    [SEND_RESET] = {"reset", SEND_NO_ANSWER, true, false,
                    "the peer broke the connection without an answer ({system}); it may have "
                    "crashed, or have stopped reading: look into its log"},
    [SEND_TIMEOUT] = {"timeout", SEND_NO_ANSWER, true, false,
                      "no answer within {timeout}, not one byte; the message may have arrived. The "
                      "peer may be busy (--timeout), await TLS, or never answer (--no-wait)"},
    [SEND_INCOMPLETE] = {"incomplete", SEND_NO_ANSWER, true, true,
                         "no whole answer within {timeout}: the end of the frame (1C 0D) is "
                         "missing"},
    [SEND_ACCEPT_ONLY] = {"accept-only", SEND_NO_ANSWER, false, false,
                          "the peer has stored the message (CA), but its application "
                          "acknowledgement did not come; it may come over a connection of the "
                          "peer's own, then MSH-16 NE makes it stop waiting here"},
    [SEND_GIVEN_UP] = {"given-up", SEND_NO_ANSWER, true, false,
                       "its answer is not known: the connection was closed because of the answer "
                       "to a message before it"},
    [SEND_REFUSED] = {"refused", SEND_NO_ANSWER, true, false,
                      "nobody listens at {peer} (connection refused); does the receiver run, and "
                      "is the port right?"},
    [SEND_UNREACHABLE] = {"unreachable", SEND_NO_ANSWER, true, false,
                          "cannot reach {peer}: {system}; check the address, the network and "
                          "firewalls"},
    [SEND_NO_TLS] = {"tls", SEND_NO_ANSWER, true, false, "no TLS with {peer}: {detail}"},
    [SEND_CONNECT_TIMEOUT] = {"connect-timeout", SEND_NO_ANSWER, true, false,
                              "no connection to {peer} within {connect-timeout}; the host is down, "
                              "or a firewall drops the packets: check address and port"},
    [SEND_UNREADABLE] = {"unreadable", SEND_NO_ANSWER, false, false, "{detail}"},
    [SEND_UNSENDABLE] = {"unsendable", SEND_NO_ANSWER, false, false, "{detail}"},
    [SEND_INTERRUPTED] = {"interrupted", SEND_NO_ANSWER, false, false,
                          "interrupted before its answer came; the message may have arrived"},
};

const char *send_outcome_name(enum send_outcome outcome)
{
    return outcomes[outcome].name;
}

enum send_class send_outcome_class(enum send_outcome outcome)
{
    return outcomes[outcome].class;
}

bool send_outcome_retries(const struct send_verdict *verdict, bool on_error)
{
    if (verdict->outcome == SEND_ERROR) {
        return verdict->code == HL7_CE || on_error;
    }
    return outcomes[verdict->outcome].retries;
}

enum send_outcome send_outcome_of_connect(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return SEND_REFUSED;
    case ETIMEDOUT:
        return SEND_CONNECT_TIMEOUT;
    default:
        return SEND_UNREACHABLE;
    }
}

/* ---- What came in place of an answer -------------------------------------------------------- */

/* By their first bytes. */
static const struct {
    hl7_slice start;
    bool clear; /* nothing that follows could make it a frame */
    const char *hint;
} strangers[] = {
    {{"\x15\x03", 2}, true, "this is a TLS alert: the peer speaks TLS and wants it on this port"},
    {{"\x16\x03", 2}, true, "this is a TLS handshake: the peer speaks TLS"},
    {{"HTTP/", 5}, true, "this is HTTP: a web server lives on this port"},
    {{"SSH-", 4}, true, "this is an SSH server"},
    {{"220 ", 4}, false, "it looks like a mail or FTP server"},
    {{"MSH", 3},
     true,
     "the HL7 is there, its frame is not; the peer has to send 0B before it and "
     "1C 0D behind it"},
    {{"<", 1}, false, "it looks like XML or HTML"},
};

bool send_evidence_is_clear(hl7_slice bytes)
{
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        if (strangers[i].clear && hl7_slice_starts(bytes, strangers[i].start)) {
            return true;
        }
    }
    return false;
}

static const char *hint_for(hl7_slice bytes)
{
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        if (hl7_slice_starts(bytes, strangers[i].start)) {
            return strangers[i].hint;
        }
    }
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        if (byte < ' ' && byte != '\r' && byte != '\n' && byte != '\t') {
            return "these bytes are no text; another kind of service may live on this port";
        }
    }
    return "this is plain text; another kind of service may live on this port";
}

void send_escape(hl7_slice bytes, struct hl7_buffer *buffer)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];

        if (byte == '\r') {
            hl7_buffer_add(buffer, HL7_TEXT("\\r"));
        } else if (byte == '\n') {
            hl7_buffer_add(buffer, HL7_TEXT("\\n"));
        } else if (byte == '\\') {
            hl7_buffer_add(buffer, HL7_TEXT("\\\\"));
        } else if (byte >= ' ' && byte < 0x7f) {
            hl7_buffer_add_byte(buffer, (char)byte);
        } else {
            hl7_buffer_add(buffer, HL7_TEXT("\\x"));
            hl7_buffer_add_byte(buffer, digits[byte >> 4]);
            hl7_buffer_add_byte(buffer, digits[byte & 15]);
        }
    }
}

static void add_bytes(const struct send_verdict *verdict, struct hl7_buffer *buffer)
{
    hl7_slice shown = hl7_slice_part(verdict->reply, 0, SEND_EVIDENCE);

    if (verdict->reply_size > shown.len) {
        hl7_buffer_add(buffer, HL7_TEXT("; the first "));
        hl7_buffer_add_number(buffer, shown.len);
        hl7_buffer_add(buffer, HL7_TEXT(" of "));
        hl7_buffer_add_number(buffer, verdict->reply_size);
        hl7_buffer_add(buffer, HL7_TEXT(" bytes: \""));
    } else {
        hl7_buffer_add(buffer, HL7_TEXT("; "));
        hl7_buffer_add_number(buffer, shown.len);
        hl7_buffer_add(buffer, hl7_slice_of(shown.len == 1 ? " byte: \"" : " bytes: \""));
    }
    send_escape(shown, buffer);
    hl7_buffer_add_byte(buffer, '"');
}

/* ---- Sentences ------------------------------------------------------------------------------ */

void send_duration(uint64_t milliseconds, struct hl7_buffer *buffer)
{
    static const struct {
        uint64_t milliseconds;
        const char *name;
    } units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;

    /* The largest unit that leaves at most one decimal, seconds from one second on. */
    while (i < 3 && (milliseconds < units[i].milliseconds ||
                     milliseconds % (units[i].milliseconds / 10) != 0)) {
        i++;
    }
    hl7_buffer_add_number(buffer, milliseconds / units[i].milliseconds);
    if (milliseconds % units[i].milliseconds != 0) {
        hl7_buffer_add_byte(buffer, '.');
        hl7_buffer_add_number(buffer,
                              milliseconds % units[i].milliseconds * 10 / units[i].milliseconds);
    }
    hl7_buffer_add(buffer, hl7_slice_of(units[i].name));
}

/* An id of the peer's or ours: some of it, in a form that fits into a line. */
static void add_id(hl7_slice id, struct hl7_buffer *buffer)
{
    send_escape(hl7_slice_part(id, 0, 60), buffer);
    if (id.len > 60) {
        hl7_buffer_add(buffer, HL7_TEXT("..."));
    }
}

static void add_placeholder(hl7_slice name, const struct send_verdict *verdict,
                            const struct send_facts *facts, struct hl7_buffer *buffer)
{
    if (hl7_slice_equal(name, HL7_TEXT("peer"))) {
        hl7_buffer_add(buffer, hl7_slice_of(facts->peer));
    } else if (hl7_slice_equal(name, HL7_TEXT("id"))) {
        add_id(facts->control_id, buffer);
    } else if (hl7_slice_equal(name, HL7_TEXT("other"))) {
        add_id(verdict->other_id, buffer);
    } else if (hl7_slice_equal(name, HL7_TEXT("code"))) {
        add_id(verdict->code_text, buffer);
    } else if (hl7_slice_equal(name, HL7_TEXT("timeout"))) {
        send_duration(facts->timeout, buffer);
    } else if (hl7_slice_equal(name, HL7_TEXT("connect-timeout"))) {
        send_duration(facts->connect_timeout, buffer);
    } else if (hl7_slice_equal(name, HL7_TEXT("max-reply"))) {
        hl7_buffer_add_number(buffer, facts->max_reply);
    } else if (hl7_slice_equal(name, HL7_TEXT("system"))) {
        hl7_buffer_add(buffer, hl7_slice_of(strerror(verdict->error)));
    } else if (hl7_slice_equal(name, HL7_TEXT("detail"))) {
        hl7_buffer_add(buffer, hl7_slice_of(verdict->detail));
    } else if (hl7_slice_equal(name, HL7_TEXT("hint"))) {
        hl7_buffer_add(buffer, hl7_slice_of(hint_for(verdict->reply)));
    }
}

void send_outcome_explain(const struct send_verdict *verdict, const struct send_facts *facts,
                          struct hl7_buffer *buffer)
{
    const char *rest = outcomes[verdict->outcome].sentence;
    const char *open;

    while ((open = strchr(rest, '{')) != NULL) {
        const char *close = strchr(open, '}');

        hl7_buffer_add(buffer, (hl7_slice){rest, (size_t)(open - rest)});
        add_placeholder((hl7_slice){open + 1, (size_t)(close - open) - 1}, verdict, facts, buffer);
        rest = close + 1;
    }
    hl7_buffer_add(buffer, hl7_slice_of(rest));
    if (outcomes[verdict->outcome].shows_bytes) {
        add_bytes(verdict, buffer);
    }
}
