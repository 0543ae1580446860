/* SPDX-License-Identifier: Apache-2.0
 *
 * cases.c - see cases.h. A case is known by what stands before the first dot of its files: urgent.in.hl7,
 * urgent.out.hl7 or urgent.error, and urgent.order.hl7 for the message that the template calls `order`. */
#include "cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/case_services.h"
#include "../base/clock.h"
#include "../base/memory.h"
#include "../base/parsing.h"
#include "exchange.h"
#include "tree.h"
#include "workbench.h"

#define MIB ((size_t)1 << 20)
#define COMPILE_BYTES (16 * MIB)
#define RUN_BYTES (24 * MIB)

enum { NAMED_MAX = 16, SENTENCE_MAX = 400, TOLD_DIFFERENCES = 20 };

struct runner {
    const struct cases *cases;
    int directory; /* NAME.cases */
    struct dirent **files;
    int file_count;
    void *memory;
    const struct hl7_template *program;
    json_t *list;
    int64_t end; /* clock_steady() */
};

/* A file that is read, and its index. */
struct text {
    char *bytes; /* malloc'd; NULL: it is not there */
    size_t len;
    struct parsing parsing;
    struct hl7_message message;
    bool parsed;
};

/* One case while it runs. */
struct one {
    const char *name; /* not ended by NUL */
    size_t name_len;
    struct text in;
    struct text named[NAMED_MAX];
    struct hl7_named names[NAMED_MAX];
    size_t named_count;
    char sentence[SENTENCE_MAX]; /* why it failed; "" when it gave a result */
    hl7_slice result;
};

/* ---- Files ----------------------------------------------------------------------------------- */

static bool read_text(const struct runner *runner, const char *name, struct text *ret_text)
{
    int fd = openat(runner->directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat found;
    ssize_t got = -1;

    *ret_text = (struct text){.bytes = NULL};
    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode) &&
        found.st_size <= WORKBENCH_MESSAGE_MAX) {
        ret_text->bytes = malloc((size_t)found.st_size + 1);
        got = ret_text->bytes != NULL ? read(fd, ret_text->bytes, (size_t)found.st_size) : -1;
    }
    (void)close(fd);
    ret_text->len = got > 0 ? (size_t)got : 0;
    return got >= 0;
}

static void release_text(struct text *text)
{
    free(text->bytes);
    parsing_free(&text->parsing);
    *text = (struct text){.bytes = NULL};
}

static hl7_slice slice_of(const struct text *text)
{
    return (hl7_slice){text->bytes, text->len};
}

/* The file NAME.WORD or NAME.WORD.*; NULL when there is none. */
static const char *find_file(const struct runner *runner, const struct one *one, hl7_slice word)
{
    for (int i = 0; i < runner->file_count; i++) {
        hl7_slice name = hl7_slice_of(runner->files[i]->d_name);

        if (hl7_slice_equal(hl7_piece(name, '.', 1), (hl7_slice){one->name, one->name_len}) &&
            hl7_slice_equal(hl7_piece(name, '.', 2), word)) {
            return runner->files[i]->d_name;
        }
    }
    return NULL;
}

/* JSON and XML are UTF-8 by definition, and so has to be what goes into them. */
static void make_utf8(const struct runner *runner, struct text *text)
{
    enum hl7_format format = hl7_template_format(runner->program);
    struct tree tree;

    if (format != HL7_FORMAT_JSON && format != HL7_FORMAT_XML) {
        return;
    }
    tree_begin(&tree, &text->message);
    json_t *made = tree_text(&tree, slice_of(text));
    tree_end(&tree);
    char *copy = made != NULL ? strdup(json_string_value(made)) : NULL;
    if (copy != NULL) {
        free(text->bytes);
        text->bytes = copy;
        text->len = json_string_length(made);
        text->parsed = parsing_message(&text->parsing, slice_of(text), &text->message, NULL);
    }
    json_decref(made);
}

static void read_input(const struct runner *runner, struct text *text)
{
    hl7_slice bytes = slice_of(text);

    text->parsed = parsing_message(&text->parsing, bytes, &text->message, NULL);
    if (text->parsed) {
        make_utf8(runner, text);
    }
}

/* All files of the case that are neither input nor what is expected. */
static void read_named(const struct runner *runner, struct one *one)
{
    for (int i = 0; i < runner->file_count && one->named_count < NAMED_MAX; i++) {
        const char *file = runner->files[i]->d_name;
        hl7_slice name = hl7_slice_of(file);
        hl7_slice word = hl7_piece(name, '.', 2);
        struct text *text = &one->named[one->named_count];

        if (!hl7_slice_equal(hl7_piece(name, '.', 1), (hl7_slice){one->name, one->name_len}) ||
            hl7_slice_equal(word, HL7_TEXT("in")) || hl7_slice_equal(word, HL7_TEXT("out")) ||
            hl7_slice_equal(word, HL7_TEXT("error")) || !read_text(runner, file, text)) {
            continue;
        }
        read_input(runner, text);
        one->names[one->named_count] =
            (struct hl7_named){word, text->parsed ? &text->message : NULL};
        one->named_count += text->parsed;
        if (!text->parsed) {
            release_text(text);
        }
    }
}

