"""`orderly test`: the cases beside templates."""

import json
import xml.etree.ElementTree

from support import TestCase, main, run
from terminal import on_terminal

MESSAGE = (b"MSH|^~\\&|LAB|TEST|||20260101||ORM^O01|C1|P|2.5\n"
           b"PID|1||T1||DOE^JANE^TEST\nORC|NW|A1\n")
TEMPLATE = b"MSH|^~\\&|ORDERLY|TEST|||{MSH-7}||ORM^O01|{MSH-10}|P|2.5\nPID|1||{PID-3}||{PID-5}\n"
RESULT = (b"MSH|^~\\&|ORDERLY|TEST|||20260101||ORM^O01|C1|P|2.5\n"
          b"PID|1||T1||DOE^JANE^TEST\n")


class Cases(TestCase):
    def case(self, name, **parts):
        """Writes the files of a case: case("ris.cases/a", in_hl7=b"..."), error=b"..."."""
        for part, content in parts.items():
            self.write(f"{name}.{part.replace('_', '.')}", content)

    def good(self):
        self.write("ris.hl7", TEMPLATE)
        self.case("ris.cases/a", in_hl7=MESSAGE, out_hl7=RESULT)

    def go(self, *arguments, **settings):
        return run("test", *arguments, cwd=self.folder, **settings)

    def check(self, status, *arguments):
        result = self.go(*arguments)
        self.assert_status(result, status)
        return result.out.decode()

    def read(self, name):
        return (self.folder / name).read_bytes()


class Verdicts(Cases):
    def test_a_case_that_gives_what_it_should_passes(self):
        self.good()
        self.assertEqual(self.check(0), "ris.hl7: 1 case\n1 template, 1 case: 1 passed, 0 failed\n")

    def test_line_ends_do_not_matter_in_hl7(self):
        self.good()
        for ends in (b"\r", b"\r\n"):
            self.case("ris.cases/a", in_hl7=MESSAGE.replace(b"\n", ends),
                      out_hl7=RESULT.replace(b"\n", ends))
            self.check(0)

    def test_a_case_that_gives_something_else_fails_and_says_where(self):
        self.good()
        self.case("ris.cases/a", out_hl7=RESULT.replace(b"JANE", b"JOAN"))
        self.assertIn("  a: failed\n    PID-5.2: expected 'JOAN', got 'JANE'\n", self.check(1))

    def test_text_is_compared_line_by_line(self):
        self.write("note.txt", b"Patient\n{PID-5.1}\nend\n")
        self.case("note.cases/a", in_hl7=MESSAGE, out_txt=b"Patient\r\nDOE\r\nend")
        self.check(0)
        self.case("note.cases/a", out_txt=b"Patient\nDOLE\nend\n")
        self.assertIn("    line 2:\n    - DOLE\n    + DOE\n        ^\n", self.check(1))
        self.case("note.cases/a", out_txt=b"Patient\nDOE\nend\nmore\n")
        self.assertIn("    - more\n    + (no more lines)\n", self.check(1))

    def test_a_json_source_is_read_whole(self):
        self.write("from-json.hl7", b"MSH|^~\\&|{$.name}\n")
        self.case("from-json.cases/a", in_json=b'{"name":\n "A"}\n', out_hl7=b"MSH|^~\\&|A\n")
        self.check(0)

    def test_an_error_that_should_come_must_come(self):
        self.write("ris.hl7", TEMPLATE + b"{if not ORC-2}{reject 'AE' 'no accession number'}{end}\n")
        self.case("ris.cases/none", in_hl7=MESSAGE.replace(b"|A1", b""),
                  error=b"\n refused (AE): no accession number\n")
        self.check(0)
        self.case("ris.cases/none", error=b"no order")
        self.assertIn("expected the error 'no order', got 'refused (AE): no accession number'",
                      self.check(1))
        self.case("ris.cases/none", in_hl7=MESSAGE)
        self.assertIn("it should fail, but it gives an output", self.check(1))

    def test_an_error_that_should_not_come_fails(self):
        self.write("ris.hl7", b"MSH|^~\\&|{required(ZZZ-1)}\n")
        self.case("ris.cases/a", in_hl7=MESSAGE, out_hl7=RESULT)
        self.assertIn("it should give an output, but: ", self.check(1))

    def test_a_named_message_is_read_by_its_name(self):
        self.write("ris.hl7", b"MSH|^~\\&|{order:PID-5.2}\n")
        self.case("ris.cases/a", in_hl7=MESSAGE, out_hl7=b"MSH|^~\\&|JOAN\n",
                  order_hl7=MESSAGE.replace(b"JANE", b"JOAN"))
        self.check(0)

    def test_clock_ids_and_sequences_are_the_same_in_every_case(self):
        self.write("ids.txt", b"{now()}\n{uuid()}\n{uuid()}\n{sequence('a')}{sequence('a')}"
                              b"{sequence('b')}\n{control_id()}\n")
        for name in ("a", "b"):
            self.case(f"ids.cases/{name}", in_hl7=MESSAGE)
        self.check(0, "--update")
        self.check(0)
        self.assertEqual(self.read("ids.cases/a.out.txt"), self.read("ids.cases/b.out.txt"))
        lines = self.read("ids.cases/a.out.txt").decode().splitlines()
        self.assertEqual(lines[:4], ["20260102030405+0000",
                                     "00000000-0000-4000-8000-000000000001",
                                     "00000000-0000-4000-8000-000000000002", "121"])
        self.assertTrue(lines[4].startswith("CASE"))

    def test_ids_do_not_depend_on_how_much_memory_a_case_needs(self):
        self.write("ids.txt", b"{uuid()}{for i in ORC}{source:PID-5}{end}{uuid()}\n")
        self.case("ids.cases/a", in_hl7=MESSAGE.replace(b"JANE", b"J" * 100000)
                  + b"ORC|NW\n" * 20)
        self.check(0, "--update")
        out = self.read("ids.cases/a.out.txt")
        self.assertTrue(out.startswith(b"00000000-0000-4000-8000-000000000001"))
        self.assertTrue(out.endswith(b"00000000-0000-4000-8000-000000000002\n"))


