/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches: where parts begin and end, and which batches are refused (rule 31). */
#include "support.h"

#include <ctype.h>

#define BOM "\xef\xbb\xbf"
#define FHS "FHS|^~\\&|LAB|NORTH"
#define BHS "BHS|^~\\&|LAB|NORTH"
#define MSH "MSH|^~\\&|LAB|NORTH|||2024||ORU^R01|1|P|2.5"
#define PID "PID|1||T1^^^TEST||DOE^JANE^TEST"

/* One letter for each kind. */
static char letter_of(enum hl7_batch_kind kind)
{
    static const char letters[] = {
        [HL7_BATCH_FILE_HEADER] = 'F', [HL7_BATCH_HEADER] = 'B',       [HL7_BATCH_MESSAGE] = 'M',
        [HL7_BATCH_TRAILER] = 'b',     [HL7_BATCH_FILE_TRAILER] = 'f', [HL7_BATCH_STRAY] = 's',
    };

    return letters[kind];
}

/* Writes a walk as "F[..]M[..]", the bytes of each part between the brackets. */
static hl7_slice walk(hl7_slice bytes, char *memory, size_t size)
{
    struct hl7_buffer buffer;
    struct hl7_batch batch;
    struct hl7_batch_part part;

    hl7_buffer_init(&buffer, memory, size);
    hl7_batch_init(&batch, bytes);
    for (enum hl7_batch_kind kind = hl7_batch_next(&batch, &part); kind != HL7_BATCH_END;
         kind = hl7_batch_next(&batch, &part)) {
        assert_int_equal(part.kind, kind);
        assert_ptr_equal(part.bytes.ptr, bytes.ptr + part.position);
        hl7_buffer_add_byte(&buffer, letter_of(kind));
        hl7_buffer_add_byte(&buffer, '[');
        hl7_buffer_add(&buffer, part.bytes);
        hl7_buffer_add_byte(&buffer, ']');
    }
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

struct walk_case {
    const char *text;
    const char *parts;
};

static void check_walks(const struct walk_case *cases, size_t count)
{
    char memory[1024];

    for (size_t i = 0; i < count; i++) {
        assert_slice(walk(hl7_slice_of(cases[i].text), memory, sizeof memory), cases[i].parts);
    }
}

/* ---- The walker ---------------------------------------------------------------------------- */

/* rule 31 */
static void parts_begin_at_headers_and_trailers(void **state)
{
    static const struct walk_case cases[] = {
        {MSH "\r" PID "\r", "M[" MSH "\r" PID "\r]"},
        {MSH "\r" PID, "M[" MSH "\r" PID "]"},
        {MSH "\r" MSH "\r" PID "\r", "M[" MSH "\r]M[" MSH "\r" PID "\r]"},
        {FHS "\r" BHS "\r" MSH "\r" PID "\rBTS|1\rFTS|1\r",
         "F[" FHS "\r]B[" BHS "\r]M[" MSH "\r" PID "\r]b[BTS|1\r]f[FTS|1\r]"},
        {"BHS\rMSH\rBTS\rFTS", "B[BHS\r]M[MSH\r]b[BTS\r]f[FTS]"},
    };

    (void)state;
    check_walks(cases, sizeof cases / sizeof *cases);
}

/* rule 9 */
static void line_ends_are_cr_or_crlf_or_lf(void **state)
{
    static const struct walk_case cases[] = {
        {"MSH|\nPID|\nMSH|\n", "M[MSH|\nPID|\n]M[MSH|\n]"},
        {"MSH|\r\nPID|\r\nMSH|\r\n", "M[MSH|\r\nPID|\r\n]M[MSH|\r\n]"},
        {"MSH|\rPID|\r\n\nMSH|\r", "M[MSH|\rPID|\r\n\n]M[MSH|\r]"},
        /* One CR anywhere, and LF is data. */
        {"MSH|\nMSH|\r", "M[MSH|\nMSH|\r]"},
    };

    (void)state;
    check_walks(cases, sizeof cases / sizeof *cases);
}

static void blank_lines_stay_with_the_part_before_them(void **state)
{
    static const struct walk_case cases[] = {
        {"MSH|\n\n\nMSH|\n\n", "M[MSH|\n\n\n]M[MSH|\n\n]"},
        {"MSH|\r\r\rMSH|\r\r", "M[MSH|\r\r\r]M[MSH|\r\r]"},
        {"MSH|\r\n\r\nBTS|1\r\n\r\n", "M[MSH|\r\n\r\n]b[BTS|1\r\n\r\n]"},
    };

    (void)state;
    check_walks(cases, sizeof cases / sizeof *cases);
}

static void line_ends_before_the_first_part_mean_nothing(void **state)
{
    static const struct walk_case cases[] = {
        {"\n\nMSH|\n", "M[MSH|\n]"},
        {"\r\n\r\nMSH|\r\n", "M[MSH|\r\n]"},
        {"", ""},
        {"\r\n\n\r", ""},
    };

    (void)state;
    check_walks(cases, sizeof cases / sizeof *cases);
}

/* rule 9 */
static void byte_order_marks_before_a_part_are_in_no_part(void **state)
{
    static const struct walk_case cases[] = {
        {BOM "MSH|\nPID|\n", "M[MSH|\nPID|\n]"},
        {BOM "\nFHS|\n", "F[FHS|\n]"},
        {"MSH|\nPID|\n" BOM "MSH|\n", "M[MSH|\nPID|\n]M[MSH|\n]"},
        {"MSH|\nPID|\n" BOM, "M[MSH|\nPID|\n" BOM "]"},
        {"MSH|\n" BOM "PID|\n", "M[MSH|\n" BOM "PID|\n]"},
        {BOM, ""},
    };

    (void)state;
    check_walks(cases, sizeof cases / sizeof *cases);
}

static void text_before_the_first_header_is_stray(void **state)
{
    static const struct walk_case cases[] = {
        {"hello\nMSH|\n", "s[hello\n]M[MSH|\n]"},
        {"PID|1\rNTE|1\rMSH|\r", "s[PID|1\rNTE|1\r]M[MSH|\r]"},
        {" MSH|\n", "s[ MSH|\n]"},
        {"M", "s[M]"},
        {"\x0bMSH|\r", "s[\x0bMSH|\r]"},
    };

    (void)state;
    check_walks(cases, sizeof cases / sizeof *cases);
}

static void a_longer_name_begins_no_part(void **state)
{
    static const struct walk_case cases[] = {
        {"MSH|\nBTSA|1\nFTS9\nMSHa|\n", "M[MSH|\nBTSA|1\nFTS9\nMSHa|\n]"},
        {"MSH|\nZMSH|1\nNTE|1||MSH|\n", "M[MSH|\nZMSH|1\nNTE|1||MSH|\n]"},
        {"MSH|\nmsh|\nBT\n", "M[MSH|\nmsh|\nBT\n]"},
    };

    (void)state;
    check_walks(cases, sizeof cases / sizeof *cases);
}

static size_t count_parts(hl7_slice bytes)
{
    struct hl7_batch batch;
    struct hl7_batch_part part;
    size_t count = 0;

    hl7_batch_init(&batch, bytes);
    while (hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        count++;
    }
    return count;
}

static void any_byte_but_a_letter_or_a_digit_behind_a_name_begins_a_part(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[] = "MSH|\rMSH?\r";
        bool is_name = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z');
        text[8] = (char)(unsigned char)byte;
        assert_int_equal(count_parts((hl7_slice){text, sizeof text - 1}), is_name ? 1 : 2);
    }
}

