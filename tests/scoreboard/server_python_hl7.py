#!/usr/bin/python3
"""The server of python3-hl7 (hl7.mllp), as its documentation shows it. Prints its port, then what it takes."""

import asyncio
import base64
import sys

from hl7.mllp import start_hl7_server


async def serve(reader, writer):
    try:
        while not writer.is_closing():
            message = await reader.readmessage()
            print(base64.b64encode(str(message).encode("utf-8", "surrogateescape")).decode(), flush=True)
            writer.writemessage(message.create_ack())
            await writer.drain()
    except Exception:  # the connection's end, or whatever it makes of what came
        writer.close()


async def main():
    server = await start_hl7_server(serve, host="127.0.0.1", port=0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(0)
