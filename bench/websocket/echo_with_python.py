"""Python's websockets beside echo_websocket.cpp, whose windows and memory are its defaults as well.

Usage: echo_with_python.py PORT [deflate]
"""

import asyncio
import contextlib
import sys

import websockets


async def echo(socket):
    with contextlib.suppress(websockets.ConnectionClosed):
        async for message in socket:
            await socket.send(message)


async def amain(port, compression):
    async with websockets.serve(echo, "127.0.0.1", port, compression=compression):
        await asyncio.Future()


asyncio.run(amain(int(sys.argv[1]), "deflate" if "deflate" in sys.argv[2:] else None))
