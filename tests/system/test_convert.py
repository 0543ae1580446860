"""`orderly convert`: templates over files, directories and pipes."""

import os
import random
import re
import subprocess

from support import ORDERLY, TestCase, environment, main, run
from terminal import on_terminal

ORU = (b"MSH|^~\\&|Sender Application|Hospital Inc.|||20230403111111||ORU^R01|"
       b"ORU20230328084905364|P|2.4||||||UNICODE UTF-8\r"
       b"PID|1||7303875797285206||anon\r"
       b"OBX|1|NM|RAB0001^Abnormality Score||99.23||||||P|||20041228000000||Lunit\r")
HEAD = b"MSH|^~\\&|"
ACK_TEMPLATE = (b"MSH|^~\\&|SENDING_APP|SENDING_FACILITY|{0-2}|{0-3}|||20230403111111||ACK|{0-9}|P"
                b"|2.4||||||UNICODE UTF-8\nMSA|AA|{0-9}")
ACK = (b"MSH|^~\\&|SENDING_APP|SENDING_FACILITY|Sender Application|Hospital Inc.|||"
       b"20230403111111||ACK|ORU20230328084905364|P|2.4||||||UNICODE UTF-8\r"
       b"MSA|AA|ORU20230328084905364")


def message(number):
    return (b"MSH|^~\\&|LAB|TEST|||20260101||ORU^R01|C%d|P|2.5\rPID|1||T%d||DOE^JANE^TEST\r"
            % (number, number))


def document_converter(source, template):
    """The converter the user's document describes: segments split at any run of line ends, pieces
    at the bar, both counted from 0."""
    segments = re.split(r"[\r\n]+", source)

    def piece(found):
        return segments[int(found.group(1))].split("|")[int(found.group(2))]

    return re.sub(r"{(\d+)-(\d+)}", piece, template)


class Convert(TestCase):
    def setUp(self):
        super().setUp()
        self.template = self.write("ack.hl7", ACK_TEMPLATE)
        self.id = self.write("id.hl7", HEAD + b"{MSH-10}|{PID-5.1}")

    def convert(self, *arguments, **settings):
        return run("convert", *arguments, **settings)


class Results(Convert):
    def test_the_documents_message_becomes_the_documents_ack(self):
        for ends in (b"\r", b"\n", b"\r\n"):
            result = self.convert("-t", self.template, stdin=ORU.replace(b"\r", ends))
            self.assert_status(result, 0)
            self.assertEqual(result.out, ACK)
            self.assertEqual(result.err, b"")

    def test_a_single_result_is_written_as_it_is_made(self):
        result = self.convert("-t", self.id, self.write("a", message(1)))
        self.assertEqual(result.out, HEAD + b"C1|DOE")

    def test_several_results_each_end_their_line(self):
        source = self.write("a", message(1) + message(2))
        text = self.write("id.txt", b"{MSH-10}")
        self.assertEqual(self.convert("-t", self.id, source).out,
                         HEAD + b"C1|DOE\r" + HEAD + b"C2|DOE\r")
        self.assertEqual(self.convert("-t", text, source).out, b"C1\nC2\n")

    def test_a_result_that_ends_its_line_gets_no_second_end(self):
        source = self.write("a", message(1) + message(2))
        template = self.write("end.hl7", HEAD + b"{MSH-10}\n")
        self.assertEqual(self.convert("-t", template, source).out, HEAD + b"C1\r" + HEAD + b"C2\r")

    def test_a_terminal_gets_lines_and_no_control_characters(self):
        source = self.write("a", message(1).replace(b"DOE", b"D\x1b[31mE"))
        shown = on_terminal("convert", "-t", self.id, source)
        self.assertEqual(shown, HEAD.decode() + "C1|D\\x1b[31mE\n")

    def test_many_messages_come_in_order_whatever_the_files(self):
        self.write("in/2", message(20) + message(21))
        self.write("in/1", b"\x0b" + message(10) + b"\x1c\r\x0b" + message(11) + b"\x1c\r")
        batch = b"FHS|^~\\&\rBHS|^~\\&\r" + message(30) + message(31) + b"BTS|2\rFTS|1\r"
        result = self.convert("-t", self.write("t", b"{MSH-10}"), self.folder / "in", "-",
                              stdin=batch)
        self.assertEqual(result.out.split(), [b"C10", b"C11", b"C20", b"C21", b"C30", b"C31"])
        self.assert_status(result, 0)

    def test_ten_thousand_messages_take_no_more_memory_than_one(self):
        everything = self.write("many", b"".join(message(number) for number in range(10000)))
        result = self.convert("-t", self.write("t", b"{MSH-10}"), everything)
        self.assertEqual(result.out.split(), [b"C%d" % number for number in range(10000)])

    def test_text_that_is_not_hl7_is_one_source(self):
        source = self.write("a", b"x|1\ny|2\n")
        result = self.convert("-t", self.write("t", b"<{1-1}{0-0}>"), source)
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"<2x>")


