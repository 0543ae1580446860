"""The scoreboard's own parts: its table has every row, says what could not be measured, and its quick rows can be
measured here. `make scoreboard` measures all of them."""

import json
import os
import pathlib
import subprocess
import unittest

import support
from support import BUILD, ORDERLY, SOURCE

SCRIPTS = SOURCE / "tests" / "scoreboard"


@unittest.skipUnless(BUILD == "plain", "it is about what is shipped")
class Scoreboard(support.TestCase):
    def board(self, rows):
        done = subprocess.run([SOURCE / "scripts" / "scoreboard", pathlib.Path(ORDERLY).parent, "--no-write",
                               "--rows", rows], capture_output=True, text=True, timeout=200, check=False)
        return done.returncode, done.stdout

    def test_a_row_has_its_figure_and_the_command_that_measures_it(self):
        status, text = self.board("14")
        self.assertEqual(status, 0, text)
        self.assertIn("| 14 | Hardening flags | Orderly | orderly: 9 of 9 |", text)
        self.assertIn("`tests/scoreboard/row_14_hardening.py`", text)

    def test_a_folder_without_a_build_is_told(self):
        done = subprocess.run([SOURCE / "scripts" / "scoreboard", self.folder], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not built", done.stderr)

    def test_every_row_of_the_issue_has_a_name(self):
        text = (SOURCE / "scripts" / "scoreboard").read_text("utf-8")
        for number in range(1, 19):
            self.assertIn(f"{number}: \"", text)

    def test_a_script_prints_lines_of_json(self):
        done = subprocess.run(["/usr/bin/python3", SCRIPTS / "row_16_libraries.py"], capture_output=True, text=True,
                              env={**os.environ, "ORDERLY": str(ORDERLY)}, check=True)
        for line in done.stdout.splitlines():
            self.assertLessEqual({"row", "name", "value", "target", "pass"}, set(json.loads(line)))


if __name__ == "__main__":
    support.main()
