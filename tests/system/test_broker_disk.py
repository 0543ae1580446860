"""The broker and a disk that is full, fails, or gives back other bytes than it was given: nothing is
acknowledged that is not stored, nothing acknowledged is lost, and it recovers without help."""

import collections
import contextlib
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import unittest

import peers
import support
from broker import Broker
from peers import Peer, field, message
from support import BUILD, ORDERLY, HeldPort, wait_until
from trouble import POSSIBLE, Trouble

CONFIGURATION = """
    [orderly]
    min-free = {free}
    drain = 500ms
    [listener in]
    address = 127.0.0.1:0
    [destination out]
    mllp = {address}
    retry = {retry}
    [route all]
    from = in
    to = out
    """


def configuration(address, free="none", retry="20ms..200ms"):
    return CONFIGURATION.format(address=address, free=free, retry=retry)


def large(number):
    return peers.message_of_size(20000, number)


class Disk(support.TestCase):
    """What the tests have in common: messages with numbers, some of them acknowledged."""

    def setUp(self):
        super().setUp()
        self.sent = 0
        self.acknowledged = []
        self.contents = {}

    def exchange(self, client, make=message):
        """Sends the next message; its reply."""
        number = f"M{self.sent}"
        self.sent += 1
        self.contents[number] = make(number)
        reply = client.exchange(self.contents[number])
        self.assertIsNotNone(reply, "the connection was closed")
        self.assertEqual(field(reply, "MSA", 2), number.encode())
        if field(reply, "MSA", 1) == b"AA":
            self.acknowledged.append(number)
        return reply

    def exchange_until(self, client, code, make=message):
        """Goes on until a message is answered with that code; the reply."""
        def one():
            reply = self.exchange(client, make)
            return reply if field(reply, "MSA", 1) == code else None
        return wait_until(one, f"a {code.decode()}")

    def assert_delivered(self, peer, exactly=True):
        """All that was acknowledged arrives, in order and byte for byte; and nothing else, unless it
        is not known of what was refused whether it was stored."""
        wait_until(lambda: set(self.acknowledged) <= set(peer.ids), "all deliveries")
        ids = peer.ids
        self.assertEqual([i for i in ids if i in self.acknowledged], self.acknowledged)
        self.assertEqual(ids, sorted(ids, key=lambda name: int(name[1:])))
        if exactly:
            self.assertEqual(ids, self.acknowledged)
        for payload in peer.messages:
            self.assertEqual(payload, self.contents[peers.control_id(payload).decode()])