class OriginalForm(Convert):
    def test_random_messages_and_templates_give_what_the_documents_converter_gives(self):
        generator = random.Random(20260101)
        sources, templates, expected = [], [], []
        while len(expected) < 60:
            ends = generator.choice(["\r", "\n", "\r\n", "\n\n"])
            segments = ["MSH|^~\\&" + "|X" * 3] + [
                "".join(generator.choice("ABZ|^&~ {}ü") for _ in range(generator.randrange(20)))
                + "-" for _ in range(generator.randrange(1, 5))]
            source = ends.join(segments) + generator.choice(["", ends])
            template = "".join(
                generator.choice(["-", "|", "{", "}", "{{", "{-1}", "{1-}", "é", '{"a":1}',
                                  "{%d-%d}" % (generator.randrange(4), generator.randrange(4))])
                for _ in range(generator.randrange(1, 12)))
            try:
                wanted = document_converter(source, "T" + template)
            except IndexError:
                continue
            sources.append(source)
            templates.append("T" + template)
            expected.append(wanted)
        for source, template, wanted in zip(sources, templates, expected):
            with self.subTest(source=source, template=template):
                path = self.write("t", template.encode())
                result = self.convert("-t", path, "--strict", stdin=source.encode())
                self.assertEqual(result.out.decode(), wanted, repr(result))
                self.assert_status(result, 0)


class Mistakes(Convert):
    def test_all_mistakes_of_a_template_are_shown_with_a_caret(self):
        template = self.write("bad.hl7", b"PID|{PID-}\nOBX|{OBX[0]-5}\n")
        result = self.convert("-t", template, stdin=ORU)
        self.assert_status(result, 2)
        self.assertEqual(result.out, b"")
        lines = result.err.decode().splitlines()
        self.assertTrue(lines[0].startswith(f"{template}:1:"), lines)
        self.assertEqual(lines[1], "    PID|{PID-}")
        self.assertRegex(lines[2], r"^ {8,}\^$")
        self.assertTrue(lines[3].startswith(f"{template}:2:"), lines)

    def test_a_template_that_cannot_be_read_is_named(self):
        result = self.convert("-t", self.folder / "gone", stdin=ORU)
        self.assert_status(result, 3)
        self.assertIn(b"gone: No such file or directory", result.err)

    def test_a_template_must_be_named(self):
        result = self.convert(stdin=ORU)
        self.assert_status(result, 2)
        self.assertIn(b"--template", result.err)

    def test_strict_names_the_place_in_template_and_source_and_goes_on(self):
        source = self.write("a", message(1) + b"MSH|^~\\&|LAB\r" + message(2))
        template = self.write("t.hl7", HEAD + b"\nPID|{PID-3}|{1-3}")
        result = self.convert("--strict", "-t", template, source)
        self.assert_status(result, 1)
        self.assertEqual(result.out, HEAD + b"\rPID|T1|T1\r" + HEAD + b"\rPID|T2|T2\r")
        self.assertIn(f"{source}:3: not converted".encode(), result.err)
        self.assertIn(f"{template}:2:".encode(), result.err)
        self.assertIn(b"    PID|{PID-3}|{1-3}\n", result.err)

    def test_a_damaged_message_is_told_and_converted_as_text(self):
        source = self.write("a", b"MSH|^^^|LAB\r")
        result = self.convert("-t", self.write("t", b"{0-2}"), source)
        self.assert_status(result, 1)
        self.assertEqual(result.out, b"LAB")
        self.assertIn(f"{source}:1: byte ".encode(), result.err)

    def test_a_file_that_cannot_be_read_does_not_stop_the_others(self):
        result = self.convert("-t", self.id, self.folder / "gone", self.write("a", message(1)))
        self.assert_status(result, 3)
        self.assertEqual(result.out, HEAD + b"C1|DOE")

    def test_a_message_longer_than_allowed_is_skipped(self):
        source = self.write("a", message(1) + message(2).replace(b"DOE", b"D" * 500) + message(3))
        result = self.convert("--max-message", "200", "-t", self.id, source)
        self.assert_status(result, 3)
        self.assertEqual(result.out, HEAD + b"C1|DOE\r" + HEAD + b"C3|DOE\r")
        self.assertIn(b":3: longer than 200 bytes", result.err)


