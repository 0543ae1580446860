/* SPDX-License-Identifier: Apache-2.0
 *
 * How values of the primitive data types are written, version by version. */
#include "support.h"

#include "validate/format.h"

struct format_case {
    enum hl7_type_kind kind;
    enum hl7_version version;
    const char *value;
    bool fits;
};

static void check(const struct format_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hl7_slice value = {edge_copy(cases[i].value, strlen(cases[i].value)),
                           strlen(cases[i].value)};
        bool fits = format_fits(cases[i].kind, cases[i].version, value);

        edge_free((char *)(uintptr_t)value.ptr, value.len);
        if (fits != cases[i].fits) {
            fail_msg("kind %d of version %s: '%s' %s", (int)cases[i].kind,
                     hl7_version_name(cases[i].version), cases[i].value,
                     fits ? "passes" : "does not pass");
        }
    }
}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

static void a_date_has_as_many_parts_as_its_version_allows(void **state)
{
    static const struct format_case cases[] = {
        {HL7_KIND_DATE, HL7_V2_2, "20240229", true},
        {HL7_KIND_DATE, HL7_V2_2, "202402", false},
        {HL7_KIND_DATE, HL7_V2_3, "202402", true},
        {HL7_KIND_DATE, HL7_V2_8_2, "2024", true},
        {HL7_KIND_DATE, HL7_V2_5_1, "20230229", false},
        {HL7_KIND_DATE, HL7_V2_5_1, "2024022", false},
        {HL7_KIND_DATE, HL7_V2_5_1, "2024-02-2", false},
        {HL7_KIND_DATE, HL7_V2_5_1, "20240229120000", false},
        {HL7_KIND_DATE, HL7_V2_5_1, "2024+0100", false},
        {HL7_KIND_DATE, HL7_V2_5_1, "202413", false},
        {HL7_KIND_DATE, HL7_V2_5_1, "x", false},
    };

    (void)state;
    CHECK(cases);
}

static void a_time_of_day_has_hours_minutes_seconds_and_a_zone(void **state)
{
    static const struct format_case cases[] = {
        {HL7_KIND_TIME, HL7_V2_5_1, "1230", true},
        {HL7_KIND_TIME, HL7_V2_5_1, "12", true},
        {HL7_KIND_TIME, HL7_V2_2, "12", false},
        {HL7_KIND_TIME, HL7_V2_2, "1230", true},
        {HL7_KIND_TIME, HL7_V2_5_1, "123059", true},
        {HL7_KIND_TIME, HL7_V2_5_1, "123059.1234+0100", true},
        {HL7_KIND_TIME, HL7_V2_5_1, "123059.12345", false},
        {HL7_KIND_TIME, HL7_V2_5_1, "2400", false},
        {HL7_KIND_TIME, HL7_V2_5_1, "1260", false},
        {HL7_KIND_TIME, HL7_V2_5_1, "12:30", false},
        {HL7_KIND_TIME, HL7_V2_5_1, "+0100", false},
        {HL7_KIND_TIME, HL7_V2_5_1, "12+01", false},
        {HL7_KIND_TIME, HL7_V2_5_1, "123059.1234+0100000000", false},
        {HL7_KIND_TIME, HL7_V2_5_1, "1", false},
    };

    (void)state;
    CHECK(cases);
}

static void a_point_in_time_has_as_many_parts_as_its_version_allows(void **state)
{
    static const struct format_case cases[] = {
        {HL7_KIND_DATE_TIME, HL7_V2_1, "2024", false},
        {HL7_KIND_DATE_TIME, HL7_V2_2, "20240229", true},
        {HL7_KIND_DATE_TIME, HL7_V2_2, "2024022912", false},
        {HL7_KIND_DATE_TIME, HL7_V2_4, "2024022912", false},
        {HL7_KIND_DATE_TIME, HL7_V2_4, "2024", true},
        {HL7_KIND_DATE_TIME, HL7_V2_5, "2024022912", true},
        {HL7_KIND_DATE_TIME, HL7_V2_8_2, "20240229123059.1234-0500", true},
        {HL7_KIND_DATE_TIME, HL7_V2_5_1, "20240229123059.", false},
        {HL7_KIND_DATE_TIME, HL7_V2_5_1, "20240229 1230", false},
        {HL7_KIND_DATE_TIME, HL7_V2_5_1, "2024-02-29", false},
        {HL7_KIND_DATE_TIME, HL7_V2_5_1, "20240229123059+2500", false},
        {HL7_KIND_DATE_TIME, HL7_V2_5_1, "2024+0100", true},
    };

    (void)state;
    CHECK(cases);
}

static void a_number_has_a_sign_digits_and_a_point(void **state)
{
    static const struct format_case cases[] = {
        {HL7_KIND_NUMBER, HL7_V2_5_1, "0", true},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "-123.792", true},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "+1", true},
        {HL7_KIND_NUMBER, HL7_V2_5_1, ".5", true},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "5.", true},
        {HL7_KIND_NUMBER, HL7_V2_5_1, ".", false},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "-", false},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "1,5", false},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "1e5", false},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "<5", false},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "1 ", false},
        {HL7_KIND_NUMBER, HL7_V2_5_1, "1.2.3", false},
        {HL7_KIND_SEQUENCE, HL7_V2_5_1, "1", true},
        {HL7_KIND_SEQUENCE, HL7_V2_5_1, "-1", false},
        {HL7_KIND_SEQUENCE, HL7_V2_5_1, "1.0", false},
    };

    (void)state;
    CHECK(cases);
}

static void any_text_will_do_for_the_other_types(void **state)
{
    static const struct format_case cases[] = {
        {HL7_KIND_TEXT, HL7_V2_5_1, "anything", true}, {HL7_KIND_TEXT, HL7_V2_5_1, "12:30", true},
        {HL7_KIND_TEXT, HL7_V2_5_1, "\\.br\\", true},  {HL7_KIND_CODED, HL7_V2_5_1, "x y", true},
        {HL7_KIND_NONE, HL7_V2_5_1, "?", true},        {HL7_KIND_VARIES, HL7_V2_5_1, "?", true},
    };

    (void)state;
    CHECK(cases);
}

static void a_pattern_tells_what_the_version_asks_for(void **state)
{
    (void)state;
    assert_string_equal(format_pattern(HL7_KIND_DATE, HL7_V2_1), "YYYYMMDD");
    assert_string_equal(format_pattern(HL7_KIND_DATE, HL7_V2_3), "YYYY[MM[DD]]");
    assert_string_equal(format_pattern(HL7_KIND_DATE, HL7_V2_8_2), "YYYY[MM[DD]]");
    assert_string_equal(format_pattern(HL7_KIND_NUMBER, HL7_V2_8_2), "[+|-]digits[.digits]");
    assert_string_equal(format_pattern(HL7_KIND_TEXT, HL7_V2_8_2), "");
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
