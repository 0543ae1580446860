/* SPDX-License-Identifier: Apache-2.0
 *
 * Characters of UTF-8, and of text that is not UTF-8. */
#include "support.h"

#include "utf8.h"

static uint32_t first(const char *text, size_t *ret_len)
{
    return utf8_first(hl7_slice_of(text), ret_len);
}

static void every_character_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < UTF8_NOT_A_CHARACTER; c++) {
        char memory[4];
        struct hl7_buffer buffer;
        size_t len = 0;

        if (c >= 0xd800 && c <= 0xdfff) {
            continue;
        }
        hl7_buffer_init(&buffer, memory, sizeof memory);
        utf8_write(c, &buffer);
        assert_int_equal(utf8_first(hl7_buffer_slice(&buffer), &len), c);
        assert_int_equal(len, buffer.len);
        assert_false(buffer.full);
        /* Cut short it is no character. */
        for (buffer.len--; buffer.len > 0; buffer.len--) {
            assert_true(utf8_first(hl7_buffer_slice(&buffer), &len) >= UTF8_NOT_A_CHARACTER);
            assert_int_equal(len, 1);
        }
    }
}

static void a_byte_outside_of_a_character_is_one_by_itself(void **state)
{
    static const char *const cases[] = {"\x80",
                                        "\xbf",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xf0\x8f\x80\x80",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xff",
                                        "\xc3(",
                                        "\xe2\x82(",
                                        "\xf0\x9f\x98("};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = 0;
        uint32_t c = first(cases[i], &len);
        assert_int_equal(c, UTF8_NOT_A_CHARACTER + (unsigned char)cases[i][0]);
        assert_int_equal(len, 1);
    }
}

static void characters_are_counted(void **state)
{
    (void)state;
    assert_int_equal(utf8_count(hl7_slice_of("")), 0);
    assert_int_equal(utf8_count(hl7_slice_of("M\xc3\xbcller")), 6);
    assert_int_equal(utf8_count(hl7_slice_of("\xf0\x9f\x98\x80\xe2\x82\xac")), 2);
    assert_int_equal(utf8_count(hl7_slice_of("\xe2\x82")), 2);
    assert_int_equal(utf8_count((hl7_slice){NULL, 0}), 0);
}

static void an_offset_stands_between_characters(void **state)
{
    hl7_slice text = hl7_slice_of("a\xc3\xbc\xe2\x82\xac");

    (void)state;
    assert_int_equal(utf8_offset(text, 0), 0);
    assert_int_equal(utf8_offset(text, 2), 3);
    assert_int_equal(utf8_offset(text, 3), 6);
    assert_int_equal(utf8_offset(text, SIZE_MAX), 6);
}

static void nothing_is_read_past_the_end(void **state)
{
    static const char text[] = "\xf0\x9f\x98\x80";

    (void)state;
    for (size_t len = 1; len < sizeof text; len++) {
        char *copy = edge_copy(text, len);
        assert_int_equal(utf8_count((hl7_slice){copy, len}), len == 4 ? 1 : len);
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_read_as_it_was_written),
        cmocka_unit_test(a_byte_outside_of_a_character_is_one_by_itself),
        cmocka_unit_test(characters_are_counted),
        cmocka_unit_test(an_offset_stands_between_characters),
        cmocka_unit_test(nothing_is_read_past_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
