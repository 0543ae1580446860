/* SPDX-License-Identifier: Apache-2.0
 *
 * What alerts are raised about: a look at the lanes as the journal has them, at destinations, listeners and
 * the disk. A look is one piece of work for the journal's thread, which goes over all lanes there ever
 * were; how long that took decides when the next one comes, so that alerts take a fiftieth of that
 * thread's time at most, however many lanes there are. Only lanes with something in them come back.
 *
 * What came or was delivered since the last look ends silence, however short the limit is: between two looks
 * a condition may be over and begin again.
 *
 * The gauges of lanes and of the journal (metrics.tbl) are what a look has found. */
#include "broker.h"

#include "../base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

enum {
    LOOK_EVERY = 1000, /* milliseconds between looks, */
    LOOK_SHARE = 50    /* and so many times what one takes */
};

/* A lane with something in it. */
struct seen_lane {
    struct seen_lane *next;
    int64_t id;
    int64_t number;
    int64_t depth;
    int64_t oldest;
    int64_t dead;
    size_t route_len;
    size_t destination_len;
    char names[]; /* of the route, then of the destination */
};

struct look_work {
    struct store_work work;
    struct broker *broker;
    struct seen_lane *lanes;
    struct journal_size size;
    uint64_t took; /* milliseconds */
    bool short_of_memory;
};

/* ---- In the journal's thread ---------------------------------------------------------------- */

static void drop_lanes(struct look_work *look)
{
    while (look->lanes != NULL) {
        struct seen_lane *at = look->lanes;

        look->lanes = at->next;
        free(at);
    }
}

static bool on_lane(void *context, const struct journal_lane_status *status)
{
    struct look_work *look = context;
    const struct journal_lane *names = &status->lane;

    if (status->depth == 0 && status->dead == 0) {
        return true;
    }
    struct seen_lane *lane = malloc(sizeof *lane + names->route.len + names->destination.len + 1);
    if (lane == NULL) {
        look->short_of_memory = true;
        return false;
    }
    *lane = (struct seen_lane){.next = look->lanes,
                               .id = status->id,
                               .number = names->number,
                               .depth = status->depth,
                               .oldest = status->oldest,
                               .dead = status->dead,
                               .route_len = names->route.len,
                               .destination_len = names->destination.len};
    memcpy(lane->names, names->route.ptr, names->route.len);
    memcpy(lane->names + names->route.len, names->destination.ptr, names->destination.len);
    look->lanes = lane;
    return true;
}

static uint64_t milliseconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum journal_code look_run(struct store_work *work, struct journal *journal)
{
    struct look_work *look = LOOP_OWNER(work, struct look_work, work);
    uint64_t began = milliseconds();

    drop_lanes(look);
    look->short_of_memory = false;
    enum journal_code code = journal_lanes(journal, on_lane, look);
    code = code == JOURNAL_OK ? journal_size(journal, &look->size) : code;
    look->took = milliseconds() - began;
    return look->short_of_memory ? JOURNAL_NO_MEMORY : code;
}

/* ---- Lanes ---------------------------------------------------------------------------------- */

/* "45 s", "20 min", "3 h", "12 d". */
static const char *duration(int64_t value, char text[32])
{
    const struct {
        int64_t size;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
    size_t i = 0;

    while (i < 3 && value < 2 * units[i].size) {
        i++;
    }
    (void)snprintf(text, 32, "%lld %s", (long long)(value / units[i].size), units[i].unit);
    return text;
}

static const struct config_destination *destination_of(const struct config *config,
                                                       const struct seen_lane *lane)
{
    const hl7_slice name = {lane->names + lane->route_len, lane->destination_len};

    for (size_t i = 0; i < config->destination_count; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(config->destinations[i].name))) {
            return &config->destinations[i];
        }
    }
    return NULL;
}

