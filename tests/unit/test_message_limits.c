/* SPDX-License-Identifier: Apache-2.0
 *
 * The message index at its limits, rules 17 and 26: memory, input that ends anywhere, headers that
 * are salvaged, large shapes. */
#include "support.h"

#include <stdalign.h>

static alignas(max_align_t) char index_memory[65536];

static struct hl7_arena fresh_arena(void)
{
    struct hl7_arena arena;

    hl7_arena_init(&arena, index_memory, sizeof index_memory);
    return arena;
}

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* ---- Memory -------------------------------------------------------------------------------- */

static const char *const samples[] = {
    "MSH|",
    "MSH|^~\\&|A\rPID|1||DOE^JANE^TEST\rOBX|1|||\r\r\nNTE\r",
    "MSH|^~\\&|||\r|||||\r\r\r\r||||\rBHS|^~\\&|||\rFHS||\r",
    "\xef\xbb\xbfMSH|^~\\&|A\nPID|||||||\n",
    "FHS|^|\rFHS|^|\rFHS|^|\rFHS|^|\rFHS|^|\r",
};

static void the_computed_memory_suffices_wherever_it_begins(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        hl7_slice text = hl7_slice_of(samples[i]);
        size_t size = hl7_message_memory(text);
        for (size_t shift = 0; shift < alignof(max_align_t); shift++) {
            struct hl7_arena arena;
            struct hl7_message message;
            hl7_arena_init(&arena, index_memory + shift, size);
            assert_int_equal(hl7_message_parse(text, &arena, &message, NULL), HL7_OK);
            assert_true(arena.used <= size);
        }
    }
}

static void one_byte_less_than_is_used_fails_and_takes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct hl7_arena arena = fresh_arena();
        struct hl7_message message;
        hl7_slice text = hl7_slice_of(samples[i]);
        assert_non_null(hl7_arena_alloc(&arena, 5));
        assert_int_equal(hl7_message_parse(text, &arena, &message, NULL), HL7_OK);
        size_t used = arena.used;
        for (size_t size = 5; size < used; size++) {
            struct hl7_error error;
            message.segment_count = 77;
            hl7_arena_init(&arena, index_memory, size);
            assert_non_null(hl7_arena_alloc(&arena, 5));
            assert_int_equal(hl7_message_parse(text, &arena, &message, &error), HL7_NO_MEMORY);
            assert_int_equal(arena.used, 5);
            assert_int_equal(message.segment_count, 77);
        }
    }
}

static void any_text_has_a_memory_need(void **state)
{
    char *edge = edge_copy("MS", 2);

    (void)state;
    assert_true(hl7_message_memory((hl7_slice){NULL, 0}) > 0);
    assert_true(hl7_message_memory((hl7_slice){edge, 2}) > 0);
    assert_true(hl7_message_memory(HL7_TEXT("\xef\xbb\xbf")) > 0);
    assert_true(hl7_message_memory(HL7_TEXT("MSH\r\r\r")) > 0);
    edge_free(edge, 2);
}

/* ---- Reading nothing but the text ---------------------------------------------------------- */

/* Every prefix of a message is parsed or refused without a look behind its end. */
static void every_prefix_is_read_to_its_end_and_no_further(void **state)
{
    static const char whole[] =
        "\xef\xbb\xbfMSH|^~\\&#|LAB^1|HOSP|||20240101||ORU^R01|ID|P|2.5\r\nPID|1||77~88^^^X&Y||"
        "DOE^JANE^TEST\r\n\r\nOBX|1|NM|A^b||9.5||||||F\rNTE|1||\\.br\\text\nmore|\r";

    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        char *edge = edge_copy(whole, len);
        hl7_slice text = {edge, len};
        struct hl7_arena arena = fresh_arena();
        struct hl7_message message;
        enum hl7_code code = hl7_message_parse(text, &arena, &message, NULL);
        assert_true((code == HL7_OK) == (len >= 7));
        assert_true(hl7_message_memory(text) > 0);
        for (size_t i = 0; code == HL7_OK && i < message.segment_count; i++) {
            assert_true(message.segments[i].start < message.segments[i].end);
            assert_true(message.segments[i].end <= len);
            hl7_slice last = hl7_segment_field(&message, i, message.segments[i].count - 1);
            assert_ptr_equal(last.ptr + last.len, edge + message.segments[i].end);
        }
        edge_free(edge, len);
    }
}

/* ---- Salvage ------------------------------------------------------------------------------- */

