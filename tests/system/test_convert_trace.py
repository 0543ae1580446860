"""`orderly convert --trace`: where the values of a result came from."""

import json
import os
import pathlib
import re

from support import TestCase, main, run
from terminal import on_terminal

GALLERY = pathlib.Path(os.environ["ORDERLY_SOURCE"]) / "examples" / "templates"
PATH = re.compile(r"[A-Z][A-Z0-9]{2}(\[\d+\])?(-\d+(\[\d+\])?(\.\d+){0,2})?")

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
        self.assertIn(b"MSH-3         'RIS'", out)

    def test_a_trace_goes_to_standard_output_only(self):
        for options in (("-o", "x"), ("--output-dir", "x")):
            self.assert_status(self.trace(*options, self.source), 2)
        self.assert_status(run("convert", "-t", self.template, "--json", self.source), 2)

    def test_sequences_are_not_used_up(self):
        numbers = self.write("numbers", b"a 4\n")
        template = self.write("s.txt", b"{sequence('a')}")
        for _ in range(2):
            result = self.trace("--sequence-file", numbers, self.source, template=template)
            self.assertIn(b" 5 ", result.out)
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


class Saying(Trace):
    def test_each_field_has_its_origin(self):
        lines = self.trace(self.source).out.decode().splitlines()
        self.assertEqual(lines[1:], [
            "  MSH-1         '|'                       <- text (1:4)",
            "  MSH-2         '^~\\&'                    <- text (1:5)",
            "  MSH-3         'RIS'                     <- text (1:10)",
            "  MSH-4         'LAB'                     <- MSH-3 (1:15)",
            "  PID-1         '1'                       <- text (2:5)",
            "  PID-3.1       'JANE'                    <- upper(PID-5.2) (2:9)",
            "  PID-3.2       'DOE'                     <- PID-5.1 (2:26)",
            "  PID-4         'X'                       <- literal 'X' (2:36)",
            "  read by nothing:",
            "  MSH-4         'TEST'",
            "  MSH-7         '20260101'",
            "  MSH-9         'ADT^A01'",
            "  MSH-10        'C1'",
            "  MSH-11        'P'",
            "  MSH-12        '2.5'",
            "  PID-1         '1'",
            "  PID-3         'T1'",
            "  PID-8         'F'",
            "  PV1-1         '1'",
            "  PV1-2         'I'",
        ])

    def test_what_stands_in_an_included_file_is_told_with_its_name(self):
        self.write("pid.hl7", b"{# it #}\nPID|{PID-5}\n")
        template = self.write("t2.hl7", b"MSH|^~\\&|\n{include 'pid.hl7'}\n")
        out = self.trace(self.source, template=template).out.decode()
        self.assertIn("<- PID-5 (pid.hl7 2:6)", out)

    def test_a_row_is_not_wider_than_the_terminal_and_cut_nowhere_else(self):
        template = self.write(
            "wide.hl7", b"MSH|^~\\&|{concat(" + b", ".join([b"upper(PID-5.1)"] * 5) + b")}\n")
        shown = on_terminal("convert", "--trace", "--color", "never", "-t", template, self.source,
                            columns=80)
        self.assertLessEqual(max(map(len, shown.splitlines()[1:])), 80)
        whole = self.trace(self.source, template=template).out.decode()
        self.assertEqual("".join(shown.split()).count("upper(PID-5.1)"), 5)
        self.assertEqual(whole.count("upper(PID-5.1)"), 5)

    def test_values_are_read_in_the_character_set_of_the_message(self):
        source = self.write("latin", "MSH|^~\\&|Ö||||1||A|1|P|2.5||||||8859/1\rPID|1|Ä|Ü\r"
                            .encode("latin-1"))
        for name, text in (("l.xml", "<a>{PID-2}</a>"), ("l.txt", "-{PID-2}-"),
                           ("l.hl7", "MSH|^~\\&|||||1||A|1|P|2.5||||||8859/1\nPID||{PID-2}")):
            out = self.trace(source, template=self.write(name, text.encode())).out.decode()
            self.assertRegex(out, "[>']Ä[<'].* <- PID-2 ")
            self.assertIn("  PID-3         'Ü'\n", out)

    def test_colour_is_for_terminals_only(self):
        self.assertNotIn(b"\x1b", self.trace(self.source).out)
        self.assertIn("\x1b", on_terminal("convert", "--trace", "-t", self.template, self.source))
        self.assertIn(b"\x1b", self.trace("--color", "always", self.source).out)


