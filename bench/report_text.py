# SPDX-License-Identifier: Apache-2.0
"""How the report writes numbers, paragraphs and tables."""
from statistics import median


def figure(value):
    """A rate or a time with three digits or so, and commas."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values, write=figure):
    """The median, and the range in brackets when there is one."""
    text = write(median(values))
    return text if len(values) == 1 else f"{text} ({write(min(values))}–{write(max(values))})"


def milliseconds(microseconds):
    return figure(microseconds / 1000)


def pick(rounds, key):
    return [figures[key] for figures in rounds]


def counted(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def paragraph(text):
    """One line of Markdown from a text of several, and the empty line behind it."""
    return [" ".join(text.split()), ""]


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]
