/* SPDX-License-Identifier: Apache-2.0
 *
 * Contexts that follow their files. */
#include "tls_pair.h"

#include "../net/tls_live.h"

#include <stdio.h>
#include <sys/stat.h>

static void load(const struct tls_pair *pair, struct tls_live *live)
{
    const struct tls_settings settings = pair_settings(pair, true, "server", "ca");
    struct tls_problem problem;

    assert_true(tls_live_load(live, &settings, &problem));
    assert_int_equal(tls_live_look(live, &problem), TLS_SAME);
}

static void remake(struct tls_pair *pair)
{
    const struct tls_wish wish = {.use = TLS_USE_SERVER, .ends = days_from_now(9)};
    struct tls_identity *made = pair_make(pair, "server", &wish, false);

    tls_identity_free(&made);
}

static void files_that_change_are_in_force_at_the_next_look(void **state)
{
    struct tls_pair *pair = *state;
    struct tls_live live = {.context = NULL};
    struct tls_problem problem;

    load(pair, &live);
    remake(pair);
    assert_int_equal(tls_live_look(&live, &problem), TLS_FRESH);
    assert_true(tls_context_expires(live.context, TLS_CERT) < days_from_now(10));
    assert_int_equal(tls_live_look(&live, &problem), TLS_SAME);
    tls_live_release(&live);
}

static void broken_files_leave_what_was_there_and_are_told_once(void **state)
{
    struct tls_pair *pair = *state;
    struct tls_live live = {.context = NULL};
    struct tls_problem problem;

    load(pair, &live);
    const struct tls_context *before = live.context;
    folder_write_text(&pair->folder, "server.pem", "nothing");
    assert_int_equal(tls_live_look(&live, &problem), TLS_SAME); /* perhaps a copy is under way */
    assert_int_equal(tls_live_look(&live, &problem), TLS_BAD);
    assert_int_equal(problem.file, TLS_CERT);
    assert_int_equal(tls_live_look(&live, &problem), TLS_SAME);
    assert_ptr_equal(live.context, before);
    remake(pair);
    assert_int_equal(tls_live_look(&live, &problem), TLS_FRESH);
    tls_live_release(&live);
}

int main(void)
{
#define PAIR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_pair, tear_down_pair)
    const struct CMUnitTest tests[] = {
        PAIR_TEST(files_that_change_are_in_force_at_the_next_look),
        PAIR_TEST(broken_files_leave_what_was_there_and_are_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
