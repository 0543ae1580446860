/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of templates: every one by its cases, then what holds of all of them. */
#include "support.h"

#include "template/function.h"

#define NINES_64 "9999999999999999999999999999999999999999999999999999999999999999"

enum { ARGUMENTS_MAX = 5 };

struct page {
    char memory[65536];
    struct hl7_arena arena;
    struct hl7_services services;
    const char *problem;
};

static void count_up(void *context, void *bytes, size_t len)
{
    unsigned char *byte = bytes;

    (void)context;
    for (size_t i = 0; i < len; i++) {
        byte[i] = (unsigned char)(0xf0 + i);
    }
}

static uint64_t next_number(void *context, hl7_slice name)
{
    uint64_t *number = context;

    *number += name.len;
    return *number;
}

static void set_up(struct page *page)
{
    hl7_arena_init(&page->arena, page->memory, sizeof page->memory);
    page->problem = NULL;
    page->services = (struct hl7_services){
        .control_id_prefix = HL7_TEXT("ORD"), .control_id_counter = 41, .random = count_up};
    assert_int_equal(hl7_time_parse(HL7_TEXT("20240502103000+0200"), &page->services.now, NULL),
                     HL7_OK);
}

/* Calls a function with arguments up to the first NULL. */
static enum hl7_code call(struct page *page, const char *name, const char *const *arguments,
                          hl7_slice *ret_value)
{
    const struct function *function = function_find(hl7_slice_of(name));
    hl7_slice slices[ARGUMENTS_MAX];
    size_t count = 0;

    assert_non_null(function);
    for (; count < ARGUMENTS_MAX && arguments[count] != NULL; count++) {
        slices[count] = hl7_slice_of(arguments[count]);
    }
    assert_in_range(count, function->min, function->max);
    return function->run(&(struct call){.arguments = slices,
                                        .count = count,
                                        .arena = &page->arena,
                                        .services = &page->services,
                                        .ret_problem = &page->problem},
                         ret_value);
}

struct function_case {
    const char *name;
    const char *arguments[ARGUMENTS_MAX];
    const char *expected; /* the value, or the problem */
};

static void check_values(const struct function_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct page page;
        hl7_slice value;
        set_up(&page);
        if (call(&page, cases[i].name, cases[i].arguments, &value) != HL7_OK) {
            fail_msg("%s(%s): %s", cases[i].name, cases[i].arguments[0], page.problem);
        }
        if (!hl7_slice_equal(value, hl7_slice_of(cases[i].expected))) {
            print_error("%s('%s', …)\n", cases[i].name, cases[i].arguments[0]);
        }
        assert_slice(value, cases[i].expected);
    }
}

static void functions_of_text(void **state)
{
    static const struct function_case cases[] = {
        {"upper", {"aZ\xc3\xbc^1"}, "AZ\xc3\xbc^1"},
        {"lower", {"aZ\xc3\x9c@["}, "az\xc3\x9c@["},
        {"upper", {""}, ""},
        {"trim", {" \t a b\r\n"}, "a b"},
        {"trim", {"  "}, ""},
        {"trim", {""}, ""},
        {"length", {"M\xc3\xbcller"}, "6"},
        {"length", {""}, "0"},
        {"substr", {"M\xc3\xbcller", "2"}, "\xc3\xbcller"},
        {"substr", {"M\xc3\xbcller", "2", "3"}, "\xc3\xbcll"},
        {"substr", {"M\xc3\xbcller", "-3"}, "ler"},
        {"substr", {"M\xc3\xbcller", "-3", "2"}, "le"},
        {"substr", {"ab", "-3"}, "ab"},
        {"substr", {"ab", "3"}, ""},
        {"substr", {"ab", "999999999999999999", "1"}, ""},
        {"substr", {"ab", "-999999999999999999", "1"}, "a"},
        {"substr", {"ab", "1", "0"}, ""},
        {"substr", {"", "1", "1"}, ""},
        {"pad", {"7", "3"}, "  7"},
        {"pad", {"7", "3", "0"}, "007"},
        {"pad", {"M\xc3\xbc", "4", "\xc2\xb7", "right"}, "M\xc3\xbc\xc2\xb7\xc2\xb7"},
        {"pad", {"7", "3", " ", "left"}, "  7"},
        {"pad", {"1234", "3", "0"}, "1234"},
        {"pad", {"", "2", "x"}, "xx"},
        {"part", {"a-b-c", "-", "1"}, "a"},
        {"part", {"a-b-c", "-", "3"}, "c"},
        {"part", {"a-b-c", "-", "4"}, ""},
        {"part", {"a-b-c", "-", "-1"}, "c"},
        {"part", {"a-b-c", "-", "-3"}, "a"},
        {"part", {"a-b-c", "-", "-4"}, ""},
        {"part", {"a::b:c", "::", "2"}, "b:c"},
        {"part", {"a-", "-", "2"}, ""},
        {"part", {"abc", "-", "1"}, "abc"},
        {"part", {"aab", "ab", "1"}, "a"},
        {"part", {"", "-", "1"}, ""},
        {"replace", {"a-b-c", "-", ""}, "abc"},
        {"replace", {"aaa", "aa", "b"}, "ba"},
        {"replace", {"a", "a", "aa"}, "aa"},
        {"replace", {"abc", "x", "y"}, "abc"},
        {"replace", {"-a-", "-", "+"}, "+a+"},
        {"replace", {"", "x", "y"}, ""},
        {"concat", {"a", "", "b"}, "ab"},
        {"concat", {"a"}, "a"},
        {"join", {" ", "JANE", "", "DOE"}, "JANE DOE"},
        {"join", {", ", "", "a"}, "a"},
        {"join", {"-", ""}, ""},
        {"default", {"", "U"}, "U"},
        {"default", {"F", "U"}, "F"},
        {"default", {"\"\"", "U"}, "\"\""},
        {"first_of", {"", "", "c", "d"}, "c"},
        {"first_of", {""}, ""},
    };

    (void)state;
    check_values(cases, sizeof cases / sizeof *cases);
}

