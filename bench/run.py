#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Orderly beside the limit server, the document's programs and the memory, in one run: what
listens and what converts, the broker (brokers.py), and the broker with very much queued (million.py).

Every round visits every load, and within a load every contender in turn, in an order that changes
from round to round; each measurement gets a server of its own. What is compared is the ratio within
a round, and what is reported is the median of the rounds: a slow minute of the machine hits all
contenders alike.

A wrong answer, a crash, a server that does not end, or converters that disagree end the run with
exit code 1 and nothing is written. Exit code 2 is wrong use.
"""
import argparse
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True

import brokers  # noqa: E402
import contenders  # noqa: E402
import conversions  # noqa: E402
import million  # noqa: E402
import report  # noqa: E402
from contenders import Failure, Server  # noqa: E402
from conversions import NUMBERED_TEMPLATE, PATH_TEMPLATE, invented_message  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LISTEN_OPTIONS = ["--quiet", "--max-connections", "4096", "--max-per-address", "4096"]


class Load:
    """One way of sending, and who takes part."""

    def __init__(self, name, connections, size, depth=1, fresh=False, target=False):
        self.name = name
        self.connections = connections
        self.size = size
        self.depth = depth
        self.fresh = fresh
        self.target = target
        self.contenders = ["limit", "listen", "document"] if fresh else ["limit", "listen"]

    def options(self, seconds):
        # Each fresh connection uses up a port for a while, so those runs stay short.
        seconds = min(seconds, 1.0) if self.fresh else seconds
        words = [
            f"--connections={self.connections}",
            f"--size={self.size}",
            f"--depth={self.depth}",
            f"--seconds={seconds}",
            f"--warm-up={seconds / 4}",
        ]
        return words + (["--fresh"] if self.fresh else [])


# The loads with a target are the ones the project has promised a ratio for.
LOADS = [
    Load("1 connection, 650 B", 1, 650, target=True),
    Load("16 connections, 650 B", 16, 650, target=True),
    Load("64 connections, 650 B", 64, 650, target=True),
    Load("1,024 connections, 650 B", 1024, 650, target=True),
    Load("16 connections, 650 B, 10 outstanding", 16, 650, depth=10),
    Load("16 connections, 10 KB", 16, 10000),
    Load("1 connection, 1 MB", 1, 1000000),
    Load("1 at a time, fresh connections, 650 B", 1, 650, fresh=True),
    Load("16 at a time, fresh connections, 650 B", 16, 650, fresh=True),
]


class Plan:
    """How much is measured, and with which programs."""

    def __init__(self, arguments):
        self.build = arguments.build
        self.quick = arguments.quick
        self.rounds = arguments.rounds or (1 if self.quick else 3)
        self.seconds = arguments.seconds or (0.25 if self.quick else 1.0)
        self.messages = 2000 if self.quick else 20000
        self.parse_rounds = 1 if self.quick else 9
        self.parse_milliseconds = 5 if self.quick else 50
        self.convert_rounds = 1 if self.quick else 3
        self.convert_milliseconds = 20 if self.quick else 500
        # With one lane each message costs a sync, so that fewer do.
        self.deliveries = {1: 200, 8: 400} if self.quick else {1: 2000, 8: 10000}
        self.queued = arguments.queued if not self.quick else min(arguments.queued, 2000)
        self.load_average = os.getloadavg()[0]
        self.programs = {
            name: contenders.find_program(self.build, name)
            for name in ("orderly", "limit", "load", "parse", "validate", "dict", "convert", "sync")
        }

    def command(self, contender):
        if contender == "limit":
            return [self.programs["limit"], "0"]
        if contender == "document":
            return [sys.executable, os.path.join(HERE, "document_server.py")]
        return [self.programs["orderly"], "listen", *LISTEN_OPTIONS, "127.0.0.1:0"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def in_turn(items, number):
    """The items, beginning with another one each round."""
    start = number % len(items)
    return items[start:] + items[:start]


def measure_servers(plan):
    """{load name: {contender: [figures of each round]}}"""
    results = {load.name: {name: [] for name in load.contenders} for load in LOADS}
    for number in range(plan.rounds):
        for load in LOADS:
            for name in in_turn(load.contenders, number):
                with Server(name, plan.command(name)) as server:
                    figures = contenders.measure_load(
                        server, plan.programs["load"], load.options(plan.seconds), plan.seconds
                    )
                results[load.name][name].append(figures)
            rates = results[load.name]
            say(
                f"round {number + 1} of {plan.rounds}: {load.name}: "
                + ", ".join(f"{name} {rates[name][-1]['rate']:,.0f}/s" for name in rates)
            )
    return results


def measure_memory(plan, name):
    """What bench/parse, bench/validate or bench/dict measures."""
    say(f"{name}: in memory")
    command = [
        plan.programs[name],
        "--json",
        f"--rounds={plan.parse_rounds}",
        f"--milliseconds={plan.parse_milliseconds}",
    ]
    code, figures = contenders.run_json(command, 300)
    if code != 0:
        raise Failure(f"{name} ended with code {code}")
    return figures


def segments_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [line for line in re.split(r"[\r\n\x0b\x1c]+", file.read()) if line]


def measure_converters(plan):
    """{converter: [seconds of each round]}; all of them must yield the same segments."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:

        def write(name, text):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            return path

        source = write("messages.hl7", "".join(map(invented_message, range(plan.messages))))
        numbered = write("numbered.template", NUMBERED_TEMPLATE)
        paths = write("paths.template", PATH_TEMPLATE)
        document = [sys.executable, os.path.join(HERE, "document_converter.py")]
        commands = {
            "document": [*document, numbered, source],
            "convert, {0-9}": [plan.programs["orderly"], "convert", "-t", numbered, source],
            "convert, {MSH-10}": [plan.programs["orderly"], "convert", "-t", paths, source],
        }
        results = {name: [] for name in commands}
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}: converting")
            for name in in_turn(list(commands), number):
                output = os.path.join(folder, "output of " + name)
                results[name].append(contenders.run_converter(commands[name], output, 120))
        compare_outputs(folder, commands, plan.messages)
    return results


