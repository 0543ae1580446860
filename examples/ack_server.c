/* SPDX-License-Identifier: Apache-2.0
 *
 * ack_server.c - an acknowledging HL7 v2 server in some fifty lines: blocking sockets, one connection at a
 * time, any number of messages on each. It keeps nothing, knows no batches, and gives one answer to a
 * message, where enhanced mode may ask for two.
 *
 *     gcc ack_server.c -o ack_server $(pkg-config --cflags --libs libhl7)
 *     ./ack_server 2575
 */
#include <hl7.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char bytes[1 << 20];
static char memory[1 << 25]; /* more than the index of any message of that length takes */
static char reply[1 << 21];

/* Who keeps messages does it here, before the answer: to accept is to say "stored" (rule 22). */
static void answer(hl7_slice text, struct hl7_buffer *out)
{
    static unsigned long count;
    char id[32];
    char now[32];
    struct tm local;
    time_t seconds = time(NULL);
    struct hl7_arena arena = {.memory = memory, .size = sizeof memory};
    struct hl7_message message;
    bool good = hl7_message_parse(text, &arena, &message, NULL) == HL7_OK;
    if (!good && hl7_message_salvage(text, &arena, &message, NULL) != HL7_OK) {
        return; /* no MSH: there is nothing to answer to (rule 26) */
    }
    struct hl7_ack_plan plan = hl7_ack_plan(&message, good ? HL7_ACCEPTED : HL7_REJECTED);
    snprintf(id, sizeof id, "%lX%lX", (unsigned long)seconds, ++count);
    strftime(now, sizeof now, "%Y%m%d%H%M%S", localtime_r(&seconds, &local));
    struct hl7_ack ack = {.code = plan.accept != HL7_ACK_NONE ? plan.accept : plan.application,
                          .control_id = hl7_slice_of(id),
                          .time = hl7_slice_of(now),
                          .condition = good ? HL7_MESSAGE_ACCEPTED : HL7_SEGMENT_SEQUENCE};
    if (ack.code != HL7_ACK_NONE) {
        hl7_buffer_add_byte(out, HL7_VT);
        hl7_ack_write(&message, &ack, out);
        hl7_buffer_add(out, HL7_TEXT("\x1c\r"));
    }
}

/* One connection to its end. Bytes that are no whole frame yet stay at the front of `bytes`. */
static void serve(int peer)
{
    struct hl7_framer framer;
    struct hl7_frame frame;
    hl7_framer_init(&framer, sizeof bytes - HL7_FRAME_OVERHEAD, false);
    ssize_t n = 0;
    for (size_t len = 0; (n = read(peer, bytes + len, sizeof bytes - len)) > 0;) {
        hl7_slice held = {bytes, len + (size_t)n};
        enum hl7_frame_kind kind;
        while ((kind = hl7_framer_next(&framer, held, &frame)) != HL7_FRAME_MORE) {
            struct hl7_buffer out = {.ptr = reply, .size = sizeof reply};
            if (kind == HL7_FRAME_MESSAGE) {
                answer(frame.bytes, &out);
            }
            if (kind == HL7_FRAME_BROKEN || /* two messages could be read there (rule 4) */
                send(peer, out.ptr, out.len, MSG_NOSIGNAL) != (ssize_t)out.len) {
                return;
            }
            held = hl7_slice_part(held, frame.consumed, held.len);
        }
        memmove(bytes, held.ptr, len = held.len);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int server = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = htons((uint16_t)strtoul(argc > 1 ? argv[1] : "2575", NULL, 10));
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 8) != 0) {
        perror("ack_server");
        return EXIT_FAILURE;
    }
    for (int peer; (peer = accept(server, NULL, NULL)) >= 0; close(peer)) {
        serve(peer);
    }
    return EXIT_FAILURE;
}
