/* SPDX-License-Identifier: Apache-2.0
 *
 * dict: how long look-ups in the dictionary take. Each kind asks for one thing after the other, so that
 * neither the processor's guesses nor its nearest cache know the answer. Nanoseconds a look-up; medians,
 * smallest and largest of the rounds. A look-up that finds nothing ends the program with exit code 1.
 *
 * usage: dict [--rounds N] [--milliseconds M] [--json]
 */
#include "turns.h"

#include <hl7.h>

enum { NAMES_MOST = 1024, LOOKUPS = 4096 };

/* What is looked up: names and numbers that are there, in an order without one. */
struct questions {
    hl7_slice segments[NAMES_MOST];
    hl7_slice types[NAMES_MOST];
    hl7_slice structures[NAMES_MOST];
    size_t segment_count;
    size_t type_count;
    size_t structure_count;
    const struct hl7_dict_segment *pid;
    const struct hl7_dict_table *events;
    uint32_t order[LOOKUPS];
};

static const enum hl7_version version = HL7_V2_5_1;

/* ---- The look-ups: each is told the n-th number of the order -------------------------------- */

static const void *segment_by_name(const struct questions *asked, uint32_t n)
{
    return hl7_dict_segment(version, asked->segments[n % asked->segment_count]);
}

static const void *type_by_name(const struct questions *asked, uint32_t n)
{
    return hl7_dict_type(version, asked->types[n % asked->type_count]);
}

static const void *structure_by_name(const struct questions *asked, uint32_t n)
{
    return hl7_dict_structure(version, asked->structures[n % asked->structure_count]);
}

static const void *field_by_number(const struct questions *asked, uint32_t n)
{
    return hl7_dict_field(asked->pid, 1 + n % asked->pid->field_count);
}

static const void *code_of_table(const struct questions *asked, uint32_t n)
{
    const struct hl7_dict_code *code =
        hl7_dict_code_at(asked->events, n % asked->events->code_count);

    return hl7_dict_code(asked->events, hl7_dict_text(code->code));
}

/* As `orderly show` does: a segment by name, its field, the name of that. */
static const void *name_of_field(const struct questions *asked, uint32_t n)
{
    const struct hl7_dict_field *field = hl7_dict_field(segment_by_name(asked, n), 1);

    return field != NULL ? hl7_dict_text(field->name).ptr : NULL;
}

static const struct {
    const char *name;
    const void *(*find)(const struct questions *asked, uint32_t n);
} kinds[] = {
    {"segment by name", segment_by_name},     {"type by name", type_by_name},
    {"structure by name", structure_by_name}, {"field by number", field_by_number},
    {"code of table 0003", code_of_table},    {"name of a field", name_of_field},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- Measuring ------------------------------------------------------------------------------ */

static void prepare(struct questions *asked)
{
    uint32_t random = 2463534242U;

    asked->segment_count = hl7_dict_segment_count(version);
    asked->structure_count = hl7_dict_structure_count(version);
    if (asked->segment_count == 0 || asked->segment_count > NAMES_MOST ||
        asked->structure_count > NAMES_MOST || hl7_dict_type_count() > NAMES_MOST) {
        bench_give_up("dict: the library was built without the dictionary");
    }
    for (size_t i = 0; i < asked->segment_count; i++) {
        asked->segments[i] = hl7_slice_of(hl7_dict_segment_at(version, i)->name);
    }
    for (size_t i = 0; i < asked->structure_count; i++) {
        asked->structures[i] = hl7_dict_text(hl7_dict_structure_at(version, i)->name);
    }
    for (size_t n = 1; n <= hl7_dict_type_count(); n++) {
        const uint16_t i = (uint16_t)n;

        if (hl7_dict_type_of(version, i) != NULL) {
            asked->types[asked->type_count++] = hl7_dict_type_name(i);
        }
    }
    asked->pid = hl7_dict_segment(version, HL7_TEXT("PID"));
    asked->events = hl7_dict_table(3);
    for (size_t i = 0; i < LOOKUPS; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        asked->order[i] = random;
    }
}

static double take_turn(const struct questions *asked, size_t kind, uint64_t turn)
{
    uint64_t begin = bench_now();
    uint64_t spent;
    uint64_t count = 0;
    size_t missing = 0;

    do {
        for (size_t i = 0; i < LOOKUPS; i++) {
            missing += kinds[kind].find(asked, asked->order[i]) == NULL;
        }
        count += LOOKUPS;
        spent = bench_now() - begin;
    } while (spent < turn);
    if (missing > 0) {
        (void)fprintf(stderr, "%s: not found\n", kinds[kind].name);
        exit(1);
    }
    return (double)spent / (double)count;
}

static void measure(const struct questions *asked, size_t kind, const struct settings *settings)
{
    double times[ROUNDS_MOST] = {0};

    for (size_t round = 0; round < settings->rounds; round++) {
        times[round] = take_turn(asked, kind, settings->turn);
    }
    qsort(times, settings->rounds, sizeof *times, compare_results);
    const double least = times[0];
    const double middle = times[settings->rounds / 2];
    const double most = times[settings->rounds - 1];
    if (settings->json) {
        (void)printf("%s{\"name\": \"%s\", \"ns\": [%.2f, %.2f, %.2f]}", kind > 0 ? ", " : "",
                     kinds[kind].name, middle, least, most);
    } else {
        (void)printf("  %-18s %7.2f ns (%.2f to %.2f)\n", kinds[kind].name, middle, least, most);
    }
}

int main(int argc, char **argv)
{
    static struct questions asked;
    struct settings settings = read_settings(argc, argv, "dict");

    prepare(&asked);
    if (settings.json) {
        (void)printf("{\"rounds\": %zu, \"subjects\": [", settings.rounds);
    } else {
        (void)printf("medians of %zu rounds\n", settings.rounds);
    }
    for (size_t kind = 0; kind < KINDS; kind++) {
        measure(&asked, kind, &settings);
    }
    (void)fputs(settings.json ? "]}\n" : "", stdout);
    return 0;
}
