/* SPDX-License-Identifier: Apache-2.0
 *
 * descriptors.h - how many files the process may have open. */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

#include <stdint.h>

/* Raises the limit to this, or as far as the system allows; that it falls short is logged. */
void descriptors_raise(uint64_t wanted);

#endif