static void functions_of_dates(void **state)
{
    static const struct function_case cases[] = {
        {"now", {NULL}, "20240502103000+0200"},
        {"now", {"%d.%m.%Y"}, "02.05.2024"},
        {"now", {""}, "20240502103000+0200"},
        {"date", {"19800502", "%d.%m.%Y"}, "02.05.1980"},
        {"date", {"198005", "%d.%m.%Y"}, "05.1980"},
        {"date", {"2024-05-02T10:30:00Z"}, "20240502103000+0000"},
        {"date", {"20240502+0200"}, "20240502+0200"},
        {"date", {"", "%Y"}, ""},
        {"date", {"\"\"", "%Y"}, "\"\""},
        {"add_time", {"20240131", "1", "month"}, "20240229"},
        {"add_time", {"202405021030+0200", "-31", "minutes"}, "202405020959+0200"},
        {"add_time", {"2024-12-31", "1", "days"}, "20250101"},
        {"add_time", {"", "1", "days"}, ""},
        {"add_time", {"\"\"", "1", "days"}, "\"\""},
        {"age", {"19800503"}, "43"},
        {"age", {"19800502", ""}, "44"},
        {"age", {"19800502", "20000501"}, "19"},
        {"age", {"20240401", "20240502", "months"}, "1"},
        {"age", {"20240401", "20240502", "days"}, "31"},
        {"age", {""}, ""},
        {"age", {"\"\""}, ""},
    };

    (void)state;
    check_values(cases, sizeof cases / sizeof *cases);
}

static void identifiers_numbers_and_encoders(void **state)
{
    static const struct function_case cases[] = {
        {"uuid", {NULL}, "f0f1f2f3-f4f5-46f7-b8f9-fafbfcfdfeff"},
        {"control_id", {NULL}, "ORD42"},
        {"number", {" +007.50 "}, "7.50"},
        {"number", {"1.5e-2"}, "0.015"},
        {"number", {"-0"}, "0"},
        {"number", {""}, ""},
        {"number", {"\"\""}, "\"\""},
        {"round", {"2.5"}, "3"},
        {"round", {"0.93456", "2"}, "0.93"},
        {"round", {"1e2", "1"}, "100.0"},
        {"round", {"", "2"}, ""},
        {"round", {"\"\"", "2"}, "\"\""},
        {"json", {"say \"a\"\n"}, "say \\\"a\\\"\\n"},
        {"xml", {"a<b"}, "a&lt;b"},
        {"csv", {"a,b"}, "\"a,b\""},
        {"hl7", {"a|b^c\\d\r"}, "a\\F\\b\\S\\c\\E\\d\\X0D\\"},
        {"url", {"a b"}, "a%20b"},
        {"hex", {"AZ"}, "415a"},
        {"base64", {"foob"}, "Zm9vYg=="},
        {"base64_decode", {"Zm9v\r\nYg=="}, "foob"},
        {"sha256", {"abc"}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"sha256", {""}, ""},
    };

    (void)state;
    check_values(cases, sizeof cases / sizeof *cases);
}

