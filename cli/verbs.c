/* SPDX-License-Identifier: Apache-2.0
 *
 * verbs.c - the table of verbs and what all verbs share: finding one by name, complaining.
 */
#include "verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/log.h"

static const struct verb *const verbs[] = {
#define VERB(name) &verb_##name,
#include "verbs.tbl"
#undef VERB
    NULL};

const struct verb *const *verb_table(void)
{
    return verbs;
}

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (strcmp(verbs[i]->name, name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

int verb_misuse(const struct verb *verb, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_plain(verb->name, format, arguments);
    va_end(arguments);
    fprintf(stderr, "see 'orderly %s --help'\n", verb->name);
    return VERB_MISUSE;
}

int verb_failed(const struct verb *verb, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_plain(verb->name, format, arguments);
    va_end(arguments);
    return VERB_FAILED;
}

int verb_worst(int a, int b)
{
    return a > b ? a : b;
}
