"""The gallery's templates between HL7 and JSON, FHIR, XML and CSV.

Every output is read by a parser that knows nothing of ours, and compared with what an independent
reading of the source says must be in it. FHIR is also checked by packages from npm.
"""

import base64
import csv
import decimal
import io
import json
import os
import re
import subprocess
import unittest
import xml.etree.ElementTree

from reading import Message
from support import SOURCE, TestCase, environment, main, run

GALLERY = SOURCE / "examples" / "templates"
NODE_PACKAGES = os.environ.get("ORDERLY_NODE_PACKAGES", str(SOURCE / "build" / "tests" / "npm"))
TEMPLATES = {"ai-result-to-oru": "hl7", "oru-to-json": "json", "oru-to-fhir": "json",
             "adt-to-csv": "csv", "message-to-xml": "xml"}


def is_number(text):
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text) is not None


def inputs(template):
    """The cases that must give an output: name, source, what the gallery says comes of it."""
    folder = GALLERY / f"{template}.cases"
    for source in sorted(folder.glob("*.in.*")):
        name = source.name.split(".in.")[0]
        expected = folder / f"{name}.out.{TEMPLATES[template]}"
        if expected.exists():
            yield name, source, expected


class Gallery(TestCase):
    def converted(self, template):
        """Each good case of a template, converted now: name, source, result."""
        path = GALLERY / f"{template}.{TEMPLATES[template]}"
        found = []
        for name, source, _ in inputs(template):
            result = run("convert", "-t", path, source)
            self.assert_status(result, 0)
            self.assertEqual(result.err, b"", name)
            found.append((name, source.read_bytes(), result.out))
        self.assertGreaterEqual(len(found), 4)
        return found


class Cases(Gallery):
    def test_every_template_has_at_least_four_good_cases_and_one_that_fails(self):
        for template in TEMPLATES:
            with self.subTest(template=template):
                self.assertGreaterEqual(len(list(inputs(template))), 4)
                self.assertTrue(list((GALLERY / f"{template}.cases").glob("*.error")))

    def test_the_cases_pass(self):
        for template, ending in TEMPLATES.items():
            with self.subTest(template=template):
                self.assert_status(run("test", GALLERY / f"{template}.{ending}"), 0)

    def test_what_has_to_fail_writes_nothing(self):
        for template, ending in TEMPLATES.items():
            folder = GALLERY / f"{template}.cases"
            for error in folder.glob("*.error"):
                name = error.name.removesuffix(".error")
                with self.subTest(template=template, case=name):
                    source, = folder.glob(f"{name}.in.*")
                    result = run("convert", "-t", GALLERY / f"{template}.{ending}", source)
                    self.assert_status(result, 1)
                    self.assertEqual(result.out, b"")


# ---- JSON to HL7 --------------------------------------------------------------------------------


