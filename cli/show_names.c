/* SPDX-License-Identifier: Apache-2.0
 *
 * show_names.c - what the dictionary says of a value that is shown; see show.h. */
#include "show.h"

/* The coding system beside the identifier of a coded element: CWE.3 of CWE.1. */
static hl7_slice system_beside(const struct show *show, const struct show_value *value)
{
    const struct hl7_delimiters *delimiters = &show->text.message->delimiters;

    if (value->place.component != 1 || value->place.subcomponent > 0 || value->parts != SHOW_LEAF) {
        return (hl7_slice){NULL, 0};
    }
    return hl7_piece(value->whole, delimiters->component, 3);
}

void show_names(const struct show *show, const struct show_value *value, struct names *ret_names)
{
    const struct hl7_message *message = show->text.message;
    const struct show_place *at = &value->place;
    struct names_place place = {.segment = hl7_segment_name(message, at->segment),
                                .field = at->field,
                                .component = at->component,
                                .subcomponent = at->subcomponent};
    size_t by = names_varies_by(place.segment, at->field);

    *ret_names = (struct names){{NULL, 0}, {NULL, 0}, {NULL, 0}};
    if (show->plain) {
        return;
    }
    if (by > 0) {
        place.varies = hl7_segment_field(message, at->segment, by);
    }
    if (value->parts == SHOW_LEAF) {
        place.value = value->raw;
        place.system = system_beside(show, value);
    }
    names_find(show->version, &place, ret_names);
}

hl7_slice show_title(const struct show *show, hl7_slice name)
{
    const struct hl7_dict_segment *segment =
        show->plain ? NULL : names_segment(show->version, name);

    return segment != NULL ? hl7_dict_text(segment->title) : (hl7_slice){NULL, 0};
}
