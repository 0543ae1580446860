/* SPDX-License-Identifier: Apache-2.0
 *
 * request.c - see request.h. The tables below are the only list of parameters: what is read, checked
 * and shown by `help` comes from them. */
#include "request.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../base/record.h"

/* ---- Tables --------------------------------------------------------------------------------- */

/* In the order of enum journal_state. */
static const char *const state_words[] = {"settled", "pending", "dead", "held", "damaged", NULL};
static const char *const order_words[] = {"newest-first", "oldest-first", NULL};
static const char *const as_words[] = {"template", "recorded", NULL};
static const char *const format_words[] = {"records", "openmetrics", NULL};
static const char *const purpose_words[] = {"view", "shadow", NULL};
static const char *const bytes_words[] = {"none", "received", "all", NULL};

#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* What chooses messages, but for their ids. */
#define QUERY                                                                                      \
    {.name = "control-id", .doc = "With this MSH-10"},                                             \
        {.name = "patient", .doc = "Of this patient"},                                             \
        {.name = "accession", .doc = "With this accession number"},                                \
        {.name = "key", .kind = REQUEST_INDEX, .many = true, .doc = "INDEX=VALUE"},                \
        {.name = "type", .doc = "Of this type: ORM^O01"},                                          \
        {.name = "application", .doc = "From this application: MSH-3"},                            \
        {.name = "listener", .doc = "That came by this listener"},                                 \
        {.name = "from", .kind = REQUEST_TIME, .doc = "Received then or later"},                   \
        {.name = "to", .kind = REQUEST_TIME, .doc = "Received before then"},                       \
    {                                                                                              \
        .name = "limit", .kind = REQUEST_NUMBER, .doc = "No more than this many; 0: all"           \
    }

#define STATE                                                                                      \
    {                                                                                              \
        .name = "state", .kind = REQUEST_WORD, .words = state_words, .doc = "In this state"        \
    }

/* What chooses lanes. */
#define LANES                                                                                      \
    {.name = "route", .doc = "Lanes of this route"},                                               \
        {.name = "destination", .doc = "Lanes to this destination"},                               \
    {                                                                                              \
        .name = "lane", .kind = REQUEST_NUMBER, .doc = "The lane with this number"                 \
    }

/* What is kept beside what was done. The system tells the uid; the name is what the program says. */
#define WHY(is_required)                                                                           \
    {.name = "by", .doc = "Who asks"},                                                             \
    {                                                                                              \
        .name = "why", .required = (is_required), .doc = "The reason, kept with the message"       \
    }

/* Every request has it: whom a program with users of its own asks for. */
static const struct request_parameter actor_parameter = {
    .name = "actor", .doc = "For whom, as the program that asks knows them"};

static const struct request_parameter no_parameters[] = {END};

static const struct request_parameter metrics_parameters[] = {
    {.name = "format",
     .kind = REQUEST_WORD,
     .words = format_words,
     .doc = "A record for each, or the lines of OpenMetrics text"},
    END};

static const struct request_parameter history_parameters[] = {
    {.name = "steps", .kind = REQUEST_NUMBER, .doc = "The last this many; 120 by default"}, END};

static const struct request_parameter find_parameters[] = {
    QUERY,
    STATE,
    {.name = "order", .kind = REQUEST_WORD, .words = order_words, .doc = "Which come first"},
    {.name = "cursor", .doc = "Where the page before ended, as its last record said"},
    END};

static const struct request_parameter message_parameters[] = {
    {.name = "id", .kind = REQUEST_NUMBER, .required = true, .doc = "Its number in the journal"},
    {.name = "bytes",
     .kind = REQUEST_WORD,
     .words = bytes_words,
     .doc = "Whose bytes come along; none is the default"},
    {.name = "purpose",
     .kind = REQUEST_WORD,
     .words = purpose_words,
     .doc = "What the audit log calls it: a view, or a template's trial"},
    END};

