/* SPDX-License-Identifier: Apache-2.0
 *
 * parse: how fast hl7_message_parse goes, beside two things no parser can beat by much: memcpy of
 * the same bytes, and a pass that only counts field separators and segment ends, in AVX2 where
 * there is.
 *
 * Two times are taken of the library: the index alone, into an arena that is large enough (parse),
 * and sizing the arena with hl7_message_memory first, as a caller of unknown input does (size +
 * parse). In each round every contender takes its turn on every shape; medians, smallest and
 * largest of the rounds are reported. The bytes are warm in the cache, as far as they fit.
 *
 * Ordinary messages come in three sizes; hostile shapes put a separator at every byte or every
 * other. A shape that the library refuses ends the program with exit code 1: there is nothing to
 * measure.
 */
#include "common.h"
#include "message.h"
#include "turns.h"

#include <hl7.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { LARGE = 1024 * 1024, MILLION = 1000000 };

enum contender { BY_MEMCPY, BY_COUNTING, BY_PARSE, BY_SIZE_AND_PARSE, CONTENDERS };

static const char *const contender_names[CONTENDERS] = {
    [BY_MEMCPY] = "memcpy",
    [BY_COUNTING] = "counting",
    [BY_PARSE] = "parse",
    [BY_SIZE_AND_PARSE] = "size_and_parse",
};

/* A message under test, the place memcpy copies it to, and the arena of its index. */
struct subject {
    const char *name;
    char *bytes;
    size_t length;
    char *copy;
    struct hl7_arena arena;
    double rates[CONTENDERS][ROUNDS_MOST]; /* GB/s */
};

/* ---- The counting pass ---------------------------------------------------------------------- */

static size_t count_plainly(const char *bytes, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++) {
        count += (size_t)(bytes[i] == '|') + (size_t)(bytes[i] == '\r');
    }
    return count;
}

#if defined(__x86_64__)
/* Sums of at most 127 blocks, so that no byte of them overflows: each adds up to two. */
__attribute__((target("avx2"))) static size_t count_blocks(const char *bytes, size_t blocks)
{
    const __m256i bar = _mm256_set1_epi8('|');
    const __m256i cr = _mm256_set1_epi8('\r');
    __m256i sums = _mm256_setzero_si256();
    __m256i wide;
    uint64_t parts[4];

    for (size_t i = 0; i < blocks; i++) {
        const void *from = bytes + i * sizeof(__m256i);
        __m256i block = _mm256_loadu_si256(from);

        sums = _mm256_sub_epi8(sums, _mm256_cmpeq_epi8(block, bar));
        sums = _mm256_sub_epi8(sums, _mm256_cmpeq_epi8(block, cr));
    }
    wide = _mm256_sad_epu8(sums, _mm256_setzero_si256());
    memcpy(parts, &wide, sizeof parts);
    return (size_t)(parts[0] + parts[1] + parts[2] + parts[3]);
}

