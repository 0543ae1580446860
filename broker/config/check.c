/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - what can be said of a configuration only when all of it is read. See load.h. Errors are
 * what could not work; warnings are what works and is hardly meant.
 */
#include "load.h"

#include <assert.h>
#include <string.h>

/* ---- Saying it ------------------------------------------------------------------------------ */

static void wrong(const struct loading *loading, const struct section *section, const char *text)
{
    findings_error(loading->report, &section->file->as, section->position, "%s", text);
}

static void doubt(const struct loading *loading, const struct section *section, const char *text)
{
    findings_warning(loading->report, &section->file->as, section->position, "%s", text);
}

/* A key of the section, as it was given there, be it wrong; NULL when it was not, or to nothing. */
static const struct section_key *given(const struct section *section, const char *name)
{
    const struct section_key *key =
        sections_given(section, config_key_find(section->section, hl7_slice_of(name)));

    return key == NULL || (key->text.len == 0 && !key->told) ? NULL : key;
}

/* The same when it comes from the defaults of its kind. */
const struct section_key *check_given(const struct loading *loading, const struct section *section,
                                      const char *name)
{
    const struct section *defaults = loading->sections.defaults[section->section];
    const struct config_key *row = config_key_find(section->section, hl7_slice_of(name));

    if (sections_given(section, row) == NULL && defaults != NULL) {
        return given(defaults, name);
    }
    return given(section, name);
}

/* The place of a key, or of the section when it has none of that name. */
void check_doubt(const struct loading *loading, const struct section *section, const char *name,
                 const char *text)
{
    const struct section_key *key = check_given(loading, section, name);

    if (key == NULL) {
        doubt(loading, section, text);
    } else {
        findings_warning(loading->report, &key->file->as, key->position, "%s", text);
    }
}

void check_wrong(const struct loading *loading, const struct section *section, const char *name,
                 const char *text)
{
    const struct section_key *key = check_given(loading, section, name);

    if (key == NULL) {
        wrong(loading, section, text);
    } else {
        findings_error(loading->report, &key->file->as, key->position, "%s", text);
    }
}

/* ---- Doors ---------------------------------------------------------------------------------- */

/* The keys that say which kind of door a section is; each has exactly one of them. */
static const char *const listener_doors[] = {"address", "directory", NULL};
static const char *const destination_doors[] = {"mllp", "directory", "command", NULL};

static void check_door(const struct loading *loading, const struct section *section,
                       const char *const *doors, const char *missing)
{
    const struct section_key *first = NULL;

    for (; *doors != NULL; doors++) {
        const struct section_key *key = given(section, *doors);
        if (key != NULL && first != NULL) {
            findings_error(loading->report, &key->file->as, key->position,
                           "'%s' is given already, in line %zu; each %s is one of both",
                           first->key->name, first->line,
                           config_section_kinds()[section->section].word);
        }
        first = first == NULL ? key : first;
    }
    if (first == NULL) {
        wrong(loading, section, missing);
    }
    for (const struct section_key *key = section->keys; key != NULL; key = key->next) {
        if (first != NULL && key->key->door != NULL && given(section, key->key->door) == NULL) {
            findings_warning(loading->report, &key->file->as, key->position,
                             "'%s' has no effect here; it goes with '%s'", key->key->name,
                             key->key->door);
        }
    }
}

/* ---- Listeners ------------------------------------------------------------------------------ */

