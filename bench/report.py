# SPDX-License-Identifier: Apache-2.0
"""Writes what bench/run.py measured as Markdown: medians, ranges, ratios, and what falls short."""
import datetime
import json
import os
import platform
import subprocess
from statistics import median

import report_broker
from report_text import counted, figure, milliseconds, paragraph, pick, spread, table

TARGET = 0.7
LATER_TARGET = 0.9

# Above this share of one core the generator may be what limits both servers.
GENERATOR_BUSY = 0.95

# Above this load average somebody else was using the machine.
BUSY_MACHINE = 0.5


def ratios(results, name="listen", reference="limit"):
    return [
        mine["rate"] / other["rate"] for mine, other in zip(results[name], results[reference])
    ]


# ---- The machine and the build -------------------------------------------------------------------


def processor_model():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def compile_command(build):
    """The words of the command that compiled the library's parser, or none."""
    try:
        with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
            for entry in json.load(file):
                if entry["file"].endswith("lib/message.c"):
                    return entry["command"].split()
    except (OSError, ValueError, KeyError):
        pass
    return []


def compiler(words):
    """The compiler's own name for itself, and the flags that change its code."""
    kept = ("-O", "-g", "-std=", "-f", "-m", "-D_FORTIFY_SOURCE")
    flags = [w for w in words if w.startswith(kept) and not w.startswith("-fmacro-prefix-map")]
    try:
        said = subprocess.run([words[0], "--version"], capture_output=True, text=True, timeout=10)
        name = said.stdout.splitlines()[0]
    except (IndexError, OSError, subprocess.TimeoutExpired):
        name = "unknown compiler"
    return name, " ".join(flags)


def machine_section(plan):
    name, flags = compiler(compile_command(plan.build))
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    lines = [
        "# Measured",
        "",
        "Written by `make bench` (or `python3 bench/run.py --build FOLDER"
        + (" --quick" if plan.quick else f" --rounds {plan.rounds} --seconds {plan.seconds:g}")
        + "`). Do not edit; run it again.",
        "",
        f"- Date: {today}",
        f"- Machine: {processor_model()}, {os.cpu_count()} cores; Linux {platform.release()}",
        f"- Compiler: {name}" + (f"; `{flags}`" if flags else ""),
        f"- Python: {platform.python_version()}, for the document's programs",
        f"- Other work on the machine at the start: load average {plan.load_average:.2f}"
        + (" (**busy: expect noise**)" if plan.load_average > BUSY_MACHINE else ""),
        f"- Settings: {counted(plan.rounds, 'round')}, {plan.seconds:g} s for each measurement "
        "(fresh connections: 1 s at most) after a warm-up of a quarter of that, all contenders in "
        "turn in each round, a new server for each measurement",
        "",
        *paragraph(
            """The generator runs on the same machine and waits for answers before it sends more (a
            closed loop). Numbers are medians of the rounds, with the smallest and the largest in
            brackets. Ratios are taken within a round. Rates of different runs or machines are not
            comparable; ratios are, with care."""
        ),
    ]
    if plan.quick:
        lines += ["**A smoke test: one short round. These numbers mean nothing.**", ""]
    return lines


# ---- Receive and acknowledge ---------------------------------------------------------------------


def verdict(ratio):
    if ratio < TARGET:
        return f"**no: below {TARGET}**"
    return "yes" if ratio >= LATER_TARGET else f"yes; below the later goal of {LATER_TARGET}"


def summary(loads, servers):
    short, lines = [], []
    for load in loads:
        ratio = median(ratios(servers[load.name]))
        if load.target and ratio < TARGET:
            short.append(f"- **Falls short**: {load.name}: {ratio:.2f} of limit, not {TARGET}.")
        elif load.target and ratio < LATER_TARGET:
            short.append(f"- Below the later goal: {load.name}: {ratio:.2f} of limit.")
        elif ratio < TARGET:
            short.append(f"- Slow, though nothing was promised: {load.name}: {ratio:.2f} of limit.")
    if short:
        lines += ["What falls short:", "", *short, ""]
    else:
        lines += [f"Every load reaches {LATER_TARGET} of the limit server or more.", ""]
    return lines


def rate_rows(loads, servers):
    for load in loads:
        results = servers[load.name]
        ratio = ratios(results)
        yield [
            load.name,
            spread(pick(results["limit"], "rate")),
            spread(pick(results["listen"], "rate")),
            spread(ratio, lambda value: f"{value:.2f}"),
            verdict(median(ratio)) if load.target else "–",
            figure(median(pick(results["listen"], "megabytes"))),
        ]