static const struct request_parameter trace_parameters[] = {
    {.name = "value", .required = true, .doc = "What to look for"},
    {.name = "from", .kind = REQUEST_TIME, .doc = "Received then or later"},
    {.name = "to", .kind = REQUEST_TIME, .doc = "Received before then"},
    {.name = "limit", .kind = REQUEST_NUMBER, .doc = "The newest this many; 1000 by default"},
    END};

static const struct request_parameter export_parameters[] = {
    {.name = "id", .kind = REQUEST_NUMBER, .many = true, .doc = "The message with this number"},
    QUERY,
    STATE,
    END};

static const struct request_parameter resend_parameters[] = {
    {.name = "id", .kind = REQUEST_NUMBER, .many = true, .doc = "The message with this number"},
    QUERY,
    STATE,
    {.name = "route", .doc = "What this route sent, only"},
    {.name = "destination", .doc = "What went to this destination, only"},
    {.name = "as",
     .kind = REQUEST_WORD,
     .words = as_words,
     .doc = "Through today's template, or the recorded bytes"},
    {.name = "dry-run", .kind = REQUEST_FLAG, .doc = "Say what would be sent, do nothing"},
    WHY(false),
    END};

static const struct request_parameter dead_parameters[] = {
    LANES, {.name = "limit", .kind = REQUEST_NUMBER, .doc = "No more than this many; 0: all"}, END};

static const struct request_parameter settle_parameters[] = {
    {.name = "delivery", .kind = REQUEST_NUMBER, .many = true, .doc = "This delivery"},
    LANES,
    {.name = "all", .kind = REQUEST_FLAG, .doc = "All dead letters"},
    WHY(false),
    END};

static const struct request_parameter drop_parameters[] = {
    {.name = "delivery", .kind = REQUEST_NUMBER, .many = true, .doc = "This delivery"},
    LANES,
    {.name = "all", .kind = REQUEST_FLAG, .doc = "All dead letters"},
    WHY(true),
    END};

static const struct request_parameter lane_parameters[] = {
    LANES, {.name = "all", .kind = REQUEST_FLAG, .doc = "All lanes"}, WHY(false), END};

static const struct request_parameter skip_parameters[] = {
    LANES,
    {.name = "delivery",
     .kind = REQUEST_NUMBER,
     .doc = "Only if it is this one that stands at the head"},
    WHY(true),
    END};

static const struct request_parameter release_parameters[] = {
    {.name = "id", .kind = REQUEST_NUMBER, .many = true, .doc = "The message with this number"},
    {.name = "all", .kind = REQUEST_FLAG, .doc = "All held messages"},
    WHY(false),
    END};

static const struct request_parameter prune_parameters[] = {
    {.name = "before", .kind = REQUEST_TIME, .doc = "Settled messages received before then"},
    {.name = "dead-before",
     .kind = REQUEST_TIME,
     .doc = "Those with dead letters, received before then"},
    {.name = "max-bytes",
     .kind = REQUEST_NUMBER,
     .doc = "The oldest settled ones, while more than that is in use"},
    END};

static const struct request_parameter backup_parameters[] = {
    {.name = "path", .required = true, .doc = "The file, as the broker names it: an absolute path"},
    END};

static const struct request_parameter login_parameters[] = {
    {.name = "name", .required = true, .doc = "Who logged in, or tried to"},
    {.name = "address", .doc = "Where they are: an address"},
    {.name = "failed", .kind = REQUEST_FLAG, .doc = "They were not let in"},
    END};

static const struct request_spec specs[] = {
#define REQUEST(name, parameters, event, record, doc) {#name, parameters, doc},
#include "requests.tbl"
#undef REQUEST
};

const struct request_spec *request_spec(enum request_id id)
{
    assert(id < REQUEST_COUNT);
    return &specs[id];
}

const char *request_kind_name(enum request_kind kind)
{
    static const char *const names[] = {
        [REQUEST_TEXT] = "text", [REQUEST_NUMBER] = "number", [REQUEST_FLAG] = "flag",
        [REQUEST_TIME] = "time", [REQUEST_WORD] = "word",     [REQUEST_INDEX] = "index"};

    return names[kind];
}

