/* SPDX-License-Identifier: Apache-2.0
 *
 * value_net.c - addresses and networks. Nothing is looked up: a name may be unknown now and known when
 * it is needed. Part of value.h.
 */
#include "value.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/measure.h"
#include "../../net/address.h"

enum { HOST_BYTES = 256, PORT_BYTES = 8 };

/* ---- HOST:PORT ------------------------------------------------------------------------------ */

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._:%", c) != NULL;
}

/* The first byte that no name and no address has; the length when there is none. */
static size_t find_bad_byte(const char *host)
{
    size_t i = 0;

    while (host[i] != '\0' && is_host_byte(host[i])) {
        i++;
    }
    return i;
}

bool value_read_address(struct value *value, void *slot)
{
    const struct config_key *key = value->key;
    const char *text = value->text.ptr;
    char host[HOST_BYTES];
    char port[PORT_BYTES];
    const char *reason = NULL;
    unsigned long number = 0;

    if (!address_split(text, host, sizeof host, port, sizeof port, &reason)) {
        return value_wrong(value, 0, "%s", reason);
    }
    size_t bad = find_bad_byte(host);
    if (host[bad] != '\0') {
        return value_wrong(value, bad + (text[0] == '[' ? 1 : 0),
                           "this byte is neither of a host's name nor of an address");
    }
    number = strtoul(port, NULL, 10);
    if (number < key->min || number > key->max) {
        return value_wrong(value, value->text.len - strlen(port),
                           "the port has to be from %u to %u", (unsigned)key->min,
                           (unsigned)key->max);
    }
    const struct config_address address = {
        .host = pool_text(value->pool, hl7_slice_of(host)),
        .port = pool_print(value->pool, "%lu", number),
        .text = pool_text(value->pool, value->text),
    };
    if (address.host == NULL || address.port == NULL || address.text == NULL) {
        return false;
    }
    *(struct config_address *)slot = address;
    return true;
}

/* ---- Networks ------------------------------------------------------------------------------- */

/* The first bit behind the network's own that is set, or its width when there is none. */
static unsigned find_loose_bit(const struct config_network *network, unsigned width)
{
    unsigned bit = network->bits;

    while (bit < width && (network->address[bit / 8] & (0x80U >> bit % 8)) == 0) {
        bit++;
    }
    return bit;
}

static bool read_network(struct value *value, size_t offset, hl7_slice item,
                         struct config_network *ret_network)
{
    char text[INET6_ADDRSTRLEN + 8] = "";
    struct config_network network = {.family = AF_INET};
    char *slash = NULL;
    unsigned width = 32;
    uint64_t bits = 0;

    if (item.len < sizeof text) {
        memcpy(text, item.ptr, item.len);
    }
    slash = strchr(text, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    if (inet_pton(AF_INET, text, network.address) != 1) {
        network.family = AF_INET6;
        width = 128;
        if (inet_pton(AF_INET6, text, network.address) != 1) {
            return value_wrong(
                value, offset,
                "this is no address; write one as 10.1.2.3, a network as 10.1.0.0/16");
        }
    }
    if (slash != NULL && (!measure_read_number(slash + 1, &bits) || bits > width)) {
        return value_wrong(value, offset + (size_t)(slash + 1 - text),
                           "the length of this network has to be from 0 to %u", width);
    }
    network.bits = slash == NULL ? width : (unsigned)bits;
    if (find_loose_bit(&network, width) < width) {
        return value_wrong(value, offset,
                           "this address has bits behind the first %u; a network ends with zeros",
                           network.bits);
    }
    *ret_network = network;
    return true;
}

bool value_read_networks(struct value *value, void *slot)
{
    size_t count = value_count(value);
    struct config_network *items = pool_alloc(value->pool, count, sizeof *items);
    hl7_slice item = {NULL, 0};
    size_t offset = 0;

    if (count == 0 || items == NULL) {
        return false;
    }
    for (size_t i = 0; value_next(value, &offset, &item); i++) {
        if (!read_network(value, offset, item, &items[i])) {
            return false;
        }
    }
    *(struct config_networks *)slot = (struct config_networks){.items = items, .count = count};
    return true;
}
