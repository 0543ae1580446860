/* SPDX-License-Identifier: Apache-2.0
 *
 * Random delimiters, messages and paths. Lengths are small, so that many shapes are met. */
#include "sample.h"

static const char *const names[] = {"PID", "OBX", "ZZ1", "NTE", "PV1"};

enum { NAMES = sizeof names / sizeof *names };

static char random_delimiter(struct random_state *random)
{
    for (;;) {
        char byte = (char)(1 + random_below(random, 0x7f));
        bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= 'a' && byte <= 'z');
        if (!alphanumeric && byte != '\r' && byte != '\n' && byte != HL7_VT && byte != HL7_FS) {
            return byte;
        }
    }
}

struct hl7_delimiters sample_delimiters(struct random_state *random, size_t count)
{
    char chosen[6] = {0};

    for (size_t i = 0; i <= count; i++) {
        do {
            chosen[i] = random_delimiter(random);
        } while (memchr(chosen, chosen[i], i) != NULL);
    }
    return (struct hl7_delimiters){.field = chosen[0],
                                   .component = chosen[1],
                                   .repetition = chosen[2],
                                   .escape = chosen[3],
                                   .subcomponent = chosen[4],
                                   .truncation = chosen[5]};
}

struct hl7_delimiters sample_any_delimiters(struct random_state *random)
{
    if (random_once_in(random, 3)) {
        return hl7_standard_delimiters;
    }
    return sample_delimiters(random, random_once_in(random, 3) ? random_below(random, 6) : 4);
}

struct hl7_delimiters sample_escaping_delimiters(struct random_state *random)
{
    /* The escape character is the third of MSH-2. */
    return random_once_in(random, 4) ? hl7_standard_delimiters
                                     : sample_delimiters(random, 3 + random_below(random, 3));
}

hl7_slice sample_text(struct random_state *random, const struct hl7_delimiters *delimiters,
                      char *memory, size_t size)
{
    static const char often[] = "FSTREX0D.br\r\n\x0b\x1c";
    const char special[] = {
        delimiters->field,  delimiters->component,    delimiters->repetition, delimiters->escape,
        delimiters->escape, delimiters->subcomponent, delimiters->truncation, '\0'};
    size_t len = random_below(random, size);

    for (size_t i = 0; i < len; i++) {
        switch (random_below(random, 3)) {
        case 0:
            memory[i] = special[random_below(random, sizeof special)];
            break;
        case 1:
            memory[i] = often[random_below(random, sizeof often - 1)];
            break;
        default:
            memory[i] = (char)(unsigned char)random_below(random, 256);
            break;
        }
    }
    return (hl7_slice){memory, len};
}

bool sample_holds_any(hl7_slice text, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count && text.len > 0; i++) {
        if (bytes[i] != '\0' && memchr(text.ptr, bytes[i], text.len) != NULL) {
            return true;
        }
    }
    return false;
}

/* A byte of a value: often a delimiter, sometimes anything. '\0' may come out as any other byte. */
static char random_byte(struct random_state *random, const struct hl7_delimiters *delimiters)
{
    const char often[] = {delimiters->component,
                          delimiters->repetition,
                          delimiters->escape,
                          delimiters->subcomponent,
                          'F',
                          'T',
                          'A',
                          '1'};

    if (random_once_in(random, 12)) {
        return (char)(unsigned char)random_below(random, 256);
    }
    return often[random_below(random, sizeof often)];
}

size_t sample_value(struct random_state *random, const struct hl7_delimiters *delimiters,
                    size_t depth, char *memory, size_t size)
{
    const char splits[] = {delimiters->field, delimiters->repetition, delimiters->component,
                           delimiters->subcomponent};
    size_t wanted = random_below(random, size < 12 ? size + 1 : 12);
    size_t len = 0;

    while (len < wanted) {
        char byte = random_byte(random, delimiters);
        bool fits = byte != '\r' && byte != '\n' && byte != HL7_VT && byte != HL7_FS;
        for (size_t i = 0; i <= depth; i++) {
            fits = fits && (byte == '\0' || byte != splits[i]);
        }
        memory[len] = byte;
        len += fits ? 1 : 0;
    }
    return len;
}

static void add_fields(struct random_state *random, const struct hl7_delimiters *delimiters,
                       struct hl7_buffer *buffer)
{
    size_t count = random_below(random, 8);
    char value[12];

