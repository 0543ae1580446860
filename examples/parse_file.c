/* SPDX-License-Identifier: Apache-2.0
 *
 * parse_file.c - reads a file of HL7 v2 messages (one, many, or a batch) and prints, for each, what it
 * is, whose it is, and its results.
 *
 *     gcc parse_file.c -o parse_file $(pkg-config --cflags --libs libhl7)
 *     ./parse_file messages/two-results.hl7
 */
#include <hl7.h>

#include <stdio.h>
#include <stdlib.h>

static char text[16 * 1024 * 1024];

/* Prints a raw value as text: its escapes decoded, its separators as they are. */
static void print(const struct hl7_message *message, const char *before, hl7_slice raw)
{
    char memory[256];
    struct hl7_buffer plain;

    hl7_buffer_init(&plain, memory, sizeof memory);
    hl7_unescape(&message->delimiters, hl7_slice_part(raw, 0, sizeof memory), HL7_TEXT_PLAIN,
                 &plain);
    printf("%s%.*s", before, (int)plain.len, plain.ptr);
}

static void print_message(const struct hl7_message *message)
{
    struct hl7_path observation;
    struct hl7_path value;

    print(message, "", hl7_message_at(message, "MSH-9"));
    print(message, " ", hl7_message_at(message, "MSH-10"));
    print(message, " patient ", hl7_message_at(message, "PID-3.1"));
    print(message, " ", hl7_message_at(message, "PID-5.1"));
    printf("\n");

    hl7_path_parse(HL7_TEXT("OBX-3.2"), &observation, NULL);
    hl7_path_parse(HL7_TEXT("OBX-5"), &value, NULL);
    for (size_t i = 0; i < message->segment_count; i++) {
        if (hl7_slice_equal(hl7_segment_name(message, i), HL7_TEXT("OBX"))) {
            print(message, "    ", hl7_segment_get(message, i, &observation));
            print(message, ": ", hl7_segment_get(message, i, &value));
            printf("\n");
        }
    }
}

/* Indexes one message in memory of exactly the size it takes. */
static bool read_message(hl7_slice bytes, size_t position)
{
    size_t size = hl7_message_memory(bytes);
    void *memory = malloc(size);
    struct hl7_arena arena;
    struct hl7_message message;
    struct hl7_error error;

    hl7_arena_init(&arena, memory, memory == NULL ? 0 : size);
    bool read = hl7_message_parse(bytes, &arena, &message, &error) == HL7_OK;
    if (read) {
        print_message(&message);
    } else {
        fprintf(stderr, "byte %zu: %s\n", position + error.position, error.text);
    }
    free(memory);
    return read;
}

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : stdin;
    struct hl7_batch batch;
    struct hl7_batch_part part;
    bool all_read = true;

    if (file == NULL) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    hl7_batch_init(&batch, (hl7_slice){text, fread(text, 1, sizeof text, file)});
    while (hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        if (part.kind == HL7_BATCH_MESSAGE) {
            all_read = read_message(part.bytes, part.position) && all_read;
        }
    }
    fclose(file);
    return all_read ? EXIT_SUCCESS : EXIT_FAILURE;
}
