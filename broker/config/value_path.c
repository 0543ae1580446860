/* SPDX-License-Identifier: Apache-2.0
 *
 * value_path.c - paths into messages. Part of value.h.
 */
#include "value.h"

#include <string.h>

/* Names that messages are found by anyway. */
static const char *const taken_names[] = {"control-id", "type",  "event",    "patient", "accession",
                                          "time",       "state", "listener", "id",      NULL};

static bool read_path(struct value *value, size_t offset, hl7_slice text, struct hl7_path *ret_path)
{
    struct hl7_error error;
    struct hl7_path path;

    if (hl7_path_parse(text, &path, &error) != HL7_OK) {
        return value_wrong(value, offset + error.position, "%s", error.text);
    }
    if (path.field == 0) {
        return value_wrong(value, offset + text.len,
                           "this names a segment; a field has to follow, as in PID-3.1");
    }
    *ret_path = path;
    return true;
}

bool value_read_hl7_path(struct value *value, void *slot)
{
    return read_path(value, 0, value->text, slot);
}

bool value_read_hl7_paths(struct value *value, void *slot)
{
    size_t count = value_count(value);
    struct hl7_path *items = pool_alloc(value->pool, count, sizeof *items);
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
    *(struct config_paths *)slot = (struct config_paths){.items = items, .count = count};
    return true;
}

/* ---- PV1-19 as visit ------------------------------------------------------------------------ */

static bool is_name(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && (i == 0 || (!(c >= '0' && c <= '9') && c != '-'))) {
            return false;
        }
    }
    return name.len > 0 && name.len <= CONFIG_NAME_MAX;
}

static bool check_index(struct value *value, size_t offset, const struct config_index *items,
                        size_t count)
{
    const char *name = items[count].name;

    for (size_t i = 0; taken_names[i] != NULL; i++) {
        if (strcmp(taken_names[i], name) == 0) {
            return value_wrong(value, offset,
                               "messages are found by '%s' anyway; take another name", name);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].name, name) == 0) {
            return value_wrong(value, offset, "'%s' is in this list already", name);
        }
    }
    return true;
}

static bool read_index(struct value *value, size_t offset, hl7_slice item,
                       struct config_index *ret_index)
{
    const char *as = memmem(item.ptr, item.len, " as ", 4);
    hl7_slice text = {item.ptr, as == NULL ? item.len : (size_t)(as - item.ptr)};
    hl7_slice name = text;

    if (as != NULL) {
        name = hl7_slice_part(item, text.len + 4, item.len);
        while (name.len > 0 && name.ptr[0] == ' ') {
            name = hl7_slice_part(name, 1, name.len);
        }
        while (text.len > 0 && text.ptr[text.len - 1] == ' ') {
            text.len--;
        }
        if (!is_name(name)) {
            return value_wrong(value, offset + (size_t)(name.ptr - item.ptr),
                               "a name begins with a letter and is made of a to z, 0 to 9 and '-'");
        }
    }
    if (!read_path(value, offset, text, &ret_index->path)) {
        return false;
    }
    ret_index->text = pool_text(value->pool, text);
    ret_index->name = pool_text(value->pool, name);
    return ret_index->text != NULL && ret_index->name != NULL;
}

bool value_read_indexes(struct value *value, void *slot)
{
    size_t count = value_count(value);
    struct config_index *items = pool_alloc(value->pool, count, sizeof *items);
    hl7_slice item = {NULL, 0};
    size_t offset = 0;

    if (count == 0 || items == NULL) {
        return false;
    }
    for (size_t i = 0; value_next(value, &offset, &item); i++) {
        if (!read_index(value, offset, item, &items[i]) || !check_index(value, offset, items, i)) {
            return false;
        }
    }
    *(struct config_indexes *)slot = (struct config_indexes){.items = items, .count = count};
    return true;
}
