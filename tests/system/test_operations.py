"""The verbs that ask a running broker and tell it things: what they print, what they do, and what they
say when nobody is there."""

import base64
import contextlib
import json
import os
import re
import socket
import stat
import threading

import peers
import support
import terminal
from broker import Broker
from peers import Peer, frame, message
from support import HeldPort, run, wait_until

SETUP = """
    [orderly]
    index = OBR-2 as order

    [listener in]
    address = 127.0.0.1:0
    duplicates = 1h

    [destination good]
    mllp = {good}

    [destination bad]
    mllp = {bad}
    retry = 1h..1h

    [route copies]
    from = in
    to = good

    [route all]
    from = in
    to = bad
    """


def order(control_id, number, patient="T0001"):
    return message(control_id, "ORM^O01", segments=[
        f"PID|1||{patient}^^^TEST^MR||DOE^JANE^TEST", "ORC|NW|" + number, "OBR|1|" + number])


class Operations(support.TestCase):
    """A broker with two destinations: one takes everything, the other does as the test says."""

    def setUp(self):
        super().setUp()
        self.held = HeldPort()
        self.addCleanup(self.held.close)
        self.good = Peer(peers.answering("AA"))
        self.good.__enter__()
        self.addCleanup(self.good.__exit__, None, None, None)
        self.bad_code = "AR"
        self.bad = Peer(self.answer_badly)
        self.bad.__enter__()
        self.addCleanup(self.bad.__exit__, None, None, None)

    def answer_badly(self, connection):
        while (got := connection.receive()) is not None:
            connection.send(frame(peers.ack(got, self.bad_code)))

    def broker(self, *messages, bad=None):
        """A broker that has taken these messages."""
        broker = Broker(self, SETUP.format(good=self.good.address, bad=bad or self.bad.address))
        self.send(broker, *messages)
        return broker

    def send(self, broker, *messages):
        with broker.client() as client:
            for one in messages:
                self.assertIn(b"MSA|AA", client.exchange(one))

    def ask(self, *arguments, status=0, **settings):
        result = run(*arguments, "--control", self.folder / "control.sock", **settings)
        self.assert_status(result, status)
        return result

    def text(self, *arguments, **settings):
        return self.ask(*arguments, **settings).out.decode()

    def records(self, *arguments, kind=None, **settings):
        lines = self.ask(*arguments, "--json", **settings).out.splitlines()
        found = [json.loads(line) for line in lines]
        return [one for one in found if kind in (None, one["record"])]

    def rows(self, *arguments, **settings):
        """The cells of a table, by its columns."""
        lines = self.text(*arguments, **settings).splitlines()
        names = lines[0].split("\t")
        return [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]

    def lane(self, destination, **settings):
        """The lane of one destination, as status has it."""
        result = run("status", "--json", "--control", self.folder / "control.sock")
        self.assertIn(result.status, (0, 1), result)
        for line in result.out.splitlines():
            one = json.loads(line)
            if one["record"] == "lane" and one["destination"] == destination:
                return one
        return {"depth": 0, "dead": 0, "delivered": 0, "attempts": 0}

    def until(self, destination, **wanted):
        wait_until(lambda: all(self.lane(destination).get(key) == value
                               for key, value in wanted.items()),
                   f"{destination}: {wanted}")


