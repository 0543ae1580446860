/* SPDX-License-Identifier: Apache-2.0
 *
 * api_settings.c - the configuration in force, certificates, versions: to look at; and the past. */
#include <gnu/libc-version.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "certificate.h"

#ifndef ORDERLY_VERSION
#define ORDERLY_VERSION "0"
#endif

static void append(json_t *whole, const char *list, json_t *item)
{
    (void)json_array_append_new(json_object_get(whole, list), item);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static void add_part(json_t *whole, const char *name, const char *version, const char *licence)
{
    const char *known = version != NULL ? version : "of the system";
    json_t *component = json_pack("{s:s,s:s,s:[{s:{s:s}}]}", "type", "library", "name", name,
                                  "licenses", "license", "id", licence);

    if (version != NULL) {
        (void)json_object_set_new(component, "version", json_string(version));
    }
    append(whole, "versions",
           json_pack("{s:s,s:s,s:s}", "name", name, "version", known, "licence", licence));
    (void)json_array_append_new(json_object_get(json_object_get(whole, "sbom"), "components"),
                                component);
}

static void add_parts(json_t *whole)
{
    (void)json_object_set_new(whole, "sbom",
                              json_pack("{s:s,s:s,s:i,s:[]}", "bomFormat", "CycloneDX",
                                        "specVersion", "1.5", "version", 1, "components"));
#define PART(name, version, licence, doc) add_part(whole, name, version, licence);
#include "parts.tbl"
#undef PART
}

/* ---- This program's own ---------------------------------------------------------------------- */

static void add_own(json_t *whole, const struct setup *setup)
{
    for (const struct setup_key *key = setup_keys(); key->name != NULL; key++) {
        char memory[32];
        size_t line = setup->lines[0][key - setup_keys()];

        if (key->part != PART_WEB) {
            continue;
        }
        json_t *item = json_pack(
            "{s:s,s:o}", "key", key->name, "value",
            text_json(hl7_slice_of(setup_value(key, &setup->web, memory, sizeof memory))));
        if (line > 0) {
            (void)json_object_set_new(item, "file", text_json(hl7_slice_of(setup->path)));
            (void)json_object_set_new(item, "line", json_integer((json_int_t)line));
        }
        append(whole, "web", item);
    }
    if (setup->web.tls_cert != NULL) {
        certificates_add(json_object_get(whole, "certificates"), setup->web.tls_cert);
    }
}

/* ---- The broker's ---------------------------------------------------------------------------- */

static bool is_certificate(hl7_slice key)
{
    static const char *const names[] = {"tls-cert", "tls-ca", "cert", "ca"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (hl7_slice_equal(key, hl7_slice_of(names[i]))) {
            return true;
        }
    }
    return false;
}

/* A path of the broker's configuration is meant from where that file is. */
static void add_certificate(json_t *whole, const struct record *record)
{
    hl7_slice value = record_get(record, "value");
    hl7_slice file = record_get(record, "file");
    const char *slash = file.len > 0 ? memrchr(file.ptr, '/', file.len) : NULL;
    size_t front =
        slash != NULL && value.len > 0 && value.ptr[0] != '/' ? (size_t)(slash - file.ptr) + 1 : 0;
    char *path = NULL;

    if (value.len > 0 && asprintf(&path, "%.*s%.*s", (int)front, front > 0 ? file.ptr : "",
                                  (int)value.len, value.ptr) > 0) {
        certificates_add(json_object_get(whole, "certificates"), path);
        free(path);
    }
}

/* "[listener orders]" */
static json_t *section_json(const struct record *record)
{
    hl7_slice section = record_get(record, "section");
    hl7_slice name = record_get(record, "name");

    return json_sprintf("[%.*s%s%.*s]", (int)section.len, section.len > 0 ? section.ptr : "",
                        name.len > 0 ? " " : "", (int)name.len, name.len > 0 ? name.ptr : "");
}

static void take_setting(json_t *whole, const struct record *record)
{
    if (record_is(record, "file")) {
        append(whole, "files", text_json(record_get(record, "path")));
    }
    if (!record_is(record, "setting")) {
        return;
    }
    json_t *item = record_json(record);
    (void)json_object_set_new(item, "section", section_json(record));
    (void)json_object_del(item, "name");
    if (record_find(record, "file") == NULL) {
        (void)json_object_set_new(item, "standard", json_true());
    }
    append(whole, "keys", item);
    if (is_certificate(record_get(record, "key"))) {
        add_certificate(whole, record);
    }
}

void api_settings(struct exchange *exchange)
{
    struct control_link link;
    const struct record *record = NULL;
    json_t *whole = NULL;

    if (!exchange_ask(exchange, &link)) {
        return;
    }
    whole =
        json_pack("{s:[],s:[],s:[],s:[],s:[]}", "keys", "files", "certificates", "web", "versions");
    exchange_request(exchange, &link, "configuration");
    while ((record = control_link_next(&link)) != NULL) {
        take_setting(whole, record);
    }
    add_own(whole, &exchange->web->setup);
    add_parts(whole);
    exchange_finish(exchange, &link, whole);
    control_link_close(&link);
}

/* ---- The past -------------------------------------------------------------------------------- */

enum { STEPS_MAX = 720, STEPS_STANDARD = 120 };

/* Numbers with commas between, as a list. */
static json_t *numbers_json(hl7_slice text)
{
    json_t *list = json_array();
    hl7_slice piece;

    while (text.len > 0 && hl7_piece_next(&text, ',', &piece)) {
        json_int_t number = 0;

        for (size_t i = 0; i < piece.len && piece.ptr[i] >= '0' && piece.ptr[i] <= '9'; i++) {
            number = number * 10 + (piece.ptr[i] - '0');
        }
        (void)json_array_append_new(list, json_integer(number));
    }
    return list;
}

static void take_past(json_t *whole, const struct record *record)
{
    static const char *const lists[] = {"counts", "latencies", "depths"};

    if (record_is(record, "history")) {
        json_t *head = record_json(record);
        (void)json_object_del(head, "steps");
        (void)json_object_update(whole, head);
        json_decref(head);
    }
    if (!record_is(record, "series")) {
        return;
    }
    json_t *series = record_json(record);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (record_find(record, lists[i]) != NULL) {
            (void)json_object_set_new(series, lists[i], numbers_json(record_get(record, lists[i])));
        }
    }
    append(whole, "series", series);
}

void api_history(struct exchange *exchange)
{
    struct control_link link;
    const struct record *record = NULL;
    int64_t steps = 0;

    if (!exchange_query_number(exchange, "steps", 1, STEPS_MAX, STEPS_STANDARD, &steps) ||
        !exchange_ask(exchange, &link)) {
        return;
    }
    json_t *whole = json_pack("{s:[]}", "series");
    exchange_request(exchange, &link, "history");
    control_link_add_number(&link, "steps", steps);
    while ((record = control_link_next(&link)) != NULL) {
        take_past(whole, record);
    }
    exchange_finish(exchange, &link, whole);
    control_link_close(&link);
}
