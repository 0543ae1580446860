"""No value of a message changes the structure of what a template makes, and text in a field says the
same in the output.

Every template of the examples, and one or more of each output format, converts messages that have
one hostile value each. It is put in every field and component of the message, escaped as a sender would, and
raw where that is still one value. The outputs are read by parsers that are not ours. What they find
(segments and their fields, members, elements and attributes, rows and cells) is what they find when
the value is harmless.

A condition may look at the value. So the shape has to be one of those that harmless values give at
the same place: short, long, low, high, numbers, none, structured, what the case itself has there.
"""

import csv
import io
import json
import re
import shutil
import xml.etree.ElementTree

from support import SOURCE, TestCase, main, run

TEMPLATES = SOURCE / "examples" / "templates"

# Values, as bytes. Those that hold what separates segments, fields or repetitions of the source are
# not tried raw: there they are structure of the source.
HOSTILE = [
    b"|", b"^", b"~", b"\\", b"&", b"#", b"$", b"*", b"@", b"!", b"\r", b"\n", b"\r\n", b"\x0b",
    b"\x1c", b"\x1c\r", b"\x00", b'"', b'""', b"'", b"''", b"\\\\", b'\\"', b"<", b">", b"<b/>",
    b"]]>", b"-->", b"<!--", b"?>", b"&lt;", b"{PID-5}", b"{0-9}", b"{0-2}", b"{", b"}", b"{'x'}",
    b"{end}", b"{source}", b"\\X0D\\", b"\\X0a4d5348\\", b"\\.br\\", b"\\F\\", b"\\E\\", b"\\",
    b"a\\", b",", b";", b"\t", b" ", b"a b", b"\n\n", b"x\n", b"x\r", b":", b"[", b"]", b'","a":"',
    b'"},{"', b"null", b"1e9", b"\xff", b"\xc3", b"\xed\xa0\x80", "\u2028".encode(), "\ufffe".encode(),
    "检查".encode(), b"\rMSH|^~\\&|EVIL\r", b"\nPID|1", b"=1+1", b"%s%n", b"$1\\1", b"../..",
    b'a|b^c&d~e\\f\r\n"<>' * 300,
]
HARMLESS = [b"x", b"", b"0", b"7", b"99999999", b"~~~", b"A", b"zzz", b"20260101", b"A^B^C", b"A&B"]
NAMES = {b"|": b"F", b"^": b"S", b"&": b"T", b"~": b"R", b"\\": b"E"}


def escape(text):
    """What a sender writes for the text, in |^~\\&."""
    return re.sub(rb"[|^~\\&\x00-\x1f]", lambda found: b"\\%s\\" % NAMES.get(
        found[0], b"X%02X" % found[0][0]), text)


def unescape(text, delimiters=b"|^~\\&"):
    """What a receiver reads: the sequences that escape() writes, once, from left to right."""
    mark = re.escape(delimiters[3:4])
    letters = dict(zip(b"FSREST", delimiters[:1] + delimiters[1:2] + delimiters[2:3]
                       + delimiters[3:4] + delimiters[1:2] + delimiters[4:5]))
    return re.sub(mark + rb"(?:([FSRET])|X((?:[0-9A-Fa-f]{2})+))" + mark,
                  lambda found: bytes([letters[found[1][0]]]) if found[1]
                  else bytes.fromhex(found[2].decode()), text)


# ---- Shapes -------------------------------------------------------------------------------------


def hl7_shape(output, _):
    bar = output[3:4]
    return [(segment[:3], segment.count(bar)) for segment in output.split(b"\r")]


def json_shape(output, _):
    def shape(value):
        if isinstance(value, tuple):
            return "object", [shape(member) for _, member in value]
        return ["array", *map(shape, value)] if isinstance(value, list) else "value"
    return shape(json.loads(output.decode(), object_pairs_hook=tuple))


def xml_shape(output, _):
    def shape(element):
        return len(element.attrib), [shape(child) for child in element]
    return shape(xml.etree.ElementTree.fromstring(output))


def cells(output, template):
    """The rows of a CSV output, as the standard library reads them."""
    separator = re.search(rb"{output csv '(.)'}", template)
    text = io.StringIO(output.decode("latin-1"), newline="")
    return list(csv.reader(text, delimiter=separator[1].decode() if separator else ",", strict=True))


def csv_shape(output, template):
    return [len(row) for row in cells(output, template)]


def format_of(template):
    """Which output the text of a template asks for."""
    found = re.search(rb"(?m)^{output (\w+)", template)
    if found:
        return found[1].decode()
    text = re.sub(rb"(?s){#.*?#}|{strict}", b"", template).lstrip(b"\xef\xbb\xbf\r\n \t")
    return "hl7" if re.match(rb"MSH|{MSH}", text) or b"{source}" in text else "text"


