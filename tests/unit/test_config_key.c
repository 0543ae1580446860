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

/* The key that says what kind of door a section is, so that the key that is tried has an effect. */
static const char *door_line(enum config_section section, const struct config_key *key)
{
    const char *door = key->section == section ? key->door : NULL;

    if (door != NULL && strcmp(door, "directory") == 0) {
        return "directory = d";
    }
    if (door != NULL && strcmp(door, "command") == 0) {
        return "command = c";
    }
    return section == CONFIG_LISTENER ? "address = localhost:2575" : "mllp = localhost:2575";
}

/* A configuration that is right, with a line about the key in its section. */
static void load_with(struct config_try *attempt, const struct config_key *key, const char *line)
{
    const char *lines[CONFIG_SECTION_KINDS] = {"", "", "", ""};
    char text[1000];

    lines[key->section] = line;
    (void)snprintf(text, sizeof text,
                   "[orderly]\n%s\n[listener in]\n%s\n%s\n[destination out]\n%s\n%s\n"
                   "[route r]\nfrom = in\nto = out\n%s\n",
                   lines[CONFIG_ORDERLY], door_line(CONFIG_LISTENER, key), lines[CONFIG_LISTENER],
                   door_line(CONFIG_DESTINATION, key), lines[CONFIG_DESTINATION],
                   lines[CONFIG_ROUTE]);
    config_try_expect(attempt, text, "");
}

/* A default is written into a configuration; it has to mean what it means when it is not given. */
static void every_default_can_be_written_and_changes_nothing(void **state)
{
    struct config_try attempt;

    (void)state;
    config_try_open(&attempt);
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        char line[100];
        size_t count = 0;

        (void)snprintf(line, sizeof line, "%s = %s", key->name, key->standard);
        load_with(&attempt, key, key->standard[0] == '\0' ? "" : line);
        struct config *given = attempt.config;
        attempt.config = NULL;
        load_with(&attempt, key, "");
        struct config_difference *differences = config_diff(given, attempt.config, &count);
        assert_int_equal(count, 4);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(differences[i].change, CONFIG_SAME);
        }
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
