/* SPDX-License-Identifier: Apache-2.0
 *
 * Recoding, rule 20: values moved from one set of delimiters to another. */
#include "sample.h"

static const struct hl7_delimiters standard = {'|', '^', '~', '\\', '&', '\0'};
static const struct hl7_delimiters with_truncation = {'|', '^', '~', '\\', '&', '#'};
static const struct hl7_delimiters without_subcomponent = {'|', '^', '~', '\\', '\0', '\0'};
static const struct hl7_delimiters without_escape = {'|', '^', '~', '\0', '\0', '\0'};
static const struct hl7_delimiters custom = {'*', ':', '+', '!', '%', '\0'};

enum { ROOM = 4096 };

static char decoded_memory[ROOM];
static char encoded_memory[ROOM];

static hl7_slice decode(const struct hl7_delimiters *delimiters, hl7_slice raw, enum hl7_text kind)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, decoded_memory, sizeof decoded_memory);
    hl7_unescape(delimiters, raw, kind, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

static hl7_slice recode(const struct hl7_delimiters *from, const struct hl7_delimiters *to,
                        hl7_slice raw)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, encoded_memory, sizeof encoded_memory);
    assert_int_equal(hl7_recode(from, to, raw, &buffer), HL7_OK);
    return hl7_buffer_slice(&buffer);
}

/* rule 20 */
static void structure_stays_structure_and_data_stays_data(void **state)
{
    static const struct {
        const struct hl7_delimiters *from;
        const struct hl7_delimiters *to;
        const char *raw;
        const char *recoded;
    } cases[] = {
        {&standard, &custom, "DOE^JANE&X~Y", "DOE:JANE%X+Y"},
        {&custom, &standard, "DOE:JANE%X+Y", "DOE^JANE&X~Y"},
        {&standard, &custom, "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"},
        {&standard, &custom, "a*b:c+d!e%f", "a!F!b!S!c!R!d!E!e!T!f"},
        {&custom, &standard, "a|b", "a\\F\\b"},
        {&standard, &custom, "C:\\temp\\x", "C!S!\\temp\\x"},
        {&custom, &standard, "C!temp!x", "C!temp!x"},
        {&custom, &standard, "C\\temp", "C\\E\\temp"},
        /* Formatting and bytes stay sequences. */
        {&standard, &custom, "\\.br\\\\H\\x\\N\\", "!.br!!H!x!N!"},
        {&standard, &custom, "\\X0D\\\\x7c\\", "!X0D!!x7c!"},
        {&standard, &custom, "\\C2842\\\\Zown\\", "!C2842!!Zown!"},
        /* rule 10: what has no counterpart is data. */
        {&standard, &without_subcomponent, "a&b^c", "a&b^c"},
        {&without_subcomponent, &standard, "a&b^c", "a\\T\\b^c"},
        {&standard, &without_escape, "a&b^c~d", "a&b^c~d"},
        {&without_escape, &standard, "C:\\temp^b", "C:\\E\\temp^b"},
        {&with_truncation, &standard, "long#", "long#"},
        {&standard, &with_truncation, "long#", "long\\P\\"},
        {&with_truncation, &custom, "a\\P\\#", "a##"},
        /* No line end and no frame byte comes through. */
        {&standard, &custom, "a\nb\rc\x0b\x1c", "a!X0A!b!X0D!c!X0B!!X1C!"},
        /* A field separator in the value has its counterpart too: recoding knows no fields. */
        {&standard, &custom, "a|b", "a*b"},
        {&standard, &custom, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].raw);
        char *edge = edge_copy(cases[i].raw, len);
        assert_slice(recode(cases[i].from, cases[i].to, (hl7_slice){edge, len}), cases[i].recoded);
        edge_free(edge, len);
    }
}

/* A formatting sequence whose body holds a delimiter of the new message stays text at least. */
static void a_sequence_that_cannot_be_written_becomes_its_text(void **state)
{
    static const struct hl7_delimiters dotted = {'.', '^', '~', '\\', '&', '\0'};
    static const struct hl7_delimiters plus = {'|', '+', '~', '\\', '&', '\0'};

    (void)state;
    assert_slice(recode(&standard, &dotted, HL7_TEXT("a\\.br\\b")), "a\\E\\\\F\\br\\E\\b");
    assert_slice(recode(&standard, &plus, HL7_TEXT("\\.in+4\\")), "\\E\\.in\\S\\4\\E\\");
}

