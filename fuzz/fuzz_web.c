/* SPDX-License-Identifier: Apache-2.0
 *
 * What orderly-web reads itself of a request and of documents: cookies and base64. The first byte says which.
 *
 * A cookie that is found is a part of the header, without a ';', and stands behind its name; a header with
 * the cookie twice has none. Decoded base64 fits into what BASE64_DECODED says, and its bytes, encoded
 * here, are the text again but for blanks and the '=' at the end. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../web/base64.h"
#include "../web/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_cookie(hl7_slice header)
{
    hl7_slice name = HL7_TEXT("__Host-orderly");
    hl7_slice found = cookie_find(header, name);

    if (found.ptr == NULL) {
        return;
    }
    assert(found.ptr >= header.ptr && found.ptr + found.len <= header.ptr + header.len);
    assert(found.len == 0 || memchr(found.ptr, ';', found.len) == NULL);
    assert((size_t)(found.ptr - header.ptr) > name.len);
    assert(found.ptr[-1] == '=');
    assert(memcmp(found.ptr - 1 - name.len, name.ptr, name.len) == 0);
    /* Twice the same header has it twice. */
    char *twice = malloc(2 * header.len + 1);
    assert(twice != NULL);
    memcpy(twice, header.ptr, header.len);
    twice[header.len] = ';';
    memcpy(twice + header.len + 1, header.ptr, header.len);
    assert(cookie_find((hl7_slice){twice, 2 * header.len + 1}, name).ptr == NULL);
    free(twice);
}

/* The digits of the text, without what is passed over. */
static size_t digits_of(hl7_slice text, char *into)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (strchr(" \t\r\n=", text.ptr[i]) == NULL) {
            into[len++] = text.ptr[i];
        }
    }
    return len;
}

static void check_encoded(hl7_slice bytes, const char *digits, size_t count)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    assert(count == (bytes.len * 8 + 5) / 6);
    for (size_t i = 0; i < count; i++) {
        unsigned value = 0;

        for (size_t bit = 6 * i; bit < 6 * i + 6; bit++) {
            unsigned byte = bit / 8 < bytes.len ? (unsigned char)bytes.ptr[bit / 8] : 0;
            value = value << 1 | (byte >> (7 - bit % 8) & 1);
        }
        assert(digits[i] == alphabet[value]);
    }
}

static void try_base64(hl7_slice text)
{
    struct hl7_buffer buffer;
    char *memory = malloc(BASE64_DECODED(text.len));
    char *digits = malloc(text.len + 1);

    assert(memory != NULL && digits != NULL);
    hl7_buffer_init(&buffer, memory, BASE64_DECODED(text.len));
    if (base64_decode(text, &buffer)) {
        size_t count = digits_of(text, digits);
        check_encoded(hl7_buffer_slice(&buffer), digits, count);
        assert(document_sniff(hl7_buffer_slice(&buffer))->type != NULL);
    }
    free(digits);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = size > 0 ? malloc(size) : NULL;

    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    hl7_slice rest = {copy + 1, size - 1};
    if (copy[0] == 'c') {
        try_cookie(rest);
    } else {
        try_base64(rest);
    }
    free(copy);
    return 0;
}
