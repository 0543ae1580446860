/* SPDX-License-Identifier: Apache-2.0
 *
 * gallery.h - the folders of templates that the configuration names: listing, reading, and saving where it is
 * allowed. A name is that of one file in the folder: letters, digits, '.', '-', '_', and no dot in front. No
 * link is followed. */
#ifndef WEB_GALLERY_H
#define WEB_GALLERY_H

#include <jansson.h>

#include "hl7.h"
#include "setup.h"

enum { GALLERY_NAME_MAX = 200, GALLERY_FILES_MAX = 1000, GALLERY_HASH = 17 };

/* The folder of this name, or NULL. */
const struct setup_templates *gallery_folder(const struct setup *setup, hl7_slice name);

bool gallery_is_name(hl7_slice name);

/* All folders with their templates, as the API has them. NULL when memory is short. */
json_t *gallery_list(const struct setup *setup);

/* Reads a template: malloc'd. NULL with errno set. */
char *gallery_read(const struct setup_templates *folder, const char *name, size_t *ret_len);

/* Puts a template into the place of the old one, whole and synced. False with errno set. */
bool gallery_write(const struct setup_templates *folder, const char *name, hl7_slice text);

/* What a text is known by: another one for another text. */
void gallery_hash(hl7_slice text, char ret_hash[GALLERY_HASH]);

#endif
