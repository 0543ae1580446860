/* SPDX-License-Identifier: Apache-2.0
 *
 * The paths that a configuration names. */
#include "config_try.h"

#include <stdio.h>

struct heard {
    char text[4096];
    size_t top; /* bytes of the folder's name, which is left out */
};

static void hear(void *context, const char *path, enum config_use use)
{
    static const char *const words[] = {
        [CONFIG_USE_READ] = "read", [CONFIG_USE_WRITE] = "write", [CONFIG_USE_MADE] = "made"};
    struct heard *heard = context;
    size_t len = strlen(heard->text);

    (void)snprintf(heard->text + len, sizeof heard->text - len, "%s %s\n", words[use],
                   strlen(path) > heard->top ? path + heard->top : path);
}

static void every_path_is_told_with_what_it_is_for(void **state)
{
    struct config_try attempt;
    struct heard heard = {.text = ""};

    (void)state;
    config_try_open(&attempt);
    config_try_expect(
        &attempt,
        "[orderly]\ndata = d\ncontrol = c/sock\naudit = a/log\nallow-folders = spare, backups\n"
        "[listener a]\ndirectory = in\ndone-directory = done\n"
        "[destination x]\ndirectory = out\n[route r]\nfrom = a\nto = x\n",
        "");
    heard.top = strlen(attempt.config->path) - strlen("main.ini");
    config_each_path(attempt.config, hear, &heard);
    assert_string_equal(heard.text, "write d\nmade c/sock\nwrite spare\nwrite backups\nmade a/log\n"
                                    "write in\nwrite done\nwrite in/errors\nwrite out\n"
                                    "read main.ini\n");
    config_try_close(&attempt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_is_told_with_what_it_is_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