class Finding(Cases):
    def test_a_directory_is_searched_below_too(self):
        self.good()
        self.write("x/y/other.hl7", TEMPLATE)
        self.case("x/y/other.cases/a", in_hl7=MESSAGE, out_hl7=RESULT)
        self.write("x/y/notes.md", b"# Notes")
        self.write("x/y/sex.csv", b"F,W\n")
        self.assertEqual(self.check(0), "ris.hl7: 1 case\nx/y/other.hl7: 1 case\n"
                                        "2 templates, 2 cases: 2 passed, 0 failed\n")
        self.assertIn("1 template, ", self.check(0, "x"))
        self.assertIn("1 template, ", self.check(0, "x/y/other.hl7"))

    def test_a_template_without_cases_is_listed_and_no_failure(self):
        self.good()
        self.write("bare.hl7", TEMPLATE)
        self.assertIn("bare.hl7: no cases\n", self.check(0))

    def test_no_case_at_all_is_wrong(self):
        self.write("bare.hl7", TEMPLATE)
        for operands in ([], ["bare.hl7"]):
            result = self.go(*operands)
            self.assert_status(result, 2)
            self.assertIn(b"there is no case", result.err)

    def test_cases_without_a_template_are_a_mistake(self):
        self.good()
        self.case("gone.cases/a", in_hl7=MESSAGE, out_hl7=RESULT)
        result = self.go()
        self.assert_status(result, 2)
        self.assertIn(b"there is no template of this name beside it", result.err)

    def test_two_templates_for_the_same_cases_are_a_mistake_and_a_table_is_none(self):
        self.good()
        self.write("ris.csv", b"F,W\n")
        self.check(0)
        self.write("ris.txt", b"x")
        self.assert_status(self.go(), 2)

    def test_tables_and_included_files_are_found_beside_the_template(self):
        self.write("ris.hl7", b"MSH|^~\\&|{map('sex', 'F')}\n{include 'part.hl7'}\n")
        self.write("sex.csv", b"F,W\n")
        self.write("part.hl7", b"PID|{PID-5.1}\n")
        self.case("ris.cases/a", in_hl7=MESSAGE, out_hl7=b"MSH|^~\\&|W\nPID|DOE\n")
        self.assertIn("ris.hl7: 1 case\n", self.check(0, "ris.hl7"))

    def test_what_cannot_be_read_is_3(self):
        self.assert_status(self.go("missing"), 3)


