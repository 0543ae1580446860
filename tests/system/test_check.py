"""`orderly check`: what is wrong with templates, before a message meets them."""

import json
import os

from support import SOURCE, TestCase, main, run

GOOD = b"MSH|^~\\&|{MSH-3}\nPID|1||{PID-3.1}\n"
WARNED = b"A {XYQ-1} B\n"
WRONG = b"{uper(PID-5.1)}\n"


class Check(TestCase):
    def check(self, *arguments, **settings):
        result = run("check", *arguments, **settings)
        self.out = result.out.decode()
        self.err = result.err.decode()
        return result.status

    def write(self, name, data):
        return str(super().write(name, data))

    def write_templates(self, **files):
        """A folder with these files; `__` in a name stands for the dot."""
        for name, content in files.items():
            path = self.write("templates/" + name.replace("__", "."), content)
        return os.path.dirname(path)


class Templates(Check):
    def test_a_template_without_mistakes_is_told_in_one_line(self):
        self.assertEqual(self.check(self.write("good.hl7", GOOD)), 0)
        self.assertEqual(self.out, "1 file: no mistakes\n")
        self.assertEqual(self.err, "")

    def test_an_error_is_shown_with_its_place_and_a_caret(self):
        path = self.write("wrong.hl7", b"MSH|^~\\&|\nPID|{uper(PID-5.1)}\n")
        self.assertEqual(self.check(path), 2)
        self.assertEqual(self.out,
                         f"{path}:2:6: unknown function 'uper' (did you mean 'upper'?)\n"
                         "    PID|{uper(PID-5.1)}\n"
                         "         ^\n"
                         "1 file: 1 error, 0 warnings\n")

    def test_a_warning_alone_is_no_failure_unless_it_shall_be(self):
        path = self.write("warned.hl7", WARNED)
        self.assertEqual(self.check(path), 0)
        self.assertEqual(self.out, f"{path}:1:4: warning: HL7 up to 2.8.2 has no segment 'XYQ'\n"
                                   "    A {XYQ-1} B\n"
                                   "       ^\n"
                                   "1 file: 0 errors, 1 warning\n")
        self.assertEqual(self.check("--werror", path), 1)
        self.assertEqual(self.check("--werror", self.write("good.hl7", GOOD)), 0)

    def test_errors_and_warnings_stand_in_the_order_of_the_text(self):
        path = self.write("both.txt", b"{XYQ-1}\n{pid-5}\n{PID-41}\n")
        self.assertEqual(self.check("--werror", path), 2)
        places = [line.split(":")[1] for line in self.out.splitlines() if line.startswith(path)]
        self.assertEqual(places, ["1", "2", "3"])
        self.assertIn("1 file: 1 error, 2 warnings\n", self.out)

    def test_all_files_are_checked_and_the_worst_decides(self):
        good, wrong = self.write("good.hl7", GOOD), self.write("wrong.hl7", WRONG)
        self.assertEqual(self.check(wrong, good), 2)
        self.assertIn("2 files: 1 error, 0 warnings\n", self.out)
        self.assertEqual(self.check(good, "missing.hl7", wrong), 3)
        self.assertIn("cannot read missing.hl7: No such file or directory", self.err)
        self.assertIn("3 files: 1 error, 0 warnings, 1 not read\n", self.out)

    def test_standard_input_is_a_template_too(self):
        self.assertEqual(self.check("-", stdin=WRONG), 2)
        self.assertIn("unknown function 'uper'", self.out)

    def test_without_a_file_it_says_what_it_needs(self):
        self.assertEqual(self.check(), 2)
        self.assertIn("see 'orderly check --help'", self.err)


