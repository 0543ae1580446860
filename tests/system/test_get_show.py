"""`orderly get` and `orderly show`: looking into messages."""

import json

from support import TestCase, main, needs_dictionary, run
from terminal import on_terminal

RESULT = ("MSH|^~\\&|LAB|TEST|||20260101||ORU^R01^ORU_R01|C1|P|2.5||||||8859/1\r"
          "PID|1||T1^^^A&1.2&ISO~T2^^^B||DOE^JANE^TEST|\"\"\r"
          "OBX|1|TX|K^Kind||caf\xe9 \\T\\ tea\\.br\\two||||||F\r"
          "OBX|2|NM|N||7||||||F\r").encode("latin-1")


class Get(TestCase):
    def setUp(self):
        super().setUp()
        self.result = self.write("result.hl7", RESULT)

    def get(self, *arguments, **settings):
        return run("get", *arguments, **settings)

    def test_values_stand_in_a_line_separated_by_tabs(self):
        result = self.get("MSH-10", "PID-5", "PID-3[2].1", "OBX[2]-5", "OBX[last]-3", self.result)
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"C1\tDOE^JANE^TEST\tT2\t7\tN\n")

    def test_every_message_has_a_line_even_an_empty_one(self):
        path = self.write("a", RESULT + b"MSH|^~\\&|LAB\r" + RESULT)
        result = self.get("PID-5.1", path)
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"DOE\n\nDOE\n")

    def test_raw_values_are_the_bytes_of_the_message(self):
        self.assertEqual(self.get("OBX-5", self.result).out, b"caf\xe9 \\T\\ tea\\.br\\two\n")

    def test_text_is_decoded_and_utf8(self):
        self.assertEqual(self.get("--text", "OBX-5", self.result).out.decode(),
                         "café & tea\\ntwo\n")

    def test_a_value_never_breaks_its_line_or_column(self):
        path = self.write("a", b"MSH|^~\\&|LAB\rNTE|a\nb\tc\x1b[31m\r")
        self.assertEqual(self.get("NTE-1", "MSH-3", path).out, b"a\\nb\\tc\\x1b[31m\tLAB\n")

    def test_json_has_a_member_for_each_path(self):
        result = self.get("--json", "--text", "PID-5.1", "OBX-5", "OBX-6", "ZZZ-1", self.result)
        self.assertEqual(json.loads(result.out), {"PID-5.1": "DOE", "OBX-5": "café & tea\ntwo",
                                                  "OBX-6": "", "ZZZ-1": None})

    def test_messages_come_from_standard_input_with_or_without_a_dash(self):
        for arguments in (["PID-5.1"], ["PID-5.1", "-"]):
            self.assertEqual(self.get(*arguments, stdin=RESULT).out, b"DOE\n")

    def test_a_file_named_like_a_path_is_written_with_its_folder(self):
        self.write("PID", RESULT)
        result = self.get("PID-5.1", "./PID", cwd=self.folder)
        self.assertEqual(result.out, b"DOE\n")

    def test_the_status_tells_whether_any_value_was_there(self):
        self.assert_status(self.get("ZPI-1", "PID-5", self.result), 0)
        self.assert_status(self.get("ZPI-1", "PID-9", self.result), 1)

    def test_a_charset_with_shift_sequences_is_read(self):
        # rule 29
        message = b"MSH|^~\\&|LAB||||20260101||ACK|C1|P|2.5||||||ISO IR87\rNTE|1||\x1b$B4A\x1b(B\r"
        result = self.get("--text", "NTE-3", self.write("kanji", message))
        self.assertEqual(result.out.decode(), "\u6f22\n", repr(result))

    def test_a_charset_can_be_named_for_messages_that_do_not(self):
        path = self.write("a", b"MSH|^~\\&|caf\xe9\r")
        for name in ("8859/1", "latin1"):
            result = self.get("--text", "--charset", name, "MSH-3", path)
            self.assertEqual(result.out.decode(), "café\n", repr(result))
        self.assertEqual(self.get("--text", "MSH-3", path).out.decode(), "caf\ufffd\n")
        self.assert_status(self.get("--charset", "nonsense", "MSH-3", path), 2)

    def test_a_wrong_path_is_shown_with_a_caret(self):
        result = self.get("PID-5.x", self.result)
        self.assert_status(result, 2)
        self.assertIn(b"'PID-5.x' is not a path", result.err)
        self.assertIn(b"\n    PID-5.x\n          ^\n", result.err)

    def test_a_last_word_that_is_neither_path_nor_file_is_told(self):
        result = self.get("PID-5", "gone.hl7")
        self.assert_status(result, 2)
        self.assertIn(b"'gone.hl7' is not a path and no file", result.err)

    def test_a_message_that_cannot_be_read_does_not_stop_the_others(self):
        path = self.write("a", b"MSH|^^^|x\r" + RESULT)
        result = self.get("PID-5.1", path)
        self.assert_status(result, 3)
        self.assertEqual(result.out, b"DOE\n")
        self.assertIn(f"{path}:1: byte ".encode(), result.err)

    def test_a_terminal_is_never_driven_by_a_value(self):
        path = self.write("a", b"MSH|^~\\&|\x1b]0;x\x07\x9b31m\r")
        self.assertEqual(on_terminal("get", "MSH-3", path), "\\x1b]0;x\\x07\ufffd31m\n")


