/* SPDX-License-Identifier: Apache-2.0
 *
 * xml.c - see xml.h.
 */
#include "xml.h"

#include <stdbool.h>

#include "../base/text.h"

/* U+FFFE and U+FFFF, which XML does not allow though they are text. */
static bool is_no_character(hl7_slice text)
{
    return hl7_slice_starts(text, HL7_TEXT("\xef\xbf\xbe")) ||
           hl7_slice_starts(text, HL7_TEXT("\xef\xbf\xbf"));
}

/* Text for between tags and for attributes. It is UTF-8 without control characters. */
void xml_text(FILE *file, hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_no_character(hl7_slice_part(text, i, 3))) {
            fputs("\xef\xbf\xbd", file);
            i += 2;
            continue;
        }
        switch (text.ptr[i]) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        default:
            fputc(text.ptr[i], file);
            break;
        }
    }
}

void xml_attribute(FILE *file, const char *name, const char *value)
{
    char memory[TEXT_SAFE_GROWTH * 1024];
    struct hl7_buffer safe;

    hl7_buffer_init(&safe, memory, sizeof memory);
    text_safe(hl7_slice_part(hl7_slice_of(value), 0, 1024), false, &safe);
    fprintf(file, " %s=\"", name);
    xml_text(file, hl7_buffer_slice(&safe));
    fputc('"', file);
}
