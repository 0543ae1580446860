#!/usr/bin/python3
"""The kill test: the broker is killed again and again, at random instants and at each of its crash
points, while senders send and receivers receive. Then the ledgers are compared (ledger.py).

usage: crash.py KILLS [--seed N] [--flaw NAME]

The program comes from the environment variable ORDERLY and must be of the `crash` build, whose crash
points (base/crash_point.h) are found in the sources. With --flaw the broker makes that mistake, and the
test succeeds when the ledgers show it.

    S0..S3   one message at a time  --+                           +--> a      one lane
    S4       eight at a time        --+                           +--> b      one lane, 8 under way
                                      +--> listener in (24 h) ----+--> converted by a template
                                                                  +--> keyed  four lanes, not for S4
                                                                  +--> both   four lanes, 4 under way,
                                                                              for S4
    S5       one at a time          -----> listener raw (no duplicates known) --> raw

Everything is bounded in time; processes are ended by their ids.
"""

import argparse
import collections
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import ledger  # pylint: disable=wrong-import-position
import peers  # pylint: disable=wrong-import-position

TOP = pathlib.Path(__file__).resolve().parents[2]
SYSTEM = TOP / "tests" / "system"
sys.path.insert(0, str(SYSTEM))

from support import ORDERLY, HeldPort, environment  # pylint: disable=wrong-import-position

PATIENCE = 60.0
# How long a point that was chosen may keep the broker alive before it is killed where it is.
POINT_PATIENCE = 1.5
SENDERS = 6

CONFIGURATION = """
[orderly]
data = {folder}/data
control = {folder}/control.sock
min-free = none

[listener in]
address = 127.0.0.1:{port_in}
duplicates = 24h

[listener raw]
address = 127.0.0.1:{port_raw}

[defaults destination]
retry = 20ms..200ms
timeout = 30s

[destination a]
mllp = {a}
[destination b]
mllp = {b}
pipeline = 8
[destination converted]
mllp = {converted}
[destination keyed]
mllp = {keyed}
[destination both]
mllp = {both}
pipeline = 4
[destination raw]
mllp = {raw}

[route plain]
from = in
to = a, b
[route template]
from = in
template = {folder}/convert.hl7
to = converted
[route keys]
from = in
when = MSH-3 != 'S4'
key = PID-3.1
lanes = 4
to = keyed
[route both]
from = in
when = MSH-3 = 'S4'
key = PID-3.1
lanes = 4
to = both
[route raw]
from = raw
to = raw
"""
TEMPLATE = "{output hl7}\n{set MSH-5 = 'CONVERTED'}\n{source}\n"


def convert(payload):
    """What the template makes, written without it."""
    pieces = payload.split(b"|", 5)
    return b"|".join([*pieces[:4], b"CONVERTED", pieces[5]])


def crash_points():
    """Their names, as the sources have them."""
    text = "".join(path.read_text(encoding="utf-8")
                   for room in ("broker", "base", "net") for path in (TOP / room).rglob("*.c"))
    return sorted(re.findall(r'\bCRASH_POINT\("([a-z.]+)"\)', text))


