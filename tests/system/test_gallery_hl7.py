"""The gallery's templates between HL7 systems: what holds for all of their cases, and beyond them.

The cases say what comes of one message. Here the messages are taken apart with Python's split(), and
what a template has no business with must come out as it went in.
"""

import csv

from peers import Client, control_id, field
from support import SOURCE, TestCase, main, run

TEMPLATES = SOURCE / "examples" / "templates"
MESSAGES = SOURCE / "examples" / "messages"
EDITING = ("adt-a08-23-to-251", "lab-to-loinc", "five-changes")
MAKING = ("omi-to-orm", "merge-a40", "ack", "document-ack", "oru-to-result")


def template(name):
    """The path of a template, by its name without an ending."""
    return next(path for path in TEMPLATES.glob(f"{name}.*") if path.suffix in (".hl7", ".txt"))


def inputs(name, ending="out.*"):
    """The messages of a template's cases that make something, with CR: name and bytes."""
    for path in sorted((TEMPLATES / f"{name}.cases").glob("*.in.hl7")):
        if list(path.parent.glob(path.name.replace("in.hl7", ending))):
            yield path.name, with_cr(path.read_bytes())


def with_cr(text):
    return text.replace(b"\r\n", b"\r").replace(b"\n", b"\r")


def convert(name, message):
    return run("convert", "-t", template(name), stdin=message)


def segments(text):
    return [line.split(text[3:4]) for line in text.split(b"\r") if line]


def apart_from(lines, *allowed):
    """The segments, with some fields blanked: (segment, index in the split line)."""
    return [[b"*" if (line[0], n) in allowed else piece for n, piece in enumerate(line)]
            for line in lines]


def timeless(text):
    """An acknowledgement without MSH-7 and MSH-10, which no two have in common."""
    lines = segments(text)
    lines[0][6] = lines[0][9] = b""
    return lines


class Gallery(TestCase):
    def each(self, *names):
        """Every case that makes something: the template's name, the message and the output."""
        for name in names:
            for case, message in inputs(name):
                result = convert(name, message)
                self.assertEqual(result.status, 0, f"{name} {case}: {result!r}")
                yield name, message, result.out


class All(Gallery):
    def test_every_template_has_four_cases_and_more_and_they_pass(self):
        for name in (*EDITING, *MAKING, "orm-to-pipe", "oru-to-text"):
            with self.subTest(name):
                cases = len(list((TEMPLATES / f"{name}.cases").glob("*.in.hl7")))
                self.assertGreaterEqual(cases, 4)
                result = run("test", template(name))
                self.assert_status(result, 0)
                self.assertIn(f"{cases} cases".encode(), result.out)

    def test_every_hl7_output_can_be_read_again(self):
        read = 0
        for name, _, out in self.each(*EDITING, *MAKING):
            shown = run("get", "MSH-9", stdin=out)
            self.assertEqual(shown.status, 0, f"{name}: {shown!r}")
            headers = [line for line in segments(out) if line[0] == b"MSH"]
            self.assertEqual(shown.out.splitlines(), [header[8] for header in headers])
            read += len(headers)
        self.assertGreater(read, 40)

    def test_line_ends_of_the_source_change_no_result(self):
        for name, message, out in self.each(*EDITING, *MAKING, "orm-to-pipe", "oru-to-text"):
            for end in (b"\n", b"\r\n"):
                other = convert(name, message.replace(b"\r", end)).out
                other = with_cr(other) if name in EDITING else other
                if name == "ack":
                    self.assertEqual(timeless(other), timeless(out))
                else:
                    self.assertEqual(other, out, name)

    def test_a_refused_case_writes_nothing(self):
        refused = 0
        for name in (*EDITING, *MAKING, "orm-to-pipe"):
            for case, message in inputs(name, "error"):
                with self.subTest(template=name, case=case):
                    result = convert(name, message)
                    self.assert_status(result, 1)
                    self.assertEqual(result.out, b"")
                    refused += 1
        self.assertGreater(refused, 10)


