/* SPDX-License-Identifier: Apache-2.0
 *
 * A stored message to what a destination gets: templates, character sets, refusals, and control ids that
 * repeat. */
#include "support.h"

#include "broker/deliver/convert.h"

#include <stdio.h>
#include <stdlib.h>

static char folder[] = "/tmp/convert.XXXXXX";
static char path[64];
static struct services services;
static struct convert convert;

static int make_folder(void **state)
{
    (void)state;
    services_open(&services, NULL);
    convert = (struct convert){.services = &services, .charset = TEXT_CHARSET_NONE};
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/t.hl7", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    convert_free(&convert);
    services_close(&services);
    (void)unlink(path);
    return rmdir(folder);
}

/* A template with this text; to be unloaded. */
static struct template_file template_of(const char *text)
{
    struct template_file template;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_true(template_open(&template, path));
    return template;
}

/* Converts with a template (NULL: none) and checks what comes of it; `expected` is the bytes or, for
 * other outcomes, a part of the reason. */
static void check(const char *text, const struct convert_input *input, enum convert_outcome outcome,
                  const char *expected)
{
    struct template_file template = {.path = NULL};
    struct convert_input with = *input;
    char reason[256];
    hl7_slice bytes;

    if (text != NULL) {
        template = template_of(text);
        with.file = &template;
    }
    assert_int_equal(convert_message(&convert, &with, &bytes, reason), outcome);
    if (outcome == CONVERT_DONE) {
        assert_slice(bytes, expected);
    } else if (strstr(reason, expected) == NULL) {
        fail_msg("the reason is \"%s\"", reason);
    }
    if (text != NULL) {
        template_unload(&template);
    }
}

#define ORM "MSH|^~\\&|S|F|R|G|20260101||ORM^O01|C7|P|2.5\rPID|1||0007||M\xc3\xbcller\r"
#define LATIN "MSH|^~\\&|S|F|R|G|20260101||ORM^O01|C7|P|2.5||||||8859/1\rPID|1||0007||M\xfcller\r"

static const struct convert_input plain = {.bytes = {ORM, sizeof ORM - 1}};

static void without_a_template_the_bytes_go_as_they_came(void **state)
{
    static const struct convert_input odd = {.bytes = {"no HL7 \xff", 8}};

    (void)state;
    check(NULL, &plain, CONVERT_DONE, ORM);
    check(NULL, &odd, CONVERT_DONE, "no HL7 \xff");
}

static void a_template_makes_the_message(void **state)
{
    (void)state;
    check("{PID-3}/{PID-5}", &plain, CONVERT_DONE, "0007/M\xc3\xbcller");
}

static void a_refusal_is_an_error_and_nothing_at_all_is_filtered(void **state)
{
    (void)state;
    check("{if PID-3 = '0007'}{reject 'AE' 'no order'}{end}x", &plain, CONVERT_REFUSED, "no order");
    check("{if PID-3 = '1'}x{end}", &plain, CONVERT_FILTERED, "makes nothing");
}

static void an_error_says_where(void **state)
{
    (void)state;
    check("\n\n  {required(PID-19)}", &plain, CONVERT_FAILED, "t.hl7:3:");
}

static void what_is_no_message_cannot_be_converted(void **state)
{
    static const struct convert_input odd = {.bytes = {"PID|1", 5}};

    (void)state;
    check("{PID-3}", &odd, CONVERT_FAILED, "byte 0");
}

static void json_is_utf8_whatever_the_message_was(void **state)
{
    static const struct convert_input latin = {.bytes = {LATIN, sizeof LATIN - 1}};
    static const struct convert_input unnamed = {.bytes = {"MSH|^~\\&|\rPID|||||M\xfcller\r", 25},
                                                 .source_charset = "ISO-8859-1"};

    (void)state;
    check("{output json}{\"name\": \"{PID-5}\"}", &latin, CONVERT_DONE,
          "{\"name\": \"M\xc3\xbcller\"}");
    check("{output json}{\"name\": \"{PID-5}\"}", &unnamed, CONVERT_DONE,
          "{\"name\": \"M\xc3\xbcller\"}");
}

static void a_destination_may_want_another_character_set(void **state)
{
    struct convert_input input = plain;

    (void)state;
    input.source_charset = "UTF-8";
    input.target_charset = "ISO-8859-1";
    check("{PID-5}", &input, CONVERT_DONE, "M\xfcller");
    input.target_charset = "UTF-8";
    check("{PID-5}", &input, CONVERT_DONE, "M\xc3\xbcller");
    input.target_charset = "ISO-8859-1";
    check("{PID-5} \xe2\x82\xac", &input, CONVERT_FAILED, "has no place in ISO-8859-1");
}

/* Rule 28: what is repeated can be known by its control id. */
static void a_delivery_has_the_same_control_id_each_time_and_another_has_another(void **state)
{
    struct template_file template = template_of("{control_id()}");
    struct convert_input input = plain;
    char ids[5][32];
    char reason[256];
    char memory[CONTROL_ID_SIZE];

    (void)state;
    input.file = &template;
    for (int i = 0; i < 5; i++) {
        hl7_slice bytes;

        input.received = 1767225600000000 + (i == 3);
        input.delivery = 7 + (i == 2);
        assert_int_equal(convert_message(&convert, &input, &bytes, reason), CONVERT_DONE);
        (void)snprintf(ids[i], sizeof ids[i], "%.*s", (int)bytes.len, bytes.ptr);
        (void)services_control_id(&services, memory); /* answers take theirs in between */
        assert_memory_not_equal(memory, bytes.ptr, bytes.len);
    }
    template_unload(&template);
    assert_string_equal(ids[0], ids[1]);
    assert_string_equal(ids[0], ids[4]);
    assert_string_not_equal(ids[0], ids[2]);
    assert_string_not_equal(ids[0], ids[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_template_the_bytes_go_as_they_came),
        cmocka_unit_test(a_template_makes_the_message),
        cmocka_unit_test(a_refusal_is_an_error_and_nothing_at_all_is_filtered),
        cmocka_unit_test(an_error_says_where),
        cmocka_unit_test(what_is_no_message_cannot_be_converted),
        cmocka_unit_test(json_is_utf8_whatever_the_message_was),
        cmocka_unit_test(a_destination_may_want_another_character_set),
        cmocka_unit_test(a_delivery_has_the_same_control_id_each_time_and_another_has_another),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
