"""`orderly dict`: what the HL7 standard has under a name."""

import json

from support import TestCase, main, needs_dictionary, run


class Dict(TestCase):
    def lines(self, *arguments):
        result = run("dict", *arguments)
        self.assert_status(result, 0)
        return result.out.decode().splitlines()

    def entries(self, *arguments):
        return [json.loads(line) for line in self.lines("--json", *arguments)]

    @needs_dictionary
    def test_a_field_is_told_with_its_type_and_codes(self):
        lines = self.lines("--version", "2.5.1", "PID-8")
        self.assertEqual(lines[:5], ["PID-8  Administrative Sex  (field, HL7 2.5.1)",
                                     "type         IS, Coded Value for User-defined tables",
                                     "use          optional", "repetitions  1", "length       1"])
        self.assertIn("F\tFemale", lines)

    @needs_dictionary
    def test_a_segment_is_told_with_all_its_fields(self):
        lines = self.lines("-v", "2.5.1", "PID")
        self.assertEqual(lines[0], "PID  Patient Identification  (segment, HL7 2.5.1)")
        self.assertEqual(len(lines), 2 + 39)
        self.assertIn("5\tXPN\trequired\tyes\t250\t-\tPatient Name", lines)

    @needs_dictionary
    def test_a_type_is_told_with_its_components(self):
        self.assertIn("2\tST\toptional\tno\t30\t-\tGiven Name", self.lines("-v", "2.5.1", "XPN"))

    @needs_dictionary
    def test_a_component_is_found_by_the_path_of_its_field_or_type(self):
        for path in ("PID-5.1.1", "XPN.1.1", "FN.1"):
            self.assertIn("  Surname  (field", self.lines(path)[0])

    @needs_dictionary
    def test_a_table_is_told_with_its_codes(self):
        for name in ("0003", "3"):
            lines = self.lines(name)
            self.assertIn("Event type  (table of HL7)", lines[0])
            self.assertTrue(any(line.startswith("A01\t") for line in lines))

    @needs_dictionary
    def test_a_structure_is_a_tree(self):
        lines = self.lines("-v", "2.5.1", "ORU_R01")
        self.assertIn("1..*  group PATIENT_RESULT", lines)
        self.assertIn("  0..1  group PATIENT", lines)
        self.assertIn("    1..1  PID  Patient Identification", lines)

    @needs_dictionary
    def test_an_event_has_the_structure_of_another(self):
        for name in ("ADT_A04", "ADT^A04", "adt^a04"):
            self.assertTrue(self.lines("-v", "2.5.1", name)[0].startswith("ADT_A01  "))

    @needs_dictionary
    def test_json_has_the_whole_tree(self):
        [entry] = self.entries("-v", "2.5.1", "ORU_R01")
        self.assertEqual([node["name"] for node in entry["nodes"]],
                         ["MSH", "SFT", "PATIENT_RESULT", "DSC"])
        result = entry["nodes"][2]
        self.assertEqual((result["kind"], result["min"], result["max"]), ("group", 1, 0))
        self.assertEqual([node["name"] for node in result["nodes"]], ["PATIENT", "ORDER_OBSERVATION"])

    @needs_dictionary
    def test_json_has_a_line_for_each_name(self):
        entries = self.entries("PID-5", "XPN", "0001", "MSH")
        self.assertEqual([entry["kind"] for entry in entries], ["field", "type", "table", "segment"])
        self.assertEqual(entries[0]["name"], "Patient Name")
        self.assertEqual(entries[0]["path"], "PID-5")

    @needs_dictionary
    def test_without_a_name_all_is_listed(self):
        lines = self.lines()
        self.assertEqual(lines[0], "KIND\tNAME\tTITLE")
        self.assertIn("segment\tPID\tPatient Identification", lines)
        self.assertEqual(len(self.entries("-v", "2.1")), len(self.lines("-v", "2.1")) - 1)

    @needs_dictionary
    def test_what_another_version_has_is_told(self):
        result = run("dict", "--version", "2.1", "SPM")
        self.assert_status(result, 1)
        self.assertEqual(result.err, b"orderly dict: HL7 2.1 has no 'SPM'; it is in 2.5 to 2.8.2\n")

    @needs_dictionary
    def test_what_no_version_has_is_told(self):
        for name in ("ZPI", "PID-99", "PID-0", "PID-", "PID-5.x", "PID-5.1x", "XPN.99", "9999", "-", ".",
                     "PID_", "_", "^", "x" * 100, ""):
            result = run("dict", "--", name)
            self.assert_status(result, 1)
            self.assertIn(b"is no segment, field, data type, table or structure", result.err)

    @needs_dictionary
    def test_a_version_that_there_is_not_is_wrong_use(self):
        result = run("dict", "--version", "3.0", "PID")
        self.assert_status(result, 2)
        self.assertIn(b"--version: '3.0' is no version of HL7 from 2.1 to 2.8.2", result.err)


if __name__ == "__main__":
    main()
