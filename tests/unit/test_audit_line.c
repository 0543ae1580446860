/* SPDX-License-Identifier: Apache-2.0
 *
 * A record of the audit log as a line: written, read, and found out when a byte of it is another one. */
#include "support.h"

#include "broker/audit/line.h"

enum { TIME_OF_TEST = 1795701731 };

static struct audit_entry view(void)
{
    struct audit_entry entry = {.event = AUDIT_VIEW,
                                .time = (int64_t)TIME_OF_TEST * 1000000 + 123456,
                                .has_user = true,
                                .user = 1000};

    audit_number(&entry, "message", 4711);
    return entry;
}

/* Writes the line behind `last`; without its LF. */
static hl7_slice write_line(const struct audit_entry *entry, const struct audit_link *last,
                            struct audit_link *ret_link)
{
    static char memory[AUDIT_LINE_MAX];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    assert_true(audit_line_write(entry, "anna", last, &buffer, ret_link));
    assert_int_equal(memory[buffer.len - 1], '\n');
    return (hl7_slice){memory, buffer.len - 1};
}

static void a_record_is_a_line_of_json(void **state)
{
    const struct audit_entry entry = view();
    const struct audit_link first = audit_link_first();
    struct audit_link link;

    (void)state;
    hl7_slice line = write_line(&entry, &first, &link);
    assert_int_equal(link.sequence, 1);
    assert_true(hl7_slice_starts(
        line,
        HL7_TEXT("{\"sequence\":1,\"time\":\"2026-11-26T14:02:11.123456Z\",\"event\":\"view\","
                 "\"uid\":1000,\"user\":\"anna\",\"message\":4711,\"previous\":\"00000000")));
}

/* What sha256sum makes of the line up to the comma before "hash". */
static void its_hash_is_that_of_the_line_before_it(void **state)
{
    const struct audit_entry entry = view();
    const struct audit_link first = audit_link_first();
    struct audit_link link;
    char hex[HL7_SHA256_HEX];

    (void)state;
    hl7_slice line = write_line(&entry, &first, &link);
    hl7_sha256_hex(hl7_slice_part(line, 0, line.len - 75), hex);
    assert_string_equal(hex, link.hash);
}

static void what_was_written_is_read(void **state)
{
    const struct audit_entry entry = view();
    const struct audit_link first = audit_link_first();
    struct audit_link link;
    struct audit_line line;

    (void)state;
    assert_int_equal(audit_line_read(write_line(&entry, &first, &link), &line), AUDIT_LINE_GOOD);
    assert_int_equal(line.link.sequence, 1);
    assert_string_equal(line.link.hash, link.hash);
    assert_string_equal(line.previous, first.hash);
    assert_slice(line.event, "view");
    assert_slice(line.rest, ",\"uid\":1000,\"user\":\"anna\",\"message\":4711");
    assert_int_equal(audit_line_time(&line), entry.time);
}

static void each_line_continues_the_one_before(void **state)
{
    const struct audit_entry entry = view();
    struct audit_link link = audit_link_first();
    struct audit_link last;
    struct audit_line line;

    (void)state;
    for (int64_t i = 1; i <= 3; i++) {
        last = link;
        assert_int_equal(audit_line_read(write_line(&entry, &last, &link), &line), AUDIT_LINE_GOOD);
        assert_int_equal(line.link.sequence, i);
        assert_string_equal(line.previous, last.hash);
    }
}

static void no_byte_can_be_another_one(void **state)
{
    const struct audit_entry entry = view();
    const struct audit_link first = audit_link_first();
    struct audit_link link;
    struct audit_line line;

    (void)state;
    hl7_slice text = write_line(&entry, &first, &link);
    char *bytes = edge_copy(text.ptr, text.len);
    for (size_t i = 0; i < text.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
            assert_int_not_equal(audit_line_read((hl7_slice){bytes, text.len}, &line),
                                 AUDIT_LINE_GOOD);
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
        }
    }
    edge_free(bytes, text.len);
}

static void the_front_of_a_line_is_no_record(void **state)
{
    const struct audit_entry entry = view();
    const struct audit_link first = audit_link_first();
    struct audit_link link;
    struct audit_line line;

    (void)state;
    hl7_slice text = write_line(&entry, &first, &link);
    for (size_t len = 0; len < text.len; len++) {
        assert_int_equal(audit_line_read((hl7_slice){text.ptr, len}, &line), AUDIT_LINE_NONE);
    }
}

/* A text cannot end its member, whatever is in it. */
static void no_text_adds_a_member(void **state)
{
    static const char nasty[] = "\",\"event\":\"stop\",\"x\":\"\\\n\r\t\x01\x7f\xff{}";
    struct audit_entry entry = {.event = AUDIT_LOGIN};
    const struct audit_link first = audit_link_first();
    struct audit_link link;
    struct audit_line line;
    hl7_slice name;
    hl7_slice value;

    (void)state;
    audit_text(&entry, "name", (hl7_slice){nasty, sizeof nasty - 1});
    hl7_slice text = write_line(&entry, &first, &link);
    assert_null(memchr(text.ptr, '\n', text.len));
    assert_int_equal(audit_line_read(text, &line), AUDIT_LINE_GOOD);
    assert_true(audit_line_member(&line.rest, &name, &value));
    assert_slice(name, "user");
    assert_true(audit_line_member(&line.rest, &name, &value));
    assert_slice(name, "name");
    assert_false(audit_line_member(&line.rest, &name, &value));
}

static void what_does_not_fit_is_cut(void **state)
{
    static char text[AUDIT_VALUE_MAX + 100];
    struct audit_entry entry = {.event = AUDIT_LOGIN};

    (void)state;
    memset(text, 'x', sizeof text);
    for (int i = 0; i < AUDIT_FIELDS_MAX + 2; i++) {
        audit_text(&entry, "name", (hl7_slice){text, sizeof text});
    }
    assert_int_equal(entry.count, AUDIT_FIELDS_MAX);
    assert_int_equal(entry.used, AUDIT_TEXT_MAX);
    assert_int_equal(entry.fields[0].len, AUDIT_VALUE_MAX);
}

static void a_buffer_that_is_too_small_is_told(void **state)
{
    const struct audit_entry entry = view();
    const struct audit_link first = audit_link_first();
    struct audit_link link = first;
    struct hl7_buffer buffer;
    char memory[400];

    (void)state;
    hl7_slice whole = write_line(&entry, &first, &link);
    link = first;
    for (size_t size = 0; size <= whole.len; size++) {
        hl7_buffer_init(&buffer, memory, size);
        assert_false(audit_line_write(&entry, "anna", &first, &buffer, &link));
        assert_int_equal(link.sequence, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_a_line_of_json),
        cmocka_unit_test(its_hash_is_that_of_the_line_before_it),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(each_line_continues_the_one_before),
        cmocka_unit_test(no_byte_can_be_another_one),
        cmocka_unit_test(the_front_of_a_line_is_no_record),
        cmocka_unit_test(no_text_adds_a_member),
        cmocka_unit_test(what_does_not_fit_is_cut),
        cmocka_unit_test(a_buffer_that_is_too_small_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
