/* SPDX-License-Identifier: Apache-2.0
 *
 * Acknowledgements: what a message asks for, the answer to it, and the reading of an answer. The
 * writer works from the header alone, so that a message with a damaged body, or with unusable
 * encoding characters, is still answered (rule 26). Values of the message are echoed raw; the
 * answer has the message's own delimiters, so they mean there what they meant here. */
#include "hl7.h"

#include <string.h>

static const char *const code_names[] = {
    [HL7_ACK_NONE] = "", [HL7_AA] = "AA", [HL7_AE] = "AE", [HL7_AR] = "AR",
    [HL7_CA] = "CA",     [HL7_CE] = "CE", [HL7_CR] = "CR",
};

const char *hl7_ack_code_name(enum hl7_ack_code code)
{
    size_t index = (size_t)code;

    return index < sizeof code_names / sizeof *code_names ? code_names[index] : "";
}

enum hl7_ack_code hl7_ack_code_parse(hl7_slice text)
{
    for (size_t i = HL7_AA; i < sizeof code_names / sizeof *code_names; i++) {
        if (hl7_slice_equal(text, hl7_slice_of(code_names[i]))) {
            return (enum hl7_ack_code)i;
        }
    }
    return HL7_ACK_NONE;
}

static const struct condition_text {
    enum hl7_condition condition;
    const char *text;
} condition_texts[] = {
    {HL7_MESSAGE_ACCEPTED, "Message accepted"},
    {HL7_SEGMENT_SEQUENCE, "Segment sequence error"},
    {HL7_REQUIRED_FIELD, "Required field missing"},
    {HL7_DATA_TYPE, "Data type error"},
    {HL7_TABLE_VALUE, "Table value not found"},
    {HL7_UNSUPPORTED_MESSAGE, "Unsupported message type"},
    {HL7_UNSUPPORTED_EVENT, "Unsupported event code"},
    {HL7_UNSUPPORTED_PROCESSING, "Unsupported processing id"},
    {HL7_UNSUPPORTED_VERSION, "Unsupported version id"},
    {HL7_UNKNOWN_KEY, "Unknown key identifier"},
    {HL7_DUPLICATE_KEY, "Duplicate key identifier"},
    {HL7_RECORD_LOCKED, "Application record locked"},
    {HL7_INTERNAL_ERROR, "Application internal error"},
};

const char *hl7_condition_text(enum hl7_condition condition)
{
    for (size_t i = 0; i < sizeof condition_texts / sizeof *condition_texts; i++) {
        if (condition_texts[i].condition == condition) {
            return condition_texts[i].text;
        }
    }
    return NULL;
}

/* ---- What a message asks for --------------------------------------------------------------- */

static hl7_slice header_field(const struct hl7_message *message, size_t field)
{
    return hl7_segment_field(message, 0, field);
}

bool hl7_is_enhanced(const struct hl7_message *message)
{
    return header_field(message, 15).len > 0 || header_field(message, 16).len > 0;
}

/* MSH-9.1 is ACK: nothing but an acknowledgement. */
static bool is_plain_ack(const struct hl7_message *message)
{
    hl7_slice type = hl7_piece(header_field(message, 9), message->delimiters.component, 1);

    return hl7_slice_equal(type, HL7_TEXT("ACK"));
}

bool hl7_is_response(const struct hl7_message *message)
{
    size_t segment = 1;
    hl7_slice name = hl7_segment_name(message, segment);

    /* From 2.5 on, SFT and UAC may stand between the header and MSA. */
    while (hl7_slice_equal(name, HL7_TEXT("SFT")) || hl7_slice_equal(name, HL7_TEXT("UAC"))) {
        segment++;
        name = hl7_segment_name(message, segment);
    }
    return is_plain_ack(message) || hl7_slice_equal(name, HL7_TEXT("MSA"));
}

