"""`orderly diff`: differences between messages and files of messages."""

import json

from support import TestCase, main, run
from terminal import on_terminal

HEAD = b"MSH|^~\\&|LAB|TEST|||20260101||ORU^R01|C1|P|2.5\r"
A = HEAD + b"PID|1||T1||DOE^JANE^TEST\rOBX|1|NM|X||5\rOBX|2|NM|Y||6\r"
B = HEAD + b"PID|1||T1||DOE^JOAN^TEST\rOBX|2|NM|Y||7\rNTE|1||new\r"


class Diff(TestCase):
    def diff(self, first, second, *options):
        return run("diff", *options, self.write("a", first), self.write("b", second))

    def test_what_differs_is_told_by_path(self):
        result = self.diff(A, B)
        self.assert_status(result, 1)
        lines = result.out.decode().splitlines()
        self.assertEqual([line.split()[0] for line in lines[:2]], ["---", "+++"])
        self.assertEqual(lines[2:], ["PID-5.2: 'JANE' -> 'JOAN'",
                                     "OBX: segment removed: 'OBX|1|NM|X||5'",
                                     "OBX[2]-5: '6' -> '7'",
                                     "NTE: segment added: 'NTE|1||new'"])

    def test_messages_that_are_the_same_give_no_output(self):
        for other in (A, A.replace(b"\r", b"\n"), A.replace(b"\r", b"\r\n"), A.rstrip()):
            result = self.diff(A, other)
            self.assert_status(result, 0)
            self.assertEqual(result.out + result.err, b"")

    def test_loosely_empty_parts_and_delimiters_make_no_difference(self):
        other = (A.replace(b"JANE^TEST", b"JANE^TEST^^|||").replace(b"|", b"#")
                 .replace(b"^", b"$"))
        self.assert_status(self.diff(A, other), 1)
        result = self.diff(A, other, "--loose")
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"")

    def test_json_has_a_line_for_each_difference(self):
        result = self.diff(A, B, "--json")
        self.assert_status(result, 1)
        rows = [json.loads(line) for line in result.out.splitlines()]
        self.assertEqual(rows[0], {"message": 1, "path": "PID-5.2", "kind": "changed",
                                   "expected": "JANE", "actual": "JOAN"})
        self.assertEqual([row["kind"] for row in rows],
                         ["changed", "segment-missing", "changed", "segment-extra"])
        self.assertIsNone(rows[3]["expected"])

    def test_quiet_says_it_by_the_status_only(self):
        result = self.diff(A, B, "--quiet")
        self.assert_status(result, 1)
        self.assertEqual(result.out + result.err, b"")

    def test_files_of_several_messages_are_compared_in_order(self):
        result = self.diff(A + B, A + A)
        self.assert_status(result, 1)
        self.assertIn("b:5\nPID-5.2: 'JOAN' -> 'JANE'\n", result.out.decode())
        self.assert_status(self.diff(A + B, A + B), 0)

    def test_a_file_with_more_messages_is_different(self):
        for first, second in ((A + A + A, A), (A, A + A + A)):
            result = self.diff(first, second)
            self.assert_status(result, 1)
            self.assertIn(b"has 2 messages more than", result.err)

    def test_what_cannot_be_read_is_3(self):
        missing = self.folder / "missing"
        self.assert_status(run("diff", self.write("a", A), missing), 3)
        self.assert_status(run("diff", missing, self.write("a", A)), 3)
        self.assert_status(self.diff(A, b""), 3)
        self.assert_status(self.diff(A, b"no message"), 3)
        self.assert_status(self.diff(HEAD.replace(b"^~", b"^^"), A), 3)
        self.assert_status(run("diff", self.write("a", A)), 2)

    def test_standard_input_can_be_one_of_the_two(self):
        first = self.write("a", A)
        self.assert_status(run("diff", first, "-", stdin=A), 0)
        self.assert_status(run("diff", "-", first, stdin=B), 1)

    def test_control_characters_do_not_reach_the_terminal(self):
        first = self.write("a", A)
        second = self.write("b", A.replace(b"JANE", b"J\x1b[2JN"))
        shown = on_terminal("diff", "--color", "never", first, second)
        self.assertIn("PID-5.2: 'JANE' -> 'J\\x1b[2JN'", shown)
        self.assertNotIn("\x1b", shown)

    def test_latin1_is_readable(self):
        latin1 = A.replace(b"|P|2.5", b"|P|2.5||||||8859/1").replace(b"JANE", b"J\xc4NE")
        result = self.diff(latin1, latin1.replace(b"\xc4", b"\xd6"))
        self.assertIn("'JÄNE' -> 'JÖNE'", result.out.decode())


if __name__ == "__main__":
    main()
