"""Edits of templates against a model: a message is text, split at its delimiters and joined again.

Random messages with other delimiters, line ends, blank lines, bytes of no character set and fields that
no standard knows go through random rows of set, delete and append in front of {source}. The output is
the model's, byte for byte, and where the model finds an edit impossible nothing comes out at all.
"""

import random
import re

from support import TestCase, main, run

STANDARD = b"|^~\\&"
HOSTILE = b"#$*@!"
NAMES = [b"PID", b"NTE", b"OBX", b"ZZ1", b"AL1"]


class Impossible(Exception):
    """The edit cannot be done: the message is not converted."""


class Message:
    """Lines and their ends, and which of them are left."""

    def __init__(self, data, delimiters):
        self.bar, self.hat, self.wave, self.escape, self.amp = (
            delimiters[i:i + 1] for i in range(5))
        found = re.findall(rb"([^\r]+)(\r+|\Z)" if b"\r" in data else rb"([^\n]+)(\n+|\Z)", data)
        self.lines = []
        for text, end in found:
            # In CRLF the LF belongs to the end.
            lead = len(text) - len(text.lstrip(b"\n")) if b"\r" in data else 0
            if lead:
                self.lines[-1][1] += text[:lead]
            if text[lead:]:
                self.lines.append([text[lead:], end])
            elif lead:
                self.lines[-1][1] += end
        self.source = [text for text, _ in self.lines]
        self.original = list(self.lines)
        end = self.lines[0][1]
        self.line_end = b"\r\n" if end.startswith(b"\r\n") else end[:1]

    def name(self, text):
        return text.split(self.bar)[0]

    def find(self, name, occurrence):
        """The number of a segment of the source, or None. "last" is the last one."""
        places = [i for i, text in enumerate(self.source) if self.name(text) == name]
        if occurrence == "last":
            return places[-1] if places else None
        return places[occurrence - 1] if occurrence <= len(places) else None

    def get(self, place, field):
        """A field of the source, raw; None when it is not there."""
        pieces = self.source[place].split(self.bar)
        number = field - 1 if self.name(pieces[0]) == b"MSH" else field
        return pieces[number] if number < len(pieces) else None

    def text(self, place, field):
        """The first leaf of a field, decoded."""
        raw = (self.get(place, field) or b"").split(self.wave)[0].split(self.hat)[0]
        letters = dict(zip(b"FSRET", (self.bar, self.hat, self.wave, self.escape, self.amp)))
        letters |= {b".br"[0]: b"\n", b"X"[0]: b"\r"}
        mark = re.escape(self.escape)
        return re.sub(mark + rb"([FSRET]|\.br|X0D)" + mark, lambda hit: letters[hit[1][0]],
                      raw.split(self.amp)[0])

    def encode(self, text):
        letters = {self.bar: b"F", self.hat: b"S", self.wave: b"R", self.escape: b"E",
                   self.amp: b"T", b"\r": b"X0D", b"\n": b"X0A"}
        return b"".join(self.escape + letters[byte] + self.escape if byte in letters else byte
                        for byte in (text[i:i + 1] for i in range(len(text))))

    def set(self, place, path, raw):
        field, repetition, component, subcomponent = path
        line = self.original[place]
        header = self.name(line[0]) == b"MSH"
        steps = [(self.bar, field - 1 if header else field)]
        if repetition or component:
            steps.append((self.wave, (repetition or 1) if repetition == "last"
                          else (repetition or 1) - 1))
        if component:
            steps.append((self.hat, component - 1))
        if subcomponent:
            steps.append((self.amp, subcomponent - 1))
        if any(separator in raw for separator, _ in steps):
            raise Impossible
        line[0] = self.put(line[0], steps, raw)

    def put(self, text, steps, raw):
        """The text with the value at a place within it; as it was when the value is empty and the
        place is not there."""
        if not steps:
            return raw
        (separator, number), rest = steps[0], steps[1:]
        pieces = text.split(separator)
        if number == "last":
            number = len(pieces) - 1
        if number >= len(pieces) and not raw:
            return text
        pieces += [b""] * (number + 1 - len(pieces))
        pieces[number] = self.put(pieces[number], rest, raw)
        return separator.join(pieces)

    def delete(self, place):
        self.lines = [line for line in self.lines if line is not self.original[place]]

    def append(self, text):
        last = self.lines[-1]
        self.lines.append([text, last[1]])
        last[1] = self.line_end

    def bytes(self):
        return b"".join(text + end for text, end in self.lines)


