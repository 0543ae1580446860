/* SPDX-License-Identifier: Apache-2.0
 *
 * find.c - looking things up in a configuration: sections by name, peers among networks. See config.h.
 */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

/* ---- Names ---------------------------------------------------------------------------------- */

size_t config_find_listener(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        if (strcmp(config->listeners[i].name, name) == 0) {
            return i;
        }
    }
    return HL7_NONE;
}

size_t config_find_destination(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->destination_count; i++) {
        if (strcmp(config->destinations[i].name, name) == 0) {
            return i;
        }
    }
    return HL7_NONE;
}

size_t config_find_route(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->route_count; i++) {
        if (strcmp(config->routes[i].name, name) == 0) {
            return i;
        }
    }
    return HL7_NONE;
}

/* ---- Networks ------------------------------------------------------------------------------- */

/* The bytes of a peer's address, IPv4 within IPv6 as IPv4; AF_UNSPEC for another family. */
static int address_bytes(const struct sockaddr *peer, unsigned char bytes[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (peer->sa_family == AF_INET) {
        struct sockaddr_in address;
        memcpy(&address, peer, sizeof address);
        memcpy(bytes, &address.sin_addr, 4);
        return AF_INET;
    }
    if (peer->sa_family == AF_INET6) {
        struct sockaddr_in6 address;
        memcpy(&address, peer, sizeof address);
        memcpy(bytes, &address.sin6_addr, 16);
        if (memcmp(bytes, mapped, sizeof mapped) == 0) {
            memmove(bytes, bytes + 12, 4);
            return AF_INET;
        }
        return AF_INET6;
    }
    return AF_UNSPEC;
}

static bool is_within(const struct config_network *network, const unsigned char *bytes)
{
    unsigned whole = network->bits / 8;
    unsigned rest = network->bits % 8;

    if (memcmp(network->address, bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || (network->address[whole] >> (8 - rest)) == (bytes[whole] >> (8 - rest));
}

bool config_is_here(const struct config_address *address)
{
    const char *host = address->host;

    return host[0] == '\0' || strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

bool config_is_exposed(const struct config_listener *listener)
{
    return listener->address.host != NULL && !config_is_here(&listener->address) &&
           listener->tls.mode == CONFIG_TLS_OFF;
}

static bool is_among(const struct config_networks *networks, const struct sockaddr *peer)
{
    unsigned char bytes[16] = {0};
    int family = address_bytes(peer, bytes);

    for (size_t i = 0; i < networks->count; i++) {
        const struct config_network *network = &networks->items[i];
        if (network->family == family && is_within(network, bytes)) {
            return true;
        }
    }
    return false;
}

bool config_allows(const struct config_listener *listener, const struct sockaddr *peer)
{
    return listener->allow.count == 0 || is_among(&listener->allow, peer);
}

bool config_reserves(const struct config_listener *listener, const struct sockaddr *peer)
{
    return is_among(&listener->reserved, peer);
}
