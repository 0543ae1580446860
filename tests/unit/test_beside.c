/* SPDX-License-Identifier: Apache-2.0
 *
 * A template's files: each read once, never from outside of its folder, and watched. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "beside.h"

struct folder {
    char path[64];
    char template[96];
};

static void put(const struct folder *folder, const char *name, const char *text)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void link_to(const struct folder *folder, const char *name, const char *target)
{
    char path[160];

    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    assert_int_equal(symlink(target, path), 0);
}

/* t/ with a template, a table, a folder with a table, and links; outside.csv beside t/. */
static int set_up(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    char path[96];

    assert_non_null(folder);
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/orderly-unit-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    put(folder, "outside.csv", "x,secret\n");
    (void)snprintf(path, sizeof path, "%s/t", folder->path);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/t/parts", folder->path);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(folder->template, sizeof folder->template, "%s/t/a.hl7", folder->path);
    put(folder, "t/a.hl7", "the template");
    put(folder, "t/sex.csv", "F,female\n");
    put(folder, "t/parts/b.csv", "part\n");
    put(folder, "t/empty.csv", "");
    link_to(folder, "t/out.csv", "../outside.csv");
    link_to(folder, "t/root", "/");
    link_to(folder, "t/up", "..");
    *state = folder;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *folder = *state;
    static const char *const names[] = {"t/a.hl7",   "t/sex.csv", "t/parts/b.csv", "t/empty.csv",
                                        "t/out.csv", "t/root",    "t/up",          "t/new.csv",
                                        "t/parts",   "t",         "outside.csv"};
    char path[160];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder->path, names[i]);
        (void)remove(path);
    }
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

static enum hl7_code load(struct beside *beside, const char *name, hl7_slice *ret_text)
{
    const struct hl7_loader loader = beside_loader(beside);

    return loader.load(loader.context, hl7_slice_of(name), ret_text);
}

static void files_are_found_from_the_templates_folder_and_read_once(void **state)
{
    const struct folder *folder = *state;
    struct beside beside;
    hl7_slice text = {NULL, 0};
    hl7_slice again = {NULL, 0};

    assert_int_equal(beside_open(&beside, folder->template), 0);
    assert_true(hl7_slice_equal(beside_template(&beside), HL7_TEXT("the template")));
    assert_int_equal(load(&beside, "sex.csv", &text), HL7_OK);
    assert_true(hl7_slice_equal(text, HL7_TEXT("F,female\n")));
    assert_int_equal(load(&beside, "parts/b.csv", &again), HL7_OK);
    assert_true(hl7_slice_equal(again, HL7_TEXT("part\n")));
    put(folder, "t/sex.csv", "F,other\n");
    assert_int_equal(load(&beside, "sex.csv", &again), HL7_OK);
    assert_ptr_equal(again.ptr, text.ptr);
    assert_int_equal(beside.count, 3);
    assert_int_equal(load(&beside, "empty.csv", &again), HL7_OK);
    assert_int_equal(again.len, 0);
    assert_non_null(again.ptr);
    beside_close(&beside);
}

static void no_name_leaves_the_folder(void **state)
{
    static const char *const names[] = {
        "out.csv",        "root/etc/passwd", "up/outside.csv",
        "../outside.csv", "/etc/passwd",     "parts/../../outside.csv",
        "parts",          "gone.csv",        ""};
    const struct folder *folder = *state;
    struct beside beside;
    hl7_slice text = {NULL, 0};

    assert_int_equal(beside_open(&beside, folder->template), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(load(&beside, names[i], &text), HL7_NOT_FOUND);
        assert_null(text.ptr);
    }
    beside_close(&beside);
}

static void the_walk_follows_no_link_and_no_dots(void **state)
{
    static const char *const names[] = {"out.csv",      "up/outside.csv",   "../outside.csv",
                                        "/etc/passwd",  "parts/../sex.csv", "./sex.csv",
                                        "parts//b.csv", "sex.csv/x",        "",
                                        "parts/"};
    const struct folder *folder = *state;
    char path[96];
    char byte = '\0';

    (void)snprintf(path, sizeof path, "%s/t", folder->path);
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(directory >= 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(beside_walk(directory, names[i]), -1);
    }
    int fd = beside_walk(directory, "parts/b.csv");
    assert_true(fd >= 0);
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(byte, 'p');
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(directory), 0);
}

static void a_change_of_any_file_is_seen(void **state)
{
    const struct folder *folder = *state;
    hl7_slice text = {NULL, 0};

    for (int i = 0; i < 4; i++) {
        struct beside beside;

        assert_int_equal(beside_open(&beside, folder->template), 0);
        assert_int_equal(load(&beside, "sex.csv", &text), HL7_OK);
        assert_int_equal(load(&beside, "new.csv", &text), i == 3 ? HL7_OK : HL7_NOT_FOUND);
        assert_false(beside_changed(&beside));
        switch (i) {
        case 0:
            put(folder, "t/a.hl7", "another template");
            break;
        case 1:
            put(folder, "t/sex.csv", "F,feminine\n");
            break;
        case 2:
            put(folder, "t/new.csv", "it came\n");
            break;
        default: {
            char path[160];
            (void)snprintf(path, sizeof path, "%s/t/new.csv", folder->path);
            assert_int_equal(remove(path), 0);
        }
        }
        assert_true(beside_changed(&beside));
        beside_close(&beside);
    }
}

static void a_template_that_is_gone_is_not_a_change(void **state)
{
    const struct folder *folder = *state;
    struct beside beside;

    assert_int_equal(beside_open(&beside, folder->template), 0);
    assert_int_equal(remove(folder->template), 0);
    assert_false(beside_changed(&beside));
    beside_close(&beside);
    assert_int_equal(beside_open(&beside, folder->template), ENOENT);
    beside_close(&beside);
}

static void a_file_is_named_as_a_person_would(void **state)
{
    static const struct {
        const char *path;
        const char *file;
        const char *shown;
    } cases[] = {{"a/t.hl7", "sex.csv", "a/sex.csv"},
                 {"t.hl7", "parts/x.hl7", "parts/x.hl7"},
                 {"/t.hl7", "x", "/x"},
                 {"a/t.hl7", "", "a/t.hl7"},
                 {"-", "", "standard input"},
                 {"-", "x.csv", "x.csv"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char shown[64];

        beside_name(cases[i].path, hl7_slice_of(cases[i].file), shown, sizeof shown);
        assert_string_equal(shown, cases[i].shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_found_from_the_templates_folder_and_read_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_name_leaves_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_walk_follows_no_link_and_no_dots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_of_any_file_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_template_that_is_gone_is_not_a_change, set_up, tear_down),
        cmocka_unit_test(a_file_is_named_as_a_person_would),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
