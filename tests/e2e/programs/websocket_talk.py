# SPDX-License-Identifier: Apache-2.0
"""WebSockets: websocket_talk.py serve PORT | connect ADDRESS PORT COUNT BYTES.

Runs in a container. What is said on them looks like HTTP, and is none.
"""

import asyncio
import http
import sys

import websockets

ASKED = "GET /not-for-us HTTP/1.1\r\nHost: nobody\r\n\r\n"
ANSWERED = "HTTP/1.1 500 Not for us\r\nContent-Length: 0\r\n\r\n"
REFUSED = "/closed"


async def answer(connection):
    async for message in connection:
        await connection.send(ANSWERED if message == ASKED else message)


async def refuse(path, headers):
    return (http.HTTPStatus.FORBIDDEN, [], b"no") if path == REFUSED else None


async def serve(port):
    async with websockets.serve(answer, "0.0.0.0", port, process_request=refuse,
                                compression=None, max_size=None):
        await asyncio.Future()


async def talk(address, port, size):
    async with websockets.connect(f"ws://{address}:{port}/chat?token=secret", compression=None,
                                  max_size=None) as connection:
        for _ in range(3):
            await connection.send(ASKED)
            check(await connection.recv() == ANSWERED)
        await (await connection.ping())
        await connection.send("x" * size)
        check(len(await connection.recv()) == size)


async def be_refused(address, port):
    try:
        async with websockets.connect(f"ws://{address}:{port}{REFUSED}"):
            check(False)
    except websockets.InvalidStatusCode as error:
        check(error.status_code == 403)


async def connect(address, port, count, size):
    for _ in range(count):
        await talk(address, port, size)
        await be_refused(address, port)
    await asyncio.gather(*(talk(address, port, size) for _ in range(count)))


def check(holds):
    if not holds:
        raise SystemExit("websocket_talk: the answer is another")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(int(sys.argv[2])))
    else:
        asyncio.run(connect(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])))
