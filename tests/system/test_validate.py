"""`orderly validate`, and listeners that validate: what is found, how it is told, what is answered."""

import json
import pathlib
import xml.etree.ElementTree as xml

import document_programs
import peers
from broker import Broker
from peers import Client, Peer, field
from support import TestCase, main, run, wait_until

HAS_DICTIONARY = b"without the dictionary" not in run("validate", stdin=b"MSH|^~\\&|\r").err

MESSAGES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "messages"

HEAD = b"MSH|^~\\&|A|B|C|D|20240229123000||ADT^A01^ADT_A01|%s|P|%s\rEVN||20240229\r"
GOOD = HEAD % (b"G1", b"2.5.1") + b"PID|1||000123^^^TEST||DOE^JANE^TEST||19800229\rPV1|1|I\r"
BAD = HEAD % (b"B1", b"2.5.1") + b"PID|x||000123^^^TEST||DOE^JANE^TEST||1980-02-29\r"
OLD = BAD.replace(b"|2.5.1\r", b"|2.3.1\r")


class Validating(TestCase):
    def setUp(self):
        super().setUp()
        if not HAS_DICTIONARY:
            self.skipTest("built without the dictionary")


class Validate(Validating):
    def lines(self, *arguments, status, stdin=b""):
        result = run("validate", *arguments, stdin=stdin)
        self.assert_status(result, status)
        return result.out.decode().splitlines()

    def test_a_good_message_has_no_findings(self):
        self.assertEqual(self.lines(status=0, stdin=GOOD),
                         ["1 message: 1 valid, 0 with errors; 0 errors, 0 warnings"])

    def test_each_finding_has_a_path_a_severity_and_a_rule(self):
        lines = self.lines(self.write("bad.hl7", GOOD + BAD), status=1)
        self.assertTrue(lines[0].endswith("bad.hl7:5: ADT^A01^ADT_A01, version 2.5.1"), lines[0])
        self.assertEqual([line.split()[:3] for line in lines[1:-1]],
                         [["PV1", "error", "segment-missing"], ["PID-1", "error", "type"],
                          ["PID-7.1", "error", "type"]])
        self.assertEqual(lines[-1], "2 messages: 1 valid, 1 with errors; 3 errors, 0 warnings")

    def test_values_are_shown_only_when_asked_for(self):
        self.assertNotIn("1980-02-29", "\n".join(self.lines(status=1, stdin=BAD)))
        self.assertIn(": '1980-02-29'", "\n".join(self.lines("--values", status=1, stdin=BAD)))

    def test_severity_decides_what_is_told_and_errors_alone_decide_the_status(self):
        text = GOOD.replace(b"||19800229\r", b"||19800229|X\r").replace(b"|I\r", b"|I" + b"|" * 60 + b"x\r")
        for least, rules in (("error", []), ("warning", ["field-unknown"]),
                             ("info", ["code-local", "field-unknown"])):
            lines = self.lines("--severity", least, status=0, stdin=text)
            self.assertEqual([line.split()[2] for line in lines if line.startswith("  ")], rules)

    def test_a_version_can_be_given(self):
        self.lines("--version", "2.3", status=0, stdin=GOOD.replace(b"EVN|", b"EVN|A01"))
        result = run("validate", "--version", "2.99", stdin=GOOD)
        self.assert_status(result, 2)
        self.assertIn(b"'2.99' is no version", result.err)

    def test_batches_and_several_files_are_gone_through(self):
        batch = b"BHS|^~\\&|\r" + GOOD + BAD + b"BTS|2\r"
        lines = self.lines(self.write("a", batch), self.write("b", GOOD), status=1)
        self.assertEqual(lines[-1], "3 messages: 2 valid, 1 with errors; 3 errors, 0 warnings")

    def test_json_has_a_line_for_each_message_and_one_for_the_sum(self):
        rows = [json.loads(line) for line in self.lines("--json", "--values", status=1, stdin=GOOD + BAD)]
        self.assertEqual(rows[0]["findings"], [])
        self.assertEqual((rows[1]["line"], rows[1]["version"], rows[1]["structure"], rows[1]["errors"],
                          rows[1]["complete"]), (5, "2.5.1", "ADT_A01", 3, True))
        finding = rows[1]["findings"][2]
        self.assertEqual({name: finding[name] for name in ("path", "segment", "rule", "condition", "value")},
                         {"path": "PID-7.1", "segment": 3, "rule": "type", "condition": 102,
                          "value": "1980-02-29"})
        self.assertEqual(rows[2], {"messages": 2, "valid": 1, "wrong": 1, "unreadable": 0, "errors": 3,
                                   "warnings": 0, "infos": 0})

    def test_a_summary_counts_kinds_of_findings(self):
        lines = self.lines("--summary", status=1, stdin=BAD * 3 + GOOD)
        rows = [line.split("\t") for line in lines[1:-1]]
        self.assertEqual([row[:4] for row in rows],
                         [["3", "PID-1", "error", "type"], ["3", "PID-7.1", "error", "type"],
                          ["3", "PV1", "error", "segment-missing"]])

    def test_junit_has_a_case_for_each_message(self):
        path = self.folder / "results.xml"
        result = run("validate", "--junit", path, "--quiet", stdin=GOOD + BAD + b"MSH|^^\r")
        self.assert_status(result, 3)
        self.assertEqual(result.out, b"")
        suites = xml.parse(path).getroot()
        self.assertEqual((suites.get("tests"), suites.get("failures"), suites.get("errors")), ("3", "1", "1"))
        failure = suites.find("testsuite").findall("testcase")[1].find("failure")
        self.assertIn("PID-7.1: ", failure.text)

    def test_findings_have_a_bound(self):
        lines = self.lines("--max-findings", "2", status=1, stdin=BAD)
        self.assertIn("  more findings are not listed; --max-findings sets how many are", lines)

    def test_a_hostile_segment_name_drives_no_terminal(self):
        result = run("validate", stdin=GOOD + b"\x1b[2J|1\r")
        self.assert_status(result, 1)
        self.assertNotIn(b"\x1b", result.out)

    def test_nothing_to_validate_is_said(self):
        result = run("validate", stdin=b"")
        self.assert_status(result, 3)
        self.assertIn(b"nothing to read", result.err)

    def test_the_document_s_message_has_no_errors(self):
        self.lines("--severity", "error", status=0, stdin=document_programs.MESSAGE.encode())

    def test_the_gallery_s_messages_are_what_they_are_known_to_be(self):
        """The one error is real: up to 2.3 ORC-7 is required."""
        rows = []
        for path in sorted(MESSAGES.glob("*.hl7")):
            result = run("validate", "--json", path)
            for line in result.out.splitlines()[:-1]:
                rows += [(path.name, each["path"], each["rule"]) for each in json.loads(line)["findings"]
                         if each["severity"] == "error"]
        self.assertEqual(rows, [("orm-o01.hl7", "ORC-7", "field-missing")])


