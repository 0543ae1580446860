/* SPDX-License-Identifier: Apache-2.0
 *
 * The templates of a configuration: each file compiled once. */
#include "support.h"

#include "folder.h"

#include "broker/config/template_list.h"

static void each_file_is_compiled_once(void **state)
{
    struct config_pool *pool = pool_new();
    struct template_list list;
    struct folder folder;
    bool is_new = false;

    (void)state;
    folder_make(&folder);
    folder_write_text(&folder, "a.hl7", "MSH|^~\\&|A\n");
    folder_write_text(&folder, "bad.hl7", "MSH|^~\\&|A\n{uper(PID-5)}\n");
    assert_non_null(pool);
    assert_true(template_list_init(&list, pool, 3));
    const char *path = pool_text(pool, hl7_slice_of(folder_path(&folder, "a.hl7")));
    const struct config_template *a = template_list_add(&list, pool, path, &is_new);
    assert_non_null(a);
    assert_true(is_new);
    assert_non_null(a->file->program);
    assert_ptr_equal(template_list_add(&list, pool, folder_path(&folder, "a.hl7"), &is_new), a);
    assert_false(is_new);
    const char *bad_path = pool_text(pool, hl7_slice_of(folder_path(&folder, "bad.hl7")));
    const struct config_template *bad = template_list_add(&list, pool, bad_path, &is_new);
    assert_non_null(bad);
    assert_true(is_new);
    assert_null(bad->file->program);
    assert_int_equal(bad->file->findings->line, 2);
    const char *gone_path = pool_text(pool, hl7_slice_of(folder_path(&folder, "gone.hl7")));
    const struct config_template *gone = template_list_add(&list, pool, gone_path, &is_new);
    assert_non_null(gone);
    assert_string_not_equal(gone->file->problem, "");
    assert_int_equal(list.count, 3);
    template_list_close(&list);
    template_list_close(&list);
    pool_free(&pool);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_compiled_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
