"""What templates need from outside, in `orderly convert` and `orderly listen --ack-template`: files
beside them, the clock, ids, sequences."""

import os
import pathlib
import re
import threading
import time

from peers import Client, control_id, field, message
from support import TestCase, environment, main, run

HL7 = b"MSH|^~\\&|LAB|TEST|||20260101||ORU^R01|C1|P|2.5\rPID|1||T1||DOE^JANE|||F\r"
ACK = b"MSH|^~\\&|A|B|{MSH-3}|{MSH-4}|{now()}||ACK|{control_id()}|P|2.5\nMSA|AA|{MSH-10}|"


class Files(TestCase):
    def convert(self, template, *arguments, name="folder/t.txt", **settings):
        path = self.write(name, template)
        return run("convert", "-t", path, *arguments, stdin=HL7, **settings)

    def test_a_table_beside_the_template_is_found_from_everywhere(self):
        self.write("folder/sex.csv", b"F,female\nM,male\n")
        result = self.convert(b"{map('sex', PID-8)}", cwd="/")
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"female")

    def test_an_included_file_is_found_in_folders_below(self):
        self.write("folder/parts/head.txt", b"<{PID-5.1}>\n")
        result = self.convert(b"{include 'parts/head.txt'}\n")
        self.assert_status(result, 0)
        self.assertEqual(result.out, b"<DOE>\n")

    def test_a_mistake_in_an_included_file_is_shown_with_that_files_name(self):
        head = self.write("folder/head.txt", b"\n{uper(PID-5)}\n")
        result = self.convert(b"{include 'head.txt'}\n")
        self.assert_status(result, 2)
        self.assertIn(f"{head}:2:2: unknown function 'uper'".encode(), result.err)
        self.assertIn(b"    {uper(PID-5)}\n     ^\n", result.err)

    def test_a_mistake_in_a_table_is_shown_with_that_files_name(self):
        table = self.write("folder/sex.csv", b"F,female\nM\n")
        result = self.convert(b"{map('sex', PID-8)}")
        self.assert_status(result, 2)
        self.assertIn(f"{table}:2:".encode(), result.err)

    def test_no_link_leaves_the_folder(self):
        self.write("secret.csv", b"F,secret\n")
        folder = self.write("folder/x", b"").parent
        (folder / "a.csv").symlink_to("../secret.csv")
        (folder / "b.csv").symlink_to(self.folder / "secret.csv")
        (folder / "up").symlink_to("..")
        for template in (b"{map('a', PID-8)}", b"{map('b', PID-8)}",
                         b"{include 'up/secret.csv'}\n", b"{include '../secret.csv'}\n"):
            with self.subTest(template):
                result = self.convert(template)
                self.assert_status(result, 2)
                self.assertNotIn(b"secret\n", result.out + result.err)

    def test_a_pipe_in_place_of_a_table_does_not_hold_the_program_up(self):
        self.write("folder/x", b"")
        os.mkfifo(self.folder / "folder" / "sex.csv")
        self.assert_status(self.convert(b"{map('sex', PID-8)}"), 2)

    def test_a_template_from_standard_input_has_the_files_of_the_current_folder(self):
        self.write("sex.csv", b"F,female\n")
        source = self.write("in", HL7)
        result = run("convert", "-t", "-", source, stdin=b"{map('sex', PID-8)}", cwd=self.folder)
        self.assertEqual(result.out, b"female")
        result = run("convert", "-t", "-", source, stdin=b"{PID-}", cwd=self.folder)
        self.assert_status(result, 2)
        self.assertIn(b"standard input:1:", result.err)
        result = run("convert", "-t", "-", stdin=b"x")
        self.assert_status(result, 2)