# Text has no structure that a value could change.
SHAPES = {"hl7": hl7_shape, "json": json_shape, "xml": xml_shape, "csv": csv_shape}


# ---- Messages with a value put in ---------------------------------------------------------------


def message_places(source, template):
    """(segment, field, component) of every value, counted from 0; component None is the whole field.
    Fields the template names count even where the message ends before them."""
    for number, segment in enumerate(source):
        pieces = segment.split(b"|")
        named = [int(field) for field in re.findall(
            rb"\b%s(?:\[[^]]*\])?-(\d+)" % re.escape(pieces[0]), template) if int(field) < 60]
        header = pieces[0] == b"MSH"
        last = max([len(pieces) - 1, *(field - header for field in named)])
        for field in range(2 if header else 1, last + 1):
            yield number, field, None
            value = pieces[field] if field < len(pieces) else b""
            for component in range(value.split(b"~")[0].count(b"^") + 1 if b"^" in value else 0):
                yield number, field, component


def put(source, place, value):
    """The message with this raw value at a place."""
    number, field, component = place
    pieces = source[number].split(b"|")
    pieces += [b""] * (field + 1 - len(pieces))
    if component is not None:
        repetitions = pieces[field].split(b"~")
        parts = repetitions[0].split(b"^")
        parts[component] = value
        value = b"~".join([b"^".join(parts), *repetitions[1:]])
    pieces[field] = value
    return b"\r".join([*source[:number], b"|".join(pieces), *source[number + 1:]]) + b"\r"


def message_inputs(source, template):
    """(place, is harmless, message): everything everywhere."""
    source = [line for line in re.split(rb"[\r\n]+", source) if line]
    yield from (("case", True, b"\r".join(source) + b"\r"),)
    for place in message_places(source, template):
        for value in HARMLESS:
            yield place, True, put(source, place, value)
        for value in HOSTILE:
            yield place, False, put(source, place, escape(value))
            if value != escape(value) and not re.search(rb"[|~\r]", value):
                yield place, False, put(source, place, value)


def json_inputs(source, _):
    """The same for a JSON source: in every string of it."""
    tree = json.loads(source)

    def places(value, path=()):
        if isinstance(value, (dict, list)):
            for key in (value if isinstance(value, dict) else range(len(value))):
                yield from places(value[key], (*path, key))
        elif isinstance(value, str):
            yield path

    def replaced(value, path, text):
        if not path:
            return text
        copy = value.copy()
        copy[path[0]] = replaced(value[path[0]], path[1:], text)
        return copy

    yield "case", True, source
    for path in places(tree):
        for harmless, values in ((True, HARMLESS), (False, HOSTILE)):
            for text in values:
                yield path, harmless, json.dumps(
                    replaced(tree, path, text.decode("utf-8", "replace"))).encode()


# ---- The tests ----------------------------------------------------------------------------------

SYNTHETIC_SOURCE = (b"MSH|^~\\&|APP|FAC|RIS|HOSP|20260101||ORU^R01^ORU_R01|7|P|2.5\r"
                    b"PID|1||42^^^A^MR~43^^^B^PI||DOE^JANE&X^TEST||19700101|F\r"
                    b"OBR|1|A|B|C^d^L\r"
                    b"OBX|1|NM|K1^one||1.5|mg|||||F\r"
                    b"NTE|1||first\r"
                    b"OBX|2|ST|K2^two||text|||||F\r"
                    b"ZPI|z1|z2\r")

