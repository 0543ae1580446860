/* SPDX-License-Identifier: Apache-2.0
 *
 * dict_json.c - an entry of the dictionary as one line of JSON; see dict_entry.h. */
#include "dict_entry.h"

static void member(struct json *json, const char *key, hl7_slice text)
{
    json_key(json, key);
    json_text(json, text.len > 0 ? text : HL7_TEXT(""));
}

static void count(struct json *json, const char *key, size_t number)
{
    json_key(json, key);
    json_number(json, number);
}

static void field_members(struct json *json, const struct hl7_dict_field *field)
{
    member(json, "name", hl7_dict_text(field->name));
    member(json, "type", hl7_dict_type_name(field->type));
    member(json, "optionality", (hl7_slice){&field->optionality, 1});
    count(json, "max", field->max);
    count(json, "length", field->length);
    count(json, "table", field->table);
}

/* Fields or components in their order: the first of them is number 1. */
static void field_list(struct json *json, const struct dict_entry *entry)
{
    size_t last =
        entry->kind == DICT_SEGMENT ? entry->segment->field_count : entry->type->component_count;

    json_key(json, entry->kind == DICT_SEGMENT ? "fields" : "components");
    json_open_array(json);
    for (size_t number = 1; number <= last; number++) {
        json_open_object(json);
        field_members(json, entry->kind == DICT_SEGMENT ? hl7_dict_field(entry->segment, number)
                                                        : hl7_dict_component(entry->type, number));
        json_end(json);
    }
    json_end(json);
}

static void table_members(struct json *json, const struct hl7_dict_table *table)
{
    static const char *const kinds[] = {
        [HL7_TABLE_UNKNOWN] = "unknown", [HL7_TABLE_HL7] = "hl7", [HL7_TABLE_USER] = "user"};

    json_key(json, "owner");
    json_text_of(json, kinds[table->kind]);
    json_key(json, "codes");
    json_open_array(json);
    for (size_t i = 0; i < table->code_count; i++) {
        const struct hl7_dict_code *code = hl7_dict_code_at(table, i);
        json_open_object(json);
        member(json, "code", hl7_dict_text(code->code));
        member(json, "text", hl7_dict_text(code->text));
        json_end(json);
    }
    json_end(json);
}

static void node_members(struct json *json, const struct hl7_dict_node *node)
{
    static const char *const kinds[] = {[HL7_NODE_SEGMENT] = "segment",
                                        [HL7_NODE_GROUP] = "group",
                                        [HL7_NODE_CHOICE] = "choice",
                                        [HL7_NODE_ANY] = "any"};

    json_key(json, "kind");
    json_text_of(json, kinds[node->kind]);
    member(json, "name",
           node->kind == HL7_NODE_SEGMENT ? hl7_slice_of(node->segment)
                                          : hl7_dict_text(node->name));
    count(json, "min", node->min);
    count(json, "max", node->max);
}

static void node_tree(struct json *json, const struct hl7_dict_structure *structure)
{
    struct dict_walk walk = {.structure = structure};
    const struct hl7_dict_node *node = dict_walk_next(&walk);
    size_t open = 0; /* groups */

    json_key(json, "nodes");
    json_open_array(json);
    for (; node != NULL; node = dict_walk_next(&walk)) {
        for (; open > walk.depth; open--) {
            json_end(json);
            json_end(json);
        }
        json_open_object(json);
        node_members(json, node);
        if (node->size > 1) {
            json_key(json, "nodes");
            json_open_array(json);
            open++;
        } else {
            json_end(json);
        }
    }
    for (; open > 0; open--) {
        json_end(json);
        json_end(json);
    }
    json_end(json);
}

void dict_json(struct json *json, const struct dict_entry *entry)
{
    json_open_object(json);
    json_key(json, "kind");
    json_text_of(json, dict_kind_word(entry->kind));
    json_key(json, "version");
    json_text_of(json, hl7_version_name(entry->version));
    if (entry->kind == DICT_TABLE) {
        count(json, "number", entry->table->number);
    } else {
        member(json, entry->kind == DICT_FIELD ? "path" : "name", entry->name);
    }
    if (entry->kind == DICT_FIELD) {
        field_members(json, entry->field);
    } else {
        member(json, "title", dict_title(entry));
    }
    if (entry->kind == DICT_SEGMENT) {
        json_key(json, "open");
        json_bool(json, entry->segment->open);
    }
    if (entry->kind == DICT_SEGMENT || entry->kind == DICT_TYPE) {
        field_list(json, entry);
    } else if (entry->kind == DICT_TABLE) {
        table_members(json, entry->table);
    } else if (entry->kind == DICT_STRUCTURE) {
        node_tree(json, entry->structure);
    }
    json_end(json);
    json_line(json);
}
