/* SPDX-License-Identifier: Apache-2.0
 *
 * shadow.h - the parts of `orderly shadow`: what a broker has recorded of a route (shadow_story.c), both
 * conversions of it and what differs (shadow_compare.c), and the words for it (shadow_tell.c).
 *
 * Nothing is sent: the broker is asked, and the conversions happen here, as the broker does them. */
#ifndef ORDERLY_SHADOW_H
#define ORDERLY_SHADOW_H

#include "../base/memory.h"
#include "control_print.h"
#include "control_query.h"
#include "difference.h"

struct shadow_options {
    struct control_options control;
    struct control_query query; /* the span alone */
    const char *template;
    const char *route;
    uint64_t limit;
    bool sent;
    bool loose;
    bool quiet;
};

/* ---- What a broker has ----------------------------------------------------------------------- */

enum { SHADOW_NAME = 256 };

/* A listener the route takes from, or a destination it leads to. */
struct shadow_end {
    bool is_listener;
    char name[SHADOW_NAME];
    char charset[SHADOW_NAME]; /* "": none is said */
};

/* A route as it is in force. Begin with {0}. */
struct shadow_route {
    char *template; /* malloc'd; NULL: the bytes go as they came */
    char hash[SHADOW_NAME];
    struct memory_block ends; /* struct shadow_end */
    size_t end_count;
};

/* Where one message went by the route: the newest delivery to each destination. */
struct shadow_delivery {
    int64_t id;
    char destination[SHADOW_NAME];
    struct memory_block sent; /* what the newest try of it sent that has been kept */
    size_t sent_len;
    bool was_sent;
    int64_t sent_at;
};

struct shadow_message {
    int64_t id;
    int64_t received;
    char listener[SHADOW_NAME];
    char type[SHADOW_NAME];
    char control_id[SHADOW_NAME];
    struct memory_block bytes;
    size_t len;
    bool whole; /* the bytes are there */
    struct memory_block
        deliveries; /* struct shadow_delivery; the first `ready` are usable memory */
    size_t count;
    size_t ready;
};

/* Asks for the route. VERB_MISUSE, with a complaint, when there is none of that name. */
int shadow_route_ask(struct control_client *client, const char *name, struct shadow_route *route);
void shadow_route_free(struct shadow_route *route);

/* What the route says of a listener's or a destination's character set; NULL: nothing. */
const char *shadow_charset(const struct shadow_route *route, bool is_listener, const char *name);

/* Asks for a message. False, with a complaint, when it is damaged, or memory is short; a message that
 * did not go by the route has no deliveries. */
bool shadow_message_ask(struct control_client *client, struct control_print *print, int64_t id,
                        const struct shadow_options *options, struct shadow_message *message);
void shadow_message_free(struct shadow_message *message);

/* ---- What differs ---------------------------------------------------------------------------- */

/* One way to make a message, and what came of it. */
struct shadow_side {
    const char *word; /* "converted", "filtered", "failed", "refused" */
    hl7_slice bytes;
    char reason[256];
};

enum { SHADOW_FIELDS_MAX = 512 };

/* How often a field differed. */
struct shadow_field {
    char segment[4];
    unsigned field;
    uint64_t count;
};

struct shadow_tally {
    uint64_t compared;
    uint64_t differ;
    uint64_t never_sent;
    struct shadow_field fields[SHADOW_FIELDS_MAX];
    size_t field_count;
    uint64_t elsewhere; /* in fields that found no place any more, and in what is no HL7 */
};

/* Converts and compares. Begin with {0}, then open. */
struct shadow_compare;

/* Loads both templates. VERB_DONE, or what is wrong was complained about. */
int shadow_compare_open(const struct verb *verb, const struct shadow_options *options,
                        const struct shadow_route *route, struct control_print *print,
                        struct shadow_compare **ret_compare);

/* Compares what both make of one message, for each of its deliveries; tells the differences. False, with a
 * complaint, when memory is short. */
bool shadow_compare_message(struct shadow_compare *compare, struct shadow_message *message);

const struct shadow_tally *shadow_compare_tally(const struct shadow_compare *compare);
void shadow_compare_close(struct shadow_compare **compare);

/* ---- Words ----------------------------------------------------------------------------------- */

/* Names a message and where it went, once above its differences. */
void shadow_tell_message(struct control_print *print, const struct shadow_message *message,
                         const struct shadow_delivery *delivery);
void shadow_tell_outcome(struct control_print *print, const struct shadow_message *message,
                         const struct shadow_delivery *delivery, const struct shadow_side *before,
                         const struct shadow_side *now);
/* One difference of two messages; of two texts, from line `line`. */
void shadow_tell_difference(struct control_print *print, const struct shadow_message *message,
                            const struct shadow_delivery *delivery, struct difference_text *text,
                            const struct hl7_difference *difference);
void shadow_tell_lines(struct control_print *print, const struct shadow_message *message,
                       const struct shadow_delivery *delivery, size_t line, hl7_slice before,
                       hl7_slice now);
/* The counts, at the end. False when memory is short. */
bool shadow_tell_end(struct control_print *print, const struct shadow_tally *tally);

#endif