class Outputs(Convert):
    def test_an_output_file_appears_whole_and_replaces_the_old_one(self):
        old = self.write("out.hl7", b"old")
        source = self.write("a", message(1))
        self.assert_status(self.convert("-t", self.id, "-o", old, source), 0)
        self.assertEqual(old.read_bytes(), HEAD + b"C1|DOE")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["a", "ack.hl7", "id.hl7", "out.hl7"])

    def test_the_source_may_be_the_output(self):
        path = self.write("a", message(1))
        self.assert_status(self.convert("-t", self.id, "-o", path, path), 0)
        self.assertEqual(path.read_bytes(), HEAD + b"C1|DOE")

    def test_an_output_file_obeys_the_mask(self):
        path = self.folder / "out"
        mask = os.umask(0o027)
        try:
            self.convert("-t", self.id, "-o", path, self.write("a", message(1)))
        finally:
            os.umask(mask)
        self.assertEqual(path.stat().st_mode & 0o777, 0o640)

    def test_an_output_directory_gets_a_file_for_each_result(self):
        self.write("in/lab.hl7", message(1) + message(2))
        self.write("in/ward.txt", message(3))
        result = self.convert("-t", self.id, "--output-dir", self.folder / "out",
                              self.folder / "in", "-", stdin=message(4))
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"")
        made = {path.name: path.read_bytes() for path in (self.folder / "out").iterdir()}
        self.assertEqual(made, {"lab.hl7": HEAD + b"C1|DOE", "lab-2.hl7": HEAD + b"C2|DOE",
                                "ward.hl7": HEAD + b"C3|DOE", "message.hl7": HEAD + b"C4|DOE"})

    def test_files_in_an_output_directory_are_never_replaced(self):
        there = self.write("out/a.hl7", b"mine")
        result = self.convert("-t", self.id, "--output-dir", self.folder / "out",
                              self.write("a", message(1)))
        self.assert_status(result, 3)
        self.assertEqual(there.read_bytes(), b"mine")
        self.assertIn(b"a.hl7: File exists", result.err)

    def test_an_output_that_cannot_be_made_is_named(self):
        result = self.convert("-t", self.id, "-o", self.folder / "no" / "out",
                              self.write("a", message(1)))
        self.assert_status(result, 3)
        self.assertIn(b"no/out: No such file or directory", result.err)

    def test_output_that_does_not_arrive_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([ORDERLY, "convert", "-t", str(self.id)],
                                  input=message(1), stdout=full, stderr=subprocess.PIPE,
                                  timeout=60, check=False, env=environment())
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot write standard output: No space left on device", done.stderr)

    def test_file_and_directory_exclude_each_other(self):
        result = self.convert("-t", self.id, "-o", "a", "--output-dir", "b", stdin=message(1))
        self.assert_status(result, 2)
        self.assertIn(b"exclude each other", result.err)


if __name__ == "__main__":
    main()