class Status(Operations):
    def test_all_is_well_when_nothing_waits(self):
        self.bad_code = "AA"
        self.broker(order("A1", "N1"))
        self.until("bad", depth=0, delivered=1)
        self.until("good", depth=0, delivered=1)
        text = self.text("status")
        self.assertIn("All is well: nothing waits.\n", text)
        self.assertRegex(text, r"(?m)^in\t127\.0\.0\.1:\d+\tlistening\t\d+\t1\t0\t")
        self.assertEqual(self.ask("status", "--quiet").out, b"")

    def test_what_needs_a_person_is_said_with_the_command_that_helps(self):
        self.broker(order("A1", "N1"), bad=self.held.address)
        self.until("bad", attempts=1)
        text = self.text("status", status=1)
        self.assertRegex(text, r"1 thing needs a person:\n"
                               r"  all to bad \(lane \d\) gets nothing through: refused: cannot connect to .*; 1 message "
                               r"waits, the oldest for .*; 1 try so far\n"
                               r"      orderly messages --state pending --oldest-first\n$")
        self.assertEqual(self.ask("status", "--quiet", status=1).out, b"")

    def test_dead_letters_and_held_messages_need_a_person(self):
        self.broker(order("A1", "N1"), order("A1", "N2"))
        self.until("bad", dead=1)
        text = self.text("status", status=1)
        self.assertIn("1 dead letter from all to bad", text)
        self.assertRegex(text, r"\n      orderly dead --lane \d\n")
        self.assertIn("1 message held: their control ids came before, with other content\n"
                      "      orderly messages --state held\n", text)

    def test_alerts_are_said_unless_their_lane_says_more(self):
        broker = Broker(self, SETUP.format(good=self.good.address, bad=self.held.address).replace(
            "address = 127.0.0.1:0", "address = 127.0.0.1:0\n    alert-silent-for = 1s").replace(
            "retry = 1h..1h", "retry = 1h..1h\n    alert-deeper-than = 1"))
        self.send(broker, order("A1", "N1"), order("A2", "N1"))
        self.until("bad", attempts=1)
        kinds = set()
        wait_until(lambda: kinds.update(
            one["alert"] for one in self.records("status", kind="alert", status=1)
        ) or len(kinds) == 2, "both alerts")
        self.assertEqual(kinds, {"lane-deep", "listener-silent"})
        text = self.text("status", status=1)
        self.assertIn("2 things need a person:\n", text)
        self.assertIn("\n  listener-silent, in: ", text)
        self.assertNotIn("lane-deep", text)

    def test_a_terminal_gets_colours_and_ages(self):
        self.broker(order("A1", "N1"), bad=self.held.address)
        self.until("bad", attempts=1)
        screen = terminal.on_terminal("status", "--control", self.folder / "control.sock",
                                      columns=200)
        self.assertIn("\x1b[", screen)
        self.assertRegex(screen, r"gets nothing through: refused: .*; 1 message waits, the oldest for \d")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", screen)
        self.assertRegex(plain, r"(?m)^ *\d  all +bad +running +1 +\S.* 1 +\d+m.* 0 +0  refused$")
        self.assertNotIn("\t", screen)
        narrow = terminal.on_terminal("messages", "--control", self.folder / "control.sock",
                                      columns=40)
        self.assertIn("A1", narrow)


