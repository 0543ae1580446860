/* SPDX-License-Identifier: Apache-2.0
 *
 * api_metrics.c - what the broker counts, and how it is at this moment, for Prometheus. */
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "api.h"
#include "gauges.h"

/* The lines of the broker, but for the one that ends the text. */
static bool put_counters(struct exchange *exchange, struct control_link *link, FILE *file)
{
    const struct record *record = NULL;

    exchange_request(exchange, link, "metrics");
    control_link_add(link, "format", "openmetrics");
    while ((record = control_link_next(link)) != NULL) {
        hl7_slice line = record_get(record, "text");

        if (!hl7_slice_equal(line, HL7_TEXT("# EOF")) && line.len > 0) {
            (void)fwrite(line.ptr, 1, line.len, file);
            (void)fputc('\n', file);
        }
    }
    return exchange_heard(exchange, link);
}

static bool put_gauges(struct exchange *exchange, struct control_link *link, FILE *file)
{
    const struct record *record = NULL;
    struct gauges *gauges = gauges_new();

    if (gauges == NULL) {
        return exchange_no_memory(exchange);
    }
    exchange_request(exchange, link, "status");
    while ((record = control_link_next(link)) != NULL) {
        gauges_take(gauges, record, clock_wall());
    }
    bool good = exchange_heard(exchange, link);
    if (good && !gauges_write(gauges, file)) {
        good = exchange_no_memory(exchange);
    }
    gauges_free(gauges);
    return good;
}

void api_metrics(struct exchange *exchange)
{
    struct control_link link;
    char *text = NULL;
    size_t len = 0;
    FILE *file = NULL;

    if (!exchange_ask(exchange, &link)) {
        return;
    }
    file = open_memstream(&text, &len);
    if (file == NULL) {
        (void)exchange_no_memory(exchange);
    } else {
        bool good = put_counters(exchange, &link, file) && put_gauges(exchange, &link, file);
        (void)fputs("# EOF\n", file);
        if (fclose(file) != 0) {
            good = exchange_no_memory(exchange);
        }
        if (good) {
            exchange_bytes(exchange, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                           text, len);
            text = NULL;
        }
        free(text);
    }
    control_link_close(&link);
}
