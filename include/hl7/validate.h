/* SPDX-License-Identifier: Apache-2.0
 *
 * hl7/validate.h - is a message what the standard says it should be? Part of <hl7.h>, which includes
 * it.
 *
 * What is looked at: the header, the order of segments and groups and how often they come, required fields
 * and components, repetitions, how values of the data types are written, lengths, codes. By the
 * dictionary (hl7/dict.h) of the message's own version, or of a given one.
 *
 * Segments of a site (Z..) may stand anywhere, and nothing is said of them. A null value ("") is never
 * wrong. What comes behind the last field or component that the version knows is a warning, because a
 * receiver has to tolerate it.
 *
 *     static bool print(void *context, const struct hl7_finding *finding)
 *     {
 *         char memory[HL7_FINDING_SIZE];
 *         struct hl7_buffer text;
 *
 *         hl7_buffer_init(&text, memory, sizeof memory);
 *         hl7_finding_write(finding, &text);
 *         printf("%.*s\n", (int)text.len, text.ptr);   PID-7: the value is not a date: YYYY[MM[DD]]
 *         return true;
 *     }
 *
 *     const struct hl7_validating how = {.least = HL7_WARNING, .found = print};
 *     struct hl7_validity validity;
 *     hl7_validate(&message, &how, &validity);
 *     if (validity.counts[HL7_ERROR] == 0) {
 *         puts("a valid message");
 *     }
 */
#ifndef HL7_VALIDATE_H
#define HL7_VALIDATE_H

#ifndef HL7_H
#error "include <hl7.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What a finding is about. hl7_rule_name() has the names that people see. */
enum hl7_rule {
    HL7_RULE_VERSION,           /* MSH-12 names no version that there is */
    HL7_RULE_ENCODING,          /* MSH-2 lacks some of the usual characters */
    HL7_RULE_STRUCTURE_UNKNOWN, /* the version has no structure for the message */
    HL7_RULE_STRUCTURE_OTHER,   /* MSH-9.3 names another structure than the event has */
    HL7_RULE_SEGMENT_NAME,      /* a line that does not begin with a segment's name */
    HL7_RULE_SEGMENT_MISSING,   /* a required segment or group */
    HL7_RULE_SEGMENT_ORDER,     /* a segment that belongs elsewhere */
    HL7_RULE_SEGMENT_REPEATS,   /* a segment that may come only once */
    HL7_RULE_SEGMENT_FOREIGN,   /* a segment that the structure does not have */
    HL7_RULE_SEGMENT_UNKNOWN,   /* a segment that the version does not have */
    HL7_RULE_FIELD_MISSING,     /* a required field */
    HL7_RULE_FIELD_REPEATS,     /* more repetitions than are allowed */
    HL7_RULE_FIELD_WITHDRAWN,   /* a value in a field that was taken out of the version */
    HL7_RULE_FIELD_UNKNOWN,     /* a value behind the last field of the segment */
    HL7_RULE_COMPONENT_MISSING, /* a required component of a value that is there */
    HL7_RULE_COMPONENT_UNKNOWN, /* a component or sub-component that the type does not have */
    HL7_RULE_COMPONENT_WITHDRAWN,
    HL7_RULE_TYPE,         /* a value that is not written as its data type asks for */
    HL7_RULE_TYPE_MISSING, /* OBX-5 without OBX-2: the type of a value is not said */
    HL7_RULE_LENGTH,       /* longer than a version up to 2.6 allows */
    HL7_RULE_LENGTH_WHOLE, /* the same of a value with components; the components may be longer */
    HL7_RULE_LENGTH_CONFORMANCE, /* longer than a version from 2.7 on asks receivers to take */
    HL7_RULE_CODE,               /* not in a table of the standard */
    HL7_RULE_CODE_LOCAL,         /* not among the codes that the standard suggests to sites */
    HL7_RULE_COUNT
};

/* The stable name of a rule ("field-missing"). */
HL7_API const char *hl7_rule_name(enum hl7_rule rule);

/* The rule of this name; false, and *ret_rule untouched, when there is none. */
HL7_API bool hl7_rule_find(hl7_slice name, enum hl7_rule *ret_rule);

/* How grave a finding of this rule is. */
HL7_API enum hl7_severity hl7_rule_severity(enum hl7_rule rule);

/* The code of table 0357 for an ERR segment. */
HL7_API enum hl7_condition hl7_rule_condition(enum hl7_rule rule);

/* "error", "warning", "info" */
HL7_API const char *hl7_severity_name(enum hl7_severity severity);

/* One finding; lives until the callback returns. All slices but `value` are constants of the program,
 * and hold nothing of the message. */
struct hl7_finding {
    enum hl7_rule rule;
    enum hl7_severity severity;
    /* Where: segment and occurrence, and as deep as it goes; the rest is 0. Of a segment that is
     * missing: the one that would be there. */
    struct hl7_path path;
    size_t
        segment; /* its number in the message, from 0; where one is missing, the number of the one
                         * found in its place, or the number of segments at the end */
    hl7_slice
        value; /* the bytes at fault, raw: may be a patient's data; absent for what is missing */
    hl7_slice name;     /* of the field or component, as the dictionary has it; or absent */
    hl7_slice expected; /* a data type, a pattern, a group's or a segment's name; or absent */
    uint32_t number;    /* a length, a number of repetitions, a table's number; or 0 */
};

/* Bytes that hl7_finding_write takes, at most. */
#define HL7_FINDING_SIZE 512

/* Writes what is wrong in a sentence without the path and without a full stop. It holds nothing of the
 * message, so it may go to logs. */
HL7_API void hl7_finding_write(const struct hl7_finding *finding, struct hl7_buffer *buffer);

/* Findings told of one message unless the caller sets another bound. */
#define HL7_FINDINGS_MAX 100

/* How to validate. All zero is by the message's own version, and tells nobody. */
struct hl7_validating {
    bool versioned;           /* by `version`, whatever the message says */
    enum hl7_version version; /* HL7_ANY_VERSION: by all versions together */
    enum hl7_severity least;  /* findings less grave than this are passed over; HL7_ERROR is 0 */
    size_t max_findings;      /* 0: HL7_FINDINGS_MAX */
    /* Called for each finding: those of the structure first, then segment by segment. False ends the
     * validation. May be NULL. */
    bool (*found)(void *context, const struct hl7_finding *finding);
    void *context;
};

/* What came of it. */
struct hl7_validity {
    enum hl7_version version;                   /* by which was validated */
    const struct hl7_dict_structure *structure; /* NULL: none was known */
    size_t counts[3];                           /* findings told, by severity */
    bool complete; /* false: the bound was reached or the callback ended it; there may be more */
};

/* Validates a message in time linear in its length, whatever is in it; nothing is allocated. Without the
 * dictionary (hl7_dict_available()) nothing is found. */
HL7_API void hl7_validate(const struct hl7_message *message, const struct hl7_validating *how,
                          struct hl7_validity *ret_validity);

#ifdef __cplusplus
}
#endif

#endif
