"""No value of a message changes the structure of what a template makes, and text in a field says the
same in the output.

Every template of the examples, and one or more of each output format, converts messages that have
one hostile value each. It is put in every field and component of the message, escaped as a sender would, and
raw where that is still one value. The outputs are read by parsers that are not ours. What they find
(segments, fields, repetitions, components and sub-components; members; elements and attributes; rows
and cells) is what they find when the value is harmless.

A condition may look at the value, and what is optional is written or not. So there are two ways to
be right: the shape is one that plain values (short, long, numbers, a date, none, HL7's null) give at
the same place, or it is the shape of the value's twin. The twin has the same delimiters of the
source in the same places, and x for all that stands between them.
"""

import csv
import functools
import io
import json
import re
import shutil
import xml.etree.ElementTree
import xml.parsers.expat

from support import BUILD, SOURCE, TestCase, main, run

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
HARMLESS = [b"x", b"", b'""', b"0", b"7", b"99999999", b"A", b"zzz", b"20260101"]
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


def twin(raw):
    """A harmless value that the source splits exactly as this one."""
    return re.sub(rb"[^|^~&\r\n]+", lambda found: found[0] if found[0] == b'""' else b"x", raw)


# ---- Shapes -------------------------------------------------------------------------------------


ALL_BYTES = bytes(range(256))


def hl7_shape(output, _):
    """The names of the segments, and everything that separates anything: what is left of a segment
    when all bytes but the delimiters its header declares are taken out."""
    found = []
    if output[:3] not in (b"MSH", b"BHS"):
        raise ValueError("no header")
    for segment in output.split(b"\r"):
        if segment[:3] in (b"MSH", b"BHS"):
            others = ALL_BYTES.translate(None, segment[3:6] + segment[7:8])
        found.append((segment[:3], segment.translate(None, others)))
    return found


@functools.cache
def names_in(template):
    """What stands in the text of a template as a name. Those it takes from a value may be any."""
    return set(re.findall(r'"([\w.-]+)"|<([\w.-]+)', template.decode("latin-1")))


def json_shape(output, template):
    """Objects with their members and arrays with their elements, from the inside to the outside."""
    names = names_in(template)

    def inner(value):
        if type(value) is list:
            return ["array", *map(inner, value)]
        return value if type(value) is tuple else None

    def members(pairs):
        return tuple(((name, "") in names and name, inner(value)) for name, value in pairs)
    return inner(json.loads(output.decode(), object_pairs_hook=members))


def xml_shape(output, template):
    """Where each element begins, with its attributes, and ends; comments and instructions."""
    names, found = names_in(template), []
    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append(
        (("", name) in names and name, *attributes))
    parser.EndElementHandler = lambda _: found.append(None)
    parser.CommentHandler = lambda _: found.append("comment")
    parser.ProcessingInstructionHandler = lambda *_: found.append("instruction")
    parser.Parse(output, True)
    return found


def cells(output, template):
    """The rows of a CSV output, as the standard library reads them."""
    separator = re.search(rb"{output csv '(.)'}", template)
    text = io.StringIO(output.decode("latin-1"), newline="")
    return list(csv.reader(text, delimiter=separator[1].decode() if separator else ",", strict=True))


def csv_shape(output, template):
    return [len(row) for row in cells(output, template)]


def template_text(path):
    """All that a template writes: its text and that of the files it includes, without remarks."""
    text = re.sub(rb"(?s){#.*?#}", b"", path.read_bytes())
    included = sorted(set(re.findall(rb"{include '([^']*)'}", text)))
    return text + b"".join(template_text(path.parent / name.decode()) for name in included)


def format_of(template):
    """Which output the text of a template asks for."""
    found = re.search(rb"(?m)^{output (\w+)", template)
    if found:
        return found[1].decode()
    text = template.replace(b"{strict}", b"").lstrip(b"\xef\xbb\xbf\r\n \t")
    return "hl7" if re.match(rb"MSH|{MSH}", text) or b"{source}" in text else "text"


def pipe_shape(output, _):
    """The text that examples/templates/orm-to-pipe.txt makes: lines of cells."""
    return [line.count(b"|") for line in output.split(b"\n")]


# Other text has no structure that a value could change.
SHAPES = {"hl7": hl7_shape, "json": json_shape, "xml": xml_shape, "csv": csv_shape,
          "text": lambda output, _: None}


# ---- Messages with a value put in ---------------------------------------------------------------


# An input is a tuple (place, kind, content). The kind is PLAIN, or the twin of the hostile value in
# it, or (TWIN, that twin) when the twin itself is there. The first input is the case as it is.
PLAIN = "plain"
TWIN = "twin"


def is_hostile(kind):
    return isinstance(kind, bytes)


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