EVERYTHING = b"{for o in OBX}{o-3}{o-3.2}{o-5}{if last}{index}{end}{end}"
SYNTHETIC = [
    b"MSH|^~\\&|A|{MSH-4}|{MSH-10}\nPID|1|{PID-3}|{PID-3[2].1}|{PID-5}|{PID-5.2.2}|{upper(PID-5.1)}\n"
    b"{for o in OBX}\nOBX|{index}|{o-3.1}|{o-5 ' ' o-6}|{default(o-7, 'none')}\n{end}\nZZZ|{ZPI-1}",
    b"MSH|^~\\&|A\nPID|{for r in PID-3}{r.1}{if not last}~{end}{end}|{raw(MSH-3) ''}\n{PID}\n{ZPI}\n"
    b"{for g in OBX..}\n{OBX}\nNTE|1|{NTE-3}\n{end}\n",
    b"MSH#$*@!#A#{MSH-4}\nPID#{PID-3}#{PID-5}#{PID-5.1 ''}#{OBX[2]-5}#{PID-3[last].1}\n{PID}\n{OBR}\n",
    b"{MSH}\nPID|{PID-5}|{concat(PID-5.1, OBX-5)}\n{let n = PID-5.1}\nNTE|1|{n}|{replace(n, 'o', '|')}\n",
    b"{set MSH-5 = PID-5.1}\n{set PID-6 = PID-5}\n{set PID-8 = OBX-5 ' ' NTE-3}\n"
    b"{append NTE 'NTE|9|' OBX-5}\n{for o in OBX}\n{set o-8 = o-5}\n{end}\n{source}\nZZ1|{PID-5.1}\n",
    b'{output json}\n{"a": "{PID-5}", "b": {OBX-5}, "c": ["{PID-3.1}", {PID-5.1 ""}, {ZPI-1}],'
    .replace(b'""', b"''") + b' "{PID-8}": "x{MSH-10}y{PID-5.2}z",\n "d": [{for o in OBX}{if not '
    b'first}, {end}{"k": {o-3.1}, "v": "{o-5}"}{end}]}\n',
    b"{output xml}\n<?xml version=\"1.0\"?>\n<!-- no -->\n<a b=\"{PID-5}\" c='{PID-3}'>{PID-5.1}<d/>"
    b"{for o in OBX}<e f=\"{o-3}\" g='{o-3.1 o-5}'>{o-5}</e>{end}<![CDATA[<]]></a>\n",
    b"{output csv}\n{PID-3.1},{PID-5},\"{OBX-5}\",x{ZPI-1}y{ZPI-2},{upper(PID-5.1)}\n"
    b"{for o in OBX}\n{o-3.1},{o-5}\n{end}\n{if MSH}{end}{PID-5.1}\nlast\n",
    b"{output csv ';'}\n{PID-3.1};\"a{PID-5}b{OBX-5}\";{OBX[2]-5}{NTE-3}\n\n{OBR-4};{OBX-3}\n",
    b"Dear {PID-5.1}, {upper(PID-5.2)}\n" + EVERYTHING,
]


def cases_of(template):
    """The inputs beside a template that it converts; else a message of the examples."""
    found = [path for path in sorted(TEMPLATES.glob(f"{template.stem}.cases/*.in.*"))
             if not path.with_name(path.name.split(".in.")[0] + ".error").exists()]
    return found or [SOURCE / "examples" / "messages" / "lunit-oru.hl7"]


class Hostile(TestCase):
    """Many inputs through one template in one run. Each input has a number, in a segment or member of
    its own, and the template gets a last line that writes it: so the outputs can be told apart."""

    def convert_all(self, template, inputs):
        """The output of each input; None where the conversion ended with an error."""
        is_json = inputs[0].lstrip()[:1] == b"{"
        path = template.with_name(f"numbered-{template.name}")
        path.write_bytes(template.read_bytes().rstrip(b"\r\n") + b'\n"@@@{%s}@@@"\n' % (
            b"$.zid" if is_json else b"ZID-1"))
        if is_json:
            source = self.folder / "inputs"
            for number, content in enumerate(inputs):
                self.write(f"inputs/{number}.json", b'{"zid": %d, ' % number + content.lstrip()[1:])
        else:
            source = self.write("inputs.hl7", b"".join(
                content + b"ZID|%d\r" % number for number, content in enumerate(inputs)))
        result = run("convert", "-t", path, source)
        self.assertIn(result.status, (0, 1), result)
        shutil.rmtree(self.folder / "inputs", ignore_errors=True)
        *parts, rest = re.split(rb'[\r\n]"@@@(\d+)@@@"', result.out)
        self.assertEqual(rest.strip(), b"")
        outputs = [None] * len(inputs)
        for text, number in zip(parts[::2], parts[1::2]):
            self.assertIsNone(outputs[int(number)], "one input gives one output")
            outputs[int(number)] = text.lstrip(b"\r\n")
        return outputs


