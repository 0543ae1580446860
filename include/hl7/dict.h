/* SPDX-License-Identifier: Apache-2.0
 *
 * hl7/dict.h - what the HL7 standard says of messages; part of <hl7.h>, which includes it.
 *
 * The dictionary holds the versions 2.1 to 2.8.2: segments with their fields, data types with their
 * components, tables with their codes, message structures, and which structure an event has. Facts
 * and short names only. docs/dictionary.md says where they come from and what is not covered.
 *
 * Everything is a constant of the program: nothing is set up, nothing is allocated, what is returned
 * lives as long as the program and may be read by any thread. A look-up by name is a binary search, a
 * look-up by number an index. Rows hold numbers and no addresses; a text is a number that
 * hl7_dict_text() reads.
 *
 *     const struct hl7_dict_segment *pid = hl7_dict_segment(HL7_V2_5_1, HL7_TEXT("PID"));
 *     const struct hl7_dict_field *name = hl7_dict_field(pid, 5);
 *     hl7_slice title = hl7_dict_text(name->name);               "Patient Name"
 *     hl7_slice type = hl7_dict_type_name(name->type);           "XPN"
 *
 * The library can be built without the dictionary (-DORDERLY_DICT=OFF). Then hl7_dict_available() is
 * false, every look-up below it answers NULL, every count is 0 and every text empty; hl7_dict_known()
 * works as ever. */
#ifndef HL7_DICT_H
#define HL7_DICT_H

#ifndef HL7_H
#error "include <hl7.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Segments of any version --------------------------------------------------------------- */

/* A segment that some version has. */
struct hl7_dict_known {
    char name[4];
    uint16_t max_field; /* the largest field number of any version; 0: there is no end */
};

/* The segment of this name ("PID"), or NULL. Names are upper case; those that begin with Z are a
 * site's own and never in the table. */
HL7_API const struct hl7_dict_known *hl7_dict_known(hl7_slice name);

/* All of them, by name. */
HL7_API const struct hl7_dict_known *hl7_dict_known_all(size_t *ret_count);

/* True unless the library was built without what follows. */
HL7_API bool hl7_dict_available(void);

/* ---- Versions ------------------------------------------------------------------------------ */

/* In their order: a later version compares greater. */
enum hl7_version {
    HL7_V2_1,
    HL7_V2_2,
    HL7_V2_3,
    HL7_V2_3_1,
    HL7_V2_4,
    HL7_V2_5,
    HL7_V2_5_1,
    HL7_V2_6,
    HL7_V2_7,
    HL7_V2_7_1,
    HL7_V2_8,
    HL7_V2_8_1,
    HL7_V2_8_2,
    /* All versions together: of each segment, field, type and structure what the newest version says
     * that has it. For a message that names no version, and for a person who does not care. */
    HL7_ANY_VERSION
};

/* How many there are, HL7_ANY_VERSION counted. */
#define HL7_VERSION_COUNT (HL7_ANY_VERSION + 1)

/* "2.5.1"; "any" for HL7_ANY_VERSION. */
HL7_API const char *hl7_version_name(enum hl7_version version);

/* The version of exactly this name ("2.5.1", "any"). False, and *ret_version untouched, for another
 * text. */
HL7_API bool hl7_version_parse(hl7_slice name, enum hl7_version *ret_version);

/* The version whose rules a text in MSH-12.1 stands for. One that there is not stands for the last
 * one before it: 2.3.2 is read as 2.3.1, 2.9 as 2.8.2; one before 2.1 is read as 2.1. A text that is
 * no version (empty, null, "2.x", "D.2") is HL7_ANY_VERSION. Blanks around it count for nothing. */
HL7_API enum hl7_version hl7_version_nearest(hl7_slice text);

/* The same for a message: its MSH-12.1. */
HL7_API enum hl7_version hl7_message_version(const struct hl7_message *message);

/* ---- Texts --------------------------------------------------------------------------------- */

/* A text of the dictionary by the number that a row has for it. Number 0 is the empty text. A number
 * that no row has is a mistake of the caller's: it must come from a row. */
HL7_API hl7_slice hl7_dict_text(uint32_t number);

/* ---- Fields and components ----------------------------------------------------------------- */