class Finding(Operations):
    def test_messages_are_found_newest_first(self):
        self.broker(order("A1", "N1"), order("A2", "N2", "T0002"), order("A3", "N3"))
        self.assertEqual([row["CONTROL-ID"] for row in self.rows("messages")], ["A3", "A2", "A1"])
        for options, ids in ((("--patient", "T0001"), ["A3", "A1"]),
                             (("--key", "order=N2"), ["A2"]),
                             (("--control-id", "A3"), ["A3"]),
                             (("--type", "ORM^O01", "--oldest-first"), ["A1", "A2", "A3"]),
                             (("--since", "1h", "-n", "1"), ["A3"]),
                             (("--listener", "in", "--application", "TESTAPP", "-n0"),
                              ["A3", "A2", "A1"])):
            self.assertEqual([row["CONTROL-ID"] for row in self.rows("messages", *options)], ids,
                             options)
        self.ask("messages", "--patient", "T0009", status=1)
        self.ask("messages", "--to", "2001-01-01", status=1)

    def test_a_long_list_goes_on_where_its_page_ended(self):
        self.broker(*[order(f"A{i}", "N") for i in range(7)])
        found, more = [], []
        while True:
            records = self.records("messages", "-n", "3", *more)
            found += [one["control_id"] for one in records if one["record"] == "message"]
            page = records[-1]
            self.assertEqual(page["record"], "page")
            if not page["more"]:
                break
            more = ["--cursor", page["cursor"]]
        self.assertEqual(found, [f"A{i}" for i in range(6, -1, -1)])

    def test_a_trace_has_every_delivery_oldest_first(self):
        self.broker(order("A1", "N1"), order("A2", "N1"), order("A3", "N3"))
        self.until("bad", dead=3)
        self.until("good", delivered=3)
        rows = self.rows("trace", "N1")
        self.assertEqual([(row["CONTROL-ID"], row["DESTINATION"], row["STATE"]) for row in rows],
                         [("A1", "good", "delivered"), ("A1", "bad", "dead"),
                          ("A2", "good", "delivered"), ("A2", "bad", "dead")])
        self.assertEqual(len(self.rows("trace", "T0001")), 6)
        self.assertEqual(len(self.rows("trace", "A3")), 2)
        self.ask("trace", "nobody", status=1)

    def test_a_message_is_told_whole(self):
        sent = order("A1", "N1")
        self.broker(sent)
        self.until("bad", dead=1)
        self.until("good", delivered=1)
        text = self.text("message", "1")
        for part in ("Message 1, dead\n", "  patient      T0001\n", "  order        N1\n",
                     "\nTimeline\n", "received by in from 127.0.0.1:", "dead (AR) after ",
                     "\nReceived\n  MSH|", "\nReply\n", "\nSent, delivery ", "\nAnswer, delivery ",
                     "MSA|AR|A1"):
            self.assertIn(part, text)
        self.assertEqual(self.ask("message", "1", "--raw", "received").out, sent)
        self.assertEqual(self.ask("message", "1", "--raw", "sent").out, sent)
        self.assertIn(b"MSA|AA|A1", self.ask("message", "1", "--raw", "reply").out)
        story = self.ask("message", "1").out
        self.assertIn(b"\n  MSA|AA|A1", story)
        self.assertNotIn(b"\\x0b", story.lower())
        self.assertNotIn(b"\\x1c", story.lower())
        self.ask("message", "99", status=1)
        self.ask("message", "x", status=2)

    def test_bytes_are_exact_in_json_too(self):
        odd = order("A1", "N1") + b"ZXX|\xff\xfe|\t\x01\\|\r"
        even = order("A2", "N1") + "ZXX|ä\r".encode()
        self.broker(odd, even)
        one = self.records("message", "1", kind="bytes")[0]
        self.assertEqual(base64.b64decode(one["data_base64"]), odd)
        two = self.records("message", "2", kind="bytes")[0]
        self.assertEqual(two["data"].encode(), even)

    def test_a_large_message_comes_in_one_piece(self):
        large = peers.message_of_size(3_000_000, "L1")
        self.broker(large)
        self.assertEqual(self.ask("message", "1", "--raw", "received").out, large)
        self.assertEqual(self.records("message", "1", kind="bytes")[0]["data"].encode(), large)
        self.assertEqual(self.ask("export", "1", "--format", "frames").out, frame(large))

    def test_what_could_drive_a_terminal_does_not(self):
        self.broker(order("A\x1b[31m", "N1"))
        for words in (("messages",), ("message", "1"), ("trace", "T0001")):
            self.assertNotIn("\x1b", self.text(*words))


