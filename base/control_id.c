/* SPDX-License-Identifier: Apache-2.0
 *
 * control_id.c - see control_id.h.
 */
#include "control_id.h"

#include <string.h>

#include "clock.h"

void control_id_base36(char *place, size_t width, uint64_t number)
{
    while (width > 0) {
        place[--width] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 36];
        number /= 36;
    }
}

void control_id_begin(char prefix[CONTROL_ID_PREFIX])
{
    control_id_base36(prefix, CONTROL_ID_PREFIX, (uint64_t)clock_wall());
}

hl7_slice control_id_write(const char prefix[CONTROL_ID_PREFIX], uint64_t number,
                           char memory[CONTROL_ID_SIZE])
{
    memcpy(memory, prefix, CONTROL_ID_PREFIX);
    control_id_base36(memory + CONTROL_ID_PREFIX, CONTROL_ID_COUNT, number);
    return (hl7_slice){memory, CONTROL_ID_SIZE};
}