/* Table 0155 in MSH-15 or MSH-16; a value nobody knows is answered, to be on the safe side. */
static bool is_asked(hl7_slice when, enum hl7_outcome outcome)
{
    if (when.len == 0 || hl7_slice_equal(when, HL7_TEXT("NE"))) {
        return false;
    }
    if (hl7_slice_equal(when, HL7_TEXT("ER"))) {
        return outcome != HL7_ACCEPTED;
    }
    if (hl7_slice_equal(when, HL7_TEXT("SU"))) {
        return outcome == HL7_ACCEPTED;
    }
    return true;
}

struct hl7_ack_plan hl7_ack_plan(const struct hl7_message *message, enum hl7_outcome outcome)
{
    static const enum hl7_ack_code accept[] = {
        [HL7_ACCEPTED] = HL7_CA, [HL7_FAILED] = HL7_CE, [HL7_REJECTED] = HL7_CR};
    static const enum hl7_ack_code application[] = {
        [HL7_ACCEPTED] = HL7_AA, [HL7_FAILED] = HL7_AE, [HL7_REJECTED] = HL7_AR};
    struct hl7_ack_plan plan = {HL7_ACK_NONE, HL7_ACK_NONE};

    if (is_plain_ack(message)) {
        return plan;
    }
    bool response = hl7_is_response(message);
    if (!hl7_is_enhanced(message)) {
        plan.application = response ? HL7_ACK_NONE : application[outcome];
        return plan;
    }
    if (is_asked(header_field(message, 15), outcome)) {
        plan.accept = accept[outcome];
    }
    /* A response closes the exchange: it has no application acknowledgement of its own. */
    if (!response && is_asked(header_field(message, 16), outcome)) {
        plan.application = application[outcome];
    }
    return plan;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* An acknowledgement under construction: the message it answers, and its own delimiters. */
struct writer {
    const struct hl7_message *message;
    struct hl7_delimiters delimiters;
    hl7_slice encoding; /* MSH-2 */
    char spare[4];      /* where encoding points when the sender's cannot be used */
    struct hl7_buffer *buffer;
};

/* The sender's delimiters, or the usual ones where its MSH-2 says nothing usable. */
static void choose_delimiters(struct writer *writer)
{
    char *const places[] = {&writer->delimiters.component, &writer->delimiters.repetition,
                            &writer->delimiters.escape, &writer->delimiters.subcomponent};
    const char usual[] = {'^', '~', '\\', '&'};

    writer->delimiters = writer->message->delimiters;
    writer->encoding = header_field(writer->message, 2);
    if (writer->delimiters.component != '\0') {
        return;
    }
    for (size_t i = 0; i < sizeof usual; i++) {
        writer->spare[i] = usual[i] == writer->delimiters.field ? '!' : usual[i];
        *places[i] = writer->spare[i];
    }
    writer->encoding = (hl7_slice){writer->spare, sizeof writer->spare};
}

static void put(const struct writer *writer, hl7_slice text)
{
    hl7_buffer_add(writer->buffer, text);
}

static void put_byte(const struct writer *writer, char byte)
{
    hl7_buffer_add_byte(writer->buffer, byte);
}

/* The separator, then a value. */
static void put_field(const struct writer *writer, hl7_slice raw)
{
    put_byte(writer, writer->delimiters.field);
    put(writer, raw);
}

static void put_empty_fields(const struct writer *writer, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_byte(writer, writer->delimiters.field);
    }
}

/* Text as data; without an escape character, what would need one becomes a blank. */
static void put_text(const struct writer *writer, hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        hl7_slice byte = {text.ptr + i, 1};
        if (hl7_escape(&writer->delimiters, byte, writer->buffer) == HL7_NOT_ENCODABLE) {
            put_byte(writer, ' ');
        }
    }
}

/* MSH-9: ACK^event^ACK from 2.4 on, ACK^event or ACK before (rule 24). */
static void put_type(const struct writer *writer)
{
    const struct hl7_message *message = writer->message;
    hl7_slice event = hl7_piece(header_field(message, 9), message->delimiters.component, 2);

    put_field(writer, HL7_TEXT("ACK"));
    if (event.len > 0) {
        put_byte(writer, writer->delimiters.component);
        put(writer, event);
        if (hl7_version_at_least(message, 2, 4)) {
            put_byte(writer, writer->delimiters.component);
            put(writer, HL7_TEXT("ACK"));
        }
    }
}

