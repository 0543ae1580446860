/* SPDX-License-Identifier: Apache-2.0 */
#include "stray.h"

#include <string.h>

const char *stray_protocol(hl7_slice bytes)
{
    static const struct {
        hl7_slice start;
        const char *name;
    } protocols[] = {
        {{"\x16\x03", 2}, "a TLS handshake"}, {{"GET ", 4}, "an HTTP request"},
        {{"POST ", 5}, "an HTTP request"},    {{"PUT ", 4}, "an HTTP request"},
        {{"HEAD ", 5}, "an HTTP request"},    {{"OPTIONS ", 8}, "an HTTP request"},
        {{"DELETE ", 7}, "an HTTP request"},  {{"CONNECT ", 8}, "an HTTP request"},
        {{"PATCH ", 6}, "an HTTP request"},   {{"TRACE ", 6}, "an HTTP request"},
        {{"PRI * HTTP", 10}, "HTTP/2"},       {{"<", 1}, "markup"},
    };

    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (hl7_slice_starts(bytes, protocols[i].start)) {
            return protocols[i].name;
        }
    }
    return NULL;
}

bool stray_is_blank(hl7_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (memchr("\r\n\t ", bytes.ptr[i], 4) == NULL) {
            return false;
        }
    }
    return true;
}

const char *stray_excerpt(hl7_slice bytes, char text[STRAY_EXCERPT])
{
    static const char digits[] = "0123456789abcdef";
    size_t len = bytes.len < (STRAY_EXCERPT - 1) / 2 ? bytes.len : (STRAY_EXCERPT - 1) / 2;

    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];

        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 15];
    }
    text[2 * len] = '\0';
    return text;
}
