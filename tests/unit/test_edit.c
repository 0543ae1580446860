/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits, rules 12 and 20: what each edit makes of a message, byte by byte, and what it refuses.
 * Random edits of random messages, against a naive model, are in test_rules.c. */
#include "work.h"

/* ---- No edit ------------------------------------------------------------------------------- */

/* rule 12 */
static void without_edits_the_bytes_are_the_messages_own(void **state)
{
    static const char *const texts[] = {
        "MSH|",
        "MSH|^~\\&",
        "MSH|^~\\&|A\rPID|1\r",
        "MSH|^~\\&|A\rPID|1",
        "MSH|^~\\&|A\nPID|1\n",
        "MSH|^~\\&|A\nPID|1",
        "MSH|^~\\&|A\r\nPID|1\r\n",
        "MSH|^~\\&|A\r\nPID|1\rPV1\r\n\r\n",
        "MSH|^~\\&|A\r\r\rPID|1\r\r",
        "\xef\xbb\xbfMSH|^~\\&|A\r\nPID|1||||^^^&|||\r\nx\nz|\r\n\n",
        "MSH*:+!%$*A\rPID*!F!*C:\\temp|\r",
    };
    struct work work;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        work_begin(&work, texts[i]);
        assert_slice(work_written(&work), texts[i]);
    }
}

/* ---- Setting ------------------------------------------------------------------------------- */

struct edit_case {
    const char *path;
    const char *raw;
    const char *segment; /* the segment afterwards */
};

/* Each case on a fresh copy. All other segments stay byte for byte. */
static void check_edits(const char *before, const char *segment, const char *after,
                        const struct edit_case *cases, size_t count)
{
    char text[200];
    char expected[200];
    struct work work;

    for (size_t i = 0; i < count; i++) {
        struct hl7_buffer buffer;
        memset(text, 0, sizeof text);
        hl7_buffer_init(&buffer, text, sizeof text - 1);
        hl7_buffer_add(&buffer, hl7_slice_of(before));
        hl7_buffer_add(&buffer, hl7_slice_of(segment));
        hl7_buffer_add(&buffer, hl7_slice_of(after));
        work_begin(&work, text);
        assert_int_equal(work_set(&work, cases[i].path, cases[i].raw), HL7_OK);
        memset(expected, 0, sizeof expected);
        hl7_buffer_init(&buffer, expected, sizeof expected - 1);
        hl7_buffer_add(&buffer, hl7_slice_of(before));
        hl7_buffer_add(&buffer, hl7_slice_of(cases[i].segment));
        hl7_buffer_add(&buffer, hl7_slice_of(after));
        assert_slice(work_written(&work), expected);
    }
}