/* What a field of a segment, or a component of a data type, has to be. */
enum hl7_optionality {
    HL7_OPT_REQUIRED = 'R',
    HL7_OPT_OPTIONAL = 'O',
    HL7_OPT_CONDITIONAL = 'C', /* required under a condition that the standard gives in words */
    HL7_OPT_BACKWARD = 'B',    /* kept for older systems; optional */
    HL7_OPT_WITHDRAWN = 'W',   /* taken out of this version: its number is not used again */
    HL7_OPT_NOT_USED = 'X'     /* not supported */
};

/* A field of a segment or a component of a data type; what both have is in one table. Which it is and
 * its number is known by who looked it up. */
struct hl7_dict_field {
    uint32_t name;        /* a text: "Patient Name" */
    uint32_t length : 18; /* largest number of characters; 0: this version gives none */
    uint32_t table : 14;  /* number of the table of its codes, 3 for HL7 table 0003; 0: none */
    uint16_t type;        /* a type number, see hl7_dict_type_of; 0: none, a withdrawn field */
    uint8_t max;          /* repetitions, at most; 0: any number. Always 1 for a component */
    char optionality;     /* an enum hl7_optionality */
};

/* ---- Segments ------------------------------------------------------------------------------ */

struct hl7_dict_segment {
    char name[4];         /* "PID" and NUL */
    uint32_t title;       /* a text: "Patient Identification" */
    uint16_t field_count; /* its largest field number */
    bool open;            /* more fields may follow, as the message needs: ADD, QPD, RDT */
    uint32_t first;       /* private */
};

/* The segment of this name in a version, or NULL. */
HL7_API const struct hl7_dict_segment *hl7_dict_segment(enum hl7_version version, hl7_slice name);

/* The n-th segment of a version, by name from 0, or NULL beyond the last. */
HL7_API const struct hl7_dict_segment *hl7_dict_segment_at(enum hl7_version version, size_t n);
HL7_API size_t hl7_dict_segment_count(enum hl7_version version);

/* Field `number` of a segment, from 1; NULL for 0, beyond the last, and for segment NULL. All fields
 * of a segment: for (number = 1; number <= segment->field_count; number++). */
HL7_API const struct hl7_dict_field *hl7_dict_field(const struct hl7_dict_segment *segment,
                                                    size_t number);

/* ---- Data types ---------------------------------------------------------------------------- */

/* What the text of a type has to look like. */
enum hl7_type_kind {
    HL7_KIND_NONE,      /* nothing is known of it */
    HL7_KIND_COMPOSITE, /* made of components */
    HL7_KIND_VARIES,    /* another field says which type it has: OBX-5 by OBX-2 */
    HL7_KIND_TEXT,      /* ST, TX, FT, GTS, …: any text */
    HL7_KIND_CODED,     /* ID, IS: a code of a table */
    HL7_KIND_NUMBER,    /* NM: sign, digits, point */
    HL7_KIND_SEQUENCE,  /* SI: digits */
    HL7_KIND_DATE,      /* DT: YYYY[MM[DD]] */
    HL7_KIND_TIME,      /* TM: HH[MM[SS[.S…]]][+-ZZZZ] */
    HL7_KIND_DATE_TIME  /* DTM, and TS where it has no components: rule 30 */
};

struct hl7_dict_type {
    uint32_t title;          /* a text: "Extended Person Name" */
    uint16_t number;         /* its type number: the same in all versions */
    uint8_t component_count; /* 0: it has none */
    uint8_t kind;            /* an enum hl7_type_kind */
    uint32_t first;          /* private */
};

/* The type of this name ("XPN") in a version, or NULL. */
HL7_API const struct hl7_dict_type *hl7_dict_type(enum hl7_version version, hl7_slice name);

/* The type of a field or component in a version: its field->type, without a search. NULL when the
 * version has no type of this number: always for number 0. */
HL7_API const struct hl7_dict_type *hl7_dict_type_of(enum hl7_version version, uint16_t number);

/* The name of a type number, of any version: "XPN"; empty for number 0. */
HL7_API hl7_slice hl7_dict_type_name(uint16_t number);

/* The type numbers are 1 to this count, in the order of the names. */
HL7_API size_t hl7_dict_type_count(void);

/* Component `number` of a type, from 1; NULL for 0, beyond the last, and for type NULL. */
HL7_API const struct hl7_dict_field *hl7_dict_component(const struct hl7_dict_type *type,
                                                        size_t number);

