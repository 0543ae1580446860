/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit log in its thread: who waits hears of it in the loop, and what nobody waits for is bounded. */
#include "audit_desk.h"

#include <stdio.h>
#include <sys/stat.h>

enum { GUARD = 30 * 1000 };

struct
try {
    struct audit_desk desk;
    struct loop loop;
    struct audit *audit;
    struct loop_timer guard;
    size_t heard;
    size_t failed;
    size_t wanted;
};

static void on_guard(struct loop_timer *timer)
{
    loop_stop(&LOOP_OWNER(timer, struct try, guard)->loop);
}

static int set_up(void **state)
{
    struct try *try = calloc(1, sizeof *try);
    char reason[256];

    assert_non_null(try);
    audit_desk_open(&try->desk, 0);
    try->guard.on_time = on_guard;
    assert_true(loop_init(&try->loop));
    const struct audit_options options = {.path = try->desk.path, .required = true};
    try->audit = audit_open(&options, &try->loop, reason);
    assert_non_null(try->audit);
    *state = try;
    return 0;
}

static int tear_down(void **state)
{
    struct try *try = *state;

    audit_close(&try->audit);
    loop_release(&try->loop);
    audit_desk_close(&try->desk);
    free(try);
    return 0;
}

static void on_done(struct audit_entry *entry)
{
    struct try *try = entry->context;

    try->heard++;
    try->failed += entry->failed;
    if (try->heard == try->wanted) {
        loop_stop(&try->loop);
    }
}

static void submit(struct try *try, enum audit_event event, bool heard)
{
    struct audit_entry *entry = audit_entry_new(event);

    assert_non_null(entry);
    entry->context = try;
    entry->done = heard ? on_done : NULL;
    assert_true(audit_submit(try->audit, entry));
}

static void wait_for(struct try *try, size_t heard)
{
    try->wanted = heard;
    assert_true(loop_timer_set(&try->loop, &try->guard, GUARD));
    assert_true(loop_run(&try->loop, NULL, NULL));
    loop_timer_clear(&try->loop, &try->guard);
    assert_int_equal(try->heard, heard);
}

static void who_waits_hears_when_it_is_written(void **state)
{
    struct try *try = *state;

    submit(try, AUDIT_VIEW, true);
    assert_int_equal(audit_pending(try->audit), 1);
    wait_for(try, 1);
    assert_int_equal(try->failed, 0);
    assert_int_equal(audit_pending(try->audit), 0);
    assert_int_equal(audit_desk_read(&try->desk).count, 1);
}

static void what_gathers_is_written_in_its_order(void **state)
{
    struct try *try = *state;

    submit(try, AUDIT_VIEW, true);
    submit(try, AUDIT_EXPORT, true);
    submit(try, AUDIT_RESEND, false);
    submit(try, AUDIT_DROP, true);
    wait_for(try, 3);
    assert_int_equal(audit_desk_read(&try->desk).faults, 0);
    assert_string_equal(try->desk.events, "view export resend drop ");
}

static void what_cannot_be_written_is_heard_of_as_failed(void **state)
{
    struct try *try = *state;

    assert_int_equal(unlink(try->desk.path), 0);
    assert_int_equal(mkdir(try->desk.path, 0700), 0);
    submit(try, AUDIT_VIEW, true);
    wait_for(try, 1);
    assert_int_equal(try->failed, 1);
    assert_non_null(strstr(audit_trouble(try->audit), "cannot open"));
    assert_int_equal(rmdir(try->desk.path), 0);
    submit(try, AUDIT_VIEW, true);
    wait_for(try, 2);
    assert_int_equal(try->failed, 1);
    assert_string_equal(audit_trouble(try->audit), "");
}

static void what_nobody_waits_for_is_bounded_and_counted(void **state)
{
    struct try *try = *state;

    for (size_t i = 0; i < AUDIT_WAITING_MAX + 500; i++) {
        submit(try, AUDIT_REFUSED, false);
    }
    submit(try, AUDIT_VIEW, true);
    wait_for(try, 1);
    struct audit_chain chain = audit_desk_read(&try->desk);
    assert_int_equal(chain.faults, 0);
    assert_int_equal(chain.count,
                     AUDIT_WAITING_MAX + 2); /* the view, and the number of the others */
}

static void a_flood_from_the_network_is_counted(void **state)
{
    struct try *try = *state;

    for (size_t i = 0; i < 500; i++) {
        submit(try, AUDIT_TLS, false);
    }
    submit(try, AUDIT_VIEW, true);
    wait_for(try, 1);
    assert_int_equal(audit_desk_read(&try->desk).count, AUDIT_FLOOD + 2);
    assert_non_null(strstr(try->desk.events, "suppressed"));
}

static void closing_writes_what_has_gathered(void **state)
{
    struct try *try = *state;

    assert_true(audit_write(try->audit, audit_entry_new(AUDIT_START)));
    audit_close(&try->audit);
    assert_int_equal(audit_desk_read(&try->desk).count, 1);
}

static void the_next_start_knows_how_it_ended(void **state)
{
    struct try *try = *state;
    const struct audit_options options = {.path = try->desk.path, .required = true};
    char reason[256];

    assert_string_equal(audit_before(try->audit), "nothing");
    assert_true(audit_write(try->audit, audit_entry_new(AUDIT_START)));
    audit_close(&try->audit);
    try->audit = audit_open(&options, &try->loop, reason);
    assert_non_null(try->audit);
    assert_string_equal(audit_before(try->audit), "crash");
    assert_true(audit_write(try->audit, audit_entry_new(AUDIT_STOP)));
    audit_close(&try->audit);
    try->audit = audit_open(&options, &try->loop, reason);
    assert_non_null(try->audit);
    assert_string_equal(audit_before(try->audit), "stop");
}

static void a_log_that_cannot_be_used_is_told(void **state)
{
    struct try *try = *state;
    struct audit_options options = {.path = "/nowhere/audit.log", .required = true};
    char reason[256] = "";

    assert_null(audit_open(&options, &try->loop, reason));
    assert_non_null(strstr(reason, "/nowhere/audit.log"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_waits_hears_when_it_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_gathers_is_written_in_its_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_heard_of_as_failed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_waits_for_is_bounded_and_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_flood_from_the_network_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_writes_what_has_gathered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_start_knows_how_it_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_that_cannot_be_used_is_told, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
