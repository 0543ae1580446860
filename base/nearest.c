/* SPDX-License-Identifier: Apache-2.0
 *
 * nearest.c - see nearest.h.
 */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 63

size_t nearest_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *here = rows[2];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len > WORD_MAX || b_len > WORD_MAX) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= b_len; j++) {
        above[j] = j;
        before[j] = 0;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *spare = before;

        here[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = here[j - 1] + 1 < best ? here[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            here[j] = best;
        }
        before = above;
        above = here;
        here = spare;
    }
    return above[b_len];
}

/* What a person types when the memory holds half a word counts as one mistake. */
static size_t strangeness_of(const char *typed, const char *word)
{
    size_t len = strlen(typed);

    return len >= 3 && strncmp(typed, word, len) == 0 ? 1 : nearest_distance(typed, word);
}

const char *nearest_word(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    size_t least = strlen(word) < 4 ? 2 : 3;

    for (; *words != NULL; words++) {
        size_t strangeness = strangeness_of(word, *words);

        if (strangeness < least) {
            least = strangeness;
            nearest = *words;
        }
    }
    return nearest;
}
