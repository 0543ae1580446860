/* SPDX-License-Identifier: Apache-2.0
 *
 * manual.h - orderly-web(8), made from keys.tbl and routes.tbl. */
#ifndef WEB_MANUAL_H
#define WEB_MANUAL_H

#include <stdio.h>

void manual_print(FILE *file);

#endif