static bool is_any_host(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static bool same_port(const struct config_address *a, const struct config_address *b)
{
    const char *host_a = config_is_here(a) ? "" : a->host;
    const char *host_b = config_is_here(b) ? "" : b->host;

    return strcmp(a->port, b->port) == 0 && strcmp(a->port, "0") != 0 &&
           (is_any_host(a->host) || is_any_host(b->host) || strcmp(host_a, host_b) == 0);
}

/* What the listener takes from is taken by an earlier one. */
static void check_alone(const struct loading *loading, const struct section *section)
{
    const struct config_listener *listener = &loading->listeners[section->number];

    for (size_t i = 0; i < section->number; i++) {
        const struct config_listener *other = &loading->listeners[i];
        bool both_ports = other->address.host != NULL && listener->address.host != NULL;
        bool both_folders = other->directory != NULL && listener->directory != NULL;
        if ((both_ports && same_port(&other->address, &listener->address)) ||
            (both_folders && strcmp(other->directory, listener->directory) == 0)) {
            const struct section_key *key = given(section, both_ports ? "address" : "directory");
            assert(key != NULL); /* neither can be a default */
            findings_error(loading->report, &key->file->as, key->position,
                           "listener '%s', in line %zu of %.60s, takes this %s already",
                           other->name, other->place.line, other->place.file,
                           both_ports ? "address" : "folder");
            return;
        }
    }
}

/* Numbers of the routes that take from a listener. */
static struct config_numbers find_routes(const struct loading *loading, size_t listener)
{
    size_t count = loading->config.route_count;
    size_t *items = pool_alloc(loading->pool, count, sizeof *items);
    struct config_numbers found = {.items = items};

    for (size_t i = 0; items != NULL && i < count; i++) {
        const struct config_numbers *from = &loading->routes[i].from;
        for (size_t j = 0; j < from->count; j++) {
            if (from->items[j] == listener) {
                items[found.count++] = i;
            }
        }
    }
    return found;
}

/* Whether a key of some route could not be read: then nobody knows where routes lead. */
static bool is_in_doubt(const struct loading *loading, const char *name)
{
    for (const struct section *at = loading->sections.first; at != NULL; at = at->next) {
        const struct section_key *key = at->section == CONFIG_ROUTE ? given(at, name) : NULL;
        if (key != NULL && key->told) {
            return true;
        }
    }
    return false;
}

static bool has_taker(const struct loading *loading, const struct config_listener *listener)
{
    for (size_t i = 0; i < listener->routes.count; i++) {
        const struct config_route *route = &loading->routes[listener->routes.items[i]];
        if (!route->copy && route->to.count > 0) {
            return true;
        }
    }
    return false;
}

static void check_listener(const struct loading *loading, const struct section *section)
{
    struct config_listener *listener = &loading->listeners[section->number];

    check_door(loading, section, listener_doors,
               "a listener needs 'address', for MLLP, or 'directory', for files");
    check_alone(loading, section);
    if (config_is_exposed(listener) && !listener->allow_plaintext) {
        check_wrong(loading, section, "address",
                    "what comes here from other machines is not encrypted; use 'tls', or say with "
                    "'allow-plaintext = yes' that this is known");
    }
    if (listener->address.host != NULL) {
        check_tls(loading, section, &listener->tls);
    }
    listener->routes = find_routes(loading, section->number);
    if (listener->directory != NULL && listener->error_directory == NULL) {
        listener->error_directory = pool_print(loading->pool, "%s/errors", listener->directory);
    }
    if (listener->routes.count == 0 && is_in_doubt(loading, "from")) {
        return;
    }
    if (listener->routes.count == 0) {
        doubt(loading, section,
              "no route takes from this listener; its messages are kept and go nowhere");
    } else if (listener->ack == CONFIG_ACK_DELIVERED && !has_taker(loading, listener)) {
        check_doubt(loading, section, "ack",
                    "no route delivers what 'ack = delivered' would wait for");
    }
}

/* ---- Destinations --------------------------------------------------------------------------- */

static void check_loop(const struct loading *loading, const struct section *section)
{
    const struct config_destination *destination = &loading->destinations[section->number];

    for (size_t i = 0; i < loading->config.listener_count; i++) {
        const struct config_listener *listener = &loading->listeners[i];
        if (listener->directory != NULL && destination->directory != NULL &&
            strcmp(listener->directory, destination->directory) == 0) {
            findings_warning(loading->report, &section->file->as, section->position,
                             "listener '%s' takes what is written to this folder", listener->name);
        }
    }
}

static void check_destination(const struct loading *loading, const struct section *section)
{
    struct config_destination *destination = &loading->destinations[section->number];

    check_door(loading, section, destination_doors,
               "a destination needs 'mllp', 'directory' or 'command'");
    check_loop(loading, section);
    if (destination->mllp.host != NULL) {
        check_tls(loading, section, &destination->tls);
    }
    for (size_t i = 0; i < loading->config.route_count; i++) {
        const struct config_numbers *to = &loading->routes[i].to;
        for (size_t j = 0; j < to->count; j++) {
            destination->used = destination->used || to->items[j] == section->number;
        }
    }
    if (!destination->used && !is_in_doubt(loading, "to")) {
        doubt(loading, section, "no route leads to this destination");
    }
}

/* ---- Routes --------------------------------------------------------------------------------- */

static bool holds(const struct config_numbers *numbers, size_t number)
{
    for (size_t i = 0; i < numbers->count; i++) {
        if (numbers->items[i] == number) {
            return true;
        }
    }
    return false;
}

/* An earlier route that takes all from the listener and lets nothing pass; NULL: there is none. */
static const struct config_route *find_stop(const struct loading *loading, size_t before,
                                            size_t listener)
{
    for (size_t i = 0; i < before; i++) {
        const struct config_route *route = &loading->routes[i];
        if (route->stop && route->when.text == NULL && holds(&route->from, listener)) {
            return route;
        }
    }
    return NULL;
}

/* Whether a message can come to it at all. */
static void check_reached(const struct loading *loading, const struct section *section)
{
    const struct config_route *route = &loading->routes[section->number];
    const struct config_route *stop = NULL;

    for (size_t i = 0; i < route->from.count; i++) {
        stop = find_stop(loading, section->number, route->from.items[i]);
        if (stop == NULL) {
            return;
        }
    }
    if (stop != NULL) {
        findings_warning(
            loading->report, &section->file->as, section->position,
            "no message comes to this route: '%s', in line %zu of %.60s, takes all and "
            "stops",
            stop->name, stop->place.line, stop->place.file);
    }
}

static void check_format(const struct loading *loading, const struct section *section)
{
    const struct config_route *route = &loading->routes[section->number];

    if (route->template == NULL || route->template->file->program == NULL ||
        hl7_template_format(route->template->file->program) == HL7_FORMAT_HL7) {
        return;
    }
    for (size_t i = 0; i < route->to.count; i++) {
        const struct config_destination *to = &loading->destinations[route->to.items[i]];
        if (to->mllp.host != NULL) {
            check_doubt(
                loading, section, "template",
                "what this template makes is no HL7, and one of the destinations is sent it over "
                "MLLP");
            return;
        }
    }
}

static void check_route(const struct loading *loading, const struct section *section)
{
    const struct config_route *route = &loading->routes[section->number];

    if (check_given(loading, section, "from") == NULL) {
        wrong(loading, section, "a route needs 'from': the listeners whose messages it takes");
    }
    if (check_given(loading, section, "to") == NULL) {
        wrong(loading, section,
              "a route needs 'to': destinations, or none for messages that go nowhere");
    }
    if (route->lanes > 1 && check_given(loading, section, "key") == NULL) {
        wrong(loading, section,
              "several lanes need a 'key', such as PID-3.1, that says what has to stay in order");
    }
    if (route->lanes == 1 && given(section, "key") != NULL) {
        check_doubt(loading, section, "key",
                    "a key has no effect with one lane; 'lanes' says how many");
    }
    check_reached(loading, section);
    check_format(loading, section);
}

/* ---- All ------------------------------------------------------------------------------------ */

void load_check(struct loading *loading)
{
    const struct sections *sections = &loading->sections;

    for (const struct section *at = sections->first; at != NULL; at = at->next) {
        if (at->defaults) {
            continue;
        }
        switch (at->section) {
        case CONFIG_ORDERLY:
            break;
        case CONFIG_LISTENER:
            check_listener(loading, at);
            break;
        case CONFIG_DESTINATION:
            check_destination(loading, at);
            break;
        case CONFIG_ROUTE:
            check_route(loading, at);
            break;
        }
    }
    if (sections->counts[CONFIG_LISTENER] == 0 && loading->report->errors == 0) {
        findings_warning(loading->report, &sections->files[0]->as, 0,
                         "there is no [listener NAME]: no message will come in");
    }
}
