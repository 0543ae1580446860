/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that make identifiers, tidy numbers, and encode. What is empty stays empty: a hash or a
 * number of nothing would look like a value. */
#include "template/function_parts.h"

#include "arena.h"
#include "template/encode.h"
#include "template/number.h"

/* ---- Identifiers --------------------------------------------------------------------------- */

enum hl7_code function_uuid(const struct call *call, hl7_slice *ret_value)
{
    char bytes[16];
    struct hl7_buffer buffer;

    if (call->services->random == NULL) {
        return function_refuse(call, "there is no source of random numbers here");
    }
    call->services->random(call->services->random_context, bytes, sizeof bytes);
    /* Version 4, variant 10 (RFC 9562). */
    bytes[6] = (char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (char)((bytes[8] & 0x3f) | 0x80);
    arena_open(call->arena, &buffer);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            hl7_buffer_add_byte(&buffer, '-');
        }
        encode_hex((hl7_slice){bytes + i, 1}, &buffer);
    }
    return function_keep(call, &buffer, ret_value);
}

enum hl7_code function_control_id(const struct call *call, hl7_slice *ret_value)
{
    struct hl7_buffer buffer;

    arena_open(call->arena, &buffer);
    hl7_buffer_add(&buffer, call->services->control_id_prefix);
    hl7_buffer_add_number(&buffer, ++call->services->control_id_counter);
    return function_keep(call, &buffer, ret_value);
}

enum hl7_code function_sequence(const struct call *call, hl7_slice *ret_value)
{
    struct hl7_services *services = call->services;

    if (services->sequence == NULL) {
        return function_refuse(call, "there are no sequences here");
    }
    return function_number(
        call, services->sequence(services->sequence_context, function_argument(call, 0)),
        ret_value);
}

/* ---- Numbers ------------------------------------------------------------------------------- */

static enum hl7_code write_number(const struct call *call, const struct number *number,
                                  hl7_slice *ret_value)
{
    struct hl7_buffer buffer;

    arena_open(call->arena, &buffer);
    number_write(number, &buffer);
    return function_keep(call, &buffer, ret_value);
}

enum hl7_code function_number_of(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice value = function_argument(call, 0);
    struct number number;

    if (function_is_void(value)) {
        *ret_value = value;
        return HL7_OK;
    }
    if (!number_parse_any(value, &number)) {
        return function_refuse(call, "the value is not a number");
    }
    return write_number(call, &number, ret_value);
}

enum hl7_code function_round(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice value = function_argument(call, 0);
    struct number number;
    int64_t digits = 0;

    if (call->count > 1 && !number_integer(function_argument(call, 1), 0, 20, &digits)) {
        return function_refuse(call, "the digits are not a whole number from 0 to 20");
    }
    if (function_is_void(value)) {
        *ret_value = value;
        return HL7_OK;
    }
    if (!number_parse_any(value, &number) || !number_round(&number, (unsigned)digits)) {
        return function_refuse(call, "the value is not a number");
    }
    return write_number(call, &number, ret_value);
}

/* ---- Encoders ------------------------------------------------------------------------------ */

static enum hl7_code encode(const struct call *call, void (*write)(hl7_slice, struct hl7_buffer *),
                            hl7_slice *ret_value)
{
    struct hl7_buffer buffer;

    arena_open(call->arena, &buffer);
    write(function_argument(call, 0), &buffer);
    return function_keep(call, &buffer, ret_value);
}

enum hl7_code function_json(const struct call *call, hl7_slice *ret_value)
{
    return encode(call, encode_json, ret_value);
}

enum hl7_code function_xml(const struct call *call, hl7_slice *ret_value)
{
    return encode(call, encode_xml, ret_value);
}

enum hl7_code function_csv(const struct call *call, hl7_slice *ret_value)
{
    return encode(call, encode_csv, ret_value);
}

enum hl7_code function_url(const struct call *call, hl7_slice *ret_value)
{
    return encode(call, encode_url, ret_value);
}

enum hl7_code function_hex(const struct call *call, hl7_slice *ret_value)
{
    return encode(call, encode_hex, ret_value);
}

enum hl7_code function_base64(const struct call *call, hl7_slice *ret_value)
{
    return encode(call, encode_base64, ret_value);
}

enum hl7_code function_base64_decode(const struct call *call, hl7_slice *ret_value)
{
    struct hl7_buffer buffer;

    arena_open(call->arena, &buffer);
    if (!encode_base64_decode(function_argument(call, 0), &buffer)) {
        return function_refuse(call, "the value is not base64");
    }
    return function_keep(call, &buffer, ret_value);
}

static void write_hl7(hl7_slice text, struct hl7_buffer *buffer)
{
    /* The standard delimiters have an escape character: this cannot fail. */
    (void)hl7_escape(&hl7_standard_delimiters, text, buffer);
}

enum hl7_code function_hl7(const struct call *call, hl7_slice *ret_value)
{
    return encode(call, write_hl7, ret_value);
}

static void write_sha256(hl7_slice text, struct hl7_buffer *buffer)
{
    unsigned char digest[HL7_SHA256_BYTES];

    if (text.len > 0) {
        hl7_sha256(text, digest);
        encode_hex((hl7_slice){(const char *)digest, sizeof digest}, buffer);
    }
}

enum hl7_code function_sha256(const struct call *call, hl7_slice *ret_value)
{
    return encode(call, write_sha256, ret_value);
}
