"""Expressions and functions of templates against what Python's own libraries say.

A source of JSON Lines gives thousands of rows of values to one program; each row that can be computed
comes back as a JSON object with its number. A row that is an error must not come back. Expectations are
written here from the reference, with decimal, datetime and calendar doing the work.
"""

import calendar
import datetime
import decimal
import fnmatch
import json
import random
import re
import string

from support import TestCase, main, run

NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")
TEXTS = ["", "", "a", "A", "abc", "ABC", "aBc", "Käse", "ö", "检查", "😀x", " a ", "\t\r\n", "a-b-c", "--", "-",
         '"', "\\", "'", "{PID-5}", "|^~\\&", "\x00", "a\nb", "0", "00", "1", "-1", "+1", "1.0", "1.50", "01.5", ".5",
         "5.", ".", "-", "-0", "0.0", "1e2", "1E2", "10", "9", "99999999999999999999", "2", " 1", "1 ",
         "0.1", "0.10", "-0.5", "٣", "1,5", "aab", "abab", "aaaa"]


def number(text):
    """The number a text is for comparisons, or None."""
    found = NUMBER.fullmatch(text)
    if not found or not (found[2] or found[3]):
        return None
    if len(found[2].lstrip("0")) > 64 or len(found[3] or "") > 64:
        return None
    return decimal.Decimal(f"{found[1]}{found[2] or '0'}.{found[3] or '0'}")


def compare(left, right):
    """Below 0, 0 or above 0."""
    a, b = number(left), number(right)
    if a is None or b is None:
        a, b = left.encode(), right.encode()
    return (a > b) - (a < b)


def like(text, pattern):
    """fnmatch knows the same patterns, save that here a set without an end makes no pattern, and a
    range the wrong way round stands for nothing."""
    try:
        return re.compile(translate(pattern), re.DOTALL).fullmatch(text) is not None
    except SyntaxError:
        return text == pattern


def translate(pattern):
    result, at = "", 0
    while at < len(pattern):
        letter = pattern[at]
        at += 1
        if letter == "[":
            end = pattern.find("]", at + (2 if pattern[at:at + 1] == "!" else 1))
            if end < 0:
                raise SyntaxError(pattern)
            result += re.fullmatch(r"\(\?s:(.*)\)\\[Zz]",
                                   fnmatch.translate(pattern[at - 1:end + 1]), re.DOTALL)[1]
            at = end + 1
        else:
            result += {"*": ".*", "?": "."}.get(letter, re.escape(letter))
    return result


class Random(random.Random):
    def text(self):
        if self.random() < 0.7:
            return self.choice(TEXTS)
        return "".join(self.choice("aAbBzZ019 -.ö检") for _ in range(self.randrange(8)))

    def number(self):
        """Something that is nearly always a number, however it is written."""
        if self.random() < 0.1:
            return self.choice(TEXTS)
        whole = "".join(self.choice("0019") for _ in range(self.randrange(self.choice((3, 25)))))
        fraction = "".join(self.choice("00495") for _ in range(self.randrange(8)))
        text = self.choice(("", "", "+", "-")) + (whole or "0")
        text += f".{fraction}" if self.random() < 0.6 else ""
        text += self.choice(("e", "E")) + str(self.randrange(-6, 9)) if self.random() < 0.2 else ""
        return self.choice(("", "", " ", "\t")) + text + self.choice(("", "", " "))

    def pattern(self):
        return "".join(self.choice(("a", "b", "A", "*", "?", "[a-b]", "[!a]", "[]a]", "[b-a]", "[",
                                    "[a-]", "ö", "检", "]", "-", "!", "1"))
                       for _ in range(self.randrange(6)))

    def time(self, least=4, zone=True):
        """A time of some precision, its digits."""
        moment = datetime.datetime(self.randrange(1, 9999), 1, 1) + datetime.timedelta(
            days=self.randrange(366), seconds=self.randrange(86400))
        if self.random() < 0.3:
            moment = moment.replace(month=2, day=28) + datetime.timedelta(days=1)
        text = f"{moment:%m%d%H%M%S}"
        text = f"{moment.year:04}" + text
        length = self.choice([n for n in (4, 6, 8, 10, 12, 14) if n >= least])
        text = text[:length]
        if length == 14 and self.random() < 0.3:
            text += "." + "".join(self.choice(string.digits) for _ in range(self.randrange(1, 5)))
        if zone and length >= 10 and self.random() < 0.4:
            text += self.choice(("+0000", "-0500", "+0530", "+1400", "-1200"))
        return text


