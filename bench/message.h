/* SPDX-License-Identifier: Apache-2.0
 *
 * The message the benchmarks send and parse: an invented ORU^R01 of a mammography reading.
 *
 * The size is met to the byte: whole segments as far as they fit, then text segments, then an NTE
 * that fills up. The control id is MESSAGE_ID_DIGITS digits at a known place, to be rewritten in
 * place.
 */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_ID_DIGITS = 20, MESSAGE_LEAST = 160, MESSAGE_TEXT_MOST = 16384 };

static inline size_t message_append(char *buffer, size_t used, const char *text)
{
    while (*text != '\0') {
        buffer[used++] = *text++;
    }
    return used;
}

/* Fills `length` bytes with plain words. */
static inline size_t message_append_words(char *buffer, size_t used, size_t length)
{
    static const char words[] =
        "scattered densities, no suspicious finding, compare with the prior; ";

    for (size_t i = 0; i < length; i++) {
        buffer[used + i] = words[i % (sizeof words - 1)];
    }
    return used + length;
}

/* Text segments as long as one fits and leaves `spare` bytes of `size` free. */
static inline size_t message_append_text(char *buffer, size_t used, size_t size, size_t spare)
{
    size_t wanted = size / 64 < 100 ? 100 : size / 64;
    size_t text = wanted < MESSAGE_TEXT_MOST ? wanted : MESSAGE_TEXT_MOST;
    char head[64];

    for (unsigned set = 5;; set++) {
        int length = snprintf(head, sizeof head, "OBX|%u|TX|NOTE^Remark^TEST||", set);

        if (size - used < (size_t)length + text + 8 + spare) {
            return used;
        }
        used = message_append(buffer, used, head);
        used = message_append_words(buffer, used, text);
        used = message_append(buffer, used, "||||||F\r");
    }
}

/*
 * Writes a message of exactly `size` bytes (at least MESSAGE_LEAST) and tells where its control id
 * begins; the id is all zeros.
 */
static inline void message_build(char *buffer, size_t size, size_t *ret_id_at)
{
    static const char msh[] = "MSH|^~\\&|MAMMO AI|TEST CLINIC|RIS|TEST HOSPITAL|20240102030405||"
                              "ORU^R01^ORU_R01|";
    static const char *const segments[] = {
        "PID|1||TEST0001^^^TEST||DOE^JANE^TEST\r",
        "PV1|1|O\r",
        "ORC|RE||ACC0001||CM\r",
        "OBR|1||ACC0001|MMG^Mammography^TEST|||20240102030000||||||||||||||||||F\r",
        "OBX|1|NM|SCORE^Abnormality score^TEST||12.50||||||F|||20240102030000\r",
        "OBX|2|NM|DENSITY^Density category^TEST||2|||B|||F|||20240102030000\r",
        "OBX|3|NM|LCC^Left craniocaudal^TEST||80.25||||||F|||20240102030000\r",
        "OBX|4|NM|LMLO^Left mediolateral oblique^TEST||9.75||||||F|||20240102030000\r",
    };
    static const char note[] = "NTE|1||";
    size_t used = message_append(buffer, 0, msh);

    *ret_id_at = used;
    memset(buffer + used, '0', MESSAGE_ID_DIGITS);
    used += MESSAGE_ID_DIGITS;
    used = message_append(buffer, used, "|P|2.5.1||||||UNICODE UTF-8\r");
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++) {
        if (size - used >= strlen(segments[i]) + sizeof note) {
            used = message_append(buffer, used, segments[i]);
        }
    }
    used = message_append_text(buffer, used, size, sizeof note);
    used = message_append(buffer, used, note);
    used = message_append_words(buffer, used, size - used - 1);
    buffer[used] = '\r';
}

/* Writes `number` as the control id: fixed width, leading zeros. */
static inline void message_set_id(char *id, uint64_t number)
{
    for (size_t i = MESSAGE_ID_DIGITS; i > 0; i--) {
        id[i - 1] = (char)('0' + (char)(number % 10));
        number /= 10;
    }
}

#endif
