/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters and histograms, and the OpenMetrics text of them, which is read back by a reader of its own. */
#include "support.h"

#include "../broker/metrics/metrics.h"

#include <stdio.h>

/* ---- Histograms ----------------------------------------------------------------------------- */

static void each_value_falls_into_the_bucket_of_its_power_of_two(void **state)
{
    const struct {
        int64_t value;
        size_t bucket;
    } cases[] = {{INT64_MIN, 0},
                 {-1, 0},
                 {0, 0},
                 {1, 0},
                 {2, 1},
                 {3, 2},
                 {4, 2},
                 {5, 3},
                 {1024, 10},
                 {1025, 11},
                 {(int64_t)1 << 39, 39},
                 {((int64_t)1 << 39) + 1, 40},
                 {INT64_MAX, 40}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct histogram histogram = {.count = 0};

        histogram_add(&histogram, cases[i].value);
        assert_int_equal(histogram.count, 1);
        assert_int_equal(histogram.sum, cases[i].value > 0 ? cases[i].value : 0);
        for (size_t k = 0; k < HISTOGRAM_BUCKETS; k++) {
            assert_int_equal(histogram.buckets[k], k == cases[i].bucket);
        }
    }
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

/* Against the values themselves, sorted. */
static void a_quantile_is_never_too_low_and_at_most_twice_too_high(void **state)
{
    enum { VALUES = 500 };
    int64_t values[VALUES];
    struct random_state random;

    (void)state;
    random_init(&random, 3);
    for (int round = 0; round < 50; round++) {
        struct histogram histogram = {.count = 0};
        size_t count = 1 + random_below(&random, VALUES);

        for (size_t i = 0; i < count; i++) {
            values[i] = (int64_t)random_below(&random, (size_t)1 << random_below(&random, 39));
            histogram_add(&histogram, values[i]);
        }
        qsort(values, count, sizeof values[0], compare);
        for (unsigned share = 1; share <= 1000; share++) {
            size_t rank = (count * share + 999) / 1000;
            uint64_t exact = (uint64_t)values[rank - 1];
            uint64_t bound = histogram_quantile(&histogram, share);

            assert_true(bound >= exact);
            assert_true(bound <= 2 * exact || bound == 1);
        }
    }
}

static void no_values_have_no_quantile_and_those_beyond_none_that_is_known(void **state)
{
    struct histogram histogram = {.count = 0};

    (void)state;
    assert_int_equal(histogram_quantile(&histogram, 500), 0);
    histogram_add(&histogram, INT64_MAX);
    assert_true(histogram_quantile(&histogram, 500) == UINT64_MAX);
    histogram_add(&histogram, 7);
    assert_int_equal(histogram_quantile(&histogram, 500), 8);
}

/* ---- The table ------------------------------------------------------------------------------ */

static size_t size_of(enum metric_scope scope)
{
    const size_t sizes[METRIC_SCOPES] = {[METRICS_LISTENER] = sizeof(struct metrics_listener),
                                         [METRICS_LANE] = sizeof(struct metrics_lane),
                                         [METRICS_DESTINATION] = sizeof(struct metrics_destination),
                                         [METRICS_STORE] = sizeof(struct metrics_store)};

    return sizes[scope];
}

/* Each struct is filled by its rows without a gap or a byte that two of them share. */
static void the_rows_cover_their_structs(void **state)
{
    size_t covered[METRIC_SCOPES] = {0};
    size_t count = 0;
    const struct metric *table = metrics_table(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(table[i].offset, covered[table[i].scope]);
        assert_true(table[i].kind == METRICS_GAUGE ||
                    (table[i].kind == METRICS_HISTOGRAM) == (table[i].unit != METRICS_NONE));
        covered[table[i].scope] +=
            table[i].kind != METRICS_HISTOGRAM ? sizeof(uint64_t) : sizeof(struct histogram);
    }
    for (size_t i = 0; i < METRIC_SCOPES; i++) {
        assert_int_equal(covered[i], size_of((enum metric_scope)i));
    }
}

static void a_sum_has_all_of_both(void **state)
{
    struct metrics_destination one = {.queue_age = {.count = 0}};
    struct metrics_destination two = one;
    struct metrics_destination both = one;
    struct metrics_lane lane = {.delivered = 3, .tries = 5};
    struct metrics_lane lanes = {.delivered = 10, .dead = 1};
    struct random_state random;

    (void)state;
    random_init(&random, 5);
    for (int i = 0; i < 1000; i++) {
        int64_t value = (int64_t)random_below(&random, 1 << 30);

        histogram_add(i % 3 == 0 ? &one.queue_age : &two.queue_age, value);
        histogram_add(&both.queue_age, value);
    }
    metrics_sum(METRICS_DESTINATION, &one, &two);
    assert_memory_equal(&one, &both, sizeof one);
    metrics_sum(METRICS_LANE, &lanes, &lane);
    assert_int_equal(lanes.delivered, 13);
    assert_int_equal(lanes.tries, 5);
    assert_int_equal(lanes.dead, 1);
}

/* ---- OpenMetrics ---------------------------------------------------------------------------- */

static char *written(const struct metrics_set *sets)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    assert_non_null(file);
    metrics_write(file, sets);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void counters_and_histograms_are_written_as_the_format_has_them(void **state)
{
    struct metrics_listener listener = {.connections = 7};
    struct metrics_store store = {.commits = 2};
    const struct metrics_member in = {
        .values = &listener, .labels = {"listener"}, .texts = {"a\"b\\c\nd"}};
    const struct metrics_member only = {.values = &store};
    const struct metrics_set sets[METRIC_SCOPES] = {
        [METRICS_LISTENER] = {&in, 1}, [METRICS_STORE] = {&only, 1}};
    const char *const expected[] = {
        "# TYPE orderly_listener_connections counter\n"
        "# HELP orderly_listener_connections Connections accepted.\n"
        "orderly_listener_connections_total{listener=\"a\\\"b\\\\c\\nd\"} 7\n",
        "# TYPE orderly_listener_acknowledgement_seconds histogram\n"
        "# UNIT orderly_listener_acknowledgement_seconds seconds\n",
        "_seconds_bucket{listener=\"a\\\"b\\\\c\\nd\",le=\"0.000064\"} 1\n",
        "_seconds_bucket{listener=\"a\\\"b\\\\c\\nd\",le=\"1.048576\"} 1\n",
        "_seconds_bucket{listener=\"a\\\"b\\\\c\\nd\",le=\"2.097152\"} 2\n",
        "_seconds_bucket{listener=\"a\\\"b\\\\c\\nd\",le=\"+Inf\"} 3\n"
        "orderly_listener_acknowledgement_seconds_count{listener=\"a\\\"b\\\\c\\nd\"} 3\n"
        "orderly_listener_acknowledgement_seconds_sum{listener=\"a\\\"b\\\\c\\nd\"} 1000001.500040\n",
        "\norderly_store_commits_total 2\n",
        "\norderly_store_commit_work_bucket{le=\"1024\"} 1\n"
        "orderly_store_commit_work_bucket{le=\"+Inf\"} 1\n"
        "orderly_store_commit_work_count 1\norderly_store_commit_work_sum 12\n"};

    (void)state;
    histogram_add(&listener.acknowledgement, 40);
    histogram_add(&listener.acknowledgement, 1500000);
    histogram_add(&listener.acknowledgement, 1000000000000);
    histogram_add(&store.commit_work, 12);
    char *text = written(sets);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_non_null(strstr(text, expected[i]));
    }
    assert_null(strstr(text, "orderly_lane_")); /* nobody of this scope */
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
    free(text);
}

