/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking for a text in another, in time that is linear in both whatever they hold, and without
 * memory: the two-way algorithm (Crochemore and Perrin, 1991). The text that is wanted is cut where
 * its two halves repeat each other least. The right half is compared first, forward; where it fails,
 * the window moves behind the mismatch. Then the left half, backward; where that fails, the window
 * moves by the period of the whole, and what is known to fit is not compared again. */
#ifndef LIB_TEMPLATE_SEARCH_H
#define LIB_TEMPLATE_SEARCH_H

#include "hl7.h"

/* Made once for a text that is wanted; it borrows it. */
struct search {
    hl7_slice wanted;
    size_t cut;      /* the right half begins here */
    size_t period;   /* how far the window moves when the left half does not fit */
    size_t remember; /* bytes at the front of the window that fit then, for all repeats */
    size_t work;     /* bytes compared so far */
};

/* `wanted` is not empty. */
void search_init(struct search *search, hl7_slice wanted);

/* The offset of the first place where it stands; the text's length when there is none. */
size_t search_find(struct search *search, hl7_slice text);

#endif
