"""`orderly convert --trace`: where the values of a result came from."""

from support import TestCase, main, run
from terminal import on_terminal

SOURCE = (b"MSH|^~\\&|LAB|TEST|||20260101||ADT^A01|C1|P|2.5\r"
          b"PID|1||T1||DOE^JANE|||F\rPV1|1|I\r")
TEMPLATE = b"MSH|^~\\&|RIS|{MSH-3}\nPID|1||{upper(PID-5.2)}^{PID-5.1}|{'X'}\n"


class Trace(TestCase):
    def setUp(self):
        super().setUp()
        self.template = self.write("t.hl7", TEMPLATE)
        self.source = self.write("in.hl7", SOURCE)

    def trace(self, *arguments, template=None, **settings):
        return run("convert", "--trace", "-t", template or self.template, *arguments, **settings)


class Asking(Trace):
    def test_the_result_itself_is_not_printed(self):
        out = self.trace(self.source).out
        self.assertNotIn(b"RIS|LAB", out)
        self.assertIn(b"MSH-3           'RIS'", out)

    def test_a_trace_goes_to_standard_output_only(self):
        for options in (("-o", "x"), ("--output-dir", "x")):
            self.assert_status(self.trace(*options, self.source), 2)
        self.assert_status(run("convert", "-t", self.template, "--json", self.source), 2)

    def test_sequences_are_not_used_up(self):
        numbers = self.write("numbers", b"a 4\n")
        template = self.write("s.txt", b"{sequence('a')}")
        for _ in range(2):
            result = self.trace("--sequence-file", numbers, self.source, template=template)
            self.assertIn(b"'5'", result.out)
        self.assertEqual(numbers.read_bytes(), b"a 4\n")

    def test_each_message_has_its_own_trace(self):
        result = self.trace(self.write("two", SOURCE + SOURCE.replace(b"C1", b"C2")))
        heads = [line for line in result.out.decode().splitlines() if not line.startswith(" ")]
        self.assertEqual(heads, [f"{self.folder}/two:1", f"{self.folder}/two:4"])

    def test_a_value_cannot_drive_the_terminal(self):
        source = self.write("evil", SOURCE.replace(b"DOE", b"D\x1b[2JE"))
        shown = on_terminal("convert", "--trace", "--color", "never", "-t", self.template, source)
        self.assertNotIn("\x1b", shown)
        self.assertIn("D\\x1b[2JE", shown)


if __name__ == "__main__":
    main()
