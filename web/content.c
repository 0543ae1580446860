/* SPDX-License-Identifier: Apache-2.0
 *
 * content.c - see content.h. */
#include "content.h"

#include <stdlib.h>
#include <string.h>

struct fetch {
    struct content *content;
    const char *of;
    int64_t delivery; /* 0: any */
    int64_t attempt;
    size_t total;
    bool found;
    bool damaged;
    bool too_large;
    bool no_memory;
};

const char *content_of(struct exchange *exchange)
{
    static const char *const words[] = {"received", "reply", "sent", "answer"};
    const char *of = exchange_query(exchange, "of");

    for (size_t i = 0; of != NULL && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(of, words[i]) == 0) {
            return words[i];
        }
    }
    if (of != NULL) {
        (void)exchange_error(exchange, 400, "bad-value", "'of' is received, reply, sent or answer");
        return NULL;
    }
    return words[0];
}

/* A piece at offset 0 begins the thing anew: the last one that fits counts. */
static void take_piece(struct fetch *fetch, const struct record *record)
{
    struct content *content = fetch->content;
    hl7_slice data = record_get(record, "data");
    size_t offset = (size_t)record_get_number(record, "offset");
    size_t total = (size_t)record_get_number(record, "total");

    if (offset == 0) {
        free(content->bytes);
        content->len = 0;
        fetch->total = total;
        fetch->too_large = total > CONTENT_BYTES_MAX;
        content->bytes = fetch->too_large ? NULL : malloc(total + 1);
        fetch->no_memory = !fetch->too_large && content->bytes == NULL;
        content->delivery = record_get_number(record, "delivery");
        content->attempt = record_get_number(record, "attempt");
        fetch->found = true;
    }
    if (content->bytes != NULL && offset == content->len &&
        data.len <= fetch->total - content->len && data.len > 0) {
        memcpy(content->bytes + content->len, data.ptr, data.len);
        content->len += data.len;
    }
}

static bool fits(const struct fetch *fetch, const struct record *record)
{
    return hl7_slice_equal(record_get(record, "of"), hl7_slice_of(fetch->of)) &&
           (fetch->delivery == 0 || record_get_number(record, "delivery") == fetch->delivery) &&
           (fetch->attempt == 0 || record_get_number(record, "attempt") == fetch->attempt);
}

static bool check(struct exchange *exchange, const struct fetch *fetch)
{
    if (fetch->no_memory) {
        return exchange_no_memory(exchange);
    }
    if (fetch->too_large) {
        return exchange_error(exchange, 409, "too-large",
                              "that has more than %d bytes; 'orderly export' writes it to a file",
                              CONTENT_BYTES_MAX);
    }
    if (!fetch->found && fetch->damaged) {
        return exchange_error(exchange, 410, "damaged", "what is stored fails its checksum");
    }
    if (!fetch->found || fetch->content->len != fetch->total) {
        return exchange_error(exchange, 404, "nothing", "there is nothing of the kind");
    }
    return true;
}

static bool fetch_bytes(struct exchange *exchange, struct fetch *fetch)
{
    struct control_link link;
    const struct record *record = NULL;
    bool received = strcmp(fetch->of, "received") == 0;

    if (!exchange_ask(exchange, &link)) {
        return false;
    }
    exchange_request(exchange, &link, "message");
    control_link_add_number(&link, "id", exchange_part_number(exchange, 0));
    control_link_add(&link, "bytes", received ? "received" : "all");
    while ((record = control_link_next(&link)) != NULL) {
        if (record_is(record, "bytes") && fits(fetch, record)) {
            take_piece(fetch, record);
        } else if (record_is(record, "missing") && fits(fetch, record)) {
            fetch->damaged = true;
        }
    }
    bool good = exchange_heard(exchange, &link) && check(exchange, fetch);
    control_link_close(&link);
    return good;
}

bool content_fetch(struct exchange *exchange, const char *of, struct content *ret_content)
{
    struct fetch fetch = {.content = ret_content, .of = of};

    *ret_content = (struct content){.bytes = NULL};
    if (!exchange_query_number(exchange, "delivery", 1, INT64_MAX, 0, &fetch.delivery) ||
        !exchange_query_number(exchange, "attempt", 1, INT64_MAX, 0, &fetch.attempt)) {
        return false;
    }
    /* What was received and replied has neither. */
    if (strcmp(of, "received") == 0 || strcmp(of, "reply") == 0) {
        fetch.delivery = 0;
        fetch.attempt = 0;
    }
    if (!fetch_bytes(exchange, &fetch)) {
        content_release(ret_content);
        return false;
    }
    return true;
}

void content_release(struct content *content)
{
    free(content->bytes);
    *content = (struct content){.bytes = NULL};
}

hl7_slice content_slice(const struct content *content)
{
    return (hl7_slice){content->bytes, content->len};
}