__attribute__((target("avx2"))) static size_t count_with_avx2(const char *bytes, size_t length)
{
    size_t blocks = length / sizeof(__m256i);
    size_t done = 0;
    size_t count = 0;

    while (done < blocks) {
        size_t some = blocks - done < 127 ? blocks - done : 127;

        count += count_blocks(bytes + done * sizeof(__m256i), some);
        done += some;
    }
    done *= sizeof(__m256i);
    return count + count_plainly(bytes + done, length - done);
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

static size_t count_separators(const char *bytes, size_t length, bool avx2)
{
    return avx2 ? count_with_avx2(bytes, length) : count_plainly(bytes, length);
}
#else
static bool has_avx2(void)
{
    return false;
}

static size_t count_separators(const char *bytes, size_t length, bool avx2)
{
    (void)avx2;
    return count_plainly(bytes, length);
}
#endif

/* ---- The shapes ----------------------------------------------------------------------------- */

static void subject_ordinary(struct subject *subject, size_t size)
{
    size_t id_at = 0;

    subject->bytes = bench_allocate(1, size);
    subject->length = size;
    message_build(subject->bytes, size, &id_at);
}

/* A header, then `unit` again and again. */
static void subject_repeated(struct subject *subject, const char *unit, size_t times)
{
    static const char head[] = "MSH|^~\\&|BENCH|TEST|||||ORU^R01|1|P|2.5\rOBX|1|TX|||";
    size_t each = strlen(unit);
    size_t used = sizeof head - 1;

    subject->length = used + each * times;
    subject->bytes = bench_allocate(1, subject->length);
    memcpy(subject->bytes, head, used);
    for (size_t i = 0; i < times; i++) {
        memcpy(subject->bytes + used, unit, each);
        used += each;
    }
}

static const struct {
    const char *name;
    size_t ordinary;  /* the size of an ordinary message, or 0 */
    const char *unit; /* or what is repeated, and how often */
    size_t times;
} shapes[] = {
    {"650 B", 650, NULL, 0},
    {"10 KB", 10000, NULL, 0},
    {"1 MB", 1000000, NULL, 0},
    {"1 MB of |", 0, "|", LARGE},
    {"1 MB of ^", 0, "^", LARGE},
    {"1 MB of CR", 0, "\r", LARGE},
    {"1,000,000 components in 2 MB", 0, "a^", MILLION},
    {"1,000,000 fields in 2 MB", 0, "a|", MILLION},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static hl7_slice subject_slice(const struct subject *subject)
{
    return (hl7_slice){subject->bytes, subject->length};
}

static void subject_init(struct subject *subject, size_t shape)
{
    size_t memory;

    subject->name = shapes[shape].name;
    if (shapes[shape].ordinary > 0) {
        subject_ordinary(subject, shapes[shape].ordinary);
    } else {
        subject_repeated(subject, shapes[shape].unit, shapes[shape].times);
    }
    memory = hl7_message_memory(subject_slice(subject));
    subject->copy = bench_allocate(1, subject->length);
    hl7_arena_init(&subject->arena, bench_allocate(1, memory), memory);
}

static void subject_release(struct subject *subject)
{
    free(subject->bytes);
    free(subject->copy);
    free(subject->arena.memory);
}

/* ---- The turns ------------------------------------------------------------------------------ */

static void parse_once(struct subject *subject)
{
    struct hl7_message message;
    struct hl7_error error;

    hl7_arena_reset(&subject->arena);
    if (hl7_message_parse(subject_slice(subject), &subject->arena, &message, &error) != HL7_OK) {
        (void)fprintf(stderr, "parse: %s: byte %zu: %s\n", subject->name, error.position,
                      error.text);
        exit(1);
    }
}

/* Makes the compiler believe that a result, and the memory, are looked at. */
static void keep(size_t result)
{
    __asm__ volatile("" : : "r"(result) : "memory");
}

static void work_once(struct subject *subject, enum contender contender, bool avx2)
{
    switch (contender) {
    case BY_MEMCPY:
        memcpy(subject->copy, subject->bytes, subject->length);
        keep((size_t)(unsigned char)subject->copy[0]);
        break;
    case BY_COUNTING:
        keep(count_separators(subject->bytes, subject->length, avx2));
        break;
    case BY_SIZE_AND_PARSE:
        keep(hl7_message_memory(subject_slice(subject)));
        parse_once(subject);
        break;
    case BY_PARSE:
    case CONTENDERS:
    default:
        parse_once(subject);
        break;
    }
}

/* Works for about `turn` nanoseconds, looks at the clock every 64 KB or so, and returns GB/s. */
static double take_turn(struct subject *subject, enum contender contender, uint64_t turn, bool avx2)
{
    size_t at_once = subject->length < 65536 ? 65536 / subject->length : 1;
    uint64_t begin;
    uint64_t spent;
    uint64_t bytes = 0;

    work_once(subject, contender, avx2);
    begin = bench_now();
    do {
        for (size_t i = 0; i < at_once; i++) {
            work_once(subject, contender, avx2);
        }
        bytes += at_once * subject->length;
        spent = bench_now() - begin;
    } while (spent < turn);
    return (double)bytes / (double)spent;
}

static void take_rounds(struct subject *subjects, const struct settings *settings)
{
    bool avx2 = has_avx2();

    for (size_t round = 0; round < settings->rounds; round++) {
        for (size_t i = 0; i < SHAPES; i++) {
            for (unsigned c = 0; c < CONTENDERS; c++) {
                subjects[i].rates[c][round] =
                    take_turn(&subjects[i], (enum contender)c, settings->turn, avx2);
            }
        }
    }
}

/* ---- The report ----------------------------------------------------------------------------- */

static void report_subject(struct subject *subject, const struct settings *settings)
{
    if (settings->json) {
        (void)printf("{\"name\": \"%s\", \"bytes\": %zu", subject->name, subject->length);
    } else {
        (void)printf("%s, %zu bytes\n", subject->name, subject->length);
    }
    for (size_t c = 0; c < CONTENDERS; c++) {
        double *rates = subject->rates[c];
        double least;
        double middle;
        double most;

        qsort(rates, settings->rounds, sizeof *rates, compare_results);
        least = rates[0];
        middle = rates[settings->rounds / 2];
        most = rates[settings->rounds - 1];
        if (settings->json) {
            (void)printf(", \"%s\": [%.3f, %.3f, %.3f]", contender_names[c], middle, least, most);
        } else {
            (void)printf("  %-15s %8.3f GB/s (%.3f to %.3f)\n", contender_names[c], middle, least,
                         most);
        }
    }
    (void)fputs(settings->json ? "}" : "", stdout);
}

static void report(struct subject *subjects, const struct settings *settings)
{
    const char *counting = has_avx2() ? "AVX2" : "plain";

    if (settings->json) {
        (void)printf("{\"counting\": \"%s\", \"rounds\": %zu, \"shapes\": [", counting,
                     settings->rounds);
    } else {
        (void)printf("counting pass: %s; medians of %zu rounds\n", counting, settings->rounds);
    }
    for (size_t i = 0; i < SHAPES; i++) {
        (void)fputs(settings->json && i > 0 ? ", " : "", stdout);
        report_subject(&subjects[i], settings);
    }
    (void)fputs(settings->json ? "]}\n" : "", stdout);
}

int main(int argc, char **argv)
{
    static struct subject subjects[SHAPES];
    struct settings settings = read_settings(argc, argv, "parse");

    for (size_t i = 0; i < SHAPES; i++) {
        subject_init(&subjects[i], i);
    }
    take_rounds(subjects, &settings);
    report(subjects, &settings);
    for (size_t i = 0; i < SHAPES; i++) {
        subject_release(&subjects[i]);
    }
    return 0;
}
