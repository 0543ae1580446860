"""`orderly listen`: timeouts, caps on connections, sizes, many connections at once."""

import selectors
import signal
import socket
import time

from peers import (CR, FS, VT, Client, Connection, control_id, field, frame, message,
                   message_of_size)
from support import BUILD, ORDERLY, PATIENCE, TestCase, main, wait_until

MEGABYTE = 1024 * 1024


def client_from(address, port):
    """A connection that comes from another address of the loopback."""
    return Connection(socket.create_connection(("127.0.0.1", port), PATIENCE, (address, 0)))


class Timeouts(TestCase):
    def test_a_connection_that_says_nothing_is_closed(self):
        listener, port = self.start_listener("--first-byte-timeout", "200ms")
        with Client(port) as client:
            self.assertTrue(client.is_closed())
        listener.wait_for(rb"timed-out: [^\n]*no first byte")

    def test_a_connection_that_is_idle_after_a_message_is_closed(self):
        listener, port = self.start_listener("--idle-timeout", "200ms",
                                             "--first-byte-timeout", "1h")
        with Client(port) as client:
            self.assertIsNotNone(client.exchange(message()))
            self.assertTrue(client.is_closed())
        listener.wait_for(rb"timed-out: [^\n]*idleness")

    def test_the_time_for_the_first_byte_ends_with_the_first_byte(self):
        _, port = self.start_listener("--first-byte-timeout", "150ms")
        with Client(port) as client:
            client.send(VT)
            time.sleep(0.4)
            client.send(message()[:20])
            time.sleep(0.4)
            client.send(message()[20:] + FS + CR)
            self.assertIsNotNone(client.receive())

    def test_a_trickle_of_bytes_does_not_put_off_the_end_of_a_frame(self):
        listener, port = self.start_listener("--frame-timeout", "500ms")
        with Client(port) as client:
            client.socket.settimeout(0.02)
            sent = 0
            for byte in VT + b"MSH|^~\\&|" + b"x" * 5000:
                sent += client.send(bytes([byte]))
                try:
                    if client.socket.recv(1) == b"":
                        break
                except TimeoutError:
                    continue
                except ConnectionResetError:
                    break
            self.assertLess(sent, 1000)
        listener.wait_for(rb"timed-out: [^\n]*not finished in time")

    def test_a_frame_in_time_is_answered_however_it_is_cut(self):
        _, port = self.start_listener("--frame-timeout", "1h", "--idle-timeout", "1h")
        with Client(port) as client:
            for piece in (VT + message()[:30], message()[30:], FS, CR):
                client.send(piece)
                time.sleep(0.05)
            self.assertIsNotNone(client.receive())

    def test_zero_is_for_ever(self):
        _, port = self.start_listener("--frame-timeout", "0", "--idle-timeout", "0",
                                      "--first-byte-timeout", "0")
        with Client(port) as client:
            time.sleep(0.3)
            client.send(VT + message())
            time.sleep(0.3)
            client.send(FS + CR)
            self.assertIsNotNone(client.receive())
            time.sleep(0.3)
            self.assertIsNotNone(client.exchange(message()))

    def test_bytes_that_wait_in_the_socket_are_no_silence(self):
        """rule 4: a busy listener does not take the front of a damaged message for a message."""
        listener, port = self.start_listener("--quiet")
        others = [Client(port) for _ in range(400)]
        with Client(port) as client:
            for other in others:
                self.assertIsNotNone(other.exchange(message()))
            client.send(frame(message("CUT")) + b"OBX|1|TX|")
            time.sleep(0.2)
            listener.send_signal(signal.SIGSTOP)
            for other in others:
                other.send(frame(message()))
            client.send(b"the rest of it\r" + FS + CR)
            time.sleep(0.6)
            listener.send_signal(signal.SIGCONT)
            self.assertTrue(client.is_closed(), client.held)
        listener.wait_for(rb"broken-frame")
        for other in others:
            self.assertIsNotNone(other.receive())
            other.close()


class Caps(TestCase):
    def test_half_open_connections_up_to_the_cap_stop_nobody_who_is_connected(self):
        listener, port = self.start_listener("--max-connections", "50", "--quiet")
        with Client(port) as good:
            half = [Client(port) for _ in range(48)]
            for number, client in enumerate(half):
                client.send(VT + b"MSH|^~\\&|" + b"x" * number)
            with Client(port) as new:
                self.assertIsNotNone(new.exchange(message("NEW")))
                self.assertIsNotNone(good.exchange(message("G1")))
                with Client(port) as one_more:
                    self.assertTrue(one_more.is_closed())
                listener.wait_for(rb"connection-refused: [^\n]*--max-connections")
                self.assertIsNotNone(good.exchange(message("G2")))
            # A place that was given up is free again.
            def is_taken():
                with Client(port) as client:
                    client.send(frame(message("AGAIN")))
                    return client.receive() is not None
            wait_until(is_taken, "a free place")
            for client in half:
                client.close()

    def test_one_address_has_a_cap_of_its_own(self):
        listener, port = self.start_listener("--max-per-address", "3", "--quiet")
        mine = [Client(port) for _ in range(3)]
        for client in mine:
            self.assertIsNotNone(client.exchange(message()))
        with Client(port) as fourth:
            self.assertTrue(fourth.is_closed())
        listener.wait_for(rb"connection-refused: [^\n]*--max-per-address")
        with client_from("127.0.0.2", port) as other:
            other.send(frame(message("OTHER")))
            self.assertEqual(field(other.receive(), "MSA", 2), b"OTHER")
        for client in mine:
            client.close()

    def test_without_descriptors_it_goes_on_with_those_it_has(self):
        command = ["/bin/bash", "-c", 'ulimit -n 40; exec "$0" listen 127.0.0.1:0 --quiet',
                   ORDERLY]
        listener = self.start(command=command)
        port = listener.port()
        with Client(port) as good:
            self.assertIsNotNone(good.exchange(message("G1")))
            more = [Client(port) for _ in range(60)]
            listener.wait_for(rb"connection-refused: [^\n]*Too many open files")
            self.assertIsNotNone(good.exchange(message("G2")))
            for client in more:
                client.close()
            with Client(port) as late:
                self.assertIsNotNone(late.exchange(message("LATE")))


