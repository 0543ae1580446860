"""What the scripts of the scoreboard share: a row is one line of JSON on standard output,

    {"row": 15, "name": ..., "value": ..., "target": ..., "pass": true}

and the exit status says the same: 0 passed, 1 not, 77 could not be measured here (`value` says why)."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))


def report(number, name, value, target, passed):
    print(json.dumps({"row": number, "name": name, "value": value, "target": target,
                      "pass": bool(passed)}))
    sys.exit(0 if passed else 1)


def cannot(number, name, why, target):
    print(json.dumps({"row": number, "name": name, "value": f"not measured: {why}",
                      "target": target, "pass": False}))
    sys.exit(77)
