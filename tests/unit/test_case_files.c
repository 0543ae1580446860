/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of cli/case_files.c: reading and replacing the small files of cases. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "case_files.h"
#include "support.h"

static void check_lines(const char *text, const char *lines)
{
    struct memory_block block = {NULL, 0};
    hl7_slice given;

    assert_true(case_file_lines(hl7_slice_of(text), &block, &given));
    assert_slice(given, lines);
    memory_free(&block);
}

static void segments_become_lines_unless_lf_is_data(void **state)
{
    (void)state;
    check_lines("", "");
    check_lines("MSH|a\rPID|b", "MSH|a\nPID|b\n");
    check_lines("MSH|a\rPID|b\r", "MSH|a\nPID|b\n");
    check_lines("MSH|a\nb\rPID|b\r", "MSH|a\nb\rPID|b\r");
}

static void blanks_around_a_text_are_taken_off(void **state)
{
    (void)state;
    assert_slice(case_file_trim(HL7_TEXT(" \r\n\ta b\n ")), "a b");
    assert_slice(case_file_trim(HL7_TEXT(" \n")), "");
}

static void a_file_is_replaced_whole_and_nothing_is_left_beside_it(void **state)
{
    char folder[] = "/tmp/orderly-case-files-XXXXXX";
    char path[64];
    struct memory_block block = {NULL, 0};
    hl7_slice text;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/a", folder);
    assert_int_equal(case_file_write(path, HL7_TEXT("longer than the next")), 0);
    assert_int_equal(case_file_write(path, HL7_TEXT("next")), 0);
    assert_int_equal(case_file_read(path, &block, &text), 0);
    assert_slice(text, "next");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(case_file_read(path, &block, &text), ENOENT);
    (void)snprintf(path, sizeof path, "%s/none/a", folder);
    assert_int_equal(case_file_write(path, HL7_TEXT("x")), ENOENT);
    /* It is empty. */
    assert_int_equal(rmdir(folder), 0);
    memory_free(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_become_lines_unless_lf_is_data),
        cmocka_unit_test(blanks_around_a_text_are_taken_off),
        cmocka_unit_test(a_file_is_replaced_whole_and_nothing_is_left_beside_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
