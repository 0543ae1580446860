# SPDX-License-Identifier: Apache-2.0
"""The converter of the user's document, written anew from its description: a baseline for run.py.

A message is split into segments at any run of CR and LF, a segment into fields at '|'. A
placeholder {S-F} in the template becomes field F of segment S, both counted from 0; one that points
outside the message raises IndexError, as in the document.

usage: document_converter.py TEMPLATE FILE   (every message of FILE, results on standard output)
       document_converter.py --milliseconds M TEMPLATE FILE   (again and again; a line of JSON)
"""
import json
import re
import sys
import time

PLACEHOLDER = re.compile(r"{(\d+)-(\d+)}")
LINE_ENDS = re.compile(r"[\r\n]+")
BETWEEN_MESSAGES = re.compile(r"[\r\n]+(?=MSH\|)")


def convert(source, template):
    """The template's text with every placeholder replaced by what it points at in the source."""
    segments = LINE_ENDS.split(source)

    def value(placeholder):
        segment, field = placeholder.groups()
        return segments[int(segment)].split("|")[int(field)]

    return PLACEHOLDER.sub(value, template)


def read_text(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def measure(messages, template, milliseconds):
    """Converts for so long, in memory; how many that were."""
    count, spent, begin = 0, 0.0, time.perf_counter()
    while spent < milliseconds / 1000:
        for _ in range(200):
            convert(messages[count % len(messages)], template)
            count += 1
        spent = time.perf_counter() - begin
    print(json.dumps({"messages": count, "seconds": spent, "rate": count / spent}))


def main():
    template, source = (read_text(path) for path in sys.argv[-2:])
    messages = BETWEEN_MESSAGES.split(source)
    if sys.argv[1] == "--milliseconds":
        measure(messages, template, int(sys.argv[2]))
        return
    for message in messages:
        sys.stdout.write(convert(message, template) + "\n")


if __name__ == "__main__":
    main()
