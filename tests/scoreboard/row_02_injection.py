#!/usr/bin/python3
"""Row 2: hostile values through conversion: segments, fields, tags and members that a value added. Ours: every
example template, each field, each format. The others have no conversion; their messages get a field set."""

import json
import os
import subprocess

import hl7
from figures import node_path, run_tests, tell

NAME = "Injection through conversion"
VALUES = ["a|b", "a^b", "a&b", "a~b", "a\\b", "a\rZZZ|1", "a\nZZZ|1", "a\x1c\rb"]
TEXT = "MSH|^~\\&|A|B|C|D|2023||ADT^A01|1|P|2.4\rPID|1||T1||DOE\rPV1|1|I\r"
SCRIPT = """
const hl7 = require("simple-hl7");
const out = JSON.parse(process.argv[1]).map((value) => {
    const parser = new hl7.Parser();
    const message = parser.parse(process.argv[2]);
    message.getSegment("PID").setField(5, value);
    return message.toString();
});
console.log(JSON.stringify(out));
"""


def added(texts):
    """Outputs whose PID has another number of fields, PID-5 parts, or that have another number of segments."""
    count = 0
    for text in texts:
        lines = [line for line in text.replace("\n", "\r").split("\r") if line]
        fields = lines[1].split("|") if len(lines) > 1 else []
        count += (len(lines) != 3 or len(fields) != 6 or any(mark in fields[5] for mark in "^&~")
                  or "\x1c" in text)
    return count


def with_python():
    for value in VALUES:
        message = hl7.parse(TEXT)
        message.segment("PID")(5, value) if False else message.segment("PID").__setitem__(5, value)
        yield str(message)


def main():
    ran, bad = run_tests("test_template_injection.py")
    tell(2, NAME, str(bad), "0", bad == 0 and ran > 0, "Orderly",
         f"{ran} tests: every field of every example template, in each format")
    tell(2, NAME, f"{added(with_python())} of {len(VALUES)} values", "0", None, "python3-hl7",
         "a field is set to a value and the message written")
    done = subprocess.run(["node", "-e", SCRIPT, json.dumps(VALUES), TEXT], capture_output=True, text=True,
                          env={**os.environ, "NODE_PATH": node_path()}, check=True)
    tell(2, NAME, f"{added(json.loads(done.stdout))} of {len(VALUES)} values", "0", None, "simple-hl7",
         "a field is set to a value and the message written")


main()
