/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of whole segments, rule 12, and edits that run out of memory. */
#include "work.h"

/* ---- Segments ------------------------------------------------------------------------------ */

enum action { DELETE, APPEND, INSERT };

static enum hl7_code act(const struct work *work, enum action action, const char *name,
                         size_t occurrence, const char *segment)
{
    switch (action) {
    case DELETE:
        return hl7_edit_delete(work->edit, hl7_slice_of(name), occurrence);
    case APPEND:
        return hl7_edit_append(work->edit, hl7_slice_of(segment));
    case INSERT:
        return hl7_edit_insert(work->edit, hl7_slice_of(name), occurrence, hl7_slice_of(segment));
    }
    return HL7_OK;
}

static void segments_are_taken_out_and_added(void **state)
{
    static const struct {
        const char *text;
        enum action action;
        const char *name;
        size_t occurrence;
        const char *segment;
        const char *expected;
    } cases[] = {
        {"MSH|^\rA11|1\rA12|2\r", DELETE, "A11", 1, "", "MSH|^\rA12|2\r"},
        {"MSH|^\rA11|1\rA12|2\r", DELETE, "A12", 1, "", "MSH|^\rA11|1\r"},
        {"MSH|^\rA11|1\rA12|2", DELETE, "A11", 1, "", "MSH|^\rA12|2"},
        {"MSH|^\rA11|1\rA11|2\rA11|3", DELETE, "A11", 2, "", "MSH|^\rA11|1\rA11|3"},
        {"MSH|^\rA11|1\rA11|2\rA11|3", DELETE, "A11", HL7_LAST, "", "MSH|^\rA11|1\rA11|2\r"},
        {"MSH|^\r\nA11|1\r\nA12|2\r\n", DELETE, "A11", 0, "", "MSH|^\r\nA12|2\r\n"},
        {"MSH|^\nA11|1\n\n\nA12|2\n", DELETE, "A11", 0, "", "MSH|^\nA12|2\n"},
        /* The segment before the last one keeps its line end. */
        {"MSH|^\rA11|1\rA12|2", DELETE, "A12", 1, "", "MSH|^\rA11|1\r"},
        {"MSH|^\rA11|1", DELETE, "A11", 1, "", "MSH|^\r"},
        /* rule 9: without it, the LF in this value would end a segment. */
        {"MSH|^|a\nb\rA11|1", DELETE, "A11", 1, "", "MSH|^|a\nb\r"},
        /* Its own blank lines stay. */
        {"MSH|^\rA11|1\r\r\rA12|2\r", DELETE, "A12", 1, "", "MSH|^\rA11|1\r\r\r"},
        {"MSH|^\rA11|1\r", APPEND, "", 0, "NTE|x", "MSH|^\rA11|1\rNTE|x\r"},
        {"MSH|^\rA11|1", APPEND, "", 0, "NTE|x", "MSH|^\rA11|1\rNTE|x"},
        {"MSH|^\nA11|1\n", APPEND, "", 0, "NTE|x", "MSH|^\nA11|1\nNTE|x\n"},
        {"MSH|^\nA11|1", APPEND, "", 0, "NTE|x", "MSH|^\nA11|1\nNTE|x"},
        {"MSH|^\r\nA11|1\r\n", APPEND, "", 0, "NTE|x", "MSH|^\r\nA11|1\r\nNTE|x\r\n"},
        {"MSH|^\r\nA11|1", APPEND, "", 0, "NTE|x", "MSH|^\r\nA11|1\r\nNTE|x"},
        {"MSH|^\r", APPEND, "", 0, "NTE", "MSH|^\rNTE\r"},
        {"MSH|^\n", APPEND, "", 0, "NTE", "MSH|^\nNTE\n"},
        /* A header alone has no line end to follow: HL7's own is taken. */
        {"MSH|^", APPEND, "", 0, "NTE", "MSH|^\rNTE"},
        {"MSH|^\rA11|1\rA12|2\r", INSERT, "A11", 1, "NTE|x", "MSH|^\rA11|1\rNTE|x\rA12|2\r"},
        {"MSH|^\rA11|1\rA11|2", INSERT, "A11", HL7_LAST, "NTE|x", "MSH|^\rA11|1\rA11|2\rNTE|x"},
        {"MSH|^\rA11|1\rA12|2\r", INSERT, "MSH", 1, "NTE|x", "MSH|^\rNTE|x\rA11|1\rA12|2\r"},
        {"MSH|^\r\nA11|1\r\n", INSERT, "MSH", 0, "NTE|x", "MSH|^\r\nNTE|x\r\nA11|1\r\n"},
        {"\xef\xbb\xbfMSH|^\rA11", INSERT, "MSH", 0, "NTE", "\xef\xbb\xbfMSH|^\rNTE\rA11"},
    };
    struct work work;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        work_begin(&work, cases[i].text);
        assert_int_equal(
            act(&work, cases[i].action, cases[i].name, cases[i].occurrence, cases[i].segment),
            HL7_OK);
        assert_slice(work_written(&work), cases[i].expected);
    }
}

