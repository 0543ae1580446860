"""The broker when memory runs short: an allocation fails, any allocation, and nothing is acknowledged
that is not stored; it goes on, and nothing leaks."""

import unittest

import peers
import support
from broker import Broker
from peers import Client, Peer, field, frame, message
from support import HeldPort, wait_until
from trouble import POSSIBLE, Trouble

CONFIGURATION = """
    [listener in]
    address = 127.0.0.1:0
    {more}
    [destination out]
    mllp = {address}
    retry = 20ms..50ms
    [route all]
    from = in
    when = MSH-9.1 = 'ORU'
    template = {template}
    to = out
    """
TEMPLATE = b"{output hl7}\n{set MSH-5 = 'CONVERTED'}\n{source}\n"


@unittest.skipUnless(POSSIBLE, "sanitizers do not bear a library before theirs")
class Memory(support.TestCase):
    def setUp(self):
        super().setUp()
        self.trouble = Trouble(self)
        self.template = self.write("convert.hl7", TEMPLATE)
        self.sent = 0
        self.acknowledged = []

    def start(self, peer, more=""):
        return Broker(self, CONFIGURATION.format(address=peer.address, template=self.template,
                                                 more=more), env=self.trouble.environment())

    def send_one(self, broker):
        """Over a connection of its own. True when it was acknowledged; else it was refused, or the
        connection closed."""
        number = f"M{self.sent}"
        self.sent += 1
        with Client(broker.port()) as client:
            client.send(frame(message(number)))
            reply = client.receive()
        if reply is None:
            return False
        self.assertEqual(field(reply, "MSA", 2), number.encode())
        code = field(reply, "MSA", 1)
        self.assertIn(code, (b"AA", b"AE"))
        if code == b"AA":
            self.acknowledged.append(number)
        return code == b"AA"

    def assert_delivered(self, peer):
        wait_until(lambda: set(self.acknowledged) <= set(peer.ids), "all deliveries")
        first = list(dict.fromkeys(peer.ids))
        self.assertEqual(first, sorted(first, key=lambda name: int(name[1:])))

    def test_each_allocation_of_a_messages_way_fails_once(self):
        """The Nth allocation from now fails, for every N that a message takes from its connection to
        the end of its delivery."""
        with Peer(peers.answering("AA")) as peer:
            broker = self.start(peer)
            for _ in range(20):
                self.assertTrue(self.send_one(broker))
            self.assert_delivered(peer)
            after = 0
            met = True
            while met:
                before = len(self.acknowledged)
                self.trouble.fail("allocations", after)
                self.send_one(broker)
                self.assert_delivered(peer)
                met = self.trouble.happened("allocations")
                self.trouble.stop("allocations")
                if len(self.acknowledged) == before:
                    wait_until(lambda: self.send_one(broker), "an acknowledgement")
                after += 1
            self.assertGreater(after, 20)
            self.assert_delivered(peer)
            self.assert_status(broker.stop(), 0)
            self.assert_nothing_new_stays(peer)

    def test_what_waits_for_its_delivery_is_not_acknowledged_for_want_of_memory(self):
        with HeldPort() as held:
            broker = self.start(held, "ack = delivered\nack-deadline = 20ms")
            self.assertFalse(self.send_one(broker))
            after = 0
            met = True
            while met:
                self.trouble.fail("allocations", after)
                self.assertFalse(self.send_one(broker), f"allocation {after}")
                met = self.trouble.happened("allocations")
                self.trouble.stop("allocations")
                after += 1
            self.assertGreater(after, 20)

    def live_blocks(self, peer, fails):
        """Blocks of memory that stay when the broker has ended, after some messages."""
        broker = self.start(peer)
        for turn in range(30):
            if fails:
                self.trouble.fail("allocations", turn)
            self.send_one(broker)
            self.assert_delivered(peer)
            self.trouble.stop("allocations")
        wait_until(lambda: self.send_one(broker), "an acknowledgement")
        self.assert_delivered(peer)
        self.assert_status(broker.stop(), 0)
        stays = self.trouble["blocks"]
        self.trouble["blocks"] = 0
        return stays

    def assert_nothing_new_stays(self, peer):
        self.trouble["blocks"] = 0
        usual = self.live_blocks(peer, fails=False)
        self.assertLessEqual(self.live_blocks(peer, fails=True), usual)


if __name__ == "__main__":
    support.main()