static void the_end_leaves_the_part_untouched(void **state)
{
    struct hl7_batch batch;
    struct hl7_batch_part part = {.kind = HL7_BATCH_STRAY, .position = 77};

    (void)state;
    hl7_batch_init(&batch, (hl7_slice){NULL, 0});
    assert_int_equal(hl7_batch_next(&batch, &part), HL7_BATCH_END);
    assert_int_equal(hl7_batch_next(&batch, &part), HL7_BATCH_END);
    assert_int_equal(part.kind, HL7_BATCH_STRAY);
    assert_int_equal(part.position, 77);
}

/* rule 17 */
static void a_million_lines_and_a_million_parts_are_walked_to_the_end(void **state)
{
    const size_t size = (size_t)4000000;
    char *text = test_malloc(size);

    (void)state;
    for (size_t i = 0; i < size; i += 4) {
        memcpy(text + i, "MSH\r", 4);
    }
    assert_int_equal(count_parts((hl7_slice){text, size}), size / 4);
    memset(text, '\r', size);
    memcpy(text, "MSH|", 4);
    assert_int_equal(count_parts((hl7_slice){text, size}), 1);
    memset(text + 4, '\n', size - 4);
    assert_int_equal(count_parts((hl7_slice){text, size}), 1);
    test_free(text);
}