/* ---- Running --------------------------------------------------------------------------------- */

static void convert(const struct runner *runner, struct one *one)
{
    struct case_services services;
    struct hl7_refusal refusal = {.code = HL7_ACK_NONE};
    struct hl7_diagnostic found = {.line = 0};
    const struct hl7_conversion conversion = {.source = slice_of(&one->in),
                                              .message = one->in.parsed ? &one->in.message : NULL,
                                              .named = one->names,
                                              .named_count = one->named_count,
                                              .services = &services.given,
                                              .refusal = &refusal,
                                              .max_steps = runner->cases->max_steps,
                                              .max_output = WORKBENCH_RESULT_MAX};
    struct hl7_arena arena;
    struct hl7_buffer buffer;
    char *memory = runner->memory;

    hl7_arena_init(&arena, memory + COMPILE_BYTES, RUN_BYTES);
    hl7_buffer_init(&buffer, memory + COMPILE_BYTES + RUN_BYTES, WORKBENCH_RESULT_MAX);
    case_services_begin(&services);
    enum hl7_code code = hl7_template_run(runner->program, &conversion, &arena, &buffer, &found);
    one->result = hl7_buffer_slice(&buffer);
    if (code == HL7_REFUSED) {
        (void)snprintf(one->sentence, sizeof one->sentence, "refused (%s): %s",
                       hl7_ack_code_name(refusal.code), refusal.reason);
    } else if (code != HL7_OK) {
        (void)snprintf(one->sentence, sizeof one->sentence, "%s",
                       found.line > 0 ? found.text : hl7_code_name(code));
    }
}

/* ---- Comparing ------------------------------------------------------------------------------- */

struct told {
    char text[2000];
    struct hl7_buffer buffer;
    const struct hl7_message *message;
    size_t count;
};

static bool on_difference(void *context, const struct hl7_difference *difference)
{
    struct told *told = context;
    char path[TREE_PATH_SIZE];

    tree_path(told->message, difference->path, path);
    hl7_buffer_add(&told->buffer, hl7_slice_of(told->count > 0 ? ", " : "differs: "));
    hl7_buffer_add(&told->buffer, hl7_slice_of(path));
    told->count++;
    return told->count < TOLD_DIFFERENCES;
}

/* False when the two are no HL7 messages. */
static bool compare_messages(const struct text *expected, hl7_slice result, struct told *told)
{
    struct parsing parsing = {.memory = {NULL, 0}};
    const struct hl7_comparison how = {.difference = on_difference, .context = told};
    struct hl7_message actual;
    struct hl7_arena arena;
    size_t count = 0;
    bool both = expected->parsed && parsing_message(&parsing, result, &actual, NULL);
    size_t size = both ? hl7_diff_memory(&expected->message, &actual) + 1 : 0;
    void *memory = both ? malloc(size) : NULL;

    both = memory != NULL;
    if (both) {
        told->message = &expected->message;
        hl7_arena_init(&arena, memory, size);
        both = hl7_diff(&expected->message, &actual, &how, &arena, &count) == HL7_OK;
    }
    free(memory);
    parsing_free(&parsing);
    return both;
}

/* The next line, whatever ends it. */
static hl7_slice take_line(hl7_slice *rest)
{
    size_t len = 0;

    while (len < rest->len && rest->ptr[len] != '\r' && rest->ptr[len] != '\n') {
        len++;
    }
    hl7_slice line = {rest->ptr, len};
    size_t ended = len < rest->len;
    ended +=
        ended == 1 && len + 1 < rest->len && rest->ptr[len] == '\r' && rest->ptr[len + 1] == '\n';
    *rest = hl7_slice_part(*rest, len + ended, rest->len);
    return line;
}

static void compare_lines(hl7_slice expected, hl7_slice result, struct told *told)
{
    size_t number = 0;

    while (expected.len > 0 || result.len > 0) {
        bool both = expected.len > 0 && result.len > 0;

        number++;
        if (!hl7_slice_equal(take_line(&expected), take_line(&result)) || !both) {
            hl7_buffer_add(&told->buffer, HL7_TEXT("differs from line "));
            hl7_buffer_add_number(&told->buffer, number);
            told->count = 1;
            return;
        }
    }
}

/* ---- Telling --------------------------------------------------------------------------------- */

static void tell(const struct runner *runner, const struct one *one, bool good, hl7_slice text,
                 const struct text *expected)
{
    json_t *item = json_pack("{s:o,s:b}", "name", text_json((hl7_slice){one->name, one->name_len}),
                             "good", good);

    if (text.len > 0) {
        (void)json_object_set_new(item, "text", text_json(text));
    }
    if (!good && expected != NULL) {
        (void)json_object_set_new(item, "expected", text_json(slice_of(expected)));
        (void)json_object_set_new(item, "actual", text_json(one->result));
    }
    (void)json_array_append_new(runner->list, item);
}

