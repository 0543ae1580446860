/* SPDX-License-Identifier: Apache-2.0
 *
 * File names: what the parts become, what hostile messages become, that all is bounded. */
#include "support.h"

#include "../broker/deliver/file_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct config_name_part all_parts[] = {
    {CONFIG_NAME_ID, NULL},     {CONFIG_NAME_TEXT, "."},      {CONFIG_NAME_CONTROL_ID, NULL},
    {CONFIG_NAME_TEXT, "."},    {CONFIG_NAME_TYPE, NULL},     {CONFIG_NAME_TEXT, "."},
    {CONFIG_NAME_EVENT, NULL},  {CONFIG_NAME_TEXT, "."},      {CONFIG_NAME_ROUTE, NULL},
    {CONFIG_NAME_TEXT, "."},    {CONFIG_NAME_LISTENER, NULL}, {CONFIG_NAME_TEXT, "."},
    {CONFIG_NAME_DATE, NULL},   {CONFIG_NAME_TEXT, "."},      {CONFIG_NAME_TIME, NULL},
    {CONFIG_NAME_TEXT, ".hl7"},
};
static const struct config_file_name everything = {all_parts,
                                                   sizeof all_parts / sizeof all_parts[0]};

static const struct config_name_part foreign_parts[] = {
    {CONFIG_NAME_CONTROL_ID, NULL},
    {CONFIG_NAME_TYPE, NULL},
    {CONFIG_NAME_EVENT, NULL},
    {CONFIG_NAME_ID, NULL},
};
static const struct config_file_name foreign = {foreign_parts, 4};

static struct door_letter letter(hl7_slice control_id, hl7_slice type)
{
    return (struct door_letter){
        .control_id = control_id,
        .id = 42,
        .received = INT64_C(1795702502) * 1000000 + 999999,
        .type = type,
        .listener = HL7_TEXT("orders"),
        .route = HL7_TEXT("orders-to-ris"),
    };
}

static void every_part_says_what_it_stands_for(void **state)
{
    char name[FILE_NAME_SIZE];
    struct door_letter good = letter(HL7_TEXT("MSG00001"), HL7_TEXT("ORM^O01^ORM_O01"));

    (void)state;
    assert_int_equal(setenv("TZ", "UTC-1", 1), 0);
    tzset();
    assert_true(file_name_write(&everything, &good, name));
    assert_string_equal(name,
                        "000000000042.MSG00001.ORM.O01.orders-to-ris.orders.20261126.151502.hl7");
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void names_of_later_messages_sort_behind(void **state)
{
    static const struct config_name_part parts[] = {{CONFIG_NAME_ID, NULL},
                                                    {CONFIG_NAME_TEXT, ".hl7"}};
    static const struct config_file_name pattern = {parts, 2};
    struct door_letter first = letter(HL7_TEXT("A"), HL7_TEXT("ADT^A01"));
    struct door_letter second = first;
    char names[2][FILE_NAME_SIZE];

    (void)state;
    first.id = 999999;
    second.id = 1000000;
    assert_true(file_name_write(&pattern, &first, names[0]));
    assert_true(file_name_write(&pattern, &second, names[1]));
    assert_true(strcmp(names[0], names[1]) < 0);
    second.id = INT64_MAX;
    assert_true(file_name_write(&pattern, &second, names[1]));
    assert_string_equal(names[1], "9223372036854775807.hl7");
}

static void what_a_message_says_never_leaves_the_folder(void **state)
{
    const struct {
        hl7_slice control_id;
        hl7_slice type;
        const char *name;
    } cases[] = {
        {HL7_TEXT("../../etc/passwd"), HL7_TEXT("ADT^A01"), "______etc_passwdADTA01000000000042"},
        {HL7_TEXT(".."), HL7_TEXT("..^/"), "_____000000000042"},
        {HL7_TEXT(""), HL7_TEXT(""), "___000000000042"},
        {HL7_TEXT("-rf"), HL7_TEXT("A"), "_rfA_000000000042"},
        {HL7_TEXT("a\nb\rc\0d\xff"), HL7_TEXT("\x1b[2J^\xc3\xa4"), "a_b_c_d___2J__000000000042"},
        {HL7_TEXT("a b.tmp"), HL7_TEXT("^^"), "a_b_tmp__000000000042"},
    };
    char name[FILE_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct door_letter hostile = letter(cases[i].control_id, cases[i].type);
        assert_true(file_name_write(&foreign, &hostile, name));
        assert_string_equal(name, cases[i].name);
    }
}

static void check_safe(const char *name)
{
    size_t len = strlen(name);

    assert_in_range(len, 1, FILE_NAME_MAX);
    assert_true(name[0] != '.' && name[0] != '-');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        assert_true(c > 0x20 && c < 0x7f && c != '/' && c != '\\');
    }
}