class FullDisk(Disk):
    def mount(self, size):
        """A small disk where the broker keeps its data."""
        data = self.folder / "data"
        data.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", data],
                              stderr=subprocess.PIPE, check=False)
        if made.returncode != 0:
            self.skipTest(f"a file system cannot be mounted here: {made.stderr!r}")
        self.addCleanup(subprocess.run, ["umount", "-l", data], check=True)
        return data

    @staticmethod
    def fill(path, leave=0):
        """Another program's file takes all of the disk but `leave` bytes."""
        with open(path, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                file.truncate(max(file.tell() - leave, 0))

    def test_it_refuses_what_it_cannot_store_and_resumes_when_there_is_room(self):
        data = self.mount("6M")
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, configuration(peer.address))
            with broker.client() as client:
                for _ in range(3):
                    self.assertEqual(field(self.exchange(client), "MSA", 1), b"AA")
                self.fill(data / "other")
                reply = self.exchange_until(client, b"AE", large)
                self.assertIn(b"the store is full", reply)
                for _ in range(10):
                    self.assertEqual(field(self.exchange(client, large), "MSA", 1), b"AE")
                (data / "other").unlink()
                self.exchange_until(client, b"AA", large)
                for _ in range(5):
                    self.assertEqual(field(self.exchange(client, large), "MSA", 1), b"AA")
            self.assert_delivered(peer)
            self.assert_status(broker.stop(), 0)

    def test_messages_that_fill_it_are_all_delivered_once_it_is_larger(self):
        data = self.mount("3M")
        with HeldPort() as held:
            broker = Broker(self, configuration(held.address, retry="20ms..1s"))
            with broker.client() as client:
                self.exchange_until(client, b"AE", large)
                self.assertGreater(len(self.acknowledged), 10)
                broker.restart()
                subprocess.run(["mount", "-o", "remount,size=12M", data], check=True)
            with broker.client() as client:
                self.exchange_until(client, b"AA", large)
            with Peer(peers.answering("AA"), held) as peer:
                self.assert_delivered(peer)

    def test_with_little_room_left_it_refuses_and_goes_on_delivering(self):
        data = self.mount("8M")
        with HeldPort() as held:
            broker = Broker(self, configuration(held.address, free="2M"))
            with broker.client() as client:
                for _ in range(20):
                    self.assertEqual(field(self.exchange(client), "MSA", 1), b"AA")
                self.fill(data / "other", leave=1 << 20)
                broker.program.wait_for(rb"error: disk-low: ")
                reply = self.exchange(client)
                self.assertEqual(field(reply, "MSA", 1), b"AE")
                self.assertIn(b"the disk is full; send again later", reply)
                reply = client.exchange(message("E1", accept="AL", application="NE"))
                self.assertEqual(field(reply, "MSA", 1), b"CE")
                with Peer(peers.answering("AA"), held) as peer:
                    self.assert_delivered(peer)
                    (data / "other").unlink()
                    self.exchange_until(client, b"AA")
                    self.assert_delivered(peer)

    def test_a_limit_on_the_size_of_files_is_a_disk_that_fails(self):
        with HeldPort() as held:
            path = self.folder / "orderly.ini"
            broker = Broker(self, configuration(held.address, retry="20ms..1s"),
                            command=["prlimit", "--fsize=1000000:unlimited", ORDERLY, "run", str(path)])
            with broker.client() as client:
                self.exchange_until(client, b"AE", large)
                self.assertGreater(len(self.acknowledged), 5)
                for _ in range(3):
                    self.assertEqual(field(self.exchange(client, large), "MSA", 1), b"AE")
                resource.prlimit(broker.program.pid, resource.RLIMIT_FSIZE,
                                 (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                self.exchange_until(client, b"AA", large)
            with Peer(peers.answering("AA"), held) as peer:
                self.assert_delivered(peer, exactly=False)
            self.assert_status(broker.stop(), 0)


@unittest.skipUnless(POSSIBLE, "sanitizers do not bear a library before theirs")
class FailingDisk(Disk):
    """The destination is down and not asked for an hour: all writing is that of the message sent."""

    def setUp(self):
        super().setUp()
        self.trouble = Trouble(self)

    def start(self, held, **settings):
        return Broker(self, configuration(held.address, **settings),
                      env=self.trouble.environment())

    def costs(self, client):
        """Writes and syncs that one message takes."""
        before = self.trouble["writes.count"], self.trouble["syncs.count"]
        self.assertEqual(field(self.exchange(client), "MSA", 1), b"AA")
        return self.trouble["writes.count"] - before[0], self.trouble["syncs.count"] - before[1]

    def test_a_message_whose_write_or_sync_failed_is_not_acknowledged(self):
        with HeldPort() as held:
            broker = self.start(held, retry="1h")
            with broker.client() as client:
                self.exchange(client)
                broker.program.wait_for(rb"retry: ")
                wait_until(lambda: self.costs(client) == self.costs(client), "steady costs")
                writes, syncs = self.costs(client)
                self.assertGreater(writes, 0)
                self.assertEqual(syncs, 1)
                places = {0, 1, writes // 2, writes - 1} & set(range(writes))
                for kind, after in (("syncs", 0), *(("writes", place) for place in sorted(places))):
                    with self.subTest(kind=kind, after=after):
                        self.trouble.fail(kind, after)
                        reply = self.exchange(client)
                        self.assertTrue(self.trouble.happened(kind))
                        self.assertEqual(field(reply, "MSA", 1), b"AE")
                        self.assertIn(b"could not be stored", reply)
                        self.exchange_until(client, b"AA")
            broker.kill()
            broker.configure(configuration(held.address))
            broker.start()
            with Peer(peers.answering("AA"), held) as peer:
                self.assert_delivered(peer, exactly=False)

    def test_while_nothing_can_be_written_nothing_is_acknowledged(self):
        for kind in ("writes", "syncs"):
            with self.subTest(kind=kind), Peer(peers.answering("AA")) as peer:
                self.acknowledged.clear()
                shutil.rmtree(self.folder / "data", ignore_errors=True)
                broker = self.start(peer)
                with broker.client() as client:
                    self.exchange(client)
                    wait_until(lambda: len(peer.ids) == 1, "the first")
                    self.trouble.fail(kind, 0, 1 << 60)
                    known = list(self.acknowledged)
                    for _ in range(20):
                        self.exchange(client)
                    self.assertEqual(self.acknowledged, known)
                    self.trouble.stop(kind)
                    self.exchange_until(client, b"AA")
                self.assert_delivered(peer, exactly=False)
                self.assert_status(broker.stop(), 0)


class DamagedFile(Disk):
    """Bytes of the journal change while the broker is down."""

    COUNT = 12

    def queue(self, held):
        """A journal with messages that wait; its file."""
        broker = Broker(self, configuration(held.address))
        with broker.client() as client:
            for _ in range(self.COUNT):
                self.exchange(client, lambda number: peers.message_of_size(3000, number))
        self.assert_status(broker.stop(), 0)
        return broker, broker.data / "journal.db"

    @staticmethod
    def flip(path, place):
        with open(path, "r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 0x20]))

    def test_a_damaged_message_is_set_aside_and_the_others_are_delivered(self):
        with HeldPort() as held:
            broker, path = self.queue(held)
            text = path.read_bytes()
            self.flip(path, text.index(b"|M5|") + 200)
            broker.start()
            with Peer(peers.answering("AA"), held) as peer:
                self.acknowledged.remove("M5")
                self.assert_delivered(peer)
            broker.program.wait_for(rb"error: damaged: lane=all/out/0 message=6 ")
            self.assert_status(broker.stop(), 0)

    def delivered_or_refused(self, broker, place):
        """Starts over a file with one wrong bit. What is delivered is right; what is missing is
        complained about."""
        with Peer(peers.answering("AA")) as peer:
            broker.configure(configuration(peer.address))
            program = support.Program("run", broker.path)
            self.addCleanup(program.kill)
            program.wait_until(
                lambda program: re.search(rb": (ready|fatal): |fatal: ", program.err) or
                program.process.poll() is not None, "a start or a refusal")
            if program.process.poll() is not None:
                program.wait()  # all it said is there
            if b"fatal" in program.err:
                self.assert_status(program.wait(), 3)
                return "refused"
            wait_until(lambda: len(peer.ids) >= self.COUNT or b"error" in program.err or
                       program.process.poll() is not None, f"deliveries or an error, byte {place}")
            self.assertIsNone(program.process.poll(), f"byte {place}: {program!r}")
            self.assert_status(program.stop(), 0)
            ids = peer.ids
            self.assertEqual(ids, [i for i in self.acknowledged if i in ids], f"byte {place}")
            for payload in peer.messages:
                self.assertEqual(payload, self.contents[peers.control_id(payload).decode()])
            return "delivered" if ids == self.acknowledged else "reported"

    @staticmethod
    def structure(path):
        """Places that say what the journal's tables and indexes are made of: in the first page of each,
        its kind, how many cells it has, and where the first one is. And two of the file's head."""
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
            roots = [row[0] for row in db.execute("SELECT rootpage FROM sqlite_schema "
                                                  "WHERE rootpage > 1 ORDER BY rootpage")]
            size = db.execute("PRAGMA page_size").fetchone()[0]
        return [18, 30, *((root - 1) * size + place for root in roots for place in (0, 4, 8))]

    def test_a_flipped_bit_is_harmless_or_reported_and_never_delivered(self):
        with HeldPort() as held:
            broker, path = self.queue(held)
        saved = self.folder / "saved"
        shutil.copytree(path.parent, saved)
        source = random.Random(4)
        places = [*self.structure(path), *(source.randrange(path.stat().st_size) for _ in range(20))]
        outcomes = collections.Counter()
        for place in places if BUILD == "plain" else places[::5]:
            shutil.rmtree(path.parent)
            shutil.copytree(saved, path.parent)
            self.flip(path, place)
            outcomes[self.delivered_or_refused(broker, place)] += 1
        self.assertGreater(outcomes["reported"], 0, outcomes)
        self.assertGreater(outcomes["refused"], 0, outcomes)


if __name__ == "__main__":
    support.main()
