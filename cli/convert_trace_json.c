/* SPDX-License-Identifier: Apache-2.0
 *
 * convert_trace_json.c - a trace for programs, an object on a line; see convert_trace.h.
 *
 *     {"file":"order.hl7","line":1,"output":[{"path":"PID-5.1","value":"DOE","from":[{"kind":"value",
 *      "text":"PID-5.1","segments":[2],"template":{"file":"ris.hl7","line":3,"column":12}}]}],
 *      "unread":[{"path":"PID-8","value":"F"}]}
 *
 * A result that is not HL7 has "line" and "column" in place of "path".
 */
#include "convert_trace.h"

#include "../base/json.h"

static void json_value(struct json *json, hl7_slice name, hl7_slice value)
{
    if (name.ptr != NULL) {
        json_key(json, "path");
        json_text(json, name);
    }
    json_key(json, "value");
    json_text(json, value);
}

static void on_place(void *context, const struct trace_spot *spot)
{
    const struct trace_view *view = context;
    struct json *json = view->json;

    json_open_object(json);
    if (spot->line > 0) {
        json_key(json, "line");
        json_number(json, spot->line);
        json_key(json, "column");
        json_number(json, spot->column);
    }
    json_value(json, spot->name, spot->value);
    json_key(json, "from");
    json_open_array(json);
}

static void on_origin(void *context, const struct trace_origin *origin)
{
    static const char *const kinds[] = {[TRACE_FROM_TEXT] = "text",
                                        [TRACE_FROM_LITERAL] = "literal",
                                        [TRACE_FROM_VALUE] = "value",
                                        [TRACE_FROM_SOURCE] = "source",
                                        [TRACE_FROM_EDIT] = "edit"};
    const struct trace_view *view = context;
    struct json *json = view->json;
    char file[300];

    json_open_object(json);
    json_key(json, "kind");
    json_text_of(json, kinds[origin->kind]);
    if (origin->len > 0) {
        json_key(json, "text");
        json_text(json, (hl7_slice){origin->text, origin->len});
    }
    json_key(json, "segments");
    json_open_array(json);
    for (size_t i = 0; i < origin->segment_count; i++) {
        json_number(json, origin->segments[i] + 1);
    }
    json_end(json);
    beside_name(view->template, origin->file, file, sizeof file);
    json_key(json, "template");
    json_open_object(json);
    json_key(json, "file");
    json_text_of(json, file);
    json_key(json, "line");
    json_number(json, origin->line);
    json_key(json, "column");
    json_number(json, origin->column);
    json_end(json);
    json_end(json);
}

static void on_place_end(void *context)
{
    const struct trace_view *view = context;

    json_end(view->json);
    json_end(view->json);
}

static void on_unread_begin(void *context)
{
    const struct trace_view *view = context;

    json_end(view->json);
    json_key(view->json, "unread");
    json_open_array(view->json);
}

static void on_unread(void *context, hl7_slice name, hl7_slice value)
{
    const struct trace_view *view = context;

    json_open_object(view->json);
    json_value(view->json, name, value);
    json_end(view->json);
}

bool trace_print_json(const struct trace_view *view)
{
    static const struct trace_visitor visitor = {.place = on_place,
                                                 .origin = on_origin,
                                                 .place_end = on_place_end,
                                                 .unread_begin = on_unread_begin,
                                                 .unread = on_unread};
    struct trace_view own = *view;
    bool done;

    json_open_object(own.json);
    json_key(own.json, "file");
    json_text_of(own.json, own.item->file);
    json_key(own.json, "line");
    json_number(own.json, own.item->line);
    json_key(own.json, "output");
    json_open_array(own.json);
    done = trace_walk(&own, &visitor, &own);
    json_end(own.json);
    json_end(own.json);
    json_line(own.json);
    return done;
}