/* Fields 1 to 8 of any header: the sender becomes the receiver (rule 24). */
static void put_header_start(const struct writer *writer, const struct hl7_ack *ack, hl7_slice name)
{
    const struct hl7_message *message = writer->message;

    put(writer, name);
    put_field(writer, writer->encoding);
    put_field(writer, header_field(message, 5));
    put_field(writer, header_field(message, 6));
    put_field(writer, header_field(message, 3));
    put_field(writer, header_field(message, 4));
    put_field(writer, ack->time);
    put_empty_fields(writer, 1);
}

static void put_header(const struct writer *writer, const struct hl7_ack *ack)
{
    const struct hl7_message *message = writer->message;
    hl7_slice charset = header_field(message, 18);

    put_header_start(writer, ack, HL7_TEXT("MSH"));
    put_type(writer);
    put_field(writer, ack->control_id);
    put_field(writer, header_field(message, 11));
    put_field(writer, header_field(message, 12));
    if (charset.len > 0) {
        put_empty_fields(writer, 5);
        put_field(writer, charset);
    }
    put_byte(writer, '\r');
}

static void put_number(const struct writer *writer, uint32_t number)
{
    if (number != 0) {
        hl7_buffer_add_number(writer->buffer, number);
    }
}

/* Numbers behind one another, those at the end that are 0 left out. */
static void put_numbers(const struct writer *writer, const uint32_t *numbers, size_t count)
{
    while (count > 0 && numbers[count - 1] == 0) {
        count--;
    }
    for (size_t i = 0; i < count; i++) {
        put_byte(writer, writer->delimiters.component);
        put_number(writer, numbers[i]);
    }
}

/* A number of a place: the first when none was given, nothing for a "last" nobody counted. */
static uint32_t place_number(uint32_t number)
{
    if (number == HL7_LAST) {
        return 0;
    }
    return number == 0 ? 1 : number;
}

/* The place of an error, as in ERR-2: segment, which one, field, repetition and below. */
static void put_place(const struct writer *writer, const struct hl7_path *where)
{
    uint32_t repetition = where->field == 0 ? 0 : place_number(where->repetition);
    const uint32_t numbers[] = {place_number(where->occurrence), where->field, repetition,
                                where->component, where->subcomponent};

    put(writer, hl7_slice_of(where->segment));
    put_numbers(writer, numbers, sizeof numbers / sizeof *numbers);
}

static void put_condition(const struct writer *writer, enum hl7_condition condition, char separator)
{
    put_number(writer, (uint32_t)condition);
    if (separator != '\0') {
        put_byte(writer, separator);
        put(writer, hl7_slice_of(hl7_condition_text(condition)));
        put_byte(writer, separator);
        put(writer, HL7_TEXT("HL70357"));
    }
}

/* ERR as from 2.5: ERR-2 place, ERR-3 condition, ERR-4 severity, ERR-5 rule, ERR-8 text (rule 25). */
static void put_error(const struct writer *writer, const struct hl7_problem *problem)
{
    put(writer, HL7_TEXT("ERR"));
    put_empty_fields(writer, 2);
    if (problem->where.segment[0] != '\0') {
        put_place(writer, &problem->where);
    }
    put_empty_fields(writer, 1);
    put_condition(writer, problem->condition, writer->delimiters.component);
    put_field(writer, HL7_TEXT("E"));
    if (problem->rule.len > 0) {
        put_empty_fields(writer, 1);
        put_text(writer, problem->rule);
    }
    if (problem->reason.len > 0) {
        put_empty_fields(writer, problem->rule.len > 0 ? 3 : 4);
        put_text(writer, problem->reason);
    }
    put_byte(writer, '\r');
}

