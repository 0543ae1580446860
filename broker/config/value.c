/* SPDX-License-Identifier: Apache-2.0
 *
 * value.c - what all values share, and those that are one word. See value.h.
 */
#include "value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../base/measure.h"
#include "../../base/nearest.h"
#include "../../base/text.h"

/* ---- Mistakes ------------------------------------------------------------------------------- */

bool value_wrong(struct value *value, size_t offset, const char *format, ...)
{
    char text[sizeof((struct hl7_diagnostic *)NULL)->text];
    va_list arguments;

    assert(value->at != NULL); /* the defaults are right */
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (value->at->from_file) {
        (void)snprintf(text, sizeof text, "what the file holds does not make %s",
                       value->key->type->what);
    }
    if (!value->at->told) {
        findings_error(value->report, &value->at->file->as, sections_locate(value->at, offset),
                       "%s", text);
    }
    value->at->told = true;
    return false;
}

void value_doubt(struct value *value, size_t offset, const char *format, ...)
{
    char text[sizeof((struct hl7_diagnostic *)NULL)->text];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (value->at != NULL && !value->at->told && !value->at->from_file) {
        findings_warning(value->report, &value->at->file->as, sections_locate(value->at, offset),
                         "%s", text);
    }
}

struct value_hint value_hint(const char *nearest)
{
    struct value_hint hint = {.text = ""};

    if (nearest != NULL) {
        (void)snprintf(hint.text, sizeof hint.text, " (did you mean '%s'?)", nearest);
    }
    return hint;
}