class Ids(TestCase):
    def convert(self, template, *arguments, stdin=HL7, **settings):
        return run("convert", "-t", self.write("t.txt", template), *arguments, stdin=stdin,
                   **settings)

    def test_the_clock_is_local_with_its_zone(self):
        for zone, shown in (("XXX-3:30", b"+0330"), ("YYY5", b"-0500"), ("no/such", b"+0000")):
            with self.subTest(zone):
                before = int(time.time())
                result = self.convert(b"{now()}", env=environment(TZ=zone))
                self.assertRegex(result.out, rb"^\d{14}" + re.escape(shown) + rb"$")
                hours, minutes = int(shown[:3]), int(shown[3:])
                moment = time.strptime(result.out[:14].decode(), "%Y%m%d%H%M%S")
                utc = int(time.mktime(moment)) - time.timezone - (hours * 3600 + minutes * 60)
                self.assertTrue(before <= utc <= int(time.time()), (before, utc))

    def test_uuids_differ_and_are_version_four(self):
        result = self.convert(b"{uuid()} {uuid()}", stdin=HL7 * 2)
        found = result.out.split()
        self.assertEqual(len(set(found)), 4)
        for value in found:
            self.assertRegex(value, rb"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                    rb"[0-9a-f]{12}$")

    def test_control_ids_differ_within_a_run_and_between_runs(self):
        found = []
        for _ in range(3):
            found += self.convert(b"{control_id()} {control_id()}", stdin=HL7 * 2).out.split()
        self.assertEqual(len(set(found)), 12)
        self.assertTrue(all(len(value) <= 20 for value in found), found)


class Sequences(TestCase):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "numbers"
        self.template = self.write("t.txt", b"{sequence('a')} {sequence('b.c-d')} {sequence('a')}")

    def convert(self, *arguments, template=None, stdin=HL7):
        return run("convert", "-t", template or self.template, *arguments, stdin=stdin)

    def test_without_a_file_each_run_begins_at_one(self):
        for _ in range(2):
            self.assertEqual(self.convert(stdin=HL7 * 2).out, b"1 1 2\n3 2 4\n")

    def test_with_a_file_numbers_go_on_in_the_next_run(self):
        self.assertEqual(self.convert("--sequence-file", self.file).out, b"1 1 2")
        self.assertEqual(self.convert("--sequence-file", self.file, stdin=HL7 * 2).out,
                         b"3 2 4\n5 3 6\n")
        self.assertEqual(self.file.read_bytes(), b"a 6\nb.c-d 3\n")
        self.assertEqual([path.name for path in self.folder.iterdir()
                          if path.name.startswith("numbers")], ["numbers"])

    def test_a_failed_conversion_uses_no_number_up(self):
        template = self.write("r.txt", b"{if PID-8 = 'F'}{let n = sequence('a')}{reject 'AE' 'x'}"
                              b"{end}{sequence('a')}")
        source = HL7 + HL7.replace(b"|F", b"|M") + HL7 + HL7.replace(b"|F", b"|M")
        result = self.convert("--sequence-file", self.file, template=template, stdin=source)
        self.assertEqual(result.out, b"1\n2\n")
        self.assertEqual(self.file.read_bytes(), b"a 2\n")

    def test_a_result_that_needs_much_memory_uses_a_number_once(self):
        template = self.write("l.txt", b"{sequence('a')}{PID-5.1}")
        result = self.convert("--sequence-file", self.file, template=template,
                              stdin=HL7.replace(b"DOE", b"D" * 500000))
        self.assertEqual(result.out, b"1" + b"D" * 500000)
        self.assertEqual(self.file.read_bytes(), b"a 1\n")

    def test_programs_at_the_same_time_never_get_the_same_number(self):
        template = self.write("s.txt", b"{sequence('a')}")
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.convert(
            "--sequence-file", self.file, template=template, stdin=HL7 * 20))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = sorted(int(number) for result in results for number in result.out.split())
        self.assertEqual(found, list(range(1, 81)))

    def test_a_damaged_file_is_an_error_and_stays_as_it_is(self):
        for text in (b"a\n", b"a x\n", b"a 1 2\n", b"../a 1\n", b"a 99999999999999999999999\n",
                     b"\x00", b"a 18446744073709551615\n"):
            with self.subTest(text):
                self.file.write_bytes(text)
                result = self.convert("--sequence-file", self.file)
                self.assert_status(result, 3)
                self.assertEqual(result.out, b"")
                self.assertIn(b"numbers: ", result.err)
                self.assertEqual(self.file.read_bytes(), text)

    def test_a_file_that_cannot_be_used_is_named(self):
        result = self.convert("--sequence-file", self.folder / "no" / "file")
        self.assert_status(result, 3)
        self.assertIn(b"no/file: cannot open it: No such file or directory", result.err)

    def test_a_name_is_simple(self):
        template = self.write("n.txt", b"{sequence(PID-5)}{sequence('a b')}")
        result = self.convert(template=template)
        self.assert_status(result, 1)
        self.assertIn(b"sequence(): a name of a sequence has", result.err)

    def test_the_file_keeps_its_rights(self):
        self.file.write_bytes(b"a 1\n")
        self.file.chmod(0o640)
        self.convert("--sequence-file", self.file)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o640)