class Time:
    """The parts of an HL7 time."""

    def __init__(self, text):
        found = re.fullmatch(r"(\d{4,14})(\.\d{1,4})?([+-]\d{4})?", text)
        self.digits, self.fraction, self.zone = found[1], found[2] or "", found[3] or ""
        parts = [int(self.digits[:4])] + [int(self.digits[i:i + 2])
                                          for i in range(4, len(self.digits), 2)]
        self.precision = len(parts)
        parts += [1, 1, 0, 0, 0][len(parts) - 1:]
        self.moment = datetime.datetime(*parts)

    def write(self, moment):
        text = f"{moment.year:04}{moment:%m%d%H%M%S}"
        return text[:len(self.digits)] + self.fraction + self.zone


# ---- What functions give; None is an error ------------------------------------------------------


def void(text):
    return text in ("", '""')


def whole(text, least, most):
    """A whole number as arguments are, or None."""
    if not re.fullmatch(r"[+-]?[0-9]+", text) or len(text.lstrip("+-").lstrip("0")) > 18:
        return None
    return int(text) if least <= int(text) <= most else None


def upper(text):
    return text.translate(str.maketrans(string.ascii_lowercase, string.ascii_uppercase))


def lower(text):
    return text.translate(str.maketrans(string.ascii_uppercase, string.ascii_lowercase))


def substr(text, start, length=None):
    start = whole(start, -10**18, 10**18)
    if start in (None, 0):
        return None
    if length is not None and (length := whole(length, 0, 10**18)) is None:
        return None
    rest = text[start - 1:] if start > 0 else text[max(0, len(text) + start):]
    return rest if length is None else rest[:length]


def pad(text, length, fill=" ", side="left"):
    length = whole(length, 0, 10000)
    if length is None or len(fill) != 1 or side not in ("left", "right"):
        return None
    return text.ljust(length, fill) if side == "right" else text.rjust(length, fill)


def replace(text, old, new):
    return text.replace(old, new) if old else None


def part(text, separator, place):
    place = whole(place, -10**18, 10**18)
    if not separator or place in (None, 0):
        return None
    pieces = text.split(separator)
    if abs(place) > len(pieces):
        return ""
    return pieces[place - 1 if place > 0 else place]


def join(separator, *values):
    return separator.join(value for value in values if value)


def any_number(text):
    """A number as `number` takes it: an exponent and blanks may be there."""
    text = text.strip(" \t")
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        return None
    return decimal.Decimal(text)


def plain(value):
    """A decimal without exponent and without a minus in front of nothing."""
    text = format(value, "f")
    text = text[1:] if text.startswith("-") and not value else text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    head, point, tail = digits.partition(".")
    return sign + (head.lstrip("0") or "0") + point + tail


def number_of(text):
    if void(text):
        return text
    value = any_number(text)
    return None if value is None else plain(value)


def rounded(text, digits="0"):
    digits = whole(digits, 0, 20)
    if digits is None:
        return None
    if void(text):
        return text
    value = any_number(text)
    if value is None:
        return None
    return plain(value.quantize(decimal.Decimal(1).scaleb(-digits),
                                context=decimal.Context(prec=200,
                                                        rounding=decimal.ROUND_HALF_UP)))


def add_time(text, amount, unit):
    amount = whole(amount, -10**9, 10**9)
    units = {"second": 6, "minute": 5, "hour": 4, "day": 3, "week": 3, "month": 2, "year": 1}
    unit = unit[:-1] if unit.endswith("s") else unit
    if amount is None or unit not in units:
        return None
    if void(text):
        return text
    time = Time(text)
    if time.precision < units[unit]:
        return None
    try:
        if unit in ("month", "year"):
            year, month = divmod(time.moment.year * 12 + time.moment.month - 1
                                 + amount * (12 if unit == "year" else 1), 12)
            day = min(time.moment.day, calendar.monthrange(year, month + 1)[1])
            return time.write(time.moment.replace(year=year, month=month + 1, day=day))
        return time.write(time.moment + datetime.timedelta(**{unit + "s": amount}))
    except (OverflowError, ValueError, calendar.IllegalMonthError):
        return None