class Mistakes(Cases):
    def assert_mistake(self, sentence):
        result = self.go()
        self.assert_status(result, 2)
        self.assertIn(sentence, (result.out + result.err).decode())

    def test_each_part_of_a_case_must_be_there_once(self):
        self.good()
        self.case("ris.cases/b", in_hl7=MESSAGE)
        self.assert_mistake("nothing says what to expect")
        self.case("ris.cases/b", out_hl7=RESULT, error=b"x")
        self.assert_mistake("both an output and an error")
        self.case("ris.cases/c", out_hl7=RESULT)
        self.assert_mistake("it has no input")
        self.case("ris.cases/a", in_txt=MESSAGE)
        self.assert_mistake("the case has another file for this")

    def test_a_file_that_belongs_to_no_case_is_complained_about(self):
        self.good()
        self.write("ris.cases/README.md", b"about the cases")
        self.write("ris.cases/.keep", b"")
        self.check(0)
        self.write("ris.cases/a.outhl7", b"")
        self.assert_mistake("belongs to no case")

    def test_an_input_holds_one_message(self):
        self.good()
        self.case("ris.cases/a", in_hl7=MESSAGE + MESSAGE)
        self.assert_mistake("more than one message")

    def test_a_named_message_must_be_one(self):
        self.good()
        self.case("ris.cases/a", order_hl7=b"nothing")
        self.assert_mistake("a.order.hl7")

    def test_a_template_with_mistakes_is_a_mistake_and_the_others_still_run(self):
        self.good()
        self.write("bad.hl7", b"MSH|^~\\&|{uper(PID-5)}\n")
        self.case("bad.cases/a", in_hl7=MESSAGE, out_hl7=RESULT)
        self.assert_mistake("did you mean 'upper'?")
        self.assert_mistake("ris.hl7: 1 case\n")


class Update(Cases):
    def test_update_writes_what_differs_after_showing_it(self):
        self.good()
        self.case("ris.cases/a", out_hl7=RESULT.replace(b"JANE", b"JOAN"))
        out = self.check(0, "--update")
        self.assertIn("PID-5.2: expected 'JOAN', got 'JANE'", out)
        self.assertIn("1 updated", out)
        self.assertEqual(self.read("ris.cases/a.out.hl7"), RESULT)
        self.check(0)

    def test_update_leaves_a_file_that_passes_as_it_is(self):
        self.good()
        self.case("ris.cases/a", out_hl7=RESULT.replace(b"\n", b"\r\n"))
        self.check(0, "--update")
        self.assertEqual(self.read("ris.cases/a.out.hl7"), RESULT.replace(b"\n", b"\r\n"))

    def test_update_keeps_cr_where_the_file_has_it(self):
        self.good()
        self.case("ris.cases/a", out_hl7=RESULT.replace(b"\n", b"\r").replace(b"JANE", b"JOAN"))
        self.check(0, "--update")
        self.assertEqual(self.read("ris.cases/a.out.hl7"), RESULT.replace(b"\n", b"\r"))

    def test_update_makes_what_a_new_case_lacks(self):
        self.write("ris.hl7", b"MSH|^~\\&|{required(ORC-2)}\n")
        self.case("ris.cases/good", in_hl7=MESSAGE)
        self.case("ris.cases/bad", in_hl7=MESSAGE.replace(b"A1", b""))
        self.write("doc.json", b'{output json}\n{"name": "{PID-5.1}"}\n')
        self.case("doc.cases/a", in_hl7=MESSAGE)
        self.check(0, "--update")
        self.assertEqual(self.read("ris.cases/good.out.hl7"), b"MSH|^~\\&|A1\n")
        self.assertIn(b"no value", self.read("ris.cases/bad.error"))
        self.assertEqual(json.loads(self.read("doc.cases/a.out.json")), {"name": "DOE"})
        self.check(0)

    def test_update_does_not_turn_an_output_into_an_error(self):
        self.write("ris.hl7", b"MSH|^~\\&|{required(ZZZ-1)}\n")
        self.case("ris.cases/a", in_hl7=MESSAGE, out_hl7=RESULT)
        self.check(1, "--update")
        self.assertEqual(self.read("ris.cases/a.out.hl7"), RESULT)
        self.assertEqual(sorted(path.name for path in (self.folder / "ris.cases").iterdir()),
                         ["a.in.hl7", "a.out.hl7"])


