#!/usr/bin/python3
"""Row 18: lines and branches of lib/ and of the journal that tests reach, from the last `make coverage`."""

import csv
import pathlib

from figures import ORDERLY, tell

NAME = "Coverage of lib/ and the journal"
TARGET = "lines >= 95 %, branches >= 90 %"


def main():
    path = pathlib.Path(ORDERLY).resolve().parent / "coverage" / "coverage.csv"
    if not path.exists():
        tell(18, NAME, "not measured: run `make coverage` first", TARGET, False)
        return
    rows = list(csv.DictReader(path.open()))
    for folder in ("lib/", "broker/journal/"):
        mine = [row for row in rows if row["filename"].startswith(folder)]
        lines, branches = ([sum(int(row[f"{kind}_{what}"] or 0) for row in mine) for what in ("covered", "total")]
                           for kind in ("line", "branch"))
        a, b = (1000 * part // max(all_, 1) / 10 for part, all_ in (lines, branches))
        tell(18, NAME, f"{folder}: lines {a} %, branches {b} %", TARGET, a >= 95 and b >= 90)


main()
