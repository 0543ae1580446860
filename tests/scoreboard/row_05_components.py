#!/usr/bin/python3
"""Row 5: a message of a million components, and half of it. Measured: the processor instructions that reading each
takes (callgrind), less those for a message that is empty but for its header; and their ratio."""

import pathlib
import re
import shutil
import subprocess
import tempfile

import row

from support import ORDERLY

NAME = "a million components: instructions for 2 MB to those for 1 MB"
MOST = 2.5
HEAD = b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.4\r"


def instructions(folder, components):
    message = folder / "message.hl7"
    message.write_bytes(HEAD + (b"OBX|1|TX|" + b"^".join([b"x"] * components) + b"\r" if components
                                else b""))
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", ORDERLY, "get",
         f"OBX-3.{max(components, 1)}", str(message)],
        capture_output=True, text=True, timeout=300, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found.group(1)) if found else None


def main():
    target = f"<= {MOST}"
    if shutil.which("valgrind") is None:
        row.cannot(5, NAME, "valgrind is not installed", target)
    with tempfile.TemporaryDirectory(prefix="orderly-components-") as name:
        folder = pathlib.Path(name)
        counts = [instructions(folder, components) for components in (0, 500000, 1000000)]
    if None in counts:
        row.cannot(5, NAME, "callgrind says no figure", target)
    none, half, whole = counts
    ratio = (whole - none) / (half - none)
    row.report(5, NAME, round(ratio, 2), target, ratio <= MOST)


if __name__ == "__main__":
    main()
