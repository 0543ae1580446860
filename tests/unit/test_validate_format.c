/* SPDX-License-Identifier: Apache-2.0
 *
 * How values of the primitive data types are written, version by version. */
#include "support.h"

#include "validate/format.h"

struct format_case {
    const char *type;
    unsigned version;
    const char *value;
    bool fits;
};

static void check(const struct format_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum format format = format_of(hl7_slice_of(cases[i].type));
        hl7_slice value = {edge_copy(cases[i].value, strlen(cases[i].value)),
                           strlen(cases[i].value)};
        bool fits = format_fits(format, cases[i].version, value);

        edge_free((char *)(uintptr_t)value.ptr, value.len);
        if (fits != cases[i].fits) {
            fail_msg("%s of version %u: '%s' %s", cases[i].type, cases[i].version, cases[i].value,
                     fits ? "passes" : "does not pass");
        }
    }
}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

static void a_date_has_as_many_parts_as_its_version_allows(void **state)
{
    static const struct format_case cases[] = {
        {"DT", 220, "20240229", true},   {"DT", 220, "202402", false},
        {"DT", 230, "202402", true},     {"DT", 282, "2024", true},
        {"DT", 251, "20230229", false},  {"DT", 251, "2024022", false},
        {"DT", 251, "2024-02-2", false}, {"DT", 251, "20240229120000", false},
        {"DT", 251, "2024+0100", false}, {"DT", 251, "202413", false},
        {"DT", 251, "x", false},
    };

    (void)state;
    CHECK(cases);
}

static void a_time_of_day_has_hours_minutes_seconds_and_a_zone(void **state)
{
    static const struct format_case cases[] = {
        {"TM", 251, "1230", true},
        {"TM", 251, "12", true},
        {"TM", 220, "12", false},
        {"TM", 220, "1230", true},
        {"TM", 251, "123059", true},
        {"TM", 251, "123059.1234+0100", true},
        {"TM", 251, "123059.12345", false},
        {"TM", 251, "2400", false},
        {"TM", 251, "1260", false},
        {"TM", 251, "12:30", false},
        {"TM", 251, "+0100", false},
        {"TM", 251, "12+01", false},
        {"TM", 251, "123059.1234+0100000000", false},
        {"TM", 251, "1", false},
    };

    (void)state;
    CHECK(cases);
}

static void a_point_in_time_has_as_many_parts_as_its_version_allows(void **state)
{
    static const struct format_case cases[] = {
        {"TS", 210, "2024", false},
        {"TS", 220, "20240229", true},
        {"TS", 220, "2024022912", false},
        {"TS", 240, "2024022912", false},
        {"TS", 240, "2024", true},
        {"TS", 250, "2024022912", true},
        {"DTM", 282, "20240229123059.1234-0500", true},
        {"DTM", 251, "20240229123059.", false},
        {"DTM", 251, "20240229 1230", false},
        {"DTM", 251, "2024-02-29", false},
        {"DTM", 251, "20240229123059+2500", false},
        {"DTM", 251, "2024+0100", true},
    };

    (void)state;
    CHECK(cases);
}

static void a_number_has_a_sign_digits_and_a_point(void **state)
{
    static const struct format_case cases[] = {
        {"NM", 251, "0", true},    {"NM", 251, "-123.792", true}, {"NM", 251, "+1", true},
        {"NM", 251, ".5", true},   {"NM", 251, "5.", true},       {"NM", 251, ".", false},
        {"NM", 251, "-", false},   {"NM", 251, "1,5", false},     {"NM", 251, "1e5", false},
        {"NM", 251, "<5", false},  {"NM", 251, "1 ", false},      {"NM", 251, "1.2.3", false},
        {"SI", 251, "1", true},    {"SI", 251, "-1", false},      {"SI", 251, "1.0", false},
        {"SNM", 282, "+49", true}, {"SNM", 282, "+", false},      {"SNM", 282, "4 9", false},
    };

    (void)state;
    CHECK(cases);
}

static void any_text_will_do_for_the_other_types(void **state)
{
    static const struct format_case cases[] = {
        {"ST", 251, "anything", true}, {"TX", 251, "12:30", true}, {"FT", 251, "\\.br\\", true},
        {"ID", 251, "x y", true},      {"ZZZ", 251, "?", true},    {"", 251, "?", true},
    };

    (void)state;
    CHECK(cases);
}

static void a_pattern_tells_what_the_version_asks_for(void **state)
{
    (void)state;
    assert_string_equal(format_pattern(FORMAT_DATE, 210), "YYYYMMDD");
    assert_string_equal(format_pattern(FORMAT_DATE, 230), "YYYY[MM[DD]]");
    assert_string_equal(format_pattern(FORMAT_DATE, 282), "YYYY[MM[DD]]");
    assert_string_equal(format_pattern(FORMAT_NUMBER, 282), "[+|-]digits[.digits]");
    assert_string_equal(format_pattern(FORMAT_TEXT, 282), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_has_as_many_parts_as_its_version_allows),
        cmocka_unit_test(a_time_of_day_has_hours_minutes_seconds_and_a_zone),
        cmocka_unit_test(a_point_in_time_has_as_many_parts_as_its_version_allows),
        cmocka_unit_test(a_number_has_a_sign_digits_and_a_point),
        cmocka_unit_test(any_text_will_do_for_the_other_types),
        cmocka_unit_test(a_pattern_tells_what_the_version_asks_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