class Listener(Validating):
    def test_warn_takes_the_message_and_logs_paths_and_rules(self):
        listener, port = self.start_listener("--quiet", "--validate", "warn")
        with Client(port) as client:
            self.assertEqual(field(client.exchange(BAD), "MSA", 1), b"AA")
        listener.wait_for(rb"invalid-message.* PV1 segment-missing, PID-1 type, PID-7.1 type; taken")
        self.assertNotIn(b"1980", listener.err)

    def test_reject_answers_with_an_err_for_each_error_and_saves_nothing(self):
        inbox = self.folder / "inbox"
        listener, port = self.start_listener("--quiet", "--validate", "reject", "--save", inbox)
        with Client(port) as client:
            reply = client.exchange(BAD)
            self.assertEqual(field(reply, "MSA", 1), b"AE")
            self.assertEqual([line for line in reply.split(b"\r") if line.startswith(b"ERR")],
                             [b"ERR||PV1^1|100^Segment sequence error^HL70357|E|segment-missing|||"
                              b"the segment is missing after PID",
                              b"ERR||PID^1^1^1|102^Data type error^HL70357|E|type|||"
                              b"Set ID - PID is not written as digits",
                              b"ERR||PID^1^7^1^1|102^Data type error^HL70357|E|type|||"
                              b"Time is not written as YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]"])
            reply = client.exchange(OLD)
            self.assertIn(b"\rERR|PV1^1^^100&Segment sequence error&HL70357~PID^1^1^102&", reply)
            self.assertEqual(field(client.exchange(GOOD), "MSA", 1), b"AA")
        self.assertEqual(len(list(inbox.glob("*.hl7"))), 1)
        listener.stop()

    def test_in_enhanced_mode_the_accept_acknowledgement_says_it(self):
        _, port = self.start_listener("--quiet", "--validate", "reject")
        with Client(port) as client:
            reply = client.exchange(BAD.replace(b"|2.5.1\r", b"|2.5.1|||AL|NE\r"))
            self.assertEqual(field(reply, "MSA", 1), b"CE")

    def test_a_batch_is_refused_whole(self):
        _, port = self.start_listener("--quiet", "--validate", "reject")
        with Client(port) as client:
            reply = client.exchange(peers.batch([GOOD, BAD]))
            self.assertEqual(reply.count(b"\rMSA|AE|"), 2)


class InTheBroker(Validating):
    CONFIGURATION = """
        [listener in]
        address = 127.0.0.1:0
        validate = {how}
        [destination out]
        mllp = 127.0.0.1:{port}
        [route all]
        from = in
        to = out
        """

    def test_reject_refuses_and_warn_keeps(self):
        with Peer(peers.answering("AA")) as peer:
            broker = Broker(self, self.CONFIGURATION.format(how="reject", port=peer.port))
            with broker.client() as client:
                reply = client.exchange(BAD)
                self.assertEqual(field(reply, "MSA", 1), b"AE")
                self.assertEqual(reply.count(b"\rERR|"), 3)
                self.assertEqual(field(client.exchange(GOOD), "MSA", 1), b"AA")
            wait_until(lambda: peer.ids == ["G1"], "the good one")
            broker.program.wait_for(rb"invalid-message: listener=in PV1 segment-missing, .*; refused")
            broker.configure(self.CONFIGURATION.format(how="warn", port=peer.port))
            self.assertTrue(broker.reload())
            with broker.client() as client:
                self.assertEqual(field(client.exchange(BAD), "MSA", 1), b"AA")
            wait_until(lambda: peer.ids == ["G1", "B1"], "the bad one")
            broker.program.wait_for(rb"invalid-message: .*; kept")
            self.assert_status(broker.stop(), 0)

    def test_a_file_with_an_invalid_message_is_set_aside(self):
        for name in ("in", "bad"):
            (self.folder / name).mkdir()
        configuration = f"""
            [listener in]
            directory = {self.folder}/in
            error-directory = {self.folder}/bad
            stable-for = 0s
            validate = reject
            [destination out]
            mllp = 127.0.0.1:1
            [route all]
            from = in
            to = out
            """
        broker = Broker(self, configuration)
        self.write("making", BAD).rename(self.folder / "in" / "a.hl7")
        reason = self.folder / "bad" / "a.hl7.reason.txt"
        wait_until(reason.exists, "the reason")
        self.assertIn("message 1: PV1 segment-missing, PID-1 type", reason.read_text())
        self.assert_status(broker.stop(), 0)


if __name__ == "__main__":
    main()