static void what_cannot_be_taken_out_or_added_changes_nothing(void **state)
{
    static const struct {
        enum action action;
        const char *name;
        size_t occurrence;
        const char *segment;
        enum hl7_code code;
    } cases[] = {
        {DELETE, "MSH", 1, "", HL7_BAD_PATH},
        {DELETE, "MSH", HL7_LAST, "", HL7_BAD_PATH},
        {DELETE, "MSH", 2, "", HL7_NOT_FOUND},
        {DELETE, "A11", 2, "", HL7_NOT_FOUND},
        {DELETE, "ZZZ", 1, "", HL7_NOT_FOUND},
        {DELETE, "ZZZ", HL7_LAST, "", HL7_NOT_FOUND},
        {DELETE, "", 1, "", HL7_NOT_FOUND},
        {INSERT, "ZZZ", 1, "NTE|1", HL7_NOT_FOUND},
        {INSERT, "A11", 1, "MSH|^~\\&", HL7_TWO_HEADERS},
        {APPEND, "", 0, "MSH|^~\\&|B", HL7_TWO_HEADERS},
        {APPEND, "", 0, "MSH", HL7_TWO_HEADERS},
        {APPEND, "", 0, "", HL7_NOT_ENCODABLE},
        {APPEND, "", 0, "|1", HL7_NOT_ENCODABLE},
        {APPEND, "", 0, "NT", HL7_NOT_ENCODABLE},
        {APPEND, "", 0, "NTES|1", HL7_NOT_ENCODABLE},
        {APPEND, "", 0, "NTE|1\r", HL7_NOT_ENCODABLE},
        {APPEND, "", 0, "NTE|1\rPID|2", HL7_NOT_ENCODABLE},
        {APPEND, "", 0, "NTE|1\nPID|2", HL7_NOT_ENCODABLE},
        {APPEND, "", 0, "NTE|\x0b", HL7_NOT_ENCODABLE},
        {APPEND, "", 0, "NTE|\x1c", HL7_NOT_ENCODABLE},
        /* It would be a header to any other reader, whatever the separator. */
        {APPEND, "", 0, "MSH#^~\\&#B", HL7_NOT_ENCODABLE},
    };
    static const char text[] = "MSH|^~\\&|A\rA11|1\r";
    struct work work;

    (void)state;
    work_begin(&work, text);
    size_t used = work.arena.used;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum hl7_code code =
            act(&work, cases[i].action, cases[i].name, cases[i].occurrence, cases[i].segment);
        if (code != cases[i].code) {
            fail_msg("case %zu: %s", i, hl7_code_name(code));
        }
        assert_int_equal(work.arena.used, used);
        assert_slice(work_written(&work), text);
    }
}

