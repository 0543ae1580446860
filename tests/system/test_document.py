"""The programs of the user's document and ours, in both directions, and their converter against
ours on thousands of random cases."""

import random
import threading

import document_programs as document
from peers import VT, FS, CR, Peer
from support import SOURCE, TestCase, main, run

# What the document says its server answers to its client's message.
ACK = (b"MSH|^~\\&|SENDING_APP|SENDING_FACILITY|Sender Application|Hospital Inc.|||20230403111111||ACK"
       b"|ORU20230328084905364|P|2.4||||||UNICODE UTF-8\rMSA|AA|ORU20230328084905364")


class Programs(TestCase):
    def test_its_client_gets_its_acknowledgement_from_our_listener(self):
        path = self.write("ack.hl7", document.ACK_TEMPLATE.encode())
        listener, port = self.start_listener("--ack-template", path)
        for _ in range(3):
            self.assertEqual(document.send_message(port), VT + ACK + FS + CR)
        out = listener.stop().out.decode()
        for line in document.MESSAGE.split("\n"):
            self.assertEqual(out.count(line), 3, out)

    def test_the_template_we_give_as_an_example_does_the_same(self):
        _, port = self.start_listener(
            "--quiet", "--ack-template", SOURCE / "examples" / "templates" / "document-ack.hl7")
        self.assertEqual(document.send_message(port), VT + ACK + FS + CR)

    def test_many_of_its_clients_at_once_are_all_answered(self):
        """Its own server serves one at a time."""
        path = self.write("ack.hl7", document.ACK_TEMPLATE.encode())
        _, port = self.start_listener("--quiet", "--ack-template", path)
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(document.send_message(port)))
                   for _ in range(50)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual(answers, [VT + ACK + FS + CR] * 50)

    def test_our_sender_is_answered_by_its_server(self):
        """It closes after each answer; the next message takes a new connection."""
        path = self.write("three.hl7", "\n".join(
            document.MESSAGE.replace("ORU20230328084905364", f"DOC{number}")
            for number in range(3)).encode())
        answered = []
        with Peer(lambda connection: answered.append(
                document.answer_connection(connection.socket))) as peer:
            result = run("send", peer.address, path)
        self.assert_status(result, 0)
        self.assertEqual(len(answered), 3)
        for number, answer in enumerate(answered):
            self.assertIn(f"MSA|AA|DOC{number}".encode(), answer)
            self.assertIn(f"MSA|AA|DOC{number}".encode(), result.out)

    def test_our_sender_and_our_listener_do_the_same_as_its_programs(self):
        path = self.write("ack.hl7", document.ACK_TEMPLATE.encode())
        _, port = self.start_listener("--quiet", "--ack-template", path)
        result = run("send", f"127.0.0.1:{port}", "-", stdin=document.MESSAGE.encode())
        self.assert_status(result, 0)
        self.assertIn(ACK.replace(b"\r", b"\n"), result.out.replace(b"\r", b"\n"))


class Converter(TestCase):
    """Random messages through random templates, by its converter and by ours."""

    PIECES = ["", "", "a", "DOE^JANE^TEST", "1.5", "x&y", "\\F\\", "\\", "{0-1}", "{PID-5}", "}",
              "ü", "检查", "  ", "~", "C:\\temp\\x", '""', "{{", "7303875797285206"]
    # Text that a template may hold between placeholders; a brace before a letter would be ours.
    WORDS = ["|", "^", "PID", "text ", "\n", "\n\n", "{", "}", "{}", "{ 0-1}", "{1.5}", "{0-", "{-1-2}",
             "{0-1 }", "{0 -1}", "\\", "é", "%s", "$1", "\\1", "&", "{\n", '{"n": 1}', "{0-1-2}"]

    def message(self, source):
        """The lines of a message."""
        lines = ["MSH|^~\\&|" + "|".join(source.choice(self.PIECES)
                                         for _ in range(source.randrange(0, 14)))]
        for _ in range(source.randrange(0, 8)):
            name = source.choice(["PID", "OBX", "ZZ1", "NTE", "X"])
            lines.append("|".join([name] + [source.choice(self.PIECES)
                                            for _ in range(source.randrange(0, 10))]))
        return lines

    def template(self, source, header):
        parts = ["MSH|^~\\&|" if header else "."]
        for _ in range(source.randrange(1, 30)):
            if source.random() < 0.6:
                width = source.choice((1, 1, 1, 2, 5))
                parts.append(f"{{{source.randrange(0, 9):0{width}}-{source.randrange(0, 12)}}}")
            else:
                parts.append(source.choice(self.WORDS))
        text = "".join(parts)
        # A brace and what follows it may have become something of our own language by chance.
        while (at := next((at for at in range(len(text) - 1) if text[at] == "{"
                           and (text[at + 1].isalpha() or text[at + 1] in "$@'#")), -1)) >= 0:
            text = text[:at + 1] + " " + text[at + 1:]
        return text + "."

    def test_thousands_of_random_cases_give_the_same_output(self):
        source = random.Random(20230403)
        cases = 0
        for turn in range(75):
            end = ("\r", "\n", "\r\n", "\r\r", "\n\n")[turn % 5]
            header = turn % 3 == 0
            template = self.template(source, header)
            messages = [end.join(self.message(source)) for _ in range(60)]
            expected = "".join(document.convert_or_leave_empty(text, template) + "\n"
                               for text in messages)
            # HL7 output has CR for the line ends of the template.
            expected = expected.replace("\n", "\r") if header else expected
            path = self.write("template", template.encode())
            result = run("convert", "-t", path, stdin=(end.join(messages) + end).encode())
            self.assert_status(result, 0)
            self.assertEqual(result.out.decode(), expected, repr(template))
            cases += len(messages)
        self.assertGreaterEqual(cases, 4500)

    def test_what_is_an_error_there_is_one_in_strict_mode(self):
        source = random.Random(11)
        outcomes = {0: 0, 1: 0}
        for _ in range(300):
            template = self.template(source, False)[:24].rpartition("}")[0] + "}."
            text = source.choice(("\r", "\n", "\r\n")).join(self.message(source))
            try:
                expected = document.convert(text, template)
            except IndexError:
                expected = None
            path = self.write("template", template.encode())
            result = run("convert", "--strict", "-t", path, stdin=text.encode())
            self.assert_status(result, 1 if expected is None else 0)
            if expected is not None:
                self.assertEqual(result.out.decode().rstrip("\n"), expected.rstrip("\n"))
            outcomes[result.status] += 1
        self.assertGreater(min(outcomes.values()), 20, outcomes)

    def test_the_example_of_the_document(self):
        path = self.write("template", document.ACK_TEMPLATE.encode())
        result = run("convert", "-t", path, stdin=document.MESSAGE.encode())
        self.assert_status(result, 0)
        self.assertEqual(result.out.replace(b"\r", b"\n").rstrip(b"\n"), ACK.replace(b"\r", b"\n"))


if __name__ == "__main__":
    main()