class AiResult(Gallery):
    def test_there_is_an_obx_for_each_finding_and_no_other_segment(self):
        for _, source, output in self.converted("ai-result-to-oru"):
            findings = json.loads(source)["findings"]
            message = Message(output)
            self.assertEqual([segment[0][0] for segment in message.segments],
                             ["MSH", "PID", "ORC", "OBR"] + ["OBX"] * len(findings))
            self.assertEqual([message.leaf(obx, 1) for obx in message.named("OBX")],
                             [str(number + 1) for number in range(len(findings))])

    def test_names_and_numbers_arrive_decoded_as_they_left(self):
        for _, source, output in self.converted("ai-result-to-oru"):
            result, message = json.loads(source), Message(output)
            pid, = message.named("PID")
            obr, = message.named("OBR")
            patient = result["patient"]
            self.assertEqual(message.leaf(pid, 3), patient["id"])
            self.assertEqual(message.leaf(pid, 3, 4), patient["issuer"])
            self.assertEqual(message.leaf(pid, 5, 1), patient["familyName"])
            self.assertEqual(message.leaf(pid, 5, 2), patient["givenName"])
            self.assertEqual(message.leaf(pid, 7), (patient["birthDate"] or "").replace("-", ""))
            for field in (3, 18):
                self.assertEqual(message.leaf(obr, field), result["accession"])
            self.assertEqual(message.leaf(obr, 4, 2), result["study"]["description"])

    def test_the_status_stands_in_the_order_and_in_each_result(self):
        codes = {"preliminary": "P", "final": "F", "corrected": "C"}
        seen = set()
        for _, source, output in self.converted("ai-result-to-oru"):
            result, message = json.loads(source), Message(output)
            code = codes[result["status"]]
            seen.add(code)
            self.assertEqual(message.leaf(message.named("OBR")[0], 25), code)
            for finding, obx in zip(result["findings"], message.named("OBX")):
                absent = finding["type"] in ("score", "category") and finding["value"] is None
                self.assertEqual(message.leaf(obx, 11), "X" if absent else code)
        self.assertEqual(seen, set("PFC"))

    def test_each_finding_keeps_its_value(self):
        checks = {"score": self.check_score, "category": self.check_category,
                  "text": self.check_text, "document": self.check_document}
        seen = set()
        for _, source, output in self.converted("ai-result-to-oru"):
            message = Message(output)
            for finding, obx in zip(json.loads(source, parse_float=decimal.Decimal)["findings"],
                                    message.named("OBX")):
                self.assertEqual(message.leaf(obx, 3), finding["code"])
                self.assertEqual(message.leaf(obx, 3, 2), finding["name"])
                checks[finding["type"]](message, obx, finding)
                seen.add(finding["type"])
        self.assertEqual(seen, set(checks))

    def check_score(self, message, obx, finding):
        self.assertEqual(message.leaf(obx, 2), "NM")
        value = message.leaf(obx, 5)
        if finding["value"] is None:
            self.assertEqual(value, "")
        else:
            self.assertTrue(is_number(value))
            self.assertEqual(decimal.Decimal(value), decimal.Decimal(finding["value"]))
        if finding.get("unit"):
            self.assertEqual((message.leaf(obx, 6), message.leaf(obx, 6, 3)),
                             (finding["unit"], "UCUM"))

    def check_category(self, message, obx, finding):
        self.assertEqual(message.leaf(obx, 2), "CE")
        value = finding["value"] or {"code": "", "text": "", "system": ""}
        self.assertEqual([message.leaf(obx, 5, part) for part in (1, 2, 3)],
                         [value["code"], value["text"], value["system"]])

    def check_text(self, message, obx, finding):
        self.assertEqual(message.leaf(obx, 2), "FT")
        self.assertLessEqual(len(message.repetitions(obx, 5)), 1)
        self.assertEqual(message.leaf(obx, 5),
                         finding["text"].replace("\r\n", "\n").replace("\r", "\n"))

    def check_document(self, message, obx, finding):
        self.assertEqual(message.leaf(obx, 2), "ED")
        kind, subtype = finding["contentType"].split("/")
        self.assertEqual([message.leaf(obx, 5, part) for part in (1, 2, 3, 4)],
                         ["", kind, subtype, "Base64"])
        self.assertEqual(base64.b64decode(message.leaf(obx, 5, 5), validate=True),
                         base64.b64decode(finding["data"]))


# ---- HL7 to JSON --------------------------------------------------------------------------------


def json_value(message, kind, value):
    parts = [message.decode(part) for part in value.split(message.component)] + [""] * 5
    if kind == "NM" and is_number(parts[0]):
        return decimal.Decimal(parts[0])
    if kind in ("CE", "CWE", "CNE"):
        return {"code": parts[0], "text": parts[1], "system": parts[2]}
    if kind == "ED":
        return {"type": parts[1], "subtype": parts[2], "encoding": parts[3], "data": parts[4]}
    return None


def json_result(message, obx, notes):
    kind = message.leaf(obx, 2)
    return {"code": message.leaf(obx, 3), "text": message.leaf(obx, 3, 2),
            "system": message.leaf(obx, 3, 3), "subId": message.leaf(obx, 4), "type": kind,
            "values": [json_value(message, kind, value) for value in message.repetitions(obx, 5)],
            "unit": message.leaf(obx, 6), "range": message.leaf(obx, 7),
            "flags": [message.leaf(obx, 8, 1, number)
                      for number in range(len(message.repetitions(obx, 8)))],
            "status": message.leaf(obx, 11), "time": message.leaf(obx, 14),
            "notes": [message.remark(note) for note in notes]}