class Show(TestCase):
    def show(self, data, *arguments, **settings):
        return run("show", *arguments, self.write("a", data), **settings)

    def test_a_tree_names_every_value_by_its_path(self):
        result = self.show(RESULT, "--no-names")
        self.assert_status(result, 0)
        lines = [line.split(None, 1) for line in result.out.decode().splitlines()]
        found = {line[0]: line[1] for line in lines if len(line) == 2}
        for path, value in (("MSH-1", "|"), ("MSH-2", "^~\\&"), ("PID-5.2", "JANE"),
                            ("PID-3[1].4.2", "1.2"), ("PID-3[2].4", "B"),
                            ("OBX[1]-3", "K^Kind"), ("OBX[1]-3.1", "K"), ("OBX[2]-5", "7"),
                            ("PID-6", '""  (null: delete)')):
            self.assertEqual(found[path], value)
        self.assertIn(["OBX[1]"], lines)
        self.assertNotIn("PID-2", found)

    def test_the_separators_are_explained(self):
        lines = self.show(b"MSH#:~\\&#LAB\n").out.decode().splitlines()
        self.assertEqual(lines[1], "  # field  : component  ~ repetition  \\ escape"
                                   "  & sub-component  LF segment end")

    def test_separators_that_are_not_there_are_not_explained(self):
        lines = self.show(b"MSH|^\rPID|a~b&c\r").out.decode().splitlines()
        self.assertEqual(lines[1], "  | field  ^ component  CR segment end")

    def test_a_decoded_value_stands_behind_the_raw_one(self):
        self.assertIn("caf\u00e9 \\T\\ tea\\.br\\two  = caf\u00e9 & tea\\ntwo",
                      self.show(RESULT).out.decode())

    @needs_dictionary
    def test_empty_fields_are_shown_on_request(self):
        self.assertNotIn(b"PID-2 ", self.show(RESULT).out)
        self.assertRegex(self.show(RESULT, "--all").out, rb"PID-2 +Patient ID +CX +\(empty\)\n")

    @needs_dictionary
    def test_a_field_has_its_name_and_type(self):
        out = self.show(RESULT).out.decode()
        self.assertIn("\nPID  Patient Identification\n", out)
        self.assertRegex(out, r"PID-5 +Patient Name +XPN +DOE\^JANE\^TEST\n")
        self.assertRegex(out, r"PID-5\.2 +Given Name +ST +JANE\n")
        self.assertRegex(out, r"PID-3\[1\]\.4\.2 +Universal ID +ST +1\.2\n")

    @needs_dictionary
    def test_a_code_is_explained(self):
        out = self.show(b"MSH|^~\\&|||||||ADT^A01|1|P|2.5\rPID||||||||F||2106-3^White^L\r"
                        b"DG1||||||A\r").out.decode()
        self.assertRegex(out, r"PID-8 +Administrative Sex +IS +F  \(Female\)\n")
        self.assertRegex(out, r"DG1-6 +Diagnosis Type +IS +A  \(Admitting\)\n")

    @needs_dictionary
    def test_a_code_of_another_coding_system_is_not_explained(self):
        for system, end in ((b"L", r""), (b"HL70005", r"  \(White\)"), (b"", r"  \(White\)")):
            out = self.show(b"MSH|^~\\&|||||||ADT^A01|1|P|2.5\rPID||||||||||2106-3^W^" + system +
                            b"\r").out.decode()
            self.assertRegex(out, r"PID-10\.1 +Identifier +ST +2106-3" + end + r"\n")

    @needs_dictionary
    def test_names_are_those_of_the_version_of_the_message(self):
        for version, name in ((b"2.2", "Sex"), (b"2.5", "Administrative Sex"), (b"2.9", "Administrative Sex"),
                              (b"", "Administrative Sex")):
            out = self.show(b"MSH|^~\\&|||||||ADT^A01|1|P|" + version + b"\rPID||||||||F\r").out.decode()
            self.assertRegex(out, r"PID-8 +" + name + " +I[SD] +F|PID-8 +" + name + " +CWE +F", version)

    @needs_dictionary
    def test_an_observation_has_the_type_that_it_names(self):
        out = self.show(RESULT).out.decode()
        self.assertRegex(out, r"OBX\[1\]-5 +Observation Value +TX ")
        self.assertRegex(out, r"OBX\[2\]-5 +Observation Value +NM ")

    def test_what_the_standard_does_not_have_has_no_name(self):
        out = self.show(b"MSH|^~\\&|||||||ADT|1|P|2.5\rZPI|x\rPID" + b"|" * 90 + b"y\r").out.decode()
        self.assertRegex(out, r"\nZPI\n +ZPI-1 +x\n")
        self.assertRegex(out, r"PID-90 +y\n")

    def test_names_are_left_out_on_request(self):
        out = self.show(RESULT, "--no-names").out.decode()
        self.assertIn("\nPID\n", out)
        self.assertRegex(out, r"PID-5 +DOE")
        tree = self.show(RESULT, "--no-names", "--json").out
        for member in (b'"name":"Patient Name"', b'"type":"XPN"', b'"title"', b'"meaning"'):
            self.assertNotIn(member, tree)

    def test_every_message_has_a_head(self):
        result = self.show(RESULT + b"MSH|^~\\&|||||||ACK|\r")
        path = str(self.folder / "a")
        self.assertIn(f"Message 1  {path}:1  ORU^R01^ORU_R01, ".encode(), result.out)
        self.assertIn(f"Message 2  {path}:5  ACK, 20 bytes, 1 segment\n".encode(), result.out)

    @needs_dictionary
    def test_json_holds_the_whole_tree(self):
        tree = json.loads(self.show(RESULT, "--json").out)
        self.assertEqual([segment["path"] for segment in tree["segments"]],
                         ["MSH", "PID", "OBX[1]", "OBX[2]"])
        self.assertEqual(tree["delimiters"]["subcomponent"], "&")
        self.assertEqual(tree["type"], "ORU^R01^ORU_R01")
        fields = {field["path"]: field for field in tree["segments"][1]["fields"]}
        self.assertEqual(fields["PID-6"], {"path": "PID-6", "name": "Mother's Maiden Name",
                                           "type": "XPN", "raw": '""', "text": '""', "null": True})
        first = fields["PID-3"]["repetitions"][0]
        self.assertEqual(first["components"][1]["subcomponents"][2],
                         {"path": "PID-3[1].4.3", "name": "Universal ID Type", "type": "ID",
                          "raw": "ISO", "text": "ISO",
                          "meaning": "An International Standards Organization Object Identifier"})
        self.assertEqual(tree["segments"][1]["title"], "Patient Identification")
        observation = {field["path"]: field for field in tree["segments"][2]["fields"]}
        self.assertEqual(observation["OBX[1]-5"]["text"], "café & tea\ntwo")

    def test_json_has_a_line_for_each_message(self):
        lines = self.show(RESULT * 3, "--json").out.splitlines()
        self.assertEqual([json.loads(line)["line"] for line in lines], [1, 5, 9])

    def test_control_characters_are_written_out(self):
        result = self.show(b"MSH|^~\\&|\x1b[31m\x07\rN\x1bE|x\r")
        self.assertIn(b"\\x1b[31m\\x07\n", result.out)
        self.assertIn(b"N\\x1bE-1", result.out)
        self.assertNotIn(b"\x1b", result.out)

    def test_an_unknown_character_set_is_told_once(self):
        odd = b"MSH|^~\\&|" + b"|" * 15 + b"NONSENSE\r"
        result = self.show(odd * 2)
        self.assert_status(result, 0)
        self.assertEqual(result.err.count(b"character set that is unknown here"), 1)

    # rule 17
    def test_a_million_components_repetitions_and_segments_are_ordinary(self):
        for data in (b"OBX|" + b"a^" * 1000000, b"OBX|" + b"a~" * 1000000,
                     b"OBX" + b"|" * 1000000 + b"a", b"Z|\r" * 1000000):
            result = self.show(b"MSH|^~\\&|LAB\r" + data + b"\r")
            self.assert_status(result, 0)
            self.assertGreater(len(result.out), 100)

    def test_no_message_is_an_error(self):
        result = self.show(b"hello\n")
        self.assert_status(result, 3)
        self.assertIn(b"a:1: no message here: no line begins with MSH", result.err)