    for (size_t i = 0; i < count; i++) {
        size_t len = sample_value(random, delimiters, 0, value, sizeof value);
        hl7_buffer_add_byte(buffer, delimiters->field);
        hl7_buffer_add(buffer, (hl7_slice){value, random_once_in(random, 3) ? 0 : len});
    }
}

static void add_header(const struct hl7_delimiters *delimiters, struct hl7_buffer *buffer)
{
    const char characters[] = {delimiters->component, delimiters->repetition, delimiters->escape,
                               delimiters->subcomponent, delimiters->truncation};

    hl7_buffer_add(buffer, HL7_TEXT("MSH"));
    hl7_buffer_add_byte(buffer, delimiters->field);
    for (size_t i = 0; i < sizeof characters && characters[i] != '\0'; i++) {
        hl7_buffer_add_byte(buffer, characters[i]);
    }
}

/* A name nobody knows, one that is no name, or one of the usual. */
static void add_name(struct random_state *random, const struct hl7_delimiters *delimiters,
                     struct hl7_buffer *buffer)
{
    if (random_once_in(random, 12)) {
        char odd[12];
        size_t len = sample_value(random, delimiters, 0, odd, sizeof odd);
        hl7_buffer_add(buffer, HL7_TEXT("z"));
        hl7_buffer_add(buffer, (hl7_slice){odd, len});
    } else if (random_once_in(random, 12)) {
        hl7_buffer_add(buffer, HL7_TEXT("BHS"));
    } else {
        hl7_buffer_add(buffer, hl7_slice_of(names[random_below(random, NAMES)]));
    }
}

static void add_line_end(struct random_state *random, const char *end, struct hl7_buffer *buffer)
{
    do {
        hl7_buffer_add(buffer, hl7_slice_of(end));
    } while (random_once_in(random, 10));
}

/* In a message with a CR a lone LF is data (rule 9): some of the digits become one. No line begins
 * with a digit. */
static void add_line_feeds(struct random_state *random, hl7_slice text, char *memory)
{
    if (memchr(text.ptr, '\r', text.len) == NULL || !random_once_in(random, 3)) {
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (memory[i] == '1' && random_once_in(random, 3)) {
            memory[i] = '\n';
        }
    }
}

void sample_message(struct random_state *random, struct sample *ret_sample)
{
    static const char *const ends[] = {"\r", "\n", "\r\n"};
    const char *end = ends[random_below(random, 3)];
    size_t lines = random_below(random, 8);
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, ret_sample->memory, sizeof ret_sample->memory);
    ret_sample->delimiters = sample_any_delimiters(random);
    if (random_once_in(random, 8)) {
        hl7_buffer_add(&buffer, HL7_TEXT("\xef\xbb\xbf"));
    }
    add_header(&ret_sample->delimiters, &buffer);
    add_fields(random, &ret_sample->delimiters, &buffer);
    for (size_t i = 0; i < lines; i++) {
        add_line_end(random, end, &buffer);
        add_name(random, &ret_sample->delimiters, &buffer);
        add_fields(random, &ret_sample->delimiters, &buffer);
    }
    if (!random_once_in(random, 3)) {
        add_line_end(random, end, &buffer);
    }
    assert_false(buffer.full);
    ret_sample->text = hl7_buffer_slice(&buffer);
    add_line_feeds(random, ret_sample->text, ret_sample->memory);
}

static uint32_t random_number(struct random_state *random)
{
    return (uint32_t)(1 + random_below(random, random_once_in(random, 6) ? 9 : 3));
}

struct hl7_path sample_path(struct random_state *random)
{
    struct hl7_path path = {0};
    const char *name = random_once_in(random, 6) ? "MSH" : names[random_below(random, NAMES)];

    memcpy(path.segment, name, 3);
    path.occurrence = random_once_in(random, 8)   ? HL7_LAST
                      : random_once_in(random, 2) ? random_number(random)
                                                  : 0;
    if (random_once_in(random, 12)) {
        return path;
    }
    path.field = random_number(random);
    if (random_once_in(random, 2)) {
        path.repetition = random_once_in(random, 8) ? HL7_LAST : random_number(random);
    }
    if (!random_once_in(random, 3)) {
        path.component = random_number(random);
        path.subcomponent = random_once_in(random, 2) ? random_number(random) : 0;
    }
    return path;
}