class Broker:
    """The program, started and killed over and over."""

    def __init__(self, folder, configuration, flaw):
        self.folder = folder
        self.path = folder / "orderly.ini"
        self.path.write_text(configuration, encoding="ascii")
        self.flaw = flaw
        self.process = None
        self.log = folder / "log"

    def start(self, point=None):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [ORDERLY, "run", str(self.path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(ORDERLY_CRASH_AT=point, ORDERLY_CRASH_FLAW=self.flaw))

    def wait(self, seconds):
        """Its status if it ends in that time, else None."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def wait_until_ready(self):
        end = time.monotonic() + PATIENCE
        while b": ready: " not in self.log.read_bytes():
            if self.process.poll() is not None or time.monotonic() > end:
                self.fail("it did not become ready")
            time.sleep(0.005)

    def kill(self):
        """By our hand, unless it died by its own at a crash point."""
        if self.process.poll() is None:
            self.process.kill()
        if self.process.wait(PATIENCE) != -signal.SIGKILL:
            self.fail("it ended by itself")

    def stop(self):
        self.process.terminate()
        if self.wait(PATIENCE) != 0:
            self.fail("it did not end well")

    def fail(self, what):
        status = self.process.poll()
        text = self.log.read_text(encoding="utf-8", errors="backslashreplace")
        raise AssertionError(f"{what} (status {status})\n{text[-4000:]}")


class Trial:
    def __init__(self, folder, options):
        self.source = random.Random(options.seed)
        self.kills = options.kills
        self.killed = collections.Counter()
        self.held = [HeldPort(), HeldPort()]
        self.ledgers = [ledger.SenderLedger(f"S{i}") for i in range(SENDERS)]
        front, back = self.ledgers[:-1], self.ledgers[-1:]
        self.destinations = [
            ledger.Destination("a", front), ledger.Destination("b", front, window=8),
            ledger.Destination("converted", front, expected=convert),
            ledger.Destination("keyed", front[:4], lanes=4),
            ledger.Destination("both", front[4:], lanes=4, window=4),
            ledger.Destination("raw", back, repeats=True)]
        self.receivers = peers.Receivers(self.destinations,
                                         random.Random(f"{options.seed}receivers"))
        (folder / "convert.hl7").write_text(TEMPLATE, encoding="ascii")
        self.broker = Broker(folder, CONFIGURATION.format(
            folder=folder, port_in=self.held[0].port, port_raw=self.held[1].port,
            **self.receivers.addresses), options.flaw)
        self.senders = [
            peers.Sender(own, peers.Content(own.name, random.Random(f"{options.seed}{own.name}"), 5),
                         ("127.0.0.1", self.held[own in back].port), window=8 if i == 4 else 1)
            for i, own in enumerate(self.ledgers)]

    def kill_at(self, point, passing):
        self.broker.start(f"{point}:{passing}")
        if self.broker.wait(POINT_PATIENCE if passing > 1 else 10 * POINT_PATIENCE) is None:
            point = "(none: not reached in time)"
        self.broker.kill()
        self.killed[point] += 1

    def kill_at_random(self):
        self.broker.start()
        self.broker.wait(self.source.random() * self.source.choice([0.1, 0.3]))
        self.broker.kill()
        self.killed["(random instant)"] += 1

    def plan(self):
        """Each point in its turn, first at its first passing, then at some later one; between them
        random instants. The first comes first: the schema is made once only."""
        points = crash_points()
        points.sort(key=lambda name: name != "journal.schema")
        made_once = [name for name in points if name.startswith(("journal.schema", "start."))]
        turn = 0
        while True:
            point = points[turn % len(points)]
            if turn < len(points):
                yield point, 1
            elif point != "journal.schema":
                yield point, 1 if point in made_once else self.source.choice([1, 2, 3, 5, 9, 17])
            yield None, 0
            turn += 1

    def run(self):
        self.receivers.start()
        for sender in self.senders:
            sender.start()
        plan = self.plan()
        for _ in range(self.kills):
            point, passing = next(plan)
            if point is None:
                self.kill_at_random()
            else:
                self.kill_at(point, passing)
            self.receivers.wait_until_silent(PATIENCE)
        self.drain()

    def drain(self):
        """No more kills: everything is to be acknowledged and delivered. Progress may take its time,
        but not stop."""
        self.broker.start()
        self.broker.wait_until_ready()
        for sender in self.senders:
            sender.ending.set()
        for sender in self.senders:
            sender.join(PATIENCE)
            if sender.is_alive() or sender.failure is not None:
                self.broker.fail(f"a sender: {sender.failure or 'is not answered'}")
        seen = (-1, 0.0)
        while self.missing() and time.monotonic() - seen[1] < PATIENCE / 4 or seen[0] < 0:
            count = sum(len(destination.receipts) for destination in self.destinations)
            if count != seen[0]:
                seen = (count, time.monotonic())
            time.sleep(0.02)
        self.broker.stop()
        self.receivers.wait_until_silent(PATIENCE)

    def missing(self):
        """Acknowledged and not there yet: only counted here, the checker compares."""
        return sum(len(sender.acknowledged) for destination in self.destinations
                   for sender in destination.senders) > sum(
                       len({receipt.id for receipt in destination.receipts})
                       for destination in self.destinations)

    def findings(self):
        result = ledger.check(self.destinations, self.kills)
        result += ledger.check_same_order(*self.destinations[:2])
        for destination in self.destinations:
            if (destination.most > 1) != (destination.window > 1):
                result.append(ledger.Finding("window", destination.name,
                                             f"{destination.most} messages were under way at once"))
        refusals = sum(sender.refusals for sender in self.senders)
        if refusals:
            result.append(ledger.Finding("refused", "-", f"{refusals} messages, without a reason"))
        return result

    def tell(self):
        for point, count in sorted(self.killed.items()):
            print(f"  {count:6} kills at {point}")
        sent = sum(len(own.ids) for own in self.ledgers)
        again = sum(sum(own.transmissions.values()) - len(own.ids) for own in self.ledgers)
        print(f"  {sent} messages, {again} of them sent again")
        for destination in self.destinations:
            print(f"  {len(destination.receipts)} deliveries to {destination.name}, "
                  f"{ledger.repetitions(destination)} of them repetitions, "
                  f"{destination.most} under way at most")

    def close(self):
        if self.broker.process is not None and self.broker.process.poll() is None:
            self.broker.process.kill()
            self.broker.process.wait(PATIENCE)
        self.receivers.close()
        for held in self.held:
            held.close()


def unreached(trial):
    """Crash points at which nothing died: they would prove nothing. A short run cannot pass all."""
    points = crash_points()
    if trial.kills < 4 * len(points):
        return []
    return [point for point in points if trial.killed[point] == 0]


def judge(trial, flaw):
    """0 when it is as it should be."""
    findings = trial.findings()
    for finding in findings[:20]:
        print(f"{finding.kind}: destination {finding.destination}: {finding.text}")
    counts = collections.Counter(finding.kind for finding in findings)
    print(f"{trial.kills} kills: " + ", ".join(
        f"{counts[kind]} {kind}"
        for kind in ("lost", "invented", "corrupted", "reordered", "duplicated", "refused",
                     "window")))
    if flaw:
        print(f"the flaw {flaw} was {'found' if findings else 'NOT found'}")
        return 0 if findings else 1
    for point in unreached(trial):
        print(f"no kill at the crash point {point}")
    return 1 if findings or unreached(trial) else 0


def main():
    parser = argparse.ArgumentParser(description="Kills the broker and compares the ledgers.")
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flaw")
    options = parser.parse_args()
    if not os.access(ORDERLY, os.X_OK):
        sys.exit(f"{ORDERLY}: no such program; scripts/build-variant crash build/crash, "
                 "and set ORDERLY")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="orderly-crash-"))
    began = time.monotonic()
    trial = Trial(folder, options)
    try:
        trial.run()
        trial.tell()
        status = judge(trial, options.flaw)
    finally:
        trial.close()
    print(f"  seed {options.seed}, {time.monotonic() - began:.0f} s")
    if status == 0:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"  its files stay in {folder}")
    sys.exit(status)


if __name__ == "__main__":
    main()
