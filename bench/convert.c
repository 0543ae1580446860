/* SPDX-License-Identifier: Apache-2.0
 *
 * convert: how many messages a second one thread converts with libhl7. The template is compiled
 * once; each message is parsed and converted, and the next one begins with the same memory. Nothing
 * is read or written meanwhile, and nothing is allocated: bench/run.py has valgrind count that.
 *
 * usage: convert [--milliseconds M | --messages N | --print] TEMPLATE FILE
 *
 * A file is a list of messages, each beginning with a line "MSH|..."; one without is a single
 * source, as JSON is. The result is a line of JSON; with --print it is what the template makes of
 * each message, an end of line behind each. A template or message that fails ends the program with
 * exit code 1.
 */
#include "common.h"

#include <getopt.h>
#include <hl7.h>

enum { ARENA_SIZE = 8 << 20, OUTPUT_SIZE = 8 << 20, TEMPLATE_SIZE = 64 << 20, NAME_MOST = 4096 };

struct work {
    const struct hl7_template *program;
    struct hl7_arena arena;
    struct hl7_buffer output;
    struct hl7_services services;
    uint64_t random;
    uint64_t sequence;
    hl7_slice *sources;
    size_t source_count;
    uint64_t messages;
    uint64_t read;
    uint64_t written;
};

/* ---- Files ---------------------------------------------------------------------------------- */

/* All of a file, never freed: the program ends soon. False when there is none. */
static bool read_file(const char *path, hl7_slice *ret_text)
{
    struct bytes bytes = {0};
    FILE *file = fopen(path, "rb");
    size_t got = 1;

    if (file == NULL) {
        return false;
    }
    while (got > 0) {
        bytes_reserve(&bytes, 65536);
        got = fread(bytes.data + bytes.used, 1, 65536, file);
        bytes.used += got;
    }
    (void)fclose(file);
    *ret_text = (hl7_slice){(const char *)bytes.data, bytes.used};
    return true;
}

/* A file beside the template, whose path is the context. */
static enum hl7_code load_beside(void *context, hl7_slice name, hl7_slice *ret_text)
{
    const char *template = context;
    const char *slash = strrchr(template, '/');
    int folder = slash == NULL ? 0 : (int)(slash + 1 - template);
    char path[NAME_MOST];

    (void)snprintf(path, sizeof path, "%.*s%.*s", folder, template, (int)name.len, name.ptr);
    return read_file(path, ret_text) ? HL7_OK : HL7_NOT_FOUND;
}

static bool begins_message(hl7_slice text, size_t at)
{
    bool line = at == 0 || text.ptr[at - 1] == '\r' || text.ptr[at - 1] == '\n';

    return line && hl7_slice_starts(hl7_slice_part(text, at, 4), HL7_TEXT("MSH|"));
}

static void add_source(struct work *work, hl7_slice source)
{
    size_t count = work->source_count + 1;
    hl7_slice *grown = realloc(work->sources, count * sizeof *grown);

    if (grown == NULL) {
        bench_give_up("out of memory for %zu messages", count);
    }
    grown[work->source_count] = source;
    work->sources = grown;
    work->source_count = count;
}

static void read_sources(struct work *work, const char *path)
{
    hl7_slice text = {NULL, 0};
    size_t start = 0;

    if (!read_file(path, &text) || text.len == 0) {
        bench_give_up("cannot read %s, or it is empty", path);
    }
    for (size_t at = 1; at < text.len; at++) {
        if (begins_message(text, at)) {
            add_source(work, hl7_slice_part(text, start, at - start));
            start = at;
        }
    }
    add_source(work, hl7_slice_part(text, start, text.len));
}

/* ---- What a template may ask for ------------------------------------------------------------- */

/* The same bytes in every run of the program. */
static void lend_random(void *context, void *bytes, size_t len)
{
    uint64_t *state = context;
    unsigned char *out = bytes;

    for (size_t i = 0; i < len; i++) {
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        out[i] = (unsigned char)(*state >> 56);
    }
}

static uint64_t lend_number(void *context, hl7_slice name)
{
    uint64_t *sequence = context;

    (void)name;
    return ++*sequence;
}

static void prepare(struct work *work)
{
    work->services = (struct hl7_services){.now = hl7_time_from_seconds(1704186000, 0),
                                           .random = lend_random,
                                           .random_context = &work->random,
                                           .sequence = lend_number,
                                           .sequence_context = &work->sequence,
                                           .control_id_prefix = HL7_TEXT("B")};
    hl7_arena_init(&work->arena, bench_allocate(1, ARENA_SIZE), ARENA_SIZE);
    hl7_buffer_init(&work->output, bench_allocate(1, OUTPUT_SIZE), OUTPUT_SIZE);
}

