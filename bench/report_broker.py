# SPDX-License-Identifier: Apache-2.0
"""What bench/report.py says of the broker: see brokers.py and million.py."""
from statistics import median

from brokers import LANES, STORE_LOADS
from report_text import figure, milliseconds, paragraph, pick, spread, table

TARGET = 0.5
LATER_TARGET = 0.7


def two_digits(value):
    return f"{value:.2f}"


def ratios(rounds, name):
    return [
        mine["rate"] / other["rate"] for mine, other in zip(rounds[name], rounds["limit"])
    ]


def verdict(ratio):
    if ratio < TARGET:
        return f"**no: below {TARGET}**"
    return "yes" if ratio >= LATER_TARGET else f"yes; below the later goal of {LATER_TARGET}"


# ---- Acknowledgements ----------------------------------------------------------------------------


def rate_rows(stores):
    for load in STORE_LOADS:
        rounds = stores[load.name]
        for name in ("unrouted", "queued"):
            ratio = ratios(rounds, name)
            yield [
                load.name,
                name,
                spread(pick(rounds["limit"], "rate")),
                spread(pick(rounds[name], "rate")),
                spread(ratio, two_digits),
                verdict(median(ratio)),
                spread(pick(rounds[name], "shared")),
            ]


def detail_rows(stores):
    for load in STORE_LOADS:
        for name, rounds in stores[load.name].items():
            yield [
                load.name,
                name,
                *(milliseconds(median(pick(rounds, key))) for key in ("p50", "p90", "p99")),
                milliseconds(max(pick(rounds, "most"))),
                figure(median(pick(rounds, "processor"))),
                figure(max(pick(rounds, "memory"))),
            ]


def sync_text(sync):
    said = [
        f"{size:,} bytes p50 {milliseconds(median(pick(rounds, 'p50_us')))}, "
        f"p99 {milliseconds(median(pick(rounds, 'p99_us')))} ms"
        for size, rounds in sync.items()
    ]
    return "; ".join(said)


def store_section(results):
    return [
        "## The broker: store and acknowledge",
        "",
        *paragraph(
            """`limit` is here bench/limit.c with a database: SQLite with a write-ahead log and
            synchronous = FULL, one row for each message and no index, one transaction for all that
            arrived in a round of events, the answers after it. `unrouted` and `queued` are `orderly
            run` with `ack = stored`: the first has a route that takes no message, in the second one
            takes all, for a destination that is down. Each message is parsed, indexed by control
            id, type, patient, accession number, time and state, and kept with its reply. The
            journals are on one disk. A message is 650 bytes."""
        ),
        *table(
            [
                "load",
                "broker",
                "limit, messages/s",
                "broker, messages/s",
                "ratio",
                f"target {TARGET}",
                "messages per commit",
            ],
            rate_rows(results.stores),
        ),
        *paragraph(
            """A commit is one fdatasync of the log. Latency in milliseconds, processor time of the
            server per message in microseconds, and its peak resident memory in MB:"""
        ),
        *table(
            ["load", "server", "p50", "p90", "p99", "max", "µs/message", "MB"],
            detail_rows(results.stores),
        ),
        *paragraph(
            f"""The disk alone (bench/sync.c: append and fdatasync, one after the other):
            {sync_text(results.sync)}. The smaller is a page of the log, the larger what the journal
            writes for one message that comes alone."""
        ),
    ]


# ---- From end to end -----------------------------------------------------------------------------


def lane_rows(results):
    for lanes in LANES:
        rounds = results.lanes[lanes]
        beside = results.beside[lanes]
        ratio = [mine["rate"] / other["rate"] for mine, other in zip(rounds, beside)]
        yield [
            str(lanes),
            spread(pick(rounds, "rate")),
            spread(pick(beside, "rate")),
            spread(ratio, two_digits),
            verdict(median(ratio)),
            spread(pick(rounds, "shared"), two_digits),
        ]


def lane_section(results):
    return [
        "## The broker: from end to end",
        "",
        *paragraph(
            """Receive, store, acknowledge, convert by a template, deliver to a bare limit server,
            settle: from the first message sent to the last one settled, with 16 connections that
            send. A lane sends a message when the one before is settled, which is a commit. So the
            limit beside it is the server with the database and as many connections as there are
            lanes; it does not deliver, and the broker here stores twice, the message and what came
            of it."""
        ),
        *table(
            [
                "lanes",
                "deliveries/s",
                "limit, messages/s",
                "ratio",
                f"target {TARGET}",
                "messages per commit",
            ],
            lane_rows(results),
        ),
    ]


# ---- Memory --------------------------------------------------------------------------------------


def memory_section(memory):
    return [
        "## The broker: memory",
        "",
        f"- At rest: {memory['rest'] / 1024:.1f} MB resident, of them {memory['own'] / 1024:.1f} MB "
        f"its own; {memory['warm'] / 1024:.1f} MB after 1,000 messages",
        f"- Each of {memory['connections']:,} idle connections: {memory['new']:,.0f} bytes before "
        f"its first message, {memory['spoken']:,.0f} behind it (what the kernel keeps for a "
        "connection not counted)",
        "",
    ]


def many_section(many):
    if many is None:
        return []
    queued = many["messages"]
    each = (many["memory"] - many["few_memory"]) * 1024 / (queued - many["few"])
    asked = ((name, ms) for name, ms in many["questions"].items() if name != "version")
    return [
        f"## The broker: {queued:,} messages queued",
        "",
        *paragraph(
            """All for one destination, which is down (bench/million.py). Times are of the whole
            command, the median of five; all messages are of the same patient, of whom the newest
            50 are shown."""
        ),
        f"- Stored at {figure(many['rate'])} messages/s with 64 connections, 4 outstanding on each",
        f"- Memory of its own: {many['few_memory'] / 1024:.1f} MB with {many['few']:,} queued, "
        f"{many['memory'] / 1024:.1f} MB with {queued:,}: {each:.1f} bytes for each queued message; "
        f"{many['peak'] / 1024:.1f} MB resident at the most (SQLite's cache is 16 MB of it)",
        f"- Disk: {many['disk'] / queued:,.0f} bytes for each message of 650",
        f"- Start, until every listener is open: {many['start'] * 1000:,.0f} ms, and "
        f"{many['start_memory'] / 1024:.1f} MB of its own then",
        "",
        *table(
            ["command", "ms"],
            [[f"orderly {name}", f"{ms:.1f}"] for name, ms in asked],
        ),
        *paragraph(
            f"""(`orderly version`, which asks nobody: {many['questions']['version']:.1f} ms.)"""
        ),
    ]


def sections(results, many):
    return [
        *store_section(results),
        *lane_section(results),
        *memory_section(results.memory),
        *many_section(many),
    ]
