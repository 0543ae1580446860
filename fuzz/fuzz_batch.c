/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes batches: whatever the bytes, the parts lie side by side and cover the text, and the check
 * counts the messages that the walker finds (rule 31). */
#include "hl7.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes that belong to no part may be a byte order mark, and line ends before the first part. */
static void check_gap(hl7_slice gap, bool first)
{
    if (hl7_slice_starts(gap, HL7_TEXT("\xef\xbb\xbf"))) {
        gap = hl7_slice_part(gap, 3, gap.len);
    }
    for (size_t i = 0; i < gap.len; i++) {
        assert(first && (gap.ptr[i] == '\r' || gap.ptr[i] == '\n'));
    }
}

static void check_part(const struct hl7_batch_part *part, bool first)
{
    static const char *const names[] = {[HL7_BATCH_FILE_HEADER] = "FHS",
                                        [HL7_BATCH_HEADER] = "BHS",
                                        [HL7_BATCH_MESSAGE] = "MSH",
                                        [HL7_BATCH_TRAILER] = "BTS",
                                        [HL7_BATCH_FILE_TRAILER] = "FTS"};

    assert(part->bytes.len > 0);
    if (part->kind == HL7_BATCH_STRAY) {
        assert(first);
    } else {
        assert(hl7_slice_starts(part->bytes, hl7_slice_of(names[part->kind])));
    }
}

/* Walks the parts; returns how many messages there are. */
static size_t walk(hl7_slice bytes, enum hl7_batch_kind *ret_first)
{
    struct hl7_batch batch;
    struct hl7_batch_part part;
    size_t messages = 0;
    size_t end = 0;
    bool first = true;

    *ret_first = HL7_BATCH_END;
    hl7_batch_init(&batch, bytes);
    while (hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        check_gap(hl7_slice_part(bytes, end, part.position - end), first);
        check_part(&part, first);
        assert(part.bytes.ptr == bytes.ptr + part.position);
        end = part.position + part.bytes.len;
        messages += part.kind == HL7_BATCH_MESSAGE ? 1 : 0;
        *ret_first = first ? part.kind : *ret_first;
        first = false;
    }
    check_gap(hl7_slice_part(bytes, end, bytes.len), first);
    return messages;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl7_slice bytes = {(const char *)data, size};
    struct hl7_error error = {0};
    size_t counted = SIZE_MAX;
    enum hl7_batch_kind first;
    size_t messages = walk(bytes, &first);

    assert(hl7_is_batch(bytes) == (first == HL7_BATCH_FILE_HEADER || first == HL7_BATCH_HEADER));
    enum hl7_code code = hl7_batch_check(bytes, &counted, &error);
    if (code == HL7_OK) {
        assert(counted == messages);
        assert(first != HL7_BATCH_STRAY && first != HL7_BATCH_END);
    } else {
        assert(counted == SIZE_MAX);
        assert(error.code == code && error.position <= size && strlen(error.text) > 0);
    }
    return 0;
}
