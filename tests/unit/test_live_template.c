/* SPDX-License-Identifier: Apache-2.0
 *
 * A template that changes while it is in use: the new one takes effect, a bad one does not. */
#include "support.h"

#include "live_template.h"

#include <stdio.h>
#include <stdlib.h>

static char folder[] = "/tmp/live_template.XXXXXX";
static char path[64];
static char table[64];

static void write_file(const char *name, const char *text)
{
    char fresh[80];
    FILE *file = NULL;

    /* Another file each time, as careful editors do: its times may be equal, its number is not. */
    (void)snprintf(fresh, sizeof fresh, "%s.new", name);
    file = fopen(fresh, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, name), 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/t.hl7", folder);
    (void)snprintf(table, sizeof table, "%s/sex.csv", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(table);
    return rmdir(folder);
}

static size_t length_in_force(const struct live_template *live)
{
    hl7_slice name;
    hl7_slice text;

    assert_non_null(live->current.program);
    assert_true(hl7_template_file(live->current.program, 0, &name, &text));
    return text.len;
}

static void a_changed_template_takes_effect_and_a_bad_one_does_not(void **state)
{
    struct live_template live = {.current = {.path = NULL}};

    (void)state;
    assert_false(live_template_refresh(&live)); /* nothing is loaded yet */
    write_file(path, "a");
    assert_true(live_template_load(&live, path));
    assert_int_equal(length_in_force(&live), 1);
    assert_false(live_template_refresh(&live));
    write_file(path, "ab{PID-");
    assert_false(live_template_refresh(&live));
    assert_int_equal(length_in_force(&live), 1);
    assert_false(live_template_refresh(&live)); /* the same bad version */
    write_file(path, "abc");
    assert_true(live_template_refresh(&live));
    assert_int_equal(length_in_force(&live), 3);
    write_file(path, ""); /* about to be written */
    assert_false(live_template_refresh(&live));
    assert_int_equal(length_in_force(&live), 3);
    live_template_release(&live);
}

static void a_changed_table_makes_another_version(void **state)
{
    struct live_template live = {.current = {.path = NULL}};

    (void)state;
    write_file(table, "M,male\n");
    write_file(path, "{map('sex', PID-8, '?')}");
    assert_true(live_template_load(&live, path));
    assert_false(live_template_refresh(&live));
    write_file(table, "M,male\nF,female\n");
    assert_true(live_template_refresh(&live));
    assert_int_equal(unlink(table), 0);
    assert_false(live_template_refresh(&live)); /* the last good one stays */
    assert_non_null(live.current.program);
    live_template_release(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_template_takes_effect_and_a_bad_one_does_not),
        cmocka_unit_test(a_changed_table_makes_another_version),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