class Edited(Gallery):
    def test_an_update_changes_only_the_fields_it_names(self):
        for _, message, out in self.each("adt-a08-23-to-251"):
            allowed = [(b"MSH", 8), (b"MSH", 11), *((b"PID", n) for n in (2, 3, 4, 5))]
            self.assertEqual(apart_from(segments(out), *allowed),
                             apart_from(segments(message), *allowed))

    def test_an_update_keeps_every_identifier_of_a_patient(self):
        for _, message, out in self.each("adt-a08-23-to-251"):
            component, again = message[4:5], message[5:6]
            old = [entry.split(component)[0] for number in (3, 2, 4)
                   for entry in field(message, "PID", number).split(again) if entry]
            new = [entry.split(component) for entry in field(out, "PID", 3).split(again)]
            self.assertEqual([entry[0] for entry in new], old)
            for entry in new:
                self.assertTrue(entry == [b'""'] or (entry[3] and entry[4]), entry)
            self.assertEqual(field(out, "PID", 2) + field(out, "PID", 4), b"")

    def test_codes_become_loinc_and_nothing_else_changes(self):
        for _, message, out in self.each("lab-to-loinc"):
            before, after = segments(message), segments(out)
            marks = [line for line in after if line[0] == b"ZLU"]
            after = [line for line in after if line[0] != b"ZLU"]
            self.assertEqual(apart_from(after, (b"OBX", 3)), apart_from(before, (b"OBX", 3)))
            component = message[4:5]
            for old, new in zip(before, after):
                if old[0] == b"OBX" and len(old) > 3 and old[3]:
                    code = old[3].split(component)[0]
                    self.assertIn(code, new[3].split(component), "the local code is kept")
            unknown = sum(line[0] == b"OBX" and len(line) > 3 and line[3] != b""
                          and b"LN" not in line[3].split(component) for line in after)
            self.assertEqual(len(marks), unknown)

    def test_the_tables_hold_true_loinc_numbers_with_names(self):
        def rows(name):
            with (TEMPLATES / name).open(encoding="ascii", newline="") as file:
                return dict(csv.reader(file))

        names = rows("loinc-names.csv")
        self.assertEqual(set(rows("lab-to-loinc.csv").values()), set(names))
        for code in names:
            number, check = code.split("-")
            total = sum(sum(divmod(int(digit) * (2 - place % 2), 10))
                        for place, digit in enumerate(reversed(number)))
            self.assertEqual(int(check), -total % 10, code)

    def test_five_changes_are_five(self):
        for path in sorted(MESSAGES.glob("*.hl7")):
            message = with_cr(path.read_bytes())
            if message.startswith(b"MSH"):
                out = convert("five-changes", message).out
                allowed = ((b"MSH", 4), (b"PV1", 2), (b"PID", 3))
                kept = [line for line in segments(message) if line[0] != b"ZPI"]
                after = segments(out)
                self.assertEqual(after[-1][0], b"ZBR", path.name)
                self.assertEqual(apart_from(after[:-1], *allowed), apart_from(kept, *allowed))
                self.assertEqual(field(out, "MSH", 5), b"RIS")


class Merges(Gallery):
    def test_each_merged_identifier_makes_one_message_of_the_batch(self):
        for _, message, out in self.each("merge-a40"):
            lines, again = segments(message), message[5:6]
            wanted = sum(bool(entry) for line in lines if line[0] == b"MRG"
                         for entry in line[1].split(again))
            made = segments(out)
            ids = [line[9] for line in made if line[0] == b"MSH"]
            self.assertEqual(len(ids), wanted)
            self.assertEqual(len(set(ids)), wanted)
            self.assertEqual(made[0][0], b"BHS")
            self.assertEqual(made[-1], [b"BTS", str(wanted).encode()])
            for line in made:
                self.assertFalse(line[0] == b"MRG" and b"~" in line[1], line)

    def test_a_receiver_gets_the_messages_one_by_one(self):
        case = TEMPLATES / "merge-a40.cases" / "two-groups-and-repetitions.in.hl7"
        out = convert("merge-a40", case.read_bytes() * 2).out
        self.assertEqual(out.count(b"BHS|"), 2)
        inbox = self.folder / "inbox"
        listener, port = self.start_listener("--save", inbox, "--count", "6")
        self.assert_status(run("send", f"127.0.0.1:{port}", stdin=out), 0)
        self.assert_status(listener.wait(), 0)
        got = [path.read_bytes() for path in sorted(inbox.glob("*.hl7"))]
        self.assertEqual([control_id(text) for text in got],
                         [b"MRG000001-1", b"MRG000001-2", b"MRG000001-3"] * 2)
        for text in got:
            self.assertEqual([text.count(name) for name in (b"MSH|", b"PID|", b"MRG|", b"BTS")],
                             [1, 1, 1, 0])


