/* SPDX-License-Identifier: Apache-2.0
 *
 * What is found out about an audit log that somebody, or a crash, has touched. */
#include "audit_desk.h"

#include <stdio.h>

enum { RECORDS = 5 };

static int set_up(void **state)
{
    struct audit_desk *desk = calloc(1, sizeof *desk);

    assert_non_null(desk);
    audit_desk_open(desk, 0);
    assert_true(audit_desk_add(desk, AUDIT_VIEW, RECORDS));
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    audit_desk_close(*state);
    free(*state);
    return 0;
}

/* Where line `number` (from 1) begins; its end with LF is where the next one begins. */
static size_t line_at(hl7_slice text, size_t number)
{
    size_t at = 0;

    for (; number > 1; number--) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);

        assert_non_null(end);
        at = (size_t)(end - text.ptr) + 1;
    }
    return at;
}

/* Writes the log anew from pieces of itself: lines first to last, several times. */
static void rewrite(const struct audit_desk *desk, const size_t (*pieces)[2], size_t count)
{
    hl7_slice text = folder_read(&desk->folder, "audit.log");
    char *copy = malloc(2 * text.len);
    size_t len = 0;

    assert_non_null(copy);
    for (size_t i = 0; i < count; i++) {
        size_t from = line_at(text, pieces[i][0]);
        size_t to = line_at(text, pieces[i][1] + 1);

        memcpy(copy + len, text.ptr + from, to - from);
        len += to - from;
    }
    folder_write(&desk->folder, "audit.log", (hl7_slice){copy, len});
    free(copy);
}

static void a_whole_log_has_no_faults(void **state)
{
    struct audit_chain chain = audit_desk_read(*state);

    assert_int_equal(chain.faults, 0);
    assert_int_equal(chain.first, 1);
    assert_int_equal(chain.count, RECORDS);
    assert_int_equal(chain.last.sequence, RECORDS);
    assert_int_equal(chain.torn, 0);
}

static void every_changed_bit_is_found(void **state)
{
    struct audit_desk *desk = *state;
    hl7_slice text = folder_read(&desk->folder, "audit.log");
    char *copy = malloc(text.len);

    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    for (size_t i = 0; i < text.len; i += 3) {
        copy[i] = (char)(copy[i] ^ 4);
        folder_write(&desk->folder, "audit.log", (hl7_slice){copy, text.len});
        assert_true(audit_desk_read(desk).faults > 0);
        copy[i] = (char)(copy[i] ^ 4);
    }
    free(copy);
}

static void a_removed_record_is_found(void **state)
{
    static const size_t pieces[][2] = {{1, 2}, {4, 5}};
    struct audit_desk *desk = *state;

    rewrite(desk, pieces, 2);
    assert_int_equal(audit_desk_read(desk).faults, 1);
    assert_int_equal(desk->fault_line, 3);
    assert_string_equal(desk->fault, "records 3 to 3 are missing");
}

static void a_repeated_record_is_found(void **state)
{
    static const size_t pieces[][2] = {{1, 2}, {2, 5}};
    struct audit_desk *desk = *state;

    rewrite(desk, pieces, 2);
    assert_int_equal(audit_desk_read(desk).faults, 1);
    assert_string_equal(desk->fault, "record 2 stands where record 3 should");
}

static void two_records_in_each_others_place_are_found(void **state)
{
    static const size_t pieces[][2] = {{1, 2}, {4, 4}, {3, 3}, {5, 5}};
    struct audit_desk *desk = *state;

    rewrite(desk, pieces, 4);
    assert_true(audit_desk_read(desk).faults >= 2);
}

