/* SPDX-License-Identifier: Apache-2.0
 *
 * ack_server.c - receives HL7 v2 messages over MLLP/TCP and acknowledges them: blocking sockets, one
 * connection at a time, any number of messages on each. It keeps nothing and knows no batches.
 *
 *     gcc ack_server.c -o ack_server $(pkg-config --cflags --libs libhl7)
 *     ./ack_server 2575
 */
#include <hl7.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST = 1024 * 1024 };
static char received[LONGEST + HL7_FRAME_OVERHEAD];
static char memory[32 * LONGEST]; /* more than the index of any message of that length takes */
static char answers[4 * LONGEST];

/* Writes the answers that a message asks for, each in a frame. False when it cannot be answered. */
static bool answer(hl7_slice text, struct hl7_buffer *out)
{
    static unsigned count;
    time_t seconds = time(NULL);
    struct tm local;
    char now[32];
    char id[32];
    struct hl7_arena arena;
    struct hl7_message message;
    struct hl7_error error = {.code = HL7_OK};

    hl7_arena_init(&arena, memory, sizeof memory);
    if (hl7_message_parse(text, &arena, &message, &error) != HL7_OK &&
        hl7_message_salvage(text, &arena, &message, NULL) != HL7_OK) {
        return false; /* no MSH: there is nothing to answer to */
    }
    /* Who keeps messages does it here, before the answer: to accept is to say "stored" (rule 22). */
    bool good = error.code == HL7_OK;
    struct hl7_ack_plan plan = hl7_ack_plan(&message, good ? HL7_ACCEPTED : HL7_REJECTED);
    const enum hl7_ack_code codes[] = {plan.accept, plan.application};

    strftime(now, sizeof now, "%Y%m%d%H%M%S", localtime_r(&seconds, &local));
    for (size_t i = 0; i < 2; i++) {
        if (codes[i] == HL7_ACK_NONE) {
            continue;
        }
        snprintf(id, sizeof id, "%lld%u", (long long)seconds, ++count);
        struct hl7_ack ack = {.code = codes[i],
                              .control_id = hl7_slice_of(id),
                              .time = hl7_slice_of(now),
                              .condition = good ? HL7_MESSAGE_ACCEPTED : HL7_SEGMENT_SEQUENCE,
                              .reason = hl7_slice_of(error.text)};
        hl7_buffer_add_byte(out, HL7_VT);
        hl7_ack_write(&message, &ack, out);
        hl7_buffer_add(out, HL7_TEXT("\x1c\r"));
    }
    return !out->full;
}

/* One connection to its end. Bytes that are no whole frame yet stay at the front of `received`. */
static void serve(int peer)
{
    hl7_slice held = {received, 0};
    struct hl7_framer framer;
    struct hl7_frame frame;
    struct hl7_buffer out;
    ssize_t n = 0;

    hl7_framer_init(&framer, LONGEST, false);
    while ((n = read(peer, received + held.len, sizeof received - held.len)) > 0) {
        enum hl7_frame_kind kind = HL7_FRAME_MORE;

        held = (hl7_slice){received, held.len + (size_t)n};
        while ((kind = hl7_framer_next(&framer, held, &frame)) != HL7_FRAME_MORE) {
            hl7_buffer_init(&out, answers, sizeof answers);
            if (kind == HL7_FRAME_BROKEN ||
                (kind == HL7_FRAME_MESSAGE && !answer(frame.bytes, &out)) ||
                send(peer, out.ptr, out.len, MSG_NOSIGNAL) != (ssize_t)out.len) {
                return;
            }
            held = hl7_slice_part(held, frame.consumed, held.len);
        }
        memmove(received, held.ptr, held.len);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1;
    int server = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons((uint16_t)strtoul(argc > 1 ? argv[1] : "2575", NULL, 10));
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 8) != 0) {
        perror("ack_server");
        close(server);
        return EXIT_FAILURE;
    }
    for (;;) {
        int peer = accept(server, NULL, NULL);
        serve(peer);
        close(peer);
    }
}