static void look_at_lane(struct broker *broker, const struct seen_lane *lane, int64_t now)
{
    const struct config_destination *to = destination_of(broker->config, lane);
    struct alerts *alerts = &broker->alerts;
    char subject[2 * JOURNAL_TEXT_MAX + 32];
    char age_text[32];

    if (to == NULL) {
        return; /* nobody says what is too much */
    }
    (void)snprintf(subject, sizeof subject, "%.*s/%s/%lld", (int)lane->route_len, lane->names,
                   to->name, (long long)lane->number);
    alerts_count(alerts, ALERT_DEAD_LETTERS, subject, lane->dead, "%lld dead letters",
                 (long long)lane->dead);
    if (lane->depth == 0) {
        return;
    }
    int64_t age = (now - lane->oldest) / 1000;
    alerts_say(alerts, ALERT_LANE_OLD, subject, alert_level(age, to->alert_older_than),
               "the oldest of %lld messages waits for %s", (long long)lane->depth,
               duration(age, age_text));
    alerts_say(alerts, ALERT_LANE_DEEP, subject, alert_level(lane->depth, to->alert_deeper_than),
               "%lld messages wait", (long long)lane->depth);
}

/* ---- Destinations --------------------------------------------------------------------------- */

/* Of all lanes of a destination together, in loop time; 0: none. */
struct reach {
    uint64_t failing; /* since when the longest has been failing, with messages waiting */
    uint64_t good;    /* the last delivery */
};

static void add_lane(struct reach *reach, const struct lane *lane)
{
    bool works = lane->phase != LANE_IDLE && lane->phase != LANE_STOPPED;

    if (lane->good_at > reach->good) {
        reach->good = lane->good_at;
    }
    if (works && lane->down_at != 0 && (reach->failing == 0 || lane->down_at < reach->failing)) {
        reach->failing = lane->down_at;
    }
}

/* A destination is down while lanes fail and none delivers. */
static void look_at_destinations(struct broker *broker)
{
    const struct config *config = broker->config;
    struct reach *reaches = calloc(config->destination_count + 1, sizeof *reaches);
    char text[32];

    if (reaches == NULL) {
        return;
    }
    for (const struct lane *lane = broker->deliver.lanes; lane != NULL; lane = lane->next) {
        if (!lane->retiring) {
            add_lane(&reaches[lane->to - config->destinations], lane);
        }
    }
    for (size_t i = 0; i < config->destination_count; i++) {
        const struct config_destination *to = &config->destinations[i];
        const struct reach *reach = &reaches[i];
        uint64_t since = reach->good > reach->failing ? reach->good : reach->failing;

        if (reach->failing != 0) {
            int64_t age = (int64_t)(broker->loop.now - since);
            bool down = to->alert_down_for > 0 && reach->good < broker->last_look &&
                        age > to->alert_down_for;

            alerts_say(&broker->alerts, ALERT_DOWN, to->name, down ? ALERT_BEYOND : ALERT_QUIET,
                       "nothing could be delivered for %s", duration(age, text));
        }
    }
    free(reaches);
}

/* ---- Listeners, the disk -------------------------------------------------------------------- */

static void look_at_listeners(struct broker *broker)
{
    char text[32];

    for (const struct ingest_listener *at = broker->ingest.listeners; at != NULL; at = at->next) {
        if (at->config != NULL && at->config->alert_silent_for > 0) {
            int64_t age = (int64_t)(broker->loop.now - at->heard);
            bool silent = at->heard < broker->last_look && age > at->config->alert_silent_for;

            alerts_say(&broker->alerts, ALERT_SILENT, at->config->name,
                       silent ? ALERT_BEYOND : ALERT_QUIET, "no message for %s",
                       duration(age, text));
        }
    }
}

