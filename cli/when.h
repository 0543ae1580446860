/* SPDX-License-Identifier: Apache-2.0
 *
 * when.h - times as people write and read them. All are microseconds since 1970, UTC.
 */
#ifndef ORDERLY_WHEN_H
#define ORDERLY_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Now. */
int64_t when_now(void);

/* Reads a time: 2026-11-26, 2026-11-26T14:00 (or a blank for the T), with seconds and a fraction if
 * need be, with Z or +01:00 behind, else local; 14:00 is today; @1795701600 seconds since 1970. False,
 * with nothing changed, when the text is none. */
bool when_read(const char *text, int64_t now, int64_t *ret_time);

enum { WHEN_TEXT = 48 };

/* 2026-11-26 14:02:11: local, for people who know where they are. */
void when_write_short(int64_t time, char text[WHEN_TEXT]);

/* 2026-11-26T14:02:11.123+01:00: local, says where. */
void when_write_local(int64_t time, char text[WHEN_TEXT]);

/* 2026-11-26T13:02:11.123456Z. */
void when_write_utc(int64_t time, char text[WHEN_TEXT]);

/* How long something is: 850ms, 12s, 3m 12s, 2h 5m, 4d 3h. Less than nothing is 0s. */
void when_write_age(int64_t microseconds, char text[WHEN_TEXT]);

#endif
