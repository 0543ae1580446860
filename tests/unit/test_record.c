/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: what is written is read back, any bytes at all, and nothing else is read. */
#include "support.h"

#include <stdlib.h>

#include "record.h"

/* A copy that record_read may change, and that ends where reading has to end. */
static bool read_text(const char *text, struct record *ret_record)
{
    static char *copy = NULL;
    static size_t len = 0;

    edge_free(copy, len);
    len = strlen(text);
    copy = edge_copy(text, len);
    return record_read(copy, len, ret_record);
}

static void a_record_is_a_line_of_fields(void **state)
{
    struct record_writer writer = {0};

    (void)state;
    record_begin(&writer, "lane");
    record_number(&writer, "id", -3);
    record_time(&writer, "oldest", 1795701600000000);
    record_bool(&writer, "leased", true);
    record_bool(&writer, "paused", false);
    record_text(&writer, "why", HL7_TEXT(""));
    record_string(&writer, "route", "orders");
    record_end(&writer);
    record_line(&writer, "end");
    assert_slice(record_slice(&writer), "record=lane\tid#=-3\toldest@=1795701600000000\tleased?=1\t"
                                        "paused?=0\twhy=\troute=orders\nend\n");
    record_release(&writer);
}

static void what_is_absent_is_left_out(void **state)
{
    struct record_writer writer = {0};

    (void)state;
    record_begin(&writer, "lane");
    record_text(&writer, "a", (hl7_slice){NULL, 0});
    record_string(&writer, "b", NULL);
    record_time(&writer, "c", 0);
    record_end(&writer);
    assert_slice(record_slice(&writer), "record=lane\n");
    record_release(&writer);
}

static void cutting_takes_back_what_came_behind(void **state)
{
    struct record_writer writer = {0};

    (void)state;
    record_begin(&writer, "one");
    record_end(&writer);
    size_t mark = writer.len;
    record_begin(&writer, "two");
    record_number(&writer, "n", 1);
    record_cut(&writer, mark);
    record_begin(&writer, "three");
    record_end(&writer);
    assert_slice(record_slice(&writer), "record=one\nrecord=three\n");
    record_release(&writer);
}

static void fields_are_read_by_name_and_type(void **state)
{
    struct record record;

    (void)state;
    assert_true(read_text("record=message\tid#=12\treceived@=5\theld?=1\tbytes=MSH|^~\\\\&\\r\\x0B"
                          "\tempty=",
                          &record));
    assert_int_equal(record.count, 6);
    assert_true(record_is(&record, "message"));
    assert_false(record_is(&record, "lane"));
    assert_int_equal(record_get_number(&record, "id"), 12);
    assert_int_equal(record_find(&record, "received")->type, RECORD_TIME);
    assert_int_equal(record_find(&record, "held")->type, RECORD_BOOL);
    assert_slice(record_get(&record, "bytes"), "MSH|^~\\&\r\x0b");
    assert_non_null(record_get(&record, "empty").ptr);
    assert_null(record_get(&record, "absent").ptr);
    assert_int_equal(record_get_number(&record, "absent"), 0);
    assert_false(record_is(&(struct record){.count = 0}, "x"));
}

static void anything_else_is_no_record(void **state)
{
    static const char *const lines[] = {"",
                                        "=",
                                        "a",
                                        "=b",
                                        "a=b\t",
                                        "\ta=b",
                                        "a=b\t\tc=d",
                                        "A=b",
                                        "a b=c",
                                        "a#=",
                                        "a#=x",
                                        "a#=01",
                                        "a#=-0",
                                        "a#=+1",
                                        "a#= 1",
                                        "a#=1 ",
                                        "a?=2",
                                        "a?=",
                                        "a@=now",
                                        "a=\\",
                                        "a=\\q",
                                        "a=\\x",
                                        "a=\\x0",
                                        "a=\\x0b",
                                        "a=\\x41",
                                        "a=\\x0G",
                                        "a=\\x0A",
                                        "a=\x01",
                                        "a=b\rc",
                                        "a=\x7f",
                                        "#=1",
                                        "a##=1",
                                        "a#=9223372036854775808",
                                        "a#=-9223372036854775809",
                                        "a#=99999999999999999999",
                                        "a-name-that-is-longer-than-a-name-may-be=1"};
    struct record record = {.count = 77};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (read_text(lines[i], &record)) {
            fail_msg("'%s' was read", lines[i]);
        }
    }
    assert_int_equal(record.count, 77);
}

static void numbers_reach_to_both_ends(void **state)
{
    struct record record;

    (void)state;
    assert_true(read_text("a#=9223372036854775807\tb#=-9223372036854775808\tc#=0", &record));
    assert_true(record_get_number(&record, "a") == INT64_MAX);
    assert_true(record_get_number(&record, "b") == INT64_MIN);
    assert_int_equal(record_get_number(&record, "c"), 0);
}

static void a_record_has_so_many_fields_and_no_more(void **state)
{
    char line[3 * (RECORD_FIELDS_MAX + 1)];
    struct record record;

    (void)state;
    for (size_t i = 0; i < sizeof line; i++) {
        line[i] = "a=\t"[i % 3];
    }
    line[3 * RECORD_FIELDS_MAX - 1] = '\0';
    assert_true(read_text(line, &record));
    assert_int_equal(record.count, RECORD_FIELDS_MAX);
    line[3 * RECORD_FIELDS_MAX - 1] = '\t';
    line[sizeof line - 1] = '\0';
    assert_false(read_text(line, &record));
}

static void any_bytes_come_back(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 20261126);
    for (int round = 0; round < 2000; round++) {
        char bytes[64];
        size_t len = random_below(&random, sizeof bytes + 1);
        struct record_writer writer = {0};
        struct record record;

        if (round % 2 == 0) {
            random_fill(&random, bytes, len);
        } else {
            random_fill_from(&random, bytes, len, HL7_TEXT("\\\t\n\r=x0B\0|"));
        }
        record_begin(&writer, "bytes");
        record_text(&writer, "data", (hl7_slice){bytes, len});
        record_end(&writer);
        assert_null(memchr(writer.ptr, '\0', writer.len));
        assert_ptr_equal(memchr(writer.ptr, '\n', writer.len), writer.ptr + writer.len - 1);
        char *line = edge_copy(writer.ptr, writer.len - 1);
        assert_true(record_read(line, writer.len - 1, &record));
        assert_int_equal(record.count, 2);
        assert_slices(record_get(&record, "data"), ((hl7_slice){bytes, len}));
        edge_free(line, writer.len - 1);
        record_release(&writer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_a_line_of_fields),
        cmocka_unit_test(what_is_absent_is_left_out),
        cmocka_unit_test(cutting_takes_back_what_came_behind),
        cmocka_unit_test(fields_are_read_by_name_and_type),
        cmocka_unit_test(anything_else_is_no_record),
        cmocka_unit_test(numbers_reach_to_both_ends),
        cmocka_unit_test(a_record_has_so_many_fields_and_no_more),
        cmocka_unit_test(any_bytes_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