static void an_added_segment_is_a_copy_and_can_be_edited(void **state)
{
    char segment[] = "OBX|1|ST";
    struct work work;

    (void)state;
    work_begin(&work, "MSH|^~\\&|A\r");
    assert_int_equal(hl7_edit_append(work.edit, hl7_slice_of(segment)), HL7_OK);
    memset(segment, 'x', sizeof segment - 1);
    assert_int_equal(work_set(&work, "OBX-3.2", "n"), HL7_OK);
    assert_int_equal(act(&work, INSERT, "OBX", 1, "NTE|1"), HL7_OK);
    assert_int_equal(act(&work, DELETE, "OBX", 1, ""), HL7_OK);
    assert_null(work_get(&work, "OBX").ptr);
    assert_int_equal(act(&work, APPEND, "", 0, "OBX|2"), HL7_OK);
    assert_slice(work_get(&work, "OBX-1"), "2");
    assert_slice(work_written(&work), "MSH|^~\\&|A\rNTE|1\rOBX|2\r");
}

/* ---- Memory -------------------------------------------------------------------------------- */

/* All edits, one after the other, in an arena of this size; how many were done is the answer. */
static size_t edit_in(size_t size, size_t *ret_used)
{
    static const char text[] = "MSH|^~\\&|A\rPID|1\rPV1|1\r";
    static const char *const after[] = {
        "MSH|^~\\&|A\rPID|1\rPV1|1\r",
        "MSH|^~\\&|A\rPID|1||n\rPV1|1\r",
        "MSH|^~\\&|A\rPID|1|a\\S\\b|n\rPV1|1\r",
        "MSH|^~\\&|A\rPID|1|a\\S\\b|n\rPV1|1\rNTE|x\r",
        "MSH|^~\\&|A\rPID|1|a\\S\\b|n\rZZ1|y\rPV1|1\rNTE|x\r",
    };
    static char room[1 << 12];
    struct work work = {.edit = NULL};
    size_t done = 0;
    bool going = true;

    work_begin(&work, text);
    work.edit = NULL;
    hl7_arena_init(&work.arena, room, size);
    if (hl7_edit_begin(&work.message, &work.arena, &work.edit) != HL7_OK) {
        assert_int_equal(work.arena.used, 0);
        assert_null(work.edit);
        return 0;
    }
    while (going) {
        size_t used = work.arena.used;
        enum hl7_code code = HL7_NOT_FOUND;
        assert_slice(work_written(&work), after[done]);
        switch (done) {
        case 0:
            code = work_set(&work, "PID-3", "n");
            break;
        case 1:
            code = work_set_text(&work, "PID-2", "a^b");
            break;
        case 2:
            code = act(&work, APPEND, "", 0, "NTE|x");
            break;
        case 3:
            code = act(&work, INSERT, "PID", 1, "ZZ1|y");
            break;
        default:
            break;
        }
        going = code == HL7_OK;
        done += going ? 1 : 0;
        if (!going) {
            assert_int_equal(code, done == 4 ? HL7_NOT_FOUND : HL7_NO_MEMORY);
            assert_int_equal(work.arena.used, used);
            assert_slice(work_written(&work), after[done]);
        }
    }
    *ret_used = work.arena.used;
    return done + 1;
}

static void every_shortage_of_memory_leaves_the_working_copy_as_it_was(void **state)
{
    size_t used = 0;
    size_t best = 0;

    (void)state;
    assert_int_equal(edit_in(1 << 12, &used), 5);
    for (size_t size = 0; size < used; size++) {
        size_t unused = 0;
        size_t done = edit_in(size, &unused);
        assert_true(done >= best && done < 5);
        best = done;
    }
    assert_int_equal(edit_in(used, &used), 5);
}

static void a_buffer_that_is_too_small_says_so(void **state)
{
    char little[8];
    struct hl7_buffer buffer;
    struct work work;

    (void)state;
    work_begin(&work, "MSH|^~\\&|A\rPID|1\r");
    hl7_buffer_init(&buffer, little, sizeof little);
    hl7_edit_write(work.edit, &buffer);
    assert_true(buffer.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_taken_out_and_added),
        cmocka_unit_test(what_cannot_be_taken_out_or_added_changes_nothing),
        cmocka_unit_test(an_added_segment_is_a_copy_and_can_be_edited),
        cmocka_unit_test(every_shortage_of_memory_leaves_the_working_copy_as_it_was),
        cmocka_unit_test(a_buffer_that_is_too_small_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
