"""The three programs of the user's document, written anew from what it describes: a converter, a
server that answers one message per connection with an acknowledgement made by that converter, and a
client that sends one message and reads one answer. They are as simple as there, weaknesses included:
one read of 4,096 bytes at the server, one of 1,024 at the client, no check of the frame.
"""

import re
import socket

PLACEHOLDER = re.compile(r"{(\d+)-(\d+)}")
LINE_ENDS = re.compile(r"[\r\n]+")

ACK_TEMPLATE = ("MSH|^~\\&|SENDING_APP|SENDING_FACILITY|{0-2}|{0-3}|||20230403111111||ACK|{0-9}|P|2.4"
                "||||||UNICODE UTF-8\nMSA|AA|{0-9}")

MESSAGE = "\n".join([
    "MSH|^~\\&|Sender Application|Hospital Inc.|||20230403111111||ORU^R01|ORU20230328084905364|P|2.4"
    "||||||UNICODE UTF-8",
    "PID|1||7303875797285206||anon",
    "PV1|1|O",
    "ORC|RE||5217542190999113||SC",
    "OBR|1||5217542190999113|MMG0001^Mammography|||20041228000000||||||||||||||||||P|||||||Lunit",
    "OBX|1|NM|RAB0001^Abnormality Score||99.23||||||P|||20041228000000||Lunit",
    "OBX|2|NM|RMG0005^density case||4|||CB|||P|||20041228000000||Lunit",
    "NTE|1||Scattered Fibroglandular Densities",
    "OBX|3|NM|RMG0001^cancer left craniocaudal||80.45||||||P|||20041228000000||Lunit",
    "OBX|4|NM|RMG0002^cancer left mediolateral oblique||99.23||||||P|||20041228000000||Lunit"])


def convert(source, template):
    """The template with each {S-F} replaced by piece F of line S, both counted from 0. A number that
    points outside the source is an IndexError."""
    lines = LINE_ENDS.split(source)
    return PLACEHOLDER.sub(
        lambda found: lines[int(found.group(1))].split("|")[int(found.group(2))], template)


def convert_or_leave_empty(source, template):
    """The same, with nothing where the source has nothing: what Orderly does when not strict."""
    lines = LINE_ENDS.split(source)

    def value(found):
        line, piece = map(int, found.groups())
        pieces = lines[line].split("|") if line < len(lines) else []
        return pieces[piece] if piece < len(pieces) else ""

    return PLACEHOLDER.sub(value, template)


def on_the_wire(text):
    return b"\x0b" + text.replace("\n", "\r").encode() + b"\x1c\r"


def answer_connection(sock):
    """What the server does with a connection it accepted; the bytes it answered."""
    text = sock.recv(4096).decode().replace("\r", "\n")
    answer = on_the_wire(convert(text, ACK_TEMPLATE))
    sock.sendall(answer)
    sock.close()
    return answer


def send_message(port, text=MESSAGE, patience=60):
    """What the client does; the bytes it got, from one read."""
    with socket.create_connection(("localhost", port), patience) as sock:
        sock.sendall(on_the_wire(text))
        return sock.recv(1024)
