/* SPDX-License-Identifier: Apache-2.0
 *
 * measure.c - see measure.h.
 */
#include "measure.h"

#include <stdio.h>
#include <string.h>

/* ---- Reading -------------------------------------------------------------------------------- */

/* Reads digits; *text moves behind them. */
static bool read_digits(const char **text, uint64_t *ret_number)
{
    const char *p = *text;
    uint64_t number = 0;

    if (*p < '0' || *p > '9') {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');

        if (number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *text = p;
    *ret_number = number;
    return true;
}

bool measure_read_number(const char *text, uint64_t *ret_number)
{
    uint64_t number;

    if (!read_digits(&text, &number) || *text != '\0') {
        return false;
    }
    *ret_number = number;
    return true;
}

bool measure_read_size(const char *text, uint64_t *ret_bytes)
{
    static const char units[] = "KMGT";
    uint64_t number;
    unsigned shift = 0;

    if (!read_digits(&text, &number)) {
        return false;
    }
    if (*text != '\0') {
        char letter = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
        const char *unit = strchr(units, letter);

        if (unit == NULL || text[1] != '\0') {
            return false;
        }
        shift = 10 * (unsigned)(unit - units + 1);
    }
    if (number > UINT64_MAX >> shift) {
        return false;
    }
    *ret_bytes = number << shift;
    return true;
}

/* The milliseconds of a unit; no unit is seconds. 0 for an unknown one. */
static uint64_t unit_of(const char *unit)
{
    static const struct {
        const char *name;
        uint64_t milliseconds;
    } units[] = {{"", 1000},       {"ms", 1},          {"s", 1000},
                 {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].name, unit) == 0) {
            return units[i].milliseconds;
        }
    }
    return 0;
}

bool measure_read_duration(const char *text, uint64_t *ret_milliseconds)
{
    uint64_t whole;
    uint64_t part = 0;
    uint64_t scale = 1;
    uint64_t unit;

    if (!read_digits(&text, &whole)) {
        return false;
    }
    if (*text == '.') {
        const char *digits = ++text;

        if (!read_digits(&text, &part) || text - digits > 6) {
            return false;
        }
        for (; digits < text; digits++) {
            scale *= 10;
        }
    }
    unit = unit_of(text);
    if (unit == 0 || whole > UINT64_MAX / unit - 1 || part * unit % scale != 0) {
        return false;
    }
    *ret_milliseconds = whole * unit + part * unit / scale;
    return true;
}

/* ---- Writing -------------------------------------------------------------------------------- */

void measure_write_number(uint64_t number, char *text, size_t size)
{
    (void)snprintf(text, size, "%llu", (unsigned long long)number);
}

void measure_write_size(uint64_t bytes, char *text, size_t size)
{
    static const char units[] = "KMGT";
    size_t unit = 0;

    while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(text, size, "%llu%.*s", (unsigned long long)bytes, unit > 0 ? 1 : 0,
                   unit > 0 ? units + unit - 1 : "");
}

void measure_write_duration(uint64_t milliseconds, char *text, size_t size)
{
    static const struct {
        const char *name;
        uint64_t milliseconds;
    } units[] = {{"d", 24 * 3600 * 1000}, {"h", 3600 * 1000}, {"m", 60 * 1000}, {"s", 1000}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (milliseconds >= units[i].milliseconds && milliseconds % units[i].milliseconds == 0) {
            (void)snprintf(text, size, "%llu%s",
                           (unsigned long long)(milliseconds / units[i].milliseconds),
                           units[i].name);
            return;
        }
    }
    (void)snprintf(text, size, "%llums", (unsigned long long)milliseconds);
}
