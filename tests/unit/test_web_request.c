/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a request is looked at before a handler sees it: host, origin, path, cookie; and values: base64,
 * times; and the page's files. */
#include "support.h"

#include <stdio.h>

#include "../web/asset.h"
#include "../web/base64.h"
#include "../web/cookie.h"
#include "../web/exchange.h"
#include "../web/origin.h"
#include "../web/route.h"

static char host_a[] = "page.example:8570";
static char host_b[] = "localhost:8570";
static const struct setup plain = {.hosts = {host_a, host_b}, .host_count = 2};
static const struct setup proxied = {.hosts = {host_a}, .host_count = 1, .is_unix = true};

static void hosts_are_exact_but_for_their_case(void **state)
{
    static const char *const others[] = {"page.example",         "page.example:8570 ",
                                         "page.example:85700",   "x.page.example:8570",
                                         "page.example.:8570",   "",
                                         "page.example:8570:80", "user@page.example:8570"};

    (void)state;
    assert_true(origin_is_host(&plain, "page.example:8570"));
    assert_true(origin_is_host(&plain, "PAGE.Example:8570"));
    assert_true(origin_is_host(&plain, "localhost:8570"));
    assert_false(origin_is_host(&plain, NULL));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(origin_is_host(&plain, others[i]));
    }
}