/* ---- The walker against a plain one -------------------------------------------------------- */

static bool begins_part(const char *line, size_t len)
{
    static const char names[][4] = {"FHS", "BHS", "MSH", "BTS", "FTS"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (len >= 3 && memcmp(line, names[i], 3) == 0) {
            return len == 3 || isalnum((unsigned char)line[3]) == 0;
        }
    }
    return false;
}

/* Cuts a text into parts, line by line; returns how many. */
static size_t cut_plainly(hl7_slice text, size_t *ret_starts)
{
    char end = memchr(text.ptr, '\r', text.len) != NULL ? '\r' : '\n';
    size_t count = 0;
    size_t at = 0;

    while (at < text.len && (text.ptr[at] == '\r' || text.ptr[at] == '\n')) {
        at++;
    }
    for (bool first = true; at < text.len; first = false) {
        if (first || begins_part(text.ptr + at, text.len - at)) {
            ret_starts[count++] = at;
        }
        while (at < text.len && text.ptr[at] != end) {
            at++;
        }
        at++;
        while (end == '\r' && at < text.len && text.ptr[at] == '\n') {
            at++;
        }
    }
    return count;
}

static void random_texts_are_cut_as_a_plain_walker_cuts_them(void **state)
{
    static const char *const words[] = {"MSH", "BHS", "FHS", "BTS", "FTS", "|", "\r",
                                        "\n",  "\n",  "a",   "X",   "9",   " ", "PID|"};
    struct random_state random;
    size_t starts[64];

    (void)state;
    random_init(&random, 31);
    for (int round = 0; round < 5000; round++) {
        char memory[256];
        struct hl7_buffer text;
        hl7_buffer_init(&text, memory, sizeof memory);
        size_t count = random_below(&random, 40);
        bool with_cr = random_once_in(&random, 2);
        for (size_t i = 0; i < count; i++) {
            const char *word = words[random_below(&random, sizeof words / sizeof *words)];
            hl7_buffer_add(&text, hl7_slice_of(*word == '\r' && !with_cr ? "\n" : word));
        }
        hl7_slice bytes = hl7_buffer_slice(&text);
        size_t expected = cut_plainly(bytes, starts);
        struct hl7_batch batch;
        struct hl7_batch_part part;
        hl7_batch_init(&batch, bytes);
        for (size_t i = 0; i < expected; i++) {
            size_t end = i + 1 < expected ? starts[i + 1] : bytes.len;
            assert_int_not_equal(hl7_batch_next(&batch, &part), HL7_BATCH_END);
            assert_int_equal(part.position, starts[i]);
            assert_int_equal(part.bytes.len, end - starts[i]);
        }
        assert_int_equal(hl7_batch_next(&batch, &part), HL7_BATCH_END);
    }
}

/* ---- Is it a batch ------------------------------------------------------------------------- */

