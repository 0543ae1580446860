/* SPDX-License-Identifier: Apache-2.0
 *
 * route.c - see route.h. */
#include "route.h"

#include <string.h>

#include "api.h"

static const struct route table[] = {
#define ROUTE(p_name, p_method, p_path, p_role, p_query, p_doc)                                    \
    {#p_name, METHOD_##p_method, p_path, ROLE_##p_role, p_query, api_##p_name},
#include "routes.tbl"
#undef ROUTE
    {.name = NULL}};

const struct route *routes(void)
{
    return table;
}

enum route_method route_method(const char *name)
{
    static const struct {
        const char *name;
        enum route_method method;
    } rows[] = {{"GET", METHOD_GET},
                {"HEAD", METHOD_GET},
                {"POST", METHOD_POST},
                {"PUT", METHOD_PUT},
                {"DELETE", METHOD_DELETE}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            return rows[i].method;
        }
    }
    return METHOD_OTHER;
}

/* Numbers of messages and the like: 1 to 18 digits. */
static bool is_number(hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return text.len > 0 && text.len <= 18;
}

static bool fits(hl7_slice pattern, hl7_slice part)
{
    if (pattern.len == 0 || pattern.ptr[0] != '{') {
        return hl7_slice_equal(pattern, part);
    }
    if (hl7_slice_equal(pattern, HL7_TEXT("{id}")) ||
        hl7_slice_equal(pattern, HL7_TEXT("{number}"))) {
        return is_number(part);
    }
    return part.len > 0;
}

static bool match(const struct route *route, const char *path, hl7_slice parts[ROUTE_PARTS_MAX])
{
    hl7_slice pattern_rest = hl7_slice_of(route->path);
    hl7_slice path_rest = hl7_slice_of(path);
    hl7_slice pattern;
    hl7_slice part;
    size_t count = 0;

    while (hl7_piece_next(&pattern_rest, '/', &pattern)) {
        if (!hl7_piece_next(&path_rest, '/', &part) || !fits(pattern, part)) {
            return false;
        }
        if (pattern.len > 0 && pattern.ptr[0] == '{') {
            parts[count++] = part;
        }
    }
    return path_rest.ptr == NULL;
}

const struct route *routes_find(enum route_method method, const char *path,
                                hl7_slice parts[ROUTE_PARTS_MAX], bool *ret_known)
{
    hl7_slice found[ROUTE_PARTS_MAX] = {{NULL, 0}};

    *ret_known = false;
    for (const struct route *route = table; route->name != NULL; route++) {
        if (!match(route, path, found)) {
            continue;
        }
        *ret_known = true;
        if (route->method == method) {
            memcpy(parts, found, sizeof found);
            return route;
        }
    }
    return NULL;
}

bool route_has_query(const struct route *route, const char *name)
{
    hl7_slice rest = hl7_slice_of(route->query);
    hl7_slice word;

    while (hl7_piece_next(&rest, ' ', &word)) {
        if (word.len > 0 && hl7_slice_equal(word, hl7_slice_of(name))) {
            return true;
        }
    }
    return false;
}