def age(birth, at, unit="years"):
    unit = unit[:-1] if unit.endswith("s") else unit
    needs = {"year": 1, "month": 2, "day": 3, "week": 3}
    if unit not in needs:
        return None
    if void(birth):
        return ""
    birth, at = Time(birth), Time(at)
    precision = min(birth.precision, at.precision)
    a, b = birth.moment, at.moment
    months = (b.year - a.year) * 12
    months += b.month - a.month if precision > 1 else 0
    months -= 1 if precision > 2 and b.day < a.day else 0
    if months < 0 or precision < needs[unit]:
        return None
    days = (b.date() - a.date()).days
    return str({"year": months // 12, "month": months, "week": days // 7, "day": days}[unit])


CONVERSIONS = {"%Y": 1, "%y": 1, "%m": 2, "%B": 2, "%b": 2, "%d": 3, "%e": 3, "%j": 3, "%A": 3, "%a": 3,
               "%u": 3, "%H": 4, "%I": 4, "%p": 4, "%M": 5, "%S": 6, "%f": 7, "%z": 4, "%:z": 4}


def converted(time, conversion):
    """One conversion of a time, or None when it has nothing for it."""
    if time.precision + bool(time.fraction) < CONVERSIONS[conversion]:
        return None
    if conversion in ("%z", "%:z"):
        zone = time.zone if conversion == "%z" or not time.zone else f"{time.zone[:3]}:{time.zone[3:]}"
        return zone or None
    if conversion == "%f":
        return time.fraction[1:]
    if conversion == "%Y":
        return f"{time.moment.year:04}"
    if conversion == "%y":
        return f"{time.moment.year % 100:02}"
    if conversion == "%e":
        return str(time.moment.day)
    return time.moment.strftime(conversion)


def date(text, *pieces):
    """`pieces` are the pattern, texts and conversions by turns."""
    if void(text):
        return text
    time = Time(text)
    if len(pieces) == 1:
        return pieces[0].replace("%%", "%")
    result, kept, written = "", True, False
    for before, conversion in zip(pieces[::2], pieces[1::2]):
        value = converted(time, conversion)
        kept = value is not None
        if kept:
            result += (before if written else pieces[0]).replace("%%", "%") + value
            written = True
    return result + (pieces[-1].replace("%%", "%") if kept else "")


# ---- The tests ----------------------------------------------------------------------------------


class Functions(TestCase):
    def rows(self, expression, rows):
        """What a template writes for each row of values, a, b, c, ... of a JSON source; None where
        there was an error."""
        names = string.ascii_lowercase
        template = self.write("template.json",
                              b"{output json}\n" + '{"n": {$.n}, "r": "{%s}"}\n'.replace(
                                  "%s", expression).encode())
        lines = [json.dumps({"n": number} | dict(zip(names, row))) for number, row in enumerate(rows)]
        result = run("convert", "-t", template, stdin="\n".join(lines).encode())
        values = [None] * len(rows)
        for line in result.out.decode().splitlines():
            answer = json.loads(line)
            values[answer["n"]] = answer["r"]
        self.assertEqual(result.status, 1 if None in values else 0, (expression, result))
        return values

    def check(self, expression, rows, expected, errors=0):
        """`expected` tells what comes of each row."""
        rows = list(rows)
        wanted = [expected(*row) for row in rows]
        for row, value, want in zip(rows, self.rows(expression, rows), wanted):
            self.assertEqual(value, want, (expression, row))
        self.assertGreaterEqual(wanted.count(None), errors, expression)
        self.assertGreater(len(wanted) - wanted.count(None), len(wanted) // 5, expression)

    def test_comparisons(self):
        source = Random(1)
        rows = [(source.choice((source.text, source.number))(),
                 source.choice((source.text, source.number))()) for _ in range(3000)]
        rows += [(value, value) for value in TEXTS]
        for sign, holds in (("=", lambda order: order == 0), ("!=", lambda order: order != 0),
                            ("<", lambda order: order < 0), ("<=", lambda order: order <= 0),
                            (">", lambda order: order > 0), (">=", lambda order: order >= 0)):
            self.check(f"$.a {sign} $.b", rows,
                       lambda a, b, holds=holds: "1" if holds(compare(a, b)) else "")

    def test_long_numbers_are_compared_by_all_of_their_digits(self):
        digits = "1234567890" * 7
        rows = [(a + x, b + y) for a in ("", "-", "0", "0." + "0" * 40) for b in ("", "-", "0.")
                for x in (digits[:64], digits[:65], digits[:63] + "5") for y in (digits[:64], digits)]
        rows += [(f"{a}.{digits[:n]}", f"{b}.{digits[:m]}") for a in ("1", "01", "") for b in ("1", "-1")
                 for n in (1, 63, 64, 65) for m in (1, 63, 64, 65)]
        self.check("$.a < $.b", rows, lambda a, b: "1" if compare(a, b) < 0 else "")
        self.check("$.a = $.b", rows, lambda a, b: "1" if compare(a, b) == 0 else "")

    def test_in(self):
        source = Random(2)
        rows = [[source.text() for _ in range(4)] for _ in range(2000)]
        self.check("$.a in ($.b, '1', $.c, $.d)", rows, lambda a, *rest: "1" if any(
            compare(a, other) == 0 for other in (*rest, "1")) else "")

    def test_like(self):
        source = Random(3)
        rows = [("".join(source.choice("abAö检1-]!") for _ in range(source.randrange(6))),
                 source.pattern()) for _ in range(10000)]
        rows += [("[" + text, "[" + text) for text, _ in rows[:50]]
        found = [like(*row) for row in rows]
        self.assertGreater(min(found.count(True), found.count(False)), 500)
        self.check("$.a like $.b", rows, lambda a, b: "1" if like(a, b) else "")

    def test_logic(self):
        """Random expressions of and, or, not, comparisons and parentheses, many in one template."""
        source = Random(4)

        def leaf():
            left, right = source.choice("abcd"), source.choice("abcd")
            kind = source.randrange(4)
            if kind == 0:
                return f"$.{left}", lambda row: row[left] != ""
            if kind == 1:
                return f"$.{left} $.{right}", lambda row: row[left] + row[right] != ""
            if kind == 2:
                return f"$.{left} < $.{right}", lambda row: compare(row[left], row[right]) < 0
            return (f"$.{left} $.{right} = '1'",
                    lambda row: compare(row[left] + row[right], "1") == 0)

        def tree(depth, strength):
            """Words, and what they say. The weakest are `or`s: 0, then `and`, `not`."""
            kind = source.choice((0, 1, 2, 3)) if depth else 3
            if kind == 3:
                return leaf()
            if kind == 2:
                words, says = tree(depth - 1, 2)
                result = f"not {words}", lambda row: not says(row)
            else:
                parts = [tree(depth - 1, kind + 1) for _ in range(source.randrange(2, 4))]
                result = ((" or ", " and ")[kind].join(words for words, _ in parts),
                          lambda row: (any, all)[kind](says(row) for _, says in parts))
            return (f"({result[0]})", result[1]) if kind < strength else result

        for _ in range(12):
            trees = [tree(source.randrange(1, 5), 0) for _ in range(12)]
            rows = [tuple(source.choice(("", "", "1", "0", "01", "a", "1.0")) for _ in range(4))
                    for _ in range(300)]
            self.check("}{'.'}{".join(f"if {words}}}1{{end" for words, _ in trees), rows,
                       lambda *row, trees=trees: ".".join(
                           "1" if says(dict(zip("abcd", row))) else "" for _, says in trees))
            self.check("}{'.'}{".join(f"'' = '' and ({words})" for words, _ in trees), rows,
                       lambda *row, trees=trees: ".".join(
                           "1" if says(dict(zip("abcd", row))) else "" for _, says in trees))

    def test_letters_and_lengths(self):
        source = Random(5)
        rows = [(source.text(),) for _ in range(1500)]
        self.check("upper($.a)", rows, upper)
        self.check("lower($.a)", rows, lower)
        self.check("trim($.a)", rows, lambda text: text.strip(" \t\r\n"))
        self.check("length($.a)", rows, lambda text: str(len(text)))
        self.check("$.a 'x' $.a", rows, lambda text: f"{text}x{text}")

    def test_parts_of_texts(self):
        source = Random(6)
        places = ("1", "2", "3", "-1", "-2", "5", "+1", "01", "0", "", "x", "-9", "1.0",
                  "999999999999999999", "-999999999999999999", "9999999999999999999")
        rows = [(source.text(), source.choice(places), source.choice(places)) for _ in range(3000)]
        self.check("substr($.a, $.b)", [row[:2] for row in rows], substr, errors=100)
        self.check("substr($.a, $.b, $.c)", rows, substr, errors=100)
        self.check("part($.a, $.c, $.b)", [(a, b, source.choice(("-", "a", "ab", "aa", "ö", "", "|")))
                                           for a, b, _ in rows],
                   lambda text, place, separator: part(text, separator, place), errors=100)
        self.check("replace($.a, $.b, $.c)",
                   [(source.text(), source.choice(("a", "aa", "ab", "ö", "-", "")), source.text())
                    for _ in range(2000)], replace, errors=100)
        # What repeats itself is what a search goes wrong with.
        self.check("replace($.a, $.b, '<>')",
                   [("".join(source.choice("ab") for _ in range(source.randrange(40))),
                     source.choice(("", "a", "ab", "aab")) * source.randrange(1, 4)
                     + source.choice(("", "a", "b", "ba"))) for _ in range(6000)],
                   lambda text, old: replace(text, old, "<>"), errors=50)
        self.check("join($.a, $.b, $.c, $.d)", [[source.text() for _ in range(4)]
                                                for _ in range(1000)], join)
        self.check("first_of($.a, $.b, default($.c, $.d))",
                   [[source.choice(("", source.text())) for _ in range(4)] for _ in range(1000)],
                   lambda *values: next((value for value in values if value), ""))

    def test_pad(self):
        source = Random(7)
        rows = [(source.text(), source.choice(("0", "1", "3", "8", "+4", "05", "-1", "", "10001", "x")),
                 source.choice(("0", " ", "ö", "检", "", "ab")), source.choice(("left", "right", "up")))
                for _ in range(2000)]
        self.check("pad($.a, $.b, $.c, $.d)", rows, pad, errors=100)
        self.check("pad($.a, $.b)", [row[:2] for row in rows], pad, errors=100)
        self.check("pad($.a, 10000, $.b)", [("x", "ö"), ("", "0")], lambda a, b: pad(a, "10000", b))

    def test_numbers(self):
        source = Random(8)
        rows = [(source.number(), source.choice(("0", "1", "2", "3", "20", "21", "-1", "", "x")))
                for _ in range(4000)] + [('""', "0"), ("", "2"), ('""', "x")]
        self.check("number($.a)", [row[:1] for row in rows], number_of, errors=50)
        self.check("round($.a)", [row[:1] for row in rows], rounded, errors=50)
        self.check("round($.a, $.b)", rows, rounded, errors=50)

    def test_added_times(self):
        source = Random(9)
        units = ["second", "minutes", "hours", "day", "days", "weeks", "month", "months", "year",
                 "years", "Days", "", "s"]
        rows = [(source.choice((source.time(), source.time(8), source.time(14), "", '""')),
                 source.choice((str(source.randrange(-40, 40)), str(source.randrange(-10**6, 10**6)),
                                str(source.choice((10**9, -10**9, 10**9 + 1))), "x", "1.5")),
                 source.choice(units)) for _ in range(5000)]
        self.check("add_time($.a, $.b, $.c)", rows, add_time, errors=200)

    def test_ages(self):
        source = Random(10)
        rows = []
        for _ in range(4000):
            birth = source.time(zone=False)
            at = str(int(birth[:4]) + source.randrange(-1, 3)).zfill(4) + source.time(zone=False)[4:]
            at = re.sub("^(....0)229", r"\g<1>228", at) if at[:4] != "0000" else birth
            rows.append((birth, at if at[:4] <= "9999" else birth,
                         source.choice(("years", "month", "weeks", "day", "days", "hours"))))
        self.check("age($.a, $.b, $.c)", rows, age, errors=200)

    def test_dates(self):
        source = Random(11)
        texts = ["", "-", ".", ":", " ", " at ", "%%", "ö", "T"]
        for _ in range(25):
            pieces = [source.choice(texts)]
            for _ in range(source.randrange(0, 7)):
                pieces += [source.choice(list(CONVERSIONS)), source.choice(texts)]
            rows = [(source.choice((source.time(), source.time(), source.time(14), "", '""')),)
                    for _ in range(300)]
            pattern = "".join(pieces)
            if pattern:
                self.check(f"date($.a, '{pattern}')", rows, lambda text, p=pieces: date(text, *p))
        self.check("date($.a)", [(source.time(),) for _ in range(300)], lambda text: text)

    def test_the_forms_of_iso(self):
        source = Random(12)
        rows = []
        for _ in range(1500):
            time = source.time(6)
            parsed = Time(time)
            text = f"{time[:4]}-{time[4:6]}"
            text += f"-{time[6:8]}" if parsed.precision > 2 else ""
            zone = source.choice((parsed.zone, parsed.zone[:3] + ":" + parsed.zone[3:])
                                 if parsed.zone else ("",))
            zone = "Z" if zone in ("+0000", "+00:00") and source.random() < 0.5 else zone
            if parsed.precision > 4:
                text += source.choice("T ") + ":".join(
                    time[i:i + 2] for i in range(8, len(parsed.digits), 2)) + parsed.fraction + zone
            rows.append((text, time if parsed.precision != 4 else time[:8]))
        self.check("date($.a)", rows, lambda _, time: time)


if __name__ == "__main__":
    main()