class Json(Gallery):
    def test_it_is_strict_json_with_every_order_result_and_remark_in_its_place(self):
        for _, source, output in self.converted("oru-to-json"):
            message = Message(source)
            # Only strict JSON: no NaN, no member twice.
            result = json.loads(output, parse_float=decimal.Decimal, parse_int=decimal.Decimal,
                                parse_constant=self.fail, object_pairs_hook=self.unique)
            orders = message.orders()
            self.assertEqual(len(result["orders"]), len(orders))
            for order, (obr, remarks, results) in zip(result["orders"], orders):
                self.assertEqual(order["placer"], message.leaf(obr, 2))
                self.assertEqual(order["filler"], message.leaf(obr, 3))
                self.assertEqual(order["code"], {"code": message.leaf(obr, 4),
                                                 "text": message.leaf(obr, 4, 2),
                                                 "system": message.leaf(obr, 4, 3)})
                self.assertEqual(order["status"], message.leaf(obr, 25))
                self.assertEqual(order["notes"], [message.remark(note) for note in remarks])
                self.assertEqual(len(order["results"]), len(results))
                for item, (obx, notes) in zip(order["results"], results):
                    self.same_result(message, obx, item, json_result(message, obx, notes))

    def same_result(self, message, obx, item, expected):
        """A value we have no rule for is a string that holds the value's text."""
        for number, (have, want) in enumerate(zip(item["values"], expected["values"])):
            if want is None:
                self.assertEqual(have, message.decode(message.repetitions(obx, 5)[number]))
                expected["values"][number] = have
        self.assertEqual(item, expected)

    def unique(self, pairs):
        self.assertEqual(len(pairs), len(dict(pairs)))
        return dict(pairs)

    def test_the_patient_is_the_messages(self):
        for _, source, output in self.converted("oru-to-json"):
            message, patient = Message(source), json.loads(output)["patient"]
            pid, = message.named("PID")
            self.assertEqual([patient[name] for name in ("family", "given", "birthDate", "sex")],
                             [message.leaf(pid, 5), message.leaf(pid, 5, 2), message.leaf(pid, 7),
                              message.leaf(pid, 8)])
            self.assertEqual([(one["value"], one["authority"], one["type"])
                              for one in patient["ids"]],
                             [tuple(message.leaf(pid, 3, part, number) for part in (1, 4, 5))
                              for number in range(len(message.repetitions(pid, 3)))])

    def test_numbers_are_numbers_and_what_is_none_is_a_string(self):
        kinds = set()
        for _, _, output in self.converted("oru-to-json"):
            for order in json.loads(output)["orders"]:
                for item in order["results"]:
                    kinds |= {(item["type"], type(value)) for value in item["values"]}
        self.assertLessEqual({("NM", float), ("NM", int), ("NM", str), ("ST", str), ("CWE", dict),
                              ("ED", dict)}, kinds)


# ---- HL7 to FHIR --------------------------------------------------------------------------------


