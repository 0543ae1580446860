/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_version.c - `orderly version`: which one this is, what was built into it, and which libraries it
 * really runs with. `make sbom` says the same of a build, from the outside.
 */
#include <gnu/libc-version.h>
#include <stdio.h>

#include "../base/json.h"
#include "../base/loaded.h"
#include "../net/tls.h"
#include "verb.h"

#ifdef ORDERLY_WITH_BROKER
#include "../broker/journal/journal.h"
#endif

#ifndef ORDERLY_VERSION
#define ORDERLY_VERSION "0"
#endif

struct version_options {
    bool json;
};

/* ---- What there is to tell ------------------------------------------------------------------ */

static bool has_broker(void)
{
#ifdef ORDERLY_WITH_BROKER
    return true;
#else
    return false;
#endif
}

static bool has_page(void)
{
#ifdef ORDERLY_WITH_WEB
    return true;
#else
    return false;
#endif
}

static const char *sqlite_version(void)
{
#ifdef ORDERLY_WITH_BROKER
    return journal_library_version();
#else
    return NULL;
#endif
}

/* What is left out when it is not built in. */
static const struct {
    const char *name;
    bool (*is_built)(void);
} version_parts[] = {{"broker", has_broker}, {"tls", tls_is_built}, {"page", has_page}};

/* What libraries say of themselves. */
static const struct {
    const char *name;
    const char *(*version)(void);
} version_libraries[] = {
    {"glibc", gnu_get_libc_version}, {"sqlite", sqlite_version}, {"openssl", tls_version}};

enum {
    PARTS = sizeof version_parts / sizeof version_parts[0],
    LIBRARIES = sizeof version_libraries / sizeof version_libraries[0]
};

/* ---- JSON ----------------------------------------------------------------------------------- */

/* The program is the first one, and has no path; what the kernel puts in has no folder. */
static void put_object(void *context, const char *path, const char *id)
{
    struct json *json = context;

    if (path[0] != '/') {
        return;
    }
    json_open_object(json);
    json_key(json, "file");
    json_text_of(json, path);
    json_key(json, "build_id");
    json_text_of(json, id[0] != '\0' ? id : NULL);
    json_end(json);
}

static void put_id(void *context, const char *path, const char *id)
{
    if (path[0] == '\0') {
        struct json *json = context;

        json_key(json, "build_id");
        json_text_of(json, id[0] != '\0' ? id : NULL);
    }
}

static void put_parts(struct json *json)
{
    json_key(json, "parts");
    json_open_object(json);
    for (size_t i = 0; i < PARTS; i++) {
        json_key(json, version_parts[i].name);
        json_bool(json, version_parts[i].is_built());
    }
    json_end(json);
    json_key(json, "libraries");
    json_open_object(json);
    for (size_t i = 0; i < LIBRARIES; i++) {
        const char *version = version_libraries[i].version();

        if (version != NULL) {
            json_key(json, version_libraries[i].name);
            json_text_of(json, version);
        }
    }
    json_end(json);
}

static void print_json(void)
{
    struct json json;

    json_to_file(&json, stdout);
    json_open_object(&json);
    json_key(&json, "name");
    json_text_of(&json, "orderly");
    json_key(&json, "version");
    json_text_of(&json, ORDERLY_VERSION);
    loaded_each(put_id, &json);
    put_parts(&json);
    json_key(&json, "loaded");
    json_open_array(&json);
    loaded_each(put_object, &json);
    json_end(&json);
    json_end(&json);
    json_line(&json);
}

/* ---- The verb ------------------------------------------------------------------------------- */

static int version_run(const struct verb_call *call)
{
    const struct version_options *options = call->options;

    if (options->json) {
        print_json();
    } else {
        puts("orderly " ORDERLY_VERSION);
    }
    return VERB_DONE;
}

static const struct option version_option_table[] = {
    {.name = "json",
     .kind = OPTION_FLAG,
     .doc = "Print a JSON object: the version, what is built in, and the libraries that are loaded",
     OPTION_PLACE(struct version_options, json)},
    {.name = NULL}};

const struct verb verb_version = {
    .name = "version",
    .summary = "Show the version",
    .usage = "",
    .options = version_option_table,
    .options_size = sizeof(struct version_options),
    .operands = VERB_TAKES_NOTHING,
    .run = version_run,
};
