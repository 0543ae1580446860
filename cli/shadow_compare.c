/* SPDX-License-Identifier: Apache-2.0
 *
 * shadow_compare.c - both conversions of a message, and what differs. See shadow.h.
 *
 * The clock stands at the time the message was received, or, where what was really sent is compared, at
 * the time of that try; uuid() gives the same each time, sequences begin at 1. So what differs comes from
 * the templates. */
#include "shadow.h"

#ifdef ORDERLY_WITH_BROKER

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../broker/deliver/convert.h"
#include "template_load.h"

/* A template and the memory of its conversions: results of both are compared, so each has its own. */
struct shadow_maker {
    struct template_file file;
    bool loaded;
    struct convert convert;
};

struct shadow_compare {
    const struct verb *verb;
    const struct shadow_options *options;
    const struct shadow_route *route;
    struct control_print *print;
    struct services services;
    struct shadow_maker before;
    struct shadow_maker now;
    struct parsing parsing[2];
    struct memory_block memory;
    struct difference_text text;
    struct shadow_tally tally;
    const struct shadow_message *message;   /* what is compared at the moment */
    const struct shadow_delivery *delivery; /* likewise */
    bool named;
};

/* ---- Making ---------------------------------------------------------------------------------- */

static const char *const outcome_words[] = {[CONVERT_DONE] = "converted",
                                            [CONVERT_FILTERED] = "filtered",
                                            [CONVERT_FAILED] = "failed",
                                            [CONVERT_REFUSED] = "refused"};

static void make(struct shadow_compare *compare, struct shadow_maker *maker,
                 struct shadow_side *ret_side)
{
    const struct shadow_message *message = compare->message;
    const struct shadow_delivery *delivery = compare->delivery;
    const struct convert_input input = {
        .bytes = {message->bytes.ptr, message->len},
        .file = maker->loaded ? &maker->file : NULL,
        .source_charset = shadow_charset(compare->route, true, message->listener),
        .target_charset = shadow_charset(compare->route, false, delivery->destination),
        .received = message->received,
        .delivery = delivery->id};

    ret_side->word =
        outcome_words[convert_message(&maker->convert, &input, &ret_side->bytes, ret_side->reason)];
}

