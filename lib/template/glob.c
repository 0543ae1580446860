/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching goes forward through both. Only the last star that was passed is ever tried again, with
 * one character more: what an earlier star could take beyond it changes nothing. So there is no
 * recursion and no exponential time. */
#include "template/glob.h"

#include "utf8.h"

/* A text and how far it was read. */
struct walk {
    hl7_slice text;
    size_t at;
};

static bool is_at_end(const struct walk *walk)
{
    return walk->at == walk->text.len;
}

static bool meets(const struct walk *walk, char byte)
{
    return !is_at_end(walk) && walk->text.ptr[walk->at] == byte;
}

static uint32_t take(struct walk *walk)
{
    size_t len = 0;
    uint32_t character = utf8_first(hl7_slice_part(walk->text, walk->at, walk->text.len), &len);

    walk->at += len;
    return character;
}

/* Reads the set behind a '['. False, and nothing is taken, when it has no end. *ret_fits: the
 * character is one the set stands for. */
static bool take_set(struct walk *pattern, uint32_t character, bool *ret_fits)
{
    struct walk walk = *pattern;
    bool negated = meets(&walk, '!');
    bool found = false;

    walk.at += negated ? 1 : 0;
    for (bool first = true; first || !meets(&walk, ']'); first = false) {
        if (is_at_end(&walk)) {
            return false;
        }
        uint32_t low = take(&walk);
        uint32_t high = low;
        struct walk behind = walk;
        behind.at += meets(&walk, '-') ? 1 : 0;
        if (behind.at != walk.at && !is_at_end(&behind) && !meets(&behind, ']')) {
            high = take(&behind);
            walk = behind;
        }
        found = found || (low <= character && character <= high);
    }
    walk.at++;
    *pattern = walk;
    *ret_fits = found != negated;
    return true;
}

bool glob_valid(hl7_slice pattern, size_t *ret_position)
{
    struct walk walk = {.text = pattern};
    bool fits;

    while (!is_at_end(&walk)) {
        size_t start = walk.at;
        if (take(&walk) == '[' && !take_set(&walk, 0, &fits)) {
            *ret_position = start;
            return false;
        }
    }
    return true;
}

/* Takes one element of the pattern, no star, and one character of the text. Do they fit? */
static bool fits_one(struct walk *pattern, struct walk *text)
{
    if (is_at_end(pattern) || is_at_end(text)) {
        return false;
    }
    uint32_t element = take(pattern);
    uint32_t character = take(text);
    bool fits = element == character || element == '?';

    if (element == '[') {
        (void)take_set(pattern, character, &fits);
    }
    return fits;
}

/* False when there is not so much left. */
static bool spend(size_t *left, size_t work)
{
    bool enough = work <= *left;

    *left = enough ? *left - work : 0;
    return enough;
}

bool glob_match(hl7_slice pattern_text, hl7_slice text_text, size_t *left)
{
    struct walk pattern = {.text = pattern_text};
    struct walk text = {.text = text_text};
    struct walk pattern_behind_star = pattern;
    struct walk text_behind_star = text;
    bool starred = false;
    size_t position;

    if (!glob_valid(pattern_text, &position)) {
        return hl7_slice_equal(pattern_text, text_text);
    }
    while (!is_at_end(&text) || !is_at_end(&pattern)) {
        size_t before = pattern.at;
        bool stays = true;
        if (meets(&pattern, '*')) {
            pattern.at++;
            starred = true;
            pattern_behind_star = pattern;
            text_behind_star = text;
        } else {
            stays = fits_one(&pattern, &text);
        }
        if (!spend(left, pattern.at - before + 1)) {
            return false;
        }
        if (stays) {
            continue;
        }
        if (!starred || is_at_end(&text_behind_star)) {
            return false;
        }
        (void)take(&text_behind_star);
        pattern = pattern_behind_star;
        text = text_behind_star;
    }
    return true;
}
