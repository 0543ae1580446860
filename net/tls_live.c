/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_live.h"

#include <sys/stat.h>

/* A missing file has a stamp too: all zero. */
static struct tls_stamp stamp_of(const char *path)
{
    struct tls_stamp stamp = {.size = 0};
    struct stat info;

    if (path != NULL && stat(path, &info) == 0) {
        stamp.modified = info.st_mtim;
        stamp.changed = info.st_ctim;
        stamp.size = (long long)info.st_size;
    }
    return stamp;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Takes the stamps as they are now; whether any is another one. */
static bool look_at_files(struct tls_live *live)
{
    bool changed = false;

    for (int i = 0; i < TLS_FILES; i++) {
        struct tls_stamp now = stamp_of(live->settings.files[i]);
        const struct tls_stamp *before = &live->stamps[i];

        changed = changed || now.size != before->size ||
                  !same_time(&now.modified, &before->modified) ||
                  !same_time(&now.changed, &before->changed);
        live->stamps[i] = now;
    }
    return changed;
}

static bool load(struct tls_live *live, struct tls_problem *ret_problem)
{
    struct tls_context *fresh = tls_context_new(&live->settings, ret_problem);

    if (fresh == NULL) {
        return false;
    }
    tls_context_free(&live->context);
    live->context = fresh;
    return true;
}

bool tls_live_load(struct tls_live *live, const struct tls_settings *settings,
                   struct tls_problem *ret_problem)
{
    live->settings = *settings;
    live->doubtful = false;
    (void)look_at_files(
        live); /* before they are read: a change meanwhile is seen by the next look */
    return load(live, ret_problem);
}

enum tls_change tls_live_look(struct tls_live *live, struct tls_problem *ret_problem)
{
    bool changed = look_at_files(live);

    if (!changed && !live->doubtful) {
        return TLS_SAME;
    }
    bool good = load(live, ret_problem);
    bool told = !good && live->doubtful && !changed;
    live->doubtful = !good && !told;
    if (good) {
        return TLS_FRESH;
    }
    return told ? TLS_BAD : TLS_SAME;
}

void tls_live_release(struct tls_live *live)
{
    tls_context_free(&live->context);
}
