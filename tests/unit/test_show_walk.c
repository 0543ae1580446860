/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over a message that `orderly show` prints: which values it visits, under which paths. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "show.h"

/* ---- A visitor that writes down what it sees ------------------------------------------------- */

struct notes {
    struct hl7_buffer buffer;
};

static void note_segment(void *context, const struct show_segment *segment)
{
    struct notes *notes = context;

    hl7_buffer_add(&notes->buffer, segment->path);
    hl7_buffer_add_byte(&notes->buffer, '{');
}

static void note_value(void *context, const struct show_value *value)
{
    struct notes *notes = context;

    hl7_buffer_add(&notes->buffer, value->path);
    hl7_buffer_add_byte(&notes->buffer, '=');
    hl7_buffer_add(&notes->buffer, value->raw);
    hl7_buffer_add_byte(&notes->buffer, value->parts == SHOW_LEAF ? ' ' : '(');
}

static void note_end(void *context)
{
    struct notes *notes = context;

    hl7_buffer_add(&notes->buffer, HL7_TEXT(") "));
}

static void note_segment_end(void *context)
{
    struct notes *notes = context;

    hl7_buffer_add(&notes->buffer, HL7_TEXT("} "));
}

static const struct show_visitor note_visitor = {note_segment, note_segment_end, note_value,
                                                 note_end};

static hl7_slice walk(hl7_slice bytes, bool all, char *memory, size_t size)
{
    struct show_counts counts = {NULL, NULL};
    size_t need = hl7_message_memory(bytes);
    char *index = malloc(need);
    struct hl7_arena arena;
    struct hl7_message message;
    struct notes notes;

    assert_non_null(index);
    hl7_arena_init(&arena, index, need);
    assert_int_equal(hl7_message_parse(bytes, &arena, &message, NULL), HL7_OK);
    for (int i = 0; i < 2; i++) {
        hl7_buffer_init(&notes.buffer, memory, size);
        assert_true(show_walk(&message, all, &counts, &note_visitor, &notes));
    }
    assert_false(notes.buffer.full);
    show_counts_free(&counts);
    free(index);
    return hl7_buffer_slice(&notes.buffer);
}

