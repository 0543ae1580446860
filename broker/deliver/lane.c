/* SPDX-License-Identifier: Apache-2.0
 *
 * A lane and its states. See deliver.h for the circle; this file has one function for each step. */
#include "deliver.h"

#include "../../base/crash_point.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    JOURNAL_AGAIN = 1000,           /* milliseconds after which a failing journal is asked again */
    LONGEST_WAIT = 24 * 3600 * 1000 /* of one timer; a longer wait is several */
};

int64_t deliver_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

const char *lane_phase_name(enum lane_phase phase)
{
    static const char *const names[] = {[LANE_IDLE] = "idle",
                                        [LANE_ASKING] = "busy",
                                        [LANE_SENDING] = "sending",
                                        [LANE_WAITING] = "waiting",
                                        [LANE_STOPPED] = "stopped"};

    return names[phase];
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
    lane_letter_free(&lane->letter);
    lane_letter_free(&lane->settled);
    free(lane);
}

/* Nothing more is begun. True when the lane may be gone now. */
static bool rests(struct lane *lane)
{
    if (lane->retiring) {
        lane_free(lane);
        return true;
    }
    if (lane->deliver->draining) {
        lane->phase = LANE_STOPPED;
        return true;
    }
    return false;
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static void on_time(struct loop_timer *timer)
{
    struct lane *lane = LOOP_OWNER(timer, struct lane, timer);

    if (!rests(lane)) {
        lane_ask(lane);
    }
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
        lane_ask(lane); /* without memory for a timer, at once */
    }
}

/* The head's time as the journal has it, seen from a clock that may have been set: never longer than
 * the destination's longest wait. */
static void wait_for_head(struct lane *lane, int64_t next_try)
{
    int64_t now = deliver_clock();
    int64_t wait = next_try > now ? (next_try - now) / 1000 + 1 : 0;

    if (wait > lane->to->retry.longest) {
        wait = lane->to->retry.longest;
    }
    lane->ignores_time = true;
    wait_for(lane, (uint64_t)wait);
}

/* The wait before the next try: it doubles from the first to the longest, less up to a quarter by
 * chance, so that lanes that failed together do not come back together. */
static int64_t back_off(const struct config_destination *to, int64_t attempt)
{
    int64_t wait = to->retry.first;
    uint32_t chance = 0;

    for (int64_t i = 1; i < attempt && wait < to->retry.longest; i++) {
        wait *= 2;
    }
    if (wait > to->retry.longest) {
        wait = to->retry.longest;
    }
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != (ssize_t)sizeof chance) {
        chance = 0;
    }
    return wait - (int64_t)((uint64_t)wait / 4 * (chance % 1024) / 1024);
}

/* ---- Results ------------------------------------------------------------------------------- */

static const char *name_of(const struct lane *lane, char text[200])
{
    (void)snprintf(text, 200, "%s/%s/%lld", lane->route->name, lane->to->name,
                   (long long)lane->number);
    return text;
}

static bool is_over(const struct lane *lane, const struct lane_letter *letter)
{
    const struct config_limit *limit = &lane->to->retry_limit;

    return (limit->attempts > 0 && letter->attempt >= limit->attempts) ||
           (limit->age > 0 && letter->ended - letter->received >= limit->age * 1000);
}

/* Whether another line of this event may be written: many lanes may lead to one peer that is down. */
static bool may_tell(const struct lane *lane, enum deliver_event event)
{
    static const char *const names[DELIVER_EVENTS] = {[DELIVER_RETRY] = "retry",
                                                      [DELIVER_DEAD] = "dead-letter",
                                                      [DELIVER_HALTED] = "halted",
                                                      [DELIVER_DAMAGED] = "damaged",
                                                      [DELIVER_JOURNAL] = "journal"};

    return log_may(&lane->deliver->limits[event], names[event], lane->deliver->loop->now);
}

static void log_retry(const struct lane *lane, const struct lane_letter *letter, const char *name)
{
    const char *reason = letter->quotes ? "" : letter->reason;

    /* A peer that is down would fill the log: each doubling of the tries is told. */
    if ((letter->attempt & (letter->attempt - 1)) == 0 && may_tell(lane, DELIVER_RETRY)) {
        log_warning("retry", "lane=%s message=%lld try=%lld %s%s%s; next in %llu.%llu s", name,
                    (long long)letter->message, (long long)letter->attempt, letter->word,
                    reason[0] != '\0' ? ": " : "", reason,
                    (unsigned long long)(letter->wait / 1000),
                    (unsigned long long)(letter->wait % 1000 / 100));
    }
}

/* The reason of a dead letter is in the journal: it may be what a template's {reject} says. */
static void log_result(const struct lane *lane, const struct lane_letter *letter)
{
    char name[200];

    (void)name_of(lane, name);
    if (letter->outcome == JOURNAL_RETRY) {
        log_retry(lane, letter, name);
    } else if (letter->outcome == JOURNAL_DEAD && may_tell(lane, DELIVER_DEAD)) {
        log_error("dead-letter", "lane=%s message=%lld try=%lld %s", name,
                  (long long)letter->message, (long long)letter->attempt, letter->word);
    } else if (letter->outcome == JOURNAL_HALT && may_tell(lane, DELIVER_HALTED)) {
        log_error("halted", "lane=%s message=%lld %s: the lane waits for a person", name,
                  (long long)letter->message, letter->word);
    }
}