static void judge_output(const struct runner *runner, const struct one *one, const char *file)
{
    struct text expected;
    struct told told = {.count = 0};

    if (one->sentence[0] != '\0') {
        tell(runner, one, false, hl7_slice_of(one->sentence), NULL);
        return;
    }
    if (!read_text(runner, file, &expected)) {
        tell(runner, one, false, HL7_TEXT("what it should give cannot be read"), NULL);
        return;
    }
    hl7_buffer_init(&told.buffer, told.text, sizeof told.text);
    bool is_hl7 = hl7_template_format(runner->program) == HL7_FORMAT_HL7;
    expected.parsed =
        is_hl7 && parsing_message(&expected.parsing, slice_of(&expected), &expected.message, NULL);
    if (!is_hl7 || !compare_messages(&expected, one->result, &told)) {
        compare_lines(slice_of(&expected), one->result, &told);
    }
    tell(runner, one, told.count == 0, hl7_buffer_slice(&told.buffer), &expected);
    release_text(&expected);
}

static void judge_error(const struct runner *runner, const struct one *one, const char *file)
{
    struct text expected;

    if (one->sentence[0] == '\0' || !read_text(runner, file, &expected)) {
        tell(runner, one, false, HL7_TEXT("it should fail, but it gives a result"), NULL);
        return;
    }
    hl7_slice words = slice_of(&expected);
    words = take_line(&words);
    bool good = words.len == 0 ||
                memmem(one->sentence, strlen(one->sentence), words.ptr, words.len) != NULL;
    tell(runner, one, good, good ? (hl7_slice){NULL, 0} : hl7_slice_of(one->sentence), NULL);
    release_text(&expected);
}

static void run_one(const struct runner *runner, struct one *one, const char *in)
{
    const char *out = find_file(runner, one, HL7_TEXT("out"));
    const char *error = find_file(runner, one, HL7_TEXT("error"));

    if (clock_steady() > runner->end) {
        tell(runner, one, false, HL7_TEXT("not run: the time for cases is over"), NULL);
        return;
    }
    if (!read_text(runner, in, &one->in) || (out == NULL && error == NULL)) {
        tell(runner, one, false, HL7_TEXT("its input cannot be read, or nothing is expected of it"),
             NULL);
    } else {
        read_input(runner, &one->in);
        read_named(runner, one);
        convert(runner, one);
        if (out != NULL) {
            judge_output(runner, one, out);
        } else {
            judge_error(runner, one, error);
        }
    }
    release_text(&one->in);
    for (size_t i = 0; i < one->named_count; i++) {
        release_text(&one->named[i]);
    }
}

static void run_all(const struct runner *runner)
{
    for (int i = 0; i < runner->file_count && json_array_size(runner->list) < CASES_MAX; i++) {
        const char *file = runner->files[i]->d_name;
        hl7_slice name = hl7_piece(hl7_slice_of(file), '.', 1);

        if (name.len > 0 &&
            hl7_slice_equal(hl7_piece(hl7_slice_of(file), '.', 2), HL7_TEXT("in"))) {
            struct one *one = calloc(1, sizeof *one);

            if (one != NULL) {
                one->name = name.ptr;
                one->name_len = name.len;
                run_one(runner, one, file);
                free(one);
            }
        }
    }
}

/* ---- The whole ------------------------------------------------------------------------------- */

static bool compile(struct runner *runner)
{
    const struct hl7_compiling how = {.loader = runner->cases->loader};
    struct hl7_diagnostic *found = NULL;
    struct hl7_arena arena;

    hl7_arena_init(&arena, runner->memory, COMPILE_BYTES);
    return hl7_template_compile(runner->cases->text, &how, &arena, &runner->program, &found) ==
           HL7_OK;
}

/* NAME.cases: the ending of the template gives way to it. */
static int open_folder(const struct cases *cases)
{
    const char *dot = strrchr(cases->name, '.');
    int len = dot != NULL ? (int)(dot - cases->name) : (int)strlen(cases->name);
    char *path = NULL;
    int fd = asprintf(&path, "%s/%.*s.cases", cases->folder, len, cases->name) < 0
                 ? -1
                 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    free(path);
    return fd;
}

json_t *cases_run(const struct cases *cases)
{
    const size_t size = COMPILE_BYTES + RUN_BYTES + WORKBENCH_RESULT_MAX;
    struct runner runner = {.cases = cases,
                            .directory = open_folder(cases),
                            .memory = memory_reserve(size),
                            .list = json_array(),
                            .end = clock_steady() + (int64_t)CASES_SECONDS * 1000000};

    runner.file_count =
        runner.directory < 0 ? 0 : scandirat(runner.directory, ".", &runner.files, NULL, alphasort);
    bool compiled = runner.memory != NULL && compile(&runner);
    if (compiled) {
        run_all(&runner);
    }
    for (int i = 0; i < runner.file_count; i++) {
        free(runner.files[i]);
    }
    free(runner.files);
    if (runner.directory >= 0) {
        (void)close(runner.directory);
    }
    memory_release(runner.memory, size);
    return json_pack("{s:b,s:o}", "compiled", compiled, "cases", runner.list);
}