class Fhir(Gallery):
    def bundles(self):
        for name, source, output in self.converted("oru-to-fhir"):
            yield name, Message(source), json.loads(output, parse_float=decimal.Decimal,
                                                    parse_constant=self.fail)

    def resources(self, bundle, kind):
        return [entry["resource"] for entry in bundle["entry"]
                if entry["resource"]["resourceType"] == kind]

    def validated(self, files):
        """What the packages say is wrong, file by file."""
        script = SOURCE / "tests" / "npm" / "check-fhir.cjs"
        self.assertTrue(os.path.isdir(NODE_PACKAGES), f"install tests/npm there: {NODE_PACKAGES}")
        done = subprocess.run(["node", script, *files], stdout=subprocess.PIPE, check=True,
                              env=environment(NODE_PATH=os.path.join(NODE_PACKAGES, "node_modules")))
        return json.loads(done.stdout)

    def test_every_bundle_is_valid_r4(self):
        files = [self.write(f"{name}.json", output)
                 for name, _, output in self.converted("oru-to-fhir")]
        for file, problems in self.validated(files).items():
            with self.subTest(file=file):
                self.assertEqual(problems, [])

    def test_the_packages_find_what_is_wrong_with_a_bundle(self):
        good = (GALLERY / "oru-to-fhir.cases" / "two-orders.out.json").read_bytes()
        spoiled = {"status": (b'"status": "final"', b'"status": "done"'),
                   "date": (b'"1970-01-01"', b'"19700101"'),
                   "zone": (b'"effectiveDateTime": "2024-01-02"',
                            b'"effectiveDateTime": "2024-01-02T10:10:00"'),
                   "member": (b'"gender"', b'"sex"'),
                   "required": (b'"code": {', b'"kode": {'),
                   "type": (b'"value": 141', b'"value": "141"')}
        files = {}
        for name, (old, new) in spoiled.items():
            self.assertIn(old, good)
            files[name] = self.write(f"{name}.json", good.replace(old, new))
        found = self.validated(files.values())
        for name, file in files.items():
            with self.subTest(spoiled=name):
                self.assertNotEqual(found[str(file)], [])

    def test_nothing_in_a_bundle_is_empty_and_every_reference_is_resolved(self):
        for _, _, bundle in self.bundles():
            self.check_full(bundle)
            urls = [entry["fullUrl"] for entry in bundle["entry"]]
            self.assertEqual(len(set(urls)), len(urls))
            for url in urls:
                self.assertRegex(url, r"\Aurn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}"
                                      r"-8[0-9a-f]{3}-[0-9a-f]{12}\Z")
            references = re.findall(r'"reference": "([^"]*)"', json.dumps(bundle, default=str))
            self.assertEqual(set(references) - set(urls), set())

    def check_full(self, value):
        self.assertNotIn(value, (None, "", [], {}, '""'))
        items = value.values() if isinstance(value, dict) else value
        for item in items if isinstance(value, (dict, list)) else ():
            self.check_full(item)

    def test_there_is_a_report_for_each_obr_and_an_observation_for_each_result(self):
        for _, message, bundle in self.bundles():
            orders = message.orders()
            reports = self.resources(bundle, "DiagnosticReport")
            observations = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]
                            if entry["resource"]["resourceType"] == "Observation"}
            self.assertEqual(len(reports), len(orders))
            used = []
            for report, (_, _, results) in zip(reports, orders):
                listed = [one["reference"] for one in report.get("result", [])]
                values = [(obx, notes) for obx, notes in results if message.leaf(obx, 2) != "ED"]
                self.assertEqual(len(listed), len(values))
                self.assertEqual(len(report.get("presentedForm", [])), len(results) - len(values))
                for url, (obx, notes) in zip(listed, values):
                    self.check_observation(message, obx, notes, observations[url])
                used += listed
            self.assertEqual(sorted(used), sorted(observations))

    def check_observation(self, message, obx, notes, observation):
        texts = [message.leaf(obx, 3, part) for part in (9, 2, 1)]
        self.assertEqual(observation["code"]["text"], next(text for text in texts if text))
        self.assertEqual([one["text"] for one in observation.get("note", [])],
                         [message.remark(note) for note in notes])
        self.assertEqual(observation["status"],
                         {"F": "final", "P": "preliminary", "C": "corrected", "A": "amended",
                          "X": "cancelled", "D": "entered-in-error"}
                         .get(message.leaf(obx, 11), "unknown"))
        flags = [message.leaf(obx, 8, 1, number)
                 for number in range(len(message.repetitions(obx, 8)))]
        self.assertEqual([one["text"] for one in observation.get("interpretation", [])],
                         [flag for flag in flags if flag != '""'])
        ranges = [one["text"] for one in observation.get("referenceRange", [])]
        self.assertEqual(ranges, [text for text in [message.leaf(obx, 7)] if text not in ("", '""')])
        self.check_value(message, obx, observation)

    def check_value(self, message, obx, observation):
        kind, value = message.leaf(obx, 2), message.leaf(obx, 5)
        members = [name for name in observation if name.startswith("value")]
        if not message.repetitions(obx, 5) or value == '""':
            self.assertEqual(members, [])
        elif len(message.repetitions(obx, 5)) > 1:
            self.assertEqual(observation["valueString"], "\n".join(
                message.decode(one) for one in message.repetitions(obx, 5)))
        elif kind == "NM" and is_number(value):
            quantity = observation["valueQuantity"]
            self.assertEqual(quantity["value"], decimal.Decimal(value))
            self.assertEqual("code" in quantity, message.leaf(obx, 6, 3) == "UCUM")
            self.assertEqual("unit" in quantity, message.leaf(obx, 6) != "")
        elif kind == "CWE":
            coding = observation["valueCodeableConcept"]["coding"][0]
            self.assertEqual((coding["code"], coding["display"]),
                             (value, message.leaf(obx, 5, 2)))
        elif kind in ("ST", "TX", "FT"):
            self.assertEqual(observation["valueString"], value)
        else:
            self.assertEqual(len(members), 1)

    def test_each_kind_of_value_has_its_member(self):
        path = GALLERY / "oru-to-fhir.cases" / "everything.out.json"
        bundle = json.loads(path.read_bytes())
        values = {one["code"]["text"]: {name: value for name, value in one.items()
                                        if name.startswith("value") or name == "dataAbsentReason"}
                  for one in self.resources(bundle, "Observation")}
        millimetre = {"unit": "mm", "system": "http://unitsofmeasure.org", "code": "mm"}
        self.assertEqual(values["Glucose"], {"valueQuantity": {
            "value": 5.4, "unit": "millimole per liter", "system": "http://unitsofmeasure.org",
            "code": "mmol/L"}})
        self.assertEqual(values["Count"], {"valueString": "<5 10*9/L"})
        self.assertEqual(values["Titre"], {"valueRatio": {"numerator": {"value": 1},
                                                          "denominator": {"value": 128}}})
        self.assertEqual(values["CRP"]["valueQuantity"]["comparator"], "<")
        self.assertEqual(values["Range"], {"valueRange": {"low": {"value": 2, **millimetre},
                                                          "high": {"value": 0.5, **millimetre}}})
        self.assertEqual(values["Day"], {"valueDateTime": "2026-01-01"})
        self.assertEqual(values["Clock"], {"valueTime": "03:04:00"})
        self.assertEqual(values["Moment"], {"valueDateTime": "2026-01-02T03:04:00+01:00"})
        self.assertEqual(values["Organism"]["valueCodeableConcept"]["coding"][0]["system"],
                         "http://snomed.info/sct")
        self.assertEqual(list(values["Cancelled"]), ["dataAbsentReason"])

    def test_no_time_has_a_zone_that_the_message_does_not_give(self):
        timed = 0
        for _, message, bundle in self.bundles():
            zones = {f"{zone[:3]}:{zone[3:]}" for segment in message.segments
                     for field in segment[1:] for value in field
                     for zone in re.findall(r"\A\d{8,14}(?:\.\d+)?([+-]\d{4})\Z", value)}
            for value in re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', json.dumps(bundle, default=str)):
                found = re.fullmatch(r"[^T]*T\d\d:\d\d:\d\d(?:\.\d+)?([+-]\d\d:\d\d)", value)
                self.assertIsNotNone(found, value)
                self.assertIn(found.group(1), zones)
                timed += 1
        self.assertGreater(timed, 10)

    def test_the_patient_is_the_messages(self):
        genders = {"F": "female", "M": "male", "": None, '""': None}
        for _, message, bundle in self.bundles():
            patient, = self.resources(bundle, "Patient")
            pid, = message.named("PID")
            self.assertEqual(patient.get("gender"), genders.get(message.leaf(pid, 8), "unknown"))
            self.assertEqual([one["value"] for one in patient.get("identifier", [])],
                             [value for value in (message.leaf(pid, 3, 1, number) for number in
                                                  range(len(message.repetitions(pid, 3))))
                              if value != '""'])
            self.assertEqual([one.get("family") for one in patient.get("name", [])],
                             [value for value in (message.leaf(pid, 5, 1, number) for number in
                                                  range(len(message.repetitions(pid, 5))))
                              if value != '""'])
            born = message.leaf(pid, 7).replace('""', "")
            self.assertEqual(patient.get("birthDate", "").replace("-", ""), born)

    def test_the_same_message_gives_the_same_bundle(self):
        template = GALLERY / "oru-to-fhir.json"
        source = GALLERY / "oru-to-fhir.cases" / "two-orders.in.hl7"
        first = run("convert", "-t", template, source).out
        self.assertEqual(run("convert", "-t", template, source).out, first)
        other = self.write("other.hl7", source.read_bytes().replace(b"LAB000001", b"LAB000002"))
        urls = [{entry["fullUrl"] for entry in json.loads(out)["entry"]}
                for out in (first, run("convert", "-t", template, other).out)]
        self.assertEqual(urls[0] & urls[1], set())


