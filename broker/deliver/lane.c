/* SPDX-License-Identifier: Apache-2.0
 *
 * A lane. See deliver.h for its circle. step() is the one place that decides what is done next; every
 * event - a result of the door, an answer of the journal, a timer, a stored message - ends there. */
#include "deliver.h"

#include "../../base/clock.h"
#include "../../base/crash_point.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOURNAL_AGAIN = 1000,           /* milliseconds after which a failing journal is asked again */
    LONGEST_WAIT = 24 * 3600 * 1000 /* of one timer; a longer wait is several */
};

const char *lane_phase_name(enum lane_phase phase)
{
    static const char *const names[] = {[LANE_IDLE] = "idle",
                                        [LANE_BUSY] = "busy",
                                        [LANE_WAITING] = "waiting",
                                        [LANE_STOPPED] = "stopped"};

    return names[phase];
}

static void step(struct lane *lane);

/* ---- Letters ------------------------------------------------------------------------------- */

static void add_letter(struct lane *lane, struct lane_letter *letter)
{
    struct lane_letter **end = &lane->letters;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = letter;
    lane->letter_count++;
}

static void drop_letter(struct lane *lane, struct lane_letter *letter)
{
    struct lane_letter **at = &lane->letters;

    while (*at != letter) {
        at = &(*at)->next;
    }
    *at = letter->next;
    lane->letter_count--;
    lane_letter_free(&letter);
}

static size_t count_letters(const struct lane *lane, enum letter_state state)
{
    size_t count = 0;

    for (const struct lane_letter *at = lane->letters; at != NULL; at = at->next) {
        count += at->state == state;
    }
    return count;
}

static struct lane_letter *first_letter(const struct lane *lane, enum letter_state state)
{
    struct lane_letter *at = lane->letters;

    while (at != NULL && at->state != state) {
        at = at->next;
    }
    return at;
}