class Terminal(TestCase):
    def setUp(self):
        super().setUp()
        self.path = self.write("a", b"MSH|^~\\&|LAB\rNTE|" + b"x" * 1000 + b"|A^B\r")

    def test_long_values_are_cut_to_the_width(self):
        for columns in (80, 120):
            shown = on_terminal("show", self.path, columns=columns, NO_COLOR="1")
            lines = shown.splitlines()
            self.assertTrue(all(len(line) <= columns for line in lines), shown)
            cut = [line for line in lines if "NTE-1 " in line]
            self.assertTrue(cut[0].endswith("xxx... (1000 bytes)"), cut)
            self.assertEqual(len(cut[0]), columns)

    def test_wide_characters_take_two_columns(self):
        path = self.write("b", "MSH|^~\\&|漢{}\r".format("漢字" * 100).encode())
        shown = on_terminal("show", path, columns=60, NO_COLOR="1")
        line = next(line for line in shown.splitlines() if "MSH-3" in line)
        width = len(line) + sum(character > "\u2000" for character in line)
        self.assertIn(width, (59, 60))

    @needs_dictionary
    def test_names_and_meanings_keep_to_the_width(self):
        path = self.write("c", b"MSH|^~\\&|LAB||||||ADT^A01^ADT_A01|1|P|2.5||||||UNICODE UTF-8\r"
                          b"PID|||||DOE^JANE^TEST\r")
        for columns in (60, 80, 100):
            shown = on_terminal("show", path, columns=columns, NO_COLOR="1")
            self.assertTrue(all(len(line) <= columns for line in shown.splitlines()[1:]
                                if not line.startswith("  |")), shown)
            self.assertIn("Second", shown)

    def test_a_narrow_terminal_has_no_names(self):
        self.assertNotIn("Sending", on_terminal("show", self.path, columns=50, NO_COLOR="1"))

    def test_nothing_is_cut_on_request_or_in_a_pipe(self):
        self.assertIn("x" * 1000, on_terminal("show", "--full", self.path))
        self.assertIn(b"x" * 1000, run("show", self.path).out)

    def test_colours_are_for_terminals_that_want_them(self):
        self.assertIn("\x1b[36m", on_terminal("show", self.path))
        self.assertNotIn("\x1b", on_terminal("show", self.path, NO_COLOR="1"))
        self.assertNotIn("\x1b", on_terminal("show", "--color=never", self.path))
        self.assertNotIn(b"\x1b", run("show", self.path).out)
        self.assertIn(b"\x1b[36m", run("show", "--color=always", self.path).out)


if __name__ == "__main__":
    main()