def detail_rows(loads, servers):
    for load in loads:
        for name in load.contenders:
            rounds = servers[load.name][name]
            yield [
                load.name,
                name,
                *(milliseconds(median(pick(rounds, key))) for key in ("p50", "p90", "p99", "p999")),
                milliseconds(max(pick(rounds, "most"))),
                figure(median(pick(rounds, "processor"))),
                figure(max(pick(rounds, "memory"))),
                f"{median(pick(rounds, 'generator')) * 100:.0f} %",
            ]


def server_section(loads, servers):
    kept = [load for load in loads if not load.fresh]
    lines = [
        "## Receive and acknowledge",
        "",
        *paragraph(
            """`limit` is the bare epoll server of bench/limit.c: it frames, counts to MSH-10 and
            echoes it, and does nothing else; it is the ceiling for one thread. `listen` is `orderly
            listen --quiet`: it checks framing, parses, and acknowledges by the rules. Nothing is
            stored by either. Every acknowledgement is checked (framing, MSA-1, MSA-2)."""
        ),
        *summary(loads, servers),
        *table(
            [
                "load",
                "limit, messages/s",
                "listen, messages/s",
                "ratio",
                f"target {TARGET}",
                "listen, MB/s",
            ],
            rate_rows(kept, servers),
        ),
        *paragraph(
            """Latency of a message in milliseconds (the worst round for max), processor time of the
            server per message in microseconds (from the kernel's clock ticks), its peak resident
            memory in MB (the worst round), and the share of one core that the generator used:"""
        ),
        *table(
            [
                "load",
                "server",
                "p50",
                "p90",
                "p99",
                "p99.9",
                "max",
                "µs/message",
                "MB",
                "generator",
            ],
            detail_rows(kept, servers),
        ),
    ]
    busy = [
        load.name
        for load in kept
        if median(pick(servers[load.name]["limit"], "generator")) > GENERATOR_BUSY
    ]
    if busy:
        lines += paragraph(
            f"""The generator used a whole core against limit with: {"; ".join(busy)}. There limit
            may have been able to do more, and the ratio is then too kind to listen; the processor
            time per message is the sharper comparison."""
        )
    return lines


def fresh_section(loads, servers):
    fresh = [load for load in loads if load.fresh]
    rows = []
    for load in fresh:
        results = servers[load.name]
        for name in load.contenders:
            ratio = ratios(results, name)
            rows.append(
                [
                    load.name,
                    name,
                    spread(pick(results[name], "rate")),
                    "–" if name == "limit" else spread(ratio, lambda value: f"{value:.2f}"),
                    milliseconds(median(pick(results[name], "p50"))),
                    milliseconds(median(pick(results[name], "p99"))),
                    figure(median(pick(results[name], "processor"))),
                    figure(max(pick(results[name], "memory"))),
                ]
            )
    return [
        "## A new connection for each message",
        "",
        *paragraph(
            """`document` is the document's Python server (bench/document_server.py, its output
            thrown away), which answers one message and closes."""
        ),
        *table(
            [
                "load",
                "server",
                "messages/s",
                "ratio to limit",
                "p50 ms",
                "p99 ms",
                "µs/message",
                "MB",
            ],
            rows,
        ),
    ]


# ---- Parse and convert ---------------------------------------------------------------------------


def gigabytes(values):
    middle, least, most = values
    return f"{middle:.2f}" if least == most else f"{middle:.2f} ({least:.2f}–{most:.2f})"


def parse_section(parse):
    rows = []
    for shape in parse["shapes"]:
        rows.append(
            [
                shape["name"].replace("|", "\\|"),
                gigabytes(shape["memcpy"]),
                gigabytes(shape["counting"]),
                gigabytes(shape["parse"]),
                gigabytes(shape["size_and_parse"]),
                f"{shape['parse'][0] / shape['counting'][0]:.3f}",
                figure(shape["parse"][0] * 1e9 / shape["bytes"]),
            ]
        )
    return [
        "## Parse",
        "",
        *paragraph(
            f"""GB/s on one core, median of {counted(parse['rounds'], 'round')}. `memcpy` copies the
            same bytes; `counting` only counts `|` and CR ({parse['counting']} code). `parse` is
            hl7_message_parse into an arena that is there; `size and parse` also asks
            hl7_message_memory first. The shapes after the first three are hostile."""
        ),
        *table(
            [
                "message",
                "memcpy",
                "counting",
                "parse",
                "size and parse",
                "parse ÷ counting",
                "parses/s",
            ],
            rows,
        ),
    ]


