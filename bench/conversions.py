# SPDX-License-Identifier: Apache-2.0
"""The conversions that bench/run.py measures in memory, on one thread, after everything was read.

Two jobs are done by several contenders: values put into a message, and the results of a message as
JSON, with a loop and conditions. What they make is compared first. Then every template of the
gallery is run over its first case by bench/convert alone; nothing else can run those.

Instructions and allocations are counted by valgrind, as the difference between two runs of which
the second converts more messages.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import contenders
from contenders import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = os.path.join(os.path.dirname(HERE), "examples", "templates")
MESSAGES = os.path.join(os.path.dirname(HERE), "examples", "messages")
ENGINE = "eta"
COUNTED = (100, 600)  # messages of the two runs under valgrind


def invented_message(number):
    return (
        "MSH|^~\\&|MAMMO AI|TEST CLINIC|RIS|TEST HOSPITAL|20240102030405||ORU^R01|"
        f"B{number:08d}|P|2.4\r"
        f"PID|1||TEST{number:06d}^^^TEST||DOE^JANE^TEST{number}||19700101|F\r"
        "PV1|1|O\r"
        f"ORC|RE||ACC{number:06d}||CM\r"
        f"OBR|1||ACC{number:06d}|MMG^Mammography^TEST|||20240102030000||||||||||||||||||F\r"
        f"OBX|1|NM|SCORE^Abnormality score^TEST||{number % 100}.50||||||F|||20240102030000\r"
        "OBX|2|NM|DENSITY^Density category^TEST||2|||B|||F|||20240102030000\r"
        "OBX|3|NM|LCC^Left craniocaudal^TEST||80.25||||||F|||20240102030000\r"
        "OBX|4|NM|LMLO^Left mediolateral oblique^TEST||9.75||||||F|||20240102030000\r"
        "NTE|1||scattered densities, no suspicious finding, compare with the prior\r"
    )


NUMBERED_TEMPLATE = (
    "MSH|^~\\&|BROKER|{0-3}|{0-4}|{0-5}|{0-6}||ORU^R01|{0-9}|P|2.4\n"
    "PID|1||{1-3}||{1-5}||{1-7}|{1-8}\n"
    "OBR|1||{4-3}|{4-4}|||{4-7}\n"
    "OBX|1|NM|{5-3}||{5-5}||||||{5-11}\n"
)
PATH_TEMPLATE = (
    "MSH|^~\\&|BROKER|{MSH-4}|{MSH-5}|{MSH-6}|{MSH-7}||ORU^R01|{MSH-10}|P|2.4\n"
    "PID|1||{PID-3}||{PID-5}||{PID-7}|{PID-8}\n"
    "OBR|1||{OBR-3}|{OBR-4}|||{OBR-7}\n"
    "OBX|1|NM|{OBX-3}||{OBX-5}||||||{OBX-11}\n"
)
VALUES_ETA = (
    "MSH|^~\\&|BROKER|<%= it.get('MSH', 4) %>|<%= it.get('MSH', 5) %>|<%= it.get('MSH', 6) %>|"
    "<%= it.get('MSH', 7) %>||ORU^R01|<%= it.get('MSH', 10) %>|P|2.4\r"
    "PID|1||<%= it.get('PID', 3) %>||<%= it.get('PID', 5) %>||<%= it.get('PID', 7) %>|"
    "<%= it.get('PID', 8) %>\r"
    "OBR|1||<%= it.get('OBR', 3) %>|<%= it.get('OBR', 4) %>|||<%= it.get('OBR', 7) %>\r"
    "OBX|1|NM|<%= it.get('OBX', 3) %>||<%= it.get('OBX', 5) %>||||||<%= it.get('OBX', 11) %>\r"
)
JSON_TEMPLATE = """{output json}
{"id": "{MSH-10}", "patient": "{PID-3.1}", "name": "{PID-5.1}, {PID-5.2}", "sex": "{PID-8}",
"results": [
{for obx in OBX}
{"code": "{obx-3.1}", "text": "{obx-3.2}", "value": {obx-5}
{if obx-8}
, "flag": "{obx-8}"
{end}
{if obx-5 >= 50}
, "high": true
{end}
}
{if not last}
,
{end}
{end}
]}
"""
JSON_ETA = """{"id": "<%= it.quoted(it.get('MSH', 10)) %>", <% /*
*/ const id = it.get('PID', 3), name = it.get('PID', 5); /*
*/ %>"patient": "<%= it.quoted(it.component(id, 1)) %>", <% /*
*/ %>"name": "<%= it.quoted(it.component(name, 1)) %>, <%= it.quoted(it.component(name, 2)) %>", <% /*
*/ %>"sex": "<%= it.quoted(it.get('PID', 8)) %>",
"results": [
<% const all = it.all('OBX'); all.forEach((obx, i) => { /*
*/ const code = it.field(obx, 3), value = it.field(obx, 5), flag = it.field(obx, 8); /*
*/ %>{"code": "<%= it.quoted(it.component(code, 1)) %>", <% /*
*/ %>"text": "<%= it.quoted(it.component(code, 2)) %>", <% /*
*/ %>"value": <%= it.json(it.component(value, 1)) %>
<% if (flag !== '') { %>, "flag": "<%= it.quoted(it.component(flag, 1)) %>"
<% } if (Number(value) >= 50) { %>, "high": true
<% } %>}
<% if (i + 1 < all.length) { %>,
<% } }) %>]}
"""


class Job:
    """One piece of work: {contender: (template's name, its text)}, and how outputs are compared."""

    def __init__(self, name, templates, read):
        self.name = name
        self.templates = templates
        self.read = read


def read_segments(text):
    return [line for line in re.split(r"[\r\n]+", text) if line]


def read_json(text):
    decoder, found, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


JOBS = [
    Job(
        "16 values into a message",
        {
            "document": NUMBERED_TEMPLATE,
            ENGINE: VALUES_ETA,
            "libhl7, {0-9}": NUMBERED_TEMPLATE,
            "libhl7, {MSH-10}": PATH_TEMPLATE,
        },
        read_segments,
    ),
    Job(
        "results as JSON: a loop, two conditions",
        {ENGINE: JSON_ETA, "libhl7": JSON_TEMPLATE},
        read_json,
    ),
]


# ---- The contenders ------------------------------------------------------------------------------


def install_engine(build):
    """The folder with the package, installed there exactly as bench/npm locks it; None when that
    does not work."""
    folder = os.path.abspath(os.path.join(build, "npm"))
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, "npm", name), folder)
    try:
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return folder if done.returncode == 0 else None


