/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_desk.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void desk_make_folder(struct desk *desk)
{
    (void)snprintf(desk->folder, sizeof desk->folder, "%s/orderly-journal-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(desk->folder));
}

void desk_remove_folder(struct desk *desk)
{
    DIR *entries = opendir(desk->folder);

    assert_non_null(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            assert_int_equal(unlinkat(dirfd(entries), entry->d_name, 0), 0);
        }
    }
    (void)closedir(entries);
    assert_int_equal(rmdir(desk->folder), 0);
}

static void open_journal(struct desk *desk)
{
    char reason[256] = "";

    if (journal_open(desk->folder, NULL, &desk->journal, reason) != JOURNAL_OK) {
        fail_msg("%s", reason);
    }
}

void desk_open(struct desk *desk)
{
    desk_make_folder(desk);
    open_journal(desk);
}

void desk_close(struct desk *desk)
{
    journal_close(&desk->journal);
    desk_remove_folder(desk);
}

void desk_reopen(struct desk *desk)
{
    journal_close(&desk->journal);
    open_journal(desk);
}

static void check(const struct desk *desk, enum journal_code code)
{
    if (code != JOURNAL_OK) {
        fail_msg("%s: %s", journal_code_name(code), journal_reason(desk->journal));
    }
}

void desk_begin(const struct desk *desk)
{
    check(desk, journal_begin(desk->journal));
}

void desk_commit(const struct desk *desk)
{
    check(desk, journal_commit(desk->journal));
}

struct journal_lane desk_lane(const char *destination)
{
    return (struct journal_lane){HL7_TEXT("orders"), hl7_slice_of(destination), 0};
}

struct journal_message desk_message(const char *control_id, const char *bytes, int64_t received)
{
    return (struct journal_message){
        .listener = HL7_TEXT("main"),
        .peer = HL7_TEXT("192.0.2.1:4711"),
        .received = DESK_DAY + received,
        .bytes = hl7_slice_of(bytes),
        .control_id = hl7_slice_of(control_id),
        .type = HL7_TEXT("ORM^O01"),
        .application = HL7_TEXT("HIS"),
        .facility = HL7_TEXT("NORTH"),
    };
}

int64_t desk_append(const struct desk *desk, const struct journal_message *message)
{
    struct journal_appended appended = {JOURNAL_STORED, 0};

    desk_begin(desk);
    check(desk, journal_append(desk->journal, message, 1, &appended));
    desk_commit(desk);
    return appended.message;
}

int64_t desk_store(const struct desk *desk, const char *control_id, const char *bytes,
                   const char *destination)
{
    struct journal_message message = desk_message(control_id, bytes, 0);
    const struct journal_lane lane = desk_lane(destination);

    message.deliveries = &lane;
    message.delivery_count = 1;
    return desk_append(desk, &message);
}

int64_t desk_lease(const struct desk *desk, const char *destination)
{
    const struct journal_lane lane = desk_lane(destination);
    int64_t id = 0;

    desk_begin(desk);
    check(desk, journal_lease(desk->journal, &lane, HL7_TEXT("test"), DESK_DAY, INT64_MAX, &id));
    desk_commit(desk);
    return id;
}

struct journal_delivery desk_next(const struct desk *desk, int64_t lane, int64_t now)
{
    struct journal_delivery delivery = {0};
    struct journal_wait wait;

    check(desk, journal_next(desk->journal, lane, 0, DESK_DAY + now, &delivery, &wait));
    return delivery;
}

struct journal_settlement desk_settlement(const struct journal_delivery *delivery,
                                          enum journal_outcome outcome)
{
    return (struct journal_settlement){
        .delivery = delivery->id,
        .attempt = delivery->attempt,
        .outcome = outcome,
        .started = DESK_DAY + 10,
        .ended = DESK_DAY + 20,
        .word = HL7_TEXT("AA"),
    };
}

enum journal_settled desk_settle(const struct desk *desk,
                                 const struct journal_settlement *settlement)
{
    enum journal_settled settled = JOURNAL_NOT_YOURS;

    desk_begin(desk);
    check(desk, journal_settle(desk->journal, settlement, &settled));
    desk_commit(desk);
    return settled;
}

static bool on_lane(void *context, const struct journal_lane_status *status)
{
    struct journal_lane_status *wanted = context;

    if (status->id != wanted->id) {
        return true;
    }
    *wanted = *status;
    return false;
}

struct journal_lane_status desk_lane_status(const struct desk *desk, int64_t lane)
{
    struct journal_lane_status status = {.id = lane};

    check(desk, journal_lanes(desk->journal, on_lane, &status));
    return status;
}

bool desk_ask(const struct desk *desk, const char *sql, int64_t *ret_answer)
{
    sqlite3_stmt *statement = NULL;
    bool done = sqlite3_prepare_v2(desk->journal->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;

    if (done) {
        *ret_answer = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return done;
}

int64_t desk_query(const struct desk *desk, const char *sql)
{
    int64_t answer = 0;

    if (!desk_ask(desk, sql, &answer)) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(desk->journal->db));
    }
    return answer;
}

size_t desk_wrong_counters(const struct desk *desk)
{
    size_t count = 0;
    static const char *const wrong[] = {
        "SELECT count(*) FROM lanes l WHERE depth <> (SELECT count(*) FROM deliveries"
        " WHERE lane = l.id AND state = 0)",
        "SELECT count(*) FROM lanes l WHERE dead <> (SELECT count(*) FROM deliveries"
        " WHERE lane = l.id AND state = 1)",
        "SELECT count(*) FROM messages m WHERE pending <> (SELECT count(*) FROM deliveries"
        " WHERE message = m.id AND state IN (0, 2))",
        "SELECT count(*) FROM messages m WHERE dead <> (SELECT count(*) FROM deliveries"
        " WHERE message = m.id AND state = 1)",
        "SELECT count(*) FROM messages m WHERE state < 3 AND state <>"
        " CASE WHEN dead > 0 THEN 2 WHEN pending > 0 THEN 1 ELSE 0 END",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t differ = 1;
        (void)desk_ask(desk, wrong[i], &differ);
        count += (size_t)differ;
    }
    return count;
}

void desk_check_counters(const struct desk *desk)
{
    assert_int_equal(desk_wrong_counters(desk), 0);
}

struct journal_note desk_note(const char *why)
{
    return (struct journal_note){HL7_TEXT("somebody"), hl7_slice_of(why), DESK_DAY + 99};
}