# ---- HL7 to CSV ---------------------------------------------------------------------------------


class Csv(Gallery):
    def test_a_message_is_one_row_of_sixteen_cells(self):
        for _, source, output in self.converted("adt-to-csv"):
            message = Message(source)
            row, = csv.reader(io.StringIO(output.decode("utf-8"), newline=""), strict=True)
            self.assertEqual(len(row), 16)
            pid, = message.named("PID")
            msh, = message.named("MSH")
            self.assertEqual(row[1], message.leaf(msh, 10))
            ids = [message.leaf(pid, 3, 1, number)
                   for number in range(len(message.repetitions(pid, 3)))]
            kinds = [message.leaf(pid, 3, 5, number) for number in range(len(ids))]
            self.assertEqual(row[3], ids[kinds.index("MR") if "MR" in kinds else 0])
            self.assertEqual(row[4:6], [message.leaf(pid, 5), message.leaf(pid, 5, 2)])
            self.assertEqual(row[6].replace("-", ""), message.leaf(pid, 7).replace('""', ""))
            for pv1 in message.named("PV1"):
                self.assertEqual(row[8:12], [message.leaf(pv1, 2)] +
                                 [message.leaf(pv1, 3, part) for part in (1, 2, 3)])
                self.assertEqual(row[13], message.leaf(pv1, 19))

    def test_a_directory_becomes_one_table(self):
        for number in range(3):
            self.write(f"in/{number}.hl7", (GALLERY / "adt-to-csv.cases" /
                                            "quotes-commas-lines.in.hl7").read_bytes())
        result = run("convert", "-t", GALLERY / "adt-to-csv.csv", self.folder / "in")
        self.assert_status(result, 0)
        rows = list(csv.reader(io.StringIO(result.out.decode("utf-8"), newline=""), strict=True))
        self.assertEqual(len(rows), 3)
        self.assertEqual(rows[0], rows[2])


