/* SPDX-License-Identifier: Apache-2.0
 *
 * value_parts.c - values that are put together from parts: command lines, file names, and names of
 * other sections. Part of value.h.
 */
#include "value.h"

#include <string.h>

#include "../../base/nearest.h"

/* ---- Lists of names ------------------------------------------------------------------------- */

bool value_read_names(struct value *value, void *slot)
{
    size_t count = value_count(value);
    const char **items = pool_alloc(value->pool, count, sizeof(char *));
    hl7_slice item = {NULL, 0};
    size_t offset = 0;

    if (count == 0 || items == NULL) {
        return false;
    }
    for (size_t i = 0; value_next(value, &offset, &item); i++) {
        items[i] = pool_text(value->pool, item);
        if (items[i] == NULL) {
            return false;
        }
    }
    *(struct config_names *)slot = (struct config_names){.items = items, .count = count};
    return true;
}

/* ---- Commands ------------------------------------------------------------------------------- */

/* Copies the next word behind *at, without its quotes, to `into`. False when there is none, or, with
 * *ret_open, when the quote there has no end. */
static bool take_word(hl7_slice text, size_t *at, char *into, size_t *ret_open)
{
    size_t len = 0;
    char quote = '\0';
    size_t i = *at;

    while (i < text.len && text.ptr[i] == ' ') {
        i++;
    }
    if (i == text.len) {
        return false;
    }
    for (; i < text.len && (quote != '\0' || text.ptr[i] != ' '); i++) {
        char c = text.ptr[i];
        if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
            *ret_open = i;
        } else if (c == quote) {
            quote = '\0';
        } else {
            into[len++] = c;
        }
    }
    into[len] = '\0';
    *at = i;
    if (quote == '\0') {
        *ret_open = HL7_NONE;
    }
    return quote == '\0';
}

/* A program with a folder is looked for from the file's, one without along PATH. */
static bool find_program(struct value *value, char **word)
{
    if (**word == '\0') {
        return value_wrong(value, 0, "the name of the program is empty");
    }
    if (strchr(*word, '/') != NULL && value->at != NULL) {
        const char *path = sections_path(value->pool, value->at->file, hl7_slice_of(*word));
        *word = path == NULL ? NULL : pool_text(value->pool, hl7_slice_of(path));
    }
    return *word != NULL;
}

bool value_read_command(struct value *value, void *slot)
{
    hl7_slice text = value->text;
    char **words = pool_alloc(value->pool, CONFIG_LIST_MAX + 1, sizeof *words);
    char *copy = pool_alloc(value->pool, 2 * text.len + 2, 1);
    size_t open = HL7_NONE;
    size_t count = 0;
    size_t at = 0;

    if (words == NULL || copy == NULL) {
        return false;
    }
    while (take_word(text, &at, copy, &open)) {
        if (count == CONFIG_LIST_MAX) {
            return value_wrong(value, 0, "a command has at most %d words", CONFIG_LIST_MAX);
        }
        words[count++] = copy;
        copy += strlen(copy) + 1;
    }
    if (open != HL7_NONE) {
        return value_wrong(value, open, "the end of this quote is missing");
    }
    if (!find_program(value, &words[0])) {
        return false;
    }
    const struct config_command command = {.words = words, .text = pool_text(value->pool, text)};
    if (command.text == NULL) {
        return false;
    }
    *(struct config_command *)slot = command;
    return true;
}

/* ---- File names ----------------------------------------------------------------------------- */

static const char *const part_words[] = {"id",       "control-id", "type", "event", "route",
                                         "listener", "date",       "time", NULL};
static const enum config_name_kind part_kinds[] = {
    CONFIG_NAME_ID,    CONFIG_NAME_CONTROL_ID, CONFIG_NAME_TYPE, CONFIG_NAME_EVENT,
    CONFIG_NAME_ROUTE, CONFIG_NAME_LISTENER,   CONFIG_NAME_DATE, CONFIG_NAME_TIME};

/* A part in braces at a byte of the text; its length, or 0, and reported. */
static size_t read_part(struct value *value, size_t offset, struct config_name_part *ret_part)
{
    const char *start = value->text.ptr + offset;
    const char *close = memchr(start, '}', value->text.len - offset);
    char word[CONFIG_NAME_MAX] = "";
    size_t found = 0;

    if (close == NULL) {
        (void)value_wrong(value, offset, "the '}' of this part is missing");
        return 0;
    }
    size_t len = (size_t)(close - start) - 1;
    if (len < sizeof word) {
        memcpy(word, start + 1, len);
    }
    while (part_words[found] != NULL && strcmp(part_words[found], word) != 0) {
        found++;
    }
    if (part_words[found] == NULL) {
        (void)value_wrong(value, offset + 1,
                          "unknown part%s; there are id, control-id, type, event, route, listener, "
                          "date, time",
                          value_hint(nearest_word(word, part_words)).text);
        return 0;
    }
    *ret_part = (struct config_name_part){.kind = part_kinds[found]};
    return len + 2;
}