static void gauges_are_written_with_their_unit_and_without_a_total(void **state)
{
    struct metrics_lane lane = {.depth = 12, .oldest_age = 1500000};
    struct metrics_store store = {.disk_free = 5000000000};
    const struct metrics_member one = {.values = &lane, .labels = {"route"}, .texts = {"r"}};
    const struct metrics_member only = {.values = &store};
    const struct metrics_set sets[METRIC_SCOPES] = {
        [METRICS_LANE] = {&one, 1}, [METRICS_STORE] = {&only, 1}};
    const char *const expected[] = {"# TYPE orderly_lane_depth gauge\n# HELP orderly_lane_depth ",
                                    "\norderly_lane_depth{route=\"r\"} 12\n",
                                    "# TYPE orderly_lane_oldest_age_seconds gauge\n",
                                    "# UNIT orderly_lane_oldest_age_seconds seconds\n",
                                    "\norderly_lane_oldest_age_seconds{route=\"r\"} 1.500000\n",
                                    "# UNIT orderly_store_disk_free_bytes bytes\n",
                                    "\norderly_store_disk_free_bytes 5000000000\n"};

    (void)state;
    char *text = written(sets);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_non_null(strstr(text, expected[i]));
    }
    free(text);
}

/* Reads the text as a scraper does: a family is begun once, its samples follow, buckets only grow and end
 * with the count. */
