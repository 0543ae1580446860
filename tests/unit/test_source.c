/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages from files, directories and pipes. */
#include "support.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "source.h"

#define MSH "MSH|^~\\&|LAB"
#define BOM "\xef\xbb\xbf"

/* ---- Support -------------------------------------------------------------------------------- */

/* Each test works in a folder of its own and names files as a person would who stands there. */
struct place {
    char folder[64];
    char old[4096];
    int standard_input;
};

static int place_enter(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/orderly-source-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    assert_non_null(getcwd(place->old, sizeof place->old));
    assert_int_equal(chdir(place->folder), 0);
    place->standard_input = dup(STDIN_FILENO);
    *state = place;
    return 0;
}

static int place_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int place_leave(void **state)
{
    struct place *place = *state;

    assert_true(dup2(place->standard_input, STDIN_FILENO) >= 0);
    (void)close(place->standard_input);
    assert_int_equal(chdir(place->old), 0);
    (void)nftw(place->folder, place_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(place);
    return 0;
}

static void write_file(const char *name, hl7_slice bytes)
{
    FILE *file = fopen(name, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

#define WRITE(name, literal) write_file(name, HL7_TEXT(literal))

/* Makes standard input a pipe; the end to write to. */
static int pipe_in(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    (void)close(ends[0]);
    return ends[1];
}

static void feed(int fd, hl7_slice bytes)
{
    assert_int_equal(write(fd, bytes.ptr, bytes.len), bytes.len);
}

/* Reads all of some operands (NULL-ended) and writes what comes: "FILE:LINE:bytes;" for a message,
 * B or T before it for a batch or text, "E:error;" for an error. CR is written as `/`, LF as `$`. */
static const char *read_all(char *const *operands, const struct source_settings *settings)
{
    static char text[4000];
    struct source source;
    struct source_item item;
    enum source_answer answer;
    size_t count = 0;
    size_t used = 0;
    size_t ordinal = 0;

    while (operands[count] != NULL) {
        count++;
    }
    assert_true(source_open(&source, operands, count, settings));
    text[0] = '\0';
    while ((answer = source_next(&source, &item)) != SOURCE_END) {
        static const char *const kinds[] = {
            [SOURCE_MESSAGE] = "", [SOURCE_BATCH] = "B", [SOURCE_TEXT] = "T"};

        if (answer == SOURCE_ERROR) {
            used += (size_t)snprintf(text + used, sizeof text - used, "E:%s;", source.error);
        } else {
            assert_int_equal(item.ordinal, ++ordinal);
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s:%zu:%.*s;",
                                     kinds[item.kind], item.file, item.line, (int)item.bytes.len,
                                     item.bytes.ptr);
        }
        assert_true(used < sizeof text);
    }
    assert_int_equal(source_next(&source, &item), SOURCE_END);
    source_close(&source);
    for (size_t i = 0; i < used; i++) {
        text[i] = text[i] == '\r' ? '/' : text[i];
        text[i] = text[i] == '\n' ? '$' : text[i];
    }
    return text;
}

static const struct source_settings ordinary = {.max_message = 1 << 20};
static const struct source_settings any_text = {.max_message = 1 << 20, .any_text = true};
static const struct source_settings batches = {.max_message = 1 << 20, .whole_batches = true};

#define OPERANDS(...) ((char *const[]){__VA_ARGS__, NULL})
#define NAME(literal) ((char[]){literal})

/* ---- Files ---------------------------------------------------------------------------------- */

static void a_file_gives_its_messages_with_their_lines(void **state)
{
    (void)state;
    WRITE("a", MSH "\nPID|1\n\n" MSH "\nPID|2\n");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &ordinary),
                        "a:1:" MSH "$PID|1$$;a:4:" MSH "$PID|2$;");
}

static void several_files_are_read_in_their_order(void **state)
{
    (void)state;
    WRITE("b", MSH "\rPID|1\r");
    WRITE("a", MSH "\rPID|2\r");
    assert_string_equal(read_all(OPERANDS(NAME("b"), NAME("a")), &ordinary),
                        "b:1:" MSH "/PID|1/;a:1:" MSH "/PID|2/;");
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    WRITE("a", BOM MSH "\r");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &ordinary), "a:1:" MSH "/;");
}

/* rule 9: a lone LF in a message that has CR is data, but not one that a tool put behind it. */
static void an_lf_behind_the_last_segment_is_no_data(void **state)
{
    (void)state;
    WRITE("a", MSH "\rNTE|a\nb\n\n");
    WRITE("b", MSH "\rNTE|a\r\n");
    assert_string_equal(read_all(OPERANDS(NAME("a"), NAME("b")), &ordinary),
                        "a:1:" MSH "/NTE|a$b;b:1:" MSH "/NTE|a/$;");
}

