/* SPDX-License-Identifier: Apache-2.0
 *
 * What the broker tells the service manager: that it is ready, reloads, ends; and, if it is asked to, that it
 * lives. The last comes from the loop's own timer: a loop that hangs says nothing, and is started anew. */
#include "broker.h"

static void on_sign_of_life(struct loop_timer *timer)
{
    struct broker *broker = LOOP_OWNER(timer, struct broker, watchdog_timer);

    notify_say(&broker->notify, "WATCHDOG=1");
    (void)loop_timer_set(&broker->loop, timer,
                         broker->notify.watchdog / 2); /* its place is there */
}

bool broker_service_ready(struct broker *broker)
{
    notify_say(&broker->notify, "READY=1");
    if (broker->notify.watchdog < 2) {
        return true;
    }
    broker->watchdog_timer.on_time = on_sign_of_life;
    return loop_timer_set(&broker->loop, &broker->watchdog_timer, broker->notify.watchdog / 2);
}