const char *request_error_name(enum request_error error)
{
    static const char *const names[REQUEST_ERRORS] = {
        [REQUEST_GOOD] = "good",           [REQUEST_MALFORMED] = "malformed",
        [REQUEST_TOO_LARGE] = "too-large", [REQUEST_UNKNOWN] = "unknown",
        [REQUEST_MISSING] = "missing",     [REQUEST_BAD_VALUE] = "bad-value",
        [REQUEST_NOTHING] = "nothing",     [REQUEST_REFUSED] = "refused",
        [REQUEST_AMBIGUOUS] = "ambiguous", [REQUEST_BUSY] = "busy",
        [REQUEST_DAMAGED] = "damaged",     [REQUEST_FAILED] = "failed"};

    return names[error];
}

/* ---- Reading -------------------------------------------------------------------------------- */

struct reading {
    struct request *request;
    char *reason;
};

static enum request_error complain(const struct reading *reading, enum request_error error,
                                   const char *format, ...) HL7_FORMAT(3, 4);

static enum request_error complain(const struct reading *reading, enum request_error error,
                                   const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reading->reason, REQUEST_REASON_MAX, format, arguments);
    va_end(arguments);
    return error;
}

/* What a program wrote, for a sentence: its printable ASCII, a '?' for anything else. */
struct quoted {
    char text[40];
};

static struct quoted quote(hl7_slice text)
{
    struct quoted quoted = {{0}};

    for (size_t i = 0; i < text.len && i < sizeof quoted.text - 1; i++) {
        char byte = text.ptr[i];

        quoted.text[i] = '?';
        if (byte >= ' ' && byte <= '~') {
            quoted.text[i] = byte;
        }
    }
    return quoted;
}

size_t request_length(hl7_slice bytes)
{
    const char *end = bytes.len > 0 ? memmem(bytes.ptr, bytes.len, "\n\n", 2) : NULL;

    return end != NULL ? (size_t)(end - bytes.ptr) + 2 : 0;
}

static bool read_number(hl7_slice text, int64_t *ret_number)
{
    int64_t number = 0;

    if (text.len == 0 || text.len > 18) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        number = number * 10 + (text.ptr[i] - '0');
    }
    *ret_number = number;
    return true;
}

static bool read_word(const char *const *words, hl7_slice text, int64_t *ret_number)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (hl7_slice_equal(text, hl7_slice_of(words[i]))) {
            *ret_number = (int64_t)i;
            return true;
        }
    }
    return false;
}

static bool read_index(hl7_slice text, int64_t *ret_number)
{
    const char *equals = text.len > 0 ? memchr(text.ptr, '=', text.len) : NULL;

    if (equals == NULL || equals == text.ptr || equals == text.ptr + text.len - 1) {
        return false;
    }
    *ret_number = equals - text.ptr;
    return true;
}

static bool read_value(struct request_value *value)
{
    switch (value->parameter->kind) {
    case REQUEST_NUMBER:
    case REQUEST_TIME:
        return read_number(value->text, &value->number);
    case REQUEST_FLAG:
        return read_number(value->text, &value->number) && value->number <= 1;
    case REQUEST_WORD:
        return read_word(value->parameter->words, value->text, &value->number);
    case REQUEST_INDEX:
        return read_index(value->text, &value->number);
    case REQUEST_TEXT:
        break;
    }
    return value->text.len > 0;
}

static const struct request_parameter *find_parameter(const struct request_spec *spec,
                                                      hl7_slice name)
{
    const struct request_parameter *at = spec->parameters;

    if (hl7_slice_equal(name, hl7_slice_of(actor_parameter.name))) {
        return &actor_parameter;
    }
    while (at->name != NULL && !hl7_slice_equal(name, hl7_slice_of(at->name))) {
        at++;
    }
    return at->name != NULL ? at : NULL;
}