/* How much of a text is quoted in a message. */
static int shown(hl7_slice text)
{
    return text.len < 40 ? (int)text.len : 40;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool value_next(const struct value *value, size_t *offset, hl7_slice *item)
{
    size_t start = item->ptr == NULL ? 0 : *offset + item->len;

    if (item->ptr != NULL) {
        while (start < value->text.len && value->text.ptr[start] != ',') {
            start++;
        }
        if (start == value->text.len) {
            return false;
        }
        start++;
    }
    while (start < value->text.len && is_blank(value->text.ptr[start])) {
        start++;
    }
    size_t end = start;
    while (end < value->text.len && value->text.ptr[end] != ',') {
        end++;
    }
    while (end > start && is_blank(value->text.ptr[end - 1])) {
        end--;
    }
    *offset = start;
    *item = (hl7_slice){value->text.ptr + start, end - start};
    return true;
}

size_t value_count(struct value *value)
{
    hl7_slice item = {NULL, 0};
    size_t offset = 0;
    size_t count = 0;

    while (value_next(value, &offset, &item)) {
        if (item.len == 0) {
            (void)value_wrong(value, offset, "an item of this list is empty");
            return 0;
        }
        if (++count > CONFIG_LIST_MAX) {
            (void)value_wrong(value, offset, "a list has at most %d items", CONFIG_LIST_MAX);
            return 0;
        }
    }
    return count;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* What stands between quotes that enclose all of the text; else the text. */
static hl7_slice unquote(hl7_slice text)
{
    if (text.len >= 2 && (text.ptr[0] == '"' || text.ptr[0] == '\'') &&
        memchr(text.ptr + 1, text.ptr[0], text.len - 1) == text.ptr + text.len - 1) {
        return hl7_slice_part(text, 1, text.len - 2);
    }
    return text;
}

bool value_read_text(struct value *value, void *slot)
{
    const char *text = pool_text(value->pool, unquote(value->text));

    *(const char **)slot = text;
    return text != NULL;
}

static bool read_path(struct value *value, size_t offset, hl7_slice text, const char **ret_path)
{
    hl7_slice name = unquote(text);
    const char *path = NULL;

    if (name.len == 0) {
        return value_wrong(value, offset, "there is no name between the quotes");
    }
    if (name.ptr[0] == '~') {
        return value_wrong(value, offset, "'~' stands for nothing here; write the whole name");
    }
    path = value->at == NULL ? pool_text(value->pool, name)
                             : sections_path(value->pool, value->at->file, name);
    *ret_path = path;
    return path != NULL;
}

bool value_read_path(struct value *value, void *slot)
{
    return read_path(value, 0, value->text, slot);
}

bool value_read_folders(struct value *value, void *slot)
{
    size_t count = value_count(value);
    const char **items = pool_alloc(value->pool, count, sizeof *items);
    hl7_slice item = {NULL, 0};
    size_t offset = 0;

    if (count == 0 || items == NULL) {
        return false;
    }
    for (size_t i = 0; value_next(value, &offset, &item); i++) {
        if (!read_path(value, offset, item, &items[i])) {
            return false;
        }
    }
    *(struct config_folders *)slot = (struct config_folders){.items = items, .count = count};
    return true;
}

/* An include key was carried out when it was read. */
bool value_read_include(struct value *value, void *slot)
{
    (void)value;
    (void)slot;
    return true;
}

bool value_read_charset(struct value *value, void *slot)
{
    const char *name = text_charset_find(value->text.ptr);

    if (name == NULL) {
        return value_wrong(value, 0, "'%.*s' is no character set known here; 8859/1 and UTF-8 are",
                           shown(value->text), value->text.ptr);
    }
    *(const char **)slot = pool_text(value->pool, hl7_slice_of(name));
    return *(const char **)slot != NULL;
}

/* ---- Words ---------------------------------------------------------------------------------- */

/* The number of the word among those of the type; the list ends behind it when there is none. */
static size_t find_word(const struct value *value)
{
    const char *const *words = value->key->type->words;
    size_t i = 0;

    while (words[i] != NULL && !hl7_slice_equal(hl7_slice_of(words[i]), value->text)) {
        i++;
    }
    return i;
}

bool value_read_choice(struct value *value, void *slot)
{
    const char *const *words = value->key->type->words;
    size_t found = find_word(value);
    char list[80] = "";
    size_t used = 0;

    if (words[found] != NULL) {
        *(int *)slot = (int)found;
        return true;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", words[i]);
        assert(used < sizeof list);
    }
    return value_wrong(value, 0, "'%.*s' is none of %s%s", shown(value->text), value->text.ptr,
                       list, value_hint(nearest_word(value->text.ptr, words)).text);
}

bool value_read_flag(struct value *value, void *slot)
{
    size_t found = find_word(value);

    if (value->key->type->words[found] == NULL) {
        return value_wrong(value, 0, "'%.*s' is neither yes nor no", shown(value->text),
                           value->text.ptr);
    }
    *(bool *)slot = found == 1;
    return true;
}

/* ---- Numbers -------------------------------------------------------------------------------- */

/* Numbers, sizes and times differ in how they are read and written. */
struct scale {
    bool (*read)(const char *text, uint64_t *ret_number);
    void (*write)(uint64_t number, char *text, size_t size);
};

static const struct scale number_scale = {measure_read_number, measure_write_number};
static const struct scale size_scale = {measure_read_size, measure_write_size};
static const struct scale duration_scale = {measure_read_duration, measure_write_duration};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A time that is no more than a number: seconds to some, milliseconds to others. */
static bool lacks_unit(const struct scale *scale, hl7_slice text, uint64_t number)
{
    return scale == &duration_scale && number != 0 && is_digit(text.ptr[text.len - 1]);
}

/* Reads one number at a byte of the value and checks its bounds. */
static bool read_scaled(struct value *value, const struct scale *scale, size_t offset,
                        hl7_slice text, int64_t *ret_number)
{
    const struct config_key *key = value->key;
    char copy[MEASURE_TEXT * 2] = "";
    char bound[MEASURE_TEXT];
    uint64_t number = 0;

    if (text.len < sizeof copy) {
        memcpy(copy, text.ptr, text.len);
    }
    if (!scale->read(copy, &number) || number > INT64_MAX) {
        return value_wrong(value, offset, "'%.*s' is not %s", shown(text), text.ptr,
                           key->type->what);
    }
    if (lacks_unit(scale, text, number)) {
        return value_wrong(value, offset,
                           "'%s' has no unit; write %ss, or another of ms, s, m, h, d", copy, copy);
    }
    if (number < key->min) {
        scale->write(key->min, bound, sizeof bound);
        return value_wrong(value, offset, "%s is too small; the smallest is %s", copy, bound);
    }
    if (number > key->max) {
        scale->write(key->max, bound, sizeof bound);
        return value_wrong(value, offset, "%s is too large; the largest is %s", copy, bound);
    }
    *ret_number = (int64_t)number;
    return true;
}

/* The word for 0, or 0 itself where there is such a word. */
static bool is_zero(const struct value *value)
{
    const char *zero = value->key->zero;

    return zero != NULL && (hl7_slice_equal(value->text, hl7_slice_of(zero)) ||
                            hl7_slice_equal(value->text, HL7_TEXT("0")));
}

static bool read_or_zero(struct value *value, const struct scale *scale, void *slot)
{
    if (is_zero(value)) {
        *(int64_t *)slot = 0;
        return true;
    }
    return read_scaled(value, scale, 0, value->text, slot);
}

bool value_read_number(struct value *value, void *slot)
{
    return read_or_zero(value, &number_scale, slot);
}

bool value_read_size(struct value *value, void *slot)
{
    return read_or_zero(value, &size_scale, slot);
}

bool value_read_duration(struct value *value, void *slot)
{
    return read_or_zero(value, &duration_scale, slot);
}

/* ---- Several numbers ------------------------------------------------------------------------ */

bool value_read_backoff(struct value *value, void *slot)
{
    const char *dots = strstr(value->text.ptr, "..");
    size_t first_len = dots == NULL ? value->text.len : (size_t)(dots - value->text.ptr);
    size_t behind = dots == NULL ? 0 : first_len + 2;
    struct config_backoff backoff;

    if (!read_scaled(value, &duration_scale, 0, hl7_slice_part(value->text, 0, first_len),
                     &backoff.first) ||
        !read_scaled(
            value, &duration_scale, behind,
            hl7_slice_part(value->text, behind, dots == NULL ? first_len : value->text.len),
            &backoff.longest)) {
        return false;
    }
    if (backoff.first > backoff.longest) {
        return value_wrong(value, 0, "the first wait is longer than the longest; write %.*s..%.*s",
                           (int)(value->text.len - behind), value->text.ptr + behind,
                           (int)first_len, value->text.ptr);
    }
    *(struct config_backoff *)slot = backoff;
    return true;
}

/* A whole number counts attempts; with a unit it is a time. */
bool value_read_limit(struct value *value, void *slot)
{
    struct config_limit limit = {.attempts = 0};
    hl7_slice item = {NULL, 0};
    size_t offset = 0;

    if (is_zero(value)) {
        *(struct config_limit *)slot = limit;
        return true;
    }
    if (value_count(value) == 0) {
        return false;
    }
    while (value_next(value, &offset, &item)) {
        bool is_count = is_digit(item.ptr[item.len - 1]);
        int64_t *part = is_count ? &limit.attempts : &limit.age;
        if (*part != 0) {
            return value_wrong(value, offset, "there is %s already",
                               is_count ? "a number of attempts" : "a time");
        }
        if (!read_scaled(value, is_count ? &number_scale : &duration_scale, offset, item, part)) {
            return false;
        }
    }
    *(struct config_limit *)slot = limit;
    return true;
}

bool value_read_free_space(struct value *value, void *slot)
{
    struct config_free_space space = {.bytes = 0};
    hl7_slice text = value->text;
    char number[4] = "";
    uint64_t read = 0;

    if (is_zero(value)) {
        *(struct config_free_space *)slot = space;
        return true;
    }
    if (text.ptr[text.len - 1] == '%') {
        if (text.len <= sizeof number) {
            memcpy(number, text.ptr, text.len - 1);
        }
        if (!measure_read_number(number, &read) || read == 0 || read > 99) {
            return value_wrong(value, 0, "'%.*s' is no share from 1%% to 99%%", shown(text),
                               text.ptr);
        }
        space.percent = (int64_t)read;
    } else if (!read_scaled(value, &size_scale, 0, text, &space.bytes)) {
        return false;
    }
    *(struct config_free_space *)slot = space;
    return true;
}