class Orders(Gallery):
    def test_a_line_has_its_fields_whatever_the_values_hold(self):
        hostile = rb"a\F\b\X0D\c\X0A\d\X0D0A\e\.br\f\E\g"
        header = rb"MSH|^~\&|A|B|C|D|2024||ORM^O01|1|P|2.3"
        fields = b"|".join([hostile] * 40)
        message = b"\r".join([header, b"PID|" + fields, b"ORC|" + fields, b"OBR|" + fields,
                              b"OBR|" + fields, b""])
        result = convert("orm-to-pipe", message)
        self.assert_status(result, 0)
        self.assertNotIn(b"\r", result.out)
        lines = result.out.split(b"\n")
        self.assertEqual(lines.pop(), b"")
        self.assertEqual([(len(line.split(b"|")), line[:4], line[-4:]) for line in lines],
                         [(15, b"BL1|", b"|END")] * 2)

    def test_no_value_of_an_imaging_order_makes_a_segment_or_a_field(self):
        def order(value):
            fields = b"#".join([value] * 40)
            lines = [b"MSH#*!@$#A#B#C#D#2024##OMI*O23#1#P#2.5"]
            lines += [name + b"#" + fields
                      for name in (b"PID", b"PV1", b"ORC", b"TQ1", b"OBR", b"NTE", b"IPC")]
            return b"\r".join(lines)

        plain, hostile = (convert("omi-to-orm", order(value))
                          for value in (b"x", b"a|b^c~d&e\\f@X0D@g@X1C@@F@"))
        self.assert_status(plain, 0)
        self.assert_status(hostile, 0)
        shape = [(line[0], len(line)) for line in segments(plain.out)]
        self.assertEqual([(line[0], len(line)) for line in segments(hostile.out)], shape)
        self.assertEqual([name for name, _ in shape],
                         [b"MSH", b"PID", b"PV1", b"ORC", b"OBR", b"NTE", b"ZDS"])


class Acknowledgements(Gallery):
    def test_a_listener_answers_every_case_with_the_template(self):
        _, port = self.start_listener("--ack-template", template("ack"))
        answered = set()
        for case, message in inputs("ack"):
            with self.subTest(case), Client(port) as client:
                reply = client.exchange(message)
                for own, theirs in ((3, 5), (4, 6), (5, 3), (6, 4), (11, 11), (12, 12), (18, 18)):
                    self.assertEqual(field(reply, "MSH", own), field(message, "MSH", theirs))
                self.assertEqual(reply[:8], message[:8])
                self.assertEqual(field(reply, "MSA", 2), control_id(message))
                self.assertEqual(field(reply, "MSH", 15) + field(reply, "MSH", 16), b"")
                self.assertRegex(field(reply, "MSH", 7), rb"^\d{14}[+-]\d{4}$")
                self.assertEqual([line[0] for line in segments(reply)], [b"MSH", b"MSA"])
                answered.add(control_id(reply))
        self.assertEqual(len(answered), len(list(inputs("ack"))), "each answer has an id of its own")
        self.assertGreater(len(answered), 12)

    def test_the_sender_takes_the_template_s_answer(self):
        _, port = self.start_listener("--ack-template", template("ack"))
        result = run("send", f"127.0.0.1:{port}", MESSAGES / "lunit-oru.hl7",
                     MESSAGES / "orm-o01.hl7")
        self.assert_status(result, 0)

    def test_the_template_says_what_the_listener_s_own_answer_says(self):
        _, port = self.start_listener()
        for case, message in inputs("ack"):
            with self.subTest(case), Client(port) as client:
                own, made = client.exchange(message), convert("ack", message).out
                for segment, numbers in (("MSH", (1, 2, 3, 4, 5, 6, 9, 11, 12, 18)), ("MSA", (1, 2))):
                    for number in numbers:
                        self.assertEqual(field(made, segment, number),
                                         field(own, segment, number), f"{segment}-{number}")


if __name__ == "__main__":
    main()
