/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes validation. The first byte is a version, or none; the rest is a message. What must hold, beside
 * not crashing:
 *   - the findings are as many as the counts say, and no more than the bound;
 *   - each says where: its value is the message's there, its path begins with the segment's name;
 *   - its sentence fits the room that is promised for it;
 *   - asked for errors only, validation finds the same errors. */
#include "hl7.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 4096, INDEX = 1 << 17, FINDINGS = 50 };

static char index_memory[INDEX];

struct found {
    const struct hl7_message *message;
    size_t counts[3];
};

static bool within(hl7_slice value, hl7_slice text)
{
    return value.ptr == NULL || (value.ptr >= text.ptr && value.len <= text.len &&
                                 (size_t)(value.ptr - text.ptr) <= text.len - value.len);
}

static void check_sentence(const struct hl7_finding *finding)
{
    char memory[HL7_FINDING_SIZE];
    struct hl7_buffer sentence;

    hl7_buffer_init(&sentence, memory, sizeof memory);
    hl7_finding_write(finding, &sentence);
    assert(sentence.len > 0 && !sentence.full);
}

static bool on_finding(void *context, const struct hl7_finding *finding)
{
    struct found *found = context;
    hl7_slice name = hl7_segment_name(found->message, finding->segment);

    found->counts[finding->severity]++;
    assert(finding->segment <= found->message->segment_count);
    assert(finding->path.occurrence > 0);
    assert(within(finding->value, found->message->bytes));
    assert(finding->rule == HL7_RULE_SEGMENT_MISSING ||
           hl7_slice_starts(name, hl7_slice_of(finding->path.segment)));
    check_sentence(finding);
    return true;
}

static size_t validate(const struct hl7_message *message, uint8_t version, enum hl7_severity least)
{
    struct found found = {.message = message};
    struct hl7_validating how = {.versioned = version < HL7_VERSION_COUNT,
                                 .version = (enum hl7_version)(version % HL7_VERSION_COUNT),
                                 .least = least,
                                 .max_findings = FINDINGS,
                                 .found = on_finding,
                                 .context = &found};
    struct hl7_validity validity;

    hl7_validate(message, &how, &validity);
    for (size_t i = 0; i < 3; i++) {
        assert(validity.counts[i] == found.counts[i]);
        assert((enum hl7_severity)i <= least || found.counts[i] == 0);
    }
    size_t count = found.counts[0] + found.counts[1] + found.counts[2];
    assert(count <= FINDINGS);
    return validity.complete ? found.counts[HL7_ERROR] : HL7_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hl7_message message;
    struct hl7_arena arena;

    if (size < 1 || size > LONGEST) {
        return 0;
    }
    hl7_arena_init(&arena, index_memory, INDEX);
    if (hl7_message_parse((hl7_slice){(const char *)data + 1, size - 1}, &arena, &message, NULL) !=
        HL7_OK) {
        return 0;
    }
    size_t all = validate(&message, data[0], HL7_INFO);
    size_t errors = validate(&message, data[0], HL7_ERROR);
    assert(all == HL7_NONE || all == errors);
    return 0;
}