/* rule 26 */
static void the_header_of_a_refused_message_can_be_read(void **state)
{
    static const struct {
        hl7_slice text;
        const char *application; /* MSH-3 */
        const char *control_id;  /* MSH-10 */
        char component;
    } cases[] = {
        {TEXT("MSH|^~\\&|A|||||||ID1|P\rMSH|^~\\&|B\r"), "A", "ID1", '^'},
        {TEXT("MSH|^~\\&|A|||||||ID1|P\nMSH|^~\\&|B\n"), "A", "ID1", '^'},
        {TEXT("MSH|^~\\&|A|||||||ID1|P"), "A", "ID1", '^'},
        {TEXT("\xef\xbb\xbfMSH|^^^^|A|||||||ID1|P\rPID|1\r"), "A", "ID1", '\0'},
        {TEXT("MSH|ABC|A|||||||ID1|P\r"), "A", "ID1", '\0'},
        {TEXT("MSH|^~\\&#!+|A|||||||ID1|P\r"), "A", "ID1", '\0'},
        {TEXT("MSH||A|||||||ID1|P\r"), "A", "ID1", '\0'},
        {TEXT("MSH|"), "", "", '\0'},
        /* rule 9: with a CR anywhere, LF is data. */
        {TEXT("MSH|^^|A|||||||I\nD|P\rPID|1\r"), "A", "I\nD", '\0'},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *edge = edge_copy(cases[i].text.ptr, cases[i].text.len);
        struct hl7_arena arena = fresh_arena();
        struct hl7_message message;
        assert_int_equal(
            hl7_message_salvage((hl7_slice){edge, cases[i].text.len}, &arena, &message, NULL),
            HL7_OK);
        assert_int_equal(message.segment_count, 1);
        assert_slice(hl7_segment_field(&message, 0, 3), cases[i].application);
        assert_slice(hl7_segment_field(&message, 0, 10), cases[i].control_id);
        assert_int_equal(message.delimiters.component, cases[i].component);
        edge_free(edge, cases[i].text.len);
    }
}

static void what_has_no_usable_header_cannot_be_salvaged(void **state)
{
    static const hl7_slice cases[] = {
        TEXT(""),
        TEXT("MSH"),
        TEXT("PID|1"),
        TEXT("MSHA^~\\&A"),
        TEXT("MSH\r|"),
        TEXT("MSH\xe4|"),
        TEXT("<MSH|>"),
        TEXT("M\0S\0H\0|\0"),
        TEXT("FHS|^~\\&|"),
        TEXT("BHS|^~\\&|"),
        TEXT("\xff\xfeM\0S\0H\0|\0"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_arena arena = fresh_arena();
        struct hl7_message message = {.segment_count = 77};
        struct hl7_error error;
        assert_int_equal(hl7_message_salvage(cases[i], &arena, &message, &error), HL7_NO_HEADER);
        assert_int_equal(error.code, HL7_NO_HEADER);
        assert_int_equal(message.segment_count, 77);
        assert_int_equal(arena.used, 0);
    }
}

static void salvage_without_memory_takes_nothing(void **state)
{
    hl7_slice text = HL7_TEXT("MSH|^^|A|B|C|D\rPID|1");
    struct hl7_arena arena = fresh_arena();
    struct hl7_message message;

    (void)state;
    assert_int_equal(hl7_message_salvage(text, &arena, &message, NULL), HL7_OK);
    size_t used = arena.used;
    assert_true(used <= hl7_message_memory(text));
    message.segment_count = 77;
    for (size_t size = 0; size < used; size++) {
        hl7_arena_init(&arena, index_memory, size);
        assert_int_equal(hl7_message_salvage(text, &arena, &message, NULL), HL7_NO_MEMORY);
        assert_int_equal(arena.used, 0);
        assert_int_equal(message.segment_count, 77);
    }
}

/* ---- Large shapes -------------------------------------------------------------------------- */

/* rule 17: a message that is a header and `count` copies of a piece. */
static void check_large(const char *piece, size_t count, size_t segments, size_t last_fields)
{
    size_t len = strlen(piece);
    char *text = test_malloc(9 + len * count);
    struct hl7_arena arena;
    struct hl7_message message;

    memcpy(text, "MSH|^~\\&\r", 9);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + 9 + i * len, piece, len);
    }
    hl7_slice bytes = {text, 9 + len * count};
    size_t size = hl7_message_memory(bytes);
    char *room = test_malloc(size);
    hl7_arena_init(&arena, room, size);
    assert_int_equal(hl7_message_parse(bytes, &arena, &message, NULL), HL7_OK);
    assert_int_equal(message.segment_count, segments);
    assert_int_equal(message.segments[segments - 1].count, last_fields);
    test_free(room);
    test_free(text);
}

/* rule 17 */
static void no_shape_of_two_megabytes_is_special(void **state)
{
    const size_t count = (size_t)1 << 20;

    (void)state;
    check_large("a^", count, 2, 1);
    check_large("|^", count, 2, count + 1);
    check_large("||", count, 2, 2 * count + 1);
    check_large("~\\", count, 2, 1);
    check_large("A\r", count, count + 1, 1);
    check_large("\r\n", count, 1, 3);
    check_large("|\r", count, count + 1, 2);
    check_large("BHS|\r", count / 4, count / 4 + 1, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_computed_memory_suffices_wherever_it_begins),
        cmocka_unit_test(one_byte_less_than_is_used_fails_and_takes_nothing),
        cmocka_unit_test(any_text_has_a_memory_need),
        cmocka_unit_test(every_prefix_is_read_to_its_end_and_no_further),
        cmocka_unit_test(the_header_of_a_refused_message_can_be_read),
        cmocka_unit_test(what_has_no_usable_header_cannot_be_salvaged),
        cmocka_unit_test(salvage_without_memory_takes_nothing),
        cmocka_unit_test(no_shape_of_two_megabytes_is_special),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
