/* SPDX-License-Identifier: Apache-2.0
 *
 * xml.h - text in reports that are XML. What goes in is UTF-8 without control characters, as text_safe()
 * makes it. */
#ifndef ORDERLY_XML_H
#define ORDERLY_XML_H

#include <stdio.h>

#include "hl7.h"

/* Text between tags or in an attribute. */
void xml_text(FILE *file, hl7_slice text);

/* A blank and NAME="VALUE"; the value is made safe, and cut after 1024 bytes. */
void xml_attribute(FILE *file, const char *name, const char *value);

#endif