static void any_bytes_give_a_safe_name_with_the_id_in_it(void **state)
{
    struct random_state random;
    char name[FILE_NAME_SIZE];
    char bytes[600];

    (void)state;
    random_init(&random, 4);
    for (int i = 0; i < 20000; i++) {
        size_t len = random_below(&random, sizeof bytes + 1);
        size_t cut = random_below(&random, len + 1);
        random_fill(&random, bytes, len);
        char *copy = edge_copy(bytes, len);
        struct door_letter any = letter((hl7_slice){copy, cut}, (hl7_slice){copy + cut, len - cut});
        assert_true(
            file_name_write(random_once_in(&random, 2) ? &foreign : &everything, &any, name));
        edge_free(copy, len);
        check_safe(name);
        assert_non_null(strstr(name, "000000000042"));
    }
}

static void long_parts_are_cut_until_all_fits(void **state)
{
    char long_id[300];
    char text[171];
    struct config_name_part parts[] = {
        {CONFIG_NAME_CONTROL_ID, NULL}, {CONFIG_NAME_TEXT, text}, {CONFIG_NAME_ID, NULL}};
    struct config_file_name pattern = {parts, 3};
    char name[FILE_NAME_SIZE];

    (void)state;
    memset(long_id, 'x', sizeof long_id);
    memset(text, 't', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct door_letter long_one = letter((hl7_slice){long_id, sizeof long_id}, HL7_TEXT("A"));
    assert_true(file_name_write(&pattern, &long_one, name));
    assert_int_equal(strlen(name), 16 + 170 + 12);
    (void)snprintf(text, sizeof text, "%020d", 0);
    assert_true(file_name_write(&pattern, &long_one, name));
    assert_int_equal(strlen(name), FILE_NAME_PART_MAX + 20 + 12);
}

static void a_pattern_that_is_too_long_by_itself_is_refused(void **state)
{
    char text[FILE_NAME_MAX + 1];
    struct config_name_part parts[] = {{CONFIG_NAME_TEXT, text}, {CONFIG_NAME_ID, NULL}};
    struct config_file_name pattern = {parts, 2};
    struct config_file_name nothing = {parts, 0};
    struct door_letter any = letter(HL7_TEXT("A"), HL7_TEXT("A"));
    char name[FILE_NAME_SIZE] = "untouched";

    (void)state;
    memset(text, 't', sizeof text - 1);
    text[FILE_NAME_MAX] = '\0';
    assert_false(file_name_write(&pattern, &any, name));
    assert_false(file_name_write(&nothing, &any, name));
    assert_string_equal(name, "untouched");
}

static void the_configuration_cannot_leave_the_folder_either(void **state)
{
    static const struct config_name_part parts[] = {{CONFIG_NAME_TEXT, "../a/b\n"},
                                                    {CONFIG_NAME_ID, NULL}};
    static const struct config_file_name pattern = {parts, 2};
    struct door_letter any = letter(HL7_TEXT("A"), HL7_TEXT("A"));
    char name[FILE_NAME_SIZE];

    (void)state;
    assert_true(file_name_write(&pattern, &any, name));
    assert_string_equal(name, "_._a_b_000000000042");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_says_what_it_stands_for),
        cmocka_unit_test(names_of_later_messages_sort_behind),
        cmocka_unit_test(what_a_message_says_never_leaves_the_folder),
        cmocka_unit_test(any_bytes_give_a_safe_name_with_the_id_in_it),
        cmocka_unit_test(long_parts_are_cut_until_all_fits),
        cmocka_unit_test(a_pattern_that_is_too_long_by_itself_is_refused),
        cmocka_unit_test(the_configuration_cannot_leave_the_folder_either),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
