/* SPDX-License-Identifier: Apache-2.0
 *
 * origin.c - see origin.h. */
#include "origin.h"

#include <string.h>
#include <strings.h>

#include "setup.h"

bool origin_is_host(const struct setup *setup, const char *host)
{
    for (size_t i = 0; host != NULL && i < setup->host_count; i++) {
        if (strcasecmp(setup->hosts[i], host) == 0) {
            return true;
        }
    }
    return false;
}

bool origin_is_own(const struct setup *setup, const struct origin *origin)
{
    const char *scheme = setup_is_secure(setup) ? "https://" : "http://";
    size_t len = strlen(scheme);

    if (origin->fetch_site != NULL && strcmp(origin->fetch_site, "same-origin") != 0) {
        return false;
    }
    /* The host it was asked for is one of ours already: from another of ours is from elsewhere. */
    return origin->origin != NULL && origin->host != NULL &&
           strncmp(origin->origin, scheme, len) == 0 &&
           strcasecmp(origin->origin + len, origin->host) == 0;
}

bool origin_may_read(const struct origin *origin)
{
    return origin->fetch_site == NULL || strcmp(origin->fetch_site, "same-origin") == 0 ||
           strcmp(origin->fetch_site, "none") == 0;
}