def likes(template):
    """Values that stand in one list of a template with a hostile one, so that they are treated alike:
    in `OBX-5.1 in ('=', '<', '<=')` that is '<='."""
    lists = [re.findall(rb"'([^']*)'", found) for found in re.findall(rb" in \(([^)]*)\)", template)]
    return sorted({value for values in lists if set(values) & set(HOSTILE)
                   for value in values if value not in HOSTILE})


def message_inputs(source, template, seen):
    """Everything everywhere, but nothing at a place that has been seen."""
    source = [line for line in re.split(rb"[\r\n]+", source) if line]
    yield None, PLAIN, b"\r".join(source) + b"\r"
    raws = {}
    for value in HOSTILE:
        raws[escape(value)] = twin(escape(value))
        if not re.search(rb"[|~\r]", value):
            raws[value] = twin(value)
    for place in message_places(source, template):
        name = source[place[0]][:3], *place[1:]
        if name in seen:
            continue
        seen.add(name)
        for value in (*HARMLESS, *likes(template)):
            yield place, PLAIN, put(source, place, value)
        for value in sorted(set(raws.values())):
            yield place, (TWIN, value), put(source, place, value)
        for value, harmless in raws.items():
            yield place, harmless, put(source, place, value)


def json_inputs(source, _, seen):
    """The same for a JSON source: in every string of it. It has no delimiters, so no twins either."""
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

    yield None, PLAIN, source
    for path in places(tree):
        if path in seen:
            continue
        seen.add(path)
        for kind, values in ((PLAIN, HARMLESS), (b"", HOSTILE)):
            for text in values:
                yield path, kind, json.dumps(
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
    """The inputs beside a template that it converts: JSON, and messages with the usual delimiters."""
    return [path for path in sorted(TEMPLATES.glob(f"{template.stem}.cases/*.in.*"))
            if not path.with_name(path.name.split(".in.")[0] + ".error").exists()
            and (path.suffix == ".json" or path.read_bytes()[3:8] == b"|^~\\&")]


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
                content + b"ZID%c%d\r" % (content[3], number) for number, content in enumerate(inputs)))
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


class Attack(Hostile):
    """Puts hostile values through templates and judges what comes out."""

    def judge(self, name, template, inputs, outputs):
        """Each output of a hostile value has a shape that a harmless one gives at its place."""
        shape_of = pipe_shape if name == "orm-to-pipe.txt" else SHAPES[format_of(template)]
        shapes = []
        for (place, _, content), output in zip(inputs, outputs):
            try:
                shapes.append(output and shape_of(output, template))
            except (ValueError, xml.parsers.expat.ExpatError, csv.Error) as problem:
                self.fail(f"{problem}: {name}, {place}\n{content}\n{output}")
        allowed = {}
        for (place, kind, _), output, shape in zip(inputs, outputs, shapes):
            if not is_hostile(kind) and output is not None:
                allowed.setdefault((place, kind[1] if kind != PLAIN else PLAIN), []).append(shape)
        for (place, kind, content), output, shape in zip(inputs, outputs, shapes):
            if not is_hostile(kind) or output is None:
                continue
            where = f"{name}, {place}\n{content}\n{output}"
            # What ends a segment or a frame somewhere is not even written as a byte.
            for byte in (b"\n", b"\x0b", b"\x1c") if shape_of is hl7_shape else ():
                self.assertFalse(byte in output and byte not in content, where)
            self.assertTrue(shape in allowed.get((place, PLAIN), [])
                            or shape in allowed.get((place, kind), []), where)

    def attack(self, path, source, seen, change=lambda content: content):
        """Hostile values through a template: the template's text, the inputs and their outputs."""
        template = template_text(path)
        inputs = [(place, kind, change(content)) for place, kind, content in
                  (json_inputs if source.lstrip()[:1] in b"{[" else message_inputs)(
                      source, template, seen)]
        outputs = self.convert_all(path, [content for _, _, content in inputs])
        self.assertIsNotNone(outputs[0], f"{path}: the case itself is not converted")
        return template, inputs, outputs

    def check(self, name, template, inputs, outputs):
        """How many of how many hostile values were converted; all harmlessly."""
        self.judge(name, template, inputs, outputs)
        tried = [output for (_, kind, _), output in zip(inputs, outputs) if is_hostile(kind)]
        return sum(output is not None for output in tried), len(tried)


