/* SPDX-License-Identifier: Apache-2.0
 *
 * Which routes take a message and which lanes its deliveries go to. */
#include "support.h"

#include "broker/route/route.h"
#include "parsing.h"

#include <stdlib.h>

enum { ROUTES = 4, LANES = 16 };

static char program_memory[65536];
static char scratch[65536];
static struct config_destination destinations[3] = {
    {.name = "ris"}, {.name = "pacs"}, {.name = "file"}};
static const size_t to_ris[] = {0};
static const size_t to_both[] = {0, 1};
static const size_t to_file[] = {2};
static const size_t all_routes[] = {0, 1, 2, 3};

struct setting {
    struct config_route routes[ROUTES];
    struct config_listener listener;
    struct config config;
    struct hl7_arena programs;
    struct journal_lane lanes[LANES];
    struct route_plan plan;
};

static const struct hl7_template *condition(struct setting *setting, const char *text)
{
    const struct hl7_template *program = NULL;
    struct hl7_diagnostic *findings = NULL;

    assert_int_equal(
        hl7_condition_compile(hl7_slice_of(text), NULL, &setting->programs, &program, &findings),
        HL7_OK);
    return program;
}

static void set_up(struct setting *setting, size_t routes)
{
    memset(setting, 0, sizeof *setting);
    hl7_arena_init(&setting->programs, program_memory, sizeof program_memory);
    setting->routes[0] = (struct config_route){.name = "orders", .to = {to_both, 2}, .lanes = 1};
    setting->routes[1] =
        (struct config_route){.name = "archive", .to = {to_file, 1}, .lanes = 1, .copy = true};
    setting->routes[2] = (struct config_route){.name = "rest", .to = {to_ris, 1}, .lanes = 1};
    setting->routes[3] = (struct config_route){.name = "last", .to = {to_ris, 1}, .lanes = 1};
    setting->listener = (struct config_listener){.name = "in", .routes = {all_routes, routes}};
    setting->config = (struct config){.destinations = destinations,
                                      .destination_count = 3,
                                      .routes = setting->routes,
                                      .route_count = ROUTES};
    setting->plan = (struct route_plan){.deliveries = setting->lanes, .size = LANES};
}

static bool find(struct setting *setting, const char *text)
{
    static struct parsing parsing;
    struct hl7_message message;
    struct hl7_arena arena;

    hl7_arena_init(&arena, scratch, sizeof scratch);
    assert_true(parsing_message(&parsing, hl7_slice_of(text), &message, NULL));
    bool good =
        route_find(&setting->config, &setting->listener, &message, NULL, &arena, &setting->plan);
    assert_int_equal(arena.used, 0);
    parsing_free(&parsing);
    return good;
}

#define ORM "MSH|^~\\&|S|F|R|G|20260101||ORM^O01|1|P|2.5\rPID|1||0007\r"
#define ADT "MSH|^~\\&|S|F|R|G|20260101||ADT^A01|1|P|2.5\rPID|1||0007\r"

static void each_route_without_a_condition_takes_each_message(void **state)
{
    struct setting setting;

    (void)state;
    set_up(&setting, 3);
    assert_true(find(&setting, ORM));
    assert_true(setting.plan.taken);
    assert_int_equal(setting.plan.count, 4);
    assert_int_equal(setting.plan.awaited, 3); /* the archive's is a copy */
    assert_slice(setting.lanes[0].route, "orders");
    assert_slice(setting.lanes[0].destination, "ris");
    assert_slice(setting.lanes[1].destination, "pacs");
    assert_slice(setting.lanes[2].route, "archive");
    assert_slice(setting.lanes[3].route, "rest");
}

static void a_condition_decides(void **state)
{
    struct setting setting;

    (void)state;
    set_up(&setting, 1);
    setting.routes[0].when.program = condition(&setting, "MSH-9.1 = 'ORM'");
    assert_true(find(&setting, ORM));
    assert_int_equal(setting.plan.count, 2);
    assert_true(find(&setting, ADT));
    assert_int_equal(setting.plan.count, 0);
    assert_false(setting.plan.taken);
}