class Acknowledgements(TestCase):
    def exchange(self, port, text):
        with Client(port) as client:
            return client.exchange(text)

    def listen(self, template, **files):
        for name, data in files.items():
            self.write(f"{name}.csv", data)
        self.template = self.write("ack.hl7", template)
        return self.start_listener("--ack-template", self.template)

    def test_the_template_has_tables_a_clock_and_ids(self):
        _, port = self.listen(ACK + b"{map('site', MSH-3, 'unknown')}", site=b"ORDERLY,here\n")
        first = self.exchange(port, message("T1"))
        second = self.exchange(port, message("T2"))
        self.assertRegex(field(first, "MSH", 7), rb"^\d{14}\+0000$")
        self.assertEqual(field(first, "MSA", 3), b"unknown")
        self.assertNotEqual(control_id(first), control_id(second))

    def test_a_changed_table_is_read_again(self):
        program, port = self.listen(ACK + b"{map('t', 'a')}", t=b"a,old\n")
        self.assertEqual(field(self.exchange(port, message()), "MSA", 3), b"old")
        self.write("t.csv", b"a,newer\n")
        self.assertEqual(field(self.exchange(port, message()), "MSA", 3), b"newer")
        program.wait_for(rb"the changed template is in force")

    def test_a_table_that_goes_bad_leaves_the_last_good_one_in_force(self):
        program, port = self.listen(ACK + b"{map('t', 'a')}", t=b"a,old\n")
        self.write("t.csv", b"a\n")
        for _ in range(3):
            self.assertEqual(field(self.exchange(port, message()), "MSA", 3), b"old")
        program.wait_for(rb"t\.csv:1:")
        self.assertEqual(program.err.count(b"has errors; the last good one"), 1)
        self.write("t.csv", b"a,good\n")
        self.assertEqual(field(self.exchange(port, message()), "MSA", 3), b"good")

    def test_a_table_that_comes_back_is_read(self):
        _, port = self.listen(ACK + b"{map('t', 'a')}", t=b"a,old\n")
        (self.folder / "t.csv").unlink()
        self.assertEqual(field(self.exchange(port, message()), "MSA", 3), b"old")
        self.write("t.csv", b"a,back\n")
        self.assertEqual(field(self.exchange(port, message()), "MSA", 3), b"back")

    def test_a_refusal_becomes_the_answer_with_its_reason_and_no_log_line(self):
        for code, shown in (("AE", b"AE"), ("AR", b"AR"), ("CE", b"AE"), ("CR", b"AR")):
            with self.subTest(code):
                program, port = self.listen(ACK + b"{reject '%s' 'no name ' PID-3}"
                                            % code.encode())
                answer = self.exchange(port, message("T9", segments=["PID|1||S77"]))
                self.assertEqual(field(answer, "MSA", 1), shown)
                self.assertEqual(field(answer, "MSA", 2), b"T9")
                self.assertIn(b"no name S77", answer)
                self.assertNotIn(b"no name", program.err)
                program.stop()

    def test_a_refusal_has_the_letter_the_sender_asks_for(self):
        _, port = self.listen(ACK + b"{reject 'AE' 'no'}")
        answer = self.exchange(port, message("T9", accept="AL", application="NE"))
        self.assertEqual(field(answer, "MSA", 1), b"CE")

    def test_a_conversion_that_fails_is_answered_with_an_error(self):
        program, port = self.listen(ACK + b"{required(PID-99)}")
        answer = self.exchange(port, message())
        self.assertEqual(field(answer, "MSA", 1), b"AE")
        program.wait_for(rb"template: ")


if __name__ == "__main__":
    main()
