/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes what programs say to a running broker: requests, and records, of which both are made. What must
 * hold, beside not crashing:
 *   - a line that is a record, written again, is the same line;
 *   - a request that is taken, written again, is taken with the same values, and has all it needs;
 *   - one that is refused comes with a sentence of printable characters. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/record.h"
#include "broker/control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy_of(hl7_slice bytes)
{
    char *copy = malloc(bytes.len + 1);

    assert(copy != NULL);
    if (bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    return copy;
}

static void write_field(struct record_writer *writer, const struct record_field *field)
{
    char name[RECORD_NAME_MAX + 1];

    memcpy(name, field->name.ptr, field->name.len);
    name[field->name.len] = '\0';
    switch (field->type) {
    case RECORD_TEXT:
        record_text(writer, name, field->text);
        break;
    case RECORD_NUMBER:
        record_number(writer, name, field->number);
        break;
    case RECORD_BOOL:
        record_bool(writer, name, field->number == 1);
        break;
    case RECORD_TIME:
        record_time(writer, name, field->number);
        break;
    }
}

/* The time 0 is not written: it stands for none. */
static bool has_no_time(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        if (record->fields[i].type == RECORD_TIME && record->fields[i].number == 0) {
            return true;
        }
    }
    return false;
}

static void check_line(hl7_slice line)
{
    struct record_writer writer = {0};
    struct record record;
    char *copy = copy_of(line);

    if (record_read(copy, line.len, &record) && !has_no_time(&record)) {
        for (size_t i = 0; i < record.count; i++) {
            write_field(&writer, &record.fields[i]);
        }
        assert(hl7_slice_equal(record_slice(&writer), line));
    }
    record_release(&writer);
    free(copy);
}

static void write_request(struct record_writer *writer, const struct request *request)
{
    record_string(writer, "request", request_spec(request->id)->name);
    record_end(writer);
    for (size_t i = 0; i < request->count; i++) {
        record_text(writer, request->values[i].parameter->name, request->values[i].text);
        record_end(writer);
    }
    record_end(writer);
}

static void check_again(const struct request *request)
{
    static struct request again;
    struct record_writer writer = {0};
    char reason[REQUEST_REASON_MAX];

    write_request(&writer, request);
    assert(request_length(record_slice(&writer)) == writer.len);
    char *copy = copy_of(record_slice(&writer));
    assert(request_read(copy, writer.len, &again, reason) == REQUEST_GOOD);
    assert(again.id == request->id && again.count == request->count);
    for (size_t i = 0; i < again.count; i++) {
        assert(again.values[i].parameter == request->values[i].parameter);
        assert(again.values[i].number == request->values[i].number);
        assert(hl7_slice_equal(again.values[i].text, request->values[i].text));
    }
    free(copy);
    record_release(&writer);
}

static void check_request(hl7_slice bytes)
{
    static struct request request;
    char reason[REQUEST_REASON_MAX] = "";
    char *copy = copy_of(bytes);
    enum request_error error = request_read(copy, bytes.len, &request, reason);

    assert(error < REQUEST_ERRORS && request_error_name(error) != NULL);
    if (error == REQUEST_GOOD) {
        check_again(&request);
        const struct request_spec *spec = request_spec(request.id);
        for (size_t i = 0; spec->parameters[i].name != NULL; i++) {
            assert(!spec->parameters[i].required ||
                   request_get(&request, spec->parameters[i].name) != NULL);
        }
    } else {
        assert(reason[0] != '\0');
        for (size_t i = 0; reason[i] != '\0'; i++) {
            assert(reason[i] >= ' ' && reason[i] <= '~');
        }
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl7_slice bytes = {(const char *)data, size};

    while (bytes.len > 0) {
        size_t len = request_length(bytes);
        len = len != 0 ? len : bytes.len;
        check_request(hl7_slice_part(bytes, 0, len));
        bytes = hl7_slice_part(bytes, len, bytes.len);
    }
    bytes = (hl7_slice){(const char *)data, size};
    while (bytes.len > 0) {
        const char *end = memchr(bytes.ptr, '\n', bytes.len);
        size_t len = end != NULL ? (size_t)(end - bytes.ptr) : bytes.len;
        check_line(hl7_slice_part(bytes, 0, len));
        bytes = hl7_slice_part(bytes, len + 1, bytes.len);
    }
    return 0;
}