static void lane_free(struct lane *lane)
{
    struct lane **at = &lane->deliver->lanes;

    while (*at != lane) {
        at = &(*at)->next;
    }
    *at = lane->next;
    loop_timer_clear(lane->deliver->loop, &lane->timer);
    door_close(&lane->door);
    while (lane->letters != NULL) {
        drop_letter(lane, lane->letters);
    }
    free(lane);
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static void on_time(struct loop_timer *timer)
{
    struct lane *lane = LOOP_OWNER(timer, struct lane, timer);

    lane->phase = LANE_BUSY;
    lane->more = true;
    step(lane);
}

static void wait_for(struct lane *lane, uint64_t milliseconds)
{
    lane->phase = LANE_WAITING;
    lane->timer.on_time = on_time;
    if (milliseconds > LONGEST_WAIT) {
        milliseconds = LONGEST_WAIT;
        lane->ignores_time = false;
    }
    if (!loop_timer_set(lane->deliver->loop, &lane->timer, milliseconds)) {
        log_error("out-of-memory", "a lane of route %s waits for a new message", lane->route->name);
    }
}

/* The head's time as the journal has it, seen from a clock that may have been set: never longer than
 * the destination's longest wait. */
static void wait_for_head(struct lane *lane, int64_t next_try)
{
    int64_t now = clock_wall();
    int64_t wait = next_try > now ? (next_try - now) / 1000 + 1 : 0;

    if (wait > lane->to->retry.longest) {
        wait = lane->to->retry.longest;
    }
    lane->ignores_time = true;
    wait_for(lane, (uint64_t)wait);
}

/* ---- Results ------------------------------------------------------------------------------- */

static void on_result(struct door *door, const struct door_result *result)
{
    struct lane *lane = door->owner;
    struct lane_letter *letter =
        result->token != NULL ? result->token : first_letter(lane, LETTER_SENDING);
    const struct config_destination *to = lane->to;
    const int policies[DOOR_OUTCOMES] = {
        [DOOR_ERROR] = to->on_error,
        [DOOR_REJECTED] = to->on_reject,
        [DOOR_TIMEOUT] = to->on_timeout,
        [DOOR_UNFRAMED] = to->on_unframed,
        [DOOR_CLOSED] = to->on_closed,
        [DOOR_UNREACHABLE] = CONFIG_POLICY_RETRY,
        [DOOR_WITHDRAWN] = CONFIG_POLICY_RETRY,
    };

    assert(letter != NULL);
    assert(letter->state == LETTER_SENDING);
    if (result->outcome == DOOR_WITHDRAWN) {
        drop_letter(lane, letter);
        lane->holding = true;
        step(lane);
        return;
    }
    CRASH_POINT("deliver.answer");
    letter->ended = clock_wall();
    lane->counters.tries++;
    if (result->answer.len > 0) {
        char *copy = malloc(result->answer.len);

        if (copy != NULL) { /* else the answer is not kept; what it said is */
            memcpy(copy, result->answer.ptr, result->answer.len);
            letter->answer.ptr = copy;
            letter->answer.len = result->answer.len;
        }
    }
    if (result->outcome == DOOR_ACCEPTED) {
        letter->outcome = JOURNAL_DELIVERED;
    } else {
        lane_decide(lane, letter, policies[result->outcome]);
    }
    lane_conclude(lane, letter, result->word, result->reason);
    step(lane);
}

/* ---- Sending ------------------------------------------------------------------------------- */

/* Fills in what is sent. False when the letter came to a result instead. */
static bool prepare(struct lane *lane, struct lane_letter *letter)
{
    struct deliver *deliver = lane->deliver;
    const struct config_listener *from =
        deliver->hooks.listener(deliver->hooks.context, letter->listener);
    struct convert_input input = {
        .bytes = letter->bytes,
        .source_charset = from != NULL ? from->charset : NULL,
        .target_charset = lane->to->charset,
        .received = letter->received,
        .delivery = letter->delivery,
    };
    hl7_slice bytes = letter->bytes;
    enum convert_outcome outcome = CONVERT_DONE;

    if (!letter->verbatim && lane->route->template != NULL) {
        struct deliver_template in_force =
            deliver->hooks.template(deliver->hooks.context, lane->route->template);
        input.file = in_force.file;
        (void)snprintf(letter->template_name, sizeof letter->template_name, "%s",
                       lane->route->template->path);
        (void)snprintf(letter->template_hash, sizeof letter->template_hash, "%s", in_force.hash);
    }
    if (letter->sent_before.ptr != NULL && strcmp(letter->sent_hash, letter->template_hash) == 0) {
        letter->sent = letter->sent_before;
        letter->sent_before = (hl7_slice){NULL, 0};
        return true;
    }
    if (!letter->verbatim) {
        outcome = convert_message(&deliver->convert, &input, &bytes, letter->reason);
    }
    char *copy = outcome == CONVERT_DONE ? malloc(bytes.len + 1) : NULL;
    if (copy != NULL) {
        memcpy(copy, bytes.ptr, bytes.len);
        letter->sent = (hl7_slice){copy, bytes.len};
        return true;
    }
    letter->ended = clock_wall();
    if (outcome == CONVERT_FILTERED) {
        letter->outcome = JOURNAL_FILTERED;
        lane_conclude(lane, letter, "filtered", letter->reason);
    } else {
        bool converted = outcome == CONVERT_DONE; /* but there was no memory for a copy */

        letter->quotes = outcome == CONVERT_REFUSED;
        lane_decide(lane, letter, converted ? CONFIG_POLICY_RETRY : lane->to->on_conversion_error);
        lane_conclude(lane, letter, converted ? "out-of-memory" : "conversion-error",
                      letter->reason);
    }
    return false;
}

static void hand_over(struct lane *lane, struct lane_letter *letter)
{
    struct parsing *parsing = &lane->deliver->convert.parsing;
    struct door_letter out = {
        .token = letter,
        .bytes = letter->sent,
        .id = letter->message,
        .received = letter->received,
        .type = letter->type,
        .listener = letter->listener,
        .route = hl7_slice_of(lane->route->name),
    };
    struct hl7_message message;

    if (parsing_message(parsing, letter->sent, &message, NULL)) {
        struct hl7_ack_plan plan = hl7_ack_plan(&message, HL7_ACCEPTED);

        out.is_hl7 = true;
        out.control_id = hl7_message_at(&message, "MSH-10");
        out.asks_accept = plan.accept != HL7_ACK_NONE;
        out.asks_application = plan.application != HL7_ACK_NONE;
    }
    letter->started = clock_wall();
    CRASH_POINT("deliver.send.before");
    door_send(lane->door, &out);
    CRASH_POINT("deliver.send.after");
}

/* Opens the door, if it is not open. False when memory is short. */
static bool have_door(struct lane *lane)
{
    if (lane->reopens && count_letters(lane, LETTER_SENDING) == 0) {
        lane->reopens = false;
        door_close(&lane->door);
    }
    if (lane->door == NULL) {
        lane->door =
            door_open(lane->deliver->loop, lane->deliver->spawner, lane->to, on_result, lane);
        if (lane->door != NULL) {
            lane->door->secure = lane->deliver->secure;
        }
    }
    return lane->door != NULL;
}

static void send_letter(struct lane *lane, struct lane_letter *letter)
{
    char name[200];

    letter->started = clock_wall();
    letter->ended = letter->started;
    if (letter->damaged) {
        letter->outcome = JOURNAL_DEAD;
        if (lane_may_tell(lane, DELIVER_DAMAGED)) {
            log_error("damaged",
                      "lane=%s message=%lld its stored bytes fail their checksum; set aside",
                      lane_name(lane, name), (long long)letter->message);
        }
        lane_conclude(lane, letter, "damaged", "its stored bytes fail their checksum");
    } else if (!have_door(lane)) {
        lane_decide(lane, letter, CONFIG_POLICY_RETRY);
        lane_conclude(lane, letter, "out-of-memory", "out of memory");
    } else if (prepare(lane, letter)) {
        add_letter(lane, letter);
        hand_over(lane, letter);
        return;
    }
    add_letter(lane, letter);
}

/* ---- What is done next --------------------------------------------------------------------- */

static size_t window(const struct lane *lane)
{
    return lane->to->pipeline > 1 ? (size_t)lane->to->pipeline : 1;
}

static void step(struct lane *lane)
{
    bool ends = lane->retiring || lane->deliver->draining;
    bool fetches =
        lane->more && !lane->holding && !ends && count_letters(lane, LETTER_SENDING) < window(lane);

    if (lane->asking || lane->phase == LANE_WAITING) {
        return;
    }
    bool records = first_letter(lane, LETTER_DONE) != NULL;
    if (fetches || records) {
        lane_ask(lane, fetches && !(records && lane->unreadable));
    } else if (lane->letter_count > 0) {
        lane->phase = LANE_BUSY;
    } else if (lane->retiring) {
        lane_free(lane);
    } else if (ends) {
        lane->phase = LANE_STOPPED;
    } else if (lane->holding) {
        lane->holding = false;
        lane->more = true;
        lane->ignores_time = lane->wait > 0;
        wait_for(lane, lane->wait);
        lane->wait = 0;
    } else {
        lane->phase = LANE_IDLE;
    }
}

/* ---- Answers of the journal ---------------------------------------------------------------- */

static void tell_settled(struct lane *lane, const struct lane_letter *letter)
{
    struct deliver *deliver = lane->deliver;
    const struct deliver_result result = {.lane = lane,
                                          .message = letter->message,
                                          .delivery = letter->delivery,
                                          .outcome = letter->outcome,
                                          .word = letter->word,
                                          .reason = letter->reason,
                                          .answer = letter->answer,
                                          .attempt = letter->attempt};

    lane_log_result(lane, letter);
    if (letter->outcome == JOURNAL_DELIVERED) {
        lane->counters.delivered++;
        histogram_add(&lane->timing.queue_age, letter->ended - letter->received);
        histogram_add(&lane->timing.delivery, letter->ended - letter->started);
    }
    lane->counters.dead += letter->outcome == JOURNAL_DEAD;
    lane->counters.filtered += letter->outcome == JOURNAL_FILTERED;
    deliver->hooks.settled(deliver->hooks.context, &result);
}

/* The journal has recorded what it was given. */
static void forget_recorded(struct lane *lane)
{
    struct lane_letter *letter = NULL;

    while ((letter = first_letter(lane, LETTER_RECORDING)) != NULL) {
        tell_settled(lane, letter);
        drop_letter(lane, letter);
    }
}

/* It has not: it is given it again. */
static void keep_recording(struct lane *lane)
{
    struct lane_letter *letter = NULL;

    while ((letter = first_letter(lane, LETTER_RECORDING)) != NULL) {
        letter->state = LETTER_DONE;
    }
}

/* Nothing is due. */
static void rest(struct lane *lane, const struct journal_wait *wait)
{
    lane->more = lane->again;
    if (lane->letter_count > 0) {
        /* What is queued behind them has its own time to wait for. */
        lane->holding = lane->holding || wait->depth > (int64_t)lane->letter_count;
        return;
    }
    if (lane->holding || lane->retiring) {
        return;
    }
    if (wait->state != JOURNAL_LANE_RUNNING) {
        lane->phase = LANE_STOPPED;
        lane->more = false;
    } else if (wait->depth > 0) {
        wait_for_head(lane, wait->next_try);
    }
}

/* The journal failed, or is damaged where the lane's deliveries are: asked again in a while. Told when it
 * begins. */
static void wait_for_journal(struct lane *lane, enum journal_code code)
{
    char name[200];
    const char *word = code == JOURNAL_DAMAGED ? "unreadable" : "journal";
    const char *trouble = code == JOURNAL_DAMAGED
                              ? "the journal is damaged where the lane's deliveries are recorded"
                              : store_trouble(lane->deliver->store);

    if (trouble[0] == '\0') {
        trouble = journal_code_name(code);
    }
    if (lane->last_word == NULL || strcmp(lane->last_word, word) != 0) {
        lane->last_word = word;
        lane->last_at = clock_wall();
        (void)snprintf(lane->last_reason, sizeof lane->last_reason, "%s", trouble);
        if (lane_may_tell(lane, DELIVER_JOURNAL)) {
            log_error("journal", "lane=%s waits: %s", lane_name(lane, name), trouble);
        }
    }
    lane->unreadable = code == JOURNAL_DAMAGED;
    lane->more = true;
    wait_for(lane, JOURNAL_AGAIN);
}

void lane_answered(struct lane *lane, enum journal_code code, struct lane_letter *fetched,
                   const struct journal_wait *wait)
{
    lane->asking = false;
    if (fetched == NULL && code != JOURNAL_OK && code != JOURNAL_NONE) {
        keep_recording(lane);
        wait_for_journal(lane, code);
        return;
    }
    if (fetched != NULL || code == JOURNAL_NONE) {
        lane->unreadable = false;
    }
    forget_recorded(lane);
    lane->ignores_time = false;
    if (fetched != NULL && (lane->deliver->draining || lane->retiring || lane->holding)) {
        /* The journal gives it out again: at the next start, or behind what it must not overtake. */
        lane_letter_free(&fetched);
        lane->more = true;
    } else if (fetched != NULL) {
        lane->more = true;
        send_letter(lane, fetched);
    } else if (code == JOURNAL_NONE) {
        rest(lane, wait);
        if (lane->phase == LANE_STOPPED) {
            return;
        }
    }
    step(lane);
}

/* ---- From outside -------------------------------------------------------------------------- */

void lane_wake(struct lane *lane)
{
    lane->more = true;
    lane->again = true;
    step(lane);
}

void lane_hurry(struct lane *lane)
{
    if (lane->phase == LANE_WAITING && lane->letter_count == 0) {
        loop_timer_clear(lane->deliver->loop, &lane->timer);
        lane->ignores_time = true;
        lane->phase = LANE_BUSY;
    }
    lane_wake(lane);
}

struct lane *deliver_find(const struct deliver *deliver, hl7_slice route, hl7_slice destination,
                          int64_t number)
{
    for (struct lane *at = deliver->lanes; at != NULL; at = at->next) {
        if (at->number == number && !at->retiring &&
            hl7_slice_equal(route, hl7_slice_of(at->route->name)) &&
            hl7_slice_equal(destination, hl7_slice_of(at->to->name))) {
            return at;
        }
    }
    return NULL;
}

struct lane *deliver_find_id(const struct deliver *deliver, int64_t id)
{
    for (struct lane *at = deliver->lanes; at != NULL; at = at->next) {
        if (at->id == id) {
            return at;
        }
    }
    return NULL;
}

struct lane *deliver_lane(struct deliver *deliver, const struct config_route *route,
                          const struct config_destination *to, int64_t number)
{
    struct lane *lane =
        deliver_find(deliver, hl7_slice_of(route->name), hl7_slice_of(to->name), number);

    if (lane != NULL) {
        return lane;
    }
    lane = calloc(1, sizeof *lane);
    if (lane == NULL) {
        return NULL;
    }
    lane->deliver = deliver;
    lane->route = route;
    lane->to = to;
    lane->number = number;
    lane->next = deliver->lanes;
    deliver->lanes = lane;
    lane->more = true;
    step(lane);
    return lane;
}

void lane_adopt(struct lane *lane, const struct config_route *route,
                const struct config_destination *to, bool reopen)
{
    lane->route = route;
    lane->to = to;
    if (lane->door != NULL) {
        door_adopt(lane->door, to);
    }
    if (reopen && lane->door != NULL) {
        lane->reopens = true; /* before the next letter, when none is under way */
        lane->holding = lane->holding || lane->letter_count > 0;
    }
    if (lane->phase == LANE_WAITING) {
        lane_hurry(lane); /* the new address may be a better one */
    }
}

void lane_retire(struct lane *lane)
{
    lane->retiring = true;
    if (lane->phase == LANE_WAITING && lane->letter_count == 0) {
        loop_timer_clear(lane->deliver->loop, &lane->timer);
        lane->phase = LANE_IDLE;
    }
    step(lane);
}

void deliver_drain(struct deliver *deliver)
{
    deliver->draining = true;
}

bool deliver_is_idle(const struct deliver *deliver)
{
    for (const struct lane *at = deliver->lanes; at != NULL; at = at->next) {
        if (at->asking || at->letter_count > 0) {
            return false;
        }
    }
    return true;
}

void deliver_release(struct deliver *deliver)
{
    struct lane *next = NULL;

    for (struct lane *lane = deliver->lanes; lane != NULL; lane = next) {
        next = lane->next;
        lane_free(lane);
    }
    convert_free(&deliver->convert);
}
