/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the dictionary, from the files that tools/dict/generate.js makes. Included by dict.c
 * alone. The texts are one object, a member for each, so that they stand one after the other as the
 * generator counted them; all members are arrays of char, so nothing is between them. */
#ifndef LIB_DICT_TABLES_H
#define LIB_DICT_TABLES_H

#include "dict/rows.h"

static const struct {
#define TEXT(number, bytes, length, text) char text_##number[(bytes) + 1];
#include "dict/texts.tbl"
#undef TEXT
} texts = {
#define TEXT(number, bytes, length, text) length text,
#include "dict/texts.tbl"
#undef TEXT
};

static const uint32_t type_names[] = {
    0,
#include "dict/type_names.tbl"
};

static const struct hl7_dict_segment segments[] = {
#define SEGMENT(name, title, fields, open, first) {name, title, fields, open, first},
#include "dict/segments.tbl"
#undef SEGMENT
};

static const struct hl7_dict_field fields[] = {
#define FIELD(name, length, table, type, max, optionality)                                         \
    {name, length, table, type, max, optionality},
#include "dict/fields.tbl"
#undef FIELD
};

static const struct hl7_dict_type types[] = {
#define TYPE(title, number, components, kind, first) {title, number, components, kind, first},
#include "dict/types.tbl"
#undef TYPE
};

static const struct hl7_dict_table tables[] = {
#define TABLE(number, codes, title, first, kind) {number, codes, title, first, kind},
#include "dict/tables.tbl"
#undef TABLE
};

static const struct hl7_dict_code codes[] = {
#define CODE(code, text) {code, text},
#include "dict/codes.tbl"
#undef CODE
};

static const struct hl7_dict_structure structures[] = {
#define STRUCTURE(name, title, nodes, first) {name, title, nodes, first},
#include "dict/structures.tbl"
#undef STRUCTURE
};

static const struct hl7_dict_node nodes[] = {
#define NODE(segment, name, size, min, max, kind) {segment, name, size, min, max, kind},
#include "dict/nodes.tbl"
#undef NODE
};

static const struct event events[] = {
#define EVENT(name, structure) {name, structure},
#include "dict/events.tbl"
#undef EVENT
};

static const uint16_t segment_lists[] = {
#include "dict/segment_lists.tbl"
};
static const uint16_t field_lists[] = {
#include "dict/field_lists.tbl"
};
static const uint16_t structure_lists[] = {
#include "dict/structure_lists.tbl"
};
static const uint16_t event_lists[] = {
#include "dict/event_lists.tbl"
};
static const uint16_t node_lists[] = {
#include "dict/node_lists.tbl"
};

static const struct list version_segments[HL7_VERSION_COUNT] = {
#include "dict/version_segments.tbl"
};
static const struct list version_structures[HL7_VERSION_COUNT] = {
#include "dict/version_structures.tbl"
};
static const struct list version_events[HL7_VERSION_COUNT] = {
#include "dict/version_events.tbl"
};

static const size_t type_count = sizeof type_names / sizeof *type_names - 1;
static const size_t table_count = sizeof tables / sizeof *tables;

static const uint16_t version_types[HL7_VERSION_COUNT][sizeof type_names / sizeof *type_names] = {
#include "dict/version_types.tbl"
};

#endif
