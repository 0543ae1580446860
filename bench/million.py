#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A broker with a million messages queued for a destination that is down: how much memory and disk it
takes, how long a start takes, and how long one waits for an answer.

usage: million.py BUILD [MESSAGES]

bench/run.py does the same as a part of its run. Each question is asked by the command a person would
type, five times; the time is that of the whole command.
"""
import json
import os
import statistics
import sys
import tempfile

sys.dont_write_bytecode = True

import contenders  # noqa: E402
from brokers import QUEUES_ALL, Broker, closed_port  # noqa: E402
from contenders import Failure  # noqa: E402

FEW = 1000
ASKED = 5


def fill(program, port, messages):
    command = [
        program,
        f"127.0.0.1:{port}",
        "--json",
        "--connections=64",
        "--depth=4",
        f"--messages={messages}",
        "--warm-up=0",
    ]
    code, figures = contenders.run_json(command, 1200)
    if code != 0:
        raise Failure(f"{figures['errors']} errors while the queue was filled")
    return figures


def disk_bytes(folder):
    return sum(
        os.path.getsize(os.path.join(place, name))
        for place, _, names in os.walk(folder)
        for name in names
        if name.startswith("journal")
    )


def ask(broker, *words):
    """(median milliseconds, the records of the last answer)"""
    answers = [broker.verb(*words, "--json") for _ in range(ASKED)]
    records = [json.loads(line) for line in answers[-1][1].splitlines()]
    if not records:
        raise Failure(f"nothing is found by {' '.join(words)}")
    return statistics.median(seconds for seconds, _ in answers) * 1000, records


def questions(broker):
    """{what was asked: milliseconds}"""
    _, newest = ask(broker, "messages", "--limit", "1")
    control_id = newest[0]["control_id"]
    asked = {
        "status": ["status"],
        "messages --control-id": ["messages", "--control-id", control_id],
        "messages --patient": ["messages", "--patient", "TEST0001"],
        "messages --accession, oldest first": [
            *("messages", "--accession", "ACC0001"),
            "--oldest-first",
        ],
        "message ID": ["message", str(newest[0]["id"])],
    }
    times = {"version": statistics.median(broker.verb("version")[0] for _ in range(ASKED)) * 1000}
    for name, words in asked.items():
        times[name], _ = ask(broker, *words)
    return times


def measure(plan, say):
    say(f"filling a journal with {plan.queued:,} messages")
    result = {"messages": plan.queued}
    few = min(FEW, plan.queued // 2)
    program = plan.programs["orderly"]
    with tempfile.TemporaryDirectory(dir=plan.build) as folder, closed_port() as held:
        port = held.getsockname()[1]
        with Broker(program, folder, QUEUES_ALL, port=port) as broker:
            fill(plan.programs["load"], broker.port, few)
            result["few"] = few
            result["few_memory"] = broker.memory("RssAnon")
            figures = fill(plan.programs["load"], broker.port, plan.queued - few)
            result["rate"] = figures["messages_per_second"]
            result["memory"] = broker.memory("RssAnon")
            result["peak"] = broker.memory("VmHWM")
            say(f"{plan.queued:,} messages are queued; asking")
            result["questions"] = questions(broker)
        result["disk"] = disk_bytes(folder)
        with Broker(program, folder, QUEUES_ALL, port=port) as broker:
            result["start"] = broker.start_seconds
            result["start_memory"] = broker.memory("RssAnon")
            if broker.queued() != plan.queued:
                raise Failure(f"{broker.queued()} of {plan.queued} messages are queued")
    return result


class Plan:
    """What measure() wants to know, from the command line."""

    def __init__(self, build, queued):
        self.build = build
        self.queued = queued
        self.programs = {name: contenders.find_program(build, name) for name in ("orderly", "load")}


def main():
    if len(sys.argv) not in (2, 3) or (len(sys.argv) == 3 and not sys.argv[2].isdigit()):
        print("usage: million.py BUILD [MESSAGES]", file=sys.stderr)
        return 2
    try:
        plan = Plan(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 1000000)
        result = measure(plan, lambda text: print(text, file=sys.stderr, flush=True))
    except Failure as failure:
        print(f"million: {failure}", file=sys.stderr)
        return 1
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
