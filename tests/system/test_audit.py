"""The audit log of a broker: what stands in it, that nothing happens unless it does, and that whatever is
done to it is found out. It is read here by Python alone, as docs/audit.md describes it."""

import hashlib
import hmac
import json
import os
import re
import socket
import stat
import threading
import time

import support
from broker import Broker
from peers import message
from support import run

SETUP = """
    [orderly]
    audit-size = {size}
    audit-required = {required}

    [listener in]
    address = 127.0.0.1:0

    [destination out]
    directory = {out}

    [route all]
    from = in
    to = out
    """


def read_records(path):
    """The records of a log as the document says it is made; fails when a link is wrong."""
    numbered = sorted(path.parent.glob(path.name + ".[0-9][0-9][0-9][0-9][0-9][0-9]"))
    records = []
    previous = "0" * 64
    for file in [*numbered, path]:
        for line in file.read_bytes().splitlines():
            record = json.loads(line)
            assert record["sequence"] == len(records) + 1, line
            assert record["previous"] == previous, line
            front = line[:line.rindex(b',"hash":')]
            previous = hashlib.sha256(front).hexdigest()
            assert record["hash"] == previous, line
            records.append(record)
    return records


class Audit(support.TestCase):
    def start(self, size="16M", required="yes"):
        self.out = self.folder / "out"
        self.out.mkdir(exist_ok=True)
        self.broker = Broker(self, SETUP.format(out=self.out, size=size, required=required))
        self.log = self.broker.data / "audit.log"
        return self.broker

    def control(self, verb, *arguments, **settings):
        return run(verb, "--control", self.folder / "control.sock", *arguments, **settings)

    def ask(self, text):
        """A request in the words of the protocol; the whole answer."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.folder / "control.sock"))
            s.sendall(text.encode())
            s.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()

    def send(self, control_id="A1", patient="T0001"):
        with self.broker.client() as client:
            client.exchange(message(control_id, segments=[
                f"PID|1||{patient}^^^TEST^MR||DOE^JANE^TEST"]))

    def records(self, *events):
        return [record for record in read_records(self.log)
                if not events or record["event"] in events]


class WhatIsRecorded(Audit):
    def test_start_and_stop_with_the_hash_of_the_configuration(self):
        broker = self.start()
        broker.stop()
        first, last = self.records()
        self.assertEqual((first["event"], last["event"]), ("start", "stop"))
        self.assertEqual(first["configuration"],
                         hashlib.sha256(broker.path.read_bytes()).hexdigest())
        self.assertEqual(first["uid"], os.getuid())
        self.assertEqual(first["before"], "nothing")

    def test_the_log_is_its_owners_alone(self):
        self.start()
        for name in ("audit.log", "audit.log.key"):
            self.assertEqual(stat.S_IMODE((self.broker.data / name).stat().st_mode), 0o600)

    def test_a_view_is_recorded_before_it_is_answered(self):
        self.start()
        self.send()
        self.assertIn("received", self.ask("request=message\nid=1\nbytes=all\nactor=anna\n\n"))
        view = self.records("view")[0]
        self.assertEqual((view["id"], view["actor"], view["uid"], view["pid"]),
                         (1, "anna", os.getuid(), os.getpid()))

    def test_what_was_looked_for_is_a_keyed_hash(self):
        self.start()
        self.send(patient="SECRET77")
        self.assertIn("A1", self.control("messages", "--patient", "SECRET77").out.decode())
        self.control("trace", "SECRET77")
        key = (self.broker.data / "audit.log.key").read_bytes()
        wanted = hmac.new(key, b"SECRET77", hashlib.sha256).hexdigest()
        found, traced = self.records("query")
        self.assertEqual((found["patient"], traced["value"]), (wanted, wanted))
        self.assertNotIn(b"SECRET77", self.log.read_bytes())

    def test_an_export_names_the_messages_that_were_read(self):
        self.start()
        for i in range(5):
            self.send(f"A{i}")
        self.assertEqual(self.control("export", "1", "2", "3", "5").status, 0)
        asked, done = self.records("export")
        self.assertEqual((asked["step"], asked["messages"]), ("asked", "1-3 5"))
        self.assertEqual((done["step"], done["messages"], done["count"], done["of"]),
                         ("done", "1-3 5", 4, asked["sequence"]))

    def test_each_thing_that_is_done_is_asked_and_done(self):
        self.start()
        self.send()
        actions = {"resend": ("resend", "1"), "pause": ("pause", "out"), "resume": ("resume", "out"),
                   "prune": ("prune", "--older-than", "1s"), "backup": ("backup", self.folder / "copy")}
        for event, command in actions.items():
            self.control(*command)
            steps = [record["step"] for record in self.records(event)]
            self.assertEqual(steps, ["asked", "done"], event)

    def test_what_cannot_be_done_is_recorded_with_its_error(self):
        self.start()
        self.assertEqual(self.control("skip", "out", "--why", "test").status, 1)
        self.assertEqual([record["step"] for record in self.records("skip")], ["asked", "nothing"])

    def test_a_reload_is_recorded_with_the_hashes_before_and_after(self):
        self.start()
        before = hashlib.sha256(self.broker.path.read_bytes()).hexdigest()
        self.broker.path.write_text(self.broker.path.read_text() + "; more\n")
        after = hashlib.sha256(self.broker.path.read_bytes()).hexdigest()
        self.assertTrue(self.broker.reload())
        self.broker.path.write_text("[nonsense]\n")
        self.assertFalse(self.broker.reload())
        support.wait_until(lambda: len(self.records("configuration")) == 2, "two records")
        good, bad = self.records("configuration")
        self.assertEqual((good["outcome"], good["before"], good["after"]),
                         ("in-force", before, after))
        self.assertEqual((bad["outcome"], bad["before"]), ("refused", after))

    def test_a_template_is_recorded_when_it_changes(self):
        template = self.folder / "t.hl7"
        template.write_text("{source}\n{set PID-8 = 'U'}\n")
        self.out = self.folder / "out"
        self.out.mkdir()
        self.broker = Broker(self, SETUP.format(out=self.out, size="16M", required="yes") +
                             "    template = t.hl7\n")
        self.log = self.broker.data / "audit.log"
        template.write_text("{source}\n{set PID-8 = 'O'}\n")
        support.wait_until(lambda: len(self.records("template")) == 2, "the change")
        first, second = self.records("template")
        self.assertEqual(first["after"], second["before"])
        self.assertEqual(second["after"], hashlib.sha256(template.read_bytes()).hexdigest())

    def test_a_request_that_is_none_is_recorded_without_its_words(self):
        self.start()
        self.ask("request=SECRET77\n\n")
        self.ask("request=message\nid=SECRET77\n\n")
        support.wait_until(lambda: len(self.records("refused")) == 2, "two records")
        self.assertEqual([record["error"] for record in self.records("refused")],
                         ["unknown", "bad-value"])
        self.assertNotIn(b"SECRET77", self.log.read_bytes())

    def test_a_program_with_users_has_its_logins_recorded(self):
        self.start()
        self.assertEqual(self.ask("request=login\nname=anna\naddress=192.0.2.7\nfailed=1\n\n"), "end\n")
        login = self.records("login")[0]
        self.assertEqual((login["name"], login["address"], login["failed"]),
                         ("anna", "192.0.2.7", 1))

    def test_reading_a_message_to_try_a_template_is_no_view(self):
        self.start()
        self.send()
        self.ask("request=message\nid=1\npurpose=shadow\n\n")
        self.assertEqual((len(self.records("shadow")), len(self.records("view"))), (1, 0))


class WhenItCannotBeWritten(Audit):
    def lose(self):
        """In the place of the log stands something else."""
        os.rename(self.log, self.folder / "lost")
        self.log.mkdir()

    def test_nothing_is_shown_or_done(self):
        self.start()
        self.send()
        self.lose()
        for text in ("request=message\nid=1\n\n", "request=export\nid=1\n\n",
                     "request=trace\nvalue=A1\n\n", "request=resend\nid=1\n\n",
                     "request=pause\nall=1\n\n", "request=login\nname=anna\n\n"):
            answer = self.ask(text)
            self.assertRegex(answer, r"\Aerror=failed\ttext=nothing was done: the audit log cannot", text)
        self.assertIn("nothing is recorded", self.ask("request=status\n\n"))

    def test_messages_go_on(self):
        self.start()
        self.lose()
        for i in range(20):
            self.send(f"B{i}")
        support.wait_until(lambda: len(list(self.out.iterdir())) == 20, "the deliveries")

    def test_it_goes_on_by_itself_when_it_can_be_written_again(self):
        self.start()
        self.send()
        self.lose()
        self.ask("request=message\nid=1\n\n")
        self.log.rmdir()
        os.rename(self.folder / "lost", self.log)
        self.assertIn("record=message", self.ask("request=message\nid=1\n\n"))
        self.assertEqual(self.records()[-1]["event"], "view")

    def test_where_it_is_not_required_things_are_done_and_it_is_said(self):
        self.start(required="no")
        self.send()
        self.lose()
        self.assertIn("record=message", self.ask("request=message\nid=1\n\n"))
        self.assertIn("error=", self.ask("request=login\nname=anna\n\n"))
        self.broker.program.wait_for(rb": error: audit: .*nothing is recorded")

    def test_a_broker_does_not_start_without_it(self):
        self.start()
        self.broker.stop()
        self.lose()
        done = run("run", self.broker.path)
        self.assertEqual(done.status, 3)
        self.assertIn(b": fatal: audit: ", done.err)


class Crashes(Audit):
    def test_whatever_was_answered_is_recorded_however_often_it_is_killed(self):
        self.start(size="64K")
        self.send()
        answered = 0
        for _ in range(8):
            seen = []

            def look(seen=seen):
                try:
                    while "record=message" in self.ask("request=message\nid=1\n\n"):
                        seen.append(1)
                except OSError:
                    pass
            threads = [threading.Thread(target=look) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(0.15)
            self.broker.kill()
            for thread in threads:
                thread.join()
            answered += len(seen)
            self.broker.start()
        self.assertEqual(run("audit", "verify", self.log).status, 0)
        self.assertGreater(answered, 0)
        self.assertGreaterEqual(len(self.records("view")), answered)

    def test_a_torn_end_is_set_aside_and_told(self):
        self.start()
        self.broker.kill()
        with self.log.open("ab") as file:
            file.write(b'{"sequence":2,"time":"2026')
        self.assertEqual(run("audit", "verify", self.log).status, 1)
        self.broker.start()
        self.assertEqual([record["event"] for record in self.records()],
                         ["start", "recovered", "start"])
        self.assertEqual(self.records()[2]["before"], "crash")
        self.assertEqual((self.broker.data / "audit.log.torn").read_bytes(),
                         b'{"sequence":2,"time":"2026\n')


class TheVerb(Audit):
    def filled(self):
        self.start()
        self.send(patient="T0007")
        self.ask("request=message\nid=1\nactor=anna\n\n")
        self.control("messages", "--patient", "T0007")
        return self.log

    def test_a_whole_log_is_found_whole(self):
        self.filled()
        done = self.control("audit", "verify")
        self.assertEqual(done.status, 0)
        self.assertRegex(done.out, rb"\A\d+ records, 1 to \d+, 0 faults; the last has the hash\n[0-9a-f]{64}\n\Z")

    def test_what_was_changed_removed_or_cut_is_named_with_its_line(self):
        log = self.filled()
        whole = log.read_bytes()
        lines = whole.splitlines(keepends=True)
        self.broker.stop()
        for text, wanted in (
                (whole.replace(b'"actor":"anna"', b'"actor":"otto"'), b"was changed after it was written"),
                (b"".join(lines[:1] + lines[2:]), b"records 2 to 2 are missing"),
                (whole[:-5], b"the last line is incomplete")):
            log.write_bytes(text)
            done = run("audit", "verify", log)
            self.assertEqual(done.status, 1)
            self.assertIn(wanted, done.out)
            self.assertRegex(done.out, rb"audit\.log:\d+: ")

    def test_an_anchor_finds_a_log_that_was_written_anew(self):
        self.filled()
        done = self.control("audit", "verify", "--json")
        told = json.loads(done.out)
        anchor = f"{told['last']}:{told['hash']}"
        self.assertEqual(run("audit", "verify", "--anchor", anchor, self.log).status, 0)
        self.assertEqual(run("audit", "verify", "--anchor", "1:" + told["hash"], self.log).status, 1)
        self.assertEqual(run("audit", "verify", "--anchor", "nonsense", self.log).status, 2)

    def test_records_are_chosen_by_event_person_time_and_value(self):
        self.filled()
        for arguments, wanted in ((("--event", "view"), 1), (("--who", "anna"), 1),
                                  (("--value", "T0007"), 1), (("--value", "T0008"), 0),
                                  (("--since", "1h", "--event", "start"), 1),
                                  (("--to", "2020-01-01"), 0)):
            done = self.control("audit", "show", *arguments)
            self.assertEqual((done.status, len(done.out.splitlines())), (0, wanted), arguments)

    def test_json_is_the_record_as_it_stands(self):
        self.filled()
        done = self.control("audit", "show", "--json")
        self.assertEqual(done.out, self.log.read_bytes())

    def test_wrong_use_is_told(self):
        self.start()
        for arguments in (("frob",), ("show", "--event", "frob"), ("show", "--from", "frob"),
                          ("show", "--from", "14:00", "--since", "1h")):
            self.assertEqual(self.control("audit", *arguments).status, 2, arguments)
        self.assertEqual(run("audit", "verify", self.folder / "nothing").status, 3)


if __name__ == "__main__":
    support.main()
