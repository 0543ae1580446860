/* SPDX-License-Identifier: Apache-2.0
 *
 * How a value is written so that it stays one value: in a JSON string, in XML text or an attribute, in
 * a CSV cell, in a URL. And the transport forms base64 and hex. What does not fit the buffer makes
 * it full. HL7's own form is hl7_escape().
 *
 * JSON and XML are UTF-8: a byte that belongs to no character becomes U+FFFD.
 */
#ifndef LIB_TEMPLATE_ENCODE_H
#define LIB_TEMPLATE_ENCODE_H

#include "hl7.h"

/* The inside of a JSON string, without the quotes. */
void encode_json(hl7_slice text, struct hl7_buffer *buffer);

/* XML text, or the inside of an attribute's value in quotes of either kind. Line ends and tabs are
 * written as numbers, for a parser changes those that are not. What XML 1.0 cannot hold, such as
 * most control characters, becomes U+FFFD. */
void encode_xml(hl7_slice text, struct hl7_buffer *buffer);

/* A CSV cell (RFC 4180): in quotes when it holds a quote, a comma, a semicolon, a tab or a line end,
 * or has a blank at either end; else as it is. */
void encode_csv(hl7_slice text, struct hl7_buffer *buffer);

/* The inside of a cell whose quotes are written already: quotes are doubled. */
void encode_csv_quoted(hl7_slice text, struct hl7_buffer *buffer);

/* A part of a URL: all but letters, digits and - . _ ~ become %XX (RFC 3986, unreserved). */
void encode_url(hl7_slice text, struct hl7_buffer *buffer);

/* Two digits for each byte, small letters. */
void encode_hex(hl7_slice bytes, struct hl7_buffer *buffer);

/* RFC 4648, section 4: with padding, without line ends. */
void encode_base64(hl7_slice bytes, struct hl7_buffer *buffer);

/* Undoes it. Line ends, blanks and tabs between the characters are passed over. False for anything
 * else that encode_base64 does not write: padding is needed, and unused bits are zero. */
bool encode_base64_decode(hl7_slice text, struct hl7_buffer *buffer);

#endif
