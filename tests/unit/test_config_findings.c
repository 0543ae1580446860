/* SPDX-License-Identifier: Apache-2.0
 *
 * The findings of a configuration: in the order of the files, each once, with a bound. */
#include "support.h"

#include <stdio.h>

#include "broker/config/findings.h"

static const struct findings_file first = {"a.ini", {"one\ntwo\n", 8}, 0};
static const struct findings_file second = {"b.ini", {"x\ny\n", 4}, 1};

static void findings_are_sorted_by_file_and_place(void **state)
{
    struct config_report report = {.findings = NULL};
    const struct hl7_diagnostic foreign = {.severity = HL7_WARNING,
                                           .file = HL7_TEXT("t.csv"),
                                           .line = 7,
                                           .column = 3,
                                           .source = HL7_TEXT("F,x"),
                                           .text = "odd"};

    (void)state;
    findings_error(&report, &second, 2, "late %d", 1);
    findings_error(&report, &first, 5, "middle");
    findings_foreign(&report, &first, 5, "t.hl7", &foreign);
    findings_warning(&report, &first, 0, "early");
    findings_unreadable(&report, &second, 2, "gone", "No such file");
    findings_finish(&report);
    assert_int_equal(report.count, 5);
    assert_int_equal(report.errors, 3);
    assert_int_equal(report.warnings, 2);
    assert_int_equal(report.unreadable, 1);
    assert_string_equal(report.findings[0].what.text, "early");
    assert_string_equal(report.findings[1].what.text, "middle");
    assert_int_equal(report.findings[1].what.line, 2);
    assert_int_equal(report.findings[1].what.column, 2);
    assert_slice(report.findings[1].what.source, "two");
    assert_string_equal(report.findings[2].path, "t.hl7");
    assert_int_equal(report.findings[2].what.line, 7);
    assert_slice(report.findings[2].what.file, "t.csv");
    assert_string_equal(report.findings[3].what.text, "late 1");
    assert_string_equal(report.findings[3].path, "b.ini");
    assert_string_equal(report.findings[4].what.text, "cannot read gone: No such file");
    assert_false(report.failed);
    config_report_release(&report);
    assert_int_equal(report.count, 0);
}

static void what_is_said_twice_of_one_place_is_told_once(void **state)
{
    struct config_report report = {.findings = NULL};

    (void)state;
    for (int i = 0; i < 3; i++) {
        findings_warning(&report, &first, 4, "a");
        findings_warning(&report, &first, 4, "b");
        findings_error(&report, &second, 0, "a");
    }
    findings_finish(&report);
    assert_int_equal(report.count, 3);
    assert_int_equal(report.warnings, 2);
    assert_int_equal(report.errors, 1);
    config_report_release(&report);
}

static void a_long_text_is_cut(void **state)
{
    struct config_report report = {.findings = NULL};

    (void)state;
    findings_error(&report, &first, 0, "%0500d", 0);
    findings_finish(&report);
    assert_int_equal(strlen(report.findings[0].what.text), sizeof report.findings[0].what.text - 1);
    config_report_release(&report);
}

static void a_flood_is_counted_and_cut(void **state)
{
    struct config_report report = {.findings = NULL};

    (void)state;
    for (int i = 0; i < 100000; i++) {
        findings_error(&report, &first, 0, "number %d", i);
    }
    findings_finish(&report);
    assert_int_equal(report.count, CONFIG_FINDINGS_MAX + 1);
    assert_int_equal(report.errors, 100000);
    assert_string_equal(report.findings[CONFIG_FINDINGS_MAX - 1].what.text, "number 199");
    assert_string_equal(report.findings[CONFIG_FINDINGS_MAX].what.text,
                        "99800 more findings follow");
    config_report_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_sorted_by_file_and_place),
        cmocka_unit_test(what_is_said_twice_of_one_place_is_told_once),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_flood_is_counted_and_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