/* rule 12 */
static void a_value_is_put_in_its_place_and_nothing_else_changes(void **state)
{
    static const struct edit_case cases[] = {
        {"PID-1", "9", "PID|9|b|77~88^^^X&Y~|~|c"},
        {"PID-2", "", "PID|1||77~88^^^X&Y~|~|c"},
        {"PID-3", "new", "PID|1|b|new|~|c"},
        {"PID-3", "a~b^c&d", "PID|1|b|a~b^c&d|~|c"},
        {"PID-3[1]", "n", "PID|1|b|n~88^^^X&Y~|~|c"},
        {"PID-3[2]", "n^m", "PID|1|b|77~n^m~|~|c"},
        {"PID-3[3]", "n", "PID|1|b|77~88^^^X&Y~n|~|c"},
        {"PID-3[last]", "n", "PID|1|b|77~88^^^X&Y~n|~|c"},
        {"PID-3[2].1", "n", "PID|1|b|77~n^^^X&Y~|~|c"},
        {"PID-3[2].4", "n&m", "PID|1|b|77~88^^^n&m~|~|c"},
        {"PID-3[2].4.2", "n", "PID|1|b|77~88^^^X&n~|~|c"},
        {"PID-3.1", "n", "PID|1|b|n~88^^^X&Y~|~|c"},
        {"PID-3.1.1", "n", "PID|1|b|n~88^^^X&Y~|~|c"},
        {"PID-4[2]", "n", "PID|1|b|77~88^^^X&Y~|~n|c"},
        {"PID-5", "\"\"", "PID|1|b|77~88^^^X&Y~|~|\"\""},
        {"PID-5.1", "", "PID|1|b|77~88^^^X&Y~|~|"},
        /* Beyond the end the separators that are missing are added. */
        {"PID-6", "n", "PID|1|b|77~88^^^X&Y~|~|c|n"},
        {"PID-8", "n", "PID|1|b|77~88^^^X&Y~|~|c|||n"},
        {"PID-5[3]", "n", "PID|1|b|77~88^^^X&Y~|~|c~~n"},
        {"PID-5.3", "n", "PID|1|b|77~88^^^X&Y~|~|c^^n"},
        {"PID-5.1.3", "n", "PID|1|b|77~88^^^X&Y~|~|c&&n"},
        {"PID-5[2].2.2", "n", "PID|1|b|77~88^^^X&Y~|~|c~^&n"},
        {"PID-7[2].3.2", "n", "PID|1|b|77~88^^^X&Y~|~|c||~^^&n"},
        {"PID-7[last].2", "n", "PID|1|b|77~88^^^X&Y~|~|c||^n"},
        /* Nothing where nothing was: no separators for its sake. */
        {"PID-8", "", "PID|1|b|77~88^^^X&Y~|~|c"},
        {"PID-5.3", "", "PID|1|b|77~88^^^X&Y~|~|c"},
        {"PID-3[2].9.9", "", "PID|1|b|77~88^^^X&Y~|~|c"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *behind = i == 0 ? "\r\nZZ1|x||\rPID|second\r" : "";
        check_edits("\xef\xbb\xbfMSH|^~\\&|A||\r\r\n", "PID|1|b|77~88^^^X&Y~|~|c", behind, cases,
                    sizeof cases / sizeof *cases);
    }
}

/* rule 8 */
static void fields_of_the_header_are_set_by_their_hl7_numbers(void **state)
{
    static const struct edit_case cases[] = {
        {"MSH-3", "RIS", "MSH|^~\\&|RIS|B"},     {"MSH-4.2", "x", "MSH|^~\\&|A|B^x"},
        {"MSH-6", "H", "MSH|^~\\&|A|B||H"},      {"MSH-3[2]", "C", "MSH|^~\\&|A~C|B"},
        {"MSH-10", "I", "MSH|^~\\&|A|B||||||I"},
    };
    static const struct edit_case bare[] = {{"MSH-3", "RIS", "MSH|^~\\&|RIS"}};
    static const struct edit_case batch[] = {
        {"BHS-3", "x", "BHS||x"},
    };

    (void)state;
    check_edits("", "MSH|^~\\&|A|B", "\rPID|1", cases, sizeof cases / sizeof *cases);
    check_edits("", "MSH|^~\\&", "\r", bare, 1);
    check_edits("FHS|^~\\&|A\r", "BHS", "\r", batch, 1);
}

static void a_segment_is_chosen_by_its_occurrence(void **state)
{
    struct work work;

    (void)state;
    work_begin(&work, "MSH|^~\\&\rOBX|1\rOBX|2\rOBX|3\r");
    assert_int_equal(work_set(&work, "OBX[2]-2", "b"), HL7_OK);
    assert_int_equal(work_set(&work, "OBX[last]-2", "c"), HL7_OK);
    assert_int_equal(work_set(&work, "OBX-2", "a"), HL7_OK);
    assert_slice(work_written(&work), "MSH|^~\\&\rOBX|1|a\rOBX|2|b\rOBX|3|c\r");
}

/* rules 10 and 11 */
static void the_messages_own_delimiters_are_added(void **state)
{
    struct work work;

    (void)state;
    work_begin(&work, "MSH*:+!%*A\rPID*1\r");
    assert_int_equal(work_set(&work, "PID-3[2].2.2", "n|"), HL7_OK);
    assert_slice(work_written(&work), "MSH*:+!%*A\rPID*1**+:%n|\r");
}

/* rule 10: what does not exist cannot be added; the first of it is the whole. */
static void a_delimiter_the_message_has_not_got_is_not_invented(void **state)
{
    struct work work;

    (void)state;
    work_begin(&work, "MSH|^|A\rPID|a~b|c&d\r");
    assert_int_equal(work_set(&work, "PID-1[2]", "n"), HL7_NOT_ENCODABLE);
    assert_int_equal(work_set(&work, "PID-2.1.2", "n"), HL7_NOT_ENCODABLE);
    assert_slice(work_written(&work), "MSH|^|A\rPID|a~b|c&d\r");
    assert_int_equal(work_set(&work, "PID-1[1].2", "n~m"), HL7_OK);
    assert_int_equal(work_set(&work, "PID-2[last].1.1", "e&f"), HL7_OK);
    assert_slice(work_written(&work), "MSH|^|A\rPID|a~b^n~m|e&f\r");
}

static void an_edit_sees_the_ones_before_it(void **state)
{
    struct work work;

    (void)state;
    work_begin(&work, "MSH|^~\\&|A\rPID|1\r");
    assert_slice(work_get(&work, "PID-1"), "1");
    assert_int_equal(work_set(&work, "PID-3.2", "b"), HL7_OK);
    assert_int_equal(work_set(&work, "PID-3.1", "a"), HL7_OK);
    assert_slice(work_get(&work, "PID-3"), "a^b");
    assert_int_equal(work_set(&work, "PID-3", "c"), HL7_OK);
    assert_slice(work_get(&work, "PID-3"), "c");
    assert_null(work_get(&work, "PID-4").ptr);
    assert_slice(work_get(&work, "PID"), "PID|1||c");
    assert_slice(work_get(&work, "MSH-1"), "|");
    assert_slice(work_get(&work, "MSH-2.1"), "^~\\&");
    assert_null(work_get(&work, "OBX-1").ptr);
    /* The message itself is as it was. */
    assert_slice(hl7_message_at(&work.message, "PID"), "PID|1");
}

/* A value may come from the working copy itself. */
static void a_value_may_be_copied_from_one_place_to_another(void **state)
{
    struct work work;
    struct hl7_path to = work_path("PID-2");

    (void)state;
    work_begin(&work, "MSH|^~\\&|LAB^1|HOSP\rPID|1\r");
    assert_int_equal(hl7_edit_set(work.edit, &to, work_get(&work, "MSH-3")), HL7_OK);
    to = work_path("PID-1");
    assert_int_equal(hl7_edit_set(work.edit, &to, work_get(&work, "PID-2")), HL7_OK);
    assert_slice(work_written(&work), "MSH|^~\\&|LAB^1|HOSP\rPID|LAB^1|LAB^1\r");
}

static void a_number_beyond_all_memory_is_refused(void **state)
{
    static const char *const paths[] = {"PID-4294967294", "PID-4294967293", "PID-1[4294967294]",
                                        "PID-1.4294967294", "PID-1.1.4294967294"};
    struct work work;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        work_begin(&work, "MSH|^~\\&|A\rPID|1|2\r");
        size_t used = work.arena.used;
        assert_int_equal(work_set(&work, paths[i], "x"), HL7_NO_MEMORY);
        assert_int_equal(work.arena.used, used);
        assert_null(work_get(&work, paths[i]).ptr);
        assert_slice(work_written(&work), "MSH|^~\\&|A\rPID|1|2\r");
    }
}