class Injection(Hostile):
    def check(self, path, source, name):
        template = path.read_bytes()
        shape_of = SHAPES.get(format_of(template), lambda output, _: None)
        inputs = list((json_inputs if source.lstrip()[:1] in b"{[" else message_inputs)(
            source, template))
        outputs = self.convert_all(path, [content for _, _, content in inputs])
        self.assertIsNotNone(outputs[0], f"{name}: the case itself is not converted")
        allowed = {}
        for (place, harmless, _), output in zip(inputs, outputs):
            if harmless and output is not None:
                allowed.setdefault(place, []).append(shape_of(output, template))
        converted = 0
        for (place, harmless, content), output in zip(inputs, outputs):
            if harmless or output is None:
                continue
            converted += 1
            try:
                shape = shape_of(output, template)
            except (ValueError, SyntaxError, csv.Error) as problem:
                self.fail(f"{name}, {place}: {problem}\n{content}\n{output}")
            # What ends a segment or a frame somewhere is not even written as a byte.
            for byte in (b"\n", b"\x0b", b"\x1c") if shape_of is hl7_shape else ():
                self.assertFalse(byte in output and byte not in content, f"{name}, {place}\n{output}")
            self.assertIn(shape, [allowed["case"][0], *allowed.get(place, [])],
                          f"{name}, {place}\n{content}\n{output}")
        return converted, sum(not harmless for _, harmless, _ in inputs)

    def test_no_value_changes_the_structure_of_an_examples_output(self):
        # A copy, with the tables and included files that lie beside the templates.
        beside = shutil.copytree(TEMPLATES, self.folder / "templates")
        templates = [path for path in sorted(beside.iterdir())
                     if path.is_file() and path.suffix not in (".csv", ".md")]
        self.assertGreater(len(templates), 2)
        for path in templates:
            with self.subTest(template=path.name):
                case = cases_of(path)[0]
                converted, tried = self.check(path, case.read_bytes(), path.name)
                self.assertGreater(converted, tried // 2)

    def test_no_value_changes_the_structure_of_any_format(self):
        for number, text in enumerate(SYNTHETIC):
            with self.subTest(template=text):
                path = self.write(f"template{number}", text)
                converted, tried = self.check(path, SYNTHETIC_SOURCE, text)
                self.assertGreater(converted, tried * 9 // 10)


    def test_only_raw_writes_structure(self):
        """The way out that has a name; and these tests can fail."""
        for form in (b"MSH|^~\\&|A\nPID|{raw(PID-5.1 '')}", b'{output json}\n["{raw(PID-5.1 \'\')}"]',
                     b"{output xml}\n<a>{raw(PID-5.1 '')}</a>", b"{output csv}\n{raw(PID-5.1 '')}"):
            with self.subTest(template=form), self.assertRaises(AssertionError):
                self.check(self.write("raw", form), SYNTHETIC_SOURCE, form)


class RoundTrip(Hostile):
    """A text in a field, read back from the output by somebody else."""

    def outputs(self, template):
        outputs = self.convert_all(self.write("template", template), [
            b"MSH|^~\\&|A\rPID|1||x||%s\r" % escape(text) for text in HOSTILE])
        self.assertNotIn(None, outputs)
        return zip(HOSTILE, outputs)

    @staticmethod
    def as_characters(text, held=lambda character: True):
        """As UTF-8; what is no text, or cannot be held, is one replacement for each run of it."""
        text = "".join(character if held(character) else "\ufffd"
                       for character in text.decode("utf-8", "replace"))
        return re.sub("\ufffd+", "\ufffd", text)

    def test_hl7(self):
        for delimiters in (b"|^~\\&", b"#$*@!"):
            bar = delimiters[:1]
            for form in (b"{PID-5}", b"{PID-5 ''}", b"{concat(PID-5, '')}"):
                for text, output in self.outputs(b"MSH" + delimiters + bar + b"A\nPID" + bar + form):
                    found = output.split(b"\r")[1][4:]
                    self.assertEqual(unescape(found, delimiters), text)

    def test_an_edited_source(self):
        for form in (b"PID-5", b"PID-5 ''"):
            for text, output in self.outputs(b"{set PID-7 = " + form + b"}\n{source}\n"):
                self.assertEqual(unescape(output.split(b"\r")[1].split(b"|")[7]), text)

    def test_json(self):
        for text, output in self.outputs(b'{output json}\n["{PID-5}", "{PID-5 \'\'}", {PID-5}]\n'):
            one, two, three = json.loads(output.decode())
            expected = self.as_characters(text)
            self.assertEqual(re.sub("\ufffd+", "\ufffd", one), expected)
            self.assertEqual(two, one)
            if text != b"null":
                self.assertEqual(three, one)

    def test_xml(self):
        def held(character):
            return character in "\t\n\r" or (character >= " " and character not in "\ufffe\uffff")
        for text, output in self.outputs(
                b"{output xml}\n<a b=\"{PID-5}\" c='{PID-5 ''}'>{PID-5}</a>\n"):
            element = xml.etree.ElementTree.fromstring(output)
            for found in (element.text or "", element.get("b"), element.get("c")):
                self.assertEqual(re.sub("\ufffd+", "\ufffd", found), self.as_characters(text, held))

    def test_csv(self):
        template = b"{output csv}\n{PID-5},\"{PID-5}\",{PID-5 ''}\n"
        for text, output in self.outputs(template):
            self.assertEqual(cells(output, template), [[text.decode("latin-1")] * 3])


if __name__ == "__main__":
    main()