def compare_outputs(folder, names, messages):
    expected = segments_of(os.path.join(folder, "output of document"))
    if len(expected) != 4 * messages:
        raise Failure(f"the document's converter wrote {len(expected)} segments")
    for name in names:
        found = segments_of(os.path.join(folder, "output of " + name))
        if found != expected:
            at = next((i for i, (a, b) in enumerate(zip(found, expected)) if a != b), len(found))
            raise Failure(f"'{name}' and the document's converter differ from segment {at} on")


def read_arguments():
    parser = argparse.ArgumentParser(description="Measures Orderly beside its limits.")
    parser.add_argument("folder", nargs="?", help="the same as --build")
    parser.add_argument("--build", metavar="DIR", help="the build folder that holds the programs")
    parser.add_argument("--output", metavar="FILE", help="where the results go")
    parser.add_argument("--quick", action="store_true", help="one short round: a smoke test")
    parser.add_argument("--rounds", type=int, help="rounds, 3 unless told")
    parser.add_argument("--seconds", type=float, help="seconds of each measurement, 1 unless told")
    parser.add_argument(
        "--queued",
        type=int,
        default=1000000,
        metavar="N",
        help="messages of the broker with much queued, 1000000 unless told; 0 for none",
    )
    arguments = parser.parse_args()
    arguments.build = arguments.build or arguments.folder
    if not arguments.build:
        parser.error("which build folder? --build DIR")
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("at least one round")
    if arguments.queued < 0:
        parser.error("not fewer than none")
    if arguments.seconds is not None and not 0.1 <= arguments.seconds <= 3600:
        parser.error("from 0.1 to 3600 seconds")
    if not arguments.output and not arguments.quick:
        arguments.output = os.path.join(HERE, "results.md")
    return arguments


def main():
    arguments = read_arguments()
    try:
        plan = Plan(arguments)
        servers = measure_servers(plan)
        stored = brokers.measure(plan, in_turn, say)
        many = million.measure(plan, say) if plan.queued > 0 else None
        parse = tuple(measure_memory(plan, name) for name in ("parse", "validate", "dict"))
        converters = measure_converters(plan)
        in_memory = conversions.measure(plan, say)
        text = report.render(plan, LOADS, servers, parse, converters, in_memory, (stored, many))
    except Failure as failure:
        say(f"bench: {failure}")
        return 1
    except KeyboardInterrupt:
        say("bench: interrupted")
        return 1
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8") as file:
            file.write(text)
        say(f"bench: results are in {os.path.relpath(arguments.output)}")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
