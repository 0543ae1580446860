"""Messages that come unencrypted from other machines are allowed by a person, and said to be so; what is no
HL7 gets no byte in answer."""

import socket

import peers
import support
from broker import Broker
from support import run

EXPOSED = """
    [listener in]
    address = 0.0.0.0:0
    {more}
    """

# What a scanner or a wrong program sends.
FOREIGN = [b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(507),
           b"<?xml version='1.0'?><a/>", b"SSH-2.0-x\r\n", b"\r\n\r\n", b"help\r\n", b"\x00" * 64,
           b"\x0b\x1c\r", b"\x0b<xml/>\x1c\r", b"\x1c\r", b"EHLO x\r\n", b"OPTIONS / RTSP/1.0\r\n\r\n",
           peers.random_bytes(6, 2000)]


class Plaintext(support.TestCase):
    def test_it_is_an_error_unless_it_is_allowed(self):
        broker = Broker(self, EXPOSED.format(more=""), start=False)
        for verb in ("check", "run"):
            result = run(verb, broker.path)
            self.assertNotEqual(result.status, 0, result)
            self.assertIn(b"is not encrypted; use 'tls', or say with 'allow-plaintext = yes'",
                          result.out + result.err)

    def test_it_is_said_at_the_start_when_it_is_allowed(self):
        broker = Broker(self, EXPOSED.format(more="allow-plaintext = yes"))
        self.assertIn(b": plaintext: listener=in", broker.program.err)

    def test_the_listener_at_a_desk_says_it_and_goes_on(self):
        listener = self.start("listen", "0.0.0.0:0")
        listener.wait_for(rb"WARNING: not encrypted")
        local, _ = self.start_listener()
        self.assertNotIn(b"WARNING", local.stop().err)

    def test_what_is_no_hl7_gets_no_byte_in_answer(self):
        broker = Broker(self, "[listener in]\naddress = 127.0.0.1:0\n")
        for sent in FOREIGN:
            with socket.create_connection(("127.0.0.1", broker.port()), support.PATIENCE) as client:
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
                got = b""
                try:
                    got = client.recv(1000)
                except ConnectionResetError:
                    pass
                self.assertEqual(got, b"", sent[:40])


if __name__ == "__main__":
    support.main()
