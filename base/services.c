/* SPDX-License-Identifier: Apache-2.0
 *
 * services.c - see services.h.
 */
#include "services.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static void take_random(void *context, void *bytes, size_t len)
{
    size_t done = 0;

    (void)context;
    while (done < len) {
        ssize_t got = getrandom((char *)bytes + done, len - done, 0);
        /* So few bytes can only be interrupted, and that before the system has any at its start. */
        assert(got >= 0 || errno == EINTR);
        done += got > 0 ? (size_t)got : 0;
    }
}

static uint64_t take_number(void *context, hl7_slice name)
{
    return sequences_next(context, name);
}

void services_open(struct services *services, const char *sequence_file)
{
    *services = (struct services){.counter = 0};
    sequences_open(&services->sequences, sequence_file);
    control_id_begin(services->prefix);
    services->given = (struct hl7_services){
        .random = take_random,
        .sequence = take_number,
        .sequence_context = &services->sequences,
        .control_id_prefix = {services->prefix, CONTROL_ID_PREFIX},
    };
}

static struct hl7_time local_time(time_t moment)
{
    struct tm local;
    int zone = localtime_r(&moment, &local) == NULL ? 0 : (int)(local.tm_gmtoff / 60);

    return hl7_time_from_seconds((int64_t)moment, zone);
}

struct hl7_time services_now(void)
{
    return local_time(time(NULL));
}

void services_begin(struct services *services)
{
    if (!services->still) {
        services->given.now = services_now();
    }
    services_again(services);
}

static void take_nothing(void *context, void *bytes, size_t len)
{
    (void)context;
    memset(bytes, 0, len);
}

void services_stop(struct services *services, int64_t moment)
{
    services->still = true;
    services->rehearsal = true;
    services->given.now = local_time((time_t)(moment / 1000000));
    services->given.random = take_nothing;
}

struct services_pin services_pin(struct services *services, int64_t moment, uint64_t number)
{
    struct services_pin before = {.counter = services->counter};

    memcpy(before.prefix, services->prefix, sizeof before.prefix);
    control_id_base36(services->prefix, CONTROL_ID_PREFIX, (uint64_t)moment);
    services->counter = number;
    return before;
}

void services_unpin(struct services *services, const struct services_pin *before)
{
    memcpy(services->prefix, before->prefix, sizeof services->prefix);
    services->counter = before->counter;
}

void services_again(struct services *services)
{
    sequences_drop(&services->sequences);
    services->given.control_id_counter = services->counter;
}

bool services_end(struct services *services, bool good)
{
    if (good && services->rehearsal && services->sequences.error[0] == '\0') {
        services_again(services);
        return true;
    }
    if (good && sequences_keep(&services->sequences)) {
        services->counter = services->given.control_id_counter;
        return true;
    }
    if (!good) {
        services_again(services);
    }
    return false;
}

hl7_slice services_control_id(struct services *services, char memory[CONTROL_ID_SIZE])
{
    return control_id_write(services->prefix, ++services->counter, memory);
}

void services_close(struct services *services)
{
    sequences_close(&services->sequences);
}
