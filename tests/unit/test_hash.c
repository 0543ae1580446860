/* SPDX-License-Identifier: Apache-2.0
 *
 * What a template is known by: the digest of its text, and of the files it is made of. */
#include "support.h"

static char memory[65536];

struct folder {
    const char *name;
    const char *text;
};

static enum hl7_code load(void *context, hl7_slice name, hl7_slice *ret_text)
{
    const struct folder *file = context;

    if (!hl7_slice_equal(name, hl7_slice_of(file->name))) {
        return HL7_NOT_FOUND;
    }
    *ret_text = hl7_slice_of(file->text);
    return HL7_OK;
}

static const char *hash_of(const char *text, struct folder *beside, char hex[HL7_TEMPLATE_HASH])
{
    const struct hl7_loader loader = {.load = load, .context = beside};
    const struct hl7_compiling how = {.loader = beside != NULL ? &loader : NULL};
    const struct hl7_template *program = NULL;
    struct hl7_diagnostic *findings = NULL;
    struct hl7_arena arena;

    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_template_compile(hl7_slice_of(text), &how, &arena, &program, &findings),
                     HL7_OK);
    hl7_template_hash(program, hex);
    return hex;
}

/* The digests are those of the standard's examples: what sha256sum prints. */
static void one_file_is_known_by_its_sha256(void **state)
{
    char hex[HL7_TEMPLATE_HASH];

    (void)state;
    assert_string_equal(hash_of("abc", NULL, hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(hash_of("", NULL, hex),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void each_file_beside_it_counts(void **state)
{
    struct folder cases[] = {
        {"a.hl7", "PID|1"}, {"a.hl7", "PID|2"}, {"a.hl7", ""}, {"b.hl7", "PID|1"}};
    const char *texts[] = {"{include 'a.hl7'}", "{include 'a.hl7'}", "{include 'a.hl7'}",
                           "{include 'b.hl7'}"};
    char hex[4][HL7_TEMPLATE_HASH];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        (void)hash_of(texts[i], &cases[i], hex[i]);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(hex[i], hex[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_file_is_known_by_its_sha256),
        cmocka_unit_test(each_file_beside_it_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
