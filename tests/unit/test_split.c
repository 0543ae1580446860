/* SPDX-License-Identifier: Apache-2.0
 *
 * Where messages begin and end in a text that holds many, at any chunking. */
#include "support.h"

#include "split.h"

#define MSH "MSH|^~\\&|LAB"

/* Cuts a text into parts and writes them as "M:bytes," with one letter for each kind: M message,
 * B batch, k batch segment, t text, _ blank; `!` marks an ambiguous part. Of the text, `first` bytes
 * are there at once and `step` more with each further look. *ret_lines: line ends in all. */
static hl7_slice cut(hl7_slice text, size_t first, size_t step, bool whole, char *memory,
                     size_t size, size_t *ret_lines)
{
    static const char letters[] = {[SPLIT_BLANK] = '_',
                                   [SPLIT_MESSAGE] = 'M',
                                   [SPLIT_BATCH] = 'B',
                                   [SPLIT_MARK] = 'k',
                                   [SPLIT_TEXT] = 't'};
    struct split_state state = {0};
    struct hl7_buffer buffer;
    size_t start = 0;
    size_t end = first < text.len ? first : text.len;

    *ret_lines = 0;
    hl7_buffer_init(&buffer, memory, size);
    while (start < text.len) {
        /* A copy that ends at an unreadable page: nothing is looked at that is not there yet. */
        char *held = edge_copy(text.ptr + start, end - start);
        struct split_part part = {0, 0, false};
        enum split_kind kind = SPLIT_MORE;

        if (end > start) {
            kind =
                split_next(&state, (hl7_slice){held, end - start}, end == text.len, whole, &part);
        }
        edge_free(held, end - start);
        if (kind == SPLIT_MORE) {
            assert_true(end < text.len);
            end = text.len - end < step ? text.len : end + step;
            continue;
        }
        assert_true(part.len > 0);
        *ret_lines += part.lines;
        if (kind != SPLIT_BLANK) {
            hl7_buffer_add_byte(&buffer, letters[kind]);
            hl7_buffer_add(&buffer, part.ambiguous ? HL7_TEXT("!:") : HL7_TEXT(":"));
            hl7_buffer_add(&buffer, (hl7_slice){text.ptr + start, part.len});
            hl7_buffer_add_byte(&buffer, ',');
        }
        start += part.len;
    }
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

struct split_case {
    const char *text;
    const char *parts;
};

/* In one look, and at every chunking. */
static void check(const struct split_case *cases, size_t count, bool whole)
{
    for (size_t i = 0; i < count; i++) {
        hl7_slice text = hl7_slice_of(cases[i].text);
        char memory[1000];
        size_t lines;
        size_t again;

        assert_slice(cut(text, text.len, 1, whole, memory, sizeof memory, &lines), cases[i].parts);
        for (size_t first = 0; first <= text.len; first++) {
            for (size_t step = 1; step <= 5; step++) {
                assert_slice(cut(text, first, step, whole, memory, sizeof memory, &again),
                             cases[i].parts);
                assert_int_equal(again, lines);
            }
        }
    }
}

static void messages_are_found_with_any_line_ends(void **state)
{
    static const struct split_case cases[] = {
        {MSH, "M:" MSH ","},
        {MSH "\rPID|1\r", "M:" MSH "\rPID|1\r,"},
        {MSH "\rPID|1\r" MSH "\rPID|2\r", "M:" MSH "\rPID|1\r,M:" MSH "\rPID|2\r,"},
        {MSH "\nPID|1\n" MSH "\nPID|2", "M:" MSH "\nPID|1\n,M:" MSH "\nPID|2,"},
        {MSH "\r\nPID|1\r\n" MSH "\r\n", "M:" MSH "\r\nPID|1\r\n,M:" MSH "\r\n,"},
        {"\r\n\n \t" MSH "\r\r\n" MSH, "M:" MSH "\r\r\n,M:" MSH ","},
        {MSH "\rOBX|MSH|\rMSHX|\r", "M:" MSH "\rOBX|MSH|\rMSHX|\r,"},
        {"MSH#:~\\&#A\rPID#1\rMSH|^~\\&|", "M:MSH#:~\\&#A\rPID#1\r,M:MSH|^~\\&|,"},
        {"\x1a", ""},
        {MSH "\nPID|1\n" MSH "\rPID|2\r", "M:" MSH "\nPID|1\n,M:" MSH "\rPID|2\r,"},
    };

    (void)state;
    check(cases, sizeof cases / sizeof cases[0], false);
}

/* rule 9 */
static void a_lone_lf_is_data_in_a_message_that_has_cr(void **state)
{
    static const struct split_case cases[] = {
        {MSH "\rNTE|one\ntwo\r", "M:" MSH "\rNTE|one\ntwo\r,"},
        {MSH "\rNTE|one\n" MSH "\rPID|1\r", "M!:" MSH "\rNTE|one\n" MSH "\rPID|1\r,"},
        {MSH "\rNTE|one\n" MSH "\rPID|1\r" MSH "\r",
         "M!:" MSH "\rNTE|one\n" MSH "\rPID|1\r,M:" MSH "\r,"},
        {MSH "\rNTE|one\nBHS|\r", "M!:" MSH "\rNTE|one\nBHS|\r,"},
    };

    (void)state;
    check(cases, sizeof cases / sizeof cases[0], false);
}

static void text_that_is_no_message_is_a_part_of_its_own(void **state)
{
    static const struct split_case cases[] = {
        {"hello\nworld\n", "t:hello\nworld\n,"},
        {"hello\n" MSH, "t:hello\n,M:" MSH ","},
        {"MS", "t:MS,"},
        {"MSH", "t:MSH,"},
        {"MSH\r", "t:MSH\r,"},
        {"msh|^~\\&|", "t:msh|^~\\&|,"},
    };

    (void)state;
    check(cases, sizeof cases / sizeof cases[0], false);
}

/* rule 31 */
static void a_batch_is_taken_apart(void **state)
{
    static const struct split_case cases[] = {
        {"FHS|^~\\&\rBHS|^~\\&\r" MSH "\rPID|1\r" MSH "\rBTS|2\rFTS|1\r",
         "k:FHS|^~\\&\r,k:BHS|^~\\&\r,M:" MSH "\rPID|1\r,M:" MSH "\r,k:BTS|2\r,k:FTS|1\r,"},
        {"BHS|^~\\&\n" MSH "\nBTS\n\n", "k:BHS|^~\\&\n,M:" MSH "\n,k:BTS\n,"},
        {"BTS|1\rnotes\r" MSH, "k:BTS|1\r,t:notes\r,M:" MSH ","},
    };

    (void)state;
    check(cases, sizeof cases / sizeof cases[0], false);
}

/* rule 31 */
static void a_batch_is_kept_whole_on_request(void **state)
{
    static const struct split_case cases[] = {
        {"FHS|\rBHS|\r" MSH "\rBTS|1\rFTS|1\r", "B:FHS|\rBHS|\r" MSH "\rBTS|1\rFTS|1\r,"},
        {"FHS|\rBHS|\rBTS|\rBHS|\rBTS|\rFTS|1", "B:FHS|\rBHS|\rBTS|\rBHS|\rBTS|\rFTS|1,"},
        {"FHS|\r" MSH "\rFHS|\r" MSH "\r", "B:FHS|\r" MSH "\r,B:FHS|\r" MSH "\r,"},
        {"BHS|\r" MSH "\r" MSH "\rBTS|2\r" MSH "\r",
         "B:BHS|\r" MSH "\r" MSH "\rBTS|2\r,M:" MSH "\r,"},
        {"BHS|\r" MSH "\rBHS|\r" MSH, "B:BHS|\r" MSH "\r,B:BHS|\r" MSH ","},
        {"BHS|\r" MSH "\rFTS|1\r", "B:BHS|\r" MSH "\r,k:FTS|1\r,"},
        {MSH "\rBHS|\rBTS\r", "M:" MSH "\r,B:BHS|\rBTS\r,"},
        {"BHS|\r" MSH "\rNTE|x\n" MSH "\rBTS|1\r", "B!:BHS|\r" MSH "\rNTE|x\n" MSH "\rBTS|1\r,"},
        {"BHS|\n" MSH "\nPID|1\n" MSH "\rPID|2\rBTS|2\r",
         "B!:BHS|\n" MSH "\nPID|1\n" MSH "\rPID|2\rBTS|2\r,"},
    };

    (void)state;
    check(cases, sizeof cases / sizeof cases[0], true);
}

static void lines_are_counted_as_an_editor_does(void **state)
{
    static const struct {
        const char *text;
        size_t lines;
    } cases[] = {{MSH, 0},
                 {MSH "\r", 1},
                 {MSH "\r\n", 1},
                 {MSH "\n\r", 2},
                 {"\r\n\r\n" MSH "\rPID|1\n", 4},
                 {MSH "\r\rPID\r", 3}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hl7_slice text = hl7_slice_of(cases[i].text);
        char memory[200];

        for (size_t step = 1; step < 4; step++) {
            size_t lines;

            (void)cut(text, 1, step, false, memory, sizeof memory, &lines);
            assert_int_equal(lines, cases[i].lines);
        }
    }
}

static void a_part_that_nobody_wants_is_dropped_piece_by_piece(void **state)
{
    struct split_state split = {0};
    struct split_part part = {0, 0, false};
    hl7_slice text = HL7_TEXT(MSH "\rOBX|1\rOBX|2\rOBX|3\r" MSH "\r");
    size_t start = 0;
    size_t lines = 0;

    (void)state;
    for (size_t end = 5; end <= text.len; end++) {
        hl7_slice held = {text.ptr + start, end - start};
        size_t more = 0;

        if (held.len > 0 && split_next(&split, held, false, false, &part) != SPLIT_MORE) {
            break;
        }
        start += split_drop(&split, &more);
        lines += more;
    }
    assert_int_equal(lines + part.lines, 4);
    assert_slices(hl7_slice_part(text, start + part.len, text.len), HL7_TEXT(MSH "\r"));
}

/* The parts are the text: nothing is lost, nothing is doubled, whatever the bytes and chunks. */
static void any_text_is_cut_the_same_at_any_chunking(void **state)
{
    struct random_state random;
    char text[60];
    char once[400];
    char more[400];

    (void)state;
    random_init(&random, 31);
    for (int round = 0; round < 3000; round++) {
        bool whole = random_once_in(&random, 2);
        size_t len = 0;
        size_t lines;
        size_t again;
        hl7_slice parts;

        while (len < 50) {
            static const char *const pieces[] = {"MSH|", "BHS|", "FHS|", "BTS", "FTS|",
                                                 "\r",   "\n",   "\r\n", "x",   " "};
            hl7_slice piece = hl7_slice_of(pieces[random_below(&random, 10)]);

            memcpy(text + len, piece.ptr, piece.len);
            len += piece.len;
        }
        parts = cut((hl7_slice){text, len}, len, 1, whole, once, sizeof once, &lines);
        assert_slices(cut((hl7_slice){text, len}, random_below(&random, len),
                          1 + random_below(&random, 9), whole, more, sizeof more, &again),
                      parts);
        assert_int_equal(again, lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_found_with_any_line_ends),
        cmocka_unit_test(a_lone_lf_is_data_in_a_message_that_has_cr),
        cmocka_unit_test(text_that_is_no_message_is_a_part_of_its_own),
        cmocka_unit_test(a_batch_is_taken_apart),
        cmocka_unit_test(a_batch_is_kept_whole_on_request),
        cmocka_unit_test(lines_are_counted_as_an_editor_does),
        cmocka_unit_test(a_part_that_nobody_wants_is_dropped_piece_by_piece),
        cmocka_unit_test(any_text_is_cut_the_same_at_any_chunking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
