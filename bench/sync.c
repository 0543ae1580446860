/* SPDX-License-Identifier: Apache-2.0
 *
 * sync: how long the disk takes to keep what it is given, without a database: appends BYTES to FILE
 * and calls fdatasync, one after the other for S seconds, and prints the percentiles of both calls
 * together as one JSON line. The file is made, and removed at the end.
 */
#include "common.h"
#include "histogram.h"

#include <fcntl.h>
#include <unistd.h>

static uint64_t write_and_sync(int fd, const char *bytes, size_t count)
{
    uint64_t begin = bench_now();

    if (write(fd, bytes, count) != (ssize_t)count || fdatasync(fd) != 0) {
        bench_give_up("sync: %s", strerror(errno));
    }
    return bench_now() - begin;
}

int main(int argc, char **argv)
{
    static struct histogram latency;
    uint64_t duration;
    uint64_t end;
    size_t count;
    char *bytes;
    int fd;

    if (argc != 4) {
        bench_give_up("usage: sync FILE BYTES SECONDS");
    }
    count = (size_t)bench_number("BYTES", argv[2], 1, 1 << 20);
    duration = bench_seconds("SECONDS", argv[3]);
    bytes = bench_allocate(count, 1);
    fd = open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        bench_give_up("sync: %s: %s", argv[1], strerror(errno));
    }
    end = bench_now() + duration;
    do {
        histogram_add(&latency, write_and_sync(fd, bytes, count));
    } while (bench_now() < end);
    (void)printf("{\"syncs\": %llu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
                 (unsigned long long)latency.count, histogram_percentile(&latency, 0.5) / 1e3,
                 histogram_percentile(&latency, 0.99) / 1e3);
    (void)close(fd);
    (void)unlink(argv[1]);
    free(bytes);
    return 0;
}