static void a_copy_does_not_take_the_message(void **state)
{
    struct setting setting;

    (void)state;
    set_up(&setting, 2);
    setting.routes[0].when.program = condition(&setting, "MSH-9.1 = 'ORM'");
    assert_true(find(&setting, ADT));
    assert_int_equal(setting.plan.count, 1);
    assert_false(setting.plan.taken);
    assert_int_equal(setting.plan.awaited, 0);
}

static void stop_ends_the_search_only_where_the_route_takes_the_message(void **state)
{
    struct setting setting;

    (void)state;
    set_up(&setting, 3);
    setting.routes[0].when.program = condition(&setting, "MSH-9.1 = 'ORM'");
    setting.routes[0].stop = true;
    assert_true(find(&setting, ORM));
    assert_int_equal(setting.plan.count, 2);
    assert_true(find(&setting, ADT));
    assert_int_equal(setting.plan.count, 2);
    assert_slice(setting.lanes[0].route, "archive");
}

static void a_condition_that_cannot_be_decided_is_a_problem(void **state)
{
    struct setting setting;

    (void)state;
    set_up(&setting, 1);
    setting.routes[0].when.program =
        condition(&setting, "now('%Y') = '2026'"); /* there is no clock */
    assert_false(find(&setting, ORM));
    assert_non_null(strstr(setting.plan.problem, "orders"));
}

static void more_deliveries_than_there_is_room_for_is_a_problem(void **state)
{
    struct setting setting;

    (void)state;
    set_up(&setting, 3);
    setting.plan.size = 3;
    assert_false(find(&setting, ORM));
    assert_non_null(strstr(setting.plan.problem, "rest"));
}

static void the_same_key_has_the_same_lane_and_keys_are_spread(void **state)
{
    size_t used[8] = {0};

    (void)state;
    for (int i = 0; i < 8000; i++) {
        char key[16];
        int len = snprintf(key, sizeof key, "%06d", i);
        hl7_slice value = {key, (size_t)len};
        int64_t lane = route_lane(value, 8);

        assert_true(lane >= 0 && lane < 8);
        assert_int_equal(lane, route_lane(value, 8));
        used[lane]++;
    }
    for (size_t i = 0; i < 8; i++) {
        assert_true(used[i] > 800 && used[i] < 1200);
    }
    assert_int_equal(route_lane(HL7_TEXT(""), 8), 0);
    assert_int_equal(route_lane(HL7_TEXT("000123"), 1), 0);
}

/* The lane of a value is stored with the messages: it may never change between versions. */
static void the_lane_of_a_value_is_fixed(void **state)
{
    (void)state;
    assert_int_equal(route_lane(HL7_TEXT("000123"), 4), 2);
    assert_int_equal(route_lane(HL7_TEXT("A77"), 16), 9);
}

static void the_route_uses_the_key_of_the_message(void **state)
{
    struct setting setting;

    (void)state;
    set_up(&setting, 1);
    setting.routes[0].lanes = 8;
    assert_int_equal(hl7_path_parse(HL7_TEXT("PID-3.1"), &setting.routes[0].key, NULL), HL7_OK);
    assert_true(find(&setting, ORM));
    assert_int_equal(setting.lanes[0].number, route_lane(HL7_TEXT("0007"), 8));
    assert_int_equal(setting.lanes[1].number, route_lane(HL7_TEXT("0007"), 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_without_a_condition_takes_each_message),
        cmocka_unit_test(a_condition_decides),
        cmocka_unit_test(a_copy_does_not_take_the_message),
        cmocka_unit_test(stop_ends_the_search_only_where_the_route_takes_the_message),
        cmocka_unit_test(a_condition_that_cannot_be_decided_is_a_problem),
        cmocka_unit_test(more_deliveries_than_there_is_room_for_is_a_problem),
        cmocka_unit_test(the_same_key_has_the_same_lane_and_keys_are_spread),
        cmocka_unit_test(the_lane_of_a_value_is_fixed),
        cmocka_unit_test(the_route_uses_the_key_of_the_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