__attribute__((noreturn)) static void fail(const char *path,
                                           const struct hl7_diagnostic *diagnostic)
{
    (void)fprintf(stderr, "convert: %s:%zu:%zu: %s\n", path, diagnostic->line, diagnostic->column,
                  diagnostic->text);
    exit(1);
}

static void compile(struct work *work, char *path)
{
    const struct hl7_loader loader = {load_beside, path};
    const struct hl7_compiling how = {.loader = &loader};
    struct hl7_diagnostic *found = NULL;
    struct hl7_arena arena;
    hl7_slice text = {NULL, 0};

    if (!read_file(path, &text)) {
        bench_give_up("cannot read %s", path);
    }
    hl7_arena_init(&arena, bench_allocate(1, TEMPLATE_SIZE), TEMPLATE_SIZE);
    enum hl7_code code = hl7_template_compile(text, &how, &arena, &work->program, &found);
    if (code != HL7_OK && found != NULL) {
        fail(path, found);
    } else if (code != HL7_OK) {
        bench_give_up("%s: %s", path, hl7_code_name(code));
    }
}

/* ---- The work ------------------------------------------------------------------------------- */

static void convert_once(struct work *work, hl7_slice source, const char *path)
{
    struct hl7_message message;
    struct hl7_error error;
    struct hl7_diagnostic diagnostic;

    hl7_arena_reset(&work->arena);
    work->output.len = 0;
    enum hl7_code code = hl7_message_parse(source, &work->arena, &message, &error);
    const struct hl7_conversion conversion = {
        .source = source, .message = code == HL7_OK ? &message : NULL, .services = &work->services};
    code = hl7_template_run(work->program, &conversion, &work->arena, &work->output, &diagnostic);
    if (code != HL7_OK) {
        fail(path, &diagnostic);
    }
    work->messages++;
    work->read += source.len;
    work->written += work->output.len;
}

static void convert_all(struct work *work, const char *path, uint64_t most, bool print)
{
    for (size_t i = 0; i < work->source_count && work->messages < most; i++) {
        convert_once(work, work->sources[i], path);
        if (print) {
            (void)fwrite(work->output.ptr, 1, work->output.len, stdout);
            (void)fputc('\n', stdout);
        }
    }
}

static void report(const struct work *work, uint64_t spent)
{
    double seconds = (double)spent / 1e9;

    (void)printf("{\"messages\": %llu, \"seconds\": %.6f, \"rate\": %.1f, \"read\": %llu, "
                 "\"written\": %llu}\n",
                 (unsigned long long)work->messages, seconds, (double)work->messages / seconds,
                 (unsigned long long)work->read, (unsigned long long)work->written);
}

/* Works for so many nanoseconds, or so many messages, looking at the clock now and then. */
static void measure(struct work *work, const char *path, uint64_t turn, uint64_t most)
{
    uint64_t begin = bench_now();
    uint64_t spent = 0;

    while (work->messages < most && spent < turn) {
        uint64_t some = work->messages + 200;
        while (work->messages < most && work->messages < some) {
            convert_all(work, path, most, false);
        }
        spent = bench_now() - begin;
    }
    report(work, spent);
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"milliseconds", required_argument, NULL, 'm'},
        {"messages", required_argument, NULL, 'n'},
        {"print", no_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    struct work work = {0};
    uint64_t turn = 1000000000U;
    uint64_t most = UINT64_MAX;
    bool print = false;
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'm') {
            turn = bench_number("--milliseconds", optarg, 1, 60000) * 1000000U;
        } else if (option == 'n') {
            most = bench_number("--messages", optarg, 1, 1000000000U);
            turn = UINT64_MAX;
        } else if (option == 'p') {
            print = true;
        } else {
            bench_give_up("usage: convert [--milliseconds M | --messages N | --print] T FILE");
        }
    }
    if (argc - optind != 2) {
        bench_give_up("which template, and which file?");
    }
    prepare(&work);
    compile(&work, argv[optind]);
    read_sources(&work, argv[optind + 1]);
    if (print) {
        convert_all(&work, argv[optind], most, true);
    } else {
        measure(&work, argv[optind], turn, most);
    }
    free(work.sources);
    return 0;
}