/* ---- Tables -------------------------------------------------------------------------------- */

enum hl7_table_kind {
    HL7_TABLE_UNKNOWN, /* nothing says which of the two it is */
    HL7_TABLE_HL7,     /* the standard's own: a code that is not in it is wrong */
    HL7_TABLE_USER     /* the codes are suggestions: a site may have others */
};

/* Tables are those of all versions together: a code is known when any version has it. */
struct hl7_dict_table {
    uint16_t number;     /* 3 for HL7 table 0003 */
    uint16_t code_count; /* 0: the standard suggests none */
    uint32_t title;      /* a text: "Event Type" */
    uint32_t first;      /* private */
    uint8_t kind;        /* an enum hl7_table_kind */
};

struct hl7_dict_code {
    uint32_t code; /* a text: "A01" */
    uint32_t text; /* a text: "Admit/visit notification"; may be empty */
};

/* The table of this number, or NULL. */
HL7_API const struct hl7_dict_table *hl7_dict_table(size_t number);

/* The n-th table, by number from 0, or NULL beyond the last. */
HL7_API const struct hl7_dict_table *hl7_dict_table_at(size_t n);
HL7_API size_t hl7_dict_table_count(void);

/* The row of a code, or NULL when the table does not have it: same bytes. */
HL7_API const struct hl7_dict_code *hl7_dict_code(const struct hl7_dict_table *table,
                                                  hl7_slice code);

/* The n-th code of a table, in the order of the bytes, from 0; NULL beyond the last. */
HL7_API const struct hl7_dict_code *hl7_dict_code_at(const struct hl7_dict_table *table, size_t n);

/* ---- Message structures -------------------------------------------------------------------- */

enum hl7_node_kind {
    HL7_NODE_SEGMENT, /* one segment */
    HL7_NODE_GROUP,   /* its nodes, one after the other */
    HL7_NODE_CHOICE,  /* exactly one of its nodes */
    HL7_NODE_ANY      /* any one segment ("Hxx" in a query's response) */
};

/* A node of a structure's tree. The nodes stand in one array in the order in which one reads the tree
 * (a group before its members), so that it is walked with an index and no recursion: the members of a
 * group at n begin at n + 1, and the next sibling of n is n + size; it is a sibling as long as it is
 * less than the group's own n + size. */
struct hl7_dict_node {
    char segment[4]; /* HL7_NODE_SEGMENT: its name; else "" */
    uint32_t name;   /* a text: a group's name ("PATIENT_RESULT"), or the segment's; may be empty */
    uint16_t size;   /* nodes of this one and below; 1 for a segment */
    uint8_t min;     /* 0 or 1, seldom more */
    uint8_t max;     /* 0: any number */
    uint8_t kind;    /* an enum hl7_node_kind */
};

struct hl7_dict_structure {
    uint32_t name;       /* a text: "ORU_R01" */
    uint32_t title;      /* a text; may be empty */
    uint16_t node_count; /* the top level's nodes begin at 0: siblings as long as n < node_count */
    uint32_t first;      /* private */
};

/* The structure of this name in a version, or NULL. */
HL7_API const struct hl7_dict_structure *hl7_dict_structure(enum hl7_version version,
                                                            hl7_slice name);

/* The structure of messages with this code and event (MSH-9.1, MSH-9.2: "ADT", "A04") in a version,
 * or NULL. The event may be absent: "ACK" alone. */
HL7_API const struct hl7_dict_structure *hl7_dict_structure_of(enum hl7_version version,
                                                               hl7_slice code, hl7_slice event);

/* The structure of a message in a version: MSH-9.3 if that names one, else by code and event; NULL
 * when the version has none. */
HL7_API const struct hl7_dict_structure *hl7_dict_message_structure(
    enum hl7_version version, const struct hl7_message *message);

/* The n-th structure of a version, by name from 0, or NULL beyond the last. */
HL7_API const struct hl7_dict_structure *hl7_dict_structure_at(enum hl7_version version, size_t n);
HL7_API size_t hl7_dict_structure_count(enum hl7_version version);

/* Node n of a structure, from 0; NULL beyond the last. */
HL7_API const struct hl7_dict_node *hl7_dict_node(const struct hl7_dict_structure *structure,
                                                  size_t n);

#ifdef __cplusplus
}
#endif

#endif
