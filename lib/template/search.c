/* SPDX-License-Identifier: Apache-2.0
 *
 * The cut is the later one of where the greatest suffix begins and where the least one does, in the
 * order of bytes: there the text has a critical factorization, which is what makes the moves safe. */
#include "template/search.h"

#include <assert.h>
#include <string.h>

/* Where the greatest suffix begins (the least one, when `reversed`), and its period. */
static size_t extreme_suffix(hl7_slice text, bool reversed, size_t *ret_period)
{
    size_t best = 0;
    size_t at = 1; /* where another suffix begins that may be better */
    size_t same = 0;
    size_t period = 1;

    while (text.len - at > same) {
        unsigned char rival = (unsigned char)text.ptr[at + same];
        unsigned char held = (unsigned char)text.ptr[best + same];
        if (rival == held) {
            same++;
            if (same == period) {
                at += period;
                same = 0;
            }
        } else if ((rival < held) != reversed) {
            at += same + 1;
            same = 0;
            period = at - best;
        } else {
            best = at;
            at++;
            same = 0;
            period = 1;
        }
    }
    *ret_period = period;
    return best;
}

static size_t greater(size_t a, size_t b)
{
    return a > b ? a : b;
}

void search_init(struct search *search, hl7_slice wanted)
{
    size_t period;
    size_t other_period;

    assert(wanted.len > 0);
    size_t cut = extreme_suffix(wanted, false, &period);
    size_t other = extreme_suffix(wanted, true, &other_period);
    if (other > cut) {
        cut = other;
        period = other_period;
    }
    bool repeats = memcmp(wanted.ptr, wanted.ptr + period, cut) == 0;
    *search = (struct search){.wanted = wanted,
                              .cut = cut,
                              .period = repeats ? period : greater(cut, wanted.len - cut) + 1,
                              .remember = repeats ? wanted.len - period : 0,
                              .work = wanted.len};
}

/* How many bytes fit forward from `from` on; the length of what is wanted when all do. */
static size_t fit_forward(hl7_slice wanted, const char *window, size_t from)
{
    while (from < wanted.len && wanted.ptr[from] == window[from]) {
        from++;
    }
    return from;
}

/* Whether all bytes from `from` up to `to` fit, the last one first. */
static bool fit_backward(hl7_slice wanted, const char *window, size_t from, size_t to)
{
    while (to > from && wanted.ptr[to - 1] == window[to - 1]) {
        to--;
    }
    return to <= from;
}

size_t search_find(struct search *search, hl7_slice text)
{
    const hl7_slice wanted = search->wanted;
    size_t at = 0;
    size_t known = 0;

    while (text.len - at >= wanted.len) {
        const char *window = text.ptr + at;
        size_t from = greater(search->cut, known);
        size_t fits = fit_forward(wanted, window, from);
        search->work += fits - from + 1;
        if (fits < wanted.len) {
            at += fits - search->cut + 1;
            known = 0;
            continue;
        }
        search->work += search->cut > known ? search->cut - known : 0;
        if (fit_backward(wanted, window, known, search->cut)) {
            return at;
        }
        at += search->period;
        known = search->remember;
    }
    return text.len;
}
