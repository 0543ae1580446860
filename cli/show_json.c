/* SPDX-License-Identifier: Apache-2.0
 *
 * show_json.c - a message as one line of JSON; see show.h.
 *
 * Every value is an object with `path` and `raw`. A leaf has `text`, the decoded value, and
 * `"null":true` when it is HL7's null; any other value has its parts in `repetitions`, `components`
 * or `subcomponents`. What the dictionary knows is in `name`, `type` and, for a code, `meaning`; in
 * `title` for a segment.
 */
#include "show.h"

struct tree_json {
    struct show *show;
    bool failed;
};

static void json_character(struct json *json, const char *name, char c)
{
    json_key(json, name);
    json_text(json, c == '\0' ? (hl7_slice){NULL, 0} : (hl7_slice){&c, 1});
}

/* A member that is left out when nothing is known. */
static void json_known(struct json *json, const char *key, hl7_slice text)
{
    if (text.len > 0) {
        json_key(json, key);
        json_text(json, text);
    }
}

static void json_segment(void *context, const struct show_segment *segment)
{
    const struct tree_json *tree = context;
    struct json *json = &tree->show->json;

    json_open_object(json);
    json_key(json, "path");
    json_text(json, segment->path);
    json_key(json, "name");
    json_text(json, segment->name);
    json_known(json, "title", show_title(tree->show, segment->name));
    json_key(json, "fields");
    json_open_array(json);
}

/* Ends an array and the object it stands in. */
static void json_both_end(void *context)
{
    struct json *json = &((struct tree_json *)context)->show->json;

    json_end(json);
    json_end(json);
}

static void json_value_of(void *context, const struct show_value *value)
{
    static const char *const parts[] = {[SHOW_LEAF] = "text",
                                        [SHOW_REPETITIONS] = "repetitions",
                                        [SHOW_COMPONENTS] = "components",
                                        [SHOW_SUBCOMPONENTS] = "subcomponents"};
    struct tree_json *tree = context;
    struct json *json = &tree->show->json;
    hl7_slice raw;
    hl7_slice decoded;
    struct names names;

    show_names(tree->show, value, &names);
    tree->failed = !show_decode(&tree->show->text, value->raw, &raw, &decoded) || tree->failed;
    json_open_object(json);
    json_key(json, "path");
    json_text(json, value->path);
    json_known(json, "name", names.name);
    json_known(json, "type", names.type);
    json_key(json, "raw");
    json_text(json, raw);
    if (value->parts != SHOW_LEAF) {
        json_key(json, parts[value->parts]);
        json_open_array(json);
        return;
    }
    json_key(json, parts[SHOW_LEAF]);
    json_text(json, decoded);
    json_known(json, "meaning", names.meaning);
    if (hl7_state(value->raw) == HL7_NULL) {
        json_key(json, "null");
        json_bool(json, true);
    }
    json_end(json);
}

static void json_head(struct show *show, const struct source_item *item,
                      const struct hl7_message *message)
{
    struct json *json = &show->json;

    json_key(json, "file");
    json_text_of(json, item->file);
    json_key(json, "line");
    json_number(json, item->line);
    json_key(json, "message");
    json_number(json, item->ordinal);
    json_key(json, "bytes");
    json_number(json, item->bytes.len);
    json_key(json, "type");
    json_text(json, hl7_message_at(message, "MSH-9"));
    json_key(json, "delimiters");
    json_open_object(json);
    json_character(json, "field", message->delimiters.field);
    json_character(json, "component", message->delimiters.component);
    json_character(json, "repetition", message->delimiters.repetition);
    json_character(json, "escape", message->delimiters.escape);
    json_character(json, "subcomponent", message->delimiters.subcomponent);
    json_character(json, "truncation", message->delimiters.truncation);
    json_end(json);
}

bool show_json(struct show *show, const struct source_item *item, const struct hl7_message *message)
{
    static const struct show_visitor visitor = {json_segment, json_both_end, json_value_of,
                                                json_both_end};
    struct tree_json tree = {.show = show};
    bool walked;

    show->text.message = message;
    show->version = hl7_message_version(message);
    json_open_object(&show->json);
    json_head(show, item, message);
    json_key(&show->json, "segments");
    json_open_array(&show->json);
    walked = show_walk(message, show->all, &show->counts, &visitor, &tree);
    json_end(&show->json);
    json_end(&show->json);
    json_line(&show->json);
    return walked && !tree.failed;
}