def converter_section(plan, converters):
    reference = converters["document"]
    rows = []
    for name, seconds in converters.items():
        faster = [theirs / mine for theirs, mine in zip(reference, seconds)]
        rows.append(
            [
                name,
                spread(seconds, lambda value: f"{value:.3f}"),
                figure(plan.messages / median(seconds)),
                "–" if name == "document" else spread(faster, lambda value: f"{value:.1f}×"),
            ]
        )
    return [
        "## Convert",
        "",
        *paragraph(
            f"""{plan.messages:,} messages of about 600 bytes in one file, a template with 16
            placeholders, the whole process from start to end. `document` is the document's Python
            converter (bench/document_converter.py); the others are `orderly convert` with its
            placeholders and with path placeholders. All wrote the same segments."""
        ),
        *table(["converter", "seconds", "messages/s", "faster than the document's"], rows),
    ]


def job_rows(jobs):
    for name, rates in jobs:
        for contender, values in rates.items():
            base = "document" if "document" in rates else next(iter(rates))
            faster = [mine / theirs for mine, theirs in zip(values, rates[base])]
            yield [
                name,
                contender,
                spread(values),
                "–"
                if contender == base
                else spread(faster, lambda value: f"{value:.1f}×") + f" {base}",
            ]


def gallery_rows(entries):
    for entry in entries:
        yield [
            entry["name"],
            figure(entry["read"]),
            figure(entry["written"]),
            spread(entry["rates"]),
            f"{entry['instructions']:,.0f}",
            f"{entry['allocations']:g}",
        ]


def conversions_section(conversions, rounds):
    engine = conversions.engine
    text = (
        f"`eta` is the JavaScript template engine {engine} (bench/npm), warmed up for as "
        "long as it is measured"
        if engine
        else "The JavaScript engine could not be installed and was not measured"
    )
    return [
        "## Convert in memory",
        "",
        *paragraph(
            f"""One thread, {counted(rounds, "round")}, all contenders in turn in each; everything was
            read and compiled before; each of 1,000 messages is taken from its bytes to the new
            message, again and again. `document` is the document's Python converter, which knows
            placeholders by number only. {text}. `libhl7` is bench/convert.c. The contenders of a
            job made the same, which is checked first; escaping is where they differ: libhl7 escapes
            for HL7, the others copy."""
        ),
        *table(["job", "contender", "messages/s", "ratio"], job_rows(conversions.jobs)),
        *paragraph(
            """The templates of examples/templates over the input of their first case, with libhl7
            alone. Instructions and allocations (calls of malloc and its kin) are those of one more
            message, counted by valgrind; they do not depend on how busy the machine was."""
        ),
        *table(
            [
                "template",
                "bytes in",
                "bytes out",
                "messages/s",
                "instructions/message",
                "allocations/message",
            ],
            gallery_rows(conversions.entries),
        ),
    ]


def validate_section(validate):
    rows = [
        [subject["name"], f"{subject['bytes']:,}", *(gigabytes(subject[name]) for name in ("parse", "validate"))]
        for subject in validate["subjects"]
    ]
    return [
        "## Validate",
        "",
        *paragraph(
            f"""Microseconds a message on one core, median of {counted(validate['rounds'], 'round')}: an ORU^R01
            of one order, parsed, and validated by the dictionary (hl7_validate). Where validation is off
            nothing of it runs."""
        ),
        *table(["message", "bytes", "parse", "validate"], rows),
    ]


def dict_section(looked_up):
    rows = [[subject["name"], gigabytes(subject["ns"])] for subject in looked_up["subjects"]]
    return [
        "## Dictionary",
        "",
        *paragraph(
            f"""Nanoseconds a look-up in the dictionary of version 2.5.1 on one core, in an order without one,
            median of {counted(looked_up['rounds'], 'round')}. Nothing is set up before the first."""
        ),
        *table(["look-up", "ns"], rows),
    ]


def render(plan, loads, servers, parse, converters, conversions, broker):
    """The whole report as Markdown."""
    lines = [
        *machine_section(plan),
        *server_section(loads, servers),
        *fresh_section(loads, servers),
        *report_broker.sections(*broker),
        *parse_section(parse[0]),
        *validate_section(parse[1]),
        *dict_section(parse[2]),
        *converter_section(plan, converters),
        *conversions_section(conversions, plan.convert_rounds),
    ]
    return "\n".join(lines).rstrip() + "\n"