/* It is over when there is a tenth more than the limit. */
static void look_at_disk(struct broker *broker)
{
    const struct config_orderly *orderly = &broker->config->orderly;
    const struct config_free_space *limit = &orderly->alert_disk_low;
    struct statvfs space;

    if ((limit->bytes == 0 && limit->percent == 0) || statvfs(orderly->data, &space) != 0) {
        return;
    }
    uint64_t free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    uint64_t all = (uint64_t)space.f_blocks * space.f_frsize;
    uint64_t least =
        limit->bytes > 0 ? (uint64_t)limit->bytes : all / 100 * (uint64_t)limit->percent;
    enum alert_level level = ALERT_QUIET;

    if (free_bytes < least) {
        level = ALERT_BEYOND;
    } else if (free_bytes < least + least / 10) {
        level = ALERT_NEAR;
    }
    alerts_say(&broker->alerts, ALERT_DISK_LOW, orderly->data, level,
               "%llu MiB free, the limit is %llu", (unsigned long long)(free_bytes >> 20),
               (unsigned long long)(least >> 20));
}

/* ---- Certificates -------------------------------------------------------------------------- */

enum { ENDING_SOON = 30 * 86400 };

static void on_ending(void *context, const struct secure_door *door, enum tls_file file,
                      int64_t left)
{
    static const char *const kinds[TLS_FILES] = {[TLS_CERT] = "certificate",
                                                 [TLS_KEY] = "key",
                                                 [TLS_CA] = "CA",
                                                 [TLS_CRL] = "revocation list"};
    struct broker *broker = context;
    char subject[CONFIG_NAME_MAX + 32];
    char age[32];

    (void)snprintf(subject, sizeof subject, "%s %s", door->name, kinds[file]);
    alerts_say(&broker->alerts, ALERT_CERTIFICATE, subject, ALERT_BEYOND, "%.120s %s %s%s",
               door->live.settings.files[file], left < 0 ? "expired" : "expires in",
               duration((left < 0 ? -left : left) * 1000, age), left < 0 ? " ago" : "");
}

/* ---- Gauges --------------------------------------------------------------------------------- */

static void set_gauges(struct broker *broker, const struct look_work *look)
{
    for (struct lane *lane = broker->deliver.lanes; lane != NULL; lane = lane->next) {
        lane->counters.depth = 0;
        lane->oldest = 0;
    }
    for (const struct seen_lane *seen = look->lanes; seen != NULL; seen = seen->next) {
        struct lane *lane = deliver_find_id(&broker->deliver, seen->id);

        if (lane != NULL && seen->depth > 0) {
            lane->counters.depth = (uint64_t)seen->depth;
            lane->oldest = seen->oldest;
        }
    }
    broker->journal = look->size;
}

/* ---- A look --------------------------------------------------------------------------------- */

static void look_done(struct store_work *work, enum journal_code code)
{
    struct look_work *look = LOOP_OWNER(work, struct look_work, work);
    struct broker *broker = look->broker;
    uint64_t pause = look->took * LOOK_SHARE;

    if (code == JOURNAL_OK) {
        set_gauges(broker, look);
    }
    /* Without the journal's word nothing is said, and nothing is over. */
    if (code == JOURNAL_OK && !broker->draining) {
        int64_t now = clock_wall();

        alerts_begin(&broker->alerts);
        for (const struct seen_lane *lane = look->lanes; lane != NULL; lane = lane->next) {
            look_at_lane(broker, lane, now);
        }
        look_at_destinations(broker);
        look_at_listeners(broker);
        look_at_disk(broker);
        secure_ending(&broker->secure, ENDING_SOON, on_ending, broker);
        alerts_end(&broker->alerts);
        broker->last_look = broker->loop.now;
    }
    broker->looking = false;
    broker->next_look = broker->loop.now + (pause > LOOK_EVERY ? pause : LOOK_EVERY);
    drop_lanes(look);
    free(look);
}

void broker_look(struct broker *broker)
{
    struct look_work *look = NULL;

    if (broker->looking || broker->loop.now + LOOK_EVERY / 2 < broker->next_look ||
        (look = calloc(1, sizeof *look)) == NULL) {
        return;
    }
    look->work = (struct store_work){.run = look_run, .done = look_done};
    look->broker = broker;
    broker->looking = true;
    store_submit(broker->store, &look->work);
}
