/* SPDX-License-Identifier: Apache-2.0
 *
 * base64.h - documents in messages: decoding them (RFC 4648, section 4), and what their first bytes say they
 * are. Pure. */
#ifndef WEB_BASE64_H
#define WEB_BASE64_H

#include "hl7.h"

/* The most bytes that a text of so many becomes. */
#define BASE64_DECODED(len) ((len) / 4 * 3 + 3)

/* Adds what a text stands for. Blanks and line ends between are passed over; the '=' at the end may be
 * missing. False when it is no such text; what was added is of no use then. */
bool base64_decode(hl7_slice text, struct hl7_buffer *buffer);

/* A kind of document that may be opened. */
struct document_kind {
    const char *type;   /* "application/pdf" */
    const char *ending; /* "pdf" */
};

/* By the first bytes: PDF, PNG, JPEG, or application/octet-stream. Never by what a message says. */
const struct document_kind *document_sniff(hl7_slice bytes);

#endif
