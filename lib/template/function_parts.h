/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions themselves, for the table, and what they share. */
#ifndef LIB_TEMPLATE_FUNCTION_PARTS_H
#define LIB_TEMPLATE_FUNCTION_PARTS_H

#include "template/function.h"

/* The n-th argument, from 0; absent when it was not given. */
hl7_slice function_argument(const struct call *call, size_t n);

/* HL7_BAD_VALUE, with the sentence that says why. */
enum hl7_code function_refuse(const struct call *call, const char *problem);

/* What was written into a buffer that arena_open() gave, as the value. */
enum hl7_code function_keep(const struct call *call, const struct hl7_buffer *buffer,
                            hl7_slice *ret_value);

/* Writes a number. */
enum hl7_code function_number(const struct call *call, uint64_t number, hl7_slice *ret_value);

/* Nothing to convert: no text, or HL7's null, "". */
bool function_is_void(hl7_slice value);

/* function_text.c */
enum hl7_code function_concat(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_default(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_first_of(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_join(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_length(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_lower(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_pad(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_part(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_replace(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_substr(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_trim(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_upper(const struct call *call, hl7_slice *ret_value);

/* function_date.c */
enum hl7_code function_add_time(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_age(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_date(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_now(const struct call *call, hl7_slice *ret_value);

/* function_value.c: identifiers, numbers, encoders */
enum hl7_code function_base64(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_base64_decode(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_control_id(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_csv(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_hex(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_hl7(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_json(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_number_of(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_round(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_sequence(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_sha256(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_url(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_uuid(const struct call *call, hl7_slice *ret_value);
enum hl7_code function_xml(const struct call *call, hl7_slice *ret_value);

#endif