static void a_directory_gives_its_files_by_name(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0777), 0);
    assert_int_equal(mkdir("d/deeper", 0777), 0);
    WRITE("d/2", MSH "|2\r");
    WRITE("d/10", MSH "|10\r");
    WRITE("d/.hidden", MSH "|h\r");
    WRITE("d/deeper/x", MSH "|x\r");
    assert_string_equal(read_all(OPERANDS(NAME("d")), &ordinary),
                        "d/10:1:" MSH "|10/;d/2:1:" MSH "|2/;");
}

static void a_directory_without_files_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0777), 0);
    assert_int_equal(mkdir("d/deeper", 0777), 0);
    WRITE("a", MSH "\r");
    assert_string_equal(read_all(OPERANDS(NAME("d"), NAME("a")), &ordinary),
                        "E:d: no files in this directory;a:1:" MSH "/;");
}

static void what_cannot_be_opened_is_told_and_passed_over(void **state)
{
    (void)state;
    WRITE("a", MSH "\r");
    assert_string_equal(read_all(OPERANDS(NAME("gone"), NAME("a")), &ordinary),
                        "E:gone: cannot open: No such file or directory;a:1:" MSH "/;");
}

static void an_empty_file_is_an_error(void **state)
{
    (void)state;
    WRITE("a", "");
    WRITE("b", "\r\n \n");
    assert_string_equal(read_all(OPERANDS(NAME("a"), NAME("b")), &ordinary),
                        "E:a: empty: nothing to read;E:b: empty: nothing to read;");
    assert_string_equal(read_all(OPERANDS(NAME("b")), &any_text), "E:b: empty: nothing to read;");
}

static void a_file_without_a_message_is_an_error(void **state)
{
    (void)state;
    WRITE("a", "\nhello\nworld\n");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &ordinary),
                        "E:a:2: no message here: no line begins with MSH;");
}

static void text_around_messages_is_told_and_passed_over(void **state)
{
    (void)state;
    WRITE("a", "notes\nmore\n" MSH "\nBTS|1\nnotes\n");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &ordinary),
                        "E:a:1: skipped text before line 3: it is no message;a:3:" MSH
                        "$;E:a:5: skipped text that is no message;");
}

static void any_text_is_yielded_whole_on_request(void **state)
{
    (void)state;
    WRITE("a", "\n a|b\nc|d\n");
    WRITE("b", MSH "\n");
    WRITE("c", "notes\n" MSH "\n");
    assert_string_equal(read_all(OPERANDS(NAME("a"), NAME("b"), NAME("c")), &any_text),
                        "Ta:1:$ a|b$c|d$;b:1:" MSH
                        "$;E:c:1: skipped text before line 2: it is no message;c:2:" MSH "$;");
}

/* rule 5 */
static void wide_text_is_refused_with_advice(void **state)
{
    static const hl7_slice texts[] = {
        {"\xff\xfeM\0", 4}, {"\xfe\xff\0M", 4}, {"M\0S\0H\0|\0", 8}, {"\0M\0S\0H\0|", 8}};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file("a", texts[i]);
        assert_string_equal(read_all(OPERANDS(NAME("a")), &any_text),
                            "E:a: this is UTF-16 or UTF-32, and HL7 is bytes; convert it first: "
                            "iconv -f UTF-16 -t UTF-8;");
    }
}

static void a_second_message_that_may_be_data_is_refused(void **state)
{
    (void)state;
    WRITE("a", MSH "\rNTE|x\n" MSH "\rPID|2\r" MSH "|ok\r");
    assert_string_equal(
        read_all(OPERANDS(NAME("a")), &ordinary),
        "E:a:1: skipped: its segments end with CR, but inside it MSH follows a lone LF; that may "
        "be data or the next message. If it is the next message, put a CR before that LF;"
        "a:5:" MSH "|ok/;");
}

static void batches_are_taken_apart_or_kept(void **state)
{
    (void)state;
    WRITE("a", "BHS|^~\\&\r" MSH "|1\r" MSH "|2\rBTS|2\r" MSH "|3\r");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &ordinary),
                        "a:2:" MSH "|1/;a:3:" MSH "|2/;a:5:" MSH "|3/;");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &batches),
                        "Ba:1:BHS|^~\\&/" MSH "|1/" MSH "|2/BTS|2/;a:5:" MSH "|3/;");
}

/* ---- The longest message -------------------------------------------------------------------- */

static void a_message_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
    const struct source_settings exact = {.max_message = sizeof(MSH) - 1 + 5};

    (void)state;
    WRITE("a", MSH "|123\r" MSH "|1234\r" MSH "|1\r");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &exact),
                        "a:1:" MSH "|123/;E:a:2: longer than 17 bytes; --max-message allows more;"
                        "a:3:" MSH "|1/;");
}

