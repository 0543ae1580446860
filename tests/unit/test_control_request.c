/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests: what is taken, and what is refused with which error and sentence. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "../broker/control/request.h"

struct reading {
    struct request request;
    char reason[REQUEST_REASON_MAX];
    char *bytes;
    size_t len;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct reading));
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct reading *reading = *state;

    edge_free(reading->bytes, reading->len);
    free(reading);
    return 0;
}

static enum request_error read_text(struct reading *reading, const char *text)
{
    edge_free(reading->bytes, reading->len);
    reading->len = strlen(text);
    reading->bytes = edge_copy(text, reading->len);
    return request_read(reading->bytes, reading->len, &reading->request, reading->reason);
}

static void a_request_ends_with_an_empty_line(void **state)
{
    (void)state;
    assert_int_equal(request_length((hl7_slice){NULL, 0}), 0);
    assert_int_equal(request_length(HL7_TEXT("request=status\n")), 0);
    assert_int_equal(request_length(HL7_TEXT("request=status\n\n")), 16);
    assert_int_equal(request_length(HL7_TEXT("request=status\n\nrequest=help\n\n")), 16);
}

static void values_are_read_by_their_kinds(void **state)
{
    struct reading *reading = *state;
    const struct request *request = &reading->request;

    assert_int_equal(read_text(reading, "request=messages\npatient=000123\nkey=OBR-18=A=7\n"
                                        "key=visit=V1\nlimit=20\nstate=held\nfrom=5\n"
                                        "control-id=a\\tb\\\\\n\n"),
                     REQUEST_GOOD);
    assert_int_equal(request->id, REQUEST_messages);
    assert_slice(request_text(request, "patient"), "000123");
    assert_slice(request_text(request, "control-id"), "a\tb\\");
    assert_int_equal(request_number(request, "limit", 50), 20);
    assert_int_equal(request_number(request, "from", 0), 5);
    assert_int_equal(request_number(request, "to", 7), 7);
    assert_int_equal(request_number(request, "state", -1), 3);
    assert_int_equal(request_times(request, "key"), 2);
    assert_int_equal(request_get(request, "key")->number, 6);
    assert_null(request_get(request, "accession"));
}

static void every_request_may_say_for_whom_it_is(void **state)
{
    struct reading *reading = *state;

    assert_int_equal(read_text(reading, "request=status\nactor=anna\n\n"), REQUEST_GOOD);
    assert_slice(request_text(&reading->request, "actor"), "anna");
    assert_int_equal(read_text(reading, "request=reload\nactor=anna\nactor=bob\n\n"),
                     REQUEST_BAD_VALUE);
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *text;
        enum request_error error;
        const char *reason;
    } rows[] = {
        {"\n", REQUEST_MALFORMED, "the request is empty"},
        {"status\n\n", REQUEST_MALFORMED, "a line is not NAME=VALUE"},
        {"request=status\tlimit=1\n\n", REQUEST_MALFORMED, "a line is not NAME=VALUE"},
        {"request#=1\n\n", REQUEST_MALFORMED, "a line is not NAME=VALUE"},
        {"request=status\r\n\n", REQUEST_MALFORMED, "a line is not NAME=VALUE"},
        {"limit=1\nrequest=messages\n\n", REQUEST_MALFORMED, "the first line is not request=NAME"},
        {"request=statu\n\n", REQUEST_UNKNOWN, "there is no request 'statu'"},
        {"request=\\x1B[31m\n\n", REQUEST_UNKNOWN, "there is no request '?[31m'"},
        {"request=status\nlimit=1\n\n", REQUEST_UNKNOWN, "'status' has no parameter 'limit'"},
        {"request=messages\nlimit=1\nlimit=2\n\n", REQUEST_BAD_VALUE, "'limit' was given twice"},
        {"request=messages\nlimit=-1\n\n", REQUEST_BAD_VALUE, "'-1' is no number for 'limit'"},
        {"request=messages\nlimit=\n\n", REQUEST_BAD_VALUE, "'' is no number for 'limit'"},
        {"request=messages\nlimit=9999999999999999999\n\n", REQUEST_BAD_VALUE,
         "'9999999999999999999' is no number for 'limit'"},
        {"request=messages\nfrom=today\n\n", REQUEST_BAD_VALUE, "'today' is no time for 'from'"},
        {"request=messages\nstate=odd\n\n", REQUEST_BAD_VALUE, "'odd' is no word for 'state'"},
        {"request=messages\nkey=visit\n\n", REQUEST_BAD_VALUE, "'visit' is no index for 'key'"},
        {"request=messages\nkey==x\n\n", REQUEST_BAD_VALUE, "'=x' is no index for 'key'"},
        {"request=messages\nkey=x=\n\n", REQUEST_BAD_VALUE, "'x=' is no index for 'key'"},
        {"request=messages\npatient=\n\n", REQUEST_BAD_VALUE, "'' is no text for 'patient'"},
        {"request=pause\nall=2\n\n", REQUEST_BAD_VALUE, "'2' is no flag for 'all'"},
        {"request=message\n\n", REQUEST_MISSING, "'message' wants 'id'"},
        {"request=drop\ndelivery=1\n\n", REQUEST_MISSING, "'drop' wants 'why'"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading *reading = *state;

        assert_int_equal(read_text(reading, rows[i].text), rows[i].error);
        assert_string_equal(reading->reason, rows[i].reason);
    }
}

static void a_request_has_so_many_lines_and_no_more(void **state)
{
    struct reading *reading = *state;
    const size_t size = 32 + 8 * (REQUEST_VALUES_MAX + 1);
    char *text = malloc(size);
    size_t len = 0;

    assert_non_null(text);
    len += (size_t)snprintf(text, size, "request=export\n");
    for (int i = 0; i < REQUEST_VALUES_MAX; i++) {
        len += (size_t)snprintf(text + len, size - len, "id=%d\n", 1000 + i % 9000);
    }
    (void)snprintf(text + len, size - len, "\n");
    assert_int_equal(read_text(reading, text), REQUEST_GOOD);
    assert_int_equal(request_times(&reading->request, "id"), REQUEST_VALUES_MAX);
    (void)snprintf(text + len, size - len, "id=1\n\n");
    assert_int_equal(read_text(reading, text), REQUEST_TOO_LARGE);
    free(text);
}

static void every_request_and_parameter_is_described(void **state)
{
    (void)state;
    for (int id = 0; id < REQUEST_COUNT; id++) {
        const struct request_spec *spec = request_spec((enum request_id)id);

        assert_true(strlen(spec->doc) > 10);
        for (const struct request_parameter *at = spec->parameters; at->name != NULL; at++) {
            assert_true(strlen(at->doc) > 5);
            assert_non_null(request_kind_name(at->kind));
            assert_int_equal(at->words != NULL, at->kind == REQUEST_WORD);
        }
    }
    for (int error = 0; error < REQUEST_ERRORS; error++) {
        assert_non_null(request_error_name((enum request_error)error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_ends_with_an_empty_line),
        cmocka_unit_test_setup_teardown(values_are_read_by_their_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_request_may_say_for_whom_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_has_so_many_lines_and_no_more, set_up, tear_down),
        cmocka_unit_test(every_request_and_parameter_is_described),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
