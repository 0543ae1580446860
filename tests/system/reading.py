"""An independent reading of HL7 messages, by which the tests judge what the program makes of them."""

import re

# Names of HL7 table 0211 in MSH-18, and Python's own codecs for them. No other name is understood.
CODECS = {"": "ascii", "ASCII": "ascii", "8859/1": "iso8859-1", "8859/2": "iso8859-2",
          "8859/5": "iso8859-5", "8859/7": "iso8859-7", "8859/15": "iso8859-15",
          "UNICODE UTF-8": "utf-8"}


def codec(data):
    """How the bytes of a message are text: what the first repetition of its MSH-18 says."""
    header = re.split(rb"[\r\n]", data, maxsplit=1)[0].split(data[3:4])
    names = header[17].split(data[5:6]) if len(header) > 17 else [b""]
    return CODECS[names[0].decode("ascii")]


class Message:
    """Segments as lists of fields, counted as HL7 does; a field is a list of repetitions. The text
    is that of the character set which the message itself names."""

    def __init__(self, data):
        text = data.decode(codec(data))
        self.field, (self.component, self.repetition, self.escape, self.sub) = text[3], text[4:8]
        self.segments = [self.read(line) for line in re.split(r"[\r\n]+", text) if line]

    def read(self, line):
        pieces = line.split(self.field)
        if pieces[0] == "MSH":
            pieces.insert(1, self.field)
        return [piece.split(self.repetition) if (pieces[0], number) != ("MSH", 2) else [piece]
                for number, piece in enumerate(pieces)]

    def decode(self, text):
        marks = {"F": self.field, "S": self.component, "R": self.repetition, "E": self.escape,
                 "T": self.sub, ".br": "\n"}

        def one(found):
            name = found.group(1)
            if re.fullmatch(r"X(?:[0-9A-F]{2})+", name):
                return bytes.fromhex(name[1:]).decode("latin-1")
            return marks.get(name, found.group(0))

        mark = re.escape(self.escape)
        return re.sub(f"{mark}([^{mark}]*){mark}", one, text)

    def repetitions(self, segment, field):
        """The values of a field as they stand; none when it is empty."""
        values = segment[field] if field < len(segment) else [""]
        return [] if values == [""] else values

    def leaf(self, segment, field, component=1, repetition=0):
        values = self.repetitions(segment, field)
        if repetition >= len(values):
            return ""
        parts = values[repetition].split(self.component)
        part = parts[component - 1] if component <= len(parts) else ""
        return self.decode(part.split(self.sub)[0])

    def named(self, name):
        return [segment for segment in self.segments if segment[0] == [name]]

    def orders(self):
        """Each OBR with its remarks and its results; each OBX with its remarks."""
        found = []
        for segment in self.segments:
            name = segment[0][0]
            if name == "OBR":
                found.append((segment, [], []))
            elif name == "OBX" and found:
                found[-1][2].append((segment, []))
            elif name == "NTE" and found:
                orders_last = found[-1]
                (orders_last[2][-1][1] if orders_last[2] else orders_last[1]).append(segment)
        return found

    def remark(self, segment):
        return "\n".join(self.decode(line) for line in self.repetitions(segment, 3))
