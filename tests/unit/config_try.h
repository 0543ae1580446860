/* SPDX-License-Identifier: Apache-2.0
 *
 * config_try.h - a configuration in a folder of its own, loaded, with its findings as text.
 */
#ifndef TESTS_UNIT_CONFIG_TRY_H
#define TESTS_UNIT_CONFIG_TRY_H

#include "broker/config/config.h"
#include "folder.h"
#include "support.h"

struct config_try {
    struct folder folder;
    struct config *config; /* NULL: it was not loaded */
    struct config_report report;
    enum config_answer answer;
    char findings[16384]; /* "3:8: unknown key 'x'\n", "routes/a.ini:1:1: warning: ...\n" */
};

/* Makes the folder. More files may be put into it before something is loaded. */
void config_try_open(struct config_try *attempt);

/* Loads this text as the file main.ini, in place of what was loaded before. */
void config_try_load(struct config_try *attempt, const char *text);

/* Loads it and wants exactly these findings; "" for a configuration that is right. */
void config_try_expect(struct config_try *attempt, const char *text, const char *findings);

void config_try_close(struct config_try *attempt);

#endif
