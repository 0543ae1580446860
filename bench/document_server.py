# SPDX-License-Identifier: Apache-2.0
"""The receiver of the user's document, written anew from its description: a baseline for run.py.

One connection at a time: one read of at most 4,096 bytes, the message printed segment by segment
and its first segment field by field, an ACK made by the document's converter, and the connection is
closed. An error ends the server, as in the document. It takes a free port and names it on standard
error.

usage: document_server.py   (ends on SIGTERM)
"""
import socket
import sys

from document_converter import convert

ACK_TEMPLATE = (
    "MSH|^~\\&|TEST RECEIVER|TEST CLINIC|{0-2}|{0-3}|||20240102030405||ACK|{0-9}|P|2.4"
    "||||||UNICODE UTF-8\n"
    "MSA|AA|{0-9}"
)


def print_numbered(name, items):
    for number, item in enumerate(items):
        print(f"{name}[{number}]: {item}")


def print_message(text):
    print("HL7 message:")
    segments = text.split("\n")
    print_numbered("segments", segments)
    print_numbered("fields", segments[0].split("|"))


def answer(connection, peer):
    print(f"connection from {peer}")
    text = connection.recv(4096).decode().replace("\r", "\n")
    print_message(text)
    acknowledgement = convert(text, ACK_TEMPLATE).replace("\n", "\r").encode()
    framed = b"\x0b" + acknowledgement + b"\x1c\r"
    print("reply:", framed)
    connection.sendall(framed)
    connection.close()


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        print(f"listening on 127.0.0.1:{server.getsockname()[1]}", file=sys.stderr, flush=True)
        while True:
            connection, peer = server.accept()
            answer(connection, peer)


if __name__ == "__main__":
    main()
