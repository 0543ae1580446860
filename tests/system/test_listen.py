"""`orderly listen`: framing over the wire, the answers, what is printed, how it ends."""

import json
import re
import signal
import socket
import subprocess

from peers import (CR, FS, VT, Client, ack, batch, control_id, field, frame, frames, message,
                   message_of_size)
from support import ORDERLY, PATIENCE, TestCase, environment, main, run, wait_until


class Framing(TestCase):
    def setUp(self):
        super().setUp()
        self.listener, self.port = self.start_listener("--quiet")

    def assert_acked(self, client, *ids):
        for each in ids:
            reply = client.receive()
            self.assertIsNotNone(reply, f"no answer to {each}")
            self.assertEqual((field(reply, "MSA", 1), field(reply, "MSA", 2).decode()),
                             ("AA".encode(), each))

    def assert_closed_in_silence(self, data, pattern):
        with Client(self.port) as client:
            client.send(data)
            self.assertTrue(client.is_closed(), client.held)
        self.listener.wait_for(pattern)

    def test_every_split_of_two_frames_is_the_same_to_it(self):
        """rule 2"""
        stream = frame(message("S1", segments=["PID|1"])) + frame(message("S2", segments=["PID|2"]))
        clients = [Client(self.port) for _ in range(len(stream))]
        for at, client in enumerate(clients):
            client.send(stream[:at])
        wait_until(lambda: self.listener.descriptors() >= len(stream), "all connections")
        for at, client in enumerate(clients):
            client.send(stream[at:])
        for client in clients:
            self.assert_acked(client, "S1", "S2")
            client.close()

    def test_a_message_byte_by_byte_is_answered(self):
        """rules 1 and 2"""
        with Client(self.port) as client:
            client.send_pieces(frame(message("B1")) + frame(message("B2")))
            self.assert_acked(client, "B1", "B2")

    def test_five_hundred_messages_in_one_write_are_answered_in_order(self):
        """rule 2"""
        ids = [f"P{number}" for number in range(500)]
        with Client(self.port) as client:
            client.send(b"".join(frame(message(each)) for each in ids))
            self.assert_acked(client, *ids)

    def test_a_cr_inside_the_payload_ends_no_frame(self):
        """rule 1"""
        with Client(self.port) as client:
            client.send(frame(message("C1") + CR + CR + b"ZZZ|1" + CR))
            self.assert_acked(client, "C1")

    def test_the_reply_is_one_well_made_frame(self):
        """rule 6"""
        with Client(self.port) as client:
            client.send(frame(message("W1")))
            client.read_some()
            self.assertEqual(len(frames(client.held)), 1)

    def test_line_ends_behind_a_frame_are_tolerated(self):
        """rule 3"""
        with Client(self.port) as client:
            for number, more in enumerate((b"\r", b"\n", b"\r\n", b"\0", b"\r\n\r\n ")):
                client.send(frame(message(f"T{number}")) + more)
                self.assert_acked(client, f"T{number}")

    def test_junk_between_frames_is_skipped_and_logged_once_with_its_first_bytes(self):
        """rule 3"""
        with Client(self.port) as client:
            client.send(b"login: ")
            self.listener.wait_for(rb"junk: peer=127\.0\.0\.1:\d+ [^\n]*hex=6c6f67696e3a20\b")
            client.send(b"root\r\nPassword: x\r\n")
            client.send(frame(message("J1")))
            self.assert_acked(client, "J1")
        self.assertEqual(self.listener.err.count(b"junk:"), 1, self.listener)

    def test_a_message_without_a_frame_is_logged_as_such(self):
        """rule 3"""
        with Client(self.port) as client:
            client.send(message("U1"))
            self.listener.wait_for(rb"looks like HL7 without MLLP framing")

    def test_a_frame_without_its_last_cr_ends_at_the_next_start(self):
        """rule 3"""
        with Client(self.port) as client:
            client.send(VT + message("L1") + FS + VT + message("L2") + FS + CR)
            self.assert_acked(client, "L1", "L2")

    def test_a_frame_without_its_last_cr_ends_when_the_peer_closes(self):
        """rule 3"""
        with Client(self.port) as client:
            client.send(VT + message("L1") + FS)
            client.finish_sending()
            self.assert_acked(client, "L1")
            self.assertTrue(client.is_closed())

    def test_a_frame_without_its_last_cr_ends_after_silence(self):
        """rule 3"""
        with Client(self.port) as client:
            client.send(VT + message("L1") + FS)
            self.assert_acked(client, "L1")
            client.send(frame(message("L2")))
            self.assert_acked(client, "L2")

    def test_much_after_a_frame_that_ended_by_silence_is_received(self):
        """rules 2 and 3: what was held for the first has no room for the second."""
        with Client(self.port) as client:
            client.send(VT + message("L1") + FS)
            self.assert_acked(client, "L1")
            client.send_pieces(frame(message_of_size(1_000_000, "L2")), 150_000)
            self.assert_acked(client, "L2")

    def test_with_strict_end_a_frame_needs_its_last_cr(self):
        """rule 3"""
        _, port = self.start_listener("--quiet", "--strict-end", "--frame-timeout", "1500ms")
        for after in (VT + message("L2") + FS + CR, b""):
            with self.subTest(after=after), Client(port) as client:
                client.send(VT + message("L1") + FS + after)
                self.assertTrue(client.is_closed())

    def test_other_protocols_get_no_reply_and_one_line(self):
        """rule 7"""
        hello = bytes.fromhex("160301002f0100002b0303") + b"\0" * 41
        cases = ((b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", rb"HTTP"),
                 (b"POST /x HTTP/1.0\r\n\r\n", rb"HTTP"),
                 (hello, rb"TLS"),
                 (b"<ClinicalDocument/>", rb"markup"),
                 (frame(b"<?xml version='1.0'?><x/>"), rb"markup"),
                 (frame(b""), rb"empty frame"))
        for data, _ in cases:
            with self.subTest(data=data[:20]):
                self.assert_closed_in_silence(data, rb"not-hl7: ")
        lines = self.listener.stop().err.split(b"\n")[1:1 + len(cases)]
        for line, (data, word) in zip(lines, cases, strict=True):
            self.assertRegex(line, rb"not-hl7: peer=\S+ [^\n]*" + word, data)
        self.assertEqual(self.listener.err.count(b"not-hl7: peer="), len(cases))

    def test_endless_junk_ends_the_connection(self):
        """rule 3: bounded"""
        with Client(self.port) as client:
            while client.send(b"x" * 10_000):
                pass
        self.listener.wait_for(rb"not-hl7: [^\n]*without a frame")

    def test_answers_before_a_damaged_frame_arrive_although_the_peer_sends_on(self):
        """rule 4"""
        for _ in range(20):
            with Client(self.port) as client:
                client.send(frame(message("G1")) + frame(message("G2")) + VT + b"MSH" + VT
                            + b"x" * 500_000)
                self.assert_acked(client, "G1", "G2")
                # An orderly end, no reset: a reset could cost a peer what it has not read yet.
                self.assertEqual(client.socket.recv(1), b"")

    def test_wide_text_is_refused(self):
        """rule 5"""
        for charset in ("utf-16-le", "utf-16-be", "utf-16", "utf-32-le"):
            with self.subTest(charset):
                self.assert_closed_in_silence(
                    frame(message("W1").decode().encode(charset)), rb"wide-text: ")


class Answers(TestCase):
    def setUp(self):
        super().setUp()
        self.listener, self.port = self.start_listener("--quiet")

    def exchange(self, payload):
        with Client(self.port) as client:
            return client.exchange(payload)

    def test_the_header_of_an_acknowledgement(self):
        """rules 23, 24 and 25"""
        first, second = (self.exchange(message("H1", "ADT^A01", version="2.5.1")) for _ in "12")
        lines = first.split(b"\r")
        self.assertEqual(lines[1:], [b"MSA|AA|H1", b""])
        pieces = lines[0].split(b"|")
        self.assertEqual(pieces[:6], [b"MSH", b"^~\\&", b"RIS", b"RADIOLOGY", b"TESTAPP",
                                      b"TESTHOSPITAL"])
        self.assertRegex(pieces[6], rb"^\d{14}\+0000$")
        self.assertEqual(pieces[8], b"ACK^A01^ACK")
        self.assertEqual(pieces[10:12], [b"P", b"2.5.1"])
        self.assertEqual(field(first, "MSH", 15) + field(first, "MSH", 16), b"")
        self.assertNotEqual(control_id(first), control_id(second))
        self.assertTrue(0 < len(control_id(first)) <= 20)

    def test_modes(self):
        """rule 21"""
        for accept, application, codes in (("", "", ["AA"]), ("AL", "AL", ["CA", "AA"]),
                                           ("AL", "NE", ["CA"]), ("NE", "AL", ["AA"]),
                                           ("NE", "NE", []), ("ER", "ER", []),
                                           ("SU", "SU", ["CA", "AA"]), ("ER", "AL", ["AA"])):
            with self.subTest(accept=accept, application=application), Client(self.port) as client:
                client.send(frame(message("M1", accept=accept, application=application))
                            + frame(message("END")))
                got = []
                while field(reply := client.receive(), "MSA", 2) != b"END":
                    got.append(field(reply, "MSA", 1).decode())
                    self.assertEqual(field(reply, "MSA", 2), b"M1")
                self.assertEqual(got, codes)

    def test_both_answers_to_a_message_with_a_huge_control_id_arrive(self):
        """rule 21: never silence"""
        big = b"X" * 9_000_000
        payload = message("BIG", accept="AL", application="AL").replace(b"BIG", big, 1)
        with Client(self.port) as client:
            client.send(frame(payload))
            for code in (b"CA", b"AA"):
                reply = client.receive()
                self.assertEqual(field(reply, "MSA", 1), code)
                self.assertEqual(field(reply, "MSA", 2), big)

    def test_an_acknowledgement_is_never_acknowledged(self):
        """rule 23"""
        with Client(self.port) as client:
            client.send(frame(ack(message("A1"))) + frame(message("END")))
            self.assertEqual(field(client.receive(), "MSA", 2), b"END")

    def test_a_damaged_body_is_rejected_by_its_header(self):
        """rule 26; also as the very first message of a listener"""
        cases = {"second header": message("D1") + message("D2"),
                 "bad delimiters": b"MSH|^^^^|A|B|C|D|20230101||ADT^A01|D1|P|2.4\rPID|1\r",
                 "letters": b"MSH|abcd|A|B|C|D|20230101||ADT^A01|D1|P|2.4\rPID|1\r"}
        for name, payload in cases.items():
            with self.subTest(name):
                listener, port = self.start_listener("--quiet")
                with Client(port) as client:
                    reply = client.exchange(payload)
                    self.assertIsNotNone(reply, listener)
                    self.assertEqual(field(reply, "MSA", 1), b"AR")
                    self.assertEqual(field(reply, "MSA", 2), b"D1")
                    self.assertNotEqual(field(reply, "MSA", 3), b"")
                    # The connection goes on.
                    self.assertEqual(field(client.exchange(message("D3")), "MSA", 1), b"AA")

    def test_what_has_no_header_is_not_answered_and_the_connection_is_closed(self):
        """rule 26"""
        for payload in (b"PID|1||T1\r", b"hello", b"MS", b"MSH", b"\r\r"):
            with self.subTest(payload), Client(self.port) as client:
                client.send(frame(payload))
                self.assertTrue(client.is_closed(), client.held)

    def test_a_batch_is_answered_by_one_batch(self):
        """rule 31"""
        reply = self.exchange(batch([message(f"B{number}") for number in range(3)]))
        lines = reply.split(b"\r")
        self.assertEqual([line[:3] for line in lines],
                         [b"BHS"] + [b"MSH", b"MSA"] * 3 + [b"BTS", b""])
        self.assertEqual([line for line in lines if line.startswith(b"MSA")],
                         [b"MSA|AA|B0", b"MSA|AA|B1", b"MSA|AA|B2"])
        self.assertEqual(lines[-2], b"BTS|3")
        self.assertEqual(lines[0].split(b"|")[2:6], [b"RIS", b"RADIOLOGY", b"TESTAPP",
                                                     b"TESTHOSPITAL"])

    def test_a_batch_with_a_wrong_count_is_rejected_message_by_message(self):
        """rule 31"""
        reply = self.exchange(batch([message("B0"), message("B1")], count=3))
        self.assertEqual(re.findall(rb"MSA\|([A-Z]+)\|(B\d)", reply), [(b"AR", b"B0"),
                                                                      (b"AR", b"B1")])

    def test_answers_as_asked_for(self):
        for how, code in (("accept", b"AA"), ("error", b"AE"), ("reject", b"AR")):
            with self.subTest(how):
                _, port = self.start_listener("--quiet", "--answer", how)
                with Client(port) as client:
                    self.assertEqual(field(client.exchange(message()), "MSA", 1), code)

    def test_no_answer_at_all_as_asked_for(self):
        listener, port = self.start_listener("--quiet", "--answer", "none", "--count", "2")
        with Client(port) as client:
            client.send(frame(message("N1")) + frame(message("N2")))
            self.assertTrue(client.is_closed(), client.held)
        self.assert_status(listener.wait(), 0)


class Output(TestCase):
    def receive(self, payload, *options):
        """What a listener prints of one message."""
        listener, port = self.start_listener("--count", "1", *options)
        with Client(port) as client:
            client.send(frame(payload))
            client.receive_all()
        result = listener.wait()
        self.assert_status(result, 0)
        return result.out

    def test_text_is_a_heading_and_numbered_segments(self):
        out = self.receive(message("T1")).decode()
        self.assertRegex(out, r"^#1  ORU\^R01  T1  from 127\.0\.0\.1:\d+  \d+ bytes  -> AA\n")
        self.assertIn("\n    0  MSH|^~\\&|TESTAPP|", out)
        self.assertIn("\n    3  OBX|1|NM|RAB0001^Abnormality Score||99.23||||||P\n", out)

    def test_json_is_one_object_a_line(self):
        out = self.receive(message("J1"), "--json")
        self.assertEqual(out.count(b"\n"), 1)
        seen = json.loads(out)
        self.assertEqual((seen["number"], seen["type"], seen["control_id"], seen["answer"],
                          seen["saved"], seen["bytes"]),
                         (1, "ORU^R01", "J1", "AA", None, len(message("J1"))))
        self.assertEqual(seen["segments"], message("J1").decode().split("\r")[:-1])

    def test_json_is_utf_8_whatever_the_character_set_of_the_message(self):
        """rule 29"""
        name = "MÜLLER^ÅSA"
        for said, charset in (("8859/1", "latin-1"), ("8859/15", "iso8859-15"),
                              ("UNICODE UTF-8", "utf-8"), ("", "utf-8")):
            with self.subTest(said):
                text = (f"MSH|^~\\&|A|B|C|D|2023||ADT^A01|U1|P|2.4||||||{said}\r"
                        f"PID|1||||{name}\r")
                seen = json.loads(self.receive(text.encode(charset), "--json"))
                self.assertEqual(seen["segments"][1], f"PID|1||||{name}")

    def test_a_default_character_set_holds_for_senders_that_say_nothing(self):
        """rule 29"""
        text = "MSH|^~\\&|A|B|C|D|2023||ADT^A01|U1|P|2.4\rPID|1||||MÜLLER\r"
        seen = json.loads(self.receive(text.encode("latin-1"), "--json", "--charset", "ISO-8859-1"))
        self.assertEqual(seen["segments"][1], "PID|1||||MÜLLER")

    def test_any_byte_gives_valid_json(self):
        every = bytes(each for each in range(256) if each not in (0x0b, 0x1c, 0x0d))
        for said in ("", "8859/1", "UNICODE UTF-8", "ISO IR87", "nonsense\x1b[0m"):
            with self.subTest(said):
                out = self.receive(f"MSH|^~\\&|A|B|C|D|2023||ADT^A01|U1|P|2.4||||||{said}\rZZZ|"
                                   .encode() + every + b"\r", "--json")
                self.assertEqual(len(json.loads(out)["segments"]), 2)

    def test_control_bytes_never_reach_a_terminal(self):
        evil = b"\x1b[31m\x1b]0;title\x07\x9b2J\x08\x7f\x00\xc2\x9b\xe2\x80\xae"
        payload = message("T1", segments=[]) + b"OBX|1|TX|" + evil + b"\r"
        payload = payload.replace(b"TESTAPP", evil).replace(b"ORU^R01", b"ORU" + evil)
        for options in (("--color", "never"), ("--color", "always")):
            with self.subTest(options):
                out = self.receive(payload, *options)
                shown = re.sub(rb"\x1b\[[0-9;]*m", b"", out) if "always" in options else out
                self.assertNotRegex(shown, rb"[\x00-\x09\x0b-\x1f\x7f\x9b]")
                self.assertNotIn(b"\xe2\x80\xae", out)
                self.assertNotIn(b"\x1b[31m\x1b]", out)

    def test_quiet_prints_nothing(self):
        self.assertEqual(self.receive(message(), "--quiet"), b"")

    def test_the_reader_of_the_output_going_away_ends_it(self):
        """What is printed for somebody and cannot be printed is not received: status 3."""
        script = f'"{ORDERLY}" listen 127.0.0.1:0 --json | head -n 1'
        program = self.start(command=["/bin/bash", "-c", "set -o pipefail; " + script])
        port = program.port()
        with Client(port) as client:
            for number in range(200):
                if not client.send(frame(message(f"H{number}"))) or client.receive() is None:
                    break
        result = program.wait()
        self.assertEqual(result.status, 3, result)
        self.assertIn(b"standard output", result.err)
        self.assertEqual(json.loads(result.out)["control_id"], "H0")


class Ending(TestCase):
    def test_a_count_ends_it_after_that_many_messages(self):
        listener, port = self.start_listener("--quiet", "--count", "3")
        with Client(port) as client:
            client.send(b"".join(frame(message(f"C{number}")) for number in range(5)))
            replies = [field(each, "MSA", 2) for each in frames(client.receive_all())]
            self.assertEqual(replies, [b"C0", b"C1", b"C2"])
        result = listener.wait()
        self.assert_status(result, 0)
        self.assertIn(b"received 3 messages on 1 connections: 3 accepted", result.err)

    def test_signals_end_it_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                listener, port = self.start_listener("--quiet")
                with Client(port) as client:
                    client.exchange(message())
                    self.assert_status(listener.stop(number), 0)
                    self.assertTrue(client.is_closed())

    def test_what_was_received_before_the_signal_is_answered(self):
        listener, port = self.start_listener("--quiet")
        clients = [Client(port) for _ in range(50)]
        for client in clients:
            client.exchange(message("FIRST"))
        listener.send_signal(signal.SIGSTOP)
        for number, client in enumerate(clients):
            client.send(frame(message(f"K{number}")) + frame(message(f"L{number}")))
        listener.send_signal(signal.SIGTERM)
        listener.send_signal(signal.SIGCONT)
        for number, client in enumerate(clients):
            self.assertEqual([field(client.receive(), "MSA", 2).decode() for _ in "12"],
                             [f"K{number}", f"L{number}"])
            self.assertEqual(client.socket.recv(1), b"")
            client.close()
        self.assert_status(listener.wait(), 0)

    def test_the_rest_of_a_frame_is_waited_for(self):
        listener, port = self.start_listener("--quiet")
        whole = frame(message("R1"))
        with Client(port) as client, Client(port) as idle:
            client.send(whole[:100])
            client.send(whole[100:150])
            idle.send(b"")
            wait_until(lambda: listener.descriptors() >= 8, "both connections")
            listener.send_signal(signal.SIGTERM)
            self.assertTrue(idle.is_closed())
            client.send(whole[150:])
            self.assertEqual(field(client.receive(), "MSA", 2), b"R1")
            self.assertTrue(client.is_closed())
        self.assert_status(listener.wait(), 0)

    def test_the_rest_of_a_frame_is_not_waited_for_longer_than_the_drain_time(self):
        listener, port = self.start_listener("--quiet", "--drain-timeout", "200ms")
        with Client(port) as client:
            client.exchange(message())
            client.send(frame(message("R1"))[:-10])
            result = listener.stop()
            self.assert_status(result, 0)
            self.assertIn(b"middle of a message", result.err)
            self.assertTrue(client.is_closed())

    def test_a_second_signal_ends_it_at_once(self):
        listener, port = self.start_listener("--quiet", "--drain-timeout", "1h")
        with Client(port) as client:
            client.send(VT + b"MSH")
            client.send(b"|")
            wait_until(lambda: listener.descriptors() >= 7, "the connection")
            listener.send_signal(signal.SIGTERM)
            wait_until(lambda: not can_connect(port), "a closed port")
            self.assert_status(listener.stop(), 0)

    def test_a_peer_that_sends_without_end_does_not_keep_it(self):
        listener, port = self.start_listener("--quiet", "--drain-timeout", "500ms")
        with Client(port) as client:
            client.exchange(message())
            listener.send_signal(signal.SIGTERM)
            many = b"".join(frame(message(f"E{number}")) for number in range(100))
            client.socket.settimeout(0.05)
            while listener.process.poll() is None:
                try:
                    client.socket.sendall(many)
                    client.socket.recv(1_000_000)
                except OSError:
                    continue
        self.assert_status(listener.wait(), 0)


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        pass  # it was in line when the listener closed
    return True


class Addresses(TestCase):
    def test_a_port_that_is_taken_is_said_with_status_3(self):
        _, port = self.start_listener()
        result = run("listen", f"127.0.0.1:{port}")
        self.assert_status(result, 3)
        self.assertRegex(result.err, rb"cannot listen: Address already in use")

    def test_what_is_no_address_is_wrong_use(self):
        for text in ("", "localhost", "127.0.0.1:http", "127.0.0.1:99999", "::1:2575", "[::1]"):
            with self.subTest(text):
                self.assert_status(run("listen", text), 2)

    def test_a_host_that_is_not_here_is_a_failure(self):
        for text in ("no-such-host.invalid:0", "203.0.113.1:0"):
            with self.subTest(text):
                self.assert_status(run("listen", text), 3)

    def test_it_listens_at_ipv6_addresses(self):
        listener = self.start("listen", "[::1]:0", "--count", "1")
        port = listener.port()
        with Client(port, "::1") as client:
            self.assertEqual(field(client.exchange(message()), "MSA", 1), b"AA")
        result = listener.wait()
        self.assertRegex(result.err, rb"listening on \[::1\]:\d+\n")
        self.assertRegex(result.out, rb"from \[::1\]:\d+ ")

    def test_a_port_alone_is_this_machine_only(self):
        listener = self.start("listen", "0")
        self.assertRegex(listener.wait_for(rb"[^\n]*\n").group(0),
                         rb"^listening on 127\.0\.0\.1:\d+ \(this machine only")

    def test_options_that_do_not_go_together_are_wrong_use(self):
        for options in (("--json", "--quiet"), ("--exec", "cat", "--ack-template", "x"),
                        ("--exec-argument", "x"), ("--count", "-1"), ("--max-message", "1"),
                        ("--charset", "no-such-charset"), ()):
            with self.subTest(options):
                address = ("0",) if options else ()
                self.assert_status(run("listen", *address, *options, timeout=10), 2)


class Streams(TestCase):
    def test_closed_standard_streams_do_no_harm(self):
        script = f'exec "{ORDERLY}" listen 127.0.0.1:0 --count 1 <&- >&-'
        with subprocess.Popen(["/bin/bash", "-c", script], stderr=subprocess.PIPE,
                              env=environment()) as process:
            port = int(re.search(rb":(\d+)", process.stderr.readline()).group(1))
            with Client(port) as client:
                self.assertEqual(field(client.exchange(message()), "MSA", 1), b"AA")
            process.wait(PATIENCE)


if __name__ == "__main__":
    main()
