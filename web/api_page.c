/* SPDX-License-Identifier: Apache-2.0
 *
 * api_page.c - the page, its parts, and what tells that this process lives. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "asset.h"

static void put_asset(struct exchange *exchange, const struct asset *asset)
{
    struct answer *answer = &exchange->answer;

    if (asset == NULL) {
        (void)exchange_error(exchange, 404, "nothing", "there is nothing here");
        return;
    }
    answer->status = 200;
    answer->type = asset->type;
    answer->constant = asset->bytes;
    answer->len = asset->len;
    answer->cacheable = true;
    (void)snprintf(answer->etag, sizeof answer->etag, "\"%.64s\"", asset->hash);
}

void api_page(struct exchange *exchange)
{
    put_asset(exchange, asset_find(HL7_TEXT("index.html")));
}

void api_asset(struct exchange *exchange)
{
    put_asset(exchange, asset_find(exchange->parts[0]));
}

void api_openapi(struct exchange *exchange)
{
    put_asset(exchange, asset_find(HL7_TEXT("openapi.json")));
}

static void put_word(struct exchange *exchange, const char *word)
{
    exchange->answer.status = 200;
    exchange->answer.type = "text/plain; charset=utf-8";
    exchange->answer.constant = word;
    exchange->answer.len = strlen(word);
}

void api_healthz(struct exchange *exchange)
{
    put_word(exchange, "ok\n");
}

/* Anybody may ask, so the broker is asked as little as can be, and not again within a moment. */
void api_readyz(struct exchange *exchange)
{
    struct control_link link;

    if (!exchange_ask(exchange, &link)) {
        return;
    }
    exchange_request(exchange, &link, "journal");
    while (control_link_next(&link) != NULL) {
    }
    if (exchange_heard(exchange, &link)) {
        put_word(exchange, "ready\n");
    }
    control_link_close(&link);
}