class Injection(Attack):
    def test_no_value_changes_the_structure_of_an_examples_output(self):
        # A copy, with the tables and included files that lie beside the templates.
        beside = shutil.copytree(TEMPLATES, self.folder / "templates")
        templates = [path for path in sorted(beside.iterdir())
                     if path.is_file() and path.suffix not in (".csv", ".md")
                     or path.name == "adt-to-csv.csv"]
        self.assertGreater(len(templates), 10)
        for path in templates:
            with self.subTest(template=path.name):
                seen, converted, tried = set(), 0, 0
                # The sanitizers look for other things, and take their time.
                for case in cases_of(path)[:1 if BUILD == "asan" else None]:
                    found = self.check(path.name, *self.attack(path, case.read_bytes(), seen))
                    converted, tried = converted + found[0], tried + found[1]
                self.assertGreater(converted, tried // 2)

    def test_no_value_changes_the_structure_of_any_format(self):
        """From messages with the usual delimiters, and the same with others."""
        swapped = bytes.maketrans(b"|^~\\&#$*@!", b"#$*@!|^~\\&")
        for change in (lambda content: content, lambda content: content.translate(swapped)):
            for number, text in enumerate(SYNTHETIC):
                path = self.write(f"template{number}", text)
                with self.subTest(template=text):
                    converted, tried = self.check(text, *self.attack(path, SYNTHETIC_SOURCE, set(),
                                                                     change))
                    self.assertGreater(converted, tried * 9 // 10)


class Checker(Attack):
    """These tests can fail: on a template that writes structure from values, on any output that has
    more or other structure than the template gave it."""

    def test_only_raw_writes_structure(self):
        """The way out that has a name."""
        for form in (b"MSH|^~\\&|A\nPID|{raw(PID-5.1 '')}", b'{output json}\n["{raw(PID-5.1 \'\')}"]',
                     b"{output xml}\n<a>{raw(PID-5.1 '')}</a>", b"{output csv}\n{raw(PID-5.1 '')}"):
            with self.subTest(template=form), self.assertRaises(AssertionError):
                self.check(form, *self.attack(self.write("raw", form), SYNTHETIC_SOURCE, set()))

    def check_tampered(self, form, tampers):
        path = self.write("tampered", form)
        template, inputs, outputs = self.attack(path, SYNTHETIC_SOURCE, set())
        self.judge(form, template, inputs, outputs)
        hostile = [number for number, (_, kind, _) in enumerate(inputs)
                   if is_hostile(kind) and outputs[number] is not None]
        for tamper in tampers:
            for number in (hostile[0], hostile[len(hostile) // 2], hostile[-1]):
                tampered = outputs.copy()
                tampered[number] = tamper(outputs[number])
                self.assertNotEqual(tampered[number], outputs[number])
                with self.subTest(output=tampered[number]), self.assertRaises(AssertionError):
                    self.judge(form, template, inputs, tampered)

    def test_it_sees_each_addition_to_a_message(self):
        self.check_tampered(b"MSH|^~\\&|A|{MSH-10}\nPID|1|{PID-5}|z", [
            lambda output, more=more: output + more
            for more in (b"|", b"|x", b"^", b"^x", b"~x", b"&x", b"\rPID|1", b"\rZZZ", b"\n", b"\x1c",
                         b"\rMSH|^~\\&|B")] + [
            lambda output: output.replace(b"PID", b"PIE"), lambda output: output[:-2],
            lambda output: output.replace(b"MSH|^", b"MSH|a")])

    def test_it_sees_each_addition_to_json(self):
        self.check_tampered(b'{output json}\n{"a": "{PID-5}", "b": [{"c": 1}]}', [
            lambda output: output.replace(b'"a":', b'"a": 1, "a":'),
            lambda output: output.replace(b'"a":', b'"x": 1, "a":'),
            lambda output: output.replace(b'"a":', b'"c":'),
            lambda output: output.replace(b'"c": 1', b'"c": {}'),
            lambda output: output.replace(b'"c": 1', b'"c": [1]'),
            lambda output: output.replace(b'"c": 1', b''),
            lambda output: output.replace(b"[{", b"[1, {"),
            lambda output: output.replace(b"[{", b"[{}, {"),
            lambda output: output + b"1", lambda output: output[1:]])

    def test_it_sees_each_addition_to_xml(self):
        self.check_tampered(b'{output xml}\n<a b="1"><c>{PID-5}</c><d/></a>', [
            lambda output: output.replace(b"<d/>", b"<d/><d/>"),
            lambda output: output.replace(b"<d/>", b"<d><x/></d>"),
            lambda output: output.replace(b"<d/>", b"<c/>"),
            lambda output: output.replace(b"<d/>", b"<!-- x --><d/>"),
            lambda output: output.replace(b"<d/>", b"<?x y?><d/>"),
            lambda output: output.replace(b"<d/>", b""),
            lambda output: output.replace(b"<d/>", b'<d x="1"/>'),
            lambda output: output.replace(b' b="1"', b' e="1"'),
            lambda output: output.replace(b"<d/>", b"<d>"), lambda output: output + b"x"])

    def test_it_sees_each_addition_to_csv(self):
        self.check_tampered(b"{output csv}\n1,{PID-5}\n2,3\n", [
            lambda output: b"x," + output, lambda output: b"x\n" + output,
            lambda output: output.replace(b"2,3", b"2,3,4"), lambda output: output.replace(b"2,3", b"2"),
            lambda output: output + b',"x'])


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