static void a_text_that_begins_with_fhs_or_bhs_is_a_batch(void **state)
{
    static const struct {
        const char *text;
        bool batch;
    } cases[] = {
        {FHS "\r", true},      {BHS "\r", true},   {"BHS", true},         {BOM BHS, true},
        {BOM "\n" BHS, true},  {"\r\n" FHS, true}, {MSH "\r" BHS, false}, {"BTS|1", false},
        {"FTS|1", false},      {"", false},        {"BHSX|", false},      {"BH", false},
        {"PID|\r" BHS, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(hl7_is_batch(hl7_slice_of(cases[i].text)), cases[i].batch);
    }
    assert_false(hl7_is_batch((hl7_slice){NULL, 0}));
}

/* ---- The check ----------------------------------------------------------------------------- */

/* rule 31 */
static void a_batch_in_order_is_accepted_and_counted(void **state)
{
    static const struct {
        const char *text;
        size_t messages;
    } cases[] = {
        {MSH "\r", 1},
        {MSH "\r" PID "\r" MSH "\r", 2},
        {BHS "\r" MSH "\r" PID "\r" MSH "\rBTS|2\r", 2},
        {FHS "\r" BHS "\r" MSH "\rBTS|1\r" BHS "\r" MSH "\r" MSH "\rBTS|2\rFTS|2\r", 3},
        {FHS "\n" BHS "\n" MSH "\nBTS|1\nFTS|1\n", 1},
        {FHS "\r\n" BHS "\r\n" MSH "\r\nBTS|1\r\nFTS|1\r\n\r\n", 1},
        {BOM BHS "\r" MSH "\rBTS|1", 1},
        /* Every header and trailer may be left out; an absent count is right. */
        {FHS "\r" MSH "\r" MSH "\rFTS", 2},
        {MSH "\r" MSH "\rBTS|2\rFTS|1\r", 2},
        {BHS "\r" MSH "\r" BHS "\r" MSH "\rBTS|1\rFTS|2", 2},
        {MSH "\r" BHS "\r" MSH "\r" MSH "\rBTS|2\rFTS|2\r", 3},
        {BHS "\r" MSH "\rBTS\r" MSH "\rBTS|1\rFTS|2", 2},
        {BHS "\r" MSH "\rBTS|\rFTS||comment\r", 1},
        {BHS "\r" MSH "\rBTS|\"\"\r", 1},
        {BHS "\r" MSH "\rBTS|1|comment|3~4\r", 1},
        {BHS "\r" MSH "\rBTS| 01 \r", 1},
        /* A batch of no messages, and a file of no batches. */
        {BHS "\rBTS|0\r", 0},
        {FHS "\rFTS|0\r", 0},
        /* The separators are those of each header. */
        {"FHS|^~\\&|\rBHS#^~\\&#\r" MSH "\rBTS#1#x\rFTS|1\r", 1},
        {MSH "\rBTS#1\rFTS*1\r", 1},
        /* Blank lines and Z-segments (rule 32) may stand anywhere. */
        {FHS "\rZFX|1\r\r" BHS "\rZ\r  \r" MSH "\rBTS|1\rZZZ\rFTS|1\r\x1a", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t messages = 99;
        struct hl7_error error = {0};
        enum hl7_code code = hl7_batch_check(hl7_slice_of(cases[i].text), &messages, &error);
        assert_string_equal(error.text, "");
        assert_int_equal(code, HL7_OK);
        assert_int_equal(messages, cases[i].messages);
    }
}

struct refusal {
    const char *before; /* the text up to the byte at fault */
    const char *behind; /* and from there */
    const char *reason;
};

static void check_refusals(const struct refusal *cases, size_t count, enum hl7_code code)
{
    for (size_t i = 0; i < count; i++) {
        char memory[1024];
        struct hl7_buffer text;
        size_t messages = 99;
        struct hl7_error error = {0};
        hl7_buffer_init(&text, memory, sizeof memory);
        hl7_buffer_add(&text, hl7_slice_of(cases[i].before));
        hl7_buffer_add(&text, hl7_slice_of(cases[i].behind));
        hl7_slice bytes = hl7_buffer_slice(&text);
        assert_int_equal(hl7_batch_check(bytes, &messages, &error), code);
        assert_int_equal(error.code, code);
        assert_string_equal(error.text, cases[i].reason);
        assert_int_equal(error.position, strlen(cases[i].before));
        assert_int_equal(messages, 99);
        assert_int_equal(hl7_batch_check(bytes, &messages, NULL), code);
    }
}

/* rule 31 */
static void segments_out_of_order_are_refused(void **state)
{
    static const struct refusal cases[] = {
        {"", "BTS|1\r", "expected FHS, BHS or MSH, found BTS"},
        {"", "FTS|1\r", "expected FHS, BHS or MSH, found FTS"},
        {FHS "\r", FHS "\r", "expected BHS, MSH or FTS, found FHS"},
        {FHS "\r", "BTS|0\r", "expected BHS, MSH or FTS, found BTS"},
        {MSH "\r", FHS "\r", "expected MSH, BTS, BHS or FTS, found FHS"},
        {BHS "\r" MSH "\rBTS\r", "BTS\r", "expected BHS, MSH or FTS, found BTS"},
        {BHS "\r" MSH "\rBTS\r", FHS "\r", "expected BHS, MSH or FTS, found FHS"},
        {FHS "\rFTS\r", "FTS\r", "expected the end of the text, found FTS"},
        {FHS "\r" MSH "\rFTS\r", MSH "\r", "expected the end of the text, found MSH"},
        {FHS "\rFTS\r", BHS "\r", "expected the end of the text, found BHS"},
        {FHS "\rFTS\r", "BTS\r", "expected the end of the text, found BTS"},
        {FHS "\rFTS\r\r", FHS "\r", "expected the end of the text, found FHS"},
    };

    (void)state;
    check_refusals(cases, sizeof cases / sizeof *cases, HL7_BAD_BATCH);
}

/* rule 31 */
static void wrong_counts_are_refused(void **state)
{
    static const char messages[] = "expected a number of messages in BTS-1, found other text";
    static const struct refusal cases[] = {
        {BHS "\r" MSH "\rBTS|", "2\r", "expected as many messages as BTS-1 says, 2, found 1"},
        {BHS "\r" MSH "\r" MSH "\rBTS|  ", "1",
         "expected as many messages as BTS-1 says, 1, found 2"},
        {MSH "\rBTS|", "0\r", "expected as many messages as BTS-1 says, 0, found 1"},
        {BHS "\r" MSH "\rBTS|", "18446744073709551617|x\r",
         "expected as many messages as BTS-1 says, 18446744073709551615, found 1"},
        {BHS "\r" MSH "\rBTS|", "99999999999999999999999\r",
         "expected as many messages as BTS-1 says, 18446744073709551615, found 1"},
        {BHS "\r" MSH "\rBTS|1\rFTS|", "2\r", "expected as many batches as FTS-1 says, 2, found 1"},
        /* The count of batches, not of messages. */
        {FHS "\r" BHS "\r" MSH "\r" MSH "\rBTS|2\rFTS|", "2\r",
         "expected as many batches as FTS-1 says, 2, found 1"},
        {BHS "\r" MSH "\rBTS|", "one\r", messages},
        {BHS "\r" MSH "\rBTS|", "-1\r", messages},
        {BHS "\r" MSH "\rBTS|", "1.0\r", messages},
        {BHS "\r" MSH "\rBTS|", "1 1\r", messages},
        {BHS "\r" MSH "\rBTS\rFTS|", "1^2\r",
         "expected a number of batches in FTS-1, found other text"},
    };

    (void)state;
    check_refusals(cases, sizeof cases / sizeof *cases, HL7_BAD_BATCH);
}

/* rule 31 */
static void a_trailer_with_a_separator_of_its_own_is_refused(void **state)
{
    static const struct refusal cases[] = {
        {BHS "\r" MSH "\rBTS", "#1\r",
         "expected the field separator of BHS behind BTS, found another byte"},
        {FHS "\r" BHS "\r" MSH "\rBTS|1\rFTS", "#1\r",
         "expected the field separator of FHS behind FTS, found another byte"},
    };

    (void)state;
    check_refusals(cases, sizeof cases / sizeof *cases, HL7_BAD_BATCH);
}

static void a_segment_of_no_message_is_refused(void **state)
{
    static const char reason[] = "expected a header or a trailer, found a segment of no message";
    static const struct refusal cases[] = {
        {BHS "\r", PID "\r" MSH "\r", reason},
        {FHS "\r\r\n", PID "\r", reason},
        {BHS "\r" MSH "\r" PID "\rBTS|1\rZZZ|1\r", PID "\r", reason},
        {FHS "\nFTS\n\n", PID, reason},
    };

    (void)state;
    check_refusals(cases, sizeof cases / sizeof *cases, HL7_BAD_BATCH);
}

/* rule 9: LF is data here, and a header behind it would vanish in the message before it. */
static void a_header_behind_the_other_line_end_is_refused(void **state)
{
    static const char reason[] =
        "expected CR before this header, found LF: the line ends are mixed";
    static const struct refusal cases[] = {
        {MSH "\r" PID "\n", MSH "\r" PID "\r", reason},
        {MSH "\n" PID "\n", MSH "\r" PID "\r", reason},
        {MSH "\r" PID "\n" BOM, MSH "\r" PID "\r", reason},
        {BHS "\n", MSH "\rBTS|1\r", reason},
    };

    (void)state;
    check_refusals(cases, sizeof cases / sizeof *cases, HL7_BAD_BATCH);
}

/* rule 9 */
static void a_line_feed_in_data_is_no_fault(void **state)
{
    static const char text[] = MSH "\rNTE|1||see\nMSH below\nand MSH|\nBTS x\nMSH|\nMSH\r";
    size_t messages = 0;

    (void)state;
    assert_int_equal(hl7_batch_check(hl7_slice_of(text), &messages, NULL), HL7_OK);
    assert_int_equal(messages, 1);
}

static void text_without_a_header_at_its_beginning_has_no_header(void **state)
{
    static const struct refusal cases[] = {
        {"", "", "expected FHS, BHS or MSH at the beginning, found nothing"},
        {"", "hello\r" MSH "\r", "expected FHS, BHS or MSH at the beginning, found other text"},
        {"\r\n", PID "\r", "expected FHS, BHS or MSH at the beginning, found other text"},
    };

    (void)state;
    check_refusals(cases, sizeof cases / sizeof *cases, HL7_NO_HEADER);
}

/* rules 8 and 11 */
static void headers_of_files_and_batches_need_usable_delimiters(void **state)
{
    static const struct {
        const char *text;
        size_t position;
    } cases[] = {
        {"BHS\r" MSH "\r", 3},
        {FHS "\rBHS|^^\r" MSH "\r", sizeof FHS "\rBHS|^" - 1},
        {"FHS|^~a\r" MSH "\r", 6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t messages = 99;
        struct hl7_error error = {0};
        hl7_slice bytes = hl7_slice_of(cases[i].text);
        assert_int_equal(hl7_batch_check(bytes, &messages, &error), HL7_BAD_DELIMITERS);
        assert_int_equal(error.position, cases[i].position);
        assert_int_equal(messages, 99);
        assert_int_equal(hl7_batch_check(bytes, &messages, NULL), HL7_BAD_DELIMITERS);
    }
}

/* ---- Every prefix -------------------------------------------------------------------------- */

static void every_prefix_is_read_within_its_bounds(void **state)
{
    static const char *const texts[] = {
        BOM FHS "\r" BHS "\r" MSH "\r\n" PID "\rZ\rBTS|1\r\n" BOM "FTS|1\r\n\r",
        BOM "\n" BHS "\n" MSH "\n" PID "\n\nBTS|1 |\nFTS",
        "x\n" MSH "\n",
        MSH "\r\n\n" PID "\nMSH|^\r",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            char *copy = edge_copy(texts[i], len);
            hl7_slice bytes = {copy, len};
            size_t messages = 0;
            struct hl7_error error;
            count_parts(bytes);
            (void)hl7_is_batch(bytes);
            if (hl7_batch_check(bytes, &messages, &error) != HL7_OK) {
                assert_in_range(error.position, 0, len);
                assert_true(strlen(error.text) > 0);
            }
            edge_free(copy, len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_begin_at_headers_and_trailers),
        cmocka_unit_test(line_ends_are_cr_or_crlf_or_lf),
        cmocka_unit_test(blank_lines_stay_with_the_part_before_them),
        cmocka_unit_test(line_ends_before_the_first_part_mean_nothing),
        cmocka_unit_test(byte_order_marks_before_a_part_are_in_no_part),
        cmocka_unit_test(text_before_the_first_header_is_stray),
        cmocka_unit_test(a_longer_name_begins_no_part),
        cmocka_unit_test(any_byte_but_a_letter_or_a_digit_behind_a_name_begins_a_part),
        cmocka_unit_test(the_end_leaves_the_part_untouched),
        cmocka_unit_test(a_million_lines_and_a_million_parts_are_walked_to_the_end),
        cmocka_unit_test(random_texts_are_cut_as_a_plain_walker_cuts_them),
        cmocka_unit_test(a_text_that_begins_with_fhs_or_bhs_is_a_batch),
        cmocka_unit_test(a_batch_in_order_is_accepted_and_counted),
        cmocka_unit_test(segments_out_of_order_are_refused),
        cmocka_unit_test(wrong_counts_are_refused),
        cmocka_unit_test(a_trailer_with_a_separator_of_its_own_is_refused),
        cmocka_unit_test(a_segment_of_no_message_is_refused),
        cmocka_unit_test(a_header_behind_the_other_line_end_is_refused),
        cmocka_unit_test(a_line_feed_in_data_is_no_fault),
        cmocka_unit_test(text_without_a_header_at_its_beginning_has_no_header),
        cmocka_unit_test(headers_of_files_and_batches_need_usable_delimiters),
        cmocka_unit_test(every_prefix_is_read_within_its_bounds),
    };

    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
