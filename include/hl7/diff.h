/* SPDX-License-Identifier: Apache-2.0
 *
 * hl7/diff.h - what differs between two messages; part of <hl7.h>, which includes it.
 *
 * Segments are set side by side by name and likeness, in their order; in each pair the fields are
 * compared, and where they differ their repetitions, components and sub-components, as deep as the
 * difference lies. Line ends, blank lines and a byte order mark count for nothing.
 *
 *     static bool print(void *context, const struct hl7_difference *difference)
 *     {
 *         char memory[HL7_PATH_SIZE];
 *         struct hl7_buffer path;
 *
 *         hl7_buffer_init(&path, memory, sizeof memory);
 *         hl7_path_write(&difference->path, &path);
 *         printf("%.*s\n", (int)path.len, path.ptr);
 *         return true;
 *     }
 *
 *     const struct hl7_comparison how = {.difference = print};
 *     size_t count;
 *     if (hl7_diff(&expected, &actual, &how, &arena, &count) == HL7_OK && count == 0) {
 *         puts("the same");
 *     }
 */
#ifndef HL7_DIFF_H
#define HL7_DIFF_H

#ifndef HL7_H
#error "include <hl7.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum hl7_difference_kind {
    HL7_CHANGED,         /* both messages have a value here, and not the same */
    HL7_MISSING,         /* the actual message has none, or an empty one */
    HL7_EXTRA,           /* the expected message has none, or an empty one */
    HL7_SEGMENT_MISSING, /* the actual message lacks a whole segment */
    HL7_SEGMENT_EXTRA    /* the expected message lacks it */
};

/* The stable name of a kind ("segment-missing"). */
HL7_API const char *hl7_difference_name(enum hl7_difference_kind kind);

/* One difference; lives until the callback returns. Where both values are empty, one is absent: the
 * separators of one message go on to here, and nothing follows. */
struct hl7_difference {
    enum hl7_difference_kind kind;
    /* Where: occurrence and field as numbers, the others 0 above the difference. The occurrence is
     * the expected segment's; the actual one's for HL7_SEGMENT_EXTRA. Of a segment whose name has not
     * three characters the path has the first three; it leads nowhere. */
    struct hl7_path path;
    size_t expected_segment; /* its number in the message, or HL7_NONE */
    size_t actual_segment;
    hl7_slice expected; /* raw: in the delimiters of its own message; absent when there is none */
    hl7_slice actual;
};

/* Bytes that hl7_path_write takes for a path of a difference, at most. */
#define HL7_PATH_SIZE 80

/* How to compare; `difference` may be NULL when the count is enough. */
struct hl7_comparison {
    /* What says the same is the same: empty fields, components and sub-components at the end count
     * for nothing (rule 13; blank repetitions do count), neither do the delimiters themselves (MSH-1,
     * MSH-2), nor by which escape a character is written. Otherwise all of it is a difference. */
    bool loose;
    /* Called for each difference in the order of the messages. False ends the comparison. */
    bool (*difference)(void *context, const struct hl7_difference *difference);
    void *context;
};

/* What a comparison of these messages takes from the arena, at most. */
HL7_API size_t hl7_diff_memory(const struct hl7_message *expected,
                               const struct hl7_message *actual);

/* Compares two messages in time linear in their lengths. Values of messages with different
 * delimiters are compared by what they say. The memory is given back. The only error is
 * HL7_NO_MEMORY, before any difference was told. *ret_count is the number of differences told. */
HL7_API enum hl7_code hl7_diff(const struct hl7_message *expected, const struct hl7_message *actual,
                               const struct hl7_comparison *how, struct hl7_arena *arena,
                               size_t *ret_count);

#ifdef __cplusplus
}
#endif

#endif