/* With a hash of its own that is right, but of another chain. */
static void a_record_of_another_log_is_found(void **state)
{
    struct audit_desk *desk = *state;
    struct audit_entry entry = {.event = AUDIT_EXPORT};
    struct audit_link last = {.sequence = RECORDS, .hash = "00"};
    struct hl7_buffer buffer;
    char memory[1024];

    hl7_slice text = folder_read(&desk->folder, "audit.log");
    char *copy = malloc(text.len + sizeof memory);
    assert_non_null(copy);
    memset(last.hash, 'a', HL7_SHA256_HEX - 1);
    hl7_buffer_init(&buffer, memory, sizeof memory);
    assert_true(audit_line_write(&entry, NULL, &last, &buffer, &last));
    memcpy(copy, text.ptr, text.len);
    memcpy(copy + text.len, memory, buffer.len);
    folder_write(&desk->folder, "audit.log", (hl7_slice){copy, text.len + buffer.len});
    free(copy);
    assert_int_equal(audit_desk_read(desk).faults, 1);
    assert_string_equal(desk->fault, "record 6 does not continue the record before it");
}

static void a_line_that_is_no_record_is_found(void **state)
{
    struct audit_desk *desk = *state;

    folder_write_text(&desk->folder, "audit.log", "{}\n");
    assert_int_equal(audit_desk_read(desk).faults, 1);
    assert_string_equal(desk->fault, "this is no record");
}

/* Longer than any piece that is read at a time. */
static void an_endless_line_is_one_fault(void **state)
{
    struct audit_desk *desk = *state;
    size_t len = 1000 * 1000;
    char *text = malloc(len);

    assert_non_null(text);
    memset(text, 'x', len);
    text[len - 1] = '\n';
    folder_write(&desk->folder, "audit.log", (hl7_slice){text, len});
    free(text);
    struct audit_chain chain = audit_desk_read(desk);
    assert_int_equal(chain.faults, 1);
    assert_int_equal(chain.whole, len);
}

static void a_torn_end_is_found_wherever_it_is_torn(void **state)
{
    struct audit_desk *desk = *state;
    hl7_slice text = folder_read(&desk->folder, "audit.log");
    size_t last = line_at(text, RECORDS);
    char *copy = malloc(text.len);

    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    for (size_t len = last + 1; len < text.len; len++) {
        folder_write(&desk->folder, "audit.log", (hl7_slice){copy, len});
        struct audit_chain chain = audit_desk_read(desk);

        assert_int_equal(chain.faults, 1);
        assert_int_equal(chain.last.sequence, RECORDS - 1);
        assert_int_equal(chain.whole, last);
        assert_int_equal(chain.torn, len - last);
    }
    free(copy);
}

static void a_log_may_begin_anywhere(void **state)
{
    static const size_t pieces[][2] = {{3, 5}};
    struct audit_desk *desk = *state;

    rewrite(desk, pieces, 1);
    struct audit_chain chain = audit_desk_read(desk);
    assert_int_equal(chain.faults, 0);
    assert_int_equal(chain.first, 3);
}

static void files_that_were_set_aside_have_numbers(void **state)
{
    const struct audit_desk *desk = *state;
    unsigned *numbers = NULL;
    size_t count = 0;

    folder_write_text(&desk->folder, "audit.log.000012", "");
    folder_write_text(&desk->folder, "audit.log.000003", "");
    folder_write_text(&desk->folder, "audit.log.3", "");
    folder_write_text(&desk->folder, "audit.log.key", "");
    folder_write_text(&desk->folder, "audit.log.00000x", "");
    folder_write_text(&desk->folder, "other.log.000001", "");
    assert_true(audit_chain_numbers(desk->path, &numbers, &count));
    assert_int_equal(count, 2);
    assert_int_equal(numbers[0], 3);
    assert_int_equal(numbers[1], 12);
    free(numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_log_has_no_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_changed_bit_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_removed_record_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_repeated_record_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_records_in_each_others_place_are_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_record_of_another_log_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_is_no_record_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_endless_line_is_one_fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_end_is_found_wherever_it_is_torn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_may_begin_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_were_set_aside_have_numbers, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
