"""`orderly shadow`: what another template would have made of the recorded messages of a route."""

import json
import re

import peers
import support
from broker import Broker
from peers import Peer, frame, message
from support import run, wait_until

SETUP = """
    [listener in]
    address = 127.0.0.1:0

    [destination ris]
    mllp = {address}

    [destination folder]
    directory = {folder}/out

    [route orders]
    from = in
    when = MSH-9.1 = 'ORM'
    template = {folder}/old.hl7
    to = ris

    [route results]
    from = in
    when = MSH-9.1 = 'ORU'
    to = folder
    """

OLD = "{set MSH-5 = 'RIS'}\n{source}"


def order(control_id, name="DOE^JANE"):
    return message(control_id, "ORM^O01",
                   segments=[f"PID|1||T0001||{name}", "ORC|NW|N1", "OBR|1|N1"])


class Shadow(support.TestCase):
    def setUp(self):
        super().setUp()
        (self.folder / "out").mkdir()
        self.write("old.hl7", OLD)
        self.peer = Peer(peers.answering("AA"))
        self.peer.__enter__()
        self.addCleanup(self.peer.__exit__, None, None, None)
        self.broker = Broker(self, SETUP.format(folder=self.folder, address=self.peer.address))

    def write(self, name, text):
        (self.folder / name).write_text(text, "utf-8")
        return self.folder / name

    def send(self, *messages):
        with self.broker.client() as client:
            for one in messages:
                self.assertIn(b"MSA|AA", client.exchange(one))

    def settled(self, count):
        wait_until(lambda: run("messages", "--state", "settled", "--json", "--limit", "0", "--control",
                               self.socket()).out.count(b'"record":"message"') >= count,
                   "everything is settled")

    def socket(self):
        return self.folder / "control.sock"

    def shadow(self, template, *arguments, route="orders", status=0):
        result = run("shadow", "--template", template, "--route", route, "--control", self.socket(),
                     *arguments)
        self.assert_status(result, status)
        return result

    def lines(self, *arguments, **settings):
        return self.shadow(*arguments, **settings).out.decode().splitlines()

    def records(self, *arguments, **settings):
        return [json.loads(line) for line in self.lines(*arguments, "--json", **settings)]

    def test_the_same_template_makes_no_difference(self):
        self.send(order("A1"), order("A2"))
        self.assertEqual(self.lines(self.folder / "old.hl7"),
                         ["2 conversions: 0 differ, 2 are the same"])

    def test_a_difference_is_told_by_field_and_counted(self):
        self.send(order("A1"), order("A2", "ROE^RICHARD"))
        new = self.write("new.hl7", "{set MSH-5 = 'PACS'}\n{set PID-5.1 = 'X'}\n{source}")
        self.assertEqual(self.lines(new, status=1), [
            "message 1 to ris, ORM^O01 A1", "MSH-5: 'RIS' -> 'PACS'", "PID-5.1: 'DOE' -> 'X'",
            "message 2 to ris, ORM^O01 A2", "MSH-5: 'RIS' -> 'PACS'", "PID-5.1: 'ROE' -> 'X'",
            "DIFFERENCES\tFIELD", "2\tMSH-5", "2\tPID-5",
            "2 conversions: 2 differ, 0 are the same"])
        self.assertEqual(self.lines(new, "--quiet", status=1)[0], "DIFFERENCES\tFIELD")

    def test_json_has_every_difference_and_the_counts(self):
        self.send(order("A1"))
        new = self.write("new.hl7", "{set MSH-5 = 'PACS'}\n{source}")
        difference, field, count = self.records(new, status=1)
        self.assertEqual((difference["record"], difference["message"], difference["destination"]),
                         ("difference", 1, "ris"))
        self.assertEqual((difference["path"], difference["expected"], difference["actual"]),
                         ("MSH-5", "RIS", "PACS"))
        self.assertEqual((field["segment"], field["field"], field["differences"]), ("MSH", 5, 1))
        self.assertEqual((count["record"], count["compared"], count["differ"]), ("count", 1, 1))

    def test_nothing_is_sent_and_nothing_changes(self):
        self.send(order("A1"))
        self.settled(1)
        before = run("message", "1", "--json", "--control", self.socket()).out
        self.shadow(self.write("new.hl7", "{set MSH-5 = 'PACS'}\n{source}"), status=1)
        self.assertEqual(
            run("message", "1", "--json", "--control", self.socket()).out, before)
        lane = [json.loads(line) for line in run("status", "--json", "--control",
                                                 self.socket()).out.splitlines()
                if b'"record":"lane"' in line]
        self.assertEqual(sum(one["delivered"] for one in lane), 1)

    def test_what_one_template_refuses_or_leaves_out_is_a_difference(self):
        self.send(order("A1", "DOE^JANE"), order("A2", "ROE^RICHARD"), order("A3", "POE^EDGAR"))
        new = self.write("new.hl7", "{if PID-5.1 = 'DOE'}{reject 'AR' 'no DOE'}{end}\n"
                                    "{if PID-5.1 = 'POE'}\n{set MSH-5 = 'RIS'}\n{source}\n{end}")
        lines = self.lines(new, status=1)
        self.assertEqual(lines[:3], ["message 1 to ris, ORM^O01 A1", "before: converted",
                                     "now: refused: no DOE"])
        self.assertEqual(lines[3:5], ["message 2 to ris, ORM^O01 A2", "before: converted"])
        self.assertRegex(lines[5], "^now: filtered: ")
        self.assertEqual(lines[-1], "3 conversions: 2 differ, 1 are the same")

    def test_only_messages_of_the_route_are_tried(self):
        self.send(order("A1"), message("R1", "ORU^R01"), order("A2"))
        self.assertEqual(self.lines(self.folder / "old.hl7")[-1],
                         "2 conversions: 0 differ, 2 are the same")
        new = self.write("new.hl7", "{set MSH-5 = 'PACS'}\n{source}")
        self.assertEqual([one["message"] for one in self.records(new, route="results", status=1)
                          if one["record"] == "difference"], [2])

    def test_a_span_and_a_limit_choose_messages(self):
        self.send(*(order(f"A{number}") for number in range(5)))
        old = self.folder / "old.hl7"
        self.assertIn("2 conversions", self.lines(old, "--limit", "2")[-1])
        self.assertIn("5 conversions", self.lines(old, "--since", "1h")[-1])
        self.assertIn("0 conversions", self.lines(old, "--to", "2001-01-01", status=1)[-1])

    def test_more_messages_than_a_page_are_all_compared(self):
        self.send(*(order(f"A{number}") for number in range(1003)))
        self.assertIn("1,003 conversions: 0 differ", self.lines(self.folder / "old.hl7")[-1])

    def test_what_was_sent_is_what_is_compared_with_when_asked_for(self):
        self.send(order("A1"))
        self.settled(1)
        self.write("old.hl7", "{set MSH-5 = 'LATER'}\n{source}")
        new = self.write("new.hl7", OLD)
        self.assertEqual(self.lines(new, "--sent")[-1], "1 conversion: 0 differ, 1 are the same")

    def test_clock_ids_and_numbers_make_no_difference(self):
        text = ("MSH|^~\\&|A|B|C|D|{now('yyyyMMddHHmmss')}||ORM^O01|{control_id()}|P|2.5\n"
                "ZXX|{uuid()}|{sequence('n')}|{sequence('n')}\n")
        self.write("old.hl7", text)
        wait_until(lambda: run("shadow", "-t", self.folder / "old.hl7", "-r", "orders", "--control",
                               self.socket()).status != 3, "the broker uses the template")
        self.send(order("A1"), order("A2"))
        new = self.write("new.hl7", text + "ZYY|{uuid()}\n")
        self.assertEqual(self.lines(new, "--json", status=1)[0].count("ZYY"), 2)
        self.assertEqual(self.lines(self.folder / "old.hl7")[-1],
                         "2 conversions: 0 differ, 2 are the same")

    def test_results_that_are_no_hl7_are_compared_by_line(self):
        self.send(order("A1"))
        new = self.write("new.txt", "{PID-5.1}\n{PID-5.2}\n")
        lines = self.lines(new, status=1)
        self.assertEqual(lines[0], "message 1 to ris, ORM^O01 A1")
        self.assertIn("line 1:", lines[1])
        self.assertEqual(self.records(new, status=1)[0]["record"], "lines")

    def test_a_template_that_is_not_the_one_in_force_is_not_compared_with(self):
        self.send(order("A1"))
        new = self.write("new.hl7", OLD)
        self.write("old.hl7", "{set MSH-5 = }\n{source}")
        result = self.shadow(new, status=3)
        self.assertIn(b"last good version", result.err)

    def test_wrong_use_is_said(self):
        new = self.write("new.hl7", OLD)
        self.assertIn(b"no route 'none'", self.shadow(new, route="none", status=2).err)
        self.assertIn(b"new.hl7:1:", self.shadow(self.write("new.hl7", "{uper(PID-5)}"),
                                                 status=2).err)
        self.assert_status(run("shadow", "--route", "orders", "--control", self.socket()), 2)
        self.assert_status(run("shadow", "-t", new, "-r", "orders", "--control",
                               self.folder / "nobody.sock"), 3)

    def test_nothing_to_compare_is_a_no(self):
        self.assertEqual(self.lines(self.folder / "old.hl7", status=1),
                         ["0 conversions: 0 differ, 0 are the same"])


class Charsets(support.TestCase):
    def test_both_conversions_are_in_the_character_set_of_the_destination(self):
        with Peer(peers.answering("AA")) as peer:
            (self.folder / "old.hl7").write_text("{source}", "utf-8")
            broker = Broker(self, f"""
                [listener in]
                address = 127.0.0.1:0
                charset = 8859/1

                [destination ris]
                mllp = {peer.address}
                charset = 8859/1

                [route orders]
                from = in
                template = {self.folder}/old.hl7
                to = ris
                """)
            with broker.client() as client:
                client.exchange(order("A1").replace(b"DOE", b"M\xfcLLER"))
            new = self.folder / "new.hl7"
            new.write_text("{set PID-5.2 = '\u20ac'}\n{source}", "utf-8")
            result = run("shadow", "-t", new, "-r", "orders", "--control",
                         self.folder / "control.sock")
            self.assert_status(result, 1)
            self.assertRegex(result.out.decode(),
                             re.compile("^now: failed: .* has no place in ", re.M))


if __name__ == "__main__":
    support.main()
