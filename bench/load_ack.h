/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks acknowledgements for the load generator, on its own few lines so that it does not share a
 * mistake with the library it measures.
 *
 * Nothing is allocated or kept; a frame points into the caller's bytes.
 */
#ifndef BENCH_LOAD_ACK_H
#define BENCH_LOAD_ACK_H

#include "common.h"

/* What may be wrong with an answer. The names are those of the report. */
enum ack_fault {
    ACK_RIGHT,
    ACK_NO_HEADER,
    ACK_NO_MSA,
    ACK_CODE,
    ACK_ID,
    ACK_FRAMING,
    ACK_UNASKED,
    ACK_CLOSED,
    ACK_MISSING,
    ACK_FAULTS
};

static const char *const ack_fault_names[ACK_FAULTS] = {
    [ACK_RIGHT] = "right",     [ACK_NO_HEADER] = "without_header", [ACK_NO_MSA] = "without_msa",
    [ACK_CODE] = "wrong_code", [ACK_ID] = "wrong_control_id",      [ACK_FRAMING] = "wrong_framing",
    [ACK_UNASKED] = "unasked", [ACK_CLOSED] = "connections_lost",  [ACK_MISSING] = "unanswered",
};

struct ack_frame {
    const unsigned char *payload;
    size_t length;
    size_t size; /* with its framing; 0 while the frame is not whole */
};

/*
 * Looks for one frame at the front of `data` (at least one byte). False when the bytes cannot
 * become one: no 0B in front, a 0B inside, a 1C without 0D.
 */
static inline bool ack_frame_find(const unsigned char *data, size_t length,
                                  struct ack_frame *ret_frame)
{
    const unsigned char *end;
    size_t inside;

    if (data[0] != BENCH_VT) {
        return false;
    }
    end = memchr(data + 1, BENCH_FS, length - 1);
    inside = end != NULL ? (size_t)(end - data) - 1 : length - 1;
    if (memchr(data + 1, BENCH_VT, inside) != NULL) {
        return false;
    }
    *ret_frame = (struct ack_frame){.payload = data + 1, .length = inside};
    if (end == NULL || inside + 2 == length) {
        return true;
    }
    ret_frame->size = inside + 3;
    return end[1] == BENCH_CR;
}

/* The first MSA segment behind the first segment, or NULL. */
static inline const unsigned char *ack_find_msa(const unsigned char *at, const unsigned char *end)
{
    while ((at = memchr(at, BENCH_CR, (size_t)(end - at))) != NULL) {
        at++;
        if (end - at >= 4 && memcmp(at, "MSA", 3) == 0) {
            return at;
        }
    }
    return NULL;
}

/* Checks that a frame accepts the message with control id `id`. */
static inline enum ack_fault ack_check(const struct ack_frame *frame, const char *id,
                                       size_t id_length)
{
    const unsigned char *end = frame->payload + frame->length;
    const unsigned char *msa;
    unsigned char separator;

    if (frame->length < 9 || memcmp(frame->payload, "MSH", 3) != 0) {
        return ACK_NO_HEADER;
    }
    separator = frame->payload[3];
    msa = ack_find_msa(frame->payload, end);
    if (msa == NULL || msa[3] != separator) {
        return ACK_NO_MSA;
    }
    msa += 4;
    if (end - msa < 3 || (msa[0] != 'A' && msa[0] != 'C') || msa[1] != 'A' || msa[2] != separator) {
        return ACK_CODE;
    }
    msa += 3;
    if ((size_t)(end - msa) < id_length || memcmp(msa, id, id_length) != 0) {
        return ACK_ID;
    }
    msa += id_length;
    return msa == end || *msa == separator || *msa == BENCH_CR ? ACK_RIGHT : ACK_ID;
}

#endif
