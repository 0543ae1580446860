/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_version.c - `orderly version`.
 */
#include "../base/json.h"
#include "verb.h"

#ifndef ORDERLY_VERSION
#define ORDERLY_VERSION "0"
#endif

struct version_options {
    bool json;
};

static int version_run(const struct verb_call *call)
{
    const struct version_options *options = call->options;
    struct json json;

    if (!options->json) {
        puts("orderly " ORDERLY_VERSION);
        return VERB_DONE;
    }
    json_to_file(&json, stdout);
    json_open_object(&json);
    json_key(&json, "name");
    json_text_of(&json, "orderly");
    json_key(&json, "version");
    json_text_of(&json, ORDERLY_VERSION);
    json_end(&json);
    json_line(&json);
    return VERB_DONE;
}

static const struct option version_option_table[] = {{.name = "json",
                                                      .kind = OPTION_FLAG,
                                                      .doc = "Print a JSON object",
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