static enum request_error read_first(const struct reading *reading,
                                     const struct record_field *field)
{
    if (!hl7_slice_equal(field->name, HL7_TEXT("request"))) {
        return complain(reading, REQUEST_MALFORMED, "the first line is not request=NAME");
    }
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        if (hl7_slice_equal(field->text, hl7_slice_of(specs[i].name))) {
            reading->request->id = (enum request_id)i;
            return REQUEST_GOOD;
        }
    }
    return complain(reading, REQUEST_UNKNOWN, "there is no request '%s'", quote(field->text).text);
}

static enum request_error read_parameter(const struct reading *reading,
                                         const struct record_field *field)
{
    struct request *request = reading->request;
    const struct request_spec *spec = &specs[request->id];
    struct request_value value = {.parameter = find_parameter(spec, field->name),
                                  .text = field->text};

    if (value.parameter == NULL) {
        return complain(reading, REQUEST_UNKNOWN, "'%s' has no parameter '%s'", spec->name,
                        quote(field->name).text);
    }
    if (!value.parameter->many && request_get(request, value.parameter->name) != NULL) {
        return complain(reading, REQUEST_BAD_VALUE, "'%s' was given twice", value.parameter->name);
    }
    if (!read_value(&value)) {
        return complain(reading, REQUEST_BAD_VALUE, "'%s' is no %s for '%s'",
                        quote(field->text).text, request_kind_name(value.parameter->kind),
                        value.parameter->name);
    }
    if (request->count == REQUEST_VALUES_MAX) {
        return complain(reading, REQUEST_TOO_LARGE, "more than %d parameters", REQUEST_VALUES_MAX);
    }
    request->values[request->count++] = value;
    return REQUEST_GOOD;
}

static enum request_error check_required(const struct reading *reading)
{
    const struct request_spec *spec = &specs[reading->request->id];

    for (const struct request_parameter *at = spec->parameters; at->name != NULL; at++) {
        if (at->required && request_get(reading->request, at->name) == NULL) {
            return complain(reading, REQUEST_MISSING, "'%s' wants '%s'", spec->name, at->name);
        }
    }
    return REQUEST_GOOD;
}

enum request_error request_read(char *bytes, size_t len, struct request *ret_request,
                                char ret_reason[REQUEST_REASON_MAX])
{
    struct reading reading = {.request = ret_request};
    bool first = true;

    reading.reason = ret_reason;
    ret_request->count = 0;
    for (size_t start = 0; start < len && bytes[start] != '\n';) {
        char *end = memchr(bytes + start, '\n', len - start);
        size_t line = (end != NULL ? (size_t)(end - bytes) : len) - start;
        struct record record;

        if (!record_read(bytes + start, line, &record) || record.count != 1 ||
            record.fields[0].type != RECORD_TEXT) {
            return complain(&reading, REQUEST_MALFORMED, "a line is not NAME=VALUE");
        }
        enum request_error error = first ? read_first(&reading, &record.fields[0])
                                         : read_parameter(&reading, &record.fields[0]);
        if (error != REQUEST_GOOD) {
            return error;
        }
        first = false;
        start += line + 1;
    }
    if (first) {
        return complain(&reading, REQUEST_MALFORMED, "the request is empty");
    }
    return check_required(&reading);
}

/* ---- Looking -------------------------------------------------------------------------------- */

bool request_is(const struct request_value *value, const char *name)
{
    return strcmp(value->parameter->name, name) == 0;
}

const struct request_value *request_get(const struct request *request, const char *name)
{
    assert(find_parameter(&specs[request->id], hl7_slice_of(name)) != NULL);
    for (size_t i = 0; i < request->count; i++) {
        if (request_is(&request->values[i], name)) {
            return &request->values[i];
        }
    }
    return NULL;
}

hl7_slice request_text(const struct request *request, const char *name)
{
    const struct request_value *value = request_get(request, name);

    return value != NULL ? value->text : (hl7_slice){NULL, 0};
}

int64_t request_number(const struct request *request, const char *name, int64_t standard)
{
    const struct request_value *value = request_get(request, name);

    return value != NULL ? value->number : standard;
}

size_t request_times(const struct request *request, const char *name)
{
    size_t times = 0;

    for (size_t i = 0; i < request->count; i++) {
        times += request_is(&request->values[i], name);
    }
    return times;
}
