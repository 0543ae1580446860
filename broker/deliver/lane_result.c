/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a letter: the destination's policies, how long to wait, what the log says. */
#include "deliver.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

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

const char *lane_name(const struct lane *lane, char text[200])
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
bool lane_may_tell(const struct lane *lane, enum deliver_event event)
{
    static const char *const names[DELIVER_EVENTS] = {[DELIVER_RETRY] = "retry",
                                                      [DELIVER_DEAD] = "dead-letter",
                                                      [DELIVER_HALTED] = "halted",
                                                      [DELIVER_DAMAGED] = "damaged",
                                                      [DELIVER_JOURNAL] = "journal"};

    return log_may(&lane->deliver->limits[event], names[event], lane->deliver->loop->now);
}

/* The name of what is wrong with TLS, if the word is that: an event of its own. */
static enum stream_trouble trouble_of(const char *word)
{
    int trouble = STREAM_TROUBLES - 1;

    while (trouble > STREAM_FINE && strcmp(stream_trouble_names[trouble], word) != 0) {
        trouble--;
    }
    return (enum stream_trouble)trouble;
}

static void tell_insecure(const struct lane *lane, const struct lane_letter *letter,
                          const char *name)
{
    const struct deliver_hooks *hooks = &lane->deliver->hooks;
    enum stream_trouble trouble = trouble_of(letter->word);

    if (trouble != STREAM_FINE && hooks->insecure != NULL) {
        hooks->insecure(hooks->context, name, lane->to->mllp.text, trouble);
    }
}

static void log_retry(const struct lane *lane, const struct lane_letter *letter, const char *name)
{
    const char *reason = letter->quotes ? "" : letter->reason;

    /* A peer that is down would fill the log: each doubling of the tries is told. */
    if ((letter->attempt & (letter->attempt - 1)) == 0 && lane_may_tell(lane, DELIVER_RETRY)) {
        enum stream_trouble trouble = trouble_of(letter->word);
        if (trouble != STREAM_FINE) {
            log_warning(stream_trouble_names[trouble], "lane=%s %s", name, letter->reason);
        }
        log_warning("retry", "lane=%s message=%lld try=%lld %s%s%s; next in %llu.%llu s", name,
                    (long long)letter->message, (long long)letter->attempt, letter->word,
                    reason[0] != '\0' ? ": " : "", reason,
                    (unsigned long long)(letter->wait / 1000),
                    (unsigned long long)(letter->wait % 1000 / 100));
    }
}

/* The reason of a dead letter is in the journal: it may be what a template's {reject} says. */
void lane_log_result(const struct lane *lane, const struct lane_letter *letter)
{
    char name[200];

    (void)lane_name(lane, name);
    tell_insecure(lane, letter, name);
    if (letter->outcome == JOURNAL_RETRY) {
        log_retry(lane, letter, name);
    } else if (letter->outcome == JOURNAL_DEAD && lane_may_tell(lane, DELIVER_DEAD)) {
        log_error("dead-letter", "lane=%s message=%lld try=%lld %s", name,
                  (long long)letter->message, (long long)letter->attempt, letter->word);
    } else if (letter->outcome == JOURNAL_HALT && lane_may_tell(lane, DELIVER_HALTED)) {
        log_error("halted", "lane=%s message=%lld %s: the lane waits for a person", name,
                  (long long)letter->message, letter->word);
    }
}

/* What a policy makes of a letter that was not accepted. */
void lane_decide(struct lane *lane, struct lane_letter *letter, int policy)
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
    lane->holding = lane->holding || letter->outcome != JOURNAL_DEAD;
    if (letter->outcome == JOURNAL_RETRY) {
        letter->wait = (uint64_t)back_off(lane->to, letter->attempt);
        letter->next_try = letter->ended + (int64_t)letter->wait * 1000;
        lane->wait = letter->wait;
    }
}

/* The letter has come to a result, which is to be recorded. */
void lane_conclude(struct lane *lane, struct lane_letter *letter, const char *word,
                   const char *reason)
{
    letter->state = LETTER_DONE;
    letter->word = word;
    if (reason != letter->reason) {
        (void)snprintf(letter->reason, sizeof letter->reason, "%s", reason);
    }
    lane->last_word = word;
    (void)snprintf(lane->last_reason, sizeof lane->last_reason, "%s",
                   letter->outcome == JOURNAL_DELIVERED ? "" : letter->reason);
    lane->last_at = letter->ended;
    if (letter->outcome == JOURNAL_DELIVERED) {
        lane->good_at = lane->deliver->loop->now;
        lane->down_at = 0;
    } else if (letter->outcome != JOURNAL_FILTERED && lane->down_at == 0) {
        lane->down_at = lane->deliver->loop->now;
    }
    if (letter->outcome == JOURNAL_DELIVERED || letter->outcome == JOURNAL_FILTERED) {
        lane->down_since = 0;
    } else if (lane->down_since == 0) {
        lane->down_since = letter->ended;
    }
}
