/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of a dictionary that was left out: empty. Each has one row, since C has no empty arrays, and no look-up reaches it. */
#ifndef LIB_DICT_NO_TABLES_H
#define LIB_DICT_NO_TABLES_H

#include "dict/rows.h"

static const struct {
    char none[1];
} texts = {{0}};

static const uint32_t type_names[1] = {0};
static const struct hl7_dict_segment segments[1] = {{.name = ""}};
static const struct hl7_dict_field fields[1] = {{.name = 0}};
static const struct hl7_dict_type types[1] = {{.title = 0}};
static const struct hl7_dict_table tables[1] = {{.number = 0}};
static const struct hl7_dict_code codes[1] = {{.code = 0}};
static const struct hl7_dict_structure structures[1] = {{.name = 0}};
static const struct hl7_dict_node nodes[1] = {{.size = 0}};
static const struct event events[1] = {{.name = 0}};

static const uint16_t segment_lists[1] = {0};
static const uint16_t field_lists[1] = {0};
static const uint16_t structure_lists[1] = {0};
static const uint16_t event_lists[1] = {0};
static const uint16_t node_lists[1] = {0};

static const struct list version_segments[HL7_VERSION_COUNT] = {{0, 0}};
static const struct list version_structures[HL7_VERSION_COUNT] = {{0, 0}};
static const struct list version_events[HL7_VERSION_COUNT] = {{0, 0}};
static const uint16_t version_types[HL7_VERSION_COUNT][1] = {{0}};

static const size_t type_count = 0;
static const size_t table_count = 0;

#endif
