/* SPDX-License-Identifier: Apache-2.0
 *
 * syslog.c - see syslog.h. Values come from the record's JSON: its escapes are read, and what XML cannot hold
 * at all is written as a question mark. */
#include "syslog.h"

#include <string.h>

/* Facility 10 (security), severity 5 (notice): what IHE asks for. */
#define PRIORITY "<85>1 "

struct code {
    const char *number;
    const char *text;
};

static const struct {
    const char *event; /* of events.tbl */
    struct code id;
    struct code type; /* NULL: none */
    char action;      /* C, R, U, D, E */
    char outcome;     /* 0 success, 4 minor, 8 serious failure */
} rows[] = {
    {"start", {"110100", "Application Activity"}, {"110120", "Application Start"}, 'E', '0'},
    {"stop", {"110100", "Application Activity"}, {"110121", "Application Stop"}, 'E', '0'},
    {"query", {"110112", "Query"}, {NULL, NULL}, 'E', '0'},
    {"view", {"110110", "Patient Record"}, {NULL, NULL}, 'R', '0'},
    {"shadow", {"110110", "Patient Record"}, {NULL, NULL}, 'R', '0'},
    {"export", {"110106", "Export"}, {NULL, NULL}, 'R', '0'},
    {"login", {"110114", "User Authentication"}, {"110122", "Login"}, 'E', '0'},
    {"configuration", {"110113", "Security Alert"}, {"110131", "Software Configuration"}, 'E', '0'},
    {"refused", {"110113", "Security Alert"}, {"110132", "Use of Restricted Function"}, 'E', '4'},
    {"tls-failure", {"110113", "Security Alert"}, {"110126", "Node Authentication"}, 'E', '4'},
    {"recovered", {"110113", "Security Alert"}, {"110134", "Audit Recording Started"}, 'E', '8'},
};

static void add(struct hl7_buffer *buffer, const char *text)
{
    hl7_buffer_add(buffer, hl7_slice_of(text));
}

/* ---- XML ------------------------------------------------------------------------------------ */

static void add_xml_byte(struct hl7_buffer *buffer, char c)
{
    switch (c) {
    case '&':
        add(buffer, "&amp;");
        break;
    case '<':
        add(buffer, "&lt;");
        break;
    case '>':
        add(buffer, "&gt;");
        break;
    case '"':
        add(buffer, "&quot;");
        break;
    case '\'':
        add(buffer, "&apos;");
        break;
    default:
        hl7_buffer_add_byte(buffer, (unsigned char)c < 0x20 ? '?' : c);
    }
}

/* The value of an attribute, from a text of JSON without its quotes. An escape with \u stands for a control
 * character or one that does not show: what XML cannot hold, or nobody could read. */
static void add_value(struct hl7_buffer *buffer, hl7_slice json)
{
    for (size_t i = 0; i < json.len; i++) {
        if (json.ptr[i] != '\\' || i + 1 == json.len) {
            add_xml_byte(buffer, json.ptr[i]);
        } else if (json.ptr[++i] == 'u') {
            hl7_buffer_add_byte(buffer, '?');
            i = i + 4 < json.len ? i + 4 : json.len;
        } else {
            add_xml_byte(buffer, strchr("\"\\/", json.ptr[i]) != NULL ? json.ptr[i] : '?');
        }
    }
}

static void add_attribute(struct hl7_buffer *buffer, const char *name, hl7_slice json)
{
    hl7_buffer_add_byte(buffer, ' ');
    add(buffer, name);
    add(buffer, "=\"");
    add_value(buffer, json);
    hl7_buffer_add_byte(buffer, '"');
}

static void add_code(struct hl7_buffer *buffer, const char *element, const struct code *code)
{
    hl7_buffer_add_byte(buffer, '<');
    add(buffer, element);
    add_attribute(buffer, "csd-code", hl7_slice_of(code->number));
    add_attribute(buffer, "codeSystemName", HL7_TEXT("DCM"));
    add_attribute(buffer, "originalText", hl7_slice_of(code->text));
    add(buffer, "/>");
}

/* ---- ATNA ----------------------------------------------------------------------------------- */

/* The first of these members that the record has; `standard` when it has none. */
static hl7_slice member(const struct audit_line *line, const char *const *names,
                        const char *standard)
{
    for (; *names != NULL; names++) {
        hl7_slice rest = line->rest;
        hl7_slice name;
        hl7_slice value;

        while (audit_line_member(&rest, &name, &value)) {
            if (hl7_slice_equal(name, hl7_slice_of(*names))) {
                return value;
            }
        }
    }
    return hl7_slice_of(standard);
}

