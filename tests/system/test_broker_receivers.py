"""Receivers that misbehave, and a clock that is set: each lane goes on by its policy, and the lane beside
it does not notice."""

import itertools
import shutil
import socket
import threading
import time
import unittest

import peers
import support
from broker import Broker
from peers import Peer, ack, field, frame, message
from support import wait_until
from trouble import POSSIBLE, Trouble

CONFIGURATION = """
    [listener in]
    address = 127.0.0.1:0
    [defaults destination]
    retry = 20ms..50ms
    [destination bad]
    mllp = {bad}
    timeout = {timeout}
    [destination good]
    mllp = {good}
    [route all]
    from = in
    to = bad, good
    """
COUNT = 30
YEAR = 365 * 24 * 3600


def deaf(connection):
    """Accepts, takes as little as a system can, and never reads."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    connection.stopping.wait(support.PATIENCE)


def each(*behaviours):
    """The first connection gets the first behaviour, and so on; the last one stays."""
    def handler(connection):
        behaviours[min(connection.number, len(behaviours) - 1)](connection)
    return handler


def resetting_after_answer(connection):
    """One answer for each connection, and a reset behind it."""
    text = connection.receive()
    if text is not None:
        connection.send(frame(ack(text)))
        connection.reset()


def late(connection):
    """Answers when nobody waits any more, the first time; then properly."""
    text = connection.receive()
    if text is not None:
        time.sleep(0.5)
        connection.send(frame(ack(text)))
    connection.wait_for_close()


def for_another(connection):
    while (text := connection.receive()) is not None:
        connection.send(frame(ack(text, of=b"SOMETHING-ELSE")))


class Receivers(support.TestCase):
    def send_all(self, broker, make=message):
        ids = [f"M{i}" for i in range(COUNT)]
        with broker.client() as client:
            for number in ids:
                reply = client.exchange(make(number))
                self.assertEqual(field(reply, "MSA", 1), b"AA")
        return ids

    def run_beside_good_one(self, handler, until, timeout="200ms", make=message):
        """The good lane gets everything while the bad one does what `until(bad, ids)` waits for."""
        with Peer(handler) as bad, Peer(peers.answering("AA")) as good:
            broker = Broker(self, CONFIGURATION.format(bad=bad.address, good=good.address,
                                                       timeout=timeout))
            ids = self.send_all(broker, make)
            wait_until(lambda: len(good.ids) == COUNT, "the good lane")
            self.assertEqual(good.ids, ids)
            wait_until(lambda: until(bad, ids), "the bad lane")
            broker.program.send_signal(15)
            bad.close(check=False)
            self.assert_status(broker.program.wait(), 0)
            return bad, ids

    def in_order(self, bad, ids):
        """All have come; repetitions of a message come before the next one."""
        return [number for number, _ in itertools.groupby(bad.ids)] == ids

    def test_one_that_never_reads_holds_its_lane_alone(self):
        bad, _ = self.run_beside_good_one(
            deaf, lambda bad, ids: len(bad.connections) >= 3,
            make=lambda number: peers.message_of_size(300000, number))
        self.assertEqual(bad.ids, [])

    def test_one_that_is_silent_gets_the_same_message_again(self):
        bad, _ = self.run_beside_good_one(peers.silent_but_noting,
                                          lambda bad, ids: len(bad.ids) >= 3)
        self.assertEqual(set(bad.ids), {"M0"})

    def test_one_that_resets_behind_its_answer_gets_everything_in_order(self):
        bad, ids = self.run_beside_good_one(resetting_after_answer,
                                            lambda bad, ids: set(ids) <= set(bad.ids))
        self.assertTrue(self.in_order(bad, ids), bad.ids)

    def test_one_that_resets_instead_of_answering_gets_it_again(self):
        bad, ids = self.run_beside_good_one(
            each(*[peers.resetting] * 5, peers.answering("AA")),
            lambda bad, ids: set(ids) <= set(bad.ids), timeout="1h")
        self.assertTrue(self.in_order(bad, ids), bad.ids)
        self.assertEqual(bad.ids.count("M0"), 6)

    def test_one_that_answers_late_is_not_believed(self):
        bad, ids = self.run_beside_good_one(
            each(late, peers.answering("AA")), lambda bad, ids: set(ids) <= set(bad.ids))
        self.assertTrue(self.in_order(bad, ids), bad.ids)
        self.assertGreaterEqual(bad.ids.count("M0"), 2)

    def test_one_that_answers_for_another_message_is_not_believed(self):
        bad, _ = self.run_beside_good_one(for_another, lambda bad, ids: len(bad.ids) >= 3)
        self.assertEqual(set(bad.ids), {"M0"})

    def test_one_that_answers_garbage_is_not_believed(self):
        garbage = [b"\x0bgarbage\x1c\r", b"HTTP/1.1 200 OK\r\n\r\n", b"\x0b\x1c\r",
                   peers.random_bytes(7, 5000)]
        bad, ids = self.run_beside_good_one(
            each(*[peers.replying(lambda text, data=data: data) for data in garbage],
                 peers.answering("AA")),
            lambda bad, ids: set(ids) <= set(bad.ids), timeout="1s")
        self.assertTrue(self.in_order(bad, ids), bad.ids)
        self.assertGreaterEqual(bad.ids.count("M0"), len(garbage) + 1)

    def test_one_that_is_slow_does_not_slow_the_other(self):
        """It answers nothing at all until the good lane has everything."""
        through = threading.Event()

        def slow(connection):
            while (text := connection.receive()) is not None:
                through.wait(support.PATIENCE)
                connection.send(frame(ack(text)))

        with Peer(slow) as bad, Peer(peers.answering("AA")) as good:
            broker = Broker(self, CONFIGURATION.format(bad=bad.address, good=good.address,
                                                       timeout="1h"))
            ids = self.send_all(broker)
            wait_until(lambda: good.ids == ids, "the good lane")
            self.assertEqual(bad.ids, ["M0"])
            through.set()
            wait_until(lambda: bad.ids == ids, "the slow lane")

    def test_one_that_comes_and_goes_gets_everything_in_order(self):
        """It takes three messages, answers two, and is gone; again and again."""
        def flapping(connection):
            for place in range(3):
                text = connection.receive()
                if text is None or place == 2:
                    return
                connection.send(frame(ack(text)))

        bad, ids = self.run_beside_good_one(flapping, lambda bad, ids: set(ids) <= set(bad.ids))
        self.assertTrue(self.in_order(bad, ids), bad.ids)


@unittest.skipUnless(POSSIBLE, "sanitizers do not bear a library before theirs")
class Clock(support.TestCase):
    def test_a_clock_set_by_a_year_holds_up_nothing(self):
        """Retries go on, what is new is taken and delivered, also over a restart with the clock wrong."""
        for seconds in (YEAR, -YEAR):
            with self.subTest(seconds=seconds), Peer(peers.answering("AE")) as bad, \
                    Peer(peers.answering("AA")) as good:
                shutil.rmtree(self.folder / "data", ignore_errors=True)
                trouble = Trouble(self)
                broker = Broker(self, CONFIGURATION.format(bad=bad.address, good=good.address,
                                                           timeout="1h"),
                                env=trouble.environment())
                for step, clock in enumerate((0, seconds, 0)):
                    trouble.set_clock(clock)
                    tries = len(bad.ids)
                    wanted = [*good.ids, f"M{step}"]
                    with broker.client() as client:
                        self.assertEqual(field(client.exchange(message(f"M{step}")), "MSA", 1),
                                         b"AA")
                    wait_until(lambda n=wanted: good.ids == n, "a delivery")
                    wait_until(lambda n=tries: len(bad.ids) >= n + 3, "more tries")
                    broker.restart()
                    wait_until(lambda n=tries: len(bad.ids) >= n + 6, "tries after a restart")
                self.assertEqual(set(bad.ids), {"M0"})
                broker.kill()

    def test_a_wait_is_as_long_as_it_was_when_the_clock_is_set(self):
        """A lane that waits for an hour is not woken by a clock that jumps."""
        with Peer(peers.answering("AE")) as bad, Peer(peers.answering("AA")) as good:
            trouble = Trouble(self)
            settings = CONFIGURATION.format(bad=bad.address, good=good.address, timeout="1h")
            broker = Broker(self, settings.replace("20ms..50ms", "1h"), env=trouble.environment())
            for step, clock in enumerate((0, YEAR, -YEAR, 0)):
                trouble.set_clock(clock)
                with broker.client() as client:
                    client.exchange(message(f"M{step}"))
                wait_until(lambda n=step: len(good.ids) == n + 1, "a delivery")
            self.assertEqual(bad.ids, ["M0"])


if __name__ == "__main__":
    support.main()