static void check_text(const char *text)
{
    char family[200] = "";
    char seen[8000] = "";
    unsigned long long last = 0;

    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        char name[200];
        unsigned long long value = 0;

        assert_non_null(strchr(line, '\n'));
        if (sscanf(line, "# TYPE %199s", family) == 1) {
            (void)snprintf(name, sizeof name, " %s ", family);
            assert_null(strstr(seen, name));
            assert_true(strlen(seen) + strlen(name) < sizeof seen);
            memcpy(seen + strlen(seen), name, strlen(name) + 1);
            continue;
        }
        if (line[0] == '#') {
            continue;
        }
        assert_int_equal(strncmp(line, family, strlen(family)), 0);
        const char *space = strchr(line, ' ');
        value = strtoull(space, NULL, 10);
        if (strncmp(line + strlen(family), "_bucket", 7) == 0) {
            bool first = strstr(line, "le=\"0.000064\"") < space && strstr(line, "le=\"0.000064\"");
            bool one = strstr(line, "le=\"1\"") < space && strstr(line, "le=\"1\"");
            assert_true(first || one || value >= last);
            last = value;
        } else if (strncmp(line + strlen(family), "_count", 6) == 0) {
            assert_true(value == last);
        }
    }
}

static void the_text_of_many_members_can_be_read_back(void **state)
{
    enum { MEMBERS = 20 };
    struct metrics_lane lanes[MEMBERS] = {{.delivered = 1}};
    struct metrics_destination destinations[MEMBERS] = {{.queue_age = {.count = 0}}};
    struct metrics_store store = {.commits = 1};
    struct metrics_member members[2 * MEMBERS];
    const struct metrics_member whole = {.values = &store};
    const struct metrics_set sets[METRIC_SCOPES] = {
        [METRICS_LANE] = {members, MEMBERS},
        [METRICS_DESTINATION] = {members + MEMBERS, MEMBERS},
        [METRICS_STORE] = {&whole, 1}};
    struct random_state random;

    (void)state;
    random_init(&random, 11);
    for (size_t i = 0; i < MEMBERS; i++) {
        members[i] = (struct metrics_member){.values = &lanes[i],
                                             .labels = {"route", "destination", "lane"},
                                             .texts = {"a", "b", "0"}};
        members[MEMBERS + i] = (struct metrics_member){
            .values = &destinations[i], .labels = {"destination"}, .texts = {"b"}};
        for (int k = 0; k < 200; k++) {
            histogram_add(&destinations[i].delivery,
                          (int64_t)random_next(&random) >> random_below(&random, 60));
        }
    }
    char *text = written(sets);
    check_text(text);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_falls_into_the_bucket_of_its_power_of_two),
        cmocka_unit_test(a_quantile_is_never_too_low_and_at_most_twice_too_high),
        cmocka_unit_test(no_values_have_no_quantile_and_those_beyond_none_that_is_known),
        cmocka_unit_test(the_rows_cover_their_structs),
        cmocka_unit_test(a_sum_has_all_of_both),
        cmocka_unit_test(counters_and_histograms_are_written_as_the_format_has_them),
        cmocka_unit_test(gauges_are_written_with_their_unit_and_without_a_total),
        cmocka_unit_test(the_text_of_many_members_can_be_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