class Sizes(TestCase):
    def test_small_and_large_messages_are_answered(self):
        _, port = self.start_listener("--quiet")
        with Client(port) as client:
            for size in (200, 10_000, 65_536, 262_144, 262_145, MEGABYTE, 5 * MEGABYTE, 200):
                reply = client.exchange(message_of_size(size, f"S{size}"))
                self.assertEqual(field(reply, "MSA", 2).decode(), f"S{size}")

    def test_the_longest_message_is_answered_and_one_byte_more_is_refused(self):
        listener, port = self.start_listener("--quiet")
        with Client(port) as client:
            reply = client.exchange(message_of_size(16 * MEGABYTE))
            self.assertEqual(field(reply, "MSA", 1), b"AA")
            client.send(frame(message_of_size(16 * MEGABYTE + 1)))
            self.assertTrue(client.is_closed())
        listener.wait_for(rb"broken-frame: [^\n]*longer than 16777216 bytes")

    def test_a_message_that_never_ends_is_cut_off_at_the_limit(self):
        listener, port = self.start_listener("--quiet", "--max-message", "1M")
        with Client(port) as client:
            client.send(VT + b"MSH|^~\\&|")
            sent = 0
            while client.send(b"x" * 65536):
                sent += 65536
                self.assertLess(sent, 64 * MEGABYTE)
        listener.wait_for(rb"broken-frame: [^\n]*longer than")
        bound = 40_000 if BUILD in ("plain", "clang") else 200_000
        self.assertLess(listener.peak_kilobytes(), bound)

    def test_a_million_components_in_two_megabytes_are_answered(self):
        """rule 17"""
        _, port = self.start_listener("--json")
        with Client(port) as client:
            for separator in (b"^", b"|", b"~", b"&", b"\r"):
                payload = message("M1", segments=[]) + b"ZZZ|" + (b"x" + separator) * 1_000_000
                reply = client.exchange(payload + b"\r")
                self.assertEqual(field(reply, "MSA", 1), b"AA")

    def test_a_thousand_connections_at_once_are_all_answered(self):
        listener, port = self.start_listener("--quiet")
        rounds = 3
        clients = [Client(port) for _ in range(1000)]
        for turn in range(rounds):
            for number, client in enumerate(clients):
                client.send(b"".join(frame(message(f"{number}-{turn}-{each}")) for each in "ab"))
        for number, client in enumerate(clients):
            for turn in range(rounds):
                for each in "ab":
                    self.assertEqual(field(client.receive(), "MSA", 2).decode(),
                                     f"{number}-{turn}-{each}")
        for client in clients:
            client.close()
        result = listener.stop()
        self.assertIn(b"received 6000 messages on 1000 connections: 6000 accepted", result.err)


class SlowReaders(TestCase):
    def test_a_peer_that_never_reads_its_answers_is_not_served_without_end(self):
        listener, port = self.start_listener("--quiet")
        many = b"".join(frame(b"MSH|^~\\&|\r") for _ in range(1000))
        with Client(port) as silent, Client(port) as other:
            silent.socket.setblocking(False)
            selector = selectors.DefaultSelector()
            selector.register(silent.socket, selectors.EVENT_WRITE)
            sent = 0
            while selector.select(1.0) and sent < 512 * MEGABYTE:
                sent += silent.socket.send(many)
            self.assertLess(sent, 64 * MEGABYTE)
            bound = 64_000 if BUILD in ("plain", "clang") else 400_000
            self.assertLess(listener.peak_kilobytes(), bound)
            self.assertEqual(control_id(other.exchange(message("O1"))) != b"", True)

    def test_all_answers_of_a_peer_that_reads_late_arrive_in_order(self):
        template = self.write("ack", b"MSH|^~\\&|||||||ACK|{0-9}|P|2.4\nMSA|AA|{0-9}\nNTE|1||"
                              + b"y" * 20_000)
        listener, port = self.start_listener("--quiet", "--ack-template", template)
        ids = [f"L{number}" for number in range(3000)]
        with Client(port) as late:
            late.send(b"".join(frame(message(each, segments=[])) for each in ids))
            bound = 64_000 if BUILD in ("plain", "clang") else 400_000
            with Client(port) as other:
                for _ in range(20):
                    self.assertIsNotNone(other.exchange(message()))
            self.assertLess(listener.peak_kilobytes(), bound)
            late.finish_sending()
            for each in ids:
                self.assertEqual(field(late.receive(), "MSA", 2).decode(), each)
            self.assertTrue(late.is_closed())

    def test_a_peer_that_reads_nothing_is_closed_in_the_end(self):
        template = self.write("ack", b"MSH|^~\\&|||||||ACK|{0-9}|P|2.4\nNTE|1||" + b"y" * 100_000)
        listener, port = self.start_listener("--quiet", "--ack-template", template,
                                             "--frame-timeout", "500ms")
        with Client(port) as client:
            client.send(b"".join(frame(message()) for _ in range(300)))
            listener.wait_for(rb"timed-out: [^\n]*does not read")


if __name__ == "__main__":
    main()