/* ---- What cannot be set -------------------------------------------------------------------- */

static void what_cannot_be_set_changes_nothing(void **state)
{
    static const struct {
        const char *path;
        const char *raw;
        enum hl7_code code;
    } cases[] = {
        {"MSH-1", "|", HL7_BAD_PATH},
        {"MSH-2", "^~\\&", HL7_BAD_PATH},
        {"MSH-2.1", "^", HL7_BAD_PATH},
        {"BHS-1", "|", HL7_BAD_PATH},
        {"PID", "PID|2", HL7_BAD_PATH},
        {"PID[2]-1", "x", HL7_NOT_FOUND},
        {"ZZZ-1", "x", HL7_NOT_FOUND},
        {"ZZZ", "x", HL7_NOT_FOUND},
        /* Raw text must stay in its place. */
        {"PID-1", "a\rPID|2", HL7_NOT_ENCODABLE},
        {"PID-1", "a\nb", HL7_NOT_ENCODABLE},
        {"PID-1", "a\x0b", HL7_NOT_ENCODABLE},
        {"PID-1", "a\x1c", HL7_NOT_ENCODABLE},
        {"PID-1", "a|b", HL7_NOT_ENCODABLE},
        {"PID-1[1]", "a~b", HL7_NOT_ENCODABLE},
        {"PID-1.1", "a~b", HL7_NOT_ENCODABLE},
        {"PID-1.1", "a^b", HL7_NOT_ENCODABLE},
        {"PID-1.1.1", "a&b", HL7_NOT_ENCODABLE},
        {"PID-1.1.1", "a^b", HL7_NOT_ENCODABLE},
        {"PID-9.9.9", "a|b", HL7_NOT_ENCODABLE},
    };
    static const char text[] = "MSH|^~\\&|A\rBHS|^~\\&\rPID|1^2~3\r";
    struct work work;

    (void)state;
    work_begin(&work, text);
    size_t used = work.arena.used;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (work_set(&work, cases[i].path, cases[i].raw) != cases[i].code) {
            fail_msg("%s = %s", cases[i].path, cases[i].raw);
        }
        assert_int_equal(work.arena.used, used);
        assert_slice(work_written(&work), text);
    }
}

/* ---- Text ---------------------------------------------------------------------------------- */

/* rule 20 */
static void text_is_escaped_on_its_way_in(void **state)
{
    struct work work;

    (void)state;
    work_begin(&work, "MSH|^~\\&|A\rPID|1\r");
    assert_int_equal(work_set_text(&work, "PID-5.1", "D|O^E&~\\\r\n\x0b\x1c"), HL7_OK);
    assert_slice(
        work_written(&work),
        "MSH|^~\\&|A\rPID|1||||D\\F\\O\\S\\E\\T\\\\R\\\\E\\\\X0D\\\\X0A\\\\X0B\\\\X1C\\\r");
}