static void a_change_comes_from_the_page_itself(void **state)
{
    static const struct {
        const struct setup *setup;
        struct origin origin;
        bool own;
    } cases[] = {
        {&plain, {host_a, "http://page.example:8570", NULL}, true},
        {&plain, {host_a, "http://page.example:8570", "same-origin"}, true},
        {&plain, {host_a, "http://page.example:8570", "same-site"}, false},
        {&plain, {host_a, "http://page.example:8570", "cross-site"}, false},
        {&plain, {host_a, "http://page.example:8570", "none"}, false},
        {&plain, {host_a, "http://page.example:8570", ""}, false},
        {&plain, {host_a, NULL, "same-origin"}, false},
        {&plain, {host_a, "null", NULL}, false},
        {&plain, {host_a, "", NULL}, false},
        {&plain, {host_a, "https://page.example:8570", NULL}, false},
        {&plain, {host_a, "http://localhost:8570", NULL}, false},
        {&plain, {host_a, "http://page.example:8570/", NULL}, false},
        {&plain, {host_a, "http://page.example", NULL}, false},
        {&plain, {NULL, "http://page.example:8570", NULL}, false},
        {&proxied, {host_a, "https://page.example:8570", NULL}, true},
        {&proxied, {host_a, "http://page.example:8570", NULL}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(origin_is_own(cases[i].setup, &cases[i].origin), cases[i].own);
    }
}

static void reading_is_for_this_page_and_for_who_types_the_address(void **state)
{
    const struct origin none = {.fetch_site = NULL};
    const struct origin own = {.fetch_site = "same-origin"};
    const struct origin typed = {.fetch_site = "none"};
    const struct origin other = {.fetch_site = "cross-site"};
    const struct origin sister = {.fetch_site = "same-site"};

    (void)state;
    assert_true(origin_may_read(&none));
    assert_true(origin_may_read(&own));
    assert_true(origin_may_read(&typed));
    assert_false(origin_may_read(&other));
    assert_false(origin_may_read(&sister));
}

static void paths_lead_to_routes(void **state)
{
    static const struct {
        enum route_method method;
        const char *path;
        const char *name; /* NULL: none */
        bool known;
    } cases[] = {
        {METHOD_GET, "/", "page", true},
        {METHOD_GET, "/api/v1/flow", "flow", true},
        {METHOD_POST, "/api/v1/flow", NULL, true},
        {METHOD_GET, "/api/v1/flow/", NULL, false},
        {METHOD_GET, "/api/v1/messages", "messages", true},
        {METHOD_GET, "/api/v1/messages/12", "message", true},
        {METHOD_GET, "/api/v1/messages/x", NULL, false},
        {METHOD_GET, "/api/v1/messages/-1", NULL, false},
        {METHOD_GET, "/api/v1/messages/1234567890123456789", NULL, false},
        {METHOD_GET, "/api/v1/messages/1/documents/2", "document", true},
        {METHOD_POST, "/api/v1/dead/retry", "dead_retry", true},
        {METHOD_PUT, "/api/v1/workbench/templates/a/b.hl7", "save_template", true},
        {METHOD_GET, "/api/v1/workbench/templates/a/b/c", NULL, false},
        {METHOD_GET, "/api/v1/workbench/templates//b", NULL, false},
        {METHOD_GET, "", NULL, false},
        {METHOD_GET, "//", NULL, false},
        {METHOD_OTHER, "/", NULL, true},
    };
    hl7_slice parts[ROUTE_PARTS_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool known = false;
        const struct route *route = routes_find(cases[i].method, cases[i].path, parts, &known);

        assert_int_equal(known, cases[i].known);
        assert_int_equal(route != NULL, cases[i].name != NULL);
        if (route != NULL) {
            assert_string_equal(route->name, cases[i].name);
        }
    }
}

static void parts_of_a_path_are_given_in_their_order(void **state)
{
    hl7_slice parts[ROUTE_PARTS_MAX];
    bool known = false;

    (void)state;
    assert_non_null(routes_find(METHOD_GET, "/api/v1/messages/7/documents/2", parts, &known));
    assert_slice(parts[0], "7");
    assert_slice(parts[1], "2");
}

static void what_changes_something_wants_a_role_and_no_get_does(void **state)
{
    (void)state;
    for (const struct route *route = routes(); route->name != NULL; route++) {
        if (route->method != METHOD_GET && strcmp(route->name, "login") != 0) {
            assert_true(route->role > ROLE_NONE);
        }
        assert_true(route_method("HEAD") == METHOD_GET);
    }
    assert_int_equal(route_method("TRACE"), METHOD_OTHER);
    assert_int_equal(route_method("get"), METHOD_OTHER);
}

static void queries_have_the_names_of_their_route(void **state)
{
    hl7_slice parts[ROUTE_PARTS_MAX];
    bool known = false;
    const struct route *route = routes_find(METHOD_GET, "/api/v1/dead", parts, &known);

    (void)state;
    assert_true(route_has_query(route, "lane"));
    assert_true(route_has_query(route, "limit"));
    assert_false(route_has_query(route, "lan"));
    assert_false(route_has_query(route, ""));
    assert_false(route_has_query(route, "lane limit"));
}

static void a_cookie_is_found_by_its_exact_name_once(void **state)
{
    static const struct {
        const char *header;
        const char *value; /* NULL: none */
    } cases[] = {
        {"", NULL},           {"s=1", "1"},          {"s=", ""},         {"a=2; s=1; b=3", "1"},
        {"a=2;s=1", "1"},     {" s=1 ", "1"},        {"s=1; s=2", NULL}, {"s=1; s=1", NULL},
        {"S=1", NULL},        {"ss=1; s s=2", NULL}, {"s", NULL},        {";;=;s=a=b;", "a=b"},
        {"__Host-s=1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy = edge_copy(cases[i].header, strlen(cases[i].header));
        hl7_slice found = cookie_find((hl7_slice){copy, strlen(cases[i].header)}, HL7_TEXT("s"));

        assert_int_equal(found.ptr != NULL, cases[i].value != NULL);
        if (cases[i].value != NULL) {
            assert_slice(found, cases[i].value);
        }
        edge_free(copy, strlen(cases[i].header));
    }
    assert_null(cookie_find((hl7_slice){NULL, 0}, HL7_TEXT("s")).ptr);
}

static void base64_is_decoded_or_refused(void **state)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL: refused */
    } cases[] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zg", "f"},
        {"Zm8", "fo"},
        {"Zm9v\r\nYmFy", "foobar"},
        {"Z", NULL},
        {"Zm9vY", NULL},
        {"Zg=", NULL},
        {"Zg===", NULL},
        {"=", NULL},
        {"Zg==Zg==", NULL},
        {"Zh==", NULL},
        {"Zm9=", NULL},
        {"Zm!v", NULL},
        {"Zm-_", NULL},
        {"\xff\xff\xff\xff", NULL},
    };
    char memory[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hl7_buffer buffer;

        hl7_buffer_init(&buffer, memory, BASE64_DECODED(strlen(cases[i].text)));
        assert_int_equal(base64_decode(hl7_slice_of(cases[i].text), &buffer),
                         cases[i].bytes != NULL);
        if (cases[i].bytes != NULL) {
            assert_slice(hl7_buffer_slice(&buffer), cases[i].bytes);
        }
    }
}