/* What a policy makes of a letter that was not accepted. */
static void decide(struct lane *lane, struct lane_letter *letter, int policy)
{
    switch ((enum config_policy)policy) {
    case CONFIG_POLICY_DEAD:
        letter->outcome = JOURNAL_DEAD;
        break;
    case CONFIG_POLICY_HALT:
        letter->outcome = JOURNAL_HALT;
        break;
    case CONFIG_POLICY_RETRY:
        letter->outcome = is_over(lane, letter) ? JOURNAL_DEAD : JOURNAL_RETRY;
        break;
    }
    if (letter->outcome == JOURNAL_RETRY) {
        letter->wait = (uint64_t)back_off(lane->to, letter->attempt);
        letter->next_try = letter->ended + (int64_t)letter->wait * 1000;
    }
}

/* The letter has come to a result: it is recorded, and the next one fetched. */
static void conclude(struct lane *lane, const char *word, const char *reason)
{
    struct lane_letter *letter = lane->letter;

    letter->word = word;
    if (reason != letter->reason) {
        (void)snprintf(letter->reason, sizeof letter->reason, "%s", reason);
    }
    lane->last_word = word;
    (void)snprintf(lane->last_reason, sizeof lane->last_reason, "%s",
                   letter->outcome == JOURNAL_DELIVERED ? "" : letter->reason);
    lane->last_at = letter->ended;
    if (letter->outcome == JOURNAL_DELIVERED || letter->outcome == JOURNAL_FILTERED) {
        lane->down_since = 0;
    } else if (lane->down_since == 0) {
        lane->down_since = letter->ended;
    }
    lane->ignores_time = false;
    lane_ask(lane);
}

static void on_result(struct door *door, const struct door_result *result)
{
    struct lane *lane = door->owner;
    struct lane_letter *letter = lane->letter;
    const struct config_destination *to = lane->to;
    const int policies[DOOR_OUTCOMES] = {
        [DOOR_ERROR] = to->on_error,     [DOOR_REJECTED] = to->on_reject,
        [DOOR_TIMEOUT] = to->on_timeout, [DOOR_UNFRAMED] = to->on_unframed,
        [DOOR_CLOSED] = to->on_closed,   [DOOR_UNREACHABLE] = CONFIG_POLICY_RETRY,
    };

    assert(letter != NULL);
    assert(lane->phase == LANE_SENDING);
    CRASH_POINT("deliver.answer");
    letter->ended = deliver_clock();
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
        decide(lane, letter, policies[result->outcome]);
    }
    conclude(lane, result->word, result->reason);
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
    letter->ended = deliver_clock();
    if (outcome == CONVERT_FILTERED) {
        letter->outcome = JOURNAL_FILTERED;
        conclude(lane, "filtered", letter->reason);
    } else {
        bool converted = outcome == CONVERT_DONE; /* but there was no memory for a copy */

        letter->quotes = outcome == CONVERT_REFUSED;
        decide(lane, letter, converted ? CONFIG_POLICY_RETRY : lane->to->on_conversion_error);
        conclude(lane, converted ? "out-of-memory" : "conversion-error", letter->reason);
    }
    return false;
}

