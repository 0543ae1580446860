"""What strangers cannot take from known senders: connections, memory, time. And the rows of the scoreboard that
count; row 3 measures time, which no test does."""

import socket
import subprocess
import unittest

import support
from broker import Broker
from peers import Client, message

INSTRUMENTED = support.BUILD not in ("plain", "clang")
ROWS = support.SOURCE / "tests" / "scoreboard"
HALF = b"\x0bMSH|^~\\&|"


class Bounds(support.TestCase):
    def stranger(self, broker, listener="in"):
        """A connection from an address that is not reserved."""
        client = socket.socket()
        self.addCleanup(client.close)
        client.settimeout(support.PATIENCE)
        client.bind(("127.9.9.9", 0))
        client.connect(("127.0.0.1", broker.port(listener)))
        return client

    def assert_refused(self, client):
        try:
            self.assertEqual(client.recv(1), b"")
        except ConnectionResetError:
            pass

    def assert_answered(self, broker):
        with broker.client() as client:
            self.assertIn(b"MSA|AA|K1", client.exchange(message("K1")))

    def test_strangers_cannot_take_the_last_connections(self):
        broker = Broker(self, """
            [listener in]
            address = 127.0.0.1:0
            max-connections = 4
            reserved = 127.0.0.1
            reserved-connections = 2
            """)
        for _ in range(2):
            self.stranger(broker).sendall(HALF)
        self.assert_refused(self.stranger(broker))
        broker.program.wait_for(rb"connection-refused: .*peer=127.9.9.9.*not reserved")
        self.assert_answered(broker)

    def test_all_listeners_together_have_a_bound(self):
        broker = Broker(self, """
            [orderly]
            max-connections = 2
            [listener in]
            address = 127.0.0.1:0
            [listener two]
            address = 127.0.0.1:0
            """)
        held = self.stranger(broker)
        held.sendall(HALF)
        self.stranger(broker, "two").sendall(HALF)
        self.assert_refused(self.stranger(broker, "two"))
        broker.program.wait_for(rb"over max-connections of all listeners")
        held.close()
        support.wait_until(lambda: self.is_taken(broker), "a free place")

    def is_taken(self, broker):
        try:
            with Client(broker.port("two")) as client:
                return client.exchange(message("K1")) is not None
        except OSError:
            return False

    def test_strangers_cannot_take_the_memory(self):
        broker = Broker(self, """
            [orderly]
            max-memory = 1M
            [listener in]
            address = 127.0.0.1:0
            reserved = 127.0.0.1
            """)
        many = self.stranger(broker)
        try:
            many.sendall(HALF + b"x" * (4 << 20))
        except (ConnectionResetError, BrokenPipeError):
            pass
        self.assert_refused(many)
        broker.program.wait_for(rb"connection-refused: .*over max-memory")
        with broker.client() as client:  # a known one may hold that much
            reply = client.exchange(message("K2") + b"OBX|1|TX|" + b"x" * (4 << 20) + b"\r")
            self.assertIn(b"MSA|AA|K2", reply)

    def test_what_is_whole_at_once_needs_no_memory_of_strangers(self):
        broker = Broker(self, """
            [orderly]
            max-memory = 1M
            [listener in]
            address = 127.0.0.1:0
            max-message = 64M
            """)
        for _ in range(63):  # each holds 16 KB: nearly all there is
            self.stranger(broker).sendall(HALF)
        for _ in range(3):
            self.assert_answered(broker)


@unittest.skipIf(INSTRUMENTED, "measures the program itself")
class Rows(support.TestCase):
    def assert_row(self, *words):
        done = subprocess.run(["/usr/bin/python3", str(ROWS / words[0]), *words[1:]], text=True,
                              capture_output=True, timeout=4 * support.PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_an_endless_frame_is_refused_at_the_cap(self):
        self.assert_row("row_04_endless.py")

    def test_a_million_components_cost_twice_what_half_of_them_cost(self):
        self.assert_row("row_05_components.py")

    def test_no_control_byte_reaches_a_log(self):
        self.assert_row("row_10_control_bytes.py")


if __name__ == "__main__":
    support.main()
