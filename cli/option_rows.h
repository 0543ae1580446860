/* SPDX-License-Identifier: Apache-2.0
 *
 * option_rows.h - rows of option tables that several verbs have alike. `type` is the verb's options
 * struct; the member has the option's name.
 */
#ifndef ORDERLY_OPTION_ROWS_H
#define ORDERLY_OPTION_ROWS_H

#include "options.h"
#include "../base/text.h"

/* uint64_t max_message */
#define OPTION_ROW_MAX_MESSAGE(type)                                                               \
    {                                                                                              \
        .name = "max-message", .argument = "SIZE", .kind = OPTION_SIZE, .standard = "16M",         \
        .min = 1, .doc = "Skip a message longer than this", OPTION_PLACE(type, max_message)        \
    }

/* const char *charset */
#define OPTION_ROW_CHARSET(type)                                                                   \
    {                                                                                              \
        .name = "charset", .argument = "NAME", .kind = OPTION_TEXT,                                \
        .doc = "The character set of messages that name none in MSH-18; UTF-8 when not given",     \
        OPTION_PLACE(type, charset)                                                                \
    }

/* int color, an enum text_when */
#define OPTION_ROW_COLOR(type)                                                                     \
    {                                                                                              \
        .name = "color", .argument = "WHEN", .kind = OPTION_CHOICE, .choices = text_when_words,    \
        .standard = "auto", .doc = "Use colours: auto (on a terminal), always or never",           \
        OPTION_PLACE(type, color)                                                                  \
    }

#endif