def engine_version():
    with open(os.path.join(HERE, "npm", "package-lock.json"), encoding="utf-8") as file:
        return json.load(file)["packages"]["node_modules/" + ENGINE]["version"]


def node_version():
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60)
    return done.stdout.strip().lstrip("v")


class Runner:
    """Starts the contenders."""

    def __init__(self, plan, folder):
        self.plan = plan
        self.folder = folder

    def command(self, contender):
        if contender == "document":
            return [sys.executable, os.path.join(HERE, "document_converter.py")]
        if contender == ENGINE:
            return ["node", os.path.join(HERE, "npm", "convert.cjs")]
        return [os.path.abspath(self.plan.programs["convert"])]

    def prints(self, contender, template, source):
        """What a contender makes of all messages."""
        option = [] if contender == "document" else ["--print"]
        done = subprocess.run(
            [*self.command(contender), *option, template, source],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        if done.returncode != 0:
            raise Failure(f"{contender}: {done.stderr.decode(errors='replace')[-500:]}")
        return done.stdout.decode("utf-8")

    def rate(self, contender, template, source):
        """Messages a second."""
        option = f"{self.plan.convert_milliseconds}"
        words = ["--milliseconds", option, template, source]
        try:
            done = subprocess.run(
                [*self.command(contender), *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self.plan.convert_milliseconds / 1000 + 60,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"{contender} did not end") from None
        if done.returncode != 0:
            raise Failure(f"{contender}: {done.stderr.decode(errors='replace')[-500:]}")
        return json.loads(done.stdout)


def measure_jobs(plan, folder, engine, say):
    """[(job, {contender: [messages a second of each round]})]"""
    runner = Runner(plan, engine or folder)
    source = os.path.join(folder, "messages.hl7")
    write(source, "".join(map(invented_message, range(1000))))
    results = []
    for number, job in enumerate(JOBS):
        names = [name for name in job.templates if engine or name != ENGINE]
        paths = {name: os.path.join(folder, f"job {number} {name}") for name in names}
        for name in names:
            write(paths[name], job.templates[name])
        made = {name: job.read(runner.prints(name, paths[name], source)) for name in names}
        for name in names[1:]:
            if not made[name] or made[name] != made[names[0]]:
                raise Failure(f"{job.name}: {name} and {names[0]} do not make the same")
        results.append((job, paths, {name: [] for name in names}))
    for turn in range(plan.convert_rounds):
        say(f"round {turn + 1} of {plan.convert_rounds}: converting in memory")
        for job, paths, rates in results:
            names = list(rates)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                rates[name].append(runner.rate(name, paths[name], source)["rate"])
    return [(job.name, rates) for job, _, rates in results]


def write(path, text):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


# ---- The gallery ---------------------------------------------------------------------------------


def gallery():
    """[(name, template, input)]: every template with the input of its first case; those that have
    no cases get the message the examples use."""
    found = []
    for folder, folders, files in os.walk(TEMPLATES):
        folders[:] = sorted(name for name in folders if not name.endswith(".cases"))
        for name in sorted(files):
            path = os.path.join(folder, name)
            cases = os.path.splitext(path)[0] + ".cases"
            if os.path.isdir(cases):
                inputs = sorted(entry for entry in os.listdir(cases) if ".in." in entry)
                chosen = next((i for i in inputs if not has_error(cases, i)), None)
                if chosen:
                    found.append((name, path, os.path.join(cases, chosen)))
            elif name in ("document-ack.hl7", "oru-to-result.hl7", "oru-to-text.txt"):
                found.append((name, path, os.path.join(MESSAGES, "lunit-oru.hl7")))
    return found


def has_error(cases, name):
    return os.path.exists(os.path.join(cases, name.split(".in.")[0] + ".error"))


def count_under_valgrind(words, pattern, command):
    done = subprocess.run(
        ["valgrind", *words, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    found = re.search(pattern, done.stderr)
    if done.returncode != 0 or not found:
        raise Failure(f"valgrind: {done.stderr[-500:]}")
    return int(found.group(1).replace(",", ""))


def count_per_message(program, template, source, words, pattern):
    """How much of something one more message takes."""
    few, many = (
        count_under_valgrind(words, pattern, [program, f"--messages={n}", template, source])
        for n in COUNTED
    )
    return (many - few) / (COUNTED[1] - COUNTED[0])


def measure_gallery(plan, say):
    """[{name, rates, bytes, instructions, allocations}]"""
    runner = Runner(plan, None)
    entries = [
        {"name": name, "template": template, "input": source, "rates": []}
        for name, template, source in gallery()
    ]
    for turn in range(plan.convert_rounds):
        say(f"round {turn + 1} of {plan.convert_rounds}: the gallery")
        for entry in entries:
            done = runner.rate("libhl7", entry["template"], entry["input"])
            entry["rates"].append(done["rate"])
            entry["read"] = done["read"] / done["messages"]
            entry["written"] = done["written"] / done["messages"]
    program = plan.programs["convert"]
    for entry in entries:
        say(f"counting: {entry['name']}")
        where = (program, entry["template"], entry["input"])
        entry["instructions"] = count_per_message(
            *where,
            ["--tool=callgrind", "--callgrind-out-file=/dev/null"],
            r"Collected : ([\d,]+)",
        )
        entry["allocations"] = count_per_message(*where, [], r"heap usage: ([\d,]+) allocs")
    return entries


class Conversions:
    """All that was measured here."""

    def __init__(self, jobs, entries, engine):
        self.jobs = jobs
        self.entries = entries
        self.engine = f"{ENGINE} {engine_version()} on Node.js {node_version()}" if engine else None


def measure(plan, say):
    engine = install_engine(plan.build)
    if engine is None:
        say("npm ci failed: the JavaScript engine is not measured")
    with tempfile.TemporaryDirectory() as folder:
        jobs = measure_jobs(plan, folder, engine, say)
    return Conversions(jobs, measure_gallery(plan, say), engine)