class Tables(Check):
    def test_the_table_a_template_uses_is_checked_with_it(self):
        self.write("sex.csv", b"F,female\nF,twice\n")
        self.assertEqual(self.check(self.write("t.hl7", b"{map('sex', PID-8, 'U')}")), 2)
        self.assertIn("sex.csv:2", self.out)
        self.write("sex.csv", b"F,female\nM,male\n")
        self.assertEqual(self.check(self.write("t.hl7", b"{map('sex', PID-8, 'U')}")), 0)

    def test_a_table_that_is_not_there_is_an_error(self):
        self.assertEqual(self.check(self.write("t.hl7", b"{map('sex', PID-8, 'U')}")), 2)
        self.assertIn("sex.csv", self.out)

    def test_a_map_without_default_is_a_warning(self):
        self.write("sex.csv", b"F,female\n")
        self.assertEqual(self.check(self.write("t.hl7", b"{map('sex', PID-8)}")), 0)
        self.assertIn("warning: this map has no default", self.out)

    def test_a_table_that_is_named_is_checked_alone(self):
        self.assertEqual(self.check(self.write("good.csv", b"F,female\nM,male\n")), 0)
        self.assertEqual(self.out, "1 file: no mistakes\n")
        self.assertEqual(self.check(self.write("any name.csv", b"F,female\nF,twice\n")), 2)
        self.assertIn("1 file: 1 error, 0 warnings\n", self.out)

    def test_a_table_that_cannot_be_read_is_told(self):
        self.write("sex.csv/file", b"")
        self.assertEqual(self.check(self.write("t.hl7", b"{map('sex', PID-8, 'U')}")), 3)
        self.assertIn("sex.csv: Is a directory", self.err)


class Directories(Check):
    def test_a_directory_stands_for_the_templates_in_it(self):
        folder = self.write_templates(a__hl7=GOOD, b__txt=WRONG, c__json=WARNED, README__md=WRONG,
                             sex__csv=b"F,female\nF,twice\n", __hidden=WRONG, old__bak=WRONG)
        self.write("templates/a.cases/one.in.hl7", WRONG)
        self.assertEqual(self.check(folder), 2)
        self.assertIn("3 files: 1 error, 1 warning\n", self.out)
        self.assertIn(f"{folder}/b.txt:1:2: ", self.out)
        self.assertIn(f"{folder}/c.json:1:4: warning: ", self.out)

    def test_a_template_that_makes_csv_is_no_table(self):
        folder = self.write_templates(row__csv=b"{output csv}\n{PID-3.1},{PID-5}\n",
                                      rows__csv=b"{# wrong #}\n{output csv}\n{pid-3}\n")
        self.assertEqual(self.check(f"{folder}/row.csv"), 0)
        self.assertEqual(self.check(folder), 2)
        self.assertIn("2 files: 1 error, 0 warnings\n", self.out)
        self.assertIn(f"{folder}/rows.csv:3:2: ", self.out)

    def test_a_folder_of_cases_that_a_pattern_caught_is_passed_over(self):
        folder = self.write_templates(a__hl7=GOOD)
        self.write("templates/a.cases/one.in.hl7", WRONG)
        self.assertEqual(self.check(f"{folder}/a.hl7", f"{folder}/a.cases", f"{folder}/a.cases/"),
                         0)
        self.assertEqual(self.out, "1 file: no mistakes\n")

    def test_a_directory_with_nothing_to_check_is_told(self):
        folder = self.write_templates(sex__csv=b"F,female\n")
        self.assertEqual(self.check(folder), 3)
        self.assertIn("nothing to check in this directory", self.err)

    def test_a_file_that_another_one_includes_is_checked_as_a_part_of_it(self):
        folder = self.write_templates(main__hl7=b"{for o in OBX}\n{include 'part.hl7'}\n{end}\n",
                                      part__hl7=b"{o-5}\n{o-31}\n")
        self.assertEqual(self.check(folder), 0, self.out)
        self.assertEqual(self.out.count("has no OBX-31"), 1)
        self.assertIn(f"{folder}/part.hl7:2:2: warning: ", self.out)
        self.assertIn("2 files: 0 errors, 1 warning\n", self.out)
        self.assertEqual(self.check(f"{folder}/part.hl7"), 2)

    def test_files_that_include_each_other_are_mistakes(self):
        folder = self.write_templates(a__hl7=b"{include 'b.hl7'}\n", b__hl7=b"{include 'a.hl7'}\n")
        self.assertEqual(self.check(folder), 2)
        self.assertIn("includes itself", self.out)

    def test_the_examples_have_no_mistakes(self):
        self.assertEqual(self.check("--werror", SOURCE / "examples/templates"), 0, self.out)


