/* SPDX-License-Identifier: Apache-2.0
 *
 * when.c - see when.h. */
#include "when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SECOND = 1000 * 1000 };

int64_t when_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Takes exactly so many digits off the front. */
static bool take_digits(const char **text, int count, int *ret_number)
{
    int number = 0;

    for (int i = 0; i < count; i++) {
        char digit = (*text)[i];

        if (digit < '0' || digit > '9') {
            return false;
        }
        number = number * 10 + (digit - '0');
    }
    *text += count;
    *ret_number = number;
    return true;
}

static bool take(const char **text, char byte)
{
    bool there = **text == byte;

    *text += there;
    return there;
}

/* HH:MM[:SS[.fraction]] */
static bool take_clock(const char **text, struct tm *tm, int64_t *ret_fraction)
{
    int64_t fraction = 0;
    int64_t unit = SECOND;

    if (!take_digits(text, 2, &tm->tm_hour) || !take(text, ':') ||
        !take_digits(text, 2, &tm->tm_min)) {
        return false;
    }
    if (take(text, ':')) {
        if (!take_digits(text, 2, &tm->tm_sec)) {
            return false;
        }
        if (take(text, '.')) {
            int digit = 0;
            bool any = false;

            for (; unit > 1 && take_digits(text, 1, &digit); any = true) {
                unit /= 10;
                fraction += digit * unit;
            }
            if (!any) {
                return false;
            }
        }
    }
    *ret_fraction = fraction;
    return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

static bool take_date(const char **text, struct tm *tm)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0;
    int month = 0;

    if (!take_digits(text, 4, &year) || !take(text, '-') || !take_digits(text, 2, &month) ||
        !take(text, '-') || !take_digits(text, 2, &tm->tm_mday)) {
        return false;
    }
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return year >= 1970 && month >= 1 && month <= 12 && tm->tm_mday >= 1 &&
           tm->tm_mday <= days[month - 1] - (month == 2 && !leap);
}

/* Z or +HH:MM; *ret_local when there is none. */
static bool take_zone(const char **text, int *ret_seconds, bool *ret_local)
{
    int hours = 0;
    int minutes = 0;
    bool west = **text == '-';

    *ret_local = **text == '\0';
    *ret_seconds = 0;
    if (*ret_local || take(text, 'Z')) {
        return true;
    }
    if ((!take(text, '+') && !take(text, '-')) || !take_digits(text, 2, &hours) ||
        !take(text, ':') || !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_seconds = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
    return true;
}

static bool read_seconds(const char *text, int64_t *ret_time)
{
    int64_t seconds = 0;
    int digits = 0;
    int digit = 0;

    while (digits < 11 && take_digits(&text, 1, &digit)) {
        seconds = seconds * 10 + digit;
        digits++;
    }
    if (digits == 0 || *text != '\0') {
        return false;
    }
    *ret_time = seconds * SECOND;
    return true;
}

bool when_read(const char *text, int64_t now, int64_t *ret_time)
{
    time_t seconds = (time_t)(now / SECOND);
    struct tm tm = {.tm_isdst = -1};
    struct tm today;
    int64_t fraction = 0;
    int offset = 0;
    bool local = true;

    if (take(&text, '@')) {
        return read_seconds(text, ret_time);
    }
    if (text[0] != '\0' && text[1] != '\0' && text[2] == ':') {
        if (localtime_r(&seconds, &today) == NULL || !take_clock(&text, &tm, &fraction) ||
            *text != '\0') {
            return false;
        }
        tm.tm_year = today.tm_year;
        tm.tm_mon = today.tm_mon;
        tm.tm_mday = today.tm_mday;
    } else if (!take_date(&text, &tm) ||
               ((take(&text, 'T') || take(&text, ' ')) && !take_clock(&text, &tm, &fraction)) ||
               !take_zone(&text, &offset, &local) || *text != '\0') {
        return false;
    }
    seconds = local ? mktime(&tm) : timegm(&tm) - offset;
    if (seconds < 0) {
        return false;
    }
    *ret_time = (int64_t)seconds * SECOND + fraction;
    return true;
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* A time that no calendar has is written as its number. */
static bool split(int64_t time, bool local, struct tm *ret_tm, int *ret_fraction,
                  char text[WHEN_TEXT])
{
    int64_t fraction = time % SECOND;
    time_t seconds = (time_t)(time / SECOND);

    if (fraction < 0) {
        fraction += SECOND;
        seconds--;
    }
    *ret_fraction = (int)fraction;
    if ((local ? localtime_r(&seconds, ret_tm) : gmtime_r(&seconds, ret_tm)) == NULL) {
        (void)snprintf(text, WHEN_TEXT, "@%lld", (long long)seconds);
        return false;
    }
    return true;
}

void when_write_short(int64_t time, char text[WHEN_TEXT])
{
    struct tm tm;
    int fraction = 0;

    if (split(time, true, &tm, &fraction, text)) {
        (void)strftime(text, WHEN_TEXT, "%Y-%m-%d %H:%M:%S", &tm);
    }
}

void when_write_local(int64_t time, char text[WHEN_TEXT])
{
    struct tm tm;
    int fraction = 0;

    if (split(time, true, &tm, &fraction, text)) {
        size_t len = strftime(text, WHEN_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
        long minutes = tm.tm_gmtoff / 60;
        long size = minutes < 0 ? -minutes : minutes;

        (void)snprintf(text + len, WHEN_TEXT - len, ".%03d%c%02ld:%02ld", fraction / 1000,
                       minutes < 0 ? '-' : '+', size / 60, size % 60);
    }
}

void when_write_utc(int64_t time, char text[WHEN_TEXT])
{
    struct tm tm;
    int fraction = 0;

    if (split(time, false, &tm, &fraction, text)) {
        size_t len = strftime(text, WHEN_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);

        (void)snprintf(text + len, WHEN_TEXT - len, ".%06dZ", fraction);
    }
}

void when_write_age(int64_t microseconds, char text[WHEN_TEXT])
{
    static const struct {
        int64_t size;
        char name;
    } units[] = {{24 * 3600, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    int64_t seconds = microseconds / SECOND;

    if (microseconds < SECOND) {
        int milliseconds = microseconds > 0 ? (int)(microseconds / 1000) : 0;
        (void)snprintf(text, WHEN_TEXT, milliseconds > 0 ? "%dms" : "%ds", milliseconds);
        return;
    }
    size_t unit = 0;
    while (seconds < units[unit].size) {
        unit++;
    }
    long long first = seconds / units[unit].size;
    if (unit == 3) {
        (void)snprintf(text, WHEN_TEXT, "%llds", first);
        return;
    }
    long long second = seconds % units[unit].size / units[unit + 1].size;
    (void)snprintf(text, WHEN_TEXT, second > 0 ? "%lld%c %lld%c" : "%lld%c", first,
                   units[unit].name, second, units[unit + 1].name);
}