static void add_people(const struct audit_line *line, struct hl7_buffer *buffer)
{
    static const char *const person[] = {"actor", "name", "by", "user", "uid", NULL};
    static const char *const system_user[] = {"user", "uid", NULL};
    static const char *const address[] = {"address", "peer", NULL};
    hl7_slice where = member(line, address, NULL);

    add(buffer, "<ActiveParticipant");
    add_attribute(buffer, "UserID", member(line, person, "orderly"));
    add_attribute(buffer, "AlternativeUserID", member(line, system_user, "orderly"));
    add_attribute(buffer, "UserIsRequestor", HL7_TEXT("true"));
    if (where.ptr != NULL) {
        add_attribute(buffer, "NetworkAccessPointID", where);
        add_attribute(buffer, "NetworkAccessPointTypeCode", HL7_TEXT("2"));
    }
    add(buffer, "/>");
}

/* Messages by their numbers in the journal; what was looked for by its keyed hash. */
static void add_objects(const struct audit_line *line, struct hl7_buffer *buffer)
{
    static const struct code ids = {"orderly-message", "Number of a stored message"};
    static const struct code queries = {"orderly-query", "Keyed hash of what was looked for"};
    static const char *const messages[] = {"messages", "id", NULL};
    static const char *const values[] = {"patient",    "accession", "value",
                                         "control-id", "key",       NULL};
    hl7_slice object = member(line, messages, NULL);
    const struct code *kind = &ids;

    if (object.ptr == NULL) {
        object = member(line, values, NULL);
        kind = &queries;
    }
    if (object.ptr != NULL) {
        add(buffer, "<ParticipantObjectIdentification");
        add_attribute(buffer, "ParticipantObjectID", object);
        add_attribute(buffer, "ParticipantObjectTypeCode", HL7_TEXT("2"));
        add_attribute(buffer, "ParticipantObjectTypeCodeRole",
                      kind == &ids ? HL7_TEXT("3") : HL7_TEXT("24"));
        add(buffer, "><ParticipantObjectIDTypeCode");
        add_attribute(buffer, "csd-code", hl7_slice_of(kind->number));
        add_attribute(buffer, "codeSystemName", HL7_TEXT("99ORDERLY"));
        add_attribute(buffer, "originalText", hl7_slice_of(kind->text));
        add(buffer, "/></ParticipantObjectIdentification>");
    }
}

bool syslog_write_atna(const struct syslog_source *source, const struct audit_line *line,
                       struct hl7_buffer *buffer)
{
    static const char *const failed[] = {"failed", NULL};
    size_t row = 0;

    while (row < sizeof rows / sizeof rows[0] &&
           !hl7_slice_equal(line->event, hl7_slice_of(rows[row].event))) {
        row++;
    }
    if (row == sizeof rows / sizeof rows[0]) {
        return false;
    }
    bool bad = hl7_slice_equal(member(line, failed, "0"), HL7_TEXT("1"));
    add(buffer, "<AuditMessage><EventIdentification");
    add_attribute(buffer, "EventActionCode", (hl7_slice){&rows[row].action, 1});
    add_attribute(buffer, "EventDateTime", line->time);
    add_attribute(buffer, "EventOutcomeIndicator",
                  bad ? HL7_TEXT("4") : (hl7_slice){&rows[row].outcome, 1});
    add(buffer, ">");
    add_code(buffer, "EventID", &rows[row].id);
    if (rows[row].type.number != NULL) {
        add_code(buffer, "EventTypeCode", &rows[row].type);
    }
    add(buffer, "</EventIdentification>");
    add_people(line, buffer);
    add(buffer, "<AuditSourceIdentification");
    add_attribute(buffer, "AuditSourceID", hl7_slice_of(source->host));
    add(buffer, "/>");
    add_objects(line, buffer);
    add(buffer, "</AuditMessage>");
    return true;
}

/* ---- The message ---------------------------------------------------------------------------- */

bool syslog_write(const struct syslog_source *source, hl7_slice text, const struct audit_line *line,
                  struct hl7_buffer *buffer)
{
    add(buffer, PRIORITY);
    hl7_buffer_add(buffer, line->time);
    add(buffer, " ");
    add(buffer, source->host[0] != '\0' ? source->host : "-");
    add(buffer, " orderly ");
    hl7_buffer_add_number(buffer, (uint64_t)source->process);
    size_t front = buffer->len;
    add(buffer, " IHE+RFC-3881 - ");
    if (!syslog_write_atna(source, line, buffer)) {
        buffer->len = front;
        add(buffer, " ");
        hl7_buffer_add(buffer, hl7_slice_part(line->event, 0, 32));
        add(buffer, " - ");
        hl7_buffer_add(buffer, text);
    }
    return !buffer->full;
}