/* Text up to the next part; its length, or 0, and reported. */
static size_t read_plain(struct value *value, size_t offset, struct config_name_part *ret_part)
{
    hl7_slice rest = {value->text.ptr + offset, value->text.len - offset};
    size_t len = 0;

    while (len < rest.len && rest.ptr[len] != '{') {
        if (rest.ptr[len] == '/' || rest.ptr[len] == '}') {
            (void)value_wrong(value, offset + len,
                              rest.ptr[len] == '/'
                                  ? "a file name has no '/'; 'directory' says where"
                                  : "this '}' has no '{'");
            return 0;
        }
        len++;
    }
    *ret_part = (struct config_name_part){
        .kind = CONFIG_NAME_TEXT, .text = pool_text(value->pool, hl7_slice_part(rest, 0, len))};
    return ret_part->text == NULL ? 0 : len;
}

bool value_read_file_name(struct value *value, void *slot)
{
    struct config_name_part *parts = pool_alloc(value->pool, value->text.len, sizeof *parts);
    bool has_id = false;
    size_t count = 0;
    size_t at = 0;

    if (value->text.ptr[0] == '.') {
        return value_wrong(value, 0, "a name that begins with a dot is not seen by others");
    }
    if (value->text.len > 128) {
        return value_wrong(value, 128, "a pattern for file names has at most 128 bytes");
    }
    while (parts != NULL && at < value->text.len) {
        size_t len = value->text.ptr[at] == '{' ? read_part(value, at, &parts[count])
                                                : read_plain(value, at, &parts[count]);
        if (len == 0) {
            return false;
        }
        has_id = has_id || parts[count].kind == CONFIG_NAME_ID;
        count++;
        at += len;
    }
    if (!has_id && parts != NULL) {
        return value_wrong(value, 0, "two messages could get one name; put {id} into it");
    }
    *(struct config_file_name *)slot = (struct config_file_name){.parts = parts, .count = count};
    return parts != NULL;
}

/* ---- Names of other sections ---------------------------------------------------------------- */

/* The name most like this one among the sections of a kind, as a hint. */
static struct value_hint hint_name(const struct value *value, enum config_section section,
                                   hl7_slice name)
{
    char word[CONFIG_NAME_MAX] = "";
    const char *nearest = NULL;

    if (name.len < sizeof word) {
        memcpy(word, name.ptr, name.len);
    }
    for (const struct section *at = value->sections->first; at != NULL; at = at->next) {
        const char *const words[] = {at->name, NULL};
        if (at->section != section || at->defaults || nearest_word(word, words) == NULL) {
            continue;
        }
        if (nearest == NULL || nearest_distance(word, at->name) < nearest_distance(word, nearest)) {
            nearest = at->name;
        }
    }
    return value_hint(nearest);
}

static bool read_name(struct value *value, enum config_section section, size_t offset,
                      hl7_slice name, size_t *items, size_t count)
{
    const struct section *found = sections_find(value->sections, section, name);

    if (found == NULL) {
        return value_wrong(value, offset, "there is no %s '%.*s'%s",
                           config_section_kinds()[section].word, name.len < 64 ? (int)name.len : 64,
                           name.ptr, hint_name(value, section, name).text);
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i] == found->number) {
            return value_wrong(value, offset, "'%s' is in this list already", found->name);
        }
    }
    items[count] = found->number;
    return true;
}

static bool read_names(struct value *value, enum config_section section,
                       struct config_numbers *ret_numbers)
{
    size_t count = value_count(value);
    size_t *items = pool_alloc(value->pool, count, sizeof *items);
    hl7_slice item = {NULL, 0};
    size_t offset = 0;

    if (count == 0 || items == NULL) {
        return false;
    }
    for (size_t i = 0; value_next(value, &offset, &item); i++) {
        if (!read_name(value, section, offset, item, items, i)) {
            return false;
        }
    }
    *ret_numbers = (struct config_numbers){.items = items, .count = count};
    return true;
}

bool value_read_listeners(struct value *value, void *slot)
{
    return read_names(value, CONFIG_LISTENER, slot);
}

bool value_read_destinations(struct value *value, void *slot)
{
    if (hl7_slice_equal(value->text, HL7_TEXT("none"))) {
        *(struct config_numbers *)slot = (struct config_numbers){.items = NULL};
        return true;
    }
    return read_names(value, CONFIG_DESTINATION, slot);
}