class Doing(Operations):
    def test_dead_letters_are_listed_retried_and_dropped(self):
        self.broker(order("A1", "N1"), order("A2", "N2"))
        self.until("bad", dead=2)
        rows = self.rows("dead")
        self.assertEqual([row["CONTROL-ID"] for row in rows], ["A1", "A2"])
        self.assertTrue(all(row["WHY"].startswith("AR") for row in rows), rows)
        self.bad_code = "AA"
        first, second = rows[0]["DELIVERY"], rows[1]["DELIVERY"]
        self.assertEqual(self.text("dead", "retry", first),
                         f"delivery {first}: pending again, in its old place\n1 delivery\n")
        self.until("bad", delivered=1)
        self.ask("dead", "drop", second, status=2)
        self.assertEqual(self.text("dead", "drop", second, "--why", "by hand"),
                         f"delivery {second}: given up\n1 delivery\n")
        self.ask("dead", status=1)
        text = self.text("message", "2")
        self.assertRegex(text, r"drop by .*\(uid \d+\): by hand")
        self.ask("dead", "retry", second, status=1)

    def test_all_dead_letters_of_a_destination_are_retried(self):
        self.broker(*[order(f"A{i}", "N1") for i in range(5)])
        self.until("bad", dead=5)
        self.bad_code = "AA"
        self.assertIn("5 deliveries\n", self.text("dead", "retry", "--destination", "bad"))
        self.until("bad", delivered=5)
        self.assertEqual(self.bad.ids[-5:], [f"A{i}" for i in range(5)])

    def test_a_message_is_sent_again(self):
        self.broker(order("A1", "N1"))
        self.until("good", delivered=1)
        self.assertIn("would be sent again",
                      self.text("resend", "1", "--destination", "good", "--dry-run"))
        self.assertRegex(self.text("resend", "1", "-d", "good", "--why", "lost"),
                         r"^message 1, copies to good \(lane \d\): sent again as delivery \d+\n")
        self.until("good", delivered=2)
        self.assertEqual(self.good.ids, ["A1", "A1"])
        self.assertIn("1 delivery\n",
                      self.text("resend", "--patient", "T0001", "-d", "good", "--as", "recorded"))
        self.until("good", delivered=3)
        self.assertEqual(self.good.messages, [order("A1", "N1")] * 3)
        self.ask("resend", status=2)
        self.ask("resend", "1", "--patient", "x", status=2)
        self.ask("resend", "99", status=1)

    def test_a_paused_lane_keeps_its_messages_and_goes_on(self):
        broker = self.broker()
        self.send(broker, order("A1", "N1"))
        self.until("good", delivered=1)
        self.assertRegex(self.text("pause", "good", "--why", "they update"),
                         r"^copies to good \(lane \d\): paused\n1 lane\n$")
        self.send(broker, order("A2", "N2"), order("A3", "N3"))
        self.until("good", depth=2)
        self.assertRegex(self.text("status", status=1),
                         r"copies to good \(lane \d\) is paused: they update, .*uid \d+\)?; 2 messages wait")
        broker.restart()
        self.assertEqual(self.lane("good")["state"], "paused")
        self.assertEqual(self.good.ids, ["A1"])
        self.text("resume", "good")
        self.until("good", delivered=3, depth=0)
        self.assertEqual(self.good.ids, ["A1", "A2", "A3"])
        self.ask("pause", "nobody", status=1)
        self.ask("pause", status=2)
        self.ask("resume", "--all", "good", status=2)

    def test_what_waits_for_its_next_try_is_tried_when_its_lane_is_resumed(self):
        """The next try would be in an hour."""
        self.broker(order("A1", "N1"), bad=self.held.address)
        self.until("bad", attempts=1)
        self.ask("resume", "bad", status=1)
        self.until("bad", attempts=2)

    def test_the_head_of_a_lane_is_skipped_and_the_next_goes_at_once(self):
        self.broker(order("A1", "N1"), order("A2", "N2"), bad=self.held.address)
        self.until("bad", attempts=1, depth=2)
        head = self.lane("bad")["head"]
        self.ask("skip", "bad", status=2)
        self.ask("skip", "bad", "--delivery", str(head + 77), "--why", "x", status=1)
        self.assertRegex(self.text("skip", "bad", "--why", "no use"),
                         rf"^all to bad \(lane \d\): gave up delivery {head}\n$")
        wait_until(lambda: self.lane("bad").get("head") != head
                   and self.lane("bad").get("attempts") == 1, "a try of the next")
        self.assertIn("dropped", self.text("message", "1"))

    def test_a_held_message_is_released(self):
        self.bad_code = "AA"
        self.broker(order("A1", "N1"), order("A1", "N2"))
        self.until("good", delivered=1)
        self.assertEqual([row["ID"] for row in self.rows("messages", "--state", "held")], ["2"])
        self.assertEqual(self.text("release", "2", "--why", "both count"),
                         "message 2: released\n1 message\n")
        self.until("good", delivered=2)
        self.ask("release", "2", status=1)
        self.ask("release", "--all", status=1)

    def test_an_export_is_a_batch_that_can_be_sent(self):
        sent = [order(f"A{i}", "N1") for i in range(40)]
        self.broker(*sent)
        path = self.folder / "day.hl7"
        self.ask("export", "--patient", "T0001", "-o", path)
        self.assertEqual(path.read_bytes(), b"FHS|^~\\&\rBHS|^~\\&\r" + b"".join(sent)
                         + b"BTS|40\rFTS|1\r")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(self.ask("export", "--format", "frames").out, b"".join(map(frame, sent)))
        self.assertEqual(self.ask("export", "3", "1", "--format", "frames").out,
                         frame(sent[2]) + frame(sent[0]))
        with Peer(peers.answering("AA")) as peer:
            self.assert_status(run("send", peer.address, path, "--quiet"), 0)
            self.assertEqual(peer.messages, sent)
        self.ask("export", "99", status=1)
        self.ask("export", "1", "-o", self.folder / "no" / "folder", status=3)
        self.assertEqual(sorted(os.listdir(self.folder))[:2], ["control.sock", "data"])

    def test_settled_messages_are_pruned_and_others_stay(self):
        broker = self.broker(order("A1", "N1"), order("A2", "N2"))
        self.until("bad", dead=2)
        self.bad_code = "AA"
        self.text("dead", "retry", "--all")
        self.until("bad", delivered=2)
        self.ask("prune", status=2)
        self.assertEqual(self.text("prune", "--older-than", "1h"), "0 messages\n")
        self.assertEqual(self.text("prune", "--older-than", "1ms"), "2 messages\n")
        self.ask("messages", status=1)
        broker.stop()

    def test_a_backup_is_a_journal_to_start_with(self):
        self.bad_code = "AA"
        broker = self.broker(order("A1", "N1"), order("A2", "N2"))
        self.until("bad", delivered=2)
        self.until("good", delivered=2)
        result = self.ask("backup", "copy.db", cwd=self.folder)
        self.assertEqual(result.out.decode(), f"{self.folder}/copy.db: complete\n")
        self.send(broker, order("A3", "N3"))
        broker.stop()
        for path in (self.folder / "data").iterdir():
            path.unlink()
        (self.folder / "copy.db").rename(self.folder / "data" / "journal.db")
        broker.start()
        self.assertEqual([row["CONTROL-ID"] for row in self.rows("messages")], ["A2", "A1"])
        self.assertEqual(self.text("status").splitlines()[-1], "All is well: nothing waits.")
        self.ask("backup", "/proc/nowhere/copy.db", status=1)

    def test_a_reload_says_whether_it_took_place(self):
        broker = self.broker()
        self.ask("reload")
        broker.configure("[listener in]\naddress = nowhere\n")
        result = self.ask("reload", status=1)
        self.assertIn(b"what was in force stays", result.err)
        self.ask("status")


