/* SPDX-License-Identifier: Apache-2.0
 *
 * measure.h - numbers, sizes and times as people write them, on command lines and in the
 * configuration: 16M, 30s, 1.5h. What is written reads back as the same number.
 */
#ifndef BASE_MEASURE_H
#define BASE_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read one value, the whole text: a number; bytes, with K, M, G or T for powers of 1024;
 * milliseconds, given with ms, s, m, h or d, seconds without a unit. False, with nothing changed, when
 * the text is not one or does not fit. */
bool measure_read_number(const char *text, uint64_t *ret_number);
bool measure_read_size(const char *text, uint64_t *ret_bytes);
bool measure_read_duration(const char *text, uint64_t *ret_milliseconds);

/* Write one with the largest unit that leaves it whole, cut to `size` bytes with the NUL. */
enum { MEASURE_TEXT = 24 };
void measure_write_number(uint64_t number, char *text, size_t size);
void measure_write_size(uint64_t bytes, char *text, size_t size);
void measure_write_duration(uint64_t milliseconds, char *text, size_t size);

#endif
