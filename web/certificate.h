/* SPDX-License-Identifier: Apache-2.0
 *
 * certificate.h - what a certificate says, for people: whose it is, and until when. */
#ifndef WEB_CERTIFICATE_H
#define WEB_CERTIFICATE_H

#include <jansson.h>

/* The certificates of a PEM file as the API has them, one object each, added to a list. One that cannot be
 * read is an object with its problem. */
void certificates_add(json_t *list, const char *path);

#endif