static void without_an_escape_character_only_plain_values_can_be_moved(void **state)
{
    static const char *const impossible[] = {"a\\F\\", "a\\.br\\", "a\\X41\\", "a\rb",
                                             "a\\F\\^more"};
    char memory[32] = "before";

    (void)state;
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        struct hl7_buffer buffer = {.ptr = memory, .len = 6, .size = sizeof memory};
        assert_int_equal(
            hl7_recode(&standard, &without_escape, hl7_slice_of(impossible[i]), &buffer),
            HL7_NOT_ENCODABLE);
        assert_slice(hl7_buffer_slice(&buffer), "before");
    }
    assert_slice(recode(&standard, &without_escape, HL7_TEXT("a\\E\\b\\T\\")), "a\\b&");
}

/* A delimiter splits what would else be a sequence: it is structure, and stays it. */
static void structure_in_what_looks_like_a_sequence_stays_structure(void **state)
{
    static const struct hl7_delimiters dotted = {'|', '.', '+', '\\', '-', '\0'};

    (void)state;
    assert_slice(recode(&dotted, &standard, HL7_TEXT("\\Z+4\\")), "\\E\\Z~4\\E\\");
}

/* What does not fit leaves what was in the buffer before, and the mark that it was too small. */
static void recoding_into_too_small_a_buffer_adds_nothing(void **state)
{
    char memory[16];

    (void)state;
    for (size_t size = 2; size <= 9; size++) {
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, size);
        hl7_buffer_add(&buffer, HL7_TEXT("ab"));
        assert_int_equal(hl7_recode(&custom, &standard, HL7_TEXT("x|\ry"), &buffer), HL7_NO_MEMORY);
        assert_slice(hl7_buffer_slice(&buffer), "ab");
        assert_true(buffer.full);
    }
}

/* A value that can never be moved is that, however small the buffer. */
static void what_cannot_be_moved_does_not_ask_for_memory(void **state)
{
    char memory[2];
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    assert_int_equal(hl7_recode(&standard, &without_escape, HL7_TEXT("long text\\F\\"), &buffer),
                     HL7_NOT_ENCODABLE);
    assert_int_equal(buffer.len, 0);
}

/* A value built from encoded leaves, and formatting between them, as a careful sender writes it. */
static hl7_slice random_value(struct random_state *random, const struct hl7_delimiters *delimiters,
                              char *memory, size_t size)
{
    const char separators[] = {delimiters->component, delimiters->repetition,
                               delimiters->subcomponent};
    struct hl7_buffer buffer;
    char text[8];

    hl7_buffer_init(&buffer, memory, size);
    for (size_t i = random_below(random, 6); i > 0; i--) {
        char separator = separators[random_below(random, sizeof separators)];
        hl7_slice leaf = sample_text(random, delimiters, text, sizeof text);
        assert_int_equal(hl7_escape(delimiters, leaf, &buffer), HL7_OK);
        if (separator != '\0') {
            hl7_buffer_add_byte(&buffer, separator);
        }
    }
    return hl7_buffer_slice(&buffer);
}

/* rule 12: a value as a careful sender writes it is not touched. */
static void recoding_to_the_same_delimiters_changes_nothing(void **state)
{
    struct random_state random;
    char memory[400];

    (void)state;
    random_init(&random, 9);
    for (int round = 0; round < 3000; round++) {
        struct hl7_delimiters d = sample_escaping_delimiters(&random);
        hl7_slice raw = random_value(&random, &d, memory, sizeof memory);
        assert_slices(recode(&d, &d, raw), raw);
    }
}