/* What is seen behind the MSH segment. */
static void check(const char *segments, bool all, const char *seen)
{
    static const char head[] = "MSH{MSH-1=| MSH-2=^~\\& } ";
    char bytes[300];
    char memory[1000];
    hl7_slice notes;

    (void)snprintf(bytes, sizeof bytes, "MSH|^~\\&\r%s", segments);
    notes = walk(hl7_slice_of(bytes), all, memory, sizeof memory);
    assert_true(hl7_slice_starts(notes, HL7_TEXT(head)));
    assert_slice(hl7_slice_part(notes, sizeof head - 1, notes.len), seen);
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void empty_values_are_left_out(void **state)
{
    (void)state;
    check("PID|1||A^^B&~|\"\"", false,
          "PID{PID-1=1 PID-3=A^^B&~(PID-3[1]=A^^B&(PID-3[1].1=A PID-3[1].3=B&(PID-3[1].3.1=B ) ) "
          ") PID-4=\"\" } ");
}

static void empty_values_are_shown_on_request(void **state)
{
    (void)state;
    check("PID||a^", true, "PID{PID-1= PID-2=a^(PID-2.1=a PID-2.2= ) } ");
}

static void repetitions_have_numbers_only_where_there_are_several(void **state)
{
    (void)state;
    check("PID|a|b~c", false, "PID{PID-1=a PID-2=b~c(PID-2[1]=b PID-2[2]=c ) } ");
}

/* rule 15 */
static void sub_components_without_components_belong_to_the_first(void **state)
{
    (void)state;
    check("PID|a&b|c&d~e", false,
          "PID{PID-1=a&b(PID-1.1.1=a PID-1.1.2=b ) PID-2=c&d~e(PID-2[1]=c&d(PID-2[1].1.1=c "
          "PID-2[1].1.2=d ) PID-2[2]=e ) } ");
}

/* rule 16 */
static void a_segment_is_numbered_where_the_message_has_several(void **state)
{
    (void)state;
    check("OBX|1\rNTE|1\rOBX|2\rZ99|1", false,
          "OBX[1]{OBX[1]-1=1 } NTE{NTE-1=1 } OBX[2]{OBX[2]-1=2 } Z99{Z99-1=1 } ");
}

/* rule 10 */
static void characters_that_msh_2_does_not_name_are_data(void **state)
{
    char memory[200];

    (void)state;
    assert_slice(walk(HL7_TEXT("MSH|^\rPID|a~b&c^d"), false, memory, sizeof memory),
                 "MSH{MSH-1=| MSH-2=^ } PID{PID-1=a~b&c^d(PID-1.1=a~b&c PID-1.2=d ) } ");
}

/* Every path that the walk gives leads `get` to the same value. */
static void check_path(const struct hl7_message *message, hl7_slice path, hl7_slice raw)
{
    char text[64];

    assert_true(path.len < sizeof text);
    memcpy(text, path.ptr, path.len);
    text[path.len] = '\0';
    assert_slices(hl7_message_at(message, text), raw);
}

static void check_value(void *context, const struct show_value *value)
{
    check_path(context, value->path, value->raw);
}

static void ignore_segment(void *context, const struct show_segment *segment)
{
    (void)context;
    (void)segment;
}

static void ignore_end(void *context)
{
    (void)context;
}

static void every_path_leads_to_its_value(void **state)
{
    static const struct show_visitor visitor = {ignore_segment, ignore_end, check_value,
                                                ignore_end};
    static char memory[65536];
    struct show_counts counts = {NULL, NULL};
    struct random_state random;
    char bytes[200] = "MSH|^~\\&\r";

    (void)state;
    random_init(&random, 5);
    for (int round = 0; round < 2000; round++) {
        struct hl7_arena arena;
        struct hl7_message message;
        size_t len = 9;

        while (len < 150) {
            memcpy(bytes + len, random_once_in(&random, 2) ? "OBX|" : "ZZ1|", 4);
            random_fill_from(&random, bytes + len + 4, 20, HL7_TEXT("ab|^~&"));
            len += 24;
            bytes[len++] = '\r';
        }
        hl7_arena_init(&arena, memory, sizeof memory);
        assert_int_equal(hl7_message_parse((hl7_slice){bytes, len}, &arena, &message, NULL),
                         HL7_OK);
        assert_true(show_walk(&message, random_once_in(&random, 2), &counts, &visitor, &message));
    }
    show_counts_free(&counts);
}

static void values_are_decoded_and_become_utf8(void **state)
{
    static const char bytes[] = "MSH|^~\\&|||||||||||||||8859/1\rNTE|caf\xe9 \\T\\ tea\\.br\\x";
    static char memory[4096];
    struct show_text text = {.charset = TEXT_CHARSET_NONE};
    struct hl7_arena arena;
    struct hl7_message message;
    hl7_slice raw;
    hl7_slice decoded;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_message_parse(HL7_TEXT(bytes), &arena, &message, NULL), HL7_OK);
    text.message = &message;
    assert_true(text_charset_named(&text.charset, "ISO-8859-1"));
    assert_true(show_decode(&text, hl7_message_at(&message, "NTE-1"), &raw, &decoded));
    assert_slice(raw, "caf\xc3\xa9 \\T\\ tea\\.br\\x");
    assert_slice(decoded, "caf\xc3\xa9 & tea\nx");
    show_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_values_are_left_out),
        cmocka_unit_test(empty_values_are_shown_on_request),
        cmocka_unit_test(repetitions_have_numbers_only_where_there_are_several),
        cmocka_unit_test(sub_components_without_components_belong_to_the_first),
        cmocka_unit_test(a_segment_is_numbered_where_the_message_has_several),
        cmocka_unit_test(characters_that_msh_2_does_not_name_are_data),
        cmocka_unit_test(every_path_leads_to_its_value),
        cmocka_unit_test(values_are_decoded_and_become_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