static void a_document_is_what_its_first_bytes_say(void **state)
{
    (void)state;
    assert_string_equal(document_sniff(HL7_TEXT("%PDF-1.7"))->type, "application/pdf");
    assert_string_equal(document_sniff(HL7_TEXT("\x89PNG\r\n\x1a\n.."))->ending, "png");
    assert_string_equal(document_sniff(HL7_TEXT("\xff\xd8\xff\xe0"))->type, "image/jpeg");
    assert_string_equal(document_sniff(HL7_TEXT("<svg>"))->type, "application/octet-stream");
    assert_string_equal(document_sniff(HL7_TEXT(" %PDF-1.7"))->type, "application/octet-stream");
    assert_string_equal(document_sniff(HL7_TEXT(""))->type, "application/octet-stream");
}

static void times_are_read_with_their_zone(void **state)
{
    static const struct {
        const char *text;
        int64_t microseconds; /* -1: none */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-26T19:00:00Z", 1795719600000000},
        {"2026-11-26T20:00:00.25+01:00", 1795719600250000},
        {"2026-11-26T19:00:00.1234567Z", 1795719600123456},
        {"2026-11-26T19:00:00", -1},
        {"2026-11-26", -1},
        {"2026-11-26T19:00:00Zx", -1},
        {"2026-11-26T19:00:00+1", -1},
        {"2026-11-26T19:00:00+99:00", -1},
        {"1960-01-01T00:00:00Z", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t found = -1;

        (void)time_read(cases[i].text, &found);
        assert_int_equal(time_read(cases[i].text, &found), cases[i].microseconds >= 0);
        if (cases[i].microseconds >= 0) {
            assert_true(found == cases[i].microseconds);
        }
    }
}

static void every_part_of_the_page_is_there_with_its_type_and_hash(void **state)
{
    size_t count = 0;

    (void)state;
    for (const struct asset *at = assets(); at->name != NULL; at++) {
        assert_int_equal(strlen(at->hash), 64);
        assert_true(at->len > 0);
        assert_non_null(strchr(at->type, '/'));
        count++;
    }
    assert_true(count >= 5);
    assert_string_equal(asset_find(HL7_TEXT("index.html"))->type, "text/html; charset=utf-8");
    assert_null(asset_find(HL7_TEXT("../index.html")));
    assert_null(asset_find(HL7_TEXT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_exact_but_for_their_case),
        cmocka_unit_test(a_change_comes_from_the_page_itself),
        cmocka_unit_test(reading_is_for_this_page_and_for_who_types_the_address),
        cmocka_unit_test(paths_lead_to_routes),
        cmocka_unit_test(parts_of_a_path_are_given_in_their_order),
        cmocka_unit_test(what_changes_something_wants_a_role_and_no_get_does),
        cmocka_unit_test(queries_have_the_names_of_their_route),
        cmocka_unit_test(a_cookie_is_found_by_its_exact_name_once),
        cmocka_unit_test(base64_is_decoded_or_refused),
        cmocka_unit_test(a_document_is_what_its_first_bytes_say),
        cmocka_unit_test(times_are_read_with_their_zone),
        cmocka_unit_test(every_part_of_the_page_is_there_with_its_type_and_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
