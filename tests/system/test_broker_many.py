"""`orderly run` with very many messages queued: its memory does not grow with the queue, and what is asked
of it goes by an index. Nothing here measures time: what is counted is memory, and bytes read."""

import json
import os
import pathlib
import unittest

import support
from broker import Broker
from peers import frame, message
from support import HeldPort, run

MANY = 50000
CACHE_FULL = 25000  # messages after which SQLite's cache of 16 MB holds no more
CHUNK = 100

DOWN = """
    [orderly]
    confine = no  ; what it holds is looked at from outside
    [listener in]
    address = 127.0.0.1:0

    [destination out]
    mllp = {address}
    retry = 1h..1h

    [route all]
    from = in
    to = out
    """

MEGABYTE = 1 << 20


def invented(number):
    """A message with a patient and an accession number of its own."""
    return message(f"M{number:06}", segments=[
        f"PID|1||P{number:06}^^^TEST^MR||DOE^JANE^TEST||19000101|F",
        f"OBR|1||A{number:06}|MMG0001^Mammography|||20041228000000||||||||||||A{number:06}",
        "OBX|1|TX|NOTE||scattered densities, no suspicious finding, compare with the prior"])


@unittest.skipIf(support.BUILD not in ("plain", "clang"), "counts memory of the program itself")
class Many(support.TestCase):
    def setUp(self):
        super().setUp()
        self.held = HeldPort()
        self.addCleanup(self.held.close)
        self.broker = Broker(self, DOWN.format(address=self.held.address))

    def fill(self, first, end):
        """Queues messages, so many at a time that those on their way take little."""
        with self.broker.client() as client:
            for start in range(first, end, CHUNK):
                numbers = range(start, min(start + CHUNK, end))
                client.send(b"".join(frame(invented(number)) for number in numbers))
                for number in numbers:
                    self.assertIn(f"MSA|AA|M{number:06}".encode(), client.receive())

    def own_bytes(self):
        text = pathlib.Path(f"/proc/{self.broker.program.pid}/smaps_rollup").read_text("ascii")
        return int(next(line for line in text.splitlines()
                        if line.startswith("Anonymous:")).split()[1]) * 1024

    def bytes_read(self):
        """What the broker has read of files so far, the cache of the system included."""
        text = pathlib.Path(f"/proc/{self.broker.program.pid}/io").read_text("ascii")
        return int(text.split("rchar:")[1].split()[0])

    def ask(self, *words):
        """(what a verb printed, how much the broker read for it)"""
        before = self.bytes_read()
        result = run(*words, "--json", "--control", self.folder / "control.sock")
        self.assertIn(result.status, (0, 1), result)
        records = [json.loads(line) for line in result.out.splitlines()]
        return records, self.bytes_read() - before

    def depth(self):
        lanes = [r for r in self.ask("status")[0] if r["record"] == "lane"]
        return sum(lane["depth"] for lane in lanes)

    def test_memory_is_flat_and_look_ups_read_a_few_pages(self):
        self.fill(0, 1000)
        with_few = self.own_bytes()
        self.fill(1000, CACHE_FULL)
        cache_full = self.own_bytes()
        self.fill(CACHE_FULL, MANY)
        with_many = self.own_bytes()
        # The cache, and what one round of messages takes on its way.
        self.assertLess(with_many - with_few, 32 * MEGABYTE)
        # Behind that, far less for each message than a message.
        self.assertLess(with_many - cache_full, (MANY - CACHE_FULL) * 200)
        self.assertEqual(self.depth(), MANY)
        self.look_up()

        # The journal is far larger than what a start may read of it.
        journal = os.path.getsize(self.broker.data / "journal.db")
        self.assertGreater(journal, 16 * MEGABYTE)
        self.assert_status(self.broker.stop(), 0)
        self.broker.start()
        self.assertEqual(self.depth(), MANY)
        self.assertLess(self.bytes_read(), 2 * MEGABYTE)
        self.assertLess(self.own_bytes(), 4 * MEGABYTE)
        self.look_up()

    def look_up(self):
        """Old, middle and new messages, by each index: in pages of 4 KiB, none reads a hundred."""
        for number in (0, MANY // 2, MANY - 1):
            for option, value in (("--control-id", f"M{number:06}"),
                                  ("--patient", f"P{number:06}"),
                                  ("--accession", f"A{number:06}")):
                with self.subTest(option=option, number=number):
                    records, read = self.ask("messages", option, value)
                    found = [r for r in records if r["record"] == "message"]
                    self.assertEqual([r["control_id"] for r in found], [f"M{number:06}"])
                    self.assertLess(read, 100 * 4096)
        for words in (["status"], ["messages", "--state", "pending", "--limit", "10"],
                      ["messages", "--oldest-first", "--limit", "10"],
                      ["trace", f"P{MANY // 2:06}"]):
            with self.subTest(words=words):
                _, read = self.ask(*words)
                self.assertLess(read, 100 * 4096)


if __name__ == "__main__":
    support.main()