class Configurations(Check):
    """A program that was built without the broker cannot read them, and says so."""

    RIGHT = (b"[listener in]\naddress = 2575\n[destination out]\nmllp = ris:2575\n"
             b"[route r]\nfrom = in\nto = out\n")

    def setUp(self):
        super().setUp()
        self.right = self.write("right.ini", self.RIGHT)
        if self.check(self.right) == 3:
            self.assertIn("built without the broker", self.err)
            self.assertEqual(self.out, "1 file: 0 errors, 0 warnings, 1 not read\n")
            self.broker = False
        else:
            self.broker = True

    def check_here(self, path, status):
        if self.broker:
            self.assertEqual(self.check(path), status, self.out + self.err)
        return self.broker

    def test_one_without_mistakes_is_told_in_one_line(self):
        if self.check_here(self.right, 0):
            self.assertEqual(self.out, "1 file: no mistakes\n")

    def test_mistakes_are_shown_as_those_of_templates_are(self):
        self.write("t/to.hl7", b"MSH|^~\\&|A\n{uper(PID-5)}\n")
        self.write("more/part.ini", b"[listener two]\naddress = 2576\nack = storde\n")
        path = self.write("wrong.ini", b"include = more/*.ini\n" + self.RIGHT +
                          b"template = t/to.hl7\nsotp = yes\n")
        folder = os.path.dirname(path)
        if self.check_here(path, 2):
            self.assertEqual(self.out, (
                f"{folder}/t/to.hl7:2:2: unknown function 'uper' (did you mean 'upper'?)\n"
                "    {uper(PID-5)}\n"
                "     ^\n"
                f"{path}:10:1: unknown key 'sotp' (did you mean 'stop'?)\n"
                "    sotp = yes\n"
                "    ^\n"
                f"{folder}/more/part.ini:1:1: warning: no route takes from this listener; its "
                "messages are kept and go nowhere\n"
                "    [listener two]\n"
                "    ^\n"
                f"{folder}/more/part.ini:3:7: 'storde' is none of received, stored, delivered, none "
                "(did you mean 'stored'?)\n"
                "    ack = storde\n"
                "          ^\n"
                "1 file: 3 errors, 1 warning\n"))

    def test_one_that_cannot_be_read_ends_in_status_3(self):
        if self.check_here("missing.ini", 3):
            self.assertIn("missing.ini:1:1: cannot read missing.ini: No such file or directory\n",
                          self.out)
            self.assertIn("1 file: 1 error, 0 warnings, 1 not read\n", self.out)

    def test_those_of_a_directory_are_checked_only_when_they_are_named(self):
        folder = self.write_templates(a__hl7=GOOD, b__ini=b"junk\n")
        self.assertEqual(self.check(folder), 0, self.out)
        self.check_here(f"{folder}/b.ini", 2)


class Json(Check):
    def test_findings_and_counts_are_one_object(self):
        path = self.write("both.txt", b"{XYQ-1}\n{pid-5}\n")
        self.assertEqual(self.check("--json", path, "missing.hl7"), 3)
        self.assertEqual(json.loads(self.out), {
            "findings": [
                {"file": path, "line": 1, "column": 2, "severity": "warning",
                 "text": "HL7 up to 2.8.2 has no segment 'XYQ'"},
                {"file": path, "line": 2, "column": 2, "severity": "error",
                 "text": "unknown name 'pid': segment names are upper case "
                         "(did you mean 'PID-5'?)"}],
            "files": 2, "errors": 1, "warnings": 1, "unreadable": 1})
        self.assertIn("missing.hl7", self.err)

    def test_without_findings_the_list_is_empty(self):
        self.assertEqual(self.check("--json", self.write("good.hl7", GOOD)), 0)
        self.assertEqual(json.loads(self.out), {"findings": [], "files": 1, "errors": 0,
                                                "warnings": 0, "unreadable": 0})


if __name__ == "__main__":
    main()