# ---- HL7 to XML ---------------------------------------------------------------------------------


class Xml(Gallery):
    NAMES = ("MSH", "EVN", "PID", "PV1", "ORC", "OBR", "OBX", "NTE")
    SPACE = "{urn:hl7-org:v2xml}"

    def test_the_segments_stand_in_the_messages_order(self):
        for _, source, output in self.converted("message-to-xml"):
            message = Message(source)
            root = xml.etree.ElementTree.fromstring(output)
            msh = message.segments[0]
            self.assertEqual(root.tag, self.SPACE + (message.leaf(msh, 9, 3) or
                                                     f"{message.leaf(msh, 9)}_{message.leaf(msh, 9, 2)}"))
            self.assertEqual([child.tag.removeprefix(self.SPACE) for child in root],
                             [segment[0][0] for segment in message.segments
                              if segment[0][0] in self.NAMES])

    def test_each_field_says_what_the_message_says(self):
        compared = 0
        for _, source, output in self.converted("message-to-xml"):
            message = Message(source)
            root = xml.etree.ElementTree.fromstring(output)
            segments = [one for one in message.segments if one[0][0] in self.NAMES]
            for element, segment in zip(root, segments):
                for number in {int(child.tag.rpartition(".")[2]) for child in element}:
                    name = f"{element.tag}.{number}"
                    self.check_field(message, segment, number, element.findall(name))
                    compared += 1
        self.assertGreater(compared, 200)

    def check_field(self, message, segment, number, elements):
        if segment[0] == ["MSH"] and number <= 2:
            self.assertEqual([one.text for one in elements], [segment[number][0]])
            return
        values = message.repetitions(segment, number)
        self.assertEqual(len(elements), len(values))
        for element, value in zip(elements, values):
            if len(element) == 0:
                self.assertEqual(element.text or "", message.decode(value))
                continue
            parts = value.split(message.component)
            have = {int(child.tag.rpartition(".")[2]): child.text for child in element}
            self.assertEqual(have, {place + 1: message.decode(part)
                                    for place, part in enumerate(parts) if part})

    def test_every_field_of_these_messages_is_written(self):
        """The lists of fields in v2xml hold all that these examples have."""
        for name in ("admission", "two-orders", "remarks-everywhere"):
            path = GALLERY / "message-to-xml.cases" / name
            message = Message(path.with_name(f"{name}.in.hl7").read_bytes())
            root = xml.etree.ElementTree.parse(path.with_name(f"{name}.out.xml")).getroot()
            segments = [one for one in message.segments if one[0][0] in self.NAMES]
            for element, segment in zip(root, segments):
                with self.subTest(case=name, segment=segment[0][0]):
                    self.assertEqual(
                        {int(child.tag.rpartition(".")[2]) for child in element},
                        {number for number in range(1, len(segment))
                         if message.repetitions(segment, number)})


if __name__ == "__main__":
    main()