static void what_a_function_cannot_take_is_a_bad_value(void **state)
{
    static const struct function_case cases[] = {
        {"substr", {"a", "0"}, "the start is a whole number, from 1 or, from the end, -1"},
        {"substr", {"a", "x"}, "the start is a whole number, from 1 or, from the end, -1"},
        {"substr", {"a", "1", "-1"}, "the length is not a whole number from 0"},
        {"pad", {"a", "10001"}, "the length is not a whole number from 0 to 10000"},
        {"pad", {"a", "-1"}, "the length is not a whole number from 0 to 10000"},
        {"pad", {"a", "3", ""}, "what to fill up with is not one character"},
        {"pad", {"a", "3", "xy"}, "what to fill up with is not one character"},
        {"pad", {"a", "3", "x", "both"}, "the side is neither 'left' nor 'right'"},
        {"part", {"a", "", "1"}, "the separator is empty"},
        {"part", {"a", "-", "0"}, "the piece is a whole number, from 1 or, from the end, -1"},
        {"part", {"a", "-", ""}, "the piece is a whole number, from 1 or, from the end, -1"},
        {"replace", {"a", "", "b"}, "what to replace is empty"},
        {"now", {"%Q"}, "the pattern has a '%' that begins no conversion"},
        {"date", {"19800502", "%"}, "the pattern has a '%' that begins no conversion"},
        {"date", {"02.05.1980", "%Y"}, "the value is not a time"},
        {"add_time", {"x", "1", "days"}, "the value is not a time"},
        {"add_time", {"2024", "1.5", "days"}, "the amount is not a whole number within a billion"},
        {"add_time",
         {"2024", "1000000001", "days"},
         "the amount is not a whole number within a billion"},
        {"add_time",
         {"2024", "1", "fortnights"},
         "the unit is none of seconds, minutes, hours, days, weeks, months and years"},
        {"add_time", {"2024", "1", "days"}, "the time is not as precise as the unit"},
        {"add_time", {"9999", "1", "years"}, "the result is not within the years 1 to 9999"},
        {"age", {"x"}, "the value is not a time"},
        {"age", {"1980", "x"}, "the value is not a time"},
        {"age", {"1980", "", "hours"}, "the unit is none of days, weeks, months and years"},
        {"age", {"1980", "", "x"}, "the unit is none of days, weeks, months and years"},
        {"age", {"1980", "", "days"}, "a time is not as precise as the unit"},
        {"age", {"20240503"}, "the birth is later than the time"},
        {"sequence", {"name"}, "there are no sequences here"},
        {"number", {"1,5"}, "the value is not a number"},
        {"round", {"x"}, "the value is not a number"},
        {"round", {NINES_64 ".5"}, "the value is not a number"},
        {"round", {"1", "21"}, "the digits are not a whole number from 0 to 20"},
        {"round", {"1", ""}, "the digits are not a whole number from 0 to 20"},
        {"base64_decode", {"Zg"}, "the value is not base64"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page;
        hl7_slice value = HL7_TEXT("untouched");
        set_up(&page);
        assert_int_equal(call(&page, cases[i].name, cases[i].arguments, &value), HL7_BAD_VALUE);
        assert_string_equal(page.problem, cases[i].expected);
        assert_slice(value, "untouched");
        assert_int_equal(page.arena.used, 0);
    }
}

static void without_a_service_its_functions_fail(void **state)
{
    static const struct function_case cases[] = {
        {"now", {NULL}, "there is no clock here"},
        {"age", {"1980"}, "there is no clock here"},
        {"uuid", {NULL}, "there is no source of random numbers here"},
        {"sequence", {"n"}, "there are no sequences here"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page;
        hl7_slice value;
        set_up(&page);
        page.services = (struct hl7_services){.control_id_counter = 0};
        assert_int_equal(call(&page, cases[i].name, cases[i].arguments, &value), HL7_BAD_VALUE);
        assert_string_equal(page.problem, cases[i].expected);
    }
}

static void services_count_up(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const three[] = {"abc", NULL};
    uint64_t number = 4;
    struct page page;
    hl7_slice value;

    (void)state;
    set_up(&page);
    page.services.sequence = next_number;
    page.services.sequence_context = &number;
    assert_int_equal(call(&page, "sequence", three, &value), HL7_OK);
    assert_slice(value, "7");
    assert_int_equal(call(&page, "sequence", three, &value), HL7_OK);
    assert_slice(value, "10");
    assert_int_equal(call(&page, "control_id", none, &value), HL7_OK);
    assert_int_equal(call(&page, "control_id", none, &value), HL7_OK);
    assert_slice(value, "ORD43");
    assert_int_equal(page.services.control_id_counter, 43);
}

static void the_table_is_sorted_and_complete(void **state)
{
    size_t count;
    const struct function *table = function_table(&count);

    (void)state;
    assert_int_equal(count, 30);
    for (size_t i = 0; i < count; i++) {
        hl7_slice usage = hl7_slice_of(table[i].usage);
        assert_ptr_equal(function_find(table[i].name), &table[i]);
        assert_true(hl7_slice_starts(usage, table[i].name));
        assert_int_equal(usage.ptr[table[i].name.len], '(');
        assert_true(table[i].min <= table[i].max);
        assert_true(strlen(table[i].doc) > 0);
        assert_true(i == 0 || strcmp(table[i - 1].name.ptr, table[i].name.ptr) < 0);
    }
    assert_null(function_find(HL7_TEXT("uper")));
    assert_null(function_find(HL7_TEXT("")));
}

/* A value for each argument that every function takes in that place, where it can. */
static const char *const usual[ARGUMENTS_MAX] = {"2024", "1", "years", "left", "x"};

static void every_function_takes_absent_arguments(void **state)
{
    size_t functions;
    const struct function *table = function_table(&functions);

    (void)state;
    for (size_t i = 0; i < functions; i++) {
        size_t most = table[i].max < ARGUMENTS_MAX ? table[i].max : ARGUMENTS_MAX;
        for (size_t count = table[i].min; count <= most; count++) {
            hl7_slice absent[ARGUMENTS_MAX] = {{NULL, 0}};
            struct page page;
            hl7_slice value;
            set_up(&page);
            enum hl7_code code = table[i].run(&(struct call){.arguments = absent,
                                                             .count = count,
                                                             .arena = &page.arena,
                                                             .services = &page.services,
                                                             .ret_problem = &page.problem},
                                              &value);
            assert_true(code == HL7_OK || (code == HL7_BAD_VALUE && page.problem != NULL));
        }
    }
}

static void every_function_stops_when_the_arena_is_full(void **state)
{
    size_t functions;
    const struct function *table = function_table(&functions);

    (void)state;
    for (size_t i = 0; i < functions; i++) {
        for (size_t size = 0; size < 80; size++) {
            char memory[80];
            const char *arguments[ARGUMENTS_MAX] = {NULL};
            struct page page;
            hl7_slice value;
            set_up(&page);
            hl7_arena_init(&page.arena, memory, size);
            memcpy(arguments, usual, table[i].min * sizeof *arguments);
            enum hl7_code code = call(&page, table[i].name.ptr, arguments, &value);
            assert_true(code == HL7_OK || code == HL7_NO_MEMORY || code == HL7_BAD_VALUE);
            assert_true(page.arena.used <= size);
            assert_true(code == HL7_OK || page.arena.used == 0);
        }
    }
}

static void long_results_stop_when_the_arena_is_full(void **state)
{
    static const struct function_case cases[] = {
        {"pad", {"", "10000"}, NULL},
        {"replace", {"xxxxxxxxxxxxxxxx", "x", "0123456789abcdef"}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct page page;
        hl7_slice value;
        set_up(&page);
        hl7_arena_init(&page.arena, page.memory, 100);
        assert_int_equal(call(&page, cases[i].name, cases[i].arguments, &value), HL7_NO_MEMORY);
        assert_int_equal(page.arena.used, 0);
    }
}

static void no_function_reads_past_its_arguments(void **state)
{
    static const char text[] = "\xc3\xbc"
                               "2024-05-02T10:30:00.25+02:00";
    size_t functions;
    const struct function *table = function_table(&functions);

    (void)state;
    for (size_t i = 0; i < functions; i++) {
        for (size_t start = 0; start < sizeof text; start++) {
            size_t len = sizeof text - 1 - start;
            char *copy = edge_copy(text + start, len);
            hl7_slice arguments[ARGUMENTS_MAX];
            struct page page;
            hl7_slice value;
            set_up(&page);
            for (size_t k = 0; k < ARGUMENTS_MAX; k++) {
                arguments[k] = k % 2 == 0 ? (hl7_slice){copy, len} : HL7_TEXT("1");
            }
            (void)table[i].run(&(struct call){.arguments = arguments,
                                              .count = table[i].min,
                                              .arena = &page.arena,
                                              .services = &page.services,
                                              .ret_problem = &page.problem},
                               &value);
            edge_free(copy, len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_text),
        cmocka_unit_test(functions_of_dates),
        cmocka_unit_test(identifiers_numbers_and_encoders),
        cmocka_unit_test(what_a_function_cannot_take_is_a_bad_value),
        cmocka_unit_test(without_a_service_its_functions_fail),
        cmocka_unit_test(services_count_up),
        cmocka_unit_test(the_table_is_sorted_and_complete),
        cmocka_unit_test(every_function_takes_absent_arguments),
        cmocka_unit_test(every_function_stops_when_the_arena_is_full),
        cmocka_unit_test(long_results_stop_when_the_arena_is_full),
        cmocka_unit_test(no_function_reads_past_its_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
