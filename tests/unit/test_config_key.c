/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of keys: what is true of every row, and how one is found. */
#include "config_try.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/config/key.h"

static void every_row_is_whole(void **state)
{
    (void)state;
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        size_t len = strlen(key->doc);

        assert_int_equal(key->width, key->type->width);
        assert_true(key->place + key->width <= config_section_kinds()[key->section].width);
        assert_ptr_equal(config_key_find(key->section, hl7_slice_of(key->name)), key);
        assert_true(key->min <= key->max && key->max <= INT64_MAX);
        assert_true(len > 10 && key->doc[len - 1] != '.' && key->doc[0] >= 'A' &&
                    key->doc[0] <= 'Z');
        assert_null(strstr(key->doc, "  "));
        if (key->door != NULL) {
            const struct config_key *door = config_key_find(key->section, hl7_slice_of(key->door));
            assert_non_null(door);
            assert_true(door->own && door->door == NULL && !key->own);
        }
        for (const char *c = key->name; *c != '\0'; c++) {
            assert_true((*c >= 'a' && *c <= 'z') || *c == '-');
        }
    }
}

static void no_two_keys_share_a_member(void **state)
{
    (void)state;
    for (const struct config_key *a = config_keys(); a->name != NULL; a++) {
        for (const struct config_key *b = config_keys(); b != a; b++) {
            assert_false(a->section == b->section && a->place == b->place);
        }
    }
}

/* A default is written into a configuration; it has to mean what it means when it is not given. */
static void every_default_can_be_written_and_changes_nothing(void **state)
{
    static const char *const heads[] = {
        [CONFIG_ORDERLY] = "[orderly]\n",
        [CONFIG_LISTENER] = "[listener in]\n%s\n",
        [CONFIG_DESTINATION] = "[destination out]\n%s\n",
        [CONFIG_ROUTE] = "[route r]\nfrom = in\nto = out\n",
    };
    static const char *const doors[CONFIG_SECTION_KINDS] = {
        [CONFIG_LISTENER] = "address", [CONFIG_DESTINATION] = "mllp"};
    struct config_try attempt;

    (void)state;
    config_try_open(&attempt);
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        const char *door = key->door != NULL ? key->door : doors[key->section];
        char line[100] = "";
        char text[1000] = "";
        size_t len = 0;

        if (key->standard[0] == '\0') {
            continue;
        }
        for (int kind = 0; kind < CONFIG_SECTION_KINDS; kind++) {
            const char *own = (int)key->section == kind ? door : doors[kind];
            (void)snprintf(line, sizeof line, "%s = %s", own == NULL ? "" : own,
                           own != NULL && strcmp(own, "directory") == 0 ? "d"
                           : own != NULL && strcmp(own, "command") == 0 ? "c"
                                                                        : "localhost:2575");
            const char *mark = strstr(heads[kind], "%s");
            len += (size_t)snprintf(
                text + len, sizeof text - len, "%.*s%s%s",
                mark == NULL ? (int)strlen(heads[kind]) : (int)(mark - heads[kind]), heads[kind],
                mark == NULL ? "" : line, mark == NULL ? "" : "\n");
            if ((int)key->section == kind) {
                len += (size_t)snprintf(text + len, sizeof text - len, "%s = %s\n", key->name,
                                        key->standard);
            }
        }
        config_try_expect(&attempt, text, "");
        struct config *given = attempt.config;
        attempt.config = NULL;
        char *cut = strstr(text, key->name);
        *cut = ';';
        config_try_expect(&attempt, text, "");
        size_t count = 0;
        struct config_difference *differences = config_diff(given, attempt.config, &count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(differences[i].change, CONFIG_SAME);
        }
        assert_int_equal(count, 4);
        free(differences);
        config_free(&given);
    }
    config_try_close(&attempt);
}

static void words_that_are_like_a_key_or_a_section_are_found(void **state)
{
    (void)state;
    assert_string_equal(config_key_nearest(CONFIG_LISTENER, HL7_TEXT("max_message")),
                        "max-message");
    assert_string_equal(config_key_nearest(CONFIG_LISTENER, HL7_TEXT("ADDRESS")), "address");
    assert_null(config_key_nearest(CONFIG_LISTENER, HL7_TEXT("xyzzy")));
    assert_null(config_key_nearest(CONFIG_LISTENER, HL7_TEXT("")));
    assert_null(config_key_find(CONFIG_LISTENER, HL7_TEXT("stop")));
    assert_string_equal(config_section_nearest(HL7_TEXT("rout")), "route");
    assert_string_equal(config_section_nearest(HL7_TEXT("default")), "defaults");
    assert_null(config_section_find(HL7_TEXT("defaults")));
    assert_int_equal(config_section_find(HL7_TEXT("route"))->section, CONFIG_ROUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(no_two_keys_share_a_member),
        cmocka_unit_test(every_default_can_be_written_and_changes_nothing),
        cmocka_unit_test(words_that_are_like_a_key_or_a_section_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