static void make_before(struct shadow_compare *compare, struct shadow_side *ret_side)
{
    if (compare->options->sent) {
        ret_side->word = outcome_words[CONVERT_DONE];
        ret_side->bytes = (hl7_slice){compare->delivery->sent.ptr, compare->delivery->sent_len};
        ret_side->reason[0] = '\0';
    } else {
        make(compare, &compare->before, ret_side);
    }
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static void count_field(struct shadow_tally *tally, const struct hl7_path *path)
{
    for (size_t i = 0; i < tally->field_count; i++) {
        struct shadow_field *at = &tally->fields[i];
        if (at->field == path->field && memcmp(at->segment, path->segment, 3) == 0) {
            at->count++;
            return;
        }
    }
    if (tally->field_count == SHADOW_FIELDS_MAX) {
        tally->elsewhere++;
        return;
    }
    struct shadow_field *at = &tally->fields[tally->field_count++];
    *at = (struct shadow_field){.field = (unsigned)path->field, .count = 1};
    memcpy(at->segment, path->segment, 3);
}

static void name_once(struct shadow_compare *compare)
{
    if (!compare->named && !compare->options->quiet) {
        shadow_tell_message(compare->print, compare->message, compare->delivery);
    }
    compare->named = true;
}

static bool on_difference(void *context, const struct hl7_difference *difference)
{
    struct shadow_compare *compare = context;

    name_once(compare);
    count_field(&compare->tally, &difference->path);
    if (!compare->options->quiet) {
        shadow_tell_difference(compare->print, compare->message, compare->delivery, &compare->text,
                               difference);
    }
    return true;
}

/* Texts that are no HL7 messages: the first line that differs. */
static void compare_lines(struct shadow_compare *compare, hl7_slice before, hl7_slice now)
{
    size_t line = 0;
    hl7_slice a;
    hl7_slice b;

    if (!difference_of_lines(before, now, &line, &a, &b)) {
        return;
    }
    name_once(compare);
    compare->tally.elsewhere++;
    if (!compare->options->quiet) {
        shadow_tell_lines(compare->print, compare->message, compare->delivery, line, a, b);
    }
}

static bool compare_bytes(struct shadow_compare *compare, hl7_slice before, hl7_slice now)
{
    const struct hl7_comparison how = {
        .loose = compare->options->loose, .difference = on_difference, .context = compare};
    struct hl7_message a;
    struct hl7_message b;
    struct hl7_arena arena;
    size_t count = 0;

    if (!parsing_message(&compare->parsing[0], before, &a, NULL) ||
        !parsing_message(&compare->parsing[1], now, &b, NULL)) {
        compare_lines(compare, before, now);
        return true;
    }
    if (!memory_grow(&compare->memory, hl7_diff_memory(&a, &b))) {
        return false;
    }
    difference_messages(&compare->text, &a, &b);
    hl7_arena_init(&arena, compare->memory.ptr, compare->memory.size);
    return hl7_diff(&a, &b, &how, &arena, &count) == HL7_OK;
}

static bool compare_sides(struct shadow_compare *compare, const struct shadow_side *before,
                          const struct shadow_side *now)
{
    bool converted = now->word == outcome_words[CONVERT_DONE];
    bool same_reason =
        now->word != outcome_words[CONVERT_REFUSED] || strcmp(before->reason, now->reason) == 0;

    if (before->word == now->word && converted) {
        return compare_bytes(compare, before->bytes, now->bytes);
    }
    if (before->word != now->word || !same_reason) {
        name_once(compare);
        if (!compare->options->quiet) {
            shadow_tell_outcome(compare->print, compare->message, compare->delivery, before, now);
        }
    }
    return true;
}

bool shadow_compare_message(struct shadow_compare *compare, struct shadow_message *message)
{
    const struct shadow_delivery *deliveries = message->deliveries.ptr;
    struct shadow_side before;
    struct shadow_side now;

    for (size_t i = 0; i < message->count; i++) {
        compare->message = message;
        compare->delivery = &deliveries[i];
        compare->named = false;
        if (compare->options->sent && !deliveries[i].was_sent) {
            compare->tally.never_sent++;
            continue;
        }
        services_stop(&compare->services,
                      compare->options->sent ? deliveries[i].sent_at : message->received);
        make_before(compare, &before);
        make(compare, &compare->now, &now);
        if (!compare_sides(compare, &before, &now)) {
            (void)verb_failed(compare->verb, "out of memory");
            return false;
        }
        compare->tally.compared++;
        compare->tally.differ += compare->named ? 1 : 0;
    }
    return true;
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* The template in force, read from its file: it has to be the one the broker uses. */
static int load_before(struct shadow_compare *compare)
{
    const struct shadow_route *route = compare->route;
    char hash[HL7_TEMPLATE_HASH];

    if (route->template == NULL || compare->options->sent) {
        return VERB_DONE;
    }
    int status = template_load(compare->verb, route->template, &compare->before.file);
    if (status != VERB_DONE) {
        return verb_failed(compare->verb,
                           "%s cannot be used; the broker uses its last good version",
                           route->template);
    }
    compare->before.loaded = true;
    hl7_template_hash(compare->before.file.program, hash);
    if (strcmp(hash, route->hash) != 0) {
        return verb_failed(compare->verb,
                           "%s is not the version the broker uses: it has changed just now",
                           route->template);
    }
    return VERB_DONE;
}

int shadow_compare_open(const struct verb *verb, const struct shadow_options *options,
                        const struct shadow_route *route, struct control_print *print,
                        struct shadow_compare **ret_compare)
{
    struct shadow_compare *compare = calloc(1, sizeof *compare);

    if (compare == NULL) {
        return verb_failed(verb, "out of memory");
    }
    *compare =
        (struct shadow_compare){.verb = verb, .options = options, .route = route, .print = print};
    services_open(&compare->services, NULL);
    compare->before.convert =
        (struct convert){.services = &compare->services, .charset = TEXT_CHARSET_NONE};
    compare->now.convert = compare->before.convert;
    int status = template_load(verb, options->template, &compare->now.file);
    compare->now.loaded = status == VERB_DONE;
    if (status == VERB_DONE) {
        status = load_before(compare);
    }
    *ret_compare = compare;
    return status;
}

const struct shadow_tally *shadow_compare_tally(const struct shadow_compare *compare)
{
    return &compare->tally;
}

static void free_maker(struct shadow_maker *maker)
{
    if (maker->loaded) {
        template_unload(&maker->file);
    }
    convert_free(&maker->convert);
}

void shadow_compare_close(struct shadow_compare **compare)
{
    struct shadow_compare *gone = *compare;

    *compare = NULL;
    if (gone == NULL) {
        return;
    }
    free_maker(&gone->before);
    free_maker(&gone->now);
    parsing_free(&gone->parsing[0]);
    parsing_free(&gone->parsing[1]);
    memory_free(&gone->memory);
    difference_text_free(&gone->text);
    services_close(&gone->services);
    free(gone);
}

#else

int shadow_compare_open(const struct verb *verb, const struct shadow_options *options,
                        const struct shadow_route *route, struct control_print *print,
                        struct shadow_compare **ret_compare)
{
    (void)options;
    (void)route;
    (void)print;
    *ret_compare = NULL;
    return verb_failed(verb, "this program was built without the broker (ORDERLY_BROKER)");
}

bool shadow_compare_message(struct shadow_compare *compare, struct shadow_message *message)
{
    (void)compare;
    (void)message;
    return false;
}

const struct shadow_tally *shadow_compare_tally(const struct shadow_compare *compare)
{
    static const struct shadow_tally nothing = {.compared = 0};

    (void)compare;
    return &nothing;
}

void shadow_compare_close(struct shadow_compare **compare)
{
    *compare = NULL;
}

#endif