/* A repetition of ERR-1 as before 2.5: segment^sequence^field^code&text&table. */
static void put_old_error(const struct writer *writer, const struct hl7_problem *problem)
{
    bool placed = problem->where.segment[0] != '\0';
    char component = writer->delimiters.component;

    put(writer, hl7_slice_of(problem->where.segment));
    put_byte(writer, component);
    put_number(writer, placed ? place_number(problem->where.occurrence) : 0);
    put_byte(writer, component);
    put_number(writer, placed ? problem->where.field : 0);
    put_byte(writer, component);
    put_condition(writer, problem->condition, writer->delimiters.subcomponent);
}

static void put_old_errors(const struct writer *writer, const struct hl7_problem *first,
                           const struct hl7_ack *ack)
{
    put(writer, HL7_TEXT("ERR"));
    put_empty_fields(writer, 1);
    put_old_error(writer, first);
    for (size_t i = 0; i < ack->more_count && writer->delimiters.repetition != '\0'; i++) {
        put_byte(writer, writer->delimiters.repetition);
        put_old_error(writer, &ack->more[i]);
    }
    put_byte(writer, '\r');
}

static void put_errors(const struct writer *writer, const struct hl7_problem *first,
                       const struct hl7_ack *ack)
{
    put_error(writer, first);
    for (size_t i = 0; i < ack->more_count; i++) {
        put_error(writer, &ack->more[i]);
    }
}

void hl7_ack_write(const struct hl7_message *message, const struct hl7_ack *ack,
                   struct hl7_buffer *buffer)
{
    struct writer writer = {.message = message, .buffer = buffer};
    bool failed = ack->condition != HL7_MESSAGE_ACCEPTED;
    bool modern = hl7_version_at_least(message, 2, 5);
    const struct hl7_problem first = {
        .condition = ack->condition, .where = ack->where, .rule = ack->rule, .reason = ack->reason};

    choose_delimiters(&writer);
    put_header(&writer, ack);
    put(&writer, HL7_TEXT("MSA"));
    put_field(&writer, hl7_slice_of(hl7_ack_code_name(ack->code)));
    put_field(&writer, header_field(message, 10));
    if (failed && !modern && ack->reason.len > 0) {
        put_empty_fields(&writer, 1);
        put_text(&writer, ack->reason);
    }
    put_byte(&writer, '\r');
    if (failed && modern) {
        put_errors(&writer, &first, ack);
    } else if (failed) {
        put_old_errors(&writer, &first, ack);
    }
}

void hl7_ack_write_batch_header(const struct hl7_message *header, const struct hl7_ack *ack,
                                struct hl7_buffer *buffer)
{
    struct writer writer = {.message = header, .buffer = buffer};

    choose_delimiters(&writer);
    put_header_start(&writer, ack, hl7_segment_name(header, 0));
    put_empty_fields(&writer, 2);
    put_field(&writer, ack->control_id);
    put_field(&writer, header_field(header, 11));
    put_byte(&writer, '\r');
}

/* ---- Reading ------------------------------------------------------------------------------- */

struct hl7_answer hl7_answer_read(const struct hl7_message *reply)
{
    static const char *const reasons[] = {"ERR-8",     "ERR-3.2", "ERR-3.1", "MSA-3",
                                          "ERR-1.4.2", "ERR-1.4", "ERR-1"};
    struct hl7_answer answer = {
        .code_text = hl7_message_at(reply, "MSA-1"),
        .control_id = hl7_message_at(reply, "MSA-2"),
    };

    answer.code = hl7_ack_code_parse(answer.code_text);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons && answer.reason.len == 0; i++) {
        hl7_slice reason = hl7_message_at(reply, reasons[i]);
        if (hl7_state(reason) == HL7_PRESENT) {
            answer.reason = reason;
        }
    }
    return answer;
}

bool hl7_answer_matches(const struct hl7_answer *answer, hl7_slice control_id)
{
    return hl7_slice_equal(answer->control_id, control_id);
}
