/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes times: what is read is written again as it was, and the calendar goes there and back
 * (rule 30). */
#include "hl7.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_calendar(const struct hl7_time *time)
{
    int zone = time->has_zone ? time->zone : 0;
    struct hl7_time same = hl7_time_from_seconds(hl7_time_seconds(time), zone);

    assert(same.year == time->year && same.month == time->month && same.day == time->day);
    assert(same.hour == time->hour && same.minute == time->minute && same.second == time->second);
}

static void check_text(hl7_slice text)
{
    char memory[32];
    struct hl7_buffer buffer;
    struct hl7_time time;
    struct hl7_error error = {0};

    if (hl7_time_parse(text, &time, &error) != HL7_OK) {
        assert(error.code == HL7_BAD_TIME && error.position <= text.len && error.text[0] != '\0');
        return;
    }
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_time_write(&time, &buffer);
    /* -0000 is written +0000. */
    bool minus_zero = text.len > 5 && memcmp(text.ptr + text.len - 5, "-0000", 5) == 0;
    assert(minus_zero || hl7_slice_equal(hl7_buffer_slice(&buffer), text));
    assert(!buffer.full && buffer.len == text.len);
    check_calendar(&time);
}

/* Any count of seconds in any zone becomes a time that can be written and read. */
static void check_seconds(int64_t seconds, int zone)
{
    char memory[32];
    struct hl7_buffer buffer;
    struct hl7_time time = hl7_time_from_seconds(seconds, zone);
    struct hl7_time same;

    check_calendar(&time);
    time.has_zone = false;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_time_write(&time, &buffer);
    assert(hl7_time_parse(hl7_buffer_slice(&buffer), &same, NULL) == HL7_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t seconds = 0;
    int32_t zone = 0;

    check_text((hl7_slice){(const char *)data, size});
    if (size >= sizeof seconds + sizeof zone) {
        memcpy(&seconds, data, sizeof seconds);
        memcpy(&zone, data + sizeof seconds, sizeof zone);
        check_seconds(seconds, zone);
    }
    return 0;
}
