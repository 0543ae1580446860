/* SPDX-License-Identifier: Apache-2.0
 *
 * validate: how long hl7_validate takes. An invented ORU^R01 of one patient and order with so many OBX is
 * parsed once and validated again and again, all kinds of findings asked for. Beside it: parsing alone, and
 * the same message with a mistake in each OBX. Microseconds a message; medians, smallest and largest of the
 * rounds. A message that should be valid and is not ends the program with exit code 1.
 *
 * usage: validate [--rounds N] [--milliseconds M] [--json]
 */
#include "turns.h"

#include <hl7.h>

enum { TEXT_SIZE = 1 << 20, ARENA_SIZE = 1 << 20, AT_ONCE = 64 };

enum contender { BY_PARSE, BY_VALIDATE, CONTENDERS };

static const char *const contender_names[CONTENDERS] = {
    [BY_PARSE] = "parse",
    [BY_VALIDATE] = "validate",
};

struct subject {
    const char *name;
    size_t results; /* OBX segments */
    bool wrong;     /* a mistake in each */
    char *text;
    size_t length;
    void *memory;
    struct hl7_message message;
    size_t findings;
    double times[CONTENDERS][ROUNDS_MOST]; /* microseconds */
};

/* ---- The messages --------------------------------------------------------------------------- */

static void write_text(struct subject *subject)
{
    static const char head[] =
        "MSH|^~\\&|LAB|NORTH^1.2.3^ISO|EHR|SOUTH|20240229123059.123+0100||ORU^R01^ORU_R01|MSG00001|P|"
        "2.5.1\r"
        "PID|1||000123^^^NORTH^MR~99-1^^^SSA^SS||DOE^JANE^TEST^^MS^^L||19800229|F|||1 TEST ST^^TESTTOWN^"
        "MA^02134^USA^H||^PRN^PH^^^555^5551234|||M\r"
        "PV1|1|O|CLINIC^1^2^NORTH||||1234^TEST^DOCTOR^^^DR||||||||||||V0001^^^NORTH\r"
        "ORC|RE|ORD1^EHR|FIL1^LAB||CM||||20240229120000\r"
        "OBR|1|ORD1^EHR|FIL1^LAB|24323-8^Metabolic panel^LN|||20240229113000|||||||||1234^TEST^DOCTOR|||"
        "|||20240229123000||CH|F\r";
    struct bytes text = {0};

    bytes_append(&text, head, sizeof head - 1);
    for (size_t i = 0; i < subject->results; i++) {
        char line[256];
        int length = snprintf(line, sizeof line,
                              "OBX|%zu|NM|2345-7^Glucose^LN||%s|mg/dL^^UCUM|70-99|N|||F|||"
                              "20240229114500\r",
                              i + 1, subject->wrong ? "high" : "92.5");
        bytes_append(&text, line, (size_t)length);
    }
    subject->text = (char *)text.data;
    subject->length = text.used;
}

static void parse(struct subject *subject)
{
    struct hl7_arena arena;

    hl7_arena_init(&arena, subject->memory, ARENA_SIZE);
    if (hl7_message_parse((hl7_slice){subject->text, subject->length}, &arena, &subject->message,
                          NULL) != HL7_OK) {
        bench_give_up("%s: the message cannot be parsed", subject->name);
    }
}

static bool on_finding(void *context, const struct hl7_finding *finding)
{
    (void)finding;
    ++*(size_t *)context;
    return true;
}

static void validate(struct subject *subject)
{
    const struct hl7_validating how = {
        .least = HL7_INFO, .found = on_finding, .context = &subject->findings};
    struct hl7_validity validity;

    hl7_validate(&subject->message, &how, &validity);
    if (!subject->wrong && validity.counts[HL7_ERROR] > 0) {
        (void)fprintf(stderr, "%s: a valid message has errors\n", subject->name);
        exit(1);
    }
}

/* ---- Measuring ------------------------------------------------------------------------------ */

static double take_turn(struct subject *subject, enum contender contender, uint64_t turn)
{
    uint64_t begin = bench_now();
    uint64_t spent;
    uint64_t count = 0;

    do {
        for (size_t i = 0; i < AT_ONCE; i++) {
            if (contender == BY_PARSE) {
                parse(subject);
            } else {
                validate(subject);
            }
        }
        count += AT_ONCE;
        spent = bench_now() - begin;
    } while (spent < turn);
    return (double)spent / (double)count / 1000;
}

static void report_subject(struct subject *subject, const struct settings *settings)
{
    if (settings->json) {
        (void)printf("{\"name\": \"%s\", \"bytes\": %zu", subject->name, subject->length);
    } else {
        (void)printf("%s, %zu bytes\n", subject->name, subject->length);
    }
    for (size_t c = 0; c < CONTENDERS; c++) {
        double *times = subject->times[c];

        qsort(times, settings->rounds, sizeof *times, compare_results);
        const double least = times[0];
        const double middle = times[settings->rounds / 2];
        const double most = times[settings->rounds - 1];
        if (settings->json) {
            (void)printf(", \"%s\": [%.3f, %.3f, %.3f]", contender_names[c], middle, least, most);
        } else {
            (void)printf("  %-10s %8.3f us (%.3f to %.3f)\n", contender_names[c], middle, least,
                         most);
        }
    }
    (void)fputs(settings->json ? "}" : "", stdout);
}

static void take_rounds(struct subject *subject, const struct settings *settings)
{
    subject->memory = bench_allocate(1, ARENA_SIZE);
    write_text(subject);
    parse(subject);
    for (size_t round = 0; round < settings->rounds; round++) {
        for (unsigned c = 0; c < CONTENDERS; c++) {
            subject->times[c][round] = take_turn(subject, (enum contender)c, settings->turn);
        }
    }
}

int main(int argc, char **argv)
{
    static struct subject subjects[] = {
        {.name = "10 OBX", .results = 10},
        {.name = "10 OBX, a mistake in each", .results = 10, .wrong = true},
        {.name = "1000 OBX", .results = 1000},
    };
    const size_t count = sizeof subjects / sizeof *subjects;
    struct settings settings = read_settings(argc, argv, "validate");

    if (settings.json) {
        (void)printf("{\"rounds\": %zu, \"subjects\": [", settings.rounds);
    } else {
        (void)printf("medians of %zu rounds\n", settings.rounds);
    }
    for (size_t i = 0; i < count; i++) {
        (void)fputs(settings.json && i > 0 ? ", " : "", stdout);
        take_rounds(&subjects[i], &settings);
        report_subject(&subjects[i], &settings);
        free(subjects[i].text);
        free(subjects[i].memory);
    }
    (void)fputs(settings.json ? "]}\n" : "", stdout);
    return 0;
}