static void a_long_message_takes_no_more_memory_than_the_limit(void **state)
{
    const struct source_settings small = {.max_message = 100000};
    char *const operands[] = {NAME("a"), NULL};
    FILE *file = fopen("a", "wb");
    struct source source;
    struct source_item item;

    (void)state;
    assert_non_null(file);
    fputs(MSH "\r", file);
    for (int i = 0; i < 400000; i++) {
        fputs("OBX|1|TX|x\r", file);
    }
    fputs(MSH "|next\r", file);
    assert_int_equal(fclose(file), 0);
    assert_true(source_open(&source, operands, 1, &small));
    assert_int_equal(source_next(&source, &item), SOURCE_ERROR);
    assert_string_equal(source.error, "a:1: longer than 100000 bytes; --max-message allows more");
    assert_int_equal(source_next(&source, &item), SOURCE_ITEM);
    assert_slice(item.bytes, MSH "|next\r");
    assert_int_equal(item.line, 400002);
    assert_true(source.window.size < 2000000);
    assert_int_equal(source_next(&source, &item), SOURCE_END);
    source_close(&source);
}

static void a_message_larger_than_the_window_comes_whole(void **state)
{
    const struct source_settings large = {.max_message = (size_t)16 << 20};
    size_t len = (size_t)3 << 20;
    char *const operands[] = {NAME("a"), NULL};
    char *bytes = malloc(len);
    struct source source;
    struct source_item item;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'x', len);
    memcpy(bytes, MSH "\r", sizeof(MSH));
    write_file("a", (hl7_slice){bytes, len});
    assert_true(source_open(&source, operands, 1, &large));
    assert_int_equal(source_next(&source, &item), SOURCE_ITEM);
    assert_int_equal(item.bytes.len, len);
    assert_memory_equal(item.bytes.ptr, bytes, len);
    assert_int_equal(source_next(&source, &item), SOURCE_END);
    source_close(&source);
    free(bytes);
}

/* ---- MLLP ----------------------------------------------------------------------------------- */

static void frames_are_taken_off(void **state)
{
    (void)state;
    WRITE("a", "\x0b" MSH "\rPID|1\r\x1c\r\x0b" MSH "|2\r\x1c\r\n");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &ordinary),
                        "a:1:" MSH "/PID|1/;a:4:" MSH "|2/;");
}

static void line_ends_of_frames_do_not_decide_those_inside(void **state)
{
    (void)state;
    WRITE("a", "\x0b" MSH "\nPID|1\n\x1c\r");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &ordinary), "a:1:" MSH "$PID|1$;");
}

