#!/usr/bin/python3
"""Row 15: how exposed the broker's service is, as systemd itself rates its unit (0 best, 10 worst)."""

import pathlib
import re
import shutil
import subprocess
import tempfile

import row

UNIT = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "orderly.service.in"
NAME = "systemd exposure of the broker's service"
MOST = 1.5


def exposure():
    """The figure, or None when systemd-analyze says none."""
    with tempfile.TemporaryDirectory(prefix="orderly-unit-") as folder:
        path = pathlib.Path(folder) / "orderly.service"
        path.write_text(UNIT.read_text().replace("@CMAKE_INSTALL_FULL_BINDIR@", "/usr/bin"))
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", str(path)],
                              capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    return float(found.group(1)) if found else None


def main():
    if shutil.which("systemd-analyze") is None:
        row.cannot(15, NAME, "systemd-analyze is not installed", f"<= {MOST}")
    value = exposure()
    if value is None:
        row.cannot(15, NAME, "systemd-analyze says no figure", f"<= {MOST}")
    row.report(15, NAME, value, f"<= {MOST}", value <= MOST)


if __name__ == "__main__":
    main()
