/* SPDX-License-Identifier: Apache-2.0
 *
 * case_files.h - the small files of cases: reading one whole, replacing one.
 */
#ifndef ORDERLY_CASE_FILES_H
#define ORDERLY_CASE_FILES_H

#include <stdbool.h>

#include "hl7.h"
#include "../base/memory.h"

#define CASE_PATH_MAX 4096
#define CASE_FILE_MAX ((size_t)256 << 20)

/* Reads all of a file into the block. 0, or what errno says. */
int case_file_read(const char *path, struct memory_block *block, hl7_slice *ret_text);

/* Puts a file in the place of the one that is there, if any: all of the text or nothing. 0, or what
 * errno says. */
int case_file_write(const char *path, hl7_slice text);

/* The text with LF for CR and one at its end; as it is when both are in it. It lives in the block.
 * False without memory. */
bool case_file_lines(hl7_slice text, struct memory_block *block, hl7_slice *ret_lines);

/* The text without blanks and line ends around it. */
hl7_slice case_file_trim(hl7_slice text);

#endif