/* rule 20: whatever the text, the message has the segments and fields it had. */
static void no_text_creates_structure(void **state)
{
    static const char *const texts[] = {"a\rMSH|^~\\&|B", "a|b|c", "^^^", "~~", "&", "\\F\\", "\n"};
    struct work work;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        static char again[4096];
        struct hl7_arena arena;
        struct hl7_message message;
        char text[64];
        struct hl7_buffer buffer;
        work_begin(&work, "MSH|^~\\&|A\rPID|1|x^y|3\rPV1|1\r");
        assert_int_equal(work_set_text(&work, "PID-2.2", texts[i]), HL7_OK);
        hl7_arena_init(&arena, again, sizeof again);
        assert_int_equal(hl7_message_parse(work_written(&work), &arena, &message, NULL), HL7_OK);
        assert_int_equal(message.segment_count, 3);
        assert_int_equal(message.segments[1].count, 4);
        assert_slice(hl7_message_at(&message, "PID-2.1"), "x");
        assert_null(hl7_message_at(&message, "PID-2.3").ptr);
        assert_null(hl7_message_at(&message, "PID-2[2]").ptr);
        assert_slice(hl7_message_at(&message, "PID-3"), "3");
        hl7_buffer_init(&buffer, text, sizeof text);
        hl7_unescape(&message.delimiters, hl7_message_at(&message, "PID-2.2"), HL7_TEXT_PLAIN,
                     &buffer);
        assert_slice(hl7_buffer_slice(&buffer), texts[i]);
    }
}

static void text_that_cannot_be_escaped_changes_nothing(void **state)
{
    struct work work;

    (void)state;
    work_begin(&work, "MSH|^~|A\rPID|1\r");
    size_t used = work.arena.used;
    assert_int_equal(work_set_text(&work, "PID-1", "a|b"), HL7_NOT_ENCODABLE);
    assert_int_equal(work_set_text(&work, "ZZZ-1", "a"), HL7_NOT_FOUND);
    assert_int_equal(work_set_text(&work, "MSH-2", "a"), HL7_BAD_PATH);
    assert_int_equal(work_set_text(&work, "PID-1.1.2", "a"), HL7_NOT_ENCODABLE);
    assert_int_equal(work.arena.used, used);
    assert_slice(work_written(&work), "MSH|^~|A\rPID|1\r");
    assert_int_equal(work_set_text(&work, "PID-1", "C:\\temp & more"), HL7_OK);
    assert_slice(work_written(&work), "MSH|^~|A\rPID|C:\\temp & more\r");
}

/* ---- Large shapes -------------------------------------------------------------------------- */

/* rule 17: an edit copies its segment, not the message. */
static void a_thousand_edits_of_a_large_message_are_ordinary(void **state)
{
    const size_t lines = 20000;
    const size_t size = (size_t)8 << 20;
    char *text = test_malloc(9 + lines * 6);
    char *room = test_malloc(size);
    struct work work;

    (void)state;
    memcpy(text, "MSH|^~\\&\r", 9);
    for (size_t i = 0; i < lines; i++) {
        memcpy(text + 9 + i * 6, "OBX|1\r", 6);
    }
    hl7_arena_init(&work.arena, room, size);
    assert_int_equal(
        hl7_message_parse((hl7_slice){text, 9 + lines * 6}, &work.arena, &work.message, NULL),
        HL7_OK);
    assert_int_equal(hl7_edit_begin(&work.message, &work.arena, &work.edit), HL7_OK);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(work_set(&work, i % 2 == 0 ? "OBX[7]-5.2" : "OBX[last]-5[3]", "value"),
                         HL7_OK);
    }
    assert_slice(work_get(&work, "OBX[7]"), "OBX|1||||^value");
    test_free(room);
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_edits_the_bytes_are_the_messages_own),
        cmocka_unit_test(a_value_is_put_in_its_place_and_nothing_else_changes),
        cmocka_unit_test(fields_of_the_header_are_set_by_their_hl7_numbers),
        cmocka_unit_test(a_segment_is_chosen_by_its_occurrence),
        cmocka_unit_test(the_messages_own_delimiters_are_added),
        cmocka_unit_test(a_delimiter_the_message_has_not_got_is_not_invented),
        cmocka_unit_test(an_edit_sees_the_ones_before_it),
        cmocka_unit_test(a_value_may_be_copied_from_one_place_to_another),
        cmocka_unit_test(a_number_beyond_all_memory_is_refused),
        cmocka_unit_test(what_cannot_be_set_changes_nothing),
        cmocka_unit_test(text_is_escaped_on_its_way_in),
        cmocka_unit_test(no_text_creates_structure),
        cmocka_unit_test(text_that_cannot_be_escaped_changes_nothing),
        cmocka_unit_test(a_thousand_edits_of_a_large_message_are_ordinary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