class Reports(Cases):
    def several(self):
        self.good()
        self.case("ris.cases/b<&", in_hl7=MESSAGE,
                  out_hl7=RESULT.replace(b"JANE", b'<&"\x1b\x01\xef\xbf\xbf\xff>'))
        self.case("ris.cases/c", in_hl7=MESSAGE)

    def test_quiet_tells_only_of_what_does_not_pass(self):
        self.good()
        self.assertEqual(self.check(0, "--quiet"), "")
        self.case("ris.cases/a", out_hl7=RESULT + b"ZPI|1\n")
        self.assertIn("ZPI: segment missing: 'ZPI|1'", self.check(1, "--quiet"))

    def test_json_has_a_line_for_each_case_and_one_for_the_sum(self):
        self.several()
        rows = [json.loads(line) for line in self.check(2, "--json").splitlines()]
        self.assertEqual([row.get("case") for row in rows], ["a", "b<&", "c", None])
        self.assertEqual([row.get("result") for row in rows[:3]], ["passed", "failed", "mistake"])
        self.assertEqual(rows[1]["differences"][0]["path"], "PID-5.2.1")
        self.assertEqual(rows[3], {"templates": 1, "cases": 3, "passed": 1, "updated": 0,
                                   "failed": 1, "mistake": 1})

    def test_junit_is_xml_whatever_the_values_hold(self):
        self.several()
        self.check(2, "--junit", "results.xml")
        root = xml.etree.ElementTree.parse(self.folder / "results.xml").getroot()
        self.assertEqual(root.tag, "testsuites")
        suite = root.find("testsuite")
        self.assertEqual({key: suite.get(key) for key in ("name", "tests", "failures", "errors")},
                         {"name": "ris.hl7", "tests": "3", "failures": "1", "errors": "1"})
        cases = suite.findall("testcase")
        self.assertEqual([case.get("name") for case in cases], ["a", "b<&", "c"])
        self.assertIn("'\"\\x1b\\x01\ufffd\ufffd>'", cases[1].find("failure").text)
        self.assertIn("nothing says", cases[2].find("error").get("message"))
        self.assertIsNone(cases[0].find("failure"))

    def test_junit_that_cannot_be_written_is_3(self):
        self.good()
        self.check(3, "--junit", "missing/results.xml")

    def test_control_characters_do_not_reach_the_terminal(self):
        self.good()
        self.case("ris.cases/a", out_hl7=RESULT.replace(b"JANE", b"J\x1b[2JN"))
        shown = on_terminal("test", "--color", "never", self.folder)
        self.assertIn("J\\x1b[2JN", shown)
        self.assertNotIn("\x1b", shown)

    def test_colours_when_they_are_asked_for(self):
        self.good()
        self.case("ris.cases/a", out_hl7=RESULT + b"ZPI|1\n")
        self.assertIn("\x1b[31mfailed\x1b[0m", self.check(1, "--color", "always"))


if __name__ == "__main__":
    main()