class Reaching(Operations):
    def test_nobody_there_is_said_with_what_may_be_wrong(self):
        path = self.folder / "control.sock"
        result = run("status", "--control", path)
        self.assert_status(result, 3)
        self.assertIn(b"is the broker running, and is this its socket?", result.err)
        broker = self.broker()
        broker.kill()
        result = run("status", "--control", path)
        self.assert_status(result, 3)
        self.assertIn(b"the broker that made this socket has ended", result.err)
        broker.start()
        self.ask("status")
        broker.stop()
        self.assertFalse(path.exists())

    def test_the_socket_is_found_by_the_configuration_and_the_environment(self):
        broker = self.broker()
        self.assert_status(run("status", "--config", broker.path), 0)
        env = support.environment(ORDERLY_CONTROL=str(self.folder / "control.sock"))
        self.assert_status(run("status", env=env), 0)
        broker.path.write_bytes(b"[nonsense]\n")
        result = run("status", "--config", broker.path)
        self.assert_status(result, 3)
        self.assertIn(b"--control SOCKET says it without", result.err)

    def test_a_second_broker_does_not_take_the_socket(self):
        self.broker()
        path = self.folder / "second.ini"
        path.write_text(f"[orderly]\ndata = {self.folder}/other\n"
                        f"control = {self.folder}/control.sock\n"
                        "[listener in]\naddress = 127.0.0.1:0\n")
        result = run("run", path)
        self.assert_status(result, 3)
        self.assertIn(b"a running broker listens there", result.err)
        self.ask("status")

    def test_what_is_no_broker_is_told_apart(self):
        path = self.folder / "control.sock"
        for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"record=lane", b"\0" * 100 + b"\n"):
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
                server.listen(1)
                server.settimeout(support.PATIENCE)

                def serve(server=server, answer=answer):
                    with server.accept()[0] as connection:
                        connection.recv(65536)
                        connection.sendall(answer)

                thread = threading.Thread(target=serve)
                thread.start()
                result = run("status", "--control", path)
                thread.join()
            path.unlink()
            self.assert_status(result, 3)
            self.assertRegex(result.err, rb"no broker|ended the connection")

    def test_hostile_programs_do_no_harm(self):
        broker = self.broker(order("A1", "N1"))
        path = str(self.folder / "control.sock")
        random = peers.random.Random(20261126)
        requests = [b"request=messages\nlimit=0\n\n", b"request=message\nid=1\nbytes=all\n\n",
                    b"request=trace\nvalue=T0001\n\n", b"request=help\n\n", b"request=status\n\n"]
        for _ in range(300):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(support.PATIENCE)
                connection.connect(path)
                data = bytearray(b"".join(random.choices(requests, k=random.randint(1, 8))))
                for _ in range(random.choice((0, 0, 1, 5))):
                    data[random.randrange(len(data))] = random.randrange(256)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(data[:random.randint(1, len(data))])
                    if random.random() < 0.5:
                        connection.shutdown(socket.SHUT_WR)  # so that an answer or an end comes
                        connection.recv(random.choice((1, 100, 65536)))
        wait_until(lambda: run("status", "--quiet", "--control", path).status in (0, 1), "an answer")
        self.assert_status(broker.stop(), 0)

    def test_times_that_are_none_are_told(self):
        self.broker()
        for words in (("--from", "yesterday"), ("--to", "2026-13-01"), ("--since", "1h", "--from",
                                                                       "2026-01-01")):
            self.assertIn(b"orderly messages: ", self.ask("messages", *words, status=2).err)

    def test_a_program_without_our_verbs_can_ask(self):
        self.broker(order("A1", "N1"))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(support.PATIENCE)
            connection.connect(str(self.folder / "control.sock"))
            connection.sendall(b"request=messages\n\nrequest=nonsense\n\n")
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while data := connection.recv(65536):
                answer += data
        self.assertRegex(answer, rb"^record=message\tid#=1\t.*\n(record=page\t.*\n)end\n"
                                 rb"error=unknown\ttext=there is no request 'nonsense'\n$")
        # Every field is a name, a mark and a value.
        for line in answer.splitlines():
            for field in line.split(b"\t"):
                self.assertRegex(field, rb"^(end|[a-z0-9-]+[#?@]?=.*)$")

    def test_nothing_of_a_patient_is_logged(self):
        broker = self.broker(order("A1", "N1"))
        self.ask("trace", "T0001")
        self.ask("messages", "--patient", "T0001")
        log = broker.stop().err
        self.assertIsNone(re.search(rb"T0001|DOE", log), log)


if __name__ == "__main__":
    support.main()
