/* SPDX-License-Identifier: Apache-2.0
 *
 * manual.h - the parts all manual pages are made of, in roff with the man macros.
 */
#ifndef ORDERLY_MANUAL_H
#define ORDERLY_MANUAL_H

#include <stdio.h>

/* Begins a page: title, number of the manual's section, and NAME. */
void manual_head(FILE *file, const char *title, char section, const char *name,
                 const char *summary);

/* Writes text so that roff shows exactly its characters. An LF begins a new line. */
void manual_text(FILE *file, const char *text);

/* The same, and a line end. */
void manual_paragraph(FILE *file, const char *text);

#endif
