/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes acknowledgements (rules 21 to 27). The first three bytes of the input choose code, condition
 * and place; then come a reason, a NUL and a message. What must hold, beside not crashing:
 *   - every message with an MSH, whole or salvaged, gets an answer that can be read, has the code and
 *     the control id, and asks for no answer itself;
 *   - the plan names codes of the right level;
 *   - any message can be read as an answer. */
#include "hl7.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 4096, ANSWER = 8 * LONGEST };

static void check_plan(const struct hl7_message *message, bool response)
{
    static const enum hl7_outcome outcomes[] = {HL7_ACCEPTED, HL7_FAILED, HL7_REJECTED};

    for (size_t i = 0; i < 3; i++) {
        struct hl7_ack_plan plan = hl7_ack_plan(message, outcomes[i]);
        assert(plan.accept == HL7_ACK_NONE || plan.accept == (enum hl7_ack_code)(HL7_CA + i));
        assert(plan.application == HL7_ACK_NONE ||
               plan.application == (enum hl7_ack_code)(HL7_AA + i));
        assert(!response || plan.application == HL7_ACK_NONE);
        assert(hl7_is_enhanced(message) || plan.accept == HL7_ACK_NONE);
    }
}

/* A header behind an LF in a value comes back as that in MSA-2, and then the answer too is refused
 * as two messages. Nothing else is. */
static bool hides_header(const struct hl7_message *message)
{
    hl7_slice line = hl7_segment_bytes(message, 0);

    return line.len > 0 && memchr(line.ptr, '\n', line.len) != NULL;
}

static void check_answer(const struct hl7_message *message, const struct hl7_ack *ack)
{
    static char text[ANSWER];
    static char memory[16 * ANSWER];
    struct hl7_buffer buffer;
    struct hl7_arena arena;
    struct hl7_message reply;

    hl7_buffer_init(&buffer, text, sizeof text);
    hl7_ack_write(message, ack, &buffer);
    assert(!buffer.full);
    hl7_arena_init(&arena, memory, sizeof memory);
    enum hl7_code code = hl7_message_parse(hl7_buffer_slice(&buffer), &arena, &reply, NULL);
    if (code == HL7_TWO_HEADERS && hides_header(message)) {
        return;
    }
    assert(code == HL7_OK);
    assert(reply.segment_count == (ack->condition == HL7_MESSAGE_ACCEPTED ? 2 : 3));
    struct hl7_answer answer = hl7_answer_read(&reply);
    assert(answer.code == ack->code);
    assert(hl7_answer_matches(&answer, hl7_segment_field(message, 0, 10)));
    assert(hl7_is_response(&reply) && !hl7_is_enhanced(&reply));
    check_plan(&reply, true);
}

static struct hl7_ack choose(const uint8_t *choice, hl7_slice reason)
{
    static const enum hl7_condition conditions[] = {HL7_MESSAGE_ACCEPTED, HL7_SEGMENT_SEQUENCE,
                                                    HL7_DATA_TYPE, HL7_INTERNAL_ERROR};
    static const char *const places[] = {NULL, "PID", "PID-3", "OBX[3]-5[2].1.4", "OBX[last]-5"};
    struct hl7_ack ack = {.code = (enum hl7_ack_code)(HL7_AA + choice[0] % 6),
                          .control_id = HL7_TEXT("NEW1"),
                          .time = HL7_TEXT("20240102030405"),
                          .condition = conditions[choice[1] % 4],
                          .reason = reason};
    const char *place = places[choice[2] % 5];

    if (place != NULL) {
        assert(hl7_path_parse(hl7_slice_of(place), &ack.where, NULL) == HL7_OK);
    }
    return ack;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > LONGEST) {
        return 0;
    }
    hl7_slice rest = {(const char *)data + 3, size - 3};
    const char *nul = memchr(rest.ptr, '\0', rest.len);
    if (nul == NULL) {
        return 0;
    }
    size_t len = (size_t)(nul - rest.ptr);
    struct hl7_ack ack = choose(data, hl7_slice_part(rest, 0, len));
    hl7_slice text = hl7_slice_part(rest, len + 1, rest.len);
    size_t need = hl7_message_memory(text);
    char *memory = malloc(need);
    struct hl7_arena arena;
    struct hl7_message message;
    assert(memory != NULL);
    hl7_arena_init(&arena, memory, need);
    if (hl7_message_parse(text, &arena, &message, NULL) == HL7_OK ||
        hl7_message_salvage(text, &arena, &message, NULL) == HL7_OK) {
        check_plan(&message, hl7_is_response(&message));
        (void)hl7_answer_read(&message);
        check_answer(&message, &ack);
    }
    free(memory);
    return 0;
}