def all_of(message, name):
    return [i for i, text in enumerate(message.source) if message.name(text) == name]


class Edits(TestCase):
    PIECES = [b"", b"", b"", b"a", b"DOE^JANE^^", b"1.50", b"x&y^z", b"A~B^C~", b"\\F\\x\\T\\", b"\\.br\\",
              b"\\X0D\\", b"\\", b'""', b"\xff\xfe", "检查".encode(), b"  ", b"\t", b"{PID-5}", b"{end}", b"^^^",
              b"~~", b"'", b"\x00"]
    WORDS = [b"x", b"", b"a|b^c", b"\\E", b"~&", b"long text, with blanks ", b"'"]

    def message(self, source, number, delimiters, end):
        def piece():
            if end != b"\n" and source.random() < 0.05:
                return b"two\nlines"  # in a message with CR an LF is data
            return source.choice(self.PIECES).translate(bytes.maketrans(STANDARD, delimiters))
        bar = delimiters[:1]
        lines = [bar.join([b"MSH", delimiters[1:]] + [piece() for _ in range(7)]
                          + [b"ID%d" % number] + [piece() for _ in range(source.randrange(4))])]
        for _ in range(source.randrange(1, 9)):
            lines.append(bar.join([source.choice(NAMES)]
                                  + [piece() for _ in range(source.randrange(9))]))
        return b"".join(line + end * source.choice((1, 1, 1, 2)) for line in lines)

    # An edit is its words in the template, and what it does to the model.

    def value(self, source):
        """What is put somewhere: a string, a path with its structure, or text that is computed."""
        name, field = source.choice(NAMES), source.randrange(1, 9)
        path = b"%s-%d" % (name, field)
        kind = source.randrange(4)
        if kind < 2:
            word = source.choice(self.WORDS)
            return (b"'" + word.replace(b"'", b"''") + b"'",
                    lambda message: message.encode(word))

        def raw(message):
            place = message.find(name, 1)
            value = b"" if place is None else message.get(place, field) or b""
            return value.replace(b"\n", message.escape + b"X0A" + message.escape)

        def computed(message):
            place = message.find(name, 1)
            return message.encode(b"<" + (b"" if place is None else message.text(place, field)))
        return (path, raw) if kind == 2 else (b"concat('<', %s)" % path, computed)

    def path(self, source, header):
        """The words behind a segment's name, and the numbers they stand for."""
        field = source.choice((3, 5, 9, 12, 40)) if header else source.randrange(1, 12)
        repetition = source.choice((None, None, 1, 2, 3, "last"))
        component = source.choice((None, 1, 2, 5))
        subcomponent = source.choice((None, 1, 3)) if component else None
        words = f"-{field}" + (f"[{repetition}]" if repetition else "")
        words += f".{component}" if component else ""
        words += f".{subcomponent}" if subcomponent else ""
        return words.encode(), (field, repetition, component, subcomponent)

    def set(self, source):
        name = source.choice(NAMES + [b"MSH"])
        occurrence = source.choice((1, 1, 1, 2, "last"))
        brackets = b"" if occurrence == 1 else b"[%s]" % str(occurrence).encode()
        words, path = self.path(source, name == b"MSH")
        value, make = self.value(source)

        def edit(message):
            place = message.find(name, occurrence)
            if place is None:
                raise Impossible
            message.set(place, path, make(message))
        return b"{set %s%s%s = %s}" % (name, brackets, words, value), edit, name, occurrence

    def guarded_set(self, source):
        """A set of what may not be there: only where it is."""
        words, edit, name, occurrence = self.set(source)
        if source.random() < 0.08:
            return words, edit
        brackets = b"" if occurrence == 1 else b"[%s]" % str(occurrence).encode()

        def guarded(message):
            if message.find(name, occurrence) is not None:
                edit(message)
        return b"{if count(%s%s) > 0}%s{end}" % (name, brackets, words), guarded

    def loop(self, source):
        name = source.choice(NAMES)
        words, path = self.path(source, False)
        value, make = self.value(source)

        def edit(message):
            for place in all_of(message, name):
                message.set(place, path, make(message))
        return b"{for s in %s}{set s%s = %s}{end}" % (name, words, value), edit

    def repetitions(self, source):
        name, field = source.choice(NAMES), source.randrange(1, 6)
        component = source.randrange(1, 5)

        def edit(message):
            place = message.find(name, 1)
            raw = b"" if place is None else message.get(place, field) or b""
            for number in range(1, raw.count(message.wave) + 2 if raw else 0):
                message.set(place, (field, number, component, None), message.encode(b"R%d" % number))
        return b"{for r in %s-%d}{set r.%d = 'R' index}{end}" % (name, field, component), edit

    def delete(self, source):
        name, occurrence = source.choice(NAMES), source.choice(("", "[1]", "[2]", "[last]"))
        number = "last" if occurrence == "[last]" else int(occurrence.strip("[]") or 1)

        def edit(message):
            place = message.find(name, number)
            for each in all_of(message, name) if not occurrence else [place]:
                if each is not None:
                    message.delete(each)
        return b"{delete %s%s}" % (name, occurrence.encode()), edit

    def delete_field(self, source):
        name = source.choice(NAMES)
        words, path = self.path(source, False)

        def edit(message):
            if (place := message.find(name, 1)) is not None:
                message.set(place, path, b"")
        return b"{delete %s%s}" % (name, words), edit

    def delete_where(self, source):
        name, field = source.choice(NAMES), source.randrange(1, 6)
        word = source.choice((b"a", b"", b"DOE", b"x", b"A"))

        def edit(message):
            for place in all_of(message, name):
                if message.text(place, field) == word:
                    message.delete(place)
        return b"{delete %s where %s-%d = '%s'}" % (name, name, field, word), edit

    def append(self, source):
        name = source.choice(NAMES)
        value, make = self.value(source)
        while value.startswith(b"'"):
            value, make = self.value(source)

        def edit(message):
            bar = message.bar
            message.append(name + bar + b"1" + bar + b"p" + message.hat + b"q"
                           + message.encode(b"|") + bar + make(message))
        return b"{append %s '%s|1|p^q\\F\\|' %s}" % (name, name, value), edit

    def edits(self, source):
        kinds = [self.guarded_set] * 4 + [self.loop, self.repetitions, self.delete, self.delete_field,
                                          self.delete_where, self.append]
        return [source.choice(kinds)(source) for _ in range(source.randrange(0, 7))]

    def test_thousands_of_messages_are_edited_as_the_model_does_it(self):
        source = random.Random(20240102)
        outcomes = {"done": 0, "impossible": 0, "touched": 0}
        for turn in range(120):
            end = (b"\r", b"\n", b"\r\n")[turn % 3]
            edits = self.edits(source) if turn else []
            template = b"".join(words + b"\n" for words, _ in edits) + b"{source}\n"
            given, expected = [], []
            for number in range(50):
                delimiters = HOSTILE if source.random() < 0.2 else STANDARD
                data = self.message(source, number, delimiters, end)
                given.append(data)
                message = Message(data, delimiters)
                assert message.bytes() == data
                try:
                    for _, edit in edits:
                        edit(message)
                except Impossible:
                    outcomes["impossible"] += 1
                    continue
                outcomes["done"] += 1
                outcomes["touched"] += message.bytes() != data
                expected.append(message.bytes())
            path = self.write("template.hl7", template)
            result = run("convert", "-t", path, stdin=b"".join(given))
            self.assertEqual(result.status, 1 if len(expected) < len(given) else 0,
                             (template, result))
            self.assertEqual(result.out, b"".join(expected), (template, result.err[:2000]))
        self.assertGreater(outcomes["done"], 4000, outcomes)
        self.assertGreater(outcomes["touched"], 3000, outcomes)
        self.assertGreater(outcomes["impossible"], 100, outcomes)


if __name__ == "__main__":
    main()
