/* SPDX-License-Identifier: Apache-2.0
 *
 * send_options.h - what the options of `orderly send` say. Durations are milliseconds.
 */
#ifndef ORDERLY_SEND_OPTIONS_H
#define ORDERLY_SEND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "secure_options.h"

struct send_options {
    uint64_t connect_timeout;
    uint64_t timeout;
    uint64_t retry; /* tries after the first one */
    uint64_t retry_wait;
    uint64_t retry_max_wait;
    uint64_t connections;
    uint64_t pipeline;
    uint64_t rate; /* messages a second; 0: no limit */
    uint64_t repeat;
    uint64_t keep_open;
    uint64_t max_message;
    uint64_t max_reply;
    const char *output;
    struct secure_options tls;
    int color;
    bool retry_on_error;
    bool new_control_id;
    bool batch;
    bool stop_on_error;
    bool no_wait;
    bool quiet;
    bool json;
};

#endif
