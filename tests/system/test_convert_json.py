"""`orderly convert` beyond HL7: JSON and JSON Lines in, any format out, other messages, refusals,
limits."""

from support import TestCase, main, run

HEAD = b"MSH|^~\\&|LAB|TEST|||20260101||ORU^R01|"


def message(number, name=b"DOE^JANE"):
    return HEAD + b"C%d|P|2.5\rPID|1||T%d||%s\r" % (number, number, name)


class Convert(TestCase):
    def convert(self, template, *arguments, name="t.txt", **settings):
        return run("convert", "-t", self.write(name, template), *arguments, **settings)


class Sources(Convert):
    def test_a_json_file_is_one_source_however_it_is_laid_out(self):
        for text in (b'{"a": {"b": "x"}}', b'{\n  "a": {"b": "x"}\n}\n', b'{"a":\n{"b":"x"}}',
                     b'[\n{"a":1}\n]'):
            with self.subTest(text):
                result = self.convert(b"<{$.a.b}>\n", stdin=text)
                self.assert_status(result, 0)
                self.assertEqual(result.out, b"<x>\n" if b"b" in text else b"<>\n")

    def test_each_line_of_json_lines_is_a_source(self):
        result = self.convert(b"{$.a}", stdin=b'{"a":1}\r\n\n  {"a":2}\n{"a":[3]}')
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"1\n2\n[3]\n")

    def test_arrays_may_be_lines_too(self):
        result = self.convert(b"{$[1]}", stdin=b"[1,2]\n[3,4]\n")
        self.assertEqual(result.out, b"2\n4\n")

    def test_a_bad_line_is_named_and_the_others_are_converted(self):
        result = self.convert(b"{$.a}", stdin=b'{"a":1}\n{"a":}\n{"a":3}\n')
        self.assert_status(result, 1)
        self.assertEqual(result.out, b"1\n3\n")
        self.assertIn(b"standard input:2: not converted", result.err)

    def test_lines_get_files_of_their_own(self):
        source = self.write("in.json", b'{"a":1}\n{"a":2}\n')
        result = self.convert(b"{output json}\n{$.a}", "--output-dir", self.folder / "out", source)
        self.assert_status(result, 0)
        made = {path.name: path.read_bytes() for path in (self.folder / "out").iterdir()}
        self.assertEqual(made, {"in.json": b"1", "in-2.json": b"2"})


    def test_what_has_to_be_utf_8_is_made_so(self):
        """Rule 29: by MSH-18, or by --charset where a message names no set."""
        latin = "Müller".encode("latin-1")
        for form, expected in ((b"{output json}\n{PID-5}", '"Müller"'),
                               (b"{output xml}\n<a>{PID-5}</a>", "<a>Müller</a>")):
            named = message(1, latin).replace(b"|2.5\r", b"|2.5||||||8859/1\r")
            result = self.convert(form, stdin=named)
            self.assert_status(result, 0)
            self.assertEqual(result.out.decode().strip(), expected)
            result = self.convert(form, "--charset", "latin1", stdin=message(1, latin))
            self.assert_status(result, 0)
            self.assertEqual(result.out.decode().strip(), expected)

    def test_what_stays_hl7_or_text_keeps_its_bytes(self):
        named = message(1, b"M\xfcller").replace(b"|2.5\r", b"|2.5||||||8859/1\r")
        self.assertEqual(self.convert(b"{PID-5}", stdin=named).out, b"M\xfcller")
        self.assertEqual(self.convert(b"{source}", stdin=named).out, named)

    def test_a_set_that_is_unknown_is_a_mistake(self):
        self.assert_status(self.convert(b"{PID-5}", "--charset", "none-such", stdin=message(1)), 2)

class Results(Convert):
    def test_files_are_named_by_what_the_template_makes(self):
        source = self.write("in", message(1))
        for form in ("json", "xml", "csv"):
            with self.subTest(form):
                folder = self.folder / form
                result = self.convert(b"{output %s}\n{MSH-10}" % form.encode(),
                                      "--output-dir", folder, source)
                self.assert_status(result, 0)
                self.assertEqual([path.name for path in folder.iterdir()], [f"in.{form}"])

    def test_several_json_results_are_lines(self):
        result = self.convert(b'{output json}\n{"id":"{MSH-10}"}', stdin=message(1) + message(2))
        self.assertEqual(result.out, b'{"id":"C1"}\n{"id":"C2"}\n')


class Refusals(Convert):
    def test_a_refused_message_is_told_with_its_reason_and_the_others_go_on(self):
        source = self.write("in", message(1) + message(2, b"ROE") + message(3))
        result = self.convert(b"{if PID-5 = 'ROE'}{reject 'AE' 'no ' PID-5}{end}{MSH-10}", source)
        self.assert_status(result, 1)
        self.assertEqual(result.out, b"C1\nC3\n")
        self.assertEqual(result.err.decode(), "orderly convert: "
                         f"{source}:3: refused by the template (AE): no ROE\n")

    def test_a_reason_cannot_drive_a_terminal(self):
        result = self.convert(b"{reject 'AR' PID-5}", stdin=message(1, b"a\x1b[2J"))
        self.assertIn(b"(AR): a\\x1b[2J\n", result.err)

    def test_no_output_file_holds_what_was_refused(self):
        out = self.folder / "out"
        self.convert(b"{MSH-10}{reject 'AE' 'x'}", "-o", out, stdin=message(1))
        self.assertEqual(out.read_bytes(), b"")


class OtherMessages(Convert):
    def test_a_named_message_can_be_read(self):
        order = self.write("order", message(7, b"ROE^MAX"))
        result = self.convert(b"{order:PID-5.1} {PID-5.1} {none:PID-5.1}", "-m",
                              f"order={order}", stdin=message(1))
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"ROE DOE ")

    def test_several_can_be_named(self):
        one, two = self.write("one", message(1)), self.write("two", message(2))
        result = self.convert(b"{a:MSH-10}{b:MSH-10}{MSH-10}", f"--message=a={one}",
                              f"--message=b={two}", stdin=message(3))
        self.assertEqual(result.out, b"C1C2C3")

    def test_what_is_not_one_message_is_wrong(self):
        many = self.write("many", message(1) + message(2))
        for value, status in ((f"a={many}", 2), (f"a={self.folder}/gone", 3), ("a", 2), ("=x", 2),
                              (f"a={self.write('none', b'')}", 3)):
            with self.subTest(value):
                result = self.convert(b"x", "-m", value, stdin=message(1))
                self.assert_status(result, status)
                self.assertEqual(result.out, b"")
                self.assertIn(b"--message" if status == 2 else b"", result.err)


class Limits(Convert):
    def test_a_conversion_with_too_many_steps_is_given_up_and_the_others_are_not(self):
        loop = b"{for x in $.a}{x}{end}"
        source = b'{"a":[%s]}\n{"a":[7]}\n' % b",".join([b"1"] * 1000)
        result = self.convert(loop, "--max-steps", "500", stdin=source)
        self.assert_status(result, 1)
        self.assertEqual(result.out, b"7")
        self.assertIn(b"standard input:1: not converted", result.err)
        self.assert_status(self.convert(loop, stdin=source), 0)


if __name__ == "__main__":
    main()