static void hand_over(struct lane *lane)
{
    struct lane_letter *letter = lane->letter;
    struct parsing *parsing = &lane->deliver->convert.parsing;
    struct door_letter out = {
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
    lane->phase = LANE_SENDING;
    letter->started = deliver_clock();
    CRASH_POINT("deliver.send.before");
    door_send(lane->door, &out);
    CRASH_POINT("deliver.send.after");
}

static void send_letter(struct lane *lane)
{
    struct lane_letter *letter = lane->letter;

    letter->started = deliver_clock();
    if (letter->damaged) {
        char name[200];

        letter->ended = letter->started;
        letter->outcome = JOURNAL_DEAD;
        if (may_tell(lane, DELIVER_DAMAGED)) {
            log_error("damaged",
                      "lane=%s message=%lld its stored bytes fail their checksum; set aside",
                      name_of(lane, name), (long long)letter->message);
        }
        conclude(lane, "damaged", "its stored bytes fail their checksum");
        return;
    }
    if (lane->reopens) {
        lane->reopens = false;
        door_close(&lane->door);
    }
    if (lane->door == NULL) {
        lane->door = door_open(lane->deliver->loop, lane->to, on_result, lane);
    }
    if (lane->door == NULL) {
        wait_for(lane, JOURNAL_AGAIN);
        return;
    }
    if (prepare(lane, letter)) {
        hand_over(lane);
    }
}

/* ---- Answers of the journal ---------------------------------------------------------------- */

static void tell_settled(struct lane *lane)
{
    struct deliver *deliver = lane->deliver;
    struct lane_letter *letter = lane->settled;

    if (letter == NULL) {
        return;
    }
    log_result(lane, letter);
    lane->counters.delivered += letter->outcome == JOURNAL_DELIVERED;
    lane->counters.dead += letter->outcome == JOURNAL_DEAD;
    lane->counters.filtered += letter->outcome == JOURNAL_FILTERED;
    const struct deliver_result result = {.lane = lane,
                                          .message = letter->message,
                                          .delivery = letter->delivery,
                                          .outcome = letter->outcome,
                                          .word = letter->word,
                                          .reason = letter->reason,
                                          .answer = letter->answer,
                                          .attempt = letter->attempt};
    deliver->hooks.settled(deliver->hooks.context, &result);
    lane_letter_free(&lane->settled);
}

/* The journal failed, or is damaged where this lane's records are: a result, if there is one, is still to
 * be recorded. Told when it begins. */
static void wait_for_journal(struct lane *lane, enum journal_code code)
{
    char name[200];
    const char *word = code == JOURNAL_DAMAGED ? "unreadable" : "journal";
    const char *trouble = code == JOURNAL_DAMAGED
                              ? "the journal is damaged where the lane's deliveries are recorded"
                              : store_trouble(lane->deliver->store);

    if (lane->last_word == NULL || strcmp(lane->last_word, word) != 0) {
        if (may_tell(lane, DELIVER_JOURNAL)) {
            log_error("journal", "lane=%s waits: %s%s%s", name_of(lane, name),
                      journal_code_name(code), trouble[0] != '\0' ? ": " : "", trouble);
        }
        lane->last_word = word;
        lane->last_at = deliver_clock();
        (void)snprintf(lane->last_reason, sizeof lane->last_reason, "%s",
                       trouble[0] != '\0' ? trouble : journal_code_name(code));
    }
    wait_for(lane, JOURNAL_AGAIN);
}

void lane_answered(struct lane *lane, enum journal_code code, const struct journal_wait *wait)
{
    /* The wait of a letter that is tried again is counted by the loop's clock. */
    uint64_t wait_of_retry =
        lane->settled != NULL && lane->settled->outcome == JOURNAL_RETRY ? lane->settled->wait : 0;

    tell_settled(lane);
    if (rests(lane)) {
        return;
    }
    switch (code) {
    case JOURNAL_OK:
        send_letter(lane);
        break;
    case JOURNAL_NONE:
        if (wait->state != JOURNAL_LANE_RUNNING) {
            lane->phase = LANE_STOPPED;
        } else if (wait->depth > 0 && wait_of_retry > 0) {
            lane->ignores_time = true;
            wait_for(lane, wait_of_retry);
        } else if (wait->depth > 0) {
            wait_for_head(lane, wait->next_try);
        } else if (lane->again) {
            lane_ask(lane);
        } else {
            lane->phase = LANE_IDLE;
        }
        break;
    default:
        wait_for_journal(lane, code);
        break;
    }
}

/* ---- From outside -------------------------------------------------------------------------- */

void lane_wake(struct lane *lane)
{
    switch (lane->phase) {
    case LANE_IDLE:
    case LANE_STOPPED:
        if (!lane->deliver->draining) {
            lane_ask(lane);
        }
        break;
    case LANE_ASKING:
    case LANE_SENDING:
        lane->again = true;
        break;
    case LANE_WAITING:
        break;
    }
}

void lane_hurry(struct lane *lane)
{
    if (lane->phase == LANE_WAITING && !lane->deliver->draining) {
        loop_timer_clear(lane->deliver->loop, &lane->timer);
        lane->ignores_time = true;
        lane_ask(lane);
    } else {
        lane_wake(lane);
    }
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
    lane_ask(lane);
    return lane;
}

void lane_adopt(struct lane *lane, const struct config_route *route,
                const struct config_destination *to, bool reopen)
{
    lane->route = route;
    lane->to = to;
    if (lane->door == NULL) {
        return;
    }
    if (reopen && lane->phase != LANE_SENDING) {
        door_close(&lane->door);
    } else {
        door_adopt(lane->door, to);
        lane->reopens = reopen;
    }
    if (lane->phase == LANE_WAITING) { /* the new address may be a better one */
        lane_hurry(lane);
    }
}

void lane_retire(struct lane *lane)
{
    lane->retiring = true;
    if (lane->phase == LANE_IDLE || lane->phase == LANE_STOPPED ||
        (lane->phase == LANE_WAITING && lane->letter == NULL)) {
        lane_free(lane);
    }
}

void deliver_drain(struct deliver *deliver)
{
    deliver->draining = true;
}

bool deliver_is_idle(const struct deliver *deliver)
{
    for (const struct lane *at = deliver->lanes; at != NULL; at = at->next) {
        if (at->phase == LANE_SENDING || at->phase == LANE_ASKING) {
            return false;
        }
    }
    return true;
}

void deliver_release(struct deliver *deliver)
{
    while (deliver->lanes != NULL) {
        lane_free(deliver->lanes);
    }
    convert_free(&deliver->convert);
}