class Gallery(TestCase):
    """Real templates, over real cases."""

    def origins(self, template, source, *options):
        result = run("convert", "--trace", "--json", *options, "-t", GALLERY / template,
                     GALLERY / source)
        self.assert_status(result, 0)
        trace = json.loads(result.out)
        origins = {}
        for place in trace["output"]:
            for origin in place["from"]:
                where = origin["template"]
                kind = origin["kind"]
                text = origin.get("text", kind)
                key = place.get("path") or (place["line"], place["column"])
                origins.setdefault(key, []).append((kind, text))
                self.assertTrue(pathlib.Path(where["file"]).exists())
        return origins, {place["path"] for place in trace["unread"]}

    def test_five_changes_are_told_from_what_passed(self):
        origins, unread = self.origins("five-changes.hl7", "five-changes.cases/all-five.in.hl7")
        self.assertEqual(origins["MSH-5"], [("literal", "'RIS'")])
        self.assertEqual(origins["MSH-6"], [("source", "MSH-6")])
        self.assertEqual(origins["PV1-2"], [("value", "map('patient-class', PV1-2, 'U')")])
        self.assertEqual(origins["PID-3[1].4"], [("value", "MSH-4.1")])
        self.assertEqual(origins["PID-3[1].1"], [("source", "PID-3[1].1")])
        self.assertEqual(origins["ZBR-2"], [("value", "'ZBR|1|Passed on by ' MSH-4.1")])
        self.assertEqual(unread, {"MSH-5", "ZPI[1]-1", "ZPI[1]-2", "ZPI[2]-1", "ZPI[2]-2"})

    def test_a_json_result_is_told_by_its_paths(self):
        origins, unread = self.origins("ai-result-to-oru.hl7",
                                       "ai-result-to-oru.cases/chest-final.in.json")
        self.assertEqual(origins["PID-3.1"], [("value", "required($.patient.id)")])
        self.assertEqual(origins["PID-5.1"], [("value", "$.patient.familyName")])
        self.assertEqual(origins["OBX[2]-5"], [("value", "value=number($.findings[1].value)")])
        self.assertEqual(origins["OBX[3]-5.3"],
                         [("value", "default($.findings[2].value.system, 'L')")])
        self.assertEqual(origins["ORC-1"], [("text", "text")])
        self.assertEqual(unread, set())

    def test_csv_is_told_value_by_value(self):
        origins, unread = self.origins("adt-to-csv.csv", "adt-to-csv.cases/admission.in.hl7")
        self.assertEqual(origins[(1, 1)], [("value", "first_of(EVN-1, MSH-9.2)")])
        self.assertEqual(origins[(1, 5)], [("value", "MSH-10")])
        self.assertEqual(origins[(1, 41)],
                         [("value", "id=first_of(PID-3[1].1, PID-3[1].1)")])
        self.assertIn("PID-3[2]", unread)
        self.assertNotIn("PV1-44", unread)

    def sources(self):
        for template in sorted(GALLERY.glob("*.*")):
            for source in sorted(GALLERY.glob(f"{template.stem}.cases/*.in.*")):
                case = source.name.split(".in.")[0]
                if any(source.parent.glob(f"{case}.out.*")):
                    others = [other for other in source.parent.glob(f"{case}.*")
                              if other.name.split(".")[-2] not in ("in", "out")]
                    yield template, source, [
                        word for other in others
                        for word in ("--message", f"{other.name.split('.')[-2]}={other}")]

    def traces(self):
        for template, source, named in self.sources():
            result = run("convert", "--trace", "--json", *named, "-t", template, source)
            for line in result.out.splitlines():
                yield template, source, named, json.loads(line)

    def check_against_get(self, source, places):
        """Each value is within what another verb finds at the path of its origin."""
        paths = sorted({place["from"][0]["text"] for place in places})
        result = run("get", "--json", *paths, source)
        values = json.loads(result.out)
        for place in places:
            origin = place["from"][0]
            found = values[origin["text"]]
            with self.subTest(source=source.name, place=place):
                if origin["kind"] == "source":
                    self.assertEqual(place["value"], found)
                else:
                    self.assertIn(place["value"], found)

    def test_every_path_leads_to_the_value(self):
        checked = 0
        for template, source, _, trace in self.traces():
            raw = source.read_bytes()
            places = [place for place in trace["output"]
                      if "path" in place and len(place["from"]) == 1
                      and place["from"][0]["kind"] in ("value", "source")
                      and PATH.fullmatch(place["from"][0].get("text", ""))]
            # Where delimiters differ, values are written differently from how they came.
            if places and raw.count(b"MSH|^~\\&") == 1 and raw.count(b"MSH") == 1:
                self.check_against_get(source, places)
                checked += len(places)
        self.assertGreater(checked, 500)

    def test_every_place_in_lines_holds_the_value(self):
        checked = 0
        for template, source, named, trace in self.traces():
            places = [place for place in trace["output"] if "line" in place]
            if not places:
                continue
            end = b"\r" if template.suffix == ".hl7" else b"\n"
            lines = run("convert", *named, "-t", template, source).out.split(end)
            for place in places:
                value = place["value"].encode()
                if re.search(r"now\(|control_id\(|uuid\(|\n", str(place["from"]) + place["value"]):
                    continue
                start = place["column"] - 1
                with self.subTest(source=source.name, place=place):
                    found = lines[place["line"] - 1][start:start + len(value)]
                    self.assertEqual(found.decode("utf-8", "replace"), place["value"])
                checked += 1
        self.assertGreater(checked, 500)


if __name__ == "__main__":
    main()