/* rule 20: leaf by leaf the text is the same, and there are as many leaves. */
static void recoding_there_and_back_gives_the_value(void **state)
{
    struct random_state random;
    char memory[400];
    char there[1600];

    (void)state;
    random_init(&random, 10);
    for (int round = 0; round < 5000; round++) {
        struct hl7_delimiters a = sample_delimiters(&random, 5);
        struct hl7_delimiters b = sample_delimiters(&random, 5);
        struct hl7_buffer buffer;
        hl7_slice raw = random_value(&random, &a, memory, sizeof memory);
        hl7_buffer_init(&buffer, there, sizeof there);
        assert_int_equal(hl7_recode(&a, &b, raw, &buffer), HL7_OK);
        assert_slices(recode(&b, &a, hl7_buffer_slice(&buffer)), raw);
    }
}

static size_t count_pieces(const struct hl7_delimiters *delimiters, hl7_slice value)
{
    const char separators[] = {delimiters->component, delimiters->repetition,
                               delimiters->subcomponent};
    size_t count = 0;

    for (size_t i = 0; i < value.len; i++) {
        count += value.ptr[i] != '\0' && memchr(separators, value.ptr[i], 3) != NULL ? 1 : 0;
    }
    return count;
}

/* rule 20: of any bytes, however odd, no structure is made and no line end comes through. */
static void recoding_any_bytes_makes_no_structure(void **state)
{
    struct random_state random;
    char memory[60];

    (void)state;
    random_init(&random, 11);
    for (int round = 0; round < 5000; round++) {
        struct hl7_delimiters from = sample_any_delimiters(&random);
        struct hl7_delimiters to = sample_delimiters(&random, 5);
        const char ends[] = {'\r', '\n', HL7_VT, HL7_FS};
        hl7_slice raw = sample_text(&random, &from, memory, sizeof memory);
        hl7_slice moved = recode(&from, &to, raw);
        assert_false(sample_holds_any(moved, ends, sizeof ends));
        assert_int_equal(count_pieces(&to, moved), count_pieces(&from, raw));
    }
}

/* Formatting is kept as sequences, in which the escape character differs on both sides. */
static bool may_be_formatted(hl7_slice raw, char escape)
{
    for (size_t i = 1; i < raw.len; i++) {
        if (raw.ptr[i - 1] == escape && memchr(".HNZCM", raw.ptr[i], 6) != NULL) {
            return true;
        }
    }
    return false;
}

/* rule 20: the text a reader sees is the same on both sides, but for CR and their like, which the
 * new message holds as \X..\. */
static void recoding_any_bytes_keeps_their_text(void **state)
{
    struct random_state random;
    char memory[60];
    char before[64];

    (void)state;
    random_init(&random, 12);
    for (int round = 0; round < 5000; round++) {
        struct hl7_delimiters from = sample_any_delimiters(&random);
        struct hl7_delimiters to = sample_delimiters(&random, 5);
        hl7_slice raw = sample_text(&random, &from, memory, sizeof memory);
        const char structure[] = {from.field, from.component, from.repetition, from.subcomponent,
                                  from.truncation};
        /* Leaves only: structure is compared above. */
        if (sample_holds_any(raw, structure, sizeof structure) ||
            may_be_formatted(raw, from.escape)) {
            continue;
        }
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, before, sizeof before);
        hl7_unescape(&from, raw, HL7_TEXT_PLAIN, &buffer);
        assert_slices(decode(&to, recode(&from, &to, raw), HL7_TEXT_PLAIN),
                      hl7_buffer_slice(&buffer));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structure_stays_structure_and_data_stays_data),
        cmocka_unit_test(a_sequence_that_cannot_be_written_becomes_its_text),
        cmocka_unit_test(without_an_escape_character_only_plain_values_can_be_moved),
        cmocka_unit_test(structure_in_what_looks_like_a_sequence_stays_structure),
        cmocka_unit_test(recoding_into_too_small_a_buffer_adds_nothing),
        cmocka_unit_test(what_cannot_be_moved_does_not_ask_for_memory),
        cmocka_unit_test(recoding_to_the_same_delimiters_changes_nothing),
        cmocka_unit_test(recoding_there_and_back_gives_the_value),
        cmocka_unit_test(recoding_any_bytes_makes_no_structure),
        cmocka_unit_test(recoding_any_bytes_keeps_their_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