static void damaged_frames_are_told(void **state)
{
    static const struct {
        hl7_slice bytes;
        const char *read;
    } cases[] = {
        {{"\x0b" MSH "\r", sizeof(MSH) + 1},
         "E:a:1: the MLLP frame that begins here has no end (FS CR);"},
        {{"\x0b" MSH "\r\x1c\rjunk\x0b" MSH "\r\x1c\r", 2 * sizeof(MSH) + 10},
         "a:1:" MSH "/;E:a:3: skipped 4 bytes between MLLP frames;a:3:" MSH "/;"},
        {{"\x0b" MSH "\r\x0b" MSH "\r\x1c\r", 2 * sizeof(MSH) + 4},
         "E:a:2: a broken MLLP frame (VT inside it, or FS without CR); what follows in this file "
         "cannot be trusted and was not read;"},
        {{"\x0b"
          "hello\x1c\r",
          8},
         "E:a:1: no message here: no line begins with MSH;"},
        {{"\x0b\x1c\r", 3}, "E:a: empty: nothing to read;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file("a", cases[i].bytes);
        assert_string_equal(read_all(OPERANDS(NAME("a")), &ordinary), cases[i].read);
    }
}

static void a_frame_has_the_limit_of_a_message(void **state)
{
    const struct source_settings small = {.max_message = 10};

    (void)state;
    WRITE("a", "\x0b" MSH "\r\x1c\r");
    assert_string_equal(read_all(OPERANDS(NAME("a")), &small),
                        "E:a:1: longer than 10 bytes; --max-message allows more;");
}

/* ---- Standard input ------------------------------------------------------------------------- */

static void standard_input_is_read_when_nothing_or_a_dash_is_named(void **state)
{
    char *const none[] = {NULL};

    (void)state;
    for (int i = 0; i < 2; i++) {
        int fd = pipe_in();

        feed(fd, HL7_TEXT(MSH "\r"));
        (void)close(fd);
        assert_string_equal(read_all(i == 0 ? none : OPERANDS(NAME("-")), &ordinary),
                            "standard input:1:" MSH "/;");
    }
}

static void a_message_comes_when_the_next_one_begins(void **state)
{
    char *const none[] = {NULL};
    int fd = pipe_in();
    struct source source;
    struct source_item item;

    (void)state;
    assert_true(source_open(&source, none, 0, &ordinary));
    feed(fd, HL7_TEXT(MSH "|1\r" MSH));
    assert_int_equal(source_next(&source, &item), SOURCE_ITEM);
    assert_slice(item.bytes, MSH "|1\r");
    feed(fd, HL7_TEXT("|2\rMSH|"));
    assert_int_equal(source_next(&source, &item), SOURCE_ITEM);
    assert_slice(item.bytes, MSH "|2\r");
    (void)close(fd);
    assert_int_equal(source_next(&source, &item), SOURCE_ITEM);
    assert_slice(item.bytes, "MSH|");
    assert_int_equal(item.line, 3);
    assert_int_equal(source_next(&source, &item), SOURCE_END);
    source_close(&source);
}

static void a_framed_message_comes_when_its_frame_is_complete(void **state)
{
    char *const none[] = {NULL};
    int fd = pipe_in();
    struct source source;
    struct source_item item;

    (void)state;
    assert_true(source_open(&source, none, 0, &ordinary));
    for (int i = 0; i < 3; i++) {
        feed(fd, HL7_TEXT("\x0b" MSH "|1\r\x1c\r"));
        assert_int_equal(source_next(&source, &item), SOURCE_ITEM);
        assert_slice(item.bytes, MSH "|1\r");
    }
    (void)close(fd);
    assert_int_equal(source_next(&source, &item), SOURCE_END);
    source_close(&source);
}

/* ---- Canonical form ------------------------------------------------------------------------- */

/* rule 9 */
static void a_canonical_message_ends_each_segment_with_one_cr(void **state)
{
    static const struct {
        const char *bytes;
        const char *canonical;
    } cases[] = {
        {MSH, MSH "\r"},
        {MSH "\nPID|1\n", MSH "\rPID|1\r"},
        {MSH "\r\nPID|1\r\n\r\n", MSH "\rPID|1\r"},
        {MSH "\rPID|1\r", MSH "\rPID|1\r"},
        {MSH "\rNTE|a\nb\r", MSH "\rNTE|a\nb\r"},
        {MSH "\rNTE|a\n", MSH "\rNTE|a\r"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hl7_slice bytes = hl7_slice_of(cases[i].bytes);
        char *edge = edge_copy(bytes.ptr, bytes.len);
        char memory[100];
        struct hl7_buffer buffer;

        hl7_buffer_init(&buffer, memory, bytes.len + 1);
        source_canonical((hl7_slice){edge, bytes.len}, &buffer);
        assert_false(buffer.full);
        assert_slice(hl7_buffer_slice(&buffer), cases[i].canonical);
        edge_free(edge, bytes.len);
    }
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_enter, place_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_file_gives_its_messages_with_their_lines),
        IN_PLACE(several_files_are_read_in_their_order),
        IN_PLACE(a_byte_order_mark_is_passed_over),
        IN_PLACE(an_lf_behind_the_last_segment_is_no_data),
        IN_PLACE(a_directory_gives_its_files_by_name),
        IN_PLACE(a_directory_without_files_is_an_error),
        IN_PLACE(what_cannot_be_opened_is_told_and_passed_over),
        IN_PLACE(an_empty_file_is_an_error),
        IN_PLACE(a_file_without_a_message_is_an_error),
        IN_PLACE(text_around_messages_is_told_and_passed_over),
        IN_PLACE(any_text_is_yielded_whole_on_request),
        IN_PLACE(wide_text_is_refused_with_advice),
        IN_PLACE(a_second_message_that_may_be_data_is_refused),
        IN_PLACE(batches_are_taken_apart_or_kept),
        IN_PLACE(a_message_may_be_as_long_as_the_limit_and_no_longer),
        IN_PLACE(a_long_message_takes_no_more_memory_than_the_limit),
        IN_PLACE(a_message_larger_than_the_window_comes_whole),
        IN_PLACE(frames_are_taken_off),
        IN_PLACE(line_ends_of_frames_do_not_decide_those_inside),
        IN_PLACE(damaged_frames_are_told),
        IN_PLACE(a_frame_has_the_limit_of_a_message),
        IN_PLACE(standard_input_is_read_when_nothing_or_a_dash_is_named),
        IN_PLACE(a_message_comes_when_the_next_one_begins),
        IN_PLACE(a_framed_message_comes_when_its_frame_is_complete),
        cmocka_unit_test(a_canonical_message_ends_each_segment_with_one_cr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
